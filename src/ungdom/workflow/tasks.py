"""What needs doing in a case, by whom, by when, and whether it can be done: the worklist (gjøremål) of one case.

`DUTIES` is the table: a row a kind of task, with the event that settles it. Every open case has at least one. What can
be done is asked of `engine.decide`, the same as recording asks; days on which the answer changes are found with it, so
that what is kept beside a case stays true until its next event. No clock: the same history, the same tasks.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from ungdom.workflow import complaints, hearing, law
from ungdom.workflow.breaches import petition_deadline
from ungdom.workflow.case import Case
from ungdom.workflow.deadlines import Deadline, running
from ungdom.workflow.engine import decide
from ungdom.workflow.guards.core import Step, Unmet
from ungdom.workflow.needs import (
    CONSENTING,
    Need,
    Needs,
    complaint_open,
    consent_lacking,
    finality,
    measure_not_requested,
    measure_to_end,
    not_assigned,
    not_heard,
    not_received,
    petition_unanswered,
    plan_not_approved,
    request_unanswered,
    seat_empty,
    stands_in,
    term_over,
    transfer_pending,
    window,
)
from ungdom.workflow.vocabulary import IN_EXECUTION, Actor, EventType, Regime, Sanction, State

E, A, T = EventType, Actor, State


class TaskKind(StrEnum):
    """What needs doing (gjøremål). Listed as a case meets them."""

    SET_SUSPECT = "set_suspect"
    ORDER_INVESTIGATION_ANEW = "order_investigation_anew"
    RETURN_INVESTIGATION = "return_investigation"
    OBTAIN_CONSENT = "obtain_consent"
    DECIDE_CHARGE = "decide_charge"
    SCHEDULE_HEARING = "schedule_hearing"
    START_HEARING = "start_hearing"
    GIVE_JUDGMENT = "give_judgment"
    START_APPEAL_HEARING = "start_appeal_hearing"
    DECIDE_APPEAL = "decide_appeal"
    ESTABLISH_FINALITY = "establish_finality"
    DISPATCH = "dispatch"
    RECEIVE = "receive"
    ASSIGN = "assign"
    MAKE_CONTACT = "make_contact"
    MAKE_PLAN = "make_plan"
    END_POSTPONEMENT = "end_postponement"
    APPROVE_PLAN = "approve_plan"
    FILL_TEAM = "fill_team"
    REQUEST_MEASURE = "request_measure"
    ANSWER_REQUEST = "answer_request"
    END_MEASURE = "end_measure"
    HOLD_TEAM_MEETING = "hold_team_meeting"
    ORDER_TALK = "order_talk"
    HOLD_TALK = "hold_talk"
    HEAR_YOUTH = "hear_youth"
    RESUME = "resume"
    SEND_PETITION = "send_petition"
    JUDGE_BREACH = "judge_breach"
    DECIDE_RESUMPTION = "decide_resumption"
    REVIEW_CONTROL = "review_control"
    END_CONTROL = "end_control"
    ACCEPT_TRANSFER = "accept_transfer"
    DECIDE_COMPLAINT = "decide_complaint"
    EXPIRE_TERM = "expire_term"
    CLOSE_WINDOW = "close_window"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class Opening:
    """From that day on, until the next one: what is unmet; nothing: it can be recorded."""

    since: date
    unmet: tuple[Unmet, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do. `action`: the event that settles it. `due`: None where nothing says by when.

    `act_on`: the day it is put in order by: the due day, moved forward for what matters more (`Duty.ahead`).
    """

    kind: TaskKind
    action: EventType
    who: tuple[Actor, ...]
    since: date
    due: date | None
    act_on: date
    binding: bool
    law: str
    openings: tuple[Opening, ...]

    def on(self, day: date) -> Opening:
        """How it stands on that day."""
        return next((one for one in reversed(self.openings) if one.since <= day), self.openings[0])

    def opens_on(self, day: date) -> date | None:
        """The day from which it can be recorded: that day where it can be already; None where no day is known."""
        if not self.on(day).unmet:
            return day
        return next((one.since for one in self.openings if one.since > day and not one.unmet), None)


Action = EventType | Callable[[Case, date], EventType]


