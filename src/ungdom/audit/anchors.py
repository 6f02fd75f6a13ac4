"""Anchor files: a seal with its heads as lines of JSON, kept where whoever owns the database cannot write.

A folder of anchor files holds everything that was sealed. `2026-11-30-000012.ndjson` is the twelfth seal: its first
line is the seal, each other line a head. No line names a person.
"""

import errno
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from ungdom.audit.findings import AuditFinding, AuditProblem
from ungdom.audit.seals import Head, Seal, root_of
from ungdom.new_files import name_new

ANCHOR_TABLE = "anchor"
"""What stands for the table in a finding about an anchor file."""
_PATTERN = "*-[0-9]*.ndjson"


@dataclass(frozen=True, slots=True)
class Anchor:
    """A seal with its heads, as exported. `name`: of the file."""

    name: str
    seal: Seal
    heads: tuple[Head, ...]


class AnchorTaken(FileExistsError):
    """The folder holds another seal with the same number: after a restore, or of another database."""

    def __init__(self, path: Path, number: int) -> None:
        super().__init__(errno.EEXIST, f"{path.name} holds another seal with the number {number}", str(path))
        self.number = number


def file_name(seal: Seal) -> str:
    """The name of the file of a seal."""
    return f"{seal.day.isoformat()}-{seal.number:06d}.ndjson"


def seal_values(seal: Seal) -> dict[str, Any]:
    """A seal as JSON values."""
    return {
        "number": seal.number,
        "day": seal.day.isoformat(),
        "sealed_at": seal.sealed_at.isoformat(),
        "streams": seal.streams,
        "rows": seal.rows,
        "leaves": seal.leaves,
        "root": seal.root.hex(),
        "link": seal.link.hex(),
    }


def seal_of(values: Mapping[str, Any]) -> Seal:
    """The seal of these JSON values. Raises `KeyError`, `TypeError` or `ValueError`."""
    return Seal(
        number=int(values["number"]),
        day=date.fromisoformat(values["day"]),
        sealed_at=datetime.fromisoformat(values["sealed_at"]),
        streams=int(values["streams"]),
        rows=int(values["rows"]),
        leaves=int(values["leaves"]),
        root=bytes.fromhex(values["root"]),
        link=bytes.fromhex(values["link"]),
    )


def lines(seal: Seal, heads: Iterable[Head]) -> Iterator[str]:
    """The lines of the file of a seal, each with its end."""
    yield json.dumps(seal_values(seal)) + "\n"
    for head in sorted(heads):
        yield json.dumps([head.chain, head.stream, head.position, head.link.hex()]) + "\n"


def write(folder: Path, seal: Seal, heads: Iterable[Head]) -> bool:
    """Writes the file of a seal; False if the same one is there already. A file that is there is never touched.

    Raises `AnchorTaken` if the folder holds another seal with this number, and `OSError`.
    """
    path = folder / file_name(seal)
    content = "".join(lines(seal, heads)).encode()
    folder.mkdir(parents=True, exist_ok=True)
    others = [other for other in folder.glob(f"*-{seal.number:06d}.ndjson") if other.name != path.name]
    if others:
        raise AnchorTaken(min(others), seal.number)
    written = not path.exists() and _write_new(path, content)
    if not written and path.read_bytes() != content:
        raise AnchorTaken(path, seal.number)
    return written


def _write_new(path: Path, content: bytes) -> bool:
    """Writes the file whole, under a name of its own first; False if another process has written it meanwhile."""
    unfinished = path.with_suffix(f".{uuid4().hex}.part")
    try:
        unfinished.write_bytes(content)
        unfinished.chmod(0o440)
        name_new(unfinished, path)
    except FileExistsError:
        return False
    finally:
        unfinished.unlink(missing_ok=True)
    return True


def read_folder(folder: Path) -> tuple[list[Anchor], list[AuditFinding]]:
    """The anchors of a folder in the order of their seals, and the files that cannot be read.

    Raises `OSError` if there is no such folder.
    """
    anchors: list[Anchor] = []
    unreadable: list[AuditFinding] = []
    names = sorted(path for path in folder.iterdir() if path.match(_PATTERN))
    for path in names:
        try:
            anchors.append(_read(path))
        except (KeyError, TypeError, ValueError):
            unreadable.append(AuditFinding(ANCHOR_TABLE, path.name, 0, AuditProblem.ANCHOR_UNREADABLE))
    return sorted(anchors, key=lambda anchor: anchor.seal.number), unreadable


def anchor_findings(
    anchors: Sequence[Anchor], seals: Sequence[Seal], heads: Mapping[int, Sequence[Head]]
) -> Iterator[AuditFinding]:
    """The anchors whose seal is missing, or is another one. `seals`, `heads`: as verified."""
    by_number = {seal.number: seal for seal in seals}
    for anchor in anchors:
        number = anchor.seal.number
        seal = by_number.get(number)
        if seal is None:
            yield AuditFinding("audit_seal", "audit_seal", number, AuditProblem.SEAL_MISSING)
        elif seal != anchor.seal or tuple(sorted(heads.get(number, ()))) != anchor.heads:
            yield AuditFinding("audit_seal", "audit_seal", number, AuditProblem.ANCHOR_DIFFERS)


def _read(path: Path) -> Anchor:
    first, *rest = path.read_text(encoding="utf-8").splitlines()
    seal = seal_of(json.loads(first))
    heads = tuple(sorted(_head(json.loads(line)) for line in rest))
    if len(heads) != seal.leaves or root_of(heads) != seal.root or path.name != file_name(seal):
        raise ValueError(path.name)
    return Anchor(path.name, seal, heads)


def _head(values: Any) -> Head:
    chain, stream, position, row_link = values
    return Head(str(chain), str(stream), int(position), bytes.fromhex(row_link))
