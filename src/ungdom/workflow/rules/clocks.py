"""The starts and stops of clocks, derived from the events of a case. The clocks themselves are in `deadlines`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest

from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.case import Case
from ungdom.workflow.derived import complaints
from ungdom.workflow.events import Event
from ungdom.workflow.vocabulary import PHASE, EventType, Phase, State

E = EventType


@dataclass(frozen=True, slots=True)
class ClockStart:
    """The start of a clock: the day it counts from, the day on which that became known, and the due day if ordered."""

    on: date
    known_on: date
    seq: int
    ordered: date | None = None


Starts = Callable[["Case", date], Iterator[ClockStart]]
Stops = Callable[["Case", ClockStart], date | None]


# --- starts -----------------------------------------------------------------------------------------------------


def starts_on(*kinds: EventType) -> Starts:
    """A start at each event of these types."""

    def starts(case: Case, _day: date) -> Iterator[ClockStart]:
        return (_clock_start(event, event.occurred_on) for event in case.all(*kinds))

    return starts


def starts_anew_on(kind: EventType, *taken: EventType) -> Starts:
    """A start at each event of this type, except where the case came back before the step was taken.

    `taken`: the events with which the step is taken. After an appeal or a new trial the case meets the event again, and
    only the new clock runs: the office has not had the case in between.
    """

    def starts(case: Case, _day: date) -> Iterator[ClockStart]:
        events = list(case.all(kind))
        for event, following in zip_longest(events, events[1:]):
            until = following.order if following else None
            if until is None or any(event.order < step.order < until for step in case.all(*taken)):
                yield _clock_start(event, event.occurred_on)

    return starts


def court_received(case: Case, _day: date) -> Iterator[ClockStart]:
    """A start on the day the court received the case, and anew on the day a new trial was ordered."""
    yield from (_clock_start(event, indicted.court_received_on) for event, indicted in case.payloads(d.Indicted))
    for event, decided in case.payloads(d.AppealDecided):
        if decided.outcome is d.AppealOutcome.SENT_BACK:
            yield _clock_start(event, event.occurred_on)


def enforceable(case: Case, _day: date) -> Iterator[ClockStart]:
    """A start when the decision can be executed: at finality, a transfer, or early execution.

    Not at a finality that follows early execution as a fact.
    """
    moves = {interval.seq for interval in case.intervals}
    events = case.all(E.BECAME_FINAL, E.TRANSFERRED_TO_FOLLOW_UP, E.EARLY_EXECUTION_ALLOWED)
    return (_clock_start(event, event.occurred_on) for event in events if event.seq in moves)


def judgment_served(case: Case, _day: date) -> Iterator[ClockStart]:
    """A start on the day a judgment was served, from its own event or as reported with the judgment."""
    for event in case.all(E.JUDGMENT_GIVEN, E.FOLLOW_UP_BY_JUDGMENT, E.APPEAL_DECIDED, E.JUDGMENT_SERVED):
        served = event.occurred_on if event.type is E.JUDGMENT_SERVED else getattr(event.details, "served_on", None)
        if served:
            yield _clock_start(event, served)


def complainable(*about: d.ComplaintAbout) -> Starts:
    """A start for each decision of these kinds that can be complained about, on the day the parties were notified."""

    def starts(case: Case, _day: date) -> Iterator[ClockStart]:
        return (_clock_start(decision.event, decision.notified_on) for decision in complaints.decisions(case, *about))

    return starts


def pum_wished(case: Case, _day: date) -> Iterator[ClockStart]:
    """A start at each order of a person investigation with a requested date, which is the due day."""
    for event, order in case.payloads(d.PumOrdered):
        if order.wished_by:
            yield _clock_start(event, event.occurred_on, order.wished_by)


def pum_done(case: Case, _day: date) -> Iterator[ClockStart]:
    """A start at each return of a person investigation that was carried out."""
    return (_clock_start(e, e.occurred_on) for e, returned in case.payloads(d.PumReturned) if returned.carried_out)


def control_until(case: Case, _day: date) -> Iterator[ClockStart]:
    """A start at each order of electronic control; due on its last day."""
    return (_clock_start(e, e.occurred_on, order.until) for e, order in case.payloads(d.ElectronicControlOrdered))


def breach_known(case: Case, _day: date) -> Iterator[ClockStart]:
    """A start at each breach, on the day it was recorded if that is later. None while a breach talk is ordered."""
    ordered = [(e.order, e.type) for e in case.all(E.BREACH_TALK_ORDERED, E.BREACH_TALK_HELD, E.INTERRUPTED)]
    for event in case.all(E.BREACH_RECORDED):
        before = [kind for place, kind in ordered if place < event.order]
        if not before or before[-1] is not E.BREACH_TALK_ORDERED:
            yield _clock_start(event, max(event.occurred_on, oslo_date(event.recorded_at)))


def last_offence(case: Case, _day: date) -> Iterator[ClockStart]:
    """A start at the last offence, known from the day the case or the act was registered."""
    known = case.last(E.OFFENCE_ADDED) or case.events[0]
    yield ClockStart(case.last_offence, oslo_date(known.recorded_at), case.events[0].seq)


def team_meetings(case: Case, _day: date) -> Iterator[ClockStart]:
    """A start at the start of execution and at each team meeting after it."""
    if case.start is None:
        return
    yield _clock_start(case.event(case.start.seq), case.start.on)
    started = case.order_of(case.start.seq)
    yield from (_clock_start(e, e.occurred_on) for e in case.all(E.TEAM_MEETING_HELD) if e.order > started)


def term_end(case: Case, day: date) -> Iterator[ClockStart]:
    """A start at the start of execution; due at the adjusted end of the term."""
    end = case.adjusted_end(day)
    if end is not None and case.start is not None:
        yield _clock_start(case.event(case.start.seq), case.start.on, end)


def open_breach_case(case: Case, day: date) -> Iterator[ClockStart]:
    """A start while a breach case is open, or once a petition was sent; due at the adjusted end of the term.

    If a petition was sent, the end as adjusted on the day of the last one.
    """
    opened = case.last(E.REFERRED_FOR_BREACH, E.PETITION_SENT) or (
        case.last(E.TERM_EXPIRED) if case.state is State.TERM_EXPIRED else None
    )
    end = case.adjusted_end(case.closed_on or day)
    if end is not None and opened is not None and (case.is_closed or PHASE[case.state] is Phase.BREACH):
        sent = case.last(E.PETITION_SENT)
        yield _clock_start(opened, (case.adjusted_end(sent.occurred_on) if sent else None) or end)


def open_control_case(case: Case, day: date) -> Iterator[ClockStart]:
    """As `open_breach_case`, if the last referral recommended electronic control; otherwise no start."""
    referred = case.last(E.REFERRED_FOR_BREACH)
    details = referred.details if referred else None
    control = isinstance(details, d.ReferredForBreach) and details.recommendation is d.Recommendation.ELECTRONIC_CONTROL
    return open_breach_case(case, day) if control else iter(())


def born(case: Case, _day: date) -> Iterator[ClockStart]:
    """A start on the day of birth, known since registration."""
    registered = case.events[0]
    yield ClockStart(case.youth.born, oslo_date(registered.recorded_at), registered.seq)


def _clock_start(event: Event, on: date, ordered: date | None = None) -> ClockStart:
    return ClockStart(on, oslo_date(event.recorded_at), event.seq, ordered)


# --- stops ------------------------------------------------------------------------------------------------------


def stops_on(*kinds: EventType) -> Stops:
    """Stops at the first of these events recorded after the start."""

    def stops(case: Case, start: ClockStart) -> date | None:
        started = case.order_of(start.seq)
        return next((event.occurred_on for event in case.all(*kinds) if event.order > started), None)

    return stops


def by_appeal_or_finality(case: Case, start: ClockStart) -> date | None:
    """Stops at the first appeal or finality after the service, also if the service became known later."""
    served = case.order_of(start.seq)
    ended = (e for e in case.all(E.APPEALED, E.BECAME_FINAL) if e.order > served or e.occurred_on >= start.on)
    return min((event.occurred_on for event in ended), default=None)


def by_start(case: Case, _start: ClockStart) -> date | None:
    """Stops at the start of execution."""
    return case.start.on if case.start else None


def by_completion(case: Case, _start: ClockStart) -> date | None:
    """Stops at the completion of the case."""
    return case.closed_on if case.state is State.COMPLETED else None


def by_petition(case: Case, start: ClockStart) -> date | None:
    """Stops at the last petition, if it started the clock or was recorded after the start."""
    sent = case.last(E.PETITION_SENT)
    return sent.occurred_on if sent and sent.order >= case.order_of(start.seq) else None


by_review = stops_on(E.ELECTRONIC_CONTROL_ORDERED, E.ELECTRONIC_CONTROL_ENDED, E.PETITION_SENT)
"""Stops at a new order of electronic control, its end, or a new petition."""


def by_complaint(case: Case, start: ClockStart) -> date | None:
    """Stops at a complaint about the decision that started the clock."""
    decision = complaints.decision_by_seq(case).get(start.seq)
    return complaints.complaint_filed_on(case, decision) if decision else None
