"""The counts behind the curves are the same from the histories, on DuckDB and on PostgreSQL."""

from pathlib import Path

import ibis
import numpy as np
import psycopg
import pytest

from tests.extracts import world
from ungdom.extracts import case_columns, engines, known, making
from ungdom.extracts.engines import DURATIONS, ENDED, LEFT
from ungdom.extracts.orders import Order
from ungdom.extracts.writers import Form
from ungdom.statistics import passages
from ungdom.statistics.definitions import LEAD_TIME_BY_CODE
from ungdom.statistics.survival import CENSORED, Counts, Spans, aalen_johansen, kaplan_meier, quantile
from ungdom.store.session import Database
from ungdom.workflow.daycount import days_between

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # Ibis 12 asks DuckDB 2 so
every_figure = pytest.mark.parametrize("code", list(DURATIONS))
CLOSE = 1e-9
_CODES = {passages.ENDED: ENDED, passages.WAITING: CENSORED}


@pytest.fixture(scope="module")
def asked() -> Order:
    return world.order("cases")


@pytest.fixture(scope="module")
def folder(db: Database, asked: Order, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("cases")
    making.folder(db, asked, Form.PARQUET, found)
    return found


def from_histories(db: Database, asked: Order, code: str) -> tuple[list[str], Counts]:
    """NumPy's counts, of the passages that the statistics see."""
    with db.reading() as tx:
        cases, _ = known.read(tx, known.case_ids(tx, asked.known_at), asked.day, asked.known_at, alerts=False)
    told = [told.row for one in cases for told in case_columns.tell(one)]
    found = [(row.konfliktrad, p) for row in told if (p := LEAD_TIME_BY_CODE[code].passage(row))]
    names = sorted({konfliktrad for konfliktrad, _ in found})
    rows = [(p.entry, days_between(p.since, p.over or asked.day), _CODES.get(p.ending, LEFT)) for _, p in found]
    return names, Counts.of(Spans.of(rows), np.array([names.index(konfliktrad) for konfliktrad, _ in found]))


def assert_same(ours: tuple[list[str], Counts], theirs: tuple[list[str], Counts]) -> int:
    """The counts equal, and with them every curve, its limits and its quantiles; how many curves."""
    mine, others = (dict(zip_names(*one)) for one in (ours, theirs))
    assert list(mine) == list(others)
    for name, one in mine.items():
        other = others[name]
        assert one.day.tolist() == other.day.tolist()
        for counted in ("entered", "censored", "ended_anyhow", "at_risk"):
            assert getattr(one, counted).tolist() == getattr(other, counted).tolist(), (name, counted)
        curve, its = kaplan_meier(one, ENDED), kaplan_meier(other, ENDED)
        assert np.allclose(curve.survival, its.survival, atol=CLOSE)
        assert np.allclose(curve.limits(), its.limits(), atol=CLOSE, equal_nan=True)
        assert quantile(curve, 0.5) == quantile(its, 0.5)
        shares, its_shares = aalen_johansen(one).ended, aalen_johansen(other).ended
        assert shares.keys() == its_shares.keys()
        assert all(np.allclose(shares[way], its_shares[way], atol=CLOSE) for way in shares)
    return len(mine)


def zip_names(names: list[str], counts: Counts) -> list[tuple[str, Counts]]:
    return [(names[code], one) for code, one in counts.groups()]


@every_figure
def test_duckdb_counts_what_the_statistics_count(code: str, db: Database, asked: Order, folder: Path, figure) -> None:  # type: ignore[no-untyped-def]
    found = engines.counts(engines.on_duckdb(folder), DURATIONS[code], "konfliktrad", asked.day)
    expected = from_histories(db, asked, code)
    curves = assert_same(expected, engines.read(found))
    assert int(expected[1].entered.sum()) > 50
    figure(f"{code} on DuckDB: {int(expected[1].entered.sum())} cases, {curves} curves, those of the histories")


def test_postgresql_counts_the_same(asked: Order, folder: Path, pg_database) -> None:  # type: ignore[no-untyped-def]
    cases = engines.on_duckdb(folder)
    there = ibis.postgres.from_connection(psycopg.connect(pg_database()))
    table = there.create_table("cases", cases.to_pyarrow())
    for figure in DURATIONS.values():
        here, found = (engines.counts(one, figure, "konfliktrad", asked.day) for one in (cases, table))
        assert found.to_pyarrow().to_pylist() == here.to_pyarrow().to_pylist()
    there.disconnect()
