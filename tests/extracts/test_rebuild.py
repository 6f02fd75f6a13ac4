"""T14: what was taken out comes out again, byte for byte: after a restore, after corrections, on either database."""

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import cycle
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests import pg
from tests.extracts import world
from tests.extracts.world import KEY, NAMES, NOW, THEN, TODAY
from tests.service import fill
from ungdom import texts
from ungdom.extracts import build, manifest
from ungdom.extracts.columns.column import Dates
from ungdom.extracts.errors import CannotRebuild, NoKey, NotEmpty, NotYet, PurposeOver
from ungdom.extracts.order import OrderRequest, OrderService
from ungdom.extracts.partitioned_writer import STATE
from ungdom.extracts.writers import Form
from ungdom.store.session import Database
from ungdom.workflow.calendar import last_moment, oslo_date
from ungdom.workflow.vocabulary import Sanction

FORMS = dict(zip(NAMES, cycle(Form), strict=False))
"""A form for each extract, so that every form is built again."""


def take_out(db: Database, folder: Path) -> dict[str, dict[str, Any]]:
    """Every extract as known then as a file, and the measures as a folder as well; the manifests."""
    said = {}
    for name, form in FORMS.items():
        build.file(db, world.order(name, known_on=THEN), form, folder / name)
        said[name] = json.loads((folder / f"{name}.{build.MANIFEST}").read_text())
    build.folder(db, world.order("measures", known_on=THEN), Form.PARQUET, folder / "parted")
    said["parted"] = json.loads((folder / "parted" / build.MANIFEST).read_text())
    return said


def build_again(db: Database, said: dict[str, Any], path: Path, desk: OrderService | None = None) -> str:
    """Built again from its manifest; the digest of all of it. Raises when it is another."""
    known = desk or world.desk()
    order = manifest.order_of(said, known.keys, known.purposes, oslo_date(NOW))
    made = build.rebuild(db, order, said, path)
    return manifest.combined_sha256(made.files)


def dumped(url: str, file: Path) -> None:
    dump = pg.shipped_binaries() / "bin" / "pg_dump"
    subprocess.run([dump, "--format", "plain", "--file", file, url], check=True, timeout=60)


def restored(file: Path, url: str) -> None:
    psql = pg.shipped_binaries() / "bin" / "psql"
    subprocess.run([psql, "--quiet", "-v", "ON_ERROR_STOP=1", "-f", file, url], check=True, timeout=60, stdout=-3)


class Copies:
    """A database with the load until then, a backup of it, and a fresh one restored from the backup."""

    def __init__(self, kind: str, folder: Path, make: pg.MakeDatabase | None) -> None:
        self.kind, self.folder, self.make = kind, folder, make
        self.url = make(world.until_then) if make else pg.sqlite_url(folder)
        if not make:
            world.until_then(self.url)

    def open(self) -> Database:
        return Database.open(pg.sqlalchemy_url(self.url) if self.make else self.url)

    def back_up(self) -> None:
        if self.make:
            dumped(self.url, self.folder / "backup.sql")
        else:
            names = (self.folder / "ungdom.sqlite", self.folder / "backup.sqlite")
            with closing(sqlite3.connect(names[0])) as now, closing(sqlite3.connect(names[1])) as copy:
                now.backup(copy)

    def restore(self) -> Database:
        if self.make:
            fresh = self.make()
            restored(self.folder / "backup.sql", fresh)
            return Database.open(pg.sqlalchemy_url(fresh))
        (self.folder / "fresh").mkdir()
        shutil.copy(self.folder / "backup.sqlite", self.folder / "fresh" / "ungdom.sqlite")
        return Database.open(pg.sqlite_url(self.folder / "fresh"))


@pytest.fixture(params=["sqlite", "postgresql"])
def copies(request: pytest.FixtureRequest, tmp_path: Path) -> Copies:
    server = request.param == "postgresql"
    return Copies(request.param, tmp_path, request.getfixturevalue("pg_database") if server else None)


FIRST: dict[str, str] = {}
"""The digests of the database that was asked first: the other one gives the same."""


