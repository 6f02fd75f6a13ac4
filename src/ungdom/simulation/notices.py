"""The notices that clocks would give from a night on, if nothing happens in the case: when, how urgent, and to whom."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from ungdom.simulation.comparing import LIVE
from ungdom.workflow.alerting import Audience, Flag, Level, Standing, nights, told
from ungdom.workflow.case import Case
from ungdom.workflow.deadlines import FOLLOW_THE_TERM, Deadline


class Notice(NamedTuple):
    """One notice to one of those who are told."""

    night: date
    level: Level
    who: Audience


def notices(case: Case, clocks: Iterable[Deadline], day: date, standing: Sequence[Standing]) -> Iterator[Notice]:
    """Those of the night of `day` and of every later one. `standing`: the alerts of the case that stand.

    As with alerts: one a clock and due day, and while the term stands still none of the clocks that move with it.
    """
    still = FOLLOW_THE_TERM if case.stands_still else frozenset()
    mine = (clock for clock in clocks if clock.status in LIVE and clock.code not in still)
    first = sorted(mine, key=lambda clock: clock.notice_from, reverse=True)
    alerts = {one.key: one for one in standing}
    for key, clock in {(clock.code, clock.due): clock for clock in first}.items():
        for night, rung in nights(clock, day, alerts.get(key)).items():
            flag = Flag(clock, rung)
            yield from (Notice(night, flag.level, who) for who in told(flag))
