"""When an approaching or overdue deadline raises an alert, who is notified, and during which hours. Pure.

A flag is derived from the clocks of one day; an alert is stored. There is one alert per case, clock and due day;
`reconcile` returns the changes after which the alerts of a case agree with its flags. Source: office norm; krl has no
duty to notify of delay.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from ungdom.workflow.calendar import OSLO, is_working_day
from ungdom.workflow.case import Case
from ungdom.workflow.rules import coordination_group
from ungdom.workflow.rules.deadlines import (
    FOLLOW_THE_TERM,
    HEADLINE,
    RULES,
    Deadline,
    DeadlineRule,
    deadlines,
    running,
)
from ungdom.workflow.vocabulary import Party


class Level(StrEnum):
    """How far a clock has run. Listed from the first to the last."""

    UPCOMING = "upcoming"  # nærmer seg
    OVERDUE = "overdue"  # over fristen
    LONG_OVERDUE = "long_overdue"  # lenge over fristen


class Audience(StrEnum):
    """Who is told. Whoever these are is looked up when the notice goes out."""

    COORDINATOR = "coordinator"  # ungdomskoordinator; the leader while no coordinator is assigned
    TEAM = "team"  # oppfølgingsteamet
    LEADER = "leader"  # konfliktrådsleder
    SECRETARIAT = "secretariat"  # Sekretariatet for konfliktrådene
    AUTHORITY = "authority"  # the standing contacts of the authority that is waited for, before the start
    GROUP = "group"  # the standing contacts of the coordination group, before the start


class AlertState(StrEnum):
    """How an alert stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"  # somebody has seen it and is handling it
    ANSWERED = "answered"  # the reason for the delay, and the expected day
    SNOOZED = "snoozed"  # no notices until a given day
    CLEARED = "cleared"  # resolved, rescheduled, or the case was closed


class AlertChange(StrEnum):
    """Everything that can happen to an alert: each is kept with its day, instant and who did it."""

    RAISED = "raised"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    SNOOZED = "snoozed"
    PART_ANSWERED = "part_answered"  # a party outside the office has answered for its own part
    WOKEN = "woken"
    CLEARED = "cleared"


class ClearedBecause(StrEnum):
    """Why an alert ended by itself."""

    CURED = "cured"  # the event that stops the clock has occurred
    OVERTAKEN = "overtaken"  # the case has passed the step or left what started the clock, or the day has come
    MOVED = "moved"  # the clock is now due on another day
    CORRECTED = "corrected"  # according to a correction, the clock never ran
    CLOSED = "closed"  # the case is closed


class DelayReason(StrEnum):
    """Why it is late, as the answer to an alert says."""

    WAITING_FOR_YOUTH = "waiting_for_youth"
    WAITING_FOR_GUARDIAN = "waiting_for_guardian"
    WAITING_FOR_VICTIM = "waiting_for_victim"
    WAITING_FOR_INVESTIGATION = "waiting_for_investigation"
    WAITING_FOR_PERSON_INVESTIGATION = "waiting_for_person_investigation"
    WAITING_FOR_COURT = "waiting_for_court"
    WAITING_FOR_MEASURE = "waiting_for_measure"
    CAPACITY = "capacity"
    ILLNESS = "illness"
    INTERPRETER = "interpreter"
    DONE_NOT_RECORDED = "done_not_recorded"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverRule:
    """One row: on which days an audience is notified of an alert, with the source.

    `after_due`: days after the due day; None: on the warning day. `every_case`: False for audiences that a case has or
    has not, depending on whom it waits for.
    """

    audience: Audience
    after_due: tuple[int | None, ...]
    source: str
    every_case: bool = True


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """One step of the escalation, reached `after_due` days after the due day; None: on the warning day."""

    level: Level
    after_due: int | None

    @property
    def recipients(self) -> tuple[Audience, ...]:
        """The audiences that this step notifies in every case."""
        return tuple(row.audience for row in RECEIVERS if row.every_case and self.after_due in row.after_due)


A = Audience

ESCALATION: tuple[EscalationStep, ...] = (
    EscalationStep(level=Level.UPCOMING, after_due=None),
    EscalationStep(level=Level.OVERDUE, after_due=1),
    EscalationStep(level=Level.LONG_OVERDUE, after_due=14),
    EscalationStep(level=Level.LONG_OVERDUE, after_due=28),
    EscalationStep(level=Level.LONG_OVERDUE, after_due=56),
)
"""The escalation steps, from the first warning on. Office norm; each step is one row."""