def test_an_extract_is_built_again_after_a_restore_and_after_what_came_in_later(
    copies: Copies, figure: Callable[[str], None]
) -> None:
    db = copies.open()
    said = take_out(db, copies.folder / "out")
    copies.back_up()
    world.go_on(db)

    fresh = copies.restore()
    for name, told in said.items():
        assert build_again(fresh, told, copies.folder / "restored" / name) == told["sha256"]
        assert build_again(db, told, copies.folder / "later" / name) == told["sha256"]

    assert world.raw(db, world.order("events")) != world.raw(db, world.order("events", known_on=THEN))
    digests = {name: told["sha256"] for name, told in said.items()}
    assert FIRST.setdefault("digests", json.dumps(digests)) == json.dumps(digests)
    rows = sum(told["rows"] for told in said.values())
    figure(f"T14 {copies.kind}: {len(said)} extracts of {rows} rows built again after a restore and after more events")
    db.close()
    fresh.close()


def test_a_folder_and_a_file_hold_the_same_rows(db: Database, tmp_path: Path) -> None:
    asked = world.order("measures")
    whole = build.folder(db, asked, Form.NDJSON, tmp_path / "parted")
    assert len(whole.files) > 10
    parted = [
        json.loads(line) for one in (tmp_path / "parted").rglob("*.ndjson") for line in one.read_text().splitlines()
    ]
    told = [{k: v for k, v in row.items() if k not in build.PARTITION_COLUMNS} for row in world.rows(db, asked)]
    by_name = itemgetter("measure")
    assert sorted(parted, key=by_name) == sorted(told, key=by_name)


