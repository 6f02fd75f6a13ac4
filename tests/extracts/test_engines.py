"""The counts behind the curves are the same from the histories, on DuckDB and on PostgreSQL."""

from pathlib import Path

import ibis
import psycopg
import pytest

from tests.extracts import world
from tests.extracts.counting import assert_same, from_histories
from ungdom.extracts import build, engines
from ungdom.extracts.engines import DURATIONS
from ungdom.extracts.order import Order
from ungdom.extracts.writers import Form
from ungdom.store.session import Database

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # Ibis 12 asks DuckDB 2 so
every_figure = pytest.mark.parametrize("code", list(DURATIONS))


@pytest.fixture(scope="module")
def asked() -> Order:
    return world.order("cases")


@pytest.fixture(scope="module")
def folder(db: Database, asked: Order, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("cases")
    build.folder(db, asked, Form.PARQUET, found)
    return found


@every_figure
def test_duckdb_counts_what_the_statistics_count(code: str, db: Database, asked: Order, folder: Path, figure) -> None:  # type: ignore[no-untyped-def]
    found = engines.counts(engines.on_duckdb(folder), DURATIONS[code], "konfliktrad", asked.day)
    expected = from_histories(db, asked, code)
    curves = assert_same(expected, engines.read(found))
    assert int(expected[1].entered.sum()) >= 50
    figure(f"{code} on DuckDB: {int(expected[1].entered.sum())} cases, {curves} curves, those of the histories")


def test_postgresql_counts_the_same(asked: Order, folder: Path, pg_database) -> None:  # type: ignore[no-untyped-def]
    cases = engines.on_duckdb(folder)
    there = ibis.postgres.from_connection(psycopg.connect(pg_database()))
    table = there.create_table("cases", cases.to_pyarrow())
    assert DURATIONS
    for figure in DURATIONS.values():
        here, found = (engines.counts(one, figure, "konfliktrad", asked.day) for one in (cases, table))
        assert found.to_pyarrow().to_pylist() == here.to_pyarrow().to_pylist()
    there.disconnect()
