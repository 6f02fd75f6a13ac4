"""The notices that clocks cause from a night on if the case has no further events: night, level and recipient."""

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
    outside_audiences,
    recipients,
)


class SimulatedNotice(NamedTuple):
    """One notice to one recipient."""

    night: date
    level: Level
    who: Audience


def upcoming_notices(
    case: Case, clocks: Iterable[Deadline], day: date, statuses: Sequence[AlertStatus]
) -> Iterator[SimulatedNotice]:
    """The notices of the night of `day` and later. `statuses`: the alerts of the case that are not cleared.

    As for alerts: one per clock and due day, and none for clocks that follow the term while it is interrupted.
    """
    still = FOLLOW_THE_TERM if case.stands_still else frozenset()
    running = (clock for clock in clocks if clock.status in RUNNING_STATUSES and clock.code not in still)
    first = sorted(running, key=lambda clock: clock.notice_from, reverse=True)
    alerts = {status.key: status for status in statuses}
    for key, clock in {(clock.code, clock.due): clock for clock in first}.items():
        for night, step in notification_dates(clock, day, alerts.get(key)).items():
            flag = AlertFlag(clock, step, outside_audiences(case, clock, night))
            yield from (SimulatedNotice(night, flag.level, who) for who in recipients(flag))