def test_a_run_that_was_broken_off_leaves_what_an_unbroken_one_would(db: Database, tmp_path: Path) -> None:
    asked = world.order("events")
    build.folder(db, asked, Form.PARQUET, tmp_path / "whole")
    for stop in (5, world.CASES // 2, world.CASES - 1):
        with pytest.raises(InterruptedError):
            build.folder(db, asked, Form.PARQUET, tmp_path / "broken", stop > 5, breaking(stop))
    with pytest.raises(NotEmpty):
        build.folder(db, asked, Form.PARQUET, tmp_path / "broken")
    seen: list[tuple[int, int]] = []
    build.folder(db, asked, Form.PARQUET, tmp_path / "broken", True, lambda *done: seen.append(done))
    assert seen[-1] == (world.CASES, world.CASES)
    assert seen == sorted(seen)
    assert world.files(tmp_path / "broken") == world.files(tmp_path / "whole")


def breaking(after: int) -> Callable[[int, int], None]:
    def report(done: int, _total: int) -> None:
        if done >= after:
            raise InterruptedError

    return report


def test_what_differs_is_said_before_a_row_is_read(db: Database, tmp_path: Path) -> None:
    build.file(db, world.order("cases"), Form.CSV, tmp_path / "cases.csv")
    said = json.loads((tmp_path / f"cases.csv.{build.MANIFEST}").read_text())
    old = f"1:{KEY}"
    another = "1:QUJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="

    def refused(desk: OrderService | None = None, **changed: Any) -> str:
        with pytest.raises((CannotRebuild, NoKey, PurposeOver)) as caught:
            build_again(db, said | changed, tmp_path / "again.csv", desk)
        assert not (tmp_path / "again.csv").exists()
        return str(caught.value)

    assert "key_check" in refused(world.desk(keys=[another]))
    assert "version 1 is not here" in refused(world.desk(keys=["2" + another[1:]]))
    assert "dates: day then, month now" in refused(world.desk(world.purpose(dates=Dates.MONTH)))
    assert "without" in refused(world.desk(world.purpose(without=frozenset({"person"}))))
    assert "ended on 2020-01-01" in refused(world.desk(world.purpose(until=NOW.date().replace(2020, 1, 1))))
    assert "pyarrow: 1.0 then" in refused(libraries={"pyarrow": "1.0"})
    assert "definition" in refused(order=said["order"] | {"definition": "another"})
    rotated = world.desk(keys=["2" + another[1:], old])
    assert build_again(db, said, tmp_path / "again.csv", rotated) == said["sha256"]


def test_a_manifest_of_a_stream_named_arrow_is_rebuilt_as_a_stream(db: Database, tmp_path: Path) -> None:
    """Before there was an Arrow file, `arrow` was the stream."""
    build.folder(db, world.order("cases"), Form.ARROWS, tmp_path / "cases")
    said = json.loads((tmp_path / "cases" / build.MANIFEST).read_text())
    files = [{**one, "name": one["name"].removesuffix("s")} for one in said["files"]]
    earlier = said | {"manifest": manifest.STREAM_FORMAT, "form": "arrow", "files": files}
    build_again(db, earlier, tmp_path / "again")
    assert world.files(tmp_path / "again").keys() >= {one["name"] for one in said["files"]}


def test_labels_and_dummy_rows_are_part_of_the_order(db: Database, tmp_path: Path) -> None:
    labelled = replace(world.order("cases"), labels=("nn", "en"))
    build.file(db, labelled, Form.PARQUET, tmp_path / "cases.parquet")
    said = json.loads((tmp_path / f"cases.parquet.{build.MANIFEST}").read_text())
    assert build_again(db, said, tmp_path / "again.parquet") == said["sha256"]
    with pytest.raises(CannotRebuild, match="dummy: True then, none now"):
        build_again(db, said | {"order": said["order"] | {"dummy": True}}, tmp_path / "no.parquet")
    rows = pq.read_table(tmp_path / "cases.parquet").to_pylist()
    assert {(row["sanction"], row["sanction_nn"], row["sanction_en"]) for row in rows} == {
        (code, texts.label("nn", Sanction(code)), texts.label("en", Sanction(code))) for code in Sanction
    }
    assert "age_nn" not in rows[0]  # an age has no label
    [resource] = json.loads((tmp_path / f"cases.parquet.{build.PACKAGE}").read_text())["resources"]
    assert [one["name"] for one in resource["schema"]["fields"]] == list(rows[0])


def test_other_bytes_are_named_with_their_file(db: Database, tmp_path: Path) -> None:
    build.folder(db, world.order("cases"), Form.CSV, tmp_path / "cases")
    said = json.loads((tmp_path / "cases" / build.MANIFEST).read_text())
    said["files"][0]["sha256"] = "0" * 64
    said["code"]["sources"] = "others"
    with pytest.raises(CannotRebuild, match=rf"file {said['files'][0]['name']}: 0{{64}} then.*code: others then"):
        build_again(db, said, tmp_path / "again")


def test_the_manifest_says_what_the_files_are(db: Database, tmp_path: Path) -> None:
    made = build.folder(db, world.order("cases", day=THEN), Form.CSV, tmp_path / "cases")
    said = json.loads((tmp_path / "cases" / build.MANIFEST).read_text())
    lines = sum(len(one.read_text().splitlines()) - 1 for one in (tmp_path / "cases").rglob("*.csv"))
    assert said["rows"] == made.rows == lines
    assert said["order"]["known_at"] == last_moment(TODAY).astimezone(UTC).isoformat()
    assert said["order"]["valid_at"] == THEN.isoformat()
    assert {one["name"] for one in said["files"]} | {STATE, build.MANIFEST, build.PACKAGE} == set(
        world.files(tmp_path / "cases")
    )


def test_a_database_that_is_empty_gives_an_empty_extract(tmp_path: Path) -> None:
    fill(pg.sqlite_url(tmp_path))
    db = Database.open(pg.sqlite_url(tmp_path))
    assert world.rows(db, world.order("cases")) == []
    assert build.folder(db, world.order("cases"), Form.CSV, tmp_path / "out").files == {}
    db.close()


def test_an_instant_that_is_not_settled_is_not_taken() -> None:
    for known_at, day in ((NOW, None), (last_moment(THEN), TODAY)):
        with pytest.raises(NotYet):
            world.desk().order(OrderRequest("cases", "p", known_at, day), NOW)


@pytest.mark.parametrize(
    ("minutes", "settled"), [(0, "2026-01-04"), (9, "2026-01-04"), (10, "2026-01-05"), (11, "2026-01-05")]
)
def test_in_the_first_minutes_of_a_day_the_default_is_the_day_before_yesterday(minutes: int, settled: str) -> None:
    now = datetime(2026, 1, 5, 23, tzinfo=UTC) + timedelta(minutes=minutes)
    order = world.desk().order(OrderRequest("cases", "p"), now)
    assert (order.known_at, order.day) == (last_moment(date.fromisoformat(settled)), date.fromisoformat(settled))
