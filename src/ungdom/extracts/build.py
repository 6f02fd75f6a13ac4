"""Writes an extract to disk: one file, or a folder partitioned by year and konfliktråd, with its metadata.

The metadata are the manifest (`manifest.json`) and a Frictionless Data Package (`datapackage.json`) with the schema.
For a single file both names begin with the name of the file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from uuid import UUID

from ungdom.extracts import dictionary, manifest, released, rows, snapshots
from ungdom.extracts.columns import events
from ungdom.extracts.errors import NotEmpty
from ungdom.extracts.labels import label_columns, schema_with_labels, with_labels
from ungdom.extracts.order import Order
from ungdom.extracts.partitioned_writer import FolderPlan, Partition, write_atomically, write_folder
from ungdom.extracts.partitions import cases_by_partition
from ungdom.extracts.rows import ExtractCounts, ranked, schema
from ungdom.extracts.writers import Form, WrittenFile, write
from ungdom.lazy import lazy
from ungdom.store.session import Database

if TYPE_CHECKING:
    import pyarrow as pa

    from ungdom.extracts import bulk_events
else:
    bulk_events = lazy("ungdom.extracts.bulk_events")

Report = Callable[[int, int], object]
"""Called with the number of cases done and the total."""

PARTITION_COLUMNS = frozenset({"year", "konfliktrad"})
"""The columns that are in the names of folders instead of in the files."""

MANIFEST, PACKAGE = "manifest.json", "datapackage.json"


@dataclass(frozen=True, slots=True)
class ExtractResult:
    """The files written, by name, and the number of cases left out because their history could not be read."""

    files: dict[str, WrittenFile]
    unread: int

    @property
    def rows(self) -> int:
        """Total rows."""
        return sum(written.rows for written in self.files.values())


def cases_of(db: Database, order: Order) -> list[bytes]:
    """Every case of the order, sorted by pseudonym."""
    with db.reading() as tx:
        ids = snapshots.case_ids(tx, order.known_at)
    return ranked(order, ids)


def stream(db: Database, order: Order, form: Form, out: BinaryIO, report: Report = lambda *_: None) -> ExtractResult:
    """Write all rows to a stream, sorted by the pseudonym of the case, or in the order of the release."""
    counts = ExtractCounts()
    if order.extract.released:
        batches = released.batches(db, order)
    else:
        cases, counted = cases_of(db, order), _cumulative(report)
        batches = _batches(db, order, cases, counts, lambda n: counted(n, len(cases)))
    labels = label_columns(order.columns, order.labels)
    written = write(with_labels(batches, labels), schema_with_labels(schema(order.columns), labels), form, out)
    return ExtractResult({"": written}, counts.unread)


def file(db: Database, order: Order, form: Form, path: Path, report: Report = lambda *_: None) -> ExtractResult:
    """Write all rows to one file, atomically, with its metadata. Raises `NotEmpty`."""
    if path.exists():
        raise NotEmpty(str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    streamed = write_atomically(path, lambda out: stream(db, order, form, out, report))
    result = ExtractResult({path.name: streamed.files[""]}, streamed.unread)
    _write_metadata(path.parent, f"{path.name}.", order, form, result)
    return result


def folder(
    db: Database, order: Order, form: Form, path: Path, resume: bool = False, report: Report = lambda *_: None
) -> ExtractResult:
    """Write all rows to a partitioned folder. `resume`: continue there. Raises `NotEmpty`, `OtherExtract`."""
    if not resume and path.exists() and any(path.iterdir()):
        raise NotEmpty(str(path))
    parts, unread = cases_by_partition(db, order.known_at, order.day)
    columns = [column for column in order.columns if column.name not in PARTITION_COLUMNS]
    written_schema = schema_with_labels(schema(columns), label_columns(columns, order.labels))
    plan = FolderPlan(order.fingerprint, tuple(parts), written_schema, form)
    result = ExtractResult(write_folder(path, plan, _partition_reader(db, order, parts, report)), unread)
    _write_metadata(path, "", order, form, result)
    return result


def rebuild(
    db: Database,
    order: Order,
    original: dict[str, Any],
    path: Path,
    resume: bool = False,
    report: Report = lambda *_: None,
) -> ExtractResult:
    """Build the extract of a manifest again at `path`; the result names the files as the manifest does.

    Raises `CannotRebuild` when the bytes differ.
    """
    form = manifest.form_of(original)
    if original["parted"]:
        result = folder(db, order, form, path, resume, report)
    else:
        single = file(db, order, form, path, report)
        result = ExtractResult({original["files"][0]["name"]: single.files[path.name]}, single.unread)
    manifest.compare(original, result.files)
    return result


def _batches(
    db: Database,
    order: Order,
    cases: Sequence[bytes],
    counts: ExtractCounts,
    report: Callable[[int], object],
    without: frozenset[str] = frozenset(),
) -> Iterator[pa.RecordBatch]:
    """The rows of these cases. Events are converted in bulk, other extracts case by case."""
    convert = bulk_events.batches if order.extract.rows_of is events.rows_of else rows.batches
    return convert(db, order, cases, counts, report, without)


def _partition_reader(
    db: Database, order: Order, parts: dict[Partition, list[UUID]], report: Report
) -> Callable[[Partition], Iterator[pa.RecordBatch]]:
    """Reads the rows of a partition. Partitions completed by an earlier run count as done when the next one begins."""
    total, counted, names = sum(map(len, parts.values())), _cumulative(report), list(parts)
    before = {part: sum(len(parts[earlier]) for earlier in names[:place]) for place, part in enumerate(names)}
    labels = label_columns([column for column in order.columns if column.name not in PARTITION_COLUMNS], order.labels)
    done = 0

    def of_part(part: Partition) -> Iterator[pa.RecordBatch]:
        nonlocal done
        counted(before[part] - done, total)
        done = before[part] + len(parts[part])
        batches = _batches(
            db, order, ranked(order, parts[part]), ExtractCounts(), lambda n: counted(n, total), PARTITION_COLUMNS
        )
        return with_labels(batches, labels)

    return of_part


def _cumulative(report: Report) -> Callable[[int, int], object]:
    done = 0

    def count(more: int, total: int) -> None:
        nonlocal done
        done += more
        report(done, total)

    return count


def _write_metadata(folder: Path, prefix: str, order: Order, form: Form, result: ExtractResult) -> None:
    for name, content in (
        (MANIFEST, manifest.build(order, form, result.files, result.unread, parted=not prefix)),
        (PACKAGE, dictionary.package(order, form, result.files, PARTITION_COLUMNS if not prefix else frozenset())),
    ):
        save(folder / f"{prefix}{name}", content)


def save(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file atomically."""
    raw = (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()
    write_atomically(path, lambda out: out.write(raw))
