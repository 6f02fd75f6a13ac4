"""One case under two rule sets: the deadlines in force, and the simulated ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ungdom.workflow.calendar import days_between
from ungdom.workflow.case import Case
from ungdom.workflow.rules.deadlines import RULES, Deadline, DeadlineRule, DeadlineStatus, deadlines
from ungdom.workflow.rules.rule_overrides import RuleOverride, with_overrides

RUNNING_STATUSES = frozenset({DeadlineStatus.RUNNING, DeadlineStatus.OVERDUE})
"""The statuses of a running clock. Clocks that are stopped or ended are not simulated."""


class Turn(StrEnum):
    """What a changed clock does to a case: `OVERDUE`, that is in time now; `GREEN`, in time, that is overdue now."""

    OVERDUE = "overdue"
    GREEN = "green"


@dataclass(frozen=True, slots=True)
class DeadlinePair:
    """The same clock of the same case, begun on the same day, under the rules in force and under those tried."""

    before: Deadline
    after: Deadline

    @property
    def live(self) -> bool:
        """Whether it runs under either set."""
        return self.before.status in RUNNING_STATUSES or self.after.status in RUNNING_STATUSES

    @property
    def moved_days(self) -> int:
        """Days that it is due later than now; earlier ones are negative."""
        return days_between(self.before.due, self.after.due)

    @property
    def turn(self) -> Turn | None:
        """Whether it turns overdue or green."""
        late = [deadline.status is DeadlineStatus.OVERDUE for deadline in (self.before, self.after)]
        return {(False, True): Turn.OVERDUE, (True, False): Turn.GREEN}.get((late[0], late[1]))


@dataclass(frozen=True, slots=True)
class RuleComparison:
    """Two rule sets on one day. `before` and `after`: the changed deadlines; `rest`: the unchanged ones."""

    day: date
    before: tuple[DeadlineRule, ...]
    after: tuple[DeadlineRule, ...]
    rest: tuple[DeadlineRule, ...]

    def compare(self, case: Case) -> list[DeadlinePair]:
        """Every clock of the case under both rule sets, changed ones first."""
        # The same clock at the same place in both: a rule may be in parts by regime, which the day it begins decides.
        # Clocks that begin on the same day stay in the order of the history.
        old, new = (
            sorted(deadlines(case, self.day, rules), key=lambda clock: (clock.code, clock.begun_on))
            for rules in (self.before, self.after)
        )
        same = deadlines(case, self.day, self.rest)
        return [
            *(DeadlinePair(*item) for item in zip(old, new, strict=True)),
            *(DeadlinePair(item, item) for item in same),
        ]


def rule_comparison(
    changes: Sequence[RuleOverride], day: date, rules: Sequence[DeadlineRule] = RULES
) -> RuleComparison:
    """The comparison of these changes on that day. Raises `BadChanges`."""
    tried = with_overrides(rules, changes)
    codes = {change.code for change in changes}
    touched, after = (tuple(rule for rule in some if rule.code in codes) for some in (rules, tried))
    return RuleComparison(day, touched, after, tuple(rule for rule in rules if rule.code not in codes))