@dataclass(frozen=True, slots=True)
class Work:
    """What needs doing in a case, as kept beside it.

    From `turns_on` on it has to be told anew: the youth comes of age, a consent runs out, or the law changes. What else
    changes by itself stands in the openings.
    """

    turns_on: date | None
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class Duty:
    """One row: what, the event that settles it, in whose name, when it is needed, how many days it comes before others.

    `needs`: what says so, or the code of the clock it follows: then due day and law are the clock's, and in the states
    of `still` it is needed also where that clock has been stopped.
    """

    kind: TaskKind
    action: Action
    who: tuple[Actor, ...]
    needs: Needs | str
    law: str
    ahead: int
    sanctions: tuple[Sanction, ...] = tuple(Sanction)
    still: tuple[State, ...] = ()

    @property
    def events(self) -> tuple[EventType, ...]:
        """The events that may settle it; of several the case decides."""
        return (self.action,) if isinstance(self.action, EventType) else SETTLES[self.action]


# --- what settles it --------------------------------------------------------------------------------------------


def charge(case: Case, _day: date) -> EventType:
    """Indicted for a youth sanction, transferred to a follow-up."""
    return E.INDICTED if case.sanction is Sanction.YOUTH_SANCTION else E.TRANSFERRED_TO_FOLLOW_UP


def plan(case: Case, day: date) -> EventType:
    """The plan meeting; in R0 the conference and then the signature."""
    if case.execution_regime(day) is not Regime.R0:
        return E.PLAN_MEETING_HELD
    return E.PLAN_SIGNED if case.has(E.YOUTH_CONFERENCE_HELD) else E.YOUTH_CONFERENCE_HELD


SETTLES: dict[Action, tuple[EventType, ...]] = {
    charge: (E.INDICTED, E.TRANSFERRED_TO_FOLLOW_UP),
    plan: (E.PLAN_MEETING_HELD, E.YOUTH_CONFERENCE_HELD, E.PLAN_SIGNED),
}
"""The events between which these choose."""

S, F = (Sanction.YOUTH_SANCTION,), (Sanction.YOUTH_FOLLOW_UP,)

LIBERTY, STATUTE, NORM = 30, 14, 0
"""How many days before its due day a task is put: what a young person's liberty hangs on, what an act sets a time for,
and what the office holds itself to. Office norm."""

UNDATED = 14
"""Days after which a task without a due day is put in order as if it were due. Office norm."""

K = TaskKind
COORDINATOR, LEADER, SECRETARIAT = (A.COORDINATOR,), (A.LEADER,), (A.SECRETARIAT,)
POLICE, PROSECUTION, COURT, CORRECTIONS = (A.POLICE,), (A.PROSECUTION,), (A.COURT,), (A.CORRECTIONAL_SERVICE,)

