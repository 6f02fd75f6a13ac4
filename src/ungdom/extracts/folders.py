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

from ungdom.extracts.writers import Form, Progress, Written, write

if TYPE_CHECKING:
    import pyarrow as pa

STATE = "_state.json"
"""Which files are whole. The underscore: readers of such folders pass over it."""


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """What one file holds."""

    year: int
    konfliktrad: str

    @property
    def folder(self) -> str:
        """Where it stands, in the folder of the extract."""
        return f"year={self.year}/konfliktrad={self.konfliktrad}"


Rows: TypeAlias = "Callable[[Part], Iterable[pa.RecordBatch]]"
"""The rows of a part, in an order of their own that is the same every time."""


class OtherExtract(Exception):
    """The folder holds another extract: other rows, or another form."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written: the parts, in this form, of the extract with this mark.

    `mark`: what tells this extract from others (a hash of its parameters). `schema`: without the two columns.
    """

    mark: str
    parts: tuple[Part, ...]
    schema: pa.Schema
    form: Form

    def name_of(self, part: Part) -> str:
        """The file of a part, in the folder of the extract."""
        return f"{part.folder}/rows.{self.form}"


def write_folder(folder: Path, plan: Plan, rows: Rows, progress: Progress = lambda _: None) -> dict[str, Written]:
    """Each file and what is in it, in the order of the parts. Raises `OtherExtract`, `Shape`."""
    folder.mkdir(parents=True, exist_ok=True)
    done = _done(folder, plan)
    for part in plan.parts:
        name = plan.name_of(part)
        if name in done:
            progress(done[name].rows)
            continue
        done[name] = _write_part(folder / name, plan, rows(part), progress)
        _keep(folder, plan, done)
    return {plan.name_of(part): done[plan.name_of(part)] for part in plan.parts}


def _write_part(path: Path, plan: Plan, rows: Iterable[pa.RecordBatch], progress: Progress) -> Written:
    path.parent.mkdir(parents=True, exist_ok=True)

    def fill(out: BinaryIO) -> Written:
        return write(rows, plan.schema, plan.form, out, progress)

    return replaced(path, fill)


def replaced(path: Path, fill: Callable[[BinaryIO], Written]) -> Written:
    """What was written: the file is whole, or what it was before. On the disk when this returns."""
    beside = path.with_name(f"_{path.name}.part")
    with beside.open("wb") as out:
        written = fill(out)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(path)
    _settle(path.parent)
    return written


def _settle(folder: Path) -> None:
    """Names are on the disk as well."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _done(folder: Path, plan: Plan) -> dict[str, Written]:
    path = folder / STATE
    if not path.exists():
        return {}
    state = json.loads(path.read_text(encoding="utf-8"))
    if (state["mark"], state["form"]) != (plan.mark, plan.form):
        raise OtherExtract(str(folder))
    return {name: Written(**one) for name, one in state["files"].items()}


def _keep(folder: Path, plan: Plan, done: dict[str, Written]) -> None:
    files = {name: asdict(done[name]) for name in sorted(done)}
    state = {"mark": plan.mark, "form": str(plan.form), "files": files}
    raw = json.dumps(state, indent=1).encode()

    def fill(out: BinaryIO) -> Written:
        out.write(raw)
        return Written(0, len(raw), "")

    replaced(folder / STATE, fill)
