"""The manifest of an extract: everything that decides its bytes, and what they are. From it the same is built again."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from functools import cache
from importlib.metadata import version
from importlib.resources import files as sources
from typing import Any

import ungdom
from ungdom.extracts.catalogue import extract
from ungdom.extracts.errors import CannotRebuild
from ungdom.extracts.orders import Order, of_release
from ungdom.extracts.pseudonyms import ExtractKeys
from ungdom.extracts.purposes import Purposes
from ungdom.extracts.writers import Form, Written
from ungdom.workflow.table import VERSIONS

SHAPE = "ungdom-extract-manifest-1"
LIBRARIES = ("pyarrow",)
"""The libraries that the bytes depend on."""

_CODE = ("workflow", "extracts", "statistics", "store")
"""The packages whose code decides what the rows are."""


def of(order: Order, form: Form, files: Mapping[str, Written], unread: int, parted: bool) -> dict[str, Any]:
    """The manifest. `parted`: the files are parts by year and konfliktråd."""
    return {
        "manifest": SHAPE,
        "order": order.plain(),
        "ordered_by": order.purpose.ordered_by,
        "basis": order.purpose.basis,
        "form": str(form),
        "parted": parted,
        "unread_cases": unread,
        **told(files),
        "code": {"ungdom": ungdom.__version__, "sources": code()},
        "tables": list(VERSIONS),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def told(files: Mapping[str, Written]) -> dict[str, Any]:
    """What a manifest says of the files."""
    return {
        "rows": sum(one.rows for one in files.values()),
        "files": [{"name": name, **asdict(one)} for name, one in files.items()],
        "sha256": whole(files),
    }


def whole(files: Mapping[str, Written]) -> str:
    """One digest over the names and digests of all files."""
    told = "".join(f"{one.sha256}  {name}\n" for name, one in files.items())
    return hashlib.sha256(told.encode()).hexdigest()


@cache
def code() -> str:
    """A digest of the code that decides what the rows are, short."""
    found = hashlib.sha256()
    for package in _CODE:
        for one in sorted(sources(f"ungdom.{package}").rglob("*.py")):  # type: ignore[attr-defined]  # folders on disk
            found.update(one.read_bytes())
    return found.hexdigest()[:16]


def order_of(said: dict[str, Any], keys: ExtractKeys, purposes: Purposes, today: date) -> Order:
    """The order that the manifest was made of.

    Raises `CannotRebuild` when its bytes cannot come out again here, and what stands in the way of any extract:
    `NoKey`, `NoPurpose`, `PurposeOver`, `NotForPurpose`.
    """
    then = said["order"]
    order = _order(then, keys, purposes, today)
    differ = [(name, str(then[name]), str(now)) for name, now in order.plain().items() if then[name] != now]
    libraries = {name: version(name) for name in LIBRARIES}
    differ += [(name, said["libraries"].get(name, "none"), now) for name, now in libraries.items()
               if said["libraries"].get(name) != now]  # fmt: skip
    if differ:
        raise CannotRebuild(differ)
    return order


def _order(then: dict[str, Any], keys: ExtractKeys, purposes: Purposes, today: date) -> Order:
    found, known_at = extract(then["extract"]), datetime.fromisoformat(then["known_at"])
    if found.released:
        return of_release(found, known_at)
    purpose = purposes.granted(then["purpose"], found, today, None)
    pseudonyms = keys.for_purpose(purpose.name, then["key_version"])
    return Order(found, purpose, pseudonyms, known_at, date.fromisoformat(then["valid_at"]))


def compare(said: dict[str, Any], files: Mapping[str, Written]) -> None:
    """Nothing when these are the files of the manifest. Raises `CannotRebuild` with the files that are others."""
    then = {one["name"]: one["sha256"] for one in said["files"]}
    now = {name: one.sha256 for name, one in files.items()}
    if then == now:
        return
    names = sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name))
    differ = [(f"file {name}", then.get(name, "not there"), now.get(name, "not there")) for name in names[:10]]
    if said["code"]["sources"] != code():
        differ.append(("code", said["code"]["sources"], code()))
    raise CannotRebuild(differ)


def form_of(said: dict[str, Any]) -> Form:
    """How its files are written."""
    return Form(said["form"])