# A table is read across: one row a kind of task.
# fmt: off
DUTIES: tuple[Duty, ...] = (
    Duty(K.SET_SUSPECT, E.SUSPECT_SET, POLICE, stands_in(T.REGISTERED), "strpl § 249", STATUTE),
    Duty(K.ORDER_INVESTIGATION_ANEW, E.PUM_ORDERED, PROSECUTION, "pum_renewal", "", NORM, S),
    Duty(K.RETURN_INVESTIGATION, E.PUM_RETURNED, CORRECTIONS, "pum_wished", "", NORM),
    Duty(K.OBTAIN_CONSENT, E.CONSENT_GIVEN, COORDINATOR, consent_lacking, "krl § 11", STATUTE),
    Duty(K.DECIDE_CHARGE, charge, PROSECUTION, "charge_decision", "strpl § 249", STATUTE,
         still=CONSENTING),
    Duty(K.SCHEDULE_HEARING, E.HEARING_SCHEDULED, COURT, "hearing_scheduled", "", STATUTE),
    Duty(K.START_HEARING, E.HEARING_STARTED, COURT, "hearing_started", "", STATUTE),
    Duty(K.GIVE_JUDGMENT, E.JUDGMENT_GIVEN, COURT, stands_in(T.IN_COURT), "strpl § 42", STATUTE, S),
    Duty(K.GIVE_JUDGMENT, E.FOLLOW_UP_BY_JUDGMENT, COURT, stands_in(T.IN_COURT), "strpl § 42", STATUTE, F),
    Duty(K.START_APPEAL_HEARING, E.APPEAL_HEARING_STARTED, COURT, "appeal_hearing_started", "", STATUTE),
    Duty(K.DECIDE_APPEAL, E.APPEAL_DECIDED, COURT, stands_in(T.APPEALED), "strpl § 345", STATUTE),
    Duty(K.ESTABLISH_FINALITY, E.BECAME_FINAL, PROSECUTION, finality, "strpl § 50", STATUTE),
    Duty(K.DISPATCH, E.DISPATCHED, PROSECUTION, "dispatch", "strpl § 452", STATUTE, still=(T.FINAL,)),
    Duty(K.RECEIVE, E.RECEIVED, COORDINATOR, not_received, "strpl § 455", STATUTE),
    Duty(K.ASSIGN, E.ASSIGNED, LEADER, not_assigned, "krl § 3", STATUTE),
    Duty(K.MAKE_CONTACT, E.FIRST_CONTACT, COORDINATOR, "first_contact", "", NORM),
    Duty(K.MAKE_PLAN, plan, COORDINATOR, "plan_meeting", "krl § 24", NORM, still=(T.PREPARING,)),
    Duty(K.END_POSTPONEMENT, E.POSTPONEMENT_ENDED, COORDINATOR, stands_in(T.POSTPONED), "strpl § 459", STATUTE),
    Duty(K.APPROVE_PLAN, E.PLAN_APPROVED, COORDINATOR, plan_not_approved, "krl § 25", STATUTE),
    Duty(K.FILL_TEAM, E.TEAM_MEMBER_JOINED, COORDINATOR, seat_empty, "krl § 26", STATUTE),
    Duty(K.REQUEST_MEASURE, E.MEASURE_REQUESTED, COORDINATOR, measure_not_requested, "krl § 25", NORM),
    Duty(K.ANSWER_REQUEST, E.MEASURE_ANSWERED, COORDINATOR, request_unanswered, "krl §§ 22 a, 25", NORM),
    Duty(K.END_MEASURE, E.MEASURE_ENDED, COORDINATOR, measure_to_end, "krl § 25", NORM),
    Duty(K.HOLD_TEAM_MEETING, E.TEAM_MEETING_HELD, COORDINATOR, "team_meeting", "", NORM),
    Duty(K.ORDER_TALK, E.BREACH_TALK_ORDERED, COORDINATOR, "breach_talk", "", NORM),
    Duty(K.HOLD_TALK, E.BREACH_TALK_HELD, COORDINATOR, "breach_talk_held", "krl §§ 31, 33", NORM,
         still=(T.BREACH_TALK,)),
    Duty(K.HEAR_YOUTH, E.YOUTH_HEARD, COORDINATOR, not_heard, hearing.LAW, STATUTE),
    Duty(K.RESUME, E.RESUMED, COORDINATOR, stands_in(T.INTERRUPTED), "krl § 30", LIBERTY),
    Duty(K.SEND_PETITION, E.PETITION_SENT, CORRECTIONS + PROSECUTION, petition_unanswered, "strl § 52 c", LIBERTY, S),
    Duty(K.JUDGE_BREACH, E.CONVERSION_FINAL, COURT, stands_in(T.BREACH_IN_COURT), "strl § 52 c", LIBERTY, S),
    Duty(K.DECIDE_RESUMPTION, E.PROSECUTION_NOT_RESUMED, PROSECUTION, stands_in(T.RESUMPTION_REVIEW, T.TERM_EXPIRED),
         "krl §§ 33, 34", LIBERTY, F),
    Duty(K.REVIEW_CONTROL, E.ELECTRONIC_CONTROL_ENDED, COURT, "ec_review", "", LIBERTY, S),
    Duty(K.END_CONTROL, E.ELECTRONIC_CONTROL_ENDED, COURT, "ec_end", "", LIBERTY, S),
    Duty(K.ACCEPT_TRANSFER, E.TRANSFER_ACCEPTED, LEADER, transfer_pending, "krl § 13", STATUTE),
    Duty(K.DECIDE_COMPLAINT, E.COMPLAINT_DECIDED, SECRETARIAT, complaint_open, "krl § 22 e; strpl § 59 a", LIBERTY),
    Duty(K.EXPIRE_TERM, E.TERM_EXPIRED, (A.SYSTEM,), term_over, "strl § 52 c", LIBERTY),
    Duty(K.CLOSE_WINDOW, E.WINDOW_CLOSED, COORDINATOR, window, "strl § 52 c", LIBERTY, S),
    Duty(K.COMPLETE, E.COMPLETED, COORDINATOR, "term_end", "krl § 22", LIBERTY, still=IN_EXECUTION),
)
# fmt: on
"""Every kind of task, in the order a case meets them. A clock that no row follows is named in `FOLLOWED_BY_NOBODY`."""

_PLACE = {kind: place for place, kind in enumerate(TaskKind)}

FOLLOWED_BY_NOBODY = frozenset(
    {
        "lead_time",  # the whole road: each stage has its own task
        "appeal",  # a right of the parties
        "complaint_plan",  # a right of the parties
        "complaint_follow_up",  # a right of the parties
        "complaint_decision",  # a right of the parties
        "petition",  # with the referral: `petition_unanswered`
        "ec_petition",  # the same
        "transfer_accept",  # with the decision: `transfer_pending`
        "turns_18",  # nobody makes it happen
    }
)


