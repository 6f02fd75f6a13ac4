"""What the engine answers: to a step, to the question what may come next, and about a history that is not legal."""

from dataclasses import dataclass

from ungdom.workflow.guards.core import UnmetCondition
from ungdom.workflow.vocabulary import Actor, EventType, Regime, State


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to a step: may it happen, where it leads (None: a fact), under which regime and law, and why not."""

    event: EventType
    before: State | None
    after: State | None
    regime: Regime
    law: str
    unmet: tuple[UnmetCondition, ...]

    @property
    def allowed(self) -> bool:
        """Nothing is unmet."""
        return not self.unmet


@dataclass(frozen=True, slots=True)
class Option:
    """One event type that this role may record in this case, now or when its conditions are met."""

    event: EventType
    actors: tuple[Actor, ...]
    decision: Decision


@dataclass(frozen=True, slots=True)
class IllegalStep:
    """A history that is not a legal walk: the event that does not fit, and the conditions it does not meet."""

    seq: int
    event: EventType
    unmet: tuple[UnmetCondition, ...]
