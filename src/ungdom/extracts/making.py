"""An extract written to disk: one file, or a folder parted by year and konfliktråd, with what belongs to it beside.

Beside the rows stand the manifest (`manifest.json`) and a Frictionless Data Package (`datapackage.json`) with the
schema; of a single file both begin with its name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from uuid import UUID

from ungdom.extracts import dictionary, event_rows, known, manifest, released, rows
from ungdom.extracts.errors import NotEmpty
from ungdom.extracts.folders import STATE, Part, Plan, replaced, write_folder
from ungdom.extracts.orders import Order
from ungdom.extracts.places import places
from ungdom.extracts.rows import Tally, ranked, schema
from ungdom.extracts.writers import Form, Written, write
from ungdom.lazy import lazy
from ungdom.store.session import Database

if TYPE_CHECKING:
    import pyarrow as pa

    from ungdom.extracts import event_sets
else:
    event_sets = lazy("ungdom.extracts.event_sets")

Report = Callable[[int, int], object]
"""Called with how many cases are done, and how many there are."""

IN_NAMES = frozenset({"year", "konfliktrad"})
"""The columns that stand in the names of folders instead of in the files."""

MANIFEST, PACKAGE = "manifest.json", "datapackage.json"


@dataclass(frozen=True, slots=True)
class Made:
    """What was made: each file by its name, and the cases left out because their history could not be read."""

    files: dict[str, Written]
    unread: int

    @property
    def rows(self) -> int:
        """Rows in all files."""
        return sum(one.rows for one in self.files.values())


def cases_of(db: Database, order: Order) -> list[bytes]:
    """Every case of the order, in the order of the pseudonyms."""
    with db.reading() as tx:
        ids = known.case_ids(tx, order.known_at)
    return ranked(order, ids)


def stream(db: Database, order: Order, form: Form, out: BinaryIO, report: Report = lambda *_: None) -> Made:
    """All rows to a stream: in the order of the pseudonyms of the cases, or of the release."""
    tally = Tally()
    told = released.batches(db, order) if order.extract.released else _of_cases(db, order, tally, report)
    written = write(told, schema(order.columns), form, out)
    return Made({"": written}, tally.unread)


def file(db: Database, order: Order, form: Form, path: Path, report: Report = lambda *_: None) -> Made:
    """All rows to one file, which is there whole or not at all. Raises `NotEmpty`."""
    if path.exists():
        raise NotEmpty(str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    unread = 0

    def fill(out: BinaryIO) -> Written:
        nonlocal unread
        made = stream(db, order, form, out, report)
        unread = made.unread
        return made.files[""]

    made = Made({path.name: replaced(path, fill)}, unread)
    _beside(path.parent, f"{path.name}.", order, form, made)
    return made


def folder(
    db: Database, order: Order, form: Form, path: Path, resume: bool = False, report: Report = lambda *_: None
) -> Made:
    """All rows to a folder of parts. `resume`: take up what was broken off there. Raises `NotEmpty`, `OtherExtract`."""
    if not resume and path.exists() and any(path.iterdir()):
        raise NotEmpty(str(path))
    parts, unread = places(db, order.known_at, order.day)
    plan = Plan(order.mark, tuple(parts), schema([one for one in order.columns if one.name not in IN_NAMES]), form)
    made = Made(write_folder(path, plan, _parted(db, order, parts, report)), unread)
    _beside(path, "", order, form, made)
    return made


def again(
    db: Database, order: Order, said: dict[str, Any], path: Path, resume: bool = False, report: Report = lambda *_: None
) -> Made:
    """What a manifest tells of, built again at another place, the files named as there.

    Raises `CannotRebuild` when the bytes are others.
    """
    form = manifest.form_of(said)
    if said["parted"]:
        made = folder(db, order, form, path, resume, report)
    else:
        whole = file(db, order, form, path, report)
        made = Made({said["files"][0]["name"]: whole.files[path.name]}, whole.unread)
    manifest.compare(said, made.files)
    return made


def _of_cases(db: Database, order: Order, tally: Tally, report: Report) -> Iterator[pa.RecordBatch]:
    cases, counted = cases_of(db, order), _counted(report)
    return _batches(db, order, cases, tally, lambda n: counted(n, len(cases)))


def _batches(
    db: Database,
    order: Order,
    cases: Sequence[bytes],
    tally: Tally,
    report: Callable[[int], object],
    without: frozenset[str] = frozenset(),
) -> Iterator[pa.RecordBatch]:
    """The rows of these cases: events set by set, the others case by case."""
    way = event_sets.batches if order.extract.tell is event_rows.tell else rows.batches
    return way(db, order, cases, tally, report, without)


def _parted(
    db: Database, order: Order, parts: dict[Part, list[UUID]], report: Report
) -> Callable[[Part], Iterator[pa.RecordBatch]]:
    """What gives the rows of a part. The parts that were whole before are counted as done when the next begins."""
    total, counted, names = sum(map(len, parts.values())), _counted(report), list(parts)
    before = {part: sum(len(parts[one]) for one in names[:place]) for place, part in enumerate(names)}
    done = 0

    def of_part(part: Part) -> Iterator[pa.RecordBatch]:
        nonlocal done
        counted(before[part] - done, total)
        done = before[part] + len(parts[part])
        return _batches(db, order, ranked(order, parts[part]), Tally(), lambda n: counted(n, total), IN_NAMES)

    return of_part


def _counted(report: Report) -> Callable[[int, int], object]:
    done = 0

    def count(more: int, total: int) -> None:
        nonlocal done
        done += more
        report(done, total)

    return count


def _beside(folder: Path, prefix: str, order: Order, form: Form, made: Made) -> None:
    for name, told in (
        (MANIFEST, manifest.of(order, form, made.files, made.unread, parted=not prefix)),
        (PACKAGE, dictionary.package(order, form, made.files, IN_NAMES if not prefix else frozenset())),
    ):
        save(folder / f"{prefix}{name}", told)


def save(path: Path, told: dict[str, Any]) -> None:
    """A JSON file, whole or not at all."""
    raw = (json.dumps(told, ensure_ascii=False, indent=2) + "\n").encode()

    def fill(out: BinaryIO) -> Written:
        out.write(raw)
        return Written(0, len(raw), "")

    replaced(path, fill)


def files_of(made: Made) -> list[dict[str, Any]]:
    """The files in plain values."""
    return [{"name": name, **asdict(one)} for name, one in made.files.items()]


__all__ = ["MANIFEST", "PACKAGE", "STATE", "Made", "cases_of", "file", "files_of", "folder", "save", "stream"]
