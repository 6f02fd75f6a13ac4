"""The output of an analysis, protected before it leaves the office."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ungdom.cli.csv_files import bounded_cells, decoded, separator
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.terminal import AsJson, err, print_result, working
from ungdom.settings import BadSettings

if TYPE_CHECKING:
    import pyarrow as pa

    from ungdom.release.outputs import OutputTable, ProtectedOutput

STATUS = "status"
"""The column that says of each row whether it is shown."""
Source = Annotated[Path, typer.Argument(help="The table, CSV in UTF-8: dimensions, a count, and columns of days.")]
Count = Annotated[str, typer.Option("--count", help="Name of the column that counts cases or persons.")]
Days = Annotated[list[str], typer.Option("--days", help="Column of days estimated from these, as medians. Repeatable.")]
To = Annotated[Path, typer.Option("--out", help="The protected table, a new file.")]


def protect_output(source: Source, to: To, count: Count = "cases", days: Days = [], as_json: AsJson = False) -> None:  # noqa: B006  # typer copies it
    """Suppress small counts, and others beside them, in the table of an analysis before it leaves the office.

    Exit code 1 when no suppression protects it; then nothing is written.
    """
    from ungdom.analytics.cubes import CellStatus
    from ungdom.extracts.partitioned_writer import write_atomically
    from ungdom.extracts.writers import Form, write
    from ungdom.release.outputs import BadOutput, NotProtected, protect_output

    if to.exists():
        raise BadSettings(f"{to} is there already: name a new file with --out")
    table = read_table(source, count, tuple(days))
    try:
        with working("protecting the table"):
            protected = protect_output(table)
    except BadOutput as error:
        raise BadSettings(f"{source}: {error}") from None
    except NotProtected as error:
        err.print(
            f"{len(error.keys)} counts cannot be protected in this table, and nothing was written:"
            " leave a dimension out, or put values together",
            markup=False,
        )
        raise typer.Exit(ExitCode.FOUND) from None
    batch = _batch(table, count, tuple(days), protected)
    written = write_atomically(to, lambda out: write([batch], batch.schema, Form.CSV, out))
    shown, primary, secondary = (
        protected.rows_of(status) for status in (CellStatus.SHOWN, CellStatus.PRIMARY, CellStatus.SECONDARY)
    )
    values = {
        "file": str(to), "rows": written.rows, "shown": shown, "primary": primary, "secondary": secondary,
        "sha256": written.sha256,
    }  # fmt: skip
    print_result(values, f"{to}: {shown} counts shown, {primary} and {secondary} beside them suppressed", as_json)


def read_table(source: Path, count: str, days: tuple[str, ...]) -> "OutputTable":
    """The table in this file. Raises `BadSettings`, `OSError`."""
    from ungdom.release.outputs import OutputRow, OutputTable

    text = decoded(source.read_bytes(), str(source))
    rows: dict[tuple[str, ...], OutputRow] = {}
    with bounded_cells():
        reader = csv.DictReader(text.splitlines(), delimiter=separator(text.partition("\n")[0]), strict=True)
        names = [name.strip() for name in reader.fieldnames or ()]
        reader.fieldnames = names
        dimensions = tuple(name for name in names if name not in (count, *days))
        missing = [name for name in (count, *days) if name not in names]
        if missing or not dimensions or len({*names}) < len(names) or STATUS in names:
            raise BadSettings(
                f"{source} has the columns {', '.join(names) or 'of no header'}: needed are the count {count!r}"
                f"{''.join(f', {name!r}' for name in days)} and at least one dimension, each once and none {STATUS!r}"
            )
        for line, cells in _cells(reader, str(source)):
            key = tuple(cells[name].strip() for name in dimensions)
            if key in rows or "" in key:
                raise BadSettings(
                    f"{source}, line {line}: a row needs a value in every dimension, and to be there once"
                )
            numbers = {name: _days(cells[name], f"{source}, line {line}: {name}") for name in days}
            rows[key] = OutputRow(_count(cells[count], f"{source}, line {line}: {count}"), numbers)
    return OutputTable(dimensions, rows)


def _cells(reader: "csv.DictReader[str]", source: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The number of each line, and its cells. Raises `BadSettings`."""
    try:
        for cells in reader:
            if None in cells or None in cells.values():
                raise BadSettings(f"{source}, line {reader.line_num}: it has another number of cells than the header")
            yield reader.line_num, cells
    except csv.Error as error:
        raise BadSettings(f"{source}, line {reader.line_num}: {error}") from None


def _count(text: str, where: str) -> int:
    if not (text.strip().isascii() and text.strip().isdecimal()):
        raise BadSettings(f"{where} is {text.strip()!r}: a count is a whole number from 0 on")
    return int(text)


def _days(text: str, where: str) -> float | None:
    if not text.strip():
        return None
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        value = -1.0
    if not 0 <= value < 100_000:  # noqa: PLR2004  # 270 years; what is not a number is not in it either
        raise BadSettings(f"{where} is {text.strip()!r}: days are a number from 0 on")
    return value


def _batch(table: "OutputTable", count: str, days: tuple[str, ...], protected: "ProtectedOutput") -> "pa.RecordBatch":
    """The protected rows in order, totals after their parts."""
    import pyarrow as pa

    from ungdom.release.outputs import WHOLE

    rows = sorted(protected.rows.items(), key=lambda row: [(value == WHOLE, value) for value in row[0]])
    columns = {
        **{name: pa.array([key[place] for key, _ in rows], pa.string()) for place, name in enumerate(table.dimensions)},
        count: pa.array([row.count for _, row in rows], pa.int64()),
        **{name: pa.array([row.days.get(name) for _, row in rows], pa.int64()) for name in days},
        STATUS: pa.array(["suppressed" if row.status.hidden else str(row.status) for _, row in rows], pa.string()),
    }
    return pa.record_batch(columns)
