"""The parts of a case: the youth, a stay in one state, the start of execution, the sanction in force."""

from dataclasses import dataclass
from datetime import date

from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import Length
from ungdom.workflow.vocabulary import Regime, State


@dataclass(frozen=True, slots=True)
class Youth:
    """The facts about the person that the rules need, and no others. Stored with people, not in events.

    `guardians`: the number of guardians from birth on. `guardian_changes`: the days from which there is another number,
    in order, each with that number.
    """

    born: date
    guardians: int
    guardian_changes: tuple[tuple[date, int], ...] = ()

    def guardians_on(self, day: date) -> int:
        """The number of guardians (verger) in office on that day, whatever the age of the youth."""
        return next((number for since, number in reversed(self.guardian_changes) if since <= day), self.guardians)


@dataclass(frozen=True, slots=True)
class StateInterval:
    """One stay in one state. `clock`: whether the term of the sanction runs during it."""

    state: State
    since: date
    seq: int
    clock: bool


@dataclass(frozen=True, slots=True)
class ExecutionStart:
    """The start of execution and the rule that determined it: plan_meeting, plan_signed or interim_conditions."""

    on: date
    rule: str
    seq: int


@dataclass(frozen=True, slots=True)
class SanctionInForce:
    """The decision in force: its date, its regime, and the length of the sanction."""

    on: date
    regime: Regime
    length: Length
    terms: d.Terms | None
