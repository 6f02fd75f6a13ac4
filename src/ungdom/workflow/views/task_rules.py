"""The table of tasks: what, by whom, by when, and which event settles it.

`TASK_RULES` has one row per kind of task (gjøremål). `tasks` evaluates it for one case.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ungdom.workflow.case import Case
from ungdom.workflow.derived import right_to_be_heard
from ungdom.workflow.views.task_conditions import (
    CONSENTING,
    TaskCondition,
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


Action = EventType | Callable[[Case, date], EventType]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRule:
    """One row: a kind of task, the event that settles it, in whose name, and when it is needed.

    `condition`: when the task is needed, or the code of the clock that it follows. In the latter case due day and
    law are those of the clock, and in the states of `also_in` the task is needed also if that clock has been
    stopped. `days_ahead`: how many days before its due day the task is ranked.
    """

    kind: TaskKind
    action: Action
    who: tuple[Actor, ...]
    condition: TaskCondition | str
    law: str = ""
    days_ahead: int
    sanctions: tuple[Sanction, ...] = tuple(Sanction)
    also_in: tuple[State, ...] = ()

    @property
    def events(self) -> tuple[EventType, ...]:
        """The events that may settle the task. If there are several, the case determines which one."""
        return (self.action,) if isinstance(self.action, EventType) else SETTLING_EVENTS[self.action]


# --- settling events --------------------------------------------------------------------------------------------


def charging_event(case: Case, _day: date) -> EventType:
    """The indictment for a youth sanction, the transfer for a follow-up."""
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
"""The possible results of each of these functions."""

S, F = (Sanction.YOUTH_SANCTION,), (Sanction.YOUTH_FOLLOW_UP,)

LIBERTY, STATUTE, NORM = 30, 14, 0
"""How many days before its due day a task is ranked. Office norm.

