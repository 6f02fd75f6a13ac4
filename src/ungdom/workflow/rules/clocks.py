"""What starts and stops a clock, derived from the events of a case. The clocks themselves are in `deadlines`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.case import Case
from ungdom.workflow.derived import complaints
from ungdom.workflow.events import Event
from ungdom.workflow.vocabulary import PHASE, EventType, Phase, State

E = EventType


@dataclass(frozen=True, slots=True)
class ClockStart:
    """The start of a clock: the day it counts from, the day that became known, and the due day if one was ordered."""

    on: date
    known_on: date
    seq: int
    ordered: date | None = None


Starts = Callable[["Case", date], Iterator[ClockStart]]
Stops = Callable[["Case", ClockStart], date | None]


# --- what starts a clock ----------------------------------------------------------------------------------------


def starts_on(*kinds: EventType) -> Starts:
    """Each event of these types."""

    def starts(case: Case, _day: date) -> Iterator[ClockStart]:
        return (_clock_start(event, event.occurred_on) for event in case.all(*kinds))

    return starts


def court_received(case: Case, _day: date) -> Iterator[ClockStart]:
    """The day the court received the case."""
    return (_clock_start(event, indicted.court_received_on) for event, indicted in case.payloads(d.Indicted))


def judgment_served(case: Case, _day: date) -> Iterator[ClockStart]:
    """The day a judgment was served, by its own event or as told with the judgment."""
    for event in case.all(E.JUDGMENT_GIVEN, E.FOLLOW_UP_BY_JUDGMENT, E.APPEAL_DECIDED, E.JUDGMENT_SERVED):
        served = event.occurred_on if event.type is E.JUDGMENT_SERVED else getattr(event.details, "served_on", None)
        if served:
            yield _clock_start(event, served)


def complainable(*about: d.ComplaintAbout) -> Starts:
    """Each decision of these kinds that can be complained about: from the day the parties were notified."""

    def starts(case: Case, _day: date) -> Iterator[ClockStart]:
        return (_clock_start(decision.event, decision.notified_on) for decision in complaints.decisions(case, *about))

    return starts


def pum_wished(case: Case, _day: date) -> Iterator[ClockStart]:
    """A person investigation ordered with a wished date."""
    for event, order in case.payloads(d.PumOrdered):
        if order.wished_by:
            yield _clock_start(event, event.occurred_on, order.wished_by)


def pum_done(case: Case, _day: date) -> Iterator[ClockStart]:
    """A person investigation returned and carried out."""
    return (_clock_start(e, e.occurred_on) for e, returned in case.payloads(d.PumReturned) if returned.carried_out)


def control_until(case: Case, _day: date) -> Iterator[ClockStart]:
    """Electronic control ordered until a day."""
    return (_clock_start(e, e.occurred_on, order.until) for e, order in case.payloads(d.ElectronicControlOrdered))


def breach_known(case: Case, _day: date) -> Iterator[ClockStart]:
    """A breach; recorded late it counts from the day it was recorded. Not while a talk is already ordered."""
    ordered = [(e.seq, e.type) for e in case.all(E.BREACH_TALK_ORDERED, E.BREACH_TALK_HELD, E.INTERRUPTED)]
    for event in case.all(E.BREACH_RECORDED):
        before = [kind for seq, kind in ordered if seq < event.seq]
        if not before or before[-1] is not E.BREACH_TALK_ORDERED:
            yield _clock_start(event, max(event.occurred_on, oslo_date(event.recorded_at)))


def last_offence(case: Case, _day: date) -> Iterator[ClockStart]:
    """The last offence, known when the case or the act was registered."""
    known = case.last(E.OFFENCE_ADDED) or case.events[0]
    yield ClockStart(case.last_offence, oslo_date(known.recorded_at), case.events[0].seq)


def team_meetings(case: Case, _day: date) -> Iterator[ClockStart]:
    """The start of execution, and each team meeting after it."""
    if case.start is None:
        return
    yield _clock_start(case.event(case.start.seq), case.start.on)
    yield from (_clock_start(e, e.occurred_on) for e in case.all(E.TEAM_MEETING_HELD) if e.seq > case.start.seq)


def term_end(case: Case, day: date) -> Iterator[ClockStart]:
    """The term of the sanction: due at its adjusted end."""
    end = case.adjusted_end(day)
    if end is not None and case.start is not None:
        yield _clock_start(case.event(case.start.seq), case.start.on, end)


def open_breach_case(case: Case, day: date) -> Iterator[ClockStart]:
    """The adjusted end of the term, while a breach case is open or once a petition was sent."""
    opened = case.last(E.REFERRED_FOR_BREACH, E.PETITION_SENT) or (
        case.last(E.TERM_EXPIRED) if case.state is State.TERM_EXPIRED else None
    )
    end = case.adjusted_end(case.closed_on or day)
    if end is not None and opened is not None and (case.is_closed or PHASE[case.state] is Phase.BREACH):
        sent = case.last(E.PETITION_SENT)
        yield _clock_start(opened, (case.adjusted_end(sent.occurred_on) if sent else None) or end)


def open_control_case(case: Case, day: date) -> Iterator[ClockStart]:
    """The same, where electronic control is what was recommended or petitioned."""
    referred = case.last(E.REFERRED_FOR_BREACH)
    details = referred.details if referred else None
    control = isinstance(details, d.ReferredForBreach) and details.recommendation is d.Recommendation.ELECTRONIC_CONTROL
    return open_breach_case(case, day) if control else iter(())


def born(case: Case, _day: date) -> Iterator[ClockStart]:
    """The day of birth, known since registration."""
    registered = case.events[0]
    yield ClockStart(case.youth.born, oslo_date(registered.recorded_at), registered.seq)


def _clock_start(event: Event, on: date, ordered: date | None = None) -> ClockStart:
    return ClockStart(on, oslo_date(event.recorded_at), event.seq, ordered)


# --- what stops it ----------------------------------------------------------------------------------------------


def stops_on(*kinds: EventType) -> Stops:
    """The first of these events recorded after the start."""

    def stops(case: Case, start: ClockStart) -> date | None:
        return next((event.occurred_on for event in case.all(*kinds) if event.seq > start.seq), None)

    return stops


def by_appeal_or_finality(case: Case, start: ClockStart) -> date | None:
    """The first appeal or finality after the service, also where the service became known later."""
    ended = (e for e in case.all(E.APPEALED, E.BECAME_FINAL) if e.seq > start.seq or e.occurred_on >= start.on)
    return min((event.occurred_on for event in ended), default=None)


def by_start(case: Case, _start: ClockStart) -> date | None:
    """The start of execution."""
    return case.start.on if case.start else None


def by_completion(case: Case, _start: ClockStart) -> date | None:
    """The case completed."""
    return case.closed_on if case.state is State.COMPLETED else None


def by_petition(case: Case, start: ClockStart) -> date | None:
    """The petition sent last, if it opened the case before the court or followed the referral."""
    sent = case.last(E.PETITION_SENT)
    return sent.occurred_on if sent and sent.seq >= start.seq else None


by_review = stops_on(E.ELECTRONIC_CONTROL_ORDERED, E.ELECTRONIC_CONTROL_ENDED, E.PETITION_SENT)
"""A new order, a new petition for control, or its end."""


def by_complaint(case: Case, start: ClockStart) -> date | None:
    """A complaint about that very decision."""
    decision = next((candidate for candidate in complaints.decisions(case) if candidate.event.seq == start.seq), None)
    return complaints.complaint_filed_on(case, decision) if decision else None
