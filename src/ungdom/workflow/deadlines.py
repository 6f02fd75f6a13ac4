"""Every clock: what starts it, what stops it, how long it runs, who is late, and where that is written.

The lengths stand in `law`. Deadlines are computed from the history whenever they are asked for, never stored.
Statutory deadlines for an act move off Saturdays, Sundays and public holidays (domstolloven § 149); office norms,
birthdays and the term of a sanction do not.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from ungdom.workflow import details as d
from ungdom.workflow import law
from ungdom.workflow.case import Case
from ungdom.workflow.daycount import Length, after, days_between, next_working_day, oslo_date
from ungdom.workflow.events import Event
from ungdom.workflow.vocabulary import CLOSED, PHASE, EventType, Party, Phase, Regime, Sanction, State
from ungdom.workflow.waits import explained, waiting_for

E = EventType


class Status(StrEnum):
    """How a clock stands. `NOT_RECORDED`: the case moved past the step without it; `ENDED`: the case closed first."""

    RUNNING = "running"
    OVERDUE = "overdue"
    MET = "met"
    LATE = "late"
    NOT_RECORDED = "not_recorded"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Begun:
    """A clock that began: the day it counts from, when that became known, and when ordered by date the day itself."""

    on: date
    known_on: date
    seq: int
    ordered: date | None = None


Starts = Callable[["Case", date], Iterator[Begun]]
Stops = Callable[["Case", Begun], date | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: a clock with its law. `moves`: off non-working days. `delay`: passing it is somebody's delay."""

    code: str
    starts: Starts
    stops: Stops
    length: law.Dated[Length] | None
    sanctions: tuple[Sanction, ...]
    regimes: tuple[Regime, ...]
    binding: bool
    moves: bool
    law: str
    who: tuple[Party, ...]
    warn_days: int
    moot: frozenset[State]
    delay: bool = True


@dataclass(frozen=True, slots=True)
class Deadline:
    """One clock of one case. `due` after moving, `unmoved` before; `late_days` after `due`, 0 when met.

    `reasoned`: a recorded wait covers the day it was due; the flag stays, with its reason.
    `notice_from`: nobody is told before this day: the warning day, or later the day on which the start became known.
    """

    code: str
    begun_on: date
    known_on: date
    due: date
    unmoved: date
    stopped_on: date | None
    status: Status
    late_days: int | None
    notice_from: date
    binding: bool
    law: str
    who: tuple[Party, ...]
    delay: bool
    reasoned: bool


# --- what starts a clock ----------------------------------------------------------------------------------------


def at(*kinds: EventType) -> Starts:
    """Each event of these types."""

    def begun(case: Case, _day: date) -> Iterator[Begun]:
        return (_begun(event, event.occurred_on) for event in case.all(*kinds))

    return begun


def court_received(case: Case, _day: date) -> Iterator[Begun]:
    """The day the court received the case."""
    for event in case.all(E.INDICTED):
        if isinstance(event.details, d.Indicted):
            yield _begun(event, event.details.court_received_on)


def judgment_served(case: Case, _day: date) -> Iterator[Begun]:
    """The day a judgment was served, by its own event or as told with the judgment."""
    for event in case.all(E.JUDGMENT_GIVEN, E.FOLLOW_UP_BY_JUDGMENT, E.APPEAL_DECIDED, E.JUDGMENT_SERVED):
        served = event.occurred_on if event.type is E.JUDGMENT_SERVED else getattr(event.details, "served_on", None)
        if served:
            yield _begun(event, served)


def transfer_notified(case: Case, _day: date) -> Iterator[Begun]:
    """The day the parties were notified of the transfer; without one, the day of the transfer."""
    for event in case.all(E.TRANSFERRED_TO_FOLLOW_UP):
        if isinstance(event.details, d.TransferredToFollowUp):
            yield _begun(event, event.details.notified_on or event.occurred_on)


def pum_wished(case: Case, _day: date) -> Iterator[Begun]:
    """A person investigation ordered with a wished date."""
    for event in case.all(E.PUM_ORDERED):
        if isinstance(event.details, d.PumOrdered) and event.details.wished_by:
            yield _begun(event, event.occurred_on, event.details.wished_by)


