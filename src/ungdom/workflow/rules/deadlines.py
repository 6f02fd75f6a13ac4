"""Every clock: its start and stop (see `clocks`), its length, the responsible party, and the source of law.

The lengths are in `law`. Deadlines are computed from the events on each request and never stored. Statutory deadlines
for an act are moved off Saturdays, Sundays and public holidays (domstolloven § 149); office norms, birthdays and the
term of a sanction are not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from ungdom.workflow import law
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import Length, after, days_between, next_working_day
from ungdom.workflow.case import Case, derived_once
from ungdom.workflow.rules.clocks import (
    ClockStart,
    Starts,
    Stops,
    born,
    breach_known,
    by_appeal_or_finality,
    by_complaint,
    by_completion,
    by_petition,
    by_review,
    by_start,
    complainable,
    control_until,
    court_received,
    enforceable,
    judgment_served,
    last_offence,
    open_breach_case,
    open_control_case,
    pum_done,
    pum_wished,
    starts_anew_on,
    starts_on,
    stops_on,
    team_meetings,
    term_end,
)
from ungdom.workflow.rules.waits import covered_by_wait, waiting_for
from ungdom.workflow.vocabulary import CLOSED, EventType, Party, Regime, Sanction, State

E = EventType

HEADLINE = "lead_time"
"""The clock of the whole process, from the last offence to the start."""


class DeadlineStatus(StrEnum):
    """How a clock stands. `NOT_RECORDED`: the case moved past the step without it; `ENDED`: the case closed first."""

    RUNNING = "running"
    OVERDUE = "overdue"
    MET = "met"
    LATE = "late"
    NOT_RECORDED = "not_recorded"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class DeadlineRule:
    """One row: a clock with its source of law.

    `moves_off_holidays`: a due day that is not a working day moves to the next working day. `delay`: passing the
    clock is a delay attributed to somebody. `moot`: the states in which the case has passed the step without taking
    it. `since`, `until`: the first version of the table whose cases have the clock, and the first whose cases do
    not. `moot_until`: the first whose cases never pass the step without taking it.
    """

    code: str
    starts: Starts
    stops: Stops
    length: law.Dated[Length] | None
    sanctions: tuple[Sanction, ...]
    regimes: tuple[Regime, ...]
    binding: bool
    moves_off_holidays: bool
    law: str
    who: tuple[Party, ...]
    warn_days: int
    moot: frozenset[State]
    delay: bool = True
    since: str = ""
    until: str | None = None
    moot_until: str | None = None


@dataclass(frozen=True, slots=True)
class Deadline:
    """One clock of one case. `due`: after moving, `unmoved`: before; `late_days`: after `due`, 0 if met.

    `length`: from `begun_on`, as the rule has it; None where the due day was ordered.

    `reasoned`: a recorded wait covers the due day; the flag remains, with its reason. `warned`: notices are sent before
    the due day or after it; not for a mere right that lapses. `notice_from`: the first day with notices: the warning
    day, or the day on which the start became known if that is later.
    """

    code: str
    begun_on: date
    known_on: date
    due: date
    unmoved: date
    length: Length | None
    stopped_on: date | None
    status: DeadlineStatus
    late_days: int | None
    notice_from: date
    binding: bool
    law: str
    who: tuple[Party, ...]
    delay: bool
    reasoned: bool
    warned: bool


# --- the rules --------------------------------------------------------------------------------------------------

S, F = (Sanction.YOUTH_SANCTION,), (Sanction.YOUTH_FOLLOW_UP,)
BOTH = S + F
R0 = (Regime.R0,)
R1_ON = (Regime.R1, Regime.R2)
ALL = R0 + R1_ON
P, A = Party, d.ComplaintAbout
OTHER_DECISIONS = tuple(about for about in A if about not in (A.PLAN, A.TRANSFER_TO_FOLLOW_UP))
CHAIN = tuple(State)
FROM_JUDGED = frozenset(CHAIN[CHAIN.index(State.JUDGED) :])
FROM_FINAL = frozenset(CHAIN[CHAIN.index(State.FINAL) :])
FROM_EXECUTING = frozenset(CHAIN[CHAIN.index(State.EXECUTING) :])
NOT_WITH_THE_OFFICE = frozenset({State.IN_COURT, State.JUDGED, State.APPEALED, State.FINAL, State.DISPATCHED})
"""Where a case that was received comes back to by an appeal or a new trial: nothing is planned and nothing runs."""
NOTHING_RUNS = NOT_WITH_THE_OFFICE | {State.RECEIVED, State.PREPARING, State.POSTPONED}
NOT_IN_TALK = frozenset(State) - {State.BREACH_TALK}
NOT_IN_CONTROL = frozenset(State) - {State.ELECTRONIC_CONTROL, State.BREACH_TALK, State.TIGHTENED}

# One row per clock. Every argument is named, so that the table can be read without the class definition.
# fmt: off
RULES: tuple[DeadlineRule, ...] = (
    DeadlineRule("charge_decision",
         starts=starts_on(E.SUSPECT_SET), stops=stops_on(E.TRANSFERRED_TO_FOLLOW_UP, E.INDICTED, E.OTHER_OUTCOME),
         length=law.CHARGE_DECISION, sanctions=BOTH, regimes=ALL,
         binding=True, moves_off_holidays=True, law=law.CHARGE_DECISION.source,
         who=(P.PROSECUTION,), warn_days=14, moot=CLOSED),
    DeadlineRule("pum_wished",
         starts=pum_wished, stops=stops_on(E.PUM_RETURNED),
         length=None, sanctions=BOTH, regimes=ALL,
         binding=False, moves_off_holidays=False, law="wished date in the order",
         who=(P.CORRECTIONAL_SERVICE,), warn_days=7, moot=FROM_FINAL),
    DeadlineRule("hearing_scheduled",
         starts=court_received, stops=stops_on(E.HEARING_SCHEDULED),
         length=law.HEARING_SCHEDULED, sanctions=S, regimes=ALL,
         binding=True, moves_off_holidays=True, law=law.HEARING_SCHEDULED.source,
         who=(P.COURT,), warn_days=3, moot=FROM_JUDGED),
    DeadlineRule("hearing_started",
         starts=court_received, stops=stops_on(E.HEARING_STARTED),
         length=law.HEARING_STARTED, sanctions=S, regimes=ALL,
         binding=True, moves_off_holidays=True, law=law.HEARING_STARTED.source,
         who=(P.COURT,), warn_days=7, moot=FROM_JUDGED),
    DeadlineRule("appeal",
         starts=judgment_served, stops=by_appeal_or_finality,
         length=law.APPEAL, sanctions=S, regimes=ALL,
         binding=True, moves_off_holidays=True, law=law.APPEAL.source,
         who=(P.PARTIES,), warn_days=0, moot=FROM_FINAL,
         delay=False),
    DeadlineRule("appeal_hearing_started",
         starts=starts_on(E.APPEAL_REFERRED), stops=stops_on(E.APPEAL_HEARING_STARTED),
         length=law.APPEAL_HEARING, sanctions=S, regimes=ALL,
         binding=True, moves_off_holidays=True, law=law.APPEAL_HEARING.source,
         who=(P.COURT,), warn_days=7, moot=FROM_JUDGED - {State.APPEALED}),
    DeadlineRule("dispatch",
         starts=enforceable, stops=stops_on(E.DISPATCHED, E.RECEIVED),
         length=law.DISPATCH, sanctions=BOTH, regimes=R1_ON,
         binding=True, moves_off_holidays=True, law=law.DISPATCH.source,
         who=(P.PROSECUTION,), warn_days=2, moot=FROM_EXECUTING),
    DeadlineRule("dispatch",
         starts=enforceable, stops=stops_on(E.DISPATCHED, E.RECEIVED),
         length=law.DISPATCH, sanctions=BOTH, regimes=R0,
         binding=False, moves_off_holidays=False, law=law.OFFICE,
         who=(P.PROSECUTION,), warn_days=2, moot=FROM_EXECUTING),
    DeadlineRule("first_contact",
         starts=starts_anew_on(E.RECEIVED, E.FIRST_CONTACT), stops=stops_on(E.FIRST_CONTACT),
         length=law.FIRST_CONTACT, sanctions=BOTH, regimes=ALL,
         binding=False, moves_off_holidays=False, law=law.OFFICE,
         who=(P.KONFLIKTRAD,), warn_days=2, moot=FROM_EXECUTING | NOT_WITH_THE_OFFICE),
    DeadlineRule("plan_meeting",
         starts=starts_anew_on(E.RECEIVED, E.PLAN_MEETING_HELD, E.PLAN_SIGNED),
         stops=stops_on(E.PLAN_MEETING_HELD, E.PLAN_SIGNED),
         length=law.PLAN_MEETING, sanctions=BOTH, regimes=ALL,
         binding=False, moves_off_holidays=False, law=law.OFFICE,
         who=(P.KONFLIKTRAD,), warn_days=14, moot=CLOSED | NOT_WITH_THE_OFFICE),
    DeadlineRule(HEADLINE,
         starts=last_offence, stops=by_start,
         length=law.LEAD_TIME, sanctions=BOTH, regimes=ALL,
         binding=False, moves_off_holidays=False, law=law.OFFICE,
         who=(), warn_days=30, moot=CLOSED),
    DeadlineRule("complaint_plan",
         starts=complainable(A.PLAN), stops=by_complaint,
         length=law.COMPLAINT_PLAN, sanctions=BOTH, regimes=R1_ON,
         binding=True, moves_off_holidays=True, law=law.COMPLAINT_PLAN.source,
         who=(P.PARTIES,), warn_days=0, moot=CLOSED,
         delay=False),
    DeadlineRule("complaint_follow_up",
         starts=complainable(A.TRANSFER_TO_FOLLOW_UP), stops=by_complaint,
         length=law.COMPLAINT_FOLLOW_UP, sanctions=F, regimes=ALL,
         binding=True, moves_off_holidays=True, law=law.COMPLAINT_FOLLOW_UP.source,
         who=(P.PARTIES,), warn_days=0, moot=CLOSED,
         delay=False),
    DeadlineRule("complaint_decision",
         starts=complainable(*OTHER_DECISIONS), stops=by_complaint,
         length=law.COMPLAINT_PLAN, sanctions=BOTH, regimes=R1_ON,
         binding=True, moves_off_holidays=True, law=law.COMPLAINT_PLAN.source,
         who=(P.PARTIES,), warn_days=0, moot=CLOSED,
         delay=False),
    DeadlineRule("breach_talk",
         starts=breach_known,
         stops=stops_on(E.BREACH_TALK_ORDERED, E.INTERRUPTED, E.REFERRED_FOR_BREACH, E.REFERRED_FOR_RESUMPTION,
             E.REPLAN_MEETING_HELD, E.PETITION_SENT),
         length=law.BREACH_TALK, sanctions=BOTH, regimes=ALL,
         binding=False, moves_off_holidays=False, law=law.OFFICE,
         who=(P.KONFLIKTRAD,), warn_days=3, moot=CLOSED),
    DeadlineRule("breach_talk_held",
         starts=starts_on(E.BREACH_TALK_ORDERED), stops=stops_on(E.BREACH_TALK_HELD, E.INTERRUPTED),
         length=law.BREACH_TALK_HELD, sanctions=BOTH, regimes=ALL,
         binding=False, moves_off_holidays=False, law=law.OFFICE,
         who=(P.KONFLIKTRAD,), warn_days=3, moot=NOT_IN_TALK),
    DeadlineRule("petition",
         starts=open_breach_case, stops=by_petition,
         length=law.PETITION, sanctions=S, regimes=ALL,
         binding=True, moves_off_holidays=True, law=law.PETITION.source,
         who=(P.CORRECTIONAL_SERVICE, P.PROSECUTION), warn_days=30, moot=CLOSED),
    DeadlineRule("ec_petition",
         starts=open_control_case, stops=by_petition,
         length=law.PETITION_ELECTRONIC_CONTROL, sanctions=S, regimes=R1_ON,
         binding=True, moves_off_holidays=False, law=law.PETITION_ELECTRONIC_CONTROL.source,
         who=(P.CORRECTIONAL_SERVICE, P.PROSECUTION), warn_days=30, moot=CLOSED),
    DeadlineRule("ec_review",
         starts=starts_on(E.ELECTRONIC_CONTROL_ORDERED), stops=by_review,
         length=law.ELECTRONIC_CONTROL_REVIEW, sanctions=S, regimes=R1_ON,
         binding=False, moves_off_holidays=False, law=law.ELECTRONIC_CONTROL_REVIEW.source,
         who=(P.KONFLIKTRAD,), warn_days=14, moot=NOT_IN_CONTROL,
         moot_until="2026-11-30"),
    DeadlineRule("ec_end",
         starts=control_until, stops=stops_on(E.ELECTRONIC_CONTROL_ENDED, E.ELECTRONIC_CONTROL_ORDERED),
         length=None, sanctions=S, regimes=R1_ON,
         binding=True, moves_off_holidays=False, law=law.ELECTRONIC_CONTROL_MAX.source,
         who=(P.COURT,), warn_days=14, moot=NOT_IN_CONTROL,
         moot_until="2026-11-30"),
    DeadlineRule("team_meeting",
         starts=team_meetings, stops=stops_on(E.TEAM_MEETING_HELD),
         length=law.TEAM_MEETING, sanctions=BOTH, regimes=ALL,
         binding=False, moves_off_holidays=False, law=law.OFFICE,
         who=(P.KONFLIKTRAD,), warn_days=7, moot=CLOSED | NOTHING_RUNS),
    DeadlineRule("term_end",
         starts=term_end, stops=by_completion,
         length=None, sanctions=BOTH, regimes=ALL,
         binding=True, moves_off_holidays=law.CHOICES.move_term_end, law="krl § 23",
         who=(P.KONFLIKTRAD,), warn_days=30, moot=CLOSED),
    DeadlineRule("turns_18",
         starts=born, stops=lambda _case, _begun: None,
         length=law.MAJORITY, sanctions=BOTH, regimes=ALL,
         binding=True, moves_off_holidays=False, law=law.MAJORITY.source,
         who=(P.KONFLIKTRAD,), warn_days=60, moot=CLOSED,
         delay=False),
    DeadlineRule("transfer_accept",
         starts=starts_on(E.TRANSFER_DECIDED), stops=stops_on(E.TRANSFER_ACCEPTED, E.TRANSFER_DECLINED),
         length=law.TRANSFER_ACCEPT, sanctions=BOTH, regimes=ALL,
         binding=False, moves_off_holidays=False, law=law.OFFICE,
         who=(P.KONFLIKTRAD,), warn_days=2, moot=CLOSED,
         since="2026-11-25"),
    DeadlineRule("pum_renewal",
         starts=pum_done, stops=stops_on(E.JUDGMENT_GIVEN, E.PUM_ORDERED),
         length=law.PUM_RENEWAL, sanctions=S, regimes=R1_ON,
         binding=False, moves_off_holidays=False, law=law.PUM_RENEWAL.source,
         who=(P.PROSECUTION,), warn_days=30, moot=FROM_JUDGED),
)
# fmt: on
"""Every clock, in the order in which a case meets them. The lengths are defined in `law` only."""

FOLLOW_THE_TERM = frozenset({"term_end", "petition", "ec_petition"})
"""The clocks counted from the adjusted end of the term, whose due day moves while the term is interrupted."""


_RUNS = frozenset({DeadlineStatus.RUNNING, DeadlineStatus.OVERDUE})

_REGIME_AT_REGISTRATION = (HEADLINE, "turns_18")
"""The clocks that start before registration. The regime of the day of registration applies to them."""


def deadlines(case: Case, day: date, rules: Sequence[DeadlineRule] = RULES) -> list[Deadline]:
    """Every clock started by that day with its status on that day, under the table version of the case."""
    return list(_published(case, day)) if rules is RULES else _of_rules(case, day, rules)


@derived_once
def _published(case: Case, day: date) -> tuple[Deadline, ...]:
    return tuple(_of_rules(case, day, RULES))


def _of_rules(case: Case, day: date, rules: Sequence[DeadlineRule]) -> list[Deadline]:
    applicable = (r for r in rules if case.sanction in r.sanctions and law.holds(case.table, r.since, r.until))
    starts = ((rule, start) for rule in applicable for start in rule.starts(case, day))
    return [
        _deadline(rule, case, start, day)
        for rule, start in starts
        if case.execution_regime(case.registered_on if rule.code in _REGIME_AT_REGISTRATION else start.on)
        in rule.regimes
    ]


def running(case: Case, day: date, rules: Sequence[DeadlineRule] = RULES) -> list[Deadline]:
    """The clocks that are running or overdue on that day; empty for a closed case.

    While the term is paused, the clocks that follow it are left out.
    """
    return list(_published_running(case, day)) if rules is RULES else _running(case, day, rules)


@derived_once
def _published_running(case: Case, day: date) -> tuple[Deadline, ...]:
    return tuple(_running(case, day, RULES))


def _running(case: Case, day: date, rules: Sequence[DeadlineRule]) -> list[Deadline]:
    """As `running`. The clocks of steps that the case has passed are not worked out."""
    if case.is_closed:
        return []
    paused = FOLLOW_THE_TERM if case.stands_still else frozenset()
    possible = [rule for rule in rules if rule.code not in paused and not _is_passed(rule, case)]
    return [clock for clock in _of_rules(case, day, possible) if clock.status in _RUNS]


def next_due(case: Case) -> Deadline | None:
    """The running clock due first, among those whose passing is a delay; None without one.

    Depends on the history only, not on the current day, so that a rebuild gives the same result.
    """
    return first_due(running(case, case.entered_on))


def first_due(clocks: Iterable[Deadline]) -> Deadline | None:
    """The clock due first, among those of these whose passing is a delay; None without one."""
    return min((x for x in clocks if x.delay), key=lambda x: (x.due, x.code), default=None)


def _deadline(rule: DeadlineRule, case: Case, start: ClockStart, day: date) -> Deadline:
    length = rule.length.on(start.on) if rule.length else Length()
    unmoved = start.ordered or after(start.on, length)
    due = next_working_day(unmoved) if rule.moves_off_holidays else unmoved
    stopped = rule.stops(case, start)
    status = _status(rule, case, due, stopped, day)
    return Deadline(
        code=rule.code,
        begun_on=start.on,
        known_on=start.known_on,
        due=due,
        unmoved=unmoved,
        length=None if start.ordered else length,
        stopped_on=stopped,
        status=status,
        late_days=_late_days(status, due, stopped or day),
        notice_from=max(start.known_on, due - timedelta(days=rule.warn_days)),
        binding=rule.binding,
        law=rule.law,
        who=rule.who or tuple(filter(None, (waiting_for(case),))),
        delay=rule.delay,
        reasoned=rule.delay and covered_by_wait(case, due),
        warned=rule.delay or rule.warn_days > 0,
    )


def _status(rule: DeadlineRule, case: Case, due: date, stopped: date | None, day: date) -> DeadlineStatus:
    if stopped is not None:
        return DeadlineStatus.LATE if rule.delay and stopped > due else DeadlineStatus.MET
    if not rule.delay and day > due:
        return DeadlineStatus.MET
    if case.is_closed:
        return DeadlineStatus.ENDED
    if _is_passed(rule, case):
        return DeadlineStatus.NOT_RECORDED
    return DeadlineStatus.OVERDUE if day > due else DeadlineStatus.RUNNING


def _is_passed(rule: DeadlineRule, case: Case) -> bool:
    """Whether the case stands where it has passed the step of this clock: the clock no longer runs."""
    return case.state in rule.moot and law.holds(case.table, "", rule.moot_until)


def _late_days(status: DeadlineStatus, due: date, stopped: date) -> int | None:
    if status in (DeadlineStatus.ENDED, DeadlineStatus.NOT_RECORDED):
        return None
    return max(0, days_between(due, stopped)) if status in (DeadlineStatus.LATE, DeadlineStatus.OVERDUE) else 0
