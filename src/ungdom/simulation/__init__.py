"""Simulation of changed deadlines on the open cases: each case is folded once and evaluated under both rule sets.

Writes nothing. At most `CHUNK` cases are in memory. A case that cannot be read is counted and does not stop the rest.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, func, select
from sqlalchemy.exc import SQLAlchemyError

from ungdom.simulation.comparing import RuleComparison, Turn, rule_comparison
from ungdom.simulation.tally import (
    WEEKS,
    BeforeAfter,
    SimulatedCase,
    SimulatedClock,
    SimulatedDueChange,
    SimulatedNoticeCounts,
    SimulatedOfficeLoad,
    SimulationResult,
    mondays,
    week_name,
)
from ungdom.store import alerts, case_queries, journal
from ungdom.store.journal import StoredCase
from ungdom.store.replaying import replayed
from ungdom.store.schema.cases import case_current
from ungdom.workflow.rules.escalation import AlertStatus
from ungdom.workflow.rules.permissions import Disclosure, Viewer, may_read_cases, viewer_for_counts
from ungdom.workflow.rules.rule_overrides import RuleOverride

__all__ = [
    "WEEKS",
    "BeforeAfter",
    "RuleComparison",
    "RuleOverride",
    "SimulatedCase",
    "SimulatedClock",
    "SimulatedDueChange",
    "SimulatedNoticeCounts",
    "SimulatedOfficeLoad",
    "SimulationResult",
    "Turn",
    "mondays",
    "rule_comparison",
    "simulate",
    "week_name",
]  # fmt: skip

CHUNK = 200
"""Cases in memory at once."""

C = case_current.c
Progress = Callable[[int, int], object]
"""Called with the number of cases done and in total."""


def simulate(
    tx: Connection,
    viewer: Viewer,
    changes: Sequence[RuleOverride],
    day: date,
    limit: int,
    progress: Progress = lambda _done, _all: None,
) -> SimulationResult:
    """The effect of these changes on the open cases that the viewer may see, evaluated on that day.

    Viewers who may not read cases get counts only. Raises `BadChanges`.
    """
    tally = SimulationResult(rule_comparison(changes, day), limit if may_read_cases(viewer.role) else 0)
    counting = viewer_for_counts(viewer)
    listable = case_queries.disclosable_to(counting, Disclosure.LISTED).label("told")
    query = select(C.case_id, C.reference, C.konfliktrad, listable).order_by(C.case_id)
    query = query.where(case_queries.counted_for(counting), C.closed_on.is_(None))
    total = tx.scalar(select(func.count()).select_from(query.subquery())) or 0
    for cases in _chunks(tx, query):
        statuses = _alert_statuses(tx, cases)
        for case_id, stored in _stored_cases(tx, list(cases)):
            _add_case(tally, cases[case_id], stored, statuses[case_id])
        progress(tally.cases + tally.unread, total)
    return tally


def _chunks(tx: Connection, query: Select[Any]) -> Iterator[dict[UUID, SimulatedCase]]:
    rest = query
    while rows := tx.execute(rest.limit(CHUNK)).all():
        yield {
            row.case_id: SimulatedCase(row.case_id, row.reference, row.konfliktrad if row.told else None)
            for row in rows
        }
        rest = query.where(rows[-1].case_id < C.case_id)


def _stored_cases(tx: Connection, case_ids: list[UUID]) -> Iterator[tuple[UUID, StoredCase | None]]:
    """Each case with its history; None if it cannot be read. After an error the cases are read one by one."""
    try:
        known = {stored.case_id: stored for stored in journal.load_many(tx, case_ids)}
    except SQLAlchemyError:
        raise
    except Exception:  # noqa: BLE001  # an unexpected error in one case must not stop the others
        known = {case_id: stored for case_id in case_ids if (stored := _load_or_none(tx, case_id))}
    return ((case_id, known.get(case_id)) for case_id in case_ids)


def _load_or_none(tx: Connection, case_id: UUID) -> StoredCase | None:
    try:
        return journal.load(tx, case_id)
    except SQLAlchemyError:
        raise
    except Exception:  # noqa: BLE001  # the same
        return None


def _alert_statuses(tx: Connection, case_ids: Iterable[UUID]) -> defaultdict[UUID, list[AlertStatus]]:
    """The status of the alerts that are not cleared, by case."""
    by_case: defaultdict[UUID, list[AlertStatus]] = defaultdict(list)
    for alert in alerts.live(tx, case_ids):
        by_case[alert.case_id].append(alert.status)
    return by_case


def _add_case(
    tally: SimulationResult, case_ref: SimulatedCase, stored: StoredCase | None, statuses: list[AlertStatus]
) -> None:
    try:
        if stored is None:
            tally.add_unread(case_ref)
        else:
            tally.add(case_ref, replayed(stored), statuses)
    except Exception:  # noqa: BLE001  # the same
        tally.add_unread(case_ref)
