"""An extract as a folder: a file for each year and konfliktråd, taken up again where it was broken off.

Named as Hive does (`year=2025/konfliktrad=oslo/rows.parquet`), so that Spark, DuckDB and pyarrow read the folder as one
table; the two columns are in the names and not in the files. A file is written beside its place and renamed when it is
whole, then entered in `_state.json`: one that is entered is not asked for again, one that is not is written anew. So
the folder is the same however often it was broken off, as long as the rows are.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from ungdom.extracts.writers import Form, Progress, WrittenFile, write

if TYPE_CHECKING:
    import pyarrow as pa

STATE = "_state.json"
"""Which files are whole. The underscore: readers of such folders pass over it."""


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """What one file holds."""

    year: int
    konfliktrad: str

    @property
    def folder(self) -> str:
        """Where it stands, in the folder of the extract."""
        return f"year={self.year}/konfliktrad={self.konfliktrad}"


Rows: TypeAlias = "Callable[[Partition], Iterable[pa.RecordBatch]]"
"""The rows of a part, in an order of their own that is the same every time."""


class OtherExtract(Exception):
    """The folder holds another extract: other rows, or another form."""


@dataclass(frozen=True, slots=True)
class FolderPlan:
    """What is to be written: the parts, in this form, of the extract with this mark.

    `fingerprint`: what tells this extract from others (a hash of its parameters). `schema`: without the two columns.
    """

    fingerprint: str
    parts: tuple[Partition, ...]
    schema: pa.Schema
    form: Form

    def name_of(self, part: Partition) -> str:
        """The file of a part, in the folder of the extract."""
        return f"{part.folder}/rows.{self.form}"


def write_folder(
    folder: Path, plan: FolderPlan, rows: Rows, progress: Progress = lambda _: None
) -> dict[str, WrittenFile]:
    """Each file and what is in it, in the order of the parts. Raises `OtherExtract`, `Shape`."""
    folder.mkdir(parents=True, exist_ok=True)
    done = _completed_files(folder, plan)
    for part in plan.parts:
        name = plan.name_of(part)
        if name in done:
            progress(done[name].rows)
            continue
        done[name] = _write_part(folder / name, plan, rows(part), progress)
        _save_state(folder, plan, done)
    return {plan.name_of(part): done[plan.name_of(part)] for part in plan.parts}


def _write_part(path: Path, plan: FolderPlan, rows: Iterable[pa.RecordBatch], progress: Progress) -> WrittenFile:
    path.parent.mkdir(parents=True, exist_ok=True)

    def fill(out: BinaryIO) -> WrittenFile:
        return write(rows, plan.schema, plan.form, out, progress)

    return write_atomically(path, fill)


def write_atomically(path: Path, fill: Callable[[BinaryIO], WrittenFile]) -> WrittenFile:
    """What was written: the file is whole, or what it was before. On the disk when this returns."""
    temporary = path.with_name(f"_{path.name}.part")
    with temporary.open("wb") as out:
        written = fill(out)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(path)
    _sync_folder(path.parent)
    return written


def _sync_folder(folder: Path) -> None:
    """Names are on the disk as well."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _completed_files(folder: Path, plan: FolderPlan) -> dict[str, WrittenFile]:
    path = folder / STATE
    if not path.exists():
        return {}
    state = json.loads(path.read_text(encoding="utf-8"))
    if (state["mark"], state["form"]) != (plan.fingerprint, plan.form):
        raise OtherExtract(str(folder))
    return {name: WrittenFile(**file) for name, file in state["files"].items()}


def _save_state(folder: Path, plan: FolderPlan, done: dict[str, WrittenFile]) -> None:
    files = {name: asdict(done[name]) for name in sorted(done)}
    state = {"mark": plan.fingerprint, "form": str(plan.form), "files": files}
    raw = json.dumps(state, indent=1).encode()

    def fill(out: BinaryIO) -> WrittenFile:
        out.write(raw)
        return WrittenFile(0, len(raw), "")

    write_atomically(folder / STATE, fill)
