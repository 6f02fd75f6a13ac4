"""What needs doing in a case, by whom, by when, and whether it can be done: the worklist (gjøremål) of one case.

`TASK_RULES` is the table: a row a kind of task, with the event that settles it. Every open case has at least one.
What can be done is asked of `engine.decide`, the same as recording asks; days on which the answer changes are found
with it, so that what is kept beside a case stays true until its next event. No clock: the same history, the same tasks.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from ungdom.workflow import law
from ungdom.workflow.case import Case
from ungdom.workflow.derived import complaints, right_to_be_heard
from ungdom.workflow.derived.breaches import petition_deadline
from ungdom.workflow.engine import decide
from ungdom.workflow.guards.core import ProposedEvent, UnmetCondition
from ungdom.workflow.rules.deadlines import Deadline, running
from ungdom.workflow.views.task_conditions import (
    CONSENTING,
    TaskCondition,
    TaskNeed,
    complaint_open,
    consent_lacking,
    finality,
    in_state,
    measure_not_requested,
    measure_to_end,
    not_assigned,
    not_heard,
    not_received,
    petition_unanswered,
    plan_not_approved,
    request_unanswered,
    seat_empty,
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
class TaskAvailability:
    """From that day on, until the next one: what is unmet; nothing: it can be recorded."""

    since: date
    unmet: tuple[UnmetCondition, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do. `action`: the event that settles it. `due`: None where nothing says by when.

    `act_on`: the day it is put in order by: the due day, moved forward for what matters more (`TaskRule.ahead`).
    """

    kind: TaskKind
    action: EventType
    who: tuple[Actor, ...]
    since: date
    due: date | None
    act_on: date
    binding: bool
    law: str
    openings: tuple[TaskAvailability, ...]

    def on(self, day: date) -> TaskAvailability:
        """How it stands on that day."""
        return next((opening for opening in reversed(self.openings) if opening.since <= day), self.openings[0])

    def opens_on(self, day: date) -> date | None:
        """The day from which it can be recorded: that day where it can be already; None where no day is known."""
        if not self.on(day).unmet:
            return day
        return next((opening.since for opening in self.openings if opening.since > day and not opening.unmet), None)


Action = EventType | Callable[[Case, date], EventType]


@dataclass(frozen=True, slots=True)
class CaseTasks:
    """What needs doing in a case, as kept beside it.

    From `turns_on` on it has to be told anew: the youth comes of age, a consent runs out, or the law changes. What else
    changes by itself stands in the openings.
    """

    turns_on: date | None
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class TaskRule:
    """One row: what, the event that settles it, in whose name, when it is needed, how many days it comes before others.

    `condition`: what says so, or the code of the clock it follows: then due day and law are the clock's, and in the
    states of `also_in` it is needed also where that clock has been stopped.
    """

    kind: TaskKind
    action: Action
    who: tuple[Actor, ...]
    condition: TaskCondition | str
    law: str
    days_ahead: int
    sanctions: tuple[Sanction, ...] = tuple(Sanction)
    also_in: tuple[State, ...] = ()

    @property
    def events(self) -> tuple[EventType, ...]:
        """The events that may settle it; of several the case decides."""
        return (self.action,) if isinstance(self.action, EventType) else SETTLING_EVENTS[self.action]


# --- what settles it --------------------------------------------------------------------------------------------


def charging_event(case: Case, _day: date) -> EventType:
    """Indicted for a youth sanction, transferred to a follow-up."""
    return E.INDICTED if case.sanction is Sanction.YOUTH_SANCTION else E.TRANSFERRED_TO_FOLLOW_UP


def planning_event(case: Case, day: date) -> EventType:
    """The plan meeting; in R0 the conference and then the signature."""
    if case.execution_regime(day) is not Regime.R0:
        return E.PLAN_MEETING_HELD
    return E.PLAN_SIGNED if case.has(E.YOUTH_CONFERENCE_HELD) else E.YOUTH_CONFERENCE_HELD