RECEIVERS: tuple[ReceiverRule, ...] = (
    ReceiverRule(audience=A.COORDINATOR, after_due=(None, 1, 14, 28), source="office norm"),
    ReceiverRule(audience=A.TEAM, after_due=(14,), source="office norm; the team: krl § 26"),
    ReceiverRule(audience=A.LEADER, after_due=(28, 56), source="office norm"),
    ReceiverRule(audience=A.SECRETARIAT, after_due=(56,), source="office norm"),
    ReceiverRule(
        audience=A.AUTHORITY, after_due=(None, 1, 14, 28, 56), source="office norm; krl § 22 d", every_case=False
    ),
    ReceiverRule(audience=A.GROUP, after_due=(None, 14, 28, 56), source="office norm; krl § 22 d", every_case=False),
)
"""The steps at which each receiver is notified, with its source. A setting of the product: one row per receiver.

The headline clock notifies the team at every step.
"""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The hours in Oslo without notices: from `since` to `until` the next morning, and on non-working days."""

    since: time
    until: time
    working_days_only: bool


QUIET = QuietHours(since=time(20), until=time(7), working_days_only=True)
"""The quiet hours in use. Alerts raised during them are visible at once and sent the next working morning."""


@dataclass(frozen=True, slots=True)
class AlertFlag:
    """A deadline and the index of the escalation step that it has reached on a given day.

    `outside`: the audiences of the coordination group that the case has on that day.
    """

    deadline: Deadline
    step: int
    outside: tuple[Audience, ...] = ()

    @property
    def level(self) -> Level:
        """The level of that step."""
        return ESCALATION[self.step].level

    @property
    def key(self) -> tuple[str, date]:
        """The key of the alert within its case: the clock and its due day."""
        return self.deadline.code, self.deadline.due


@dataclass(frozen=True, slots=True)
class AlertStatus:
    """A raised alert. `quiet_until`: the day until which it is snoozed or answered and sends no notices."""

    code: str
    due: date
    state: AlertState
    step: int
    quiet_until: date | None

    @property
    def key(self) -> tuple[str, date]:
        """The key of the alert within its case, equal to the key of its flag."""
        return self.code, self.due

    def is_quiet(self, day: date) -> bool:
        """Whether nobody is notified on that day: it is snoozed, or answered with a day that has not passed."""
        quiet = self.state in (AlertState.SNOOZED, AlertState.ANSWERED)
        return quiet and self.quiet_until is not None and day <= self.quiet_until


@dataclass(frozen=True, slots=True)
class AlertTransition:
    """One change of one alert. `flag`: None if the alert is cleared; `because` is then the reason."""

    change: AlertChange
    code: str
    due: date
    flag: AlertFlag | None = None
    because: ClearedBecause | None = None


def recipients(flag: AlertFlag, first: bool = False) -> tuple[Audience, ...]:
    """Who is notified when a flag reaches its step. `first`: the alert is raised at that step.

    An alert first raised on a later step also notifies the recipients of the first step.
    """
    before = ESCALATION[0].recipients if first else ()
    headline = (A.TEAM,) if flag.deadline.code == HEADLINE else ()
    outside = (audience for audience in flag.outside if first or flag.step in steps_of(audience))
    return tuple(dict.fromkeys((*before, *ESCALATION[flag.step].recipients, *headline, *outside)))


def steps_of(audience: Audience) -> tuple[int, ...]:
    """The indexes of the steps at which this audience is notified."""
    days = {day for row in RECEIVERS if row.audience is audience for day in row.after_due}
    return tuple(place for place, step in enumerate(ESCALATION) if step.after_due in days)


def outside_audiences(case: Case, deadline: Deadline, day: date) -> tuple[Audience, ...]:
    """The audiences of the coordination group that an alert on this clock has on that day: none, one or both."""
    notified = coordination_group.agencies_notified(case, deadline, day)
    waited_for = coordination_group.agencies_waited_for(case, deadline)
    authority = (A.AUTHORITY,) if any(agency in waited_for for agency in notified) else ()
    group = (A.GROUP,) if any(agency not in waited_for for agency in notified) else ()
    return (*authority, *group)


def flags(case: Case, day: date, rules: Sequence[DeadlineRule] = RULES) -> list[AlertFlag]:
    """The flags of the case on that day, at most one per clock and due day.

    A clock is not flagged before the day its start became known (`Deadline.notice_from`), nor while it follows a term
    that is interrupted.
    """
    by_key: dict[tuple[str, date], AlertFlag] = {}
    for deadline in _warned(case, day, rules):
        if deadline.notice_from <= day:
            reached = (n for n, step in enumerate(ESCALATION) if _reached_on(deadline, step) <= day)
            flag = AlertFlag(deadline, max(reached, default=0), outside_audiences(case, deadline, day))
            by_key.setdefault(flag.key, flag)
    return list(by_key.values())


def first_notice_day(clocks: Iterable[Deadline]) -> date | None:
    """The first day on which one of these running clocks notifies; None if none does."""
    return min((clock.notice_from for clock in clocks if clock.warned), default=None)


def next_review_day(case: Case, day: date, alerts: Sequence[AlertStatus] = ()) -> date | None:
    """The next day after `day` on which something about the alerts of the case changes if nothing happens in it."""
    step_days = [when for clock in _warned(case, day) for when in _step_days(clock)]
    wake_days = [alert.quiet_until + timedelta(days=1) for alert in alerts if alert.quiet_until]
    return min((when for when in (*step_days, *wake_days) if when > day), default=None)


def notification_dates(clock: Deadline, day: date, alert: AlertStatus | None = None) -> dict[date, int]:
    """The days from `day` on that a running clock notifies, each with its step, if nothing is recorded in the case.

    `alert`: the alert of that clock. The result is that of `reconcile` called for every day.
    """
    raised = alert if alert and clock.notice_from <= day else None
    quiet = raised.quiet_until if raised and raised.is_quiet(day) else None
    first = quiet + timedelta(days=1) if quiet else day
    step_days = [(step, when) for step, when in enumerate(_step_days(clock)) if clock.delay or when <= clock.due]
    higher = [(step, when) for step, when in step_days if raised is None or step > raised.step]
    return {max(first, when): step for step, when in higher if clock.warned}


def reconcile(case: Case, day: date, alerts: Sequence[AlertStatus]) -> list[AlertTransition]:
    """The changes after which the alerts of the case agree with its flags on that day.

    `alerts`: every alert of the case that has not been cleared. Each step of a clock notifies once; an alert that is
    quiet escalates when it wakes.
    """
    now = {flag.key: flag for flag in flags(case, day)}
    by_key = {alert.key: alert for alert in alerts}
    raised = [_transition(AlertChange.RAISED, flag) for key, flag in now.items() if key not in by_key]
    updates = [change for key, alert in by_key.items() if key in now for change in _escalations(alert, now[key], day)]
    return [*cleared_alerts(case, day, alerts), *updates, *raised]


def cleared_alerts(
    case: Case, day: date, alerts: Sequence[AlertStatus], corrected: bool = False
) -> list[AlertTransition]:
    """The alerts whose clock no longer runs, each with the reason.

    `corrected`: whether the last event is a correction. An alert remains while its clock runs, also if a correction
    makes the start of the clock known later than the alert.
    """
    now = {(clock.code, clock.due) for clock in _warned(case, day)}
    over = [alert for alert in alerts if alert.key not in now]
    return [
        AlertTransition(AlertChange.CLEARED, alert.code, alert.due, None, _clearing_reason(case, day, alert, corrected))
        for alert in over
    ]


def next_sending_time(instant: datetime, quiet: QuietHours = QUIET) -> datetime:
    """The given instant, or the first later one outside the quiet hours, in Oslo time."""
    local = instant.astimezone(OSLO)
    if local.time() >= quiet.since:
        local = _morning(local.date() + timedelta(days=1), quiet)
    elif local.time() < quiet.until:
        local = _morning(local.date(), quiet)
    while quiet.working_days_only and not is_working_day(local.date()):
        local = _morning(local.date() + timedelta(days=1), quiet)
    return local.astimezone(instant.tzinfo)


def party_waited_for(deadline: Deadline) -> Party | None:
    """The party responsible for the delay, for a notice: the first one listed; None without one."""
    return next(iter(deadline.who), None)


def _warned(case: Case, day: date, rules: Sequence[DeadlineRule] = RULES) -> list[Deadline]:
    """The running clocks that notify. A nightly run for an earlier day uses the present state of the case."""
    return [clock for clock in running(case, _judged_on(case, day), rules) if clock.warned]


def _judged_on(case: Case, day: date) -> date:
    return max(day, case.entered_on)


def _morning(day: date, quiet: QuietHours) -> datetime:
    return datetime.combine(day, quiet.until, OSLO)


def _reached_on(deadline: Deadline, step: EscalationStep) -> date:
    if step.after_due is None:
        return deadline.notice_from
    return deadline.due + timedelta(days=step.after_due)


def _step_days(deadline: Deadline) -> Iterator[date]:
    return (max(deadline.notice_from, _reached_on(deadline, step)) for step in ESCALATION)


def _transition(change: AlertChange, flag: AlertFlag) -> AlertTransition:
    return AlertTransition(change, *flag.key, flag)


def _escalations(alert: AlertStatus, flag: AlertFlag, day: date) -> Iterator[AlertTransition]:
    if alert.is_quiet(day):
        return
    if alert.state in (AlertState.SNOOZED, AlertState.ANSWERED):
        yield _transition(AlertChange.WOKEN, flag)
    if flag.step > alert.step:
        yield _transition(AlertChange.ESCALATED, flag)


def _clearing_reason(case: Case, day: date, alert: AlertStatus, corrected: bool) -> ClearedBecause:
    if case.is_closed:
        return ClearedBecause.CLOSED
    clocks = [clock for clock in deadlines(case, _judged_on(case, day)) if clock.code == alert.code]
    if not clocks:
        return ClearedBecause.CORRECTED if corrected else ClearedBecause.OVERTAKEN
    same = next((clock for clock in clocks if clock.due == alert.due), None)
    if same is None or (alert.code in FOLLOW_THE_TERM and case.stands_still):
        return ClearedBecause.MOVED
    return ClearedBecause.CURED if same.stopped_on else ClearedBecause.OVERTAKEN
