"""Events told set by set are the rows that are told case by case, byte by byte."""

import io
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from tests import pg
from ungdom.demo import load
from ungdom.extracts import arrow_queries, bulk_events, rows, snapshots
from ungdom.extracts.catalogue import extract
from ungdom.extracts.columns.column import Dates
from ungdom.extracts.columns.events import COLUMNS
from ungdom.extracts.order import Order
from ungdom.extracts.pseudonyms import ExtractKeys
from ungdom.extracts.purposes import DEMO
from ungdom.extracts.rows import ExtractCounts
from ungdom.extracts.writers import Form, WrittenFile, write
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.session import Database
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.events import SHAPE
from ungdom.workflow.vocabulary import EventType

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)
PSEUDONYMS = ExtractKeys([b64encode(b"k" * 32).decode()]).for_purpose("demo")


def fill(url: str) -> None:
    found = Database.open(url)
    found.upgrade()
    load.load(found, EncryptionKeys((b64encode(b"p" * 32).decode(),)), cases=200, seed=4, today=TODAY)
    found.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """200 cases with their corrections; only read here."""
    if request.param == "sqlite":
        url = pg.sqlite_url(tmp_path_factory.mktemp("events"))
        fill(url)
    else:
        url = pg.sqlalchemy_url(request.getfixturevalue("pg_databases").create(fill))
    found = Database.open(url)
    yield found
    found.close()


def order(known_at: datetime, day: date, dates: Dates = Dates.DAY) -> Order:
    purpose = replace(DEMO, dates=dict.fromkeys(DEMO.dates, dates))
    return Order(extract("events"), purpose, PSEUDONYMS, known_at, day)


Way = Callable[..., Iterator[pa.RecordBatch]]


def told(
    db: Database, asked: Order, way: Way, without: frozenset[str] = frozenset()
) -> tuple[bytes, WrittenFile, ExtractCounts]:
    with db.reading() as tx:
        cases = rows.ranked(asked, snapshots.case_ids(tx, asked.known_at))
    shape = rows.schema([one for one in asked.columns if one.name not in without])
    out, tally = io.BytesIO(), ExtractCounts()
    written = write(way(db, asked, cases, tally, without=without), shape, Form.CSV, out)
    return out.getvalue(), written, tally


def test_the_rows_are_the_same_at_any_instant_and_on_any_day(db: Database, figure, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(bulk_events, "CASES", 60)
    asked = [
        order(NOW, TODAY),
        order(NOW, TODAY, Dates.OFFSET),
        order(datetime(2022, 3, 1, 23, 30, tzinfo=UTC), date(2022, 3, 2), Dates.QUARTER),
        order(NOW, date(2021, 6, 1), Dates.MONTH),
    ]
    count = 0
    for one in asked:
        found, expected = told(db, one, bulk_events.batches), told(db, one, rows.batches)
        assert found == expected
        count += found[1].rows
    assert b"correction" in told(db, asked[0], bulk_events.batches)[0]
    figure(f"events set by set: {count} rows of {len(asked)} orders, byte by byte those told case by case")


def test_columns_that_are_left_out_are_left_out(db: Database) -> None:
    without = frozenset({"year", "konfliktrad", "recorded_on"})
    assert told(db, order(NOW, TODAY), bulk_events.batches, without) == told(
        db, order(NOW, TODAY), rows.batches, without
    )


def test_the_session_may_only_read(db: Database) -> None:
    with arrow_queries.open_source(db) as source, pytest.raises(Exception, match=r"read-?only"):
        source.execute("DELETE FROM event", arrow_queries.EVENTS)


def test_every_column_is_told_this_way_too() -> None:
    assert set(bulk_events._COLUMNS) == {one.name for one in COLUMNS}


def test_words_are_asked_of_every_type_that_has_them() -> None:
    """By the name of the field alone: a type of event that gets such a word is among them by itself."""
    assert arrow_queries.default_words("reason")[EventType.REOPENED] == "closed_in_error"
    assert arrow_queries.default_words("reason")[EventType.POSTPONED] is None
    assert EventType.CORRECTED not in arrow_queries.default_words("reason")
    assert set(arrow_queries.default_words("outcome")) <= set(SHAPE)


@pytest.mark.parametrize("year", [2013, 2025, 2026, 2044])
def test_the_day_in_norway_is_that_of_the_calendar(year: int) -> None:
    moments = [
        datetime(year, month, day, hour, 59, tzinfo=UTC)
        for month in (3, 10)
        for day in range(24, 32)
        for hour in (0, 21, 22, 23)
    ]
    since, shift = bulk_events._utc_offsets()
    for one in moments:
        at = int(one.timestamp() * 1_000_000)
        days = (at + int(shift[since.searchsorted(at, side="right") - 1])) // bulk_events._DAY
        assert date.fromordinal(date(1970, 1, 1).toordinal() + days) == oslo_date(one)
