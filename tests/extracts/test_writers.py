"""Rows become the same bytes however they arrive; a folder that was broken off is taken up again."""

import codecs
import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from ungdom.extracts.partitioned_writer import STATE, FolderPlan, OtherExtract, Partition, write_folder
from ungdom.extracts.writers import Form, SchemaMismatch, WrittenFile, regrouped, write

SCHEMA = pa.schema(
    [
        ("case", pa.string()),
        ("type", pa.dictionary(pa.int32(), pa.string())),
        ("day", pa.date32()),
        ("at", pa.timestamp("s", tz="UTC")),
        ("days", pa.int32()),
        ("share", pa.float64()),
        ("open", pa.bool_()),
    ]
)
ODD = ["plain", "", None, 'said "no", and\nleft', "Ålesund; 'x'", "tab\there", "\\back\x01"]
"""Texts that are easily spoilt on the way."""
every_form = pytest.mark.parametrize("form", list(Form))


def rows(count: int) -> list[dict[str, Any]]:
    return [
        {
            "case": ODD[n % len(ODD)],
            "type": ("met", "left", None)[n % 3],
            "day": date(2026, 1, 1 + n % 28) if n % 5 else None,
            "at": datetime(2026, 3, 29, n % 24, 59, 1, tzinfo=UTC) if n % 7 else None,
            "days": n if n % 11 else None,
            "share": n / 7 if n % 3 else None,
            "open": (True, False, None)[n % 3],
        }
        for n in range(count)
    ]


def batches(told: list[dict[str, Any]], size: int) -> Iterator[pa.RecordBatch]:
    for start in range(0, len(told), size):
        yield pa.RecordBatch.from_pylist(told[start : start + size], SCHEMA)


def written(told: list[dict[str, Any]], form: Form) -> tuple[bytes, WrittenFile]:
    return poured(batches(told, 300), form)


def poured(found: Iterable[pa.RecordBatch], form: Form) -> tuple[bytes, WrittenFile]:
    out = io.BytesIO()
    counted = write(found, SCHEMA, form, out)
    return out.getvalue(), counted


def read_csv(raw: bytes) -> list[dict[str, Any]]:
    """Every value as CSV tells it: nothing for a missing one, which the csv module cannot tell from an empty text."""
    return list(csv.DictReader(io.StringIO(raw.decode(), newline="")))


@every_form
def test_the_same_rows_are_the_same_bytes_however_they_arrive(form: Form) -> None:
    many = [one for _ in range(15) for one in batches(rows(10_000), 10_000)]
    table = pa.Table.from_batches(many).unify_dictionaries().combine_chunks()
    (raw, counted), *others = [
        poured(cut, form) for cut in (many, table.to_batches(7_001), table.to_batches(65_536), table.to_batches())
    ]
    assert all(other == (raw, counted) for other in others)
    assert counted == WrittenFile(150_000, len(raw), hashlib.sha256(raw).hexdigest())


def test_parquet_and_arrow_read_back_the_rows() -> None:
    told = rows(1_000)
    parquet = pq.read_table(io.BytesIO(written(told, Form.PARQUET)[0]))
    arrow = pa.ipc.open_file(written(told, Form.ARROW)[0]).read_all()
    stream = pa.ipc.open_stream(written(told, Form.ARROWS)[0]).read_all()
    assert parquet.to_pylist() == arrow.to_pylist() == stream.to_pylist() == told


def test_readers_open_the_arrow_file_by_its_suffix(tmp_path: Path) -> None:
    """DuckDB's and pandas' readers of `.arrow` expect the file format."""
    told = rows(1_000)
    path = tmp_path / f"cases.{Form.ARROW.suffix}"
    path.write_bytes(written(told, Form.ARROW)[0])
    assert len(pd.read_feather(path)) == len(told)
    assert pa.dataset.dataset(path, format="arrow").count_rows() == len(told)


def test_a_byte_order_mark_is_the_only_difference() -> None:
    told = rows(1_000)
    assert written(told, Form.CSV_BOM)[0] == codecs.BOM_UTF8 + written(told, Form.CSV)[0]
    assert Form.CSV_BOM.suffix == "csv"


FORMULAS = ["=HYPERLINK(0)", "+47 22", "-1", "@SUM(A1)", "\tx", "\rx"]


