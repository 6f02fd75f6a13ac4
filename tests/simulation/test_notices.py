"""The nights that tell of a clock, worked out at once, are those on which `settle`, asked every night, tells of it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.workflow.roads import case_at
from ungdom.demo.load import generate_cases
from ungdom.simulation import RuleOverride, rule_comparison
from ungdom.simulation.notices import SimulatedNotice, upcoming_notices
from ungdom.workflow.calendar import Length
from ungdom.workflow.case import Case
from ungdom.workflow.rules.deadlines import deadlines
from ungdom.workflow.rules.escalation import (
    ESCALATION,
    AlertChange,
    AlertState,
    AlertStatus,
    Audience,
    Level,
    flags,
    recipients,
    reconcile,
)

TODAY = date(2026, 11, 20)
NIGHTS = 84
ALERTS = (AlertChange.RAISED, AlertChange.ESCALATED)


def night_by_night(case: Case, day: date, standing: list[AlertStatus]) -> Counter[SimulatedNotice]:
    """What `settle` tells on each of the nights, the alerts kept as it says."""
    found: Counter[SimulatedNotice] = Counter()
    alerts = {one.key: one for one in standing}
    for night in (day + timedelta(days=n) for n in range(NIGHTS)):
        for change in reconcile(case, night, list(alerts.values())):
            key = change.code, change.due
            if change.flag is None:
                del alerts[key]
                continue
            kept = alerts.get(key) or AlertStatus(*key, AlertState.OPEN, change.flag.step, None)
            rung = change.flag.step if change.change in ALERTS else kept.step
            alerts[key] = replace(kept, step=rung, state=AlertState.OPEN, quiet_until=None)
            if change.change in ALERTS:
                found.update(SimulatedNotice(night, change.flag.level, who) for who in recipients(change.flag))
    return found


def at_once(case: Case, day: date, standing: list[AlertStatus]) -> Counter[SimulatedNotice]:
    last = day + timedelta(days=NIGHTS)
    return Counter(x for x in upcoming_notices(case, deadlines(case, day), day, standing) if x.night < last)


def alerts_of(case: Case, day: date) -> list[AlertStatus]:
    """Alerts raised until that day, every third of them quiet for a while."""
    found = []
    for n, flag in enumerate(flags(case, day)):
        state = (AlertState.OPEN, AlertState.SNOOZED, AlertState.ACKNOWLEDGED)[n % 3]
        quiet = day + timedelta(days=20) if state is AlertState.SNOOZED else None
        found.append(AlertStatus(*flag.key, state, flag.step, quiet))
    return found


def test_worked_out_at_once_is_what_is_told_night_after_night(figure: Callable[[str], None]) -> None:
    cases = [told.case for told in generate_cases(400, 5, TODAY) if not told.case.is_closed][:30]
    compared: Counter[bool] = Counter()
    for case in cases:
        for standing in ([], alerts_of(case, TODAY - timedelta(days=9))):
            asked = night_by_night(case, TODAY, standing)
            assert at_once(case, TODAY, standing) == asked
            compared[bool(standing)] += asked.total()
    assert min(compared.values()) > 30
    figure(f"simulation: {compared.total()} notices of {len(cases)} cases over {NIGHTS} nights, 0 told on other nights")


def test_a_case_is_told_of_up_the_ladder_from_the_warning_on() -> None:
    """Received on 17 February 2025: the plan meeting is due on 18 April, the warning is fourteen days before."""
    case = case_at("F R2", "received", "2025-02-18 first_contact")
    mine = [clock for clock in deadlines(case, date(2025, 4, 1)) if clock.code == "plan_meeting"]
    found = list(upcoming_notices(case, mine, date(2025, 4, 1), []))

    assert [(x.night.isoformat(), x.level, x.who) for x in found[:4]] == [
        ("2025-04-04", Level.UPCOMING, Audience.COORDINATOR),
        ("2025-04-19", Level.OVERDUE, Audience.COORDINATOR),
        ("2025-05-02", Level.LONG_OVERDUE, Audience.COORDINATOR),
        ("2025-05-02", Level.LONG_OVERDUE, Audience.TEAM),
    ]
    assert len(found) == sum(len(rung.recipients) for rung in ESCALATION)


@pytest.mark.parametrize(
    ("changed", "night", "level"),
    [
        (RuleOverride(code="plan_meeting", length=Length(days=45)), date(2025, 4, 5), Level.OVERDUE),  # due on 3 April
        (RuleOverride(code="plan_meeting", length=Length(days=75)), date(2025, 4, 19), Level.UPCOMING),  # due on 3 May
        (RuleOverride(code="plan_meeting", warn_days=7), date(2025, 4, 11), Level.UPCOMING),
        (RuleOverride(code="plan_meeting", warn_days=30), date(2025, 4, 5), None),  # it has been told of already
    ],
)
def test_a_moved_due_day_is_told_of_anew_and_a_moved_warning_is_not(
    changed: RuleOverride, night: date, level: Level | None
) -> None:
    """On 5 April 2025 an alert stands that warned of 18 April."""
    case, day = case_at("F R2", "received", "2025-02-18 first_contact"), date(2025, 4, 5)
    clocks = [pair.after for pair in rule_comparison([changed], day).compare(case) if pair.after.code == "plan_meeting"]
    standing = [AlertStatus("plan_meeting", date(2025, 4, 18), AlertState.OPEN, 0, None)]

    first = next((x for x in upcoming_notices(case, clocks, day, standing) if x.level is not Level.LONG_OVERDUE), None)

    assert first == SimulatedNotice(night, level, Audience.COORDINATOR) if level else first.night == date(2025, 4, 19)