SETTLING_EVENTS: dict[Action, tuple[EventType, ...]] = {
    charging_event: (E.INDICTED, E.TRANSFERRED_TO_FOLLOW_UP),
    planning_event: (E.PLAN_MEETING_HELD, E.YOUTH_CONFERENCE_HELD, E.PLAN_SIGNED),
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
TASK_RULES: tuple[TaskRule, ...] = (
    TaskRule(K.SET_SUSPECT, E.SUSPECT_SET, POLICE, in_state(T.REGISTERED), "strpl § 249", STATUTE),
    TaskRule(K.ORDER_INVESTIGATION_ANEW, E.PUM_ORDERED, PROSECUTION, "pum_renewal", "", NORM, S),
    TaskRule(K.RETURN_INVESTIGATION, E.PUM_RETURNED, CORRECTIONS, "pum_wished", "", NORM),
    TaskRule(K.OBTAIN_CONSENT, E.CONSENT_GIVEN, COORDINATOR, consent_lacking, "krl § 11", STATUTE),
    TaskRule(K.DECIDE_CHARGE, charging_event, PROSECUTION, "charge_decision", "strpl § 249", STATUTE,
         also_in=CONSENTING),
    TaskRule(K.SCHEDULE_HEARING, E.HEARING_SCHEDULED, COURT, "hearing_scheduled", "", STATUTE),
    TaskRule(K.START_HEARING, E.HEARING_STARTED, COURT, "hearing_started", "", STATUTE),
    TaskRule(K.GIVE_JUDGMENT, E.JUDGMENT_GIVEN, COURT, in_state(T.IN_COURT), "strpl § 42", STATUTE, S),
    TaskRule(K.GIVE_JUDGMENT, E.FOLLOW_UP_BY_JUDGMENT, COURT, in_state(T.IN_COURT), "strpl § 42", STATUTE, F),
    TaskRule(K.START_APPEAL_HEARING, E.APPEAL_HEARING_STARTED, COURT, "appeal_hearing_started", "", STATUTE),
    TaskRule(K.DECIDE_APPEAL, E.APPEAL_DECIDED, COURT, in_state(T.APPEALED), "strpl § 345", STATUTE),
    TaskRule(K.ESTABLISH_FINALITY, E.BECAME_FINAL, PROSECUTION, finality, "strpl § 50", STATUTE),
    TaskRule(K.DISPATCH, E.DISPATCHED, PROSECUTION, "dispatch", "strpl § 452", STATUTE, also_in=(T.FINAL,)),
    TaskRule(K.RECEIVE, E.RECEIVED, COORDINATOR, not_received, "strpl § 455", STATUTE),
    TaskRule(K.ASSIGN, E.ASSIGNED, LEADER, not_assigned, "krl § 3", STATUTE),
    TaskRule(K.MAKE_CONTACT, E.FIRST_CONTACT, COORDINATOR, "first_contact", "", NORM),
    TaskRule(K.MAKE_PLAN, planning_event, COORDINATOR, "plan_meeting", "krl § 24", NORM, also_in=(T.PREPARING,)),
    TaskRule(K.END_POSTPONEMENT, E.POSTPONEMENT_ENDED, COORDINATOR, in_state(T.POSTPONED), "strpl § 459", STATUTE),
    TaskRule(K.APPROVE_PLAN, E.PLAN_APPROVED, COORDINATOR, plan_not_approved, "krl § 25", STATUTE),
    TaskRule(K.FILL_TEAM, E.TEAM_MEMBER_JOINED, COORDINATOR, seat_empty, "krl § 26", STATUTE),
    TaskRule(K.REQUEST_MEASURE, E.MEASURE_REQUESTED, COORDINATOR, measure_not_requested, "krl § 25", NORM),
    TaskRule(K.ANSWER_REQUEST, E.MEASURE_ANSWERED, COORDINATOR, request_unanswered, "krl §§ 22 a, 25", NORM),
    TaskRule(K.END_MEASURE, E.MEASURE_ENDED, COORDINATOR, measure_to_end, "krl § 25", NORM),
    TaskRule(K.HOLD_TEAM_MEETING, E.TEAM_MEETING_HELD, COORDINATOR, "team_meeting", "", NORM),
    TaskRule(K.ORDER_TALK, E.BREACH_TALK_ORDERED, COORDINATOR, "breach_talk", "", NORM),
    TaskRule(K.HOLD_TALK, E.BREACH_TALK_HELD, COORDINATOR, "breach_talk_held", "krl §§ 31, 33", NORM,
         also_in=(T.BREACH_TALK,)),
    TaskRule(K.HEAR_YOUTH, E.YOUTH_HEARD, COORDINATOR, not_heard, right_to_be_heard.LAW, STATUTE),
    TaskRule(K.RESUME, E.RESUMED, COORDINATOR, in_state(T.INTERRUPTED), "krl § 30", LIBERTY),
    TaskRule(K.SEND_PETITION, E.PETITION_SENT, CORRECTIONS + PROSECUTION, petition_unanswered, "strl § 52 c", LIBERTY,
         S),
    TaskRule(K.JUDGE_BREACH, E.CONVERSION_FINAL, COURT, in_state(T.BREACH_IN_COURT), "strl § 52 c", LIBERTY, S),
    TaskRule(K.DECIDE_RESUMPTION, E.PROSECUTION_NOT_RESUMED, PROSECUTION, in_state(T.RESUMPTION_REVIEW, T.TERM_EXPIRED),
         "krl §§ 33, 34", LIBERTY, F),
    TaskRule(K.REVIEW_CONTROL, E.ELECTRONIC_CONTROL_ENDED, COURT, "ec_review", "", LIBERTY, S),
    TaskRule(K.END_CONTROL, E.ELECTRONIC_CONTROL_ENDED, COURT, "ec_end", "", LIBERTY, S),
    TaskRule(K.ACCEPT_TRANSFER, E.TRANSFER_ACCEPTED, LEADER, transfer_pending, "krl § 13", STATUTE),
    TaskRule(K.DECIDE_COMPLAINT, E.COMPLAINT_DECIDED, SECRETARIAT, complaint_open, "krl § 22 e; strpl § 59 a", LIBERTY),
    TaskRule(K.EXPIRE_TERM, E.TERM_EXPIRED, (A.SYSTEM,), term_over, "strl § 52 c", LIBERTY),
    TaskRule(K.CLOSE_WINDOW, E.WINDOW_CLOSED, COORDINATOR, window, "strl § 52 c", LIBERTY, S),
    TaskRule(K.COMPLETE, E.COMPLETED, COORDINATOR, "term_end", "krl § 22", LIBERTY, also_in=IN_EXECUTION),
)
# fmt: on
"""Every kind of task, in the order a case meets them. A clock that no row follows is named in `CLOCKS_WITHOUT_TASK`."""

_ORDER = {kind: place for place, kind in enumerate(TaskKind)}

CLOCKS_WITHOUT_TASK = frozenset(
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
        return _tasks_by_rules(
            case, day or case.entered_on, [row for row in TASK_RULES if row.kind is K.DECIDE_COMPLAINT]
        )
    return _tasks_by_rules(case, day or last_day(case), TASK_RULES)


def unmet_on(opening: TaskAvailability, day: date) -> tuple[UnmetCondition, ...]:
    """What is unmet, told as of that day: where the day itself is what is not as it has to be, it is this one."""
    opening_day = (opening.since, opening.since.isoformat())
    return tuple(
        replace(condition, current=day) if condition.current in opening_day else condition
        for condition in opening.unmet
    )


def case_tasks(case: Case) -> CaseTasks:
    """The same with the day on which it turns by itself: for those who keep it."""
    day = last_day(case)
    until_days = [getattr(event.details, "until", None) for event in case.all(E.CONSENT_GIVEN)]
    expired = [until + timedelta(days=1) for until in until_days if until is not None]
    turns = [case.of_age_on, *expired, *(since for since, _ in law.REGIME.values)]
    return CaseTasks(min((turn for turn in turns if turn > day), default=None), tuple(tasks(case, day)))


def last_day(case: Case) -> date:
    """The last day that the history tells of."""
    return max(event.occurred_on for event in case.events)


def _tasks_by_rules(case: Case, day: date, rows: Iterable[TaskRule]) -> list[Task]:
    applicable = [row for row in rows if case.sanction in row.sanctions]
    clocks = {
        clock.code: clock for clock in sorted(running(case, day), key=lambda deadline: deadline.due, reverse=True)
    }
    tasks = [_task(case, row, need, day) for row in applicable for need in _needs_of_rule(case, row, clocks, day)]
    return sorted(tasks, key=lambda task: (task.act_on, _ORDER[task.kind]))


def _needs_of_rule(case: Case, row: TaskRule, clocks: dict[str, Deadline], day: date) -> Iterator[TaskNeed]:
    if not isinstance(row.condition, str):
        yield from (replace(need, law=need.law or row.law) for need in row.condition(case, day))
    elif clock := clocks.get(row.condition):
        yield TaskNeed(clock.begun_on, clock.due, clock.binding, clock.law)
    elif case.state in row.also_in:
        yield TaskNeed(case.entered_on, law=row.law)


def _task(case: Case, row: TaskRule, need: TaskNeed, day: date) -> Task:
    action = row.action if isinstance(row.action, EventType) else row.action(case, day)
    due = need.due or need.since + timedelta(days=UNDATED)
    return Task(
        kind=row.kind,
        action=action,
        who=_responsible(case, row),
        since=need.since,
        due=need.due,
        act_on=due - timedelta(days=row.days_ahead),
        binding=need.binding or row.days_ahead > NORM,
        law=need.law,
        openings=_openings(case, action, day),
    )


def _responsible(case: Case, row: TaskRule) -> tuple[Actor, ...]:
    """A complaint over the transfer is the prosecution's to decide, the others the secretariat's."""
    filed = complaints.open_complaint(case) if row.kind is K.DECIDE_COMPLAINT else None
    return (filed.decision.rule.to,) if filed and filed.decision else row.who


def _openings(case: Case, action: EventType, day: date) -> tuple[TaskAvailability, ...]:
    """How the answer of `decide` goes from that day on: asked again on every day on which it may turn."""
    openings: list[TaskAvailability] = []
    waiting = sorted({day, *_change_days(case, day)})
    while waiting:
        on = waiting.pop(0)
        unmet = decide(case, ProposedEvent(action, on, on)).unmet
        later = {condition.earliest for condition in unmet if condition.earliest and condition.earliest > on}
        waiting = sorted({*waiting, *later})
        if not openings or _codes(openings[-1].unmet) != _codes(unmet):
            openings.append(TaskAvailability(on, unmet))
    return tuple(openings)


def _codes(unmet: tuple[UnmetCondition, ...]) -> list[str]:
    return [condition.code for condition in unmet]


def _change_days(case: Case, day: date) -> Iterator[date]:
    """Days after that one on which an answer may turn by itself: of age, a new law, what was given until then.

    Also the day after the last move: a fact of the day of a move may still belong to the state before it.
    """
    ends = [getattr(event.details, "until", None) for event in case.events]
    last = [petition_deadline(case, day, control) for control in (True, False)]
    after = [turn + timedelta(days=1) for turn in [*ends, *last] if isinstance(turn, date)]
    moved = case.entered_on + timedelta(days=1)
    laws = [since for since, _ in law.REGIME.values]
    yield from (turn for turn in [case.of_age_on, moved, *laws, *after] if turn > day)