@pytest.mark.parametrize("form", [Form.CSV, Form.CSV_BOM])
@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_like_a_formula_never_leaves_unquoted(text: str, form: Form) -> None:
    raw = written([{**rows(1)[0], "case": "plain"}, {**rows(1)[0], "case": text}], form)[0]
    assert [row["case"] for row in csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""))][1] == f"'{text}"
    assert f'\n"\'{text}",' in raw.decode()
    assert all(
        plain["case"] in ("plain", "no=formula")
        for plain in read_csv(
            written([{**rows(1)[0], "case": "plain"}, {**rows(1)[0], "case": "no=formula"}], Form.CSV)[0]
        )
    )


def test_ndjson_reads_back_the_rows() -> None:
    told = rows(1_000)
    lines = written(told, Form.NDJSON)[0].decode().split("\n")
    assert lines.pop() == ""
    expected = json.loads(json.dumps(told, default=lambda one: one.isoformat().replace("+00:00", "Z")))
    assert [json.loads(line) for line in lines] == expected


def test_csv_reads_back_the_rows_and_tells_empty_from_missing() -> None:
    told = rows(1_000)
    raw = written(told, Form.CSV)[0]
    for line, row in zip(read_csv(raw), told, strict=True):
        assert line["case"] == (row["case"] or "")
        assert line["at"] == (row["at"].isoformat().replace("+00:00", "Z") if row["at"] else "")
        assert line["day"] == (row["day"].isoformat() if row["day"] else "")
        assert line["share"] == "" or float(line["share"]) == row["share"]
    second, third = raw.split(b"\n")[2:4]
    assert second.startswith(b'"",')
    assert third.startswith(b",")


@every_form
def test_no_rows_are_still_a_file_of_that_form(form: Form) -> None:
    raw, counted = written([], form)
    assert (counted.rows, counted.bytes) == (0, len(raw))


def test_a_batch_of_other_columns_is_refused() -> None:
    with pytest.raises(SchemaMismatch):
        list(regrouped([pa.record_batch({"case": ["x"]})], SCHEMA))
    with pytest.raises(SchemaMismatch):
        write([], pa.schema([("deep", pa.list_(pa.int8()))]), Form.CSV, io.BytesIO())


# --- folders ----------------------------------------------------------------------------------------------------

PARTS = (Partition(2025, "oslo"), Partition(2025, "sor_vest"), Partition(2026, "oslo"))
PLAN = FolderPlan("first", PARTS, SCHEMA, Form.PARQUET)


class Broken(Exception):
    """The run was cut off."""


class Source:
    """Gives each part its rows; `until` so many parts, then breaks off in the middle of the next."""

    def __init__(self, until: int = 99) -> None:
        self.until, self.asked = until, 0

    def __call__(self, part: Partition) -> Iterator[pa.RecordBatch]:
        self.asked += 1
        yield from batches(rows(900), 300)
        if self.asked > self.until:
            raise Broken
        yield from batches(rows(part.year), 500)


def content(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


@pytest.mark.parametrize("until", [0, 1, 2])
def test_a_folder_that_was_broken_off_becomes_what_it_would_have_been(until: int, tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    told: list[int] = []
    first = write_folder(whole, PLAN, Source(), told.append)
    with pytest.raises(Broken):
        write_folder(broken, PLAN, Source(until))
    again = Source()
    assert write_folder(broken, PLAN, again) == first
    assert again.asked == len(PARTS) - until
    assert content(broken) == content(whole)
    assert sum(told) == sum(one.rows for one in first.values()) == 3 * 900 + 2025 + 2025 + 2026


def test_a_folder_reads_as_one_table_with_both_columns(tmp_path: Path) -> None:
    write_folder(tmp_path, PLAN, Source())
    table = pq.read_table(tmp_path)
    assert table.num_rows == 3 * 900 + 2025 + 2025 + 2026
    assert set(table.column("year").to_pylist()) == {2025, 2026}
    assert set(table.column("konfliktrad").to_pylist()) == {"oslo", "sor_vest"}
    assert (tmp_path / STATE).exists()


def test_a_folder_of_another_extract_is_left_alone(tmp_path: Path) -> None:
    write_folder(tmp_path, PLAN, Source())
    before = content(tmp_path)
    with pytest.raises(OtherExtract):
        write_folder(tmp_path, FolderPlan("second", PARTS, SCHEMA, Form.PARQUET), Source())
    assert content(tmp_path) == before