def tasks(case: Case, day: date | None = None) -> list[Task]:
    """What needs doing, the most pressing first. `day`: the last day of the history when not given.

    A task stays true until the next event: how it stands on a later day is in its openings.
    """
    if case.is_closed:
        return _of(case, day or case.entered_on, [row for row in DUTIES if row.kind is K.DECIDE_COMPLAINT])
    return _of(case, day or last_day(case), DUTIES)


def asked_on(stands: Opening, day: date) -> tuple[Unmet, ...]:
    """What is unmet, told as of that day: where the day itself is what is not as it has to be, it is this one."""
    then = (stands.since, stands.since.isoformat())
    return tuple(replace(no, current=day) if no.current in then else no for no in stands.unmet)


def work(case: Case) -> Work:
    """The same with the day on which it turns by itself: for those who keep it."""
    day = last_day(case)
    given = [getattr(event.details, "until", None) for event in case.all(E.CONSENT_GIVEN)]
    expired = [until + timedelta(days=1) for until in given if until is not None]
    turns = [case.of_age_on, *expired, *(since for since, _ in law.REGIME.values)]
    return Work(min((turn for turn in turns if turn > day), default=None), tuple(tasks(case, day)))


def last_day(case: Case) -> date:
    """The last day that the history tells of."""
    return max(event.occurred_on for event in case.events)


def _of(case: Case, day: date, rows: Iterable[Duty]) -> list[Task]:
    asked = [row for row in rows if case.sanction in row.sanctions]
    clocks = {clock.code: clock for clock in sorted(running(case, day), key=lambda one: one.due, reverse=True)}
    found = [_task(case, row, need, day) for row in asked for need in _needs(case, row, clocks, day)]
    return sorted(found, key=lambda task: (task.act_on, _PLACE[task.kind]))


def _needs(case: Case, row: Duty, clocks: dict[str, Deadline], day: date) -> Iterator[Need]:
    if not isinstance(row.needs, str):
        yield from (replace(need, law=need.law or row.law) for need in row.needs(case, day))
    elif clock := clocks.get(row.needs):
        yield Need(clock.begun_on, clock.due, clock.binding, clock.law)
    elif case.state in row.still:
        yield Need(case.entered_on, law=row.law)


def _task(case: Case, row: Duty, need: Need, day: date) -> Task:
    action = row.action if isinstance(row.action, EventType) else row.action(case, day)
    due = need.due or need.since + timedelta(days=UNDATED)
    return Task(
        kind=row.kind,
        action=action,
        who=_whose(case, row),
        since=need.since,
        due=need.due,
        act_on=due - timedelta(days=row.ahead),
        binding=need.binding or row.ahead > NORM,
        law=need.law,
        openings=_openings(case, action, day),
    )


def _whose(case: Case, row: Duty) -> tuple[Actor, ...]:
    """A complaint over the transfer is the prosecution's to decide, the others the secretariat's."""
    filed = complaints.open_complaint(case) if row.kind is K.DECIDE_COMPLAINT else None
    return (filed.decision.rule.to,) if filed and filed.decision else row.who


def _openings(case: Case, action: EventType, day: date) -> tuple[Opening, ...]:
    """How the answer of `decide` goes from that day on: asked again on every day on which it may turn."""
    found: list[Opening] = []
    waiting = sorted({day, *_turns(case, day)})
    while waiting:
        on = waiting.pop(0)
        unmet = decide(case, Step(action, on, on)).unmet
        later = {no.earliest for no in unmet if no.earliest and no.earliest > on}
        waiting = sorted({*waiting, *later})
        if not found or _codes(found[-1].unmet) != _codes(unmet):
            found.append(Opening(on, unmet))
    return tuple(found)


def _codes(unmet: tuple[Unmet, ...]) -> list[str]:
    return [no.code for no in unmet]


def _turns(case: Case, day: date) -> Iterator[date]:
    """Days after that one on which an answer may turn by itself: of age, a new law, what was given until then.

    Also the day after the last move: a fact of the day of a move may still belong to the state before it.
    """
    ends = [getattr(event.details, "until", None) for event in case.events]
    last = [petition_deadline(case, day, control) for control in (True, False)]
    after = [one + timedelta(days=1) for one in [*ends, *last] if isinstance(one, date)]
    moved = case.entered_on + timedelta(days=1)
    laws = [since for since, _ in law.REGIME.values]
    yield from (one for one in [case.of_age_on, moved, *laws, *after] if one > day)