def pum_done(case: Case, _day: date) -> Iterator[Begun]:
    """A person investigation returned and carried out."""
    for event in case.all(E.PUM_RETURNED):
        if isinstance(event.details, d.PumReturned) and event.details.carried_out:
            yield _begun(event, event.occurred_on)


def control_until(case: Case, _day: date) -> Iterator[Begun]:
    """Electronic control ordered until a day."""
    for event in case.all(E.ELECTRONIC_CONTROL_ORDERED):
        if isinstance(event.details, d.ElectronicControlOrdered):
            yield _begun(event, event.occurred_on, event.details.until)


def breach_known(case: Case, _day: date) -> Iterator[Begun]:
    """A breach; recorded late it counts from the day it was recorded. Not while a talk is already ordered."""
    ordered = [(e.seq, e.type) for e in case.all(E.BREACH_TALK_ORDERED, E.BREACH_TALK_HELD, E.INTERRUPTED)]
    for event in case.all(E.BREACH_RECORDED):
        before = [kind for seq, kind in ordered if seq < event.seq]
        if not before or before[-1] is not E.BREACH_TALK_ORDERED:
            yield _begun(event, max(event.occurred_on, oslo_date(event.recorded_at)))


def last_offence(case: Case, _day: date) -> Iterator[Begun]:
    """The last offence, known when the case or the act was registered."""
    known = case.last(E.OFFENCE_ADDED) or case.events[0]
    yield Begun(case.last_offence, oslo_date(known.recorded_at), case.events[0].seq)


def team_meetings(case: Case, _day: date) -> Iterator[Begun]:
    """The start of execution, and each team meeting after it."""
    if case.start is None:
        return
    begun = next(event for event in case.events if event.seq == case.start.seq)
    yield _begun(begun, case.start.on)
    yield from (_begun(e, e.occurred_on) for e in case.all(E.TEAM_MEETING_HELD) if e.seq > case.start.seq)


def term_end(case: Case, day: date) -> Iterator[Begun]:
    """The term of the sanction: due at its adjusted end."""
    end = case.adjusted_end(day)
    if end is not None and case.start is not None:
        event = next(event for event in case.events if event.seq == case.start.seq)
        yield _begun(event, case.start.on, end)


def open_breach_case(case: Case, day: date) -> Iterator[Begun]:
    """The adjusted end of the term, while a breach case is open or once a petition was sent."""
    opened = case.last(E.REFERRED_FOR_BREACH, E.PETITION_SENT) or (
        case.last(E.TERM_EXPIRED) if case.state is State.TERM_EXPIRED else None
    )
    end = case.adjusted_end(case.closed_on or day)
    if end is not None and opened is not None and (case.is_closed or PHASE[case.state] is Phase.BREACH):
        sent = case.last(E.PETITION_SENT)
        yield _begun(opened, (case.adjusted_end(sent.occurred_on) if sent else None) or end)


def open_control_case(case: Case, day: date) -> Iterator[Begun]:
    """The same, where electronic control is what was recommended or petitioned."""
    referred = case.last(E.REFERRED_FOR_BREACH)
    said = referred.details if referred else None
    control = isinstance(said, d.ReferredForBreach) and said.recommendation is d.Recommendation.ELECTRONIC_CONTROL
    return open_breach_case(case, day) if control else iter(())


def born(case: Case, _day: date) -> Iterator[Begun]:
    """The day of birth, known since registration."""
    registered = case.events[0]
    yield Begun(case.youth.born, oslo_date(registered.recorded_at), registered.seq)


def _begun(event: Event, on: date, ordered: date | None = None) -> Begun:
    return Begun(on, oslo_date(event.recorded_at), event.seq, ordered)


# --- what stops it ----------------------------------------------------------------------------------------------


def by(*kinds: EventType) -> Stops:
    """The first of these events recorded after the start."""

    def stopped(case: Case, begun: Begun) -> date | None:
        return next((event.occurred_on for event in case.all(*kinds) if event.seq > begun.seq), None)

    return stopped


