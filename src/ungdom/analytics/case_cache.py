"""What is stored per case in `case_figures`: its summary, facts and offences, with the version they were computed from.

Computing them for all cases takes many seconds, so the nightly run stores them. A request reads what is stored and
recomputes only cases that have changed since, or that are read as of a day before their last event: what it returns is
never older than the events. A summary holds days, codes and who coordinates; nothing about the youth.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Row, Select, or_, select

import ungdom
from ungdom.analytics import case_facts, case_summaries
from ungdom.analytics.case_facts import CaseFacts
from ungdom.analytics.case_summaries import CaseSummary, Stay
from ungdom.analytics.contributions import CountContribution, DurationContribution
from ungdom.analytics.forecast.historic_waits import Report
from ungdom.analytics.indicators import INDICATORS
from ungdom.analytics.recidivism import offences
from ungdom.store import bulk, journal, projection
from ungdom.store.journal import StoredCase
from ungdom.store.schema.cases import case_current, case_file
from ungdom.store.schema.figures import case_figures
from ungdom.store.session import Connection, Database
from ungdom.workflow.calendar import last_moment, oslo_date
from ungdom.workflow.case import Case
from ungdom.workflow.engine import effective, fold
from ungdom.workflow.errors import IllegalHistory, UnreadableHistory
from ungdom.workflow.table import VERSION
from ungdom.workflow.vocabulary import EventType, Sanction

C, F = case_current.c, case_figures.c
BATCH = 200
AT_MOST = 2_000
"""Cases recomputed for one request; the others are stored. docs/decisions/0011-lists-of-the-past.md."""
DAY = timedelta(days=1)

FORMAT_VERSION = 3
"""Raise it when the content of a summary, facts or offences changes other than by a new version of an indicator.

Also when a member of an enum in them goes: a stored row that has it raises `ValidationError` when it is read.
"""

_INDICATOR_VERSIONS = [(indicator.code, indicator.version) for indicator in INDICATORS]
DEFINITIONS_FINGERPRINT = hashlib.sha256(
    json.dumps([FORMAT_VERSION, ungdom.__version__, VERSION, _INDICATOR_VERSIONS]).encode()
).hexdigest()[:16]
"""Identifies the definitions a stored row was computed by; a row of other definitions is recomputed."""


@dataclass(slots=True)
class CaseSelection:
    """Which cases, as they were when. `since`: cases closed before, with nothing recorded since, are left out.

    `at_most`: number of cases that may be recomputed; None: any number. `unread`: number of illegal histories.
    """

    valid_at: date | None = None
    known_at: datetime | None = None
    since: date | None = None
    sanction: Sanction | None = None
    at_most: int | None = None
    unread: int = 0


class TooManyCases(Exception):
    """More cases have to be recomputed than one request may."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


def summarise(case: Case, facts: CaseFacts | None = None) -> CaseSummary:
    """The summary of this case. `facts`: of any day; computed here if not given."""
    received = case.first(EventType.RECEIVED)
    plan_meeting = case.first(EventType.PLAN_MEETING_HELD, EventType.PLAN_SIGNED)
    counts: dict[str, list[CountContribution]] = {}
    durations: dict[str, list[DurationContribution]] = {}
    recorded = {event.seq: event.recorded_at for event in case.events}
    facts = facts or case_facts.facts_of(case, date.max)
    for indicator in INDICATORS:
        for contribution in indicator.contributions(case, facts):
            if isinstance(contribution, CountContribution):
                counts.setdefault(indicator.code, []).append(contribution)
            else:
                durations.setdefault(indicator.code, []).append(contribution)
    return CaseSummary(
        sanction=case.sanction,
        konfliktrad=case_facts.office(case),
        coordinator=projection.coordinator(case),
        registered=case.registered_on,
        received=received.occurred_on if received else None,
        started=case.start.on if case.start else None,
        plan_meeting=plan_meeting.occurred_on if plan_meeting else None,
        closed=case.closed_on,
        stays=tuple(
            Stay(stint.state, stint.since, oslo_date(recorded[stint.seq]))
            for stint in case.intervals
            if received is None or case.order_of(stint.seq) < received.order or stint is case.intervals[-1]
        ),
        counts=counts,
        durations=durations,
    )


# --- reading ------------------------------------------------------------------------------------------------


