"""The notices that clocks would give from a night on, if nothing happens in the case: when, how urgent, and to whom."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from ungdom.simulation.comparing import RUNNING_STATUSES
from ungdom.workflow.case import Case
from ungdom.workflow.rules.deadlines import FOLLOW_THE_TERM, Deadline
from ungdom.workflow.rules.escalation import (
    AlertFlag,
    AlertStatus,
    Audience,
    Level,
    notification_dates,
    recipients,
)


class SimulatedNotice(NamedTuple):
    """One notice to one of those who are told."""

    night: date
    level: Level
    who: Audience


def upcoming_notices(
    case: Case, clocks: Iterable[Deadline], day: date, statuses: Sequence[AlertStatus]
) -> Iterator[SimulatedNotice]:
    """Those of the night of `day` and of every later one. `statuses`: the alerts of the case that stand.

    As with alerts: one a clock and due day, and while the term stands still none of the clocks that move with it.
    """
    still = FOLLOW_THE_TERM if case.stands_still else frozenset()
    running = (clock for clock in clocks if clock.status in RUNNING_STATUSES and clock.code not in still)
    first = sorted(running, key=lambda clock: clock.notice_from, reverse=True)
    alerts = {status.key: status for status in statuses}
    for key, clock in {(clock.code, clock.due): clock for clock in first}.items():
        for night, rung in notification_dates(clock, day, alerts.get(key)).items():
            flag = AlertFlag(clock, rung)
            yield from (SimulatedNotice(night, flag.level, who) for who in recipients(flag))
