"""Writes an extract as a folder with one file per year and konfliktråd; resumes an interrupted run.

The folder has Hive partitions (`year=2025/konfliktrad=oslo/rows.parquet`), so that Spark, DuckDB and pyarrow read it as
one table; the two partition columns are in the names and not in the files. Each file is written under a temporary name,
renamed when complete, then recorded in `_state.json`. A resumed run skips recorded files and writes the others again,
so that the same rows give the same folder however often the run was interrupted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, TypeVar

from ungdom.extracts.writers import Form, Progress, WrittenFile, write

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")
STATE = "_state.json"
"""The list of complete files. Readers of partitioned folders ignore names that begin with an underscore."""


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """The partition that one file holds."""

    year: int
    konfliktrad: str

    @property
    def folder(self) -> str:
        """Its path relative to the folder of the extract."""
        return f"year={self.year}/konfliktrad={self.konfliktrad}"


Rows: TypeAlias = "Callable[[Partition], Iterable[pa.RecordBatch]]"
"""The rows of a partition, in the same order on every call."""


class OtherExtract(Exception):
    """The folder holds another extract: other rows, or another format."""


@dataclass(frozen=True, slots=True)
class FolderPlan:
    """What is to be written.

    `fingerprint`: identifies the extract (a hash of its parameters). `schema`: without the partition columns.
    """

    fingerprint: str
    parts: tuple[Partition, ...]
    schema: pa.Schema
    form: Form

    @property
    def recorded_form(self) -> str:
        """The form as the list of complete files names it. There, `arrow` has been the Arrow stream."""
        return "arrow-file" if self.form is Form.ARROW else str(self.form)

    def name_of(self, part: Partition) -> str:
        """The file of a partition, relative to the folder of the extract."""
        return f"{part.folder}/rows.{self.form.suffix}"


def write_folder(
    folder: Path, plan: FolderPlan, rows: Rows, progress: Progress = lambda _: None
) -> dict[str, WrittenFile]:
    """The files written, in the order of the partitions. Raises `OtherExtract`, `SchemaMismatch`."""
    folder.mkdir(parents=True, exist_ok=True)
    done = _completed_files(folder, plan)
    for part in plan.parts:
        name = plan.name_of(part)
        if name in done:
            progress(done[name].rows)
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        done[name] = write_atomically(path, partial(write, rows(part), plan.schema, plan.form, progress=progress))
        _save_state(folder, plan, done)
    return {plan.name_of(part): done[plan.name_of(part)] for part in plan.parts}


def write_atomically(path: Path, fill: Callable[[BinaryIO], T]) -> T:
    """The result of `fill`, which writes the file. After a crash the file is either complete or as it was before.

    File and name are flushed to disk when this returns.
    """
    temporary = path.with_name(f"_{path.name}.part")
    with temporary.open("wb") as out:
        written = fill(out)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(path)
    _sync_folder(path.parent)
    return written


def _sync_folder(folder: Path) -> None:
    """Flush the names in a folder to disk."""
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
    if (state["mark"], state["form"]) != (plan.fingerprint, plan.recorded_form):
        raise OtherExtract(str(folder))
    return {name: WrittenFile(**file) for name, file in state["files"].items()}


def _save_state(folder: Path, plan: FolderPlan, done: dict[str, WrittenFile]) -> None:
    files = {name: asdict(done[name]) for name in sorted(done)}
    state = {"mark": plan.fingerprint, "form": plan.recorded_form, "files": files}
    write_atomically(folder / STATE, lambda out: out.write(json.dumps(state, indent=1).encode()))