def read(tx: Connection, selection: CaseSelection) -> Iterator[CaseSummary]:
    """Streams summaries; only one summary and the ids of the cases to recompute are held in memory.

    Raises `TooManyCases`.
    """
    stale: list[UUID] = []
    for row in tx.execute(query(selection, F.body), execution_options={"yield_per": BATCH}):
        if is_current(row, selection):
            yield case_summaries.load(row.body)
        else:
            stale.append(row.case_id)
    if selection.at_most is not None and len(stale) > selection.at_most:
        raise TooManyCases(selection.at_most)
    for batch in bulk.batches(stale, BATCH):
        for stored, case in folded_as_of(tx, batch, selection):
            yield summarise(case, _facts_of(stored, case))


def query(selection: CaseSelection, *more: Column[Any]) -> Select[Any]:
    """The statement for the selected cases, with the columns that `is_current` reads and these ones."""
    columns = (C.case_id, C.version.label("now"), C.updated_at, F.version, F.defined, F.last_on, *more)
    statement = select(*columns).outerjoin(case_figures, F.case_id == C.case_id)
    if selection.since is not None:
        statement = statement.where(or_(C.closed_on.is_(None), C.updated_at >= last_moment(selection.since - DAY)))
    if selection.sanction is not None:
        statement = statement.where(C.sanction == selection.sanction)
    if selection.known_at is not None:
        statement = statement.join(case_file, case_file.c.case_id == C.case_id).where(
            case_file.c.opened_at <= selection.known_at
        )
    return statement


def is_current(row: Row[Any], selection: CaseSelection) -> bool:
    """Whether the stored row is valid for this selection."""
    fresh = row.version == row.now and row.defined == DEFINITIONS_FINGERPRINT
    unchanged = selection.known_at is None or row.updated_at <= selection.known_at
    return bool(fresh and unchanged and (selection.valid_at is None or row.last_on <= selection.valid_at))


def folded_as_of(
    tx: Connection, case_ids: Sequence[UUID], selection: CaseSelection
) -> Iterator[tuple[StoredCase, Case]]:
    """These cases as of the selection, without those in which nothing had happened yet.

    Cases whose history cannot be read or folded are left out, and counted in `unread` of the selection.
    """
    unreadable: list[UnreadableHistory] = []
    for stored in journal.load_many(tx, case_ids, selection.known_at, unreadable):
        case = _fold_as_of(stored, selection)
        if case:
            yield stored, case
    selection.unread += len(unreadable)


def _fold_as_of(stored: StoredCase, selection: CaseSelection) -> Case | None:
    events = effective(stored.events)
    valid = [event for event in events if selection.valid_at is None or event.occurred_on <= selection.valid_at]
    try:
        return fold(stored.youth, valid) if valid else None
    except IllegalHistory:
        selection.unread += 1
        return None


# --- storing ------------------------------------------------------------------------------------------------


def refresh(db: Database, report: Report = lambda _done, _all: None) -> dict[str, int]:
    """Recompute the cases that have changed since they were stored; returns how many, and how many are unreadable."""
    with db.reading() as tx:
        changed = or_(F.version.is_(None), F.version != C.version, F.defined != DEFINITIONS_FINGERPRINT)
        stale = select(C.case_id).outerjoin(case_figures, F.case_id == C.case_id).where(changed)
        ids = tx.scalars(stale.order_by(C.case_id)).all()
    unread = 0
    for number, batch in enumerate(bulk.batches(ids, BATCH)):
        with db.reading() as tx:
            rows = [row for stored in journal.load_many(tx, batch, None, []) if (row := _stored_row(stored))]
        with db.writing() as tx:
            bulk.upsert(tx, case_figures, rows)
        unread += len(batch) - len(rows)
        report(min(len(ids), (number + 1) * BATCH), len(ids))
    return {"cases": len(ids) - unread} | ({"unread": unread} if unread else {})


def _stored_row(stored: StoredCase) -> dict[str, Any] | None:
    try:
        case = fold(stored.youth, stored.events)
    except IllegalHistory:
        return None
    last_on = max(event.occurred_on for event in stored.events)
    facts = _facts_of(stored, case)
    return {
        "case_id": stored.case_id,
        "version": stored.version,
        "defined": DEFINITIONS_FINGERPRINT,
        "last_on": last_on,
        "body": case_summaries.dump(summarise(case, facts)),
        "row": case_facts.dump(facts),
        "trace": offences.dump(offences.case_offences(case)),
    }


def _facts_of(stored: StoredCase, case: Case) -> CaseFacts:
    """The facts; what is stored does not depend on the day."""
    return case_facts.facts_of(case, date.max, opened=oslo_date(stored.opened_at))