def by_appeal_or_finality(case: Case, begun: Begun) -> date | None:
    """The first appeal or finality after the service, also where the service became known later."""
    ended = (e for e in case.all(E.APPEALED, E.BECAME_FINAL) if e.seq > begun.seq or e.occurred_on >= begun.on)
    return min((event.occurred_on for event in ended), default=None)


def by_start(case: Case, _begun: Begun) -> date | None:
    """The start of execution."""
    return case.start.on if case.start else None


def by_completion(case: Case, _begun: Begun) -> date | None:
    """The case completed."""
    return case.closed_on if case.state is State.COMPLETED else None


def by_petition(case: Case, begun: Begun) -> date | None:
    """The petition sent last, if it opened the case before the court or followed the referral."""
    sent = case.last(E.PETITION_SENT)
    return sent.occurred_on if sent and sent.seq >= begun.seq else None


by_review = by(E.ELECTRONIC_CONTROL_ORDERED, E.ELECTRONIC_CONTROL_ENDED, E.PETITION_SENT)
"""A new order, a new petition for control, or its end."""


def by_complaint(*about: d.ComplaintAbout) -> Stops:
    """A complaint about that decision."""

    def stopped(case: Case, begun: Begun) -> date | None:
        filed = (e for e in case.all(E.COMPLAINT_FILED) if e.seq > begun.seq)
        return next((e.occurred_on for e in filed if getattr(e.details, "about", None) in about), None)

    return stopped


# --- the rules --------------------------------------------------------------------------------------------------

S, F = (Sanction.YOUTH_SANCTION,), (Sanction.YOUTH_FOLLOW_UP,)
BOTH = S + F
R0 = (Regime.R0,)
R1_ON = (Regime.R1, Regime.R2)
ALL = R0 + R1_ON
P = Party
CHAIN = tuple(State)
FROM_JUDGED = frozenset(CHAIN[CHAIN.index(State.JUDGED) :])
FROM_FINAL = frozenset(CHAIN[CHAIN.index(State.FINAL) :])
FROM_EXECUTING = frozenset(CHAIN[CHAIN.index(State.EXECUTING) :])
NOT_IN_TALK = frozenset(State) - {State.BREACH_TALK}
NOT_IN_CONTROL = frozenset(State) - {State.ELECTRONIC_CONTROL, State.BREACH_TALK, State.TIGHTENED}

