"""Conditions under which a case needs a task that follows no clock. The rows of `tasks` refer to them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from ungdom.workflow import law
from ungdom.workflow.calendar import after
from ungdom.workflow.case import Case
from ungdom.workflow.derived import complaints, consents, plan, right_to_be_heard, team
from ungdom.workflow.derived.breaches import petition_deadline
from ungdom.workflow.derived.plan import MeasureState, MeasureStatus
from ungdom.workflow.guards.decision import appeal_deadline
from ungdom.workflow.guards.finality import executes_before_finality
from ungdom.workflow.rules import offices
from ungdom.workflow.vocabulary import IN_EXECUTION, EventType, State

E, T = EventType, State

CONSENTING = (T.INVESTIGATION, T.ASSESSMENT, T.AWAITING_DECISION)
"""The states in which consent is obtained."""

HEARING = (*IN_EXECUTION, T.INTERIM_CONDITIONS, T.INTERRUPTED)
"""The states in which the office may take a step that affects the youth adversely."""


@dataclass(frozen=True, slots=True)
class TaskNeed:
    """A need for a task: from which day, by which day, whether that is binding, and the source of law."""

    since: date
    due: date | None = None
    binding: bool = False
    law: str = ""


TaskCondition = Callable[[Case, date], Iterable[TaskNeed]]


def in_state(*states: State) -> TaskCondition:
    """A condition: the case is in one of these states."""

    def condition(case: Case, _day: date) -> Iterator[TaskNeed]:
        if case.state in states:
            yield TaskNeed(case.entered_on)

    return condition


def finality(case: Case, _day: date) -> Iterator[TaskNeed]:
    """Judged and not final, also while the judgment is executed early; due the day after the appeal period."""
    last = appeal_deadline(case)
    judged = case.state in (T.JUDGED, T.INTERIM_CONDITIONS) and not case.has(E.BECAME_FINAL)
    if judged or (executes_before_finality(case) and case.state is not T.APPEALED and not case.is_closed):
        yield TaskNeed(case.entered_on, last and last + timedelta(days=1))


def not_received(case: Case, _day: date) -> Iterator[TaskNeed]:
    """Dispatched and not received since, also while interim conditions run."""
    sent, received = case.last(E.DISPATCHED), case.last(E.RECEIVED)
    waits = sent is not None and (received is None or received.order < sent.order)
    if sent and waits and case.state in (T.DISPATCHED, T.INTERIM_CONDITIONS):
        yield TaskNeed(sent.occurred_on)


def not_assigned(case: Case, _day: date) -> Iterator[TaskNeed]:
    """Received, but without a coordinator of the konfliktråd that has the case."""
    received = case.last(E.RECEIVED, E.TRANSFER_ACCEPTED)
    assigned = case.last(E.ASSIGNED)
    if case.has(E.RECEIVED) and received and (assigned is None or assigned.order < received.order):
        yield TaskNeed(received.occurred_on)


def consent_lacking(case: Case, day: date) -> Iterator[TaskNeed]:
    """A required consent is missing; after the decision, only if a consent once given is no longer valid."""
    lost = [
        consent for consent in consents.missing_consents(case, day) if consent.why is not consents.ConsentLack.NOT_GIVEN
    ]
    if case.state in CONSENTING and consents.missing_consents(case, day):
        yield TaskNeed(case.entered_on)
    elif lost and case.has(E.TRANSFERRED_TO_FOLLOW_UP) and not case.is_closed:
        yield TaskNeed(min((consent.since for consent in lost if consent.since), default=case.entered_on))


def not_heard(case: Case, day: date) -> Iterator[TaskNeed]:
    """There is ground for an adverse step after a talk, and the youth has not been heard about it."""
    grounds = [
        status.ground.occurred_on
        for status in right_to_be_heard.heard_statuses(case, day)
        if status.ground and status.hearing is None
    ]
    if grounds and case.state in HEARING and (case.new_breach or case.has(E.NEW_OFFENCE_RECORDED)):
        yield TaskNeed(min(grounds))


def plan_not_approved(case: Case, day: date) -> Iterator[TaskNeed]:
    """A plan exists and is not approved."""
    version = plan.in_force(case, day)
    if version and plan.awaits_approval(case, day) and case.state in IN_EXECUTION:
        yield TaskNeed(version.made_on)


def seat_empty(case: Case, day: date) -> Iterator[TaskNeed]:
    """A required member of the team is missing, other than the coordinator, who has a task of their own."""
    missing = [seat for seat in team.missing_members(case, day) if seat.who is not team.Mandatory.COORDINATOR]
    if missing and case.start:
        yield TaskNeed(case.start.on, law=missing[0].law)


def measure_not_requested(case: Case, day: date) -> Iterator[TaskNeed]:
    """A planned measure has not been requested; due on the day it is planned to start."""
    version = plan.in_force(case, day)
    planned = [measure.planned for measure in _measures(case, day, MeasureStatus.PLANNED) if measure.planned]
    if version and planned:
        yield TaskNeed(version.made_on, min((measure.since for measure in planned if measure.since), default=None))


def request_unanswered(case: Case, day: date) -> Iterator[TaskNeed]:
    """A measure was requested and the provider has not answered."""
    requested = [
        measure.requested_on for measure in _measures(case, day, MeasureStatus.REQUESTED) if measure.requested_on
    ]
    if requested:
        yield TaskNeed(min(requested))


def measure_to_end(case: Case, day: date) -> Iterator[TaskNeed]:
    """A measure with a planned last day is running; its end and outcome are due on that day."""
    running = [
        (measure.planned.until, measure.started_on)
        for measure in _measures(case, day, MeasureStatus.RUNNING)
        if measure.planned
    ]
    ends = [(until, since or until) for until, since in running if until]
    if ends:
        due, since = min(ends)
        yield TaskNeed(since, due)


def _measures(case: Case, day: date, status: MeasureStatus) -> list[MeasureState]:
    return [measure for measure in plan.measures(case, day) if measure.status is status]


def transfer_pending(case: Case, _day: date) -> Iterator[TaskNeed]:
    """A transfer was decided and the other konfliktråd has not answered."""
    decided = offices.pending_transfer(case)
    if decided:
        yield TaskNeed(decided.occurred_on, after(decided.occurred_on, law.TRANSFER_ACCEPT.on(decided.occurred_on)))


def complaint_open(case: Case, _day: date) -> Iterator[TaskNeed]:
    """A complaint was filed and has not been decided."""
    filed = complaints.open_complaint(case)
    if filed:
        yield TaskNeed(filed.filed.occurred_on)


def petition_unanswered(case: Case, _day: date) -> Iterator[TaskNeed]:
    """Referred without a petition yet; due on the last day for a petition, as no clock covers this."""
    if case.state is T.REFERRED:
        yield TaskNeed(case.entered_on, petition_deadline(case, case.entered_on, electronic_control=False))


def window(case: Case, _day: date) -> Iterator[TaskNeed]:
    """The term has ended with a breach case open; to be closed the day after the last day for a petition."""
    if case.state is T.TERM_EXPIRED:
        last = petition_deadline(case, case.entered_on, electronic_control=False)
        yield TaskNeed(case.entered_on, last and last + timedelta(days=1))


def term_over(case: Case, day: date) -> Iterator[TaskNeed]:
    """A breach case is open when the term ends; the expiry of the term is to be recorded."""
    end = case.adjusted_end(day)
    if end and case.state in (T.REFERRED, T.BREACH_IN_COURT, T.RESUMPTION_REVIEW) and not case.stands_still:
        yield TaskNeed(case.entered_on, end)
