"""The manifest of an extract: everything that determines its bytes, and their digests. It is enough to rebuild it."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date, datetime
from functools import cache
from importlib.metadata import version
from importlib.resources import files as sources
from typing import Any

import ungdom
from ungdom import analytics, extracts, release, store, workflow
from ungdom.extracts.catalogue import extract
from ungdom.extracts.errors import CannotRebuild
from ungdom.extracts.order import Order, order_of_release
from ungdom.extracts.pseudonyms import ExtractKeys
from ungdom.extracts.purposes import Purposes
from ungdom.extracts.writers import Form, WrittenFile
from ungdom.workflow.table import VERSIONS

FORMAT = "ungdom-extract-manifest-2"
STREAM_FORMAT = "ungdom-extract-manifest-1"
"""The earlier form of a manifest, whose form `arrow` is the Arrow stream."""
LIBRARIES = ("pyarrow",)
"""The libraries that the bytes depend on."""

_CODE_PACKAGES = (workflow, extracts, analytics, release, store)
"""The packages whose code determines the rows."""


def build(order: Order, form: Form, files: Mapping[str, WrittenFile], unread: int, parted: bool) -> dict[str, Any]:
    """The manifest. `parted`: the files are partitions by year and konfliktråd."""
    return {
        "manifest": FORMAT,
        "order": order.parameters(),
        "ordered_by": order.purpose.ordered_by,
        "basis": order.purpose.basis,
        "form": str(form),
        "parted": parted,
        "unread_cases": unread,
        **file_summary(files),
        "code": {"ungdom": ungdom.__version__, "sources": code_digest()},
        "tables": list(VERSIONS),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def file_summary(files: Mapping[str, WrittenFile]) -> dict[str, Any]:
    """The part of a manifest that describes the files."""
    return {
        "rows": sum(file.rows for file in files.values()),
        "files": [{"name": name, **asdict(file)} for name, file in files.items()],
        "sha256": combined_sha256(files),
    }


def combined_sha256(files: Mapping[str, WrittenFile]) -> str:
    """One digest over the names and digests of all files."""
    lines = "".join(f"{file.sha256}  {name}\n" for name, file in files.items())
    return hashlib.sha256(lines.encode()).hexdigest()


@cache
def code_digest() -> str:
    """A digest of the code that determines the rows: 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for package in _CODE_PACKAGES:
        for path in sorted(sources(package).rglob("*.py")):  # type: ignore[attr-defined]  # folders on disk
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def order_of(original: dict[str, Any], keys: ExtractKeys, purposes: Purposes, today: date) -> Order:
    """The order that the manifest was made from.

    Raises `CannotRebuild` where the definition, key or libraries differ from those of the manifest; and, as any order,
    `NoKey`, `NoPurpose`, `PurposeOver`, `NotForPurpose`.
    """
    then = original["order"]
    order = _order(then, keys, purposes, today)
    now = order.parameters()
    differ = [
        (name, str(then.get(name, "none")), str(now.get(name, "none")))
        for name in {**then, **now}
        if then.get(name) != now.get(name)
    ]
    libraries = {name: version(name) for name in LIBRARIES}
    differ += [(name, original["libraries"].get(name, "none"), here) for name, here in libraries.items()
               if original["libraries"].get(name) != here]  # fmt: skip
    if differ:
        raise CannotRebuild(differ)
    return order


def _order(then: dict[str, Any], keys: ExtractKeys, purposes: Purposes, today: date) -> Order:
    selected, known_at = extract(then["extract"]), datetime.fromisoformat(then["known_at"])
    labels = tuple(then.get("labels", ()))
    if selected.released:
        return replace(order_of_release(selected, known_at), labels=labels)
    purpose = purposes.granted(then["purpose"], selected, today, None)
    pseudonyms = keys.for_purpose(purpose.name, then["key_version"])
    return Order(selected, purpose, pseudonyms, known_at, date.fromisoformat(then["valid_at"]), labels)


def compare(original: dict[str, Any], files: Mapping[str, WrittenFile]) -> None:
    """Compare files with those of the manifest. Raises `CannotRebuild` with the files that differ (at most ten)."""
    then = {_earlier_name(file["name"]): file["sha256"] for file in original["files"]}
    now = {_earlier_name(name): file.sha256 for name, file in files.items()}
    if then == now:
        return
    names = sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name))
    differ = [(f"file {name}", then.get(name, "not there"), now.get(name, "not there")) for name in names[:10]]
    if original["code"]["sources"] != code_digest():
        differ.append(("code", original["code"]["sources"], code_digest()))
    raise CannotRebuild(differ)


def _earlier_name(name: str) -> str:
    """The name as a manifest of the earlier form has it: an Arrow stream was named `.arrow`, and is `.arrows` now."""
    return f"{name.removesuffix('.arrows')}.arrow" if name.endswith(".arrows") else name


def form_of(original: dict[str, Any]) -> Form:
    """The form of its files."""
    form = Form(original["form"])
    return Form.ARROWS if form is Form.ARROW and original["manifest"] == STREAM_FORMAT else form