# A table is read across: one row a clock.
# fmt: off
RULES: tuple[Rule, ...] = (
    Rule("charge_decision", at(E.SUSPECT_SET), by(E.TRANSFERRED_TO_FOLLOW_UP, E.INDICTED, E.OTHER_OUTCOME),
         law.CHARGE_DECISION, BOTH, ALL, True, True, law.CHARGE_DECISION.source, (P.PROSECUTION,), 14, CLOSED),
    Rule("pum_wished", pum_wished, by(E.PUM_RETURNED), None, BOTH, ALL, False, False, "wished date in the order",
         (P.CORRECTIONAL_SERVICE,), 7, FROM_FINAL),
    Rule("hearing_scheduled", court_received, by(E.HEARING_SCHEDULED), law.HEARING_SCHEDULED, S, ALL, True, True,
         law.HEARING_SCHEDULED.source, (P.COURT,), 3, FROM_JUDGED),
    Rule("hearing_started", court_received, by(E.HEARING_STARTED), law.HEARING_STARTED, S, ALL, True, True,
         law.HEARING_STARTED.source, (P.COURT,), 7, FROM_JUDGED),
    Rule("appeal", judgment_served, by_appeal_or_finality, law.APPEAL, S, ALL, True, True, law.APPEAL.source,
         (P.PARTIES,), 0, FROM_FINAL, delay=False),
    Rule("appeal_hearing_started", at(E.APPEAL_REFERRED), by(E.APPEAL_HEARING_STARTED), law.APPEAL_HEARING, S, ALL,
         True, True, law.APPEAL_HEARING.source, (P.COURT,), 7, FROM_JUDGED - {State.APPEALED}),
    Rule("dispatch", at(E.BECAME_FINAL, E.TRANSFERRED_TO_FOLLOW_UP), by(E.DISPATCHED, E.RECEIVED), law.DISPATCH, BOTH,
         R1_ON, True, True, law.DISPATCH.source, (P.PROSECUTION,), 2, FROM_EXECUTING),
    Rule("dispatch", at(E.BECAME_FINAL, E.TRANSFERRED_TO_FOLLOW_UP), by(E.DISPATCHED, E.RECEIVED), law.DISPATCH, BOTH,
         R0, False, False, law.OFFICE, (P.PROSECUTION,), 2, FROM_EXECUTING),
    Rule("first_contact", at(E.RECEIVED), by(E.FIRST_CONTACT), law.FIRST_CONTACT, BOTH, ALL, False, False, law.OFFICE,
         (P.KONFLIKTRAD,), 2, FROM_EXECUTING),
    Rule("plan_meeting", at(E.RECEIVED), by(E.PLAN_MEETING_HELD, E.PLAN_SIGNED), law.PLAN_MEETING, BOTH, ALL, False,
         False, law.OFFICE, (P.KONFLIKTRAD,), 14, CLOSED),
    Rule("lead_time", last_offence, by_start, law.LEAD_TIME, BOTH, ALL, False, False, law.OFFICE, (), 30, CLOSED),
    Rule("complaint_plan", at(E.PLAN_APPROVED), by_complaint(d.ComplaintAbout.PLAN), law.COMPLAINT_PLAN, BOTH, R1_ON,
         True, True, law.COMPLAINT_PLAN.source, (P.PARTIES,), 0, CLOSED, delay=False),
    Rule("complaint_follow_up", transfer_notified, by_complaint(d.ComplaintAbout.TRANSFER_TO_FOLLOW_UP),
         law.COMPLAINT_FOLLOW_UP, F, ALL, True, True, law.COMPLAINT_FOLLOW_UP.source, (P.PARTIES,), 0, CLOSED,
         delay=False),
    Rule("breach_talk", breach_known,
         by(E.BREACH_TALK_ORDERED, E.INTERRUPTED, E.REFERRED_FOR_BREACH, E.REFERRED_FOR_RESUMPTION,
            E.REPLAN_MEETING_HELD, E.PETITION_SENT),
         law.BREACH_TALK, BOTH, ALL, False, False, law.OFFICE, (P.KONFLIKTRAD,), 3, CLOSED),
    Rule("breach_talk_held", at(E.BREACH_TALK_ORDERED), by(E.BREACH_TALK_HELD, E.INTERRUPTED), law.BREACH_TALK_HELD,
         BOTH, ALL, False, False, law.OFFICE, (P.KONFLIKTRAD,), 3, NOT_IN_TALK),
    Rule("petition", open_breach_case, by_petition, law.PETITION, S, ALL, True, True, law.PETITION.source,
         (P.CORRECTIONAL_SERVICE, P.PROSECUTION), 30, CLOSED),
    Rule("ec_petition", open_control_case, by_petition, law.PETITION_ELECTRONIC_CONTROL, S, R1_ON, True, False,
         law.PETITION_ELECTRONIC_CONTROL.source, (P.CORRECTIONAL_SERVICE, P.PROSECUTION), 30, CLOSED),
    Rule("ec_review", at(E.ELECTRONIC_CONTROL_ORDERED), by_review, law.ELECTRONIC_CONTROL_REVIEW, S, R1_ON, False,
         False, law.ELECTRONIC_CONTROL_REVIEW.source, (P.KONFLIKTRAD,), 14, NOT_IN_CONTROL),
    Rule("ec_end", control_until, by(E.ELECTRONIC_CONTROL_ENDED, E.ELECTRONIC_CONTROL_ORDERED), None, S, R1_ON, True,
         False, law.ELECTRONIC_CONTROL_MAX.source, (P.COURT,), 14, NOT_IN_CONTROL),
    Rule("team_meeting", team_meetings, by(E.TEAM_MEETING_HELD), law.TEAM_MEETING, BOTH, ALL, False, False,
         law.OFFICE, (P.KONFLIKTRAD,), 7, CLOSED),
    Rule("term_end", term_end, by_completion, None, BOTH, ALL, True, law.CHOICES.move_term_end, "krl § 23",
         (P.KONFLIKTRAD,), 30, CLOSED),
    Rule("turns_18", born, lambda _case, _begun: None, law.MAJORITY, BOTH, ALL, True, False, law.MAJORITY.source,
         (P.KONFLIKTRAD,), 60, CLOSED, delay=False),
    Rule("pum_renewal", pum_done, by(E.JUDGMENT_GIVEN, E.PUM_ORDERED), law.PUM_RENEWAL, S, R1_ON, False, False,
         law.PUM_RENEWAL.source, (P.PROSECUTION,), 30, FROM_JUDGED),
)
# fmt: on
"""Every clock, in the order a case meets them. One home: a changed length is one line in `law`."""

