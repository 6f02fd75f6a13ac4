"""The counts behind the curves from the histories themselves, and whether two ways of counting say the same."""

import numpy as np

from ungdom.analytics import durations
from ungdom.analytics.definitions import LEAD_TIME_BY_CODE
from ungdom.analytics.survival import CENSORED, RiskSetCounts, Spans, aalen_johansen, kaplan_meier, quantile
from ungdom.extracts import snapshots
from ungdom.extracts.columns import cases as case_columns
from ungdom.extracts.engines import ENDED, LEFT
from ungdom.extracts.order import Order
from ungdom.store.session import Database
from ungdom.workflow.calendar import days_between
from ungdom.workflow.vocabulary import Protection

CLOSE = 1e-9
_CODES = {durations.ENDED: ENDED, durations.WAITING: CENSORED}


def from_histories(db: Database, asked: Order, code: str) -> tuple[list[str], RiskSetCounts]:
    """NumPy's counts, of the passages that the statistics see."""
    with db.reading() as tx:
        cases, _ = snapshots.read(tx, snapshots.case_ids(tx, asked.known_at), asked.day, asked.known_at, alerts=False)
    told = [(told.row, one.stored.protection) for one in cases for told in case_columns.rows_of(one)]
    found = [
        (row.konfliktrad if protection is Protection.NONE else "withheld", p)
        for row, protection in told
        if (p := LEAD_TIME_BY_CODE[code].duration(row))
    ]
    assert any(protection is not Protection.NONE for _, protection in told)
    names = sorted({konfliktrad for konfliktrad, _ in found})
    rows = [(p.entry, days_between(p.since, p.ended_on or asked.day), _CODES.get(p.ending, LEFT)) for _, p in found]
    return names, RiskSetCounts.of(Spans.of(rows), np.array([names.index(konfliktrad) for konfliktrad, _ in found]))


def assert_same(ours: tuple[list[str], RiskSetCounts], theirs: tuple[list[str], RiskSetCounts]) -> int:
    """The counts equal, and with them every curve, its limits and its quantiles; how many curves."""
    mine, others = (dict(zip_names(*one)) for one in (ours, theirs))
    assert list(mine) == list(others)
    for name, one in mine.items():
        other = others[name]
        assert one.day.tolist() == other.day.tolist()
        for counted in ("entered", "censored", "ended_total", "at_risk"):
            assert getattr(one, counted).tolist() == getattr(other, counted).tolist(), (name, counted)
        curve, its = kaplan_meier(one, ENDED), kaplan_meier(other, ENDED)
        assert np.allclose(curve.survival, its.survival, atol=CLOSE)
        assert np.allclose(curve.limits(), its.limits(), atol=CLOSE, equal_nan=True)
        assert quantile(curve, 0.5) == quantile(its, 0.5)
        shares, its_shares = aalen_johansen(one).ended, aalen_johansen(other).ended
        assert shares.keys() == its_shares.keys()
        assert all(np.allclose(shares[way], its_shares[way], atol=CLOSE) for way in shares)
    return len(mine)


def zip_names(names: list[str], counts: RiskSetCounts) -> list[tuple[str, RiskSetCounts]]:
    return [(names[code], one) for code, one in counts.groups()]