In order: tasks that affect the liberty of a young person, tasks with a statutory time limit, and tasks with an office
norm.
"""

UNDATED = 14
"""The number of days after which a task without a due day is ranked as if due. Office norm."""

K = TaskKind
COORDINATOR, LEADER, SECRETARIAT = (A.COORDINATOR,), (A.LEADER,), (A.SECRETARIAT,)
POLICE, PROSECUTION, COURT, CORRECTIONS = (A.POLICE,), (A.PROSECUTION,), (A.COURT,), (A.CORRECTIONAL_SERVICE,)

# Read by lawyers: one row per kind of task, every argument named.
# fmt: off
TASK_RULES: tuple[TaskRule, ...] = (
    TaskRule(kind=K.SET_SUSPECT, action=E.SUSPECT_SET, who=POLICE,
         condition=in_state(T.REGISTERED), law="strpl § 249", days_ahead=STATUTE),
    TaskRule(kind=K.ORDER_INVESTIGATION_ANEW, sanctions=S, action=E.PUM_ORDERED, who=PROSECUTION,
         condition="pum_renewal", days_ahead=NORM),
    TaskRule(kind=K.RETURN_INVESTIGATION, action=E.PUM_RETURNED, who=CORRECTIONS,
         condition="pum_wished", days_ahead=NORM),
    TaskRule(kind=K.OBTAIN_CONSENT, action=E.CONSENT_GIVEN, who=COORDINATOR,
         condition=consent_lacking, law="krl § 11", days_ahead=STATUTE),
    TaskRule(kind=K.DECIDE_CHARGE, action=charging_event, who=PROSECUTION,
         condition="charge_decision", also_in=CONSENTING, law="strpl § 249", days_ahead=STATUTE),
    TaskRule(kind=K.SCHEDULE_HEARING, action=E.HEARING_SCHEDULED, who=COURT,
         condition="hearing_scheduled", days_ahead=STATUTE),
    TaskRule(kind=K.START_HEARING, action=E.HEARING_STARTED, who=COURT,
         condition="hearing_started", days_ahead=STATUTE),
    TaskRule(kind=K.GIVE_JUDGMENT, sanctions=S, action=E.JUDGMENT_GIVEN, who=COURT,
         condition=in_state(T.IN_COURT), law="strpl § 42", days_ahead=STATUTE),
    TaskRule(kind=K.GIVE_JUDGMENT, sanctions=F, action=E.FOLLOW_UP_BY_JUDGMENT, who=COURT,
         condition=in_state(T.IN_COURT), law="strpl § 42", days_ahead=STATUTE),
    TaskRule(kind=K.START_APPEAL_HEARING, action=E.APPEAL_HEARING_STARTED, who=COURT,
         condition="appeal_hearing_started", days_ahead=STATUTE),
    TaskRule(kind=K.DECIDE_APPEAL, action=E.APPEAL_DECIDED, who=COURT,
         condition=in_state(T.APPEALED), law="strpl § 345", days_ahead=STATUTE),
    TaskRule(kind=K.ESTABLISH_FINALITY, action=E.BECAME_FINAL, who=PROSECUTION,
         condition=finality, law="strpl § 50", days_ahead=STATUTE),
    TaskRule(kind=K.DISPATCH, action=E.DISPATCHED, who=PROSECUTION,
         condition="dispatch", also_in=(T.FINAL,), law="strpl § 452", days_ahead=STATUTE),
    TaskRule(kind=K.RECEIVE, action=E.RECEIVED, who=COORDINATOR,
         condition=not_received, law="strpl § 455", days_ahead=STATUTE),
    TaskRule(kind=K.ASSIGN, action=E.ASSIGNED, who=LEADER,
         condition=not_assigned, law="krl § 3", days_ahead=STATUTE),
    TaskRule(kind=K.MAKE_CONTACT, action=E.FIRST_CONTACT, who=COORDINATOR,
         condition="first_contact", days_ahead=NORM),
    TaskRule(kind=K.MAKE_PLAN, action=planning_event, who=COORDINATOR,
         condition="plan_meeting", also_in=(T.PREPARING,), law="krl § 24", days_ahead=NORM),
    TaskRule(kind=K.END_POSTPONEMENT, action=E.POSTPONEMENT_ENDED, who=COORDINATOR,
         condition=in_state(T.POSTPONED), law="strpl § 459", days_ahead=STATUTE),
    TaskRule(kind=K.APPROVE_PLAN, action=E.PLAN_APPROVED, who=COORDINATOR,
         condition=plan_not_approved, law="krl § 25", days_ahead=STATUTE),
    TaskRule(kind=K.FILL_TEAM, action=E.TEAM_MEMBER_JOINED, who=COORDINATOR,
         condition=seat_empty, law="krl § 26", days_ahead=STATUTE),
    TaskRule(kind=K.REQUEST_MEASURE, action=E.MEASURE_REQUESTED, who=COORDINATOR,
         condition=measure_not_requested, law="krl § 25", days_ahead=NORM),
    TaskRule(kind=K.ANSWER_REQUEST, action=E.MEASURE_ANSWERED, who=COORDINATOR,
         condition=request_unanswered, law="krl §§ 22 a, 25", days_ahead=NORM),
    TaskRule(kind=K.END_MEASURE, action=E.MEASURE_ENDED, who=COORDINATOR,
         condition=measure_to_end, law="krl § 25", days_ahead=NORM),
    TaskRule(kind=K.HOLD_TEAM_MEETING, action=E.TEAM_MEETING_HELD, who=COORDINATOR,
         condition="team_meeting", days_ahead=NORM),
    TaskRule(kind=K.ORDER_TALK, action=E.BREACH_TALK_ORDERED, who=COORDINATOR,
         condition="breach_talk", days_ahead=NORM),
    TaskRule(kind=K.HOLD_TALK, action=E.BREACH_TALK_HELD, who=COORDINATOR,
         condition="breach_talk_held", also_in=(T.BREACH_TALK,), law="krl §§ 31, 33", days_ahead=NORM),
    TaskRule(kind=K.HEAR_YOUTH, action=E.YOUTH_HEARD, who=COORDINATOR,
         condition=not_heard, law=right_to_be_heard.LAW, days_ahead=STATUTE),
    TaskRule(kind=K.RESUME, action=E.RESUMED, who=COORDINATOR,
         condition=in_state(T.INTERRUPTED), law="krl § 30", days_ahead=LIBERTY),
    TaskRule(kind=K.SEND_PETITION, sanctions=S, action=E.PETITION_SENT, who=CORRECTIONS + PROSECUTION,
         condition=petition_unanswered, law="strl § 52 c", days_ahead=LIBERTY),
    TaskRule(kind=K.JUDGE_BREACH, sanctions=S, action=E.CONVERSION_FINAL, who=COURT,
         condition=in_state(T.BREACH_IN_COURT), law="strl § 52 c", days_ahead=LIBERTY),
    TaskRule(kind=K.DECIDE_RESUMPTION, sanctions=F, action=E.PROSECUTION_NOT_RESUMED, who=PROSECUTION,
         condition=in_state(T.RESUMPTION_REVIEW, T.TERM_EXPIRED), law="krl §§ 33, 34", days_ahead=LIBERTY),
    TaskRule(kind=K.REVIEW_CONTROL, sanctions=S, action=E.ELECTRONIC_CONTROL_ENDED, who=COURT,
         condition="ec_review", days_ahead=LIBERTY),
    TaskRule(kind=K.END_CONTROL, sanctions=S, action=E.ELECTRONIC_CONTROL_ENDED, who=COURT,
         condition="ec_end", days_ahead=LIBERTY),
    TaskRule(kind=K.ACCEPT_TRANSFER, action=E.TRANSFER_ACCEPTED, who=LEADER,
         condition=transfer_pending, law="krl § 13", days_ahead=STATUTE),
    TaskRule(kind=K.DECIDE_COMPLAINT, action=E.COMPLAINT_DECIDED, who=SECRETARIAT,
         condition=complaint_open, law="krl § 22 e; strpl § 59 a", days_ahead=LIBERTY),
    TaskRule(kind=K.EXPIRE_TERM, action=E.TERM_EXPIRED, who=(A.SYSTEM,),
         condition=term_over, law="strl § 52 c", days_ahead=LIBERTY),
    TaskRule(kind=K.CLOSE_WINDOW, sanctions=S, action=E.WINDOW_CLOSED, who=COORDINATOR,
         condition=window, law="strl § 52 c", days_ahead=LIBERTY),
    TaskRule(kind=K.COMPLETE, action=E.COMPLETED, who=COORDINATOR,
         condition="term_end", also_in=IN_EXECUTION, law="krl § 22", days_ahead=LIBERTY),
)
# fmt: on
"""Every kind of task, in the order in which a case meets them. Clocks without a row are in `CLOCKS_WITHOUT_TASK`."""

CLOCKS_WITHOUT_TASK = frozenset(
    {
        "lead_time",  # the whole process: each stage has its own task
        "appeal",  # a right of the parties
        "complaint_plan",  # a right of the parties
        "complaint_follow_up",  # a right of the parties
        "complaint_decision",  # a right of the parties
        "petition",  # with the referral: `petition_unanswered`
        "ec_petition",  # the same
        "transfer_accept",  # with the decision: `transfer_pending`
        "turns_18",  # no action of anybody causes it
    }
)