FOLLOW_THE_TERM = frozenset({"term_end", "petition", "ec_petition"})
"""The clocks that are counted from the adjusted end, and so move as long as an interruption lasts."""


def deadlines(case: Case, day: date, rules: tuple[Rule, ...] = RULES) -> list[Deadline]:
    """Every clock of these rules that has begun by that day, as it stands that day."""
    return [found for rule in rules if case.sanction in rule.sanctions for found in _of_rule(rule, case, day)]


def next_due(case: Case) -> Deadline | None:
    """The running clock that is due first, as the history tells it: no day is asked, so a rebuild gives the same.

    Only clocks that are somebody's delay when passed; while the term stands still, not those that move with its end.
    """
    if case.is_closed:
        return None
    still = FOLLOW_THE_TERM if case.stands_still else frozenset()
    asked = (x for x in deadlines(case, case.entered_on) if x.delay and x.code not in still)
    running = [x for x in asked if x.status in (Status.RUNNING, Status.OVERDUE)]
    return min(running, key=lambda x: (x.due, x.code), default=None)


def _of_rule(rule: Rule, case: Case, day: date) -> Iterator[Deadline]:
    for begun in rule.starts(case, day):
        if _regime(case, rule, begun) in rule.regimes:
            yield _deadline(rule, case, begun, day)


def _regime(case: Case, rule: Rule, begun: Begun) -> Regime:
    first = rule.code in ("lead_time", "turns_18")
    return case.execution_regime(case.registered_on if first else begun.on)


def _deadline(rule: Rule, case: Case, begun: Begun, day: date) -> Deadline:
    unmoved = begun.ordered or after(begun.on, rule.length.on(begun.on) if rule.length else Length())
    due = next_working_day(unmoved) if rule.moves else unmoved
    stopped = rule.stops(case, begun)
    status = _status(rule, case, due, stopped, day)
    return Deadline(
        code=rule.code,
        begun_on=begun.on,
        known_on=begun.known_on,
        due=due,
        unmoved=unmoved,
        stopped_on=stopped,
        status=status,
        late_days=_late(status, due, stopped or day),
        notice_from=max(begun.known_on, due - timedelta(days=rule.warn_days)),
        binding=rule.binding,
        law=rule.law,
        who=rule.who or tuple(filter(None, (waiting_for(case),))),
        delay=rule.delay,
        reasoned=rule.delay and explained(case, due),
    )


def _status(rule: Rule, case: Case, due: date, stopped: date | None, day: date) -> Status:
    if stopped is not None:
        return Status.LATE if rule.delay and stopped > due else Status.MET
    if not rule.delay and day > due:
        return Status.MET
    if case.is_closed:
        return Status.ENDED
    if case.state in rule.moot:
        return Status.NOT_RECORDED
    return Status.OVERDUE if day > due else Status.RUNNING


def _late(status: Status, due: date, stopped: date) -> int | None:
    if status in (Status.ENDED, Status.NOT_RECORDED):
        return None
    return max(0, days_between(due, stopped)) if status in (Status.LATE, Status.OVERDUE) else 0
