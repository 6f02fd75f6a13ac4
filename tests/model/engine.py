"""The engine, asked step by step what the random walks propose."""

from tests.model.reference import Entry
from tests.workflow.build import event
from ungdom.workflow import engine, legality
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.events import Event
from ungdom.workflow.guards.core import ProposedEvent
from ungdom.workflow.vocabulary import EventType


class Engine:
    """The engine, asked the same questions as the model."""

    def __init__(self, youth: Youth) -> None:
        self.youth = youth
        self.events: list[Event] = []
        self.case: Case | None = None

    def would(self, entry: Entry) -> tuple[Event, str | None]:
        """The event, and why it is refused; None when it is not."""
        role, subject = entry.recorder
        new = event(len(self.events) + 1, entry.type, entry.on, entry.details, entry.today, role, subject)
        return new, self._refusal(new)

    def _refusal(self, new: Event) -> str | None:
        if self.case is None:
            return _codes(engine.decide_registration(self.youth, new))
        today = oslo_date(new.recorded_at)
        if new.type is EventType.CASE_REGISTERED:
            return "registered already"
        step = ProposedEvent(new.type, new.occurred_on, today, new.details, new.role, new.subject)
        refused = _codes(engine.decide(self.case, step))
        if refused is None and new.type is EventType.CORRECTED:
            return self._breaks(new)
        return refused

    def _breaks(self, new: Event) -> str | None:
        numbers = {e.seq for e in self.events if e.type is not EventType.CORRECTED}
        if new.details.corrects not in numbers:  # type: ignore[attr-defined]
            return "no such event"
        broken = legality.first_illegal_step(self.youth, [*self.events, new])
        return broken and f"{broken.seq}: {[no.code for no in broken.unmet]}"

    def take(self, new: Event) -> None:
        """Record it: one more step, or everything anew where a step changes what went before."""
        self.events.append(new)
        anew = self.case is None or new.type is EventType.CORRECTED
        self.case = engine.fold(self.youth, self.events) if anew else engine.apply(self.case, new)

    def folded(self) -> Case | None:
        """The case told anew from all its events."""
        return engine.fold(self.youth, self.events) if self.events else None


def _codes(decision: engine.Decision) -> str | None:
    return None if decision.allowed else ", ".join(no.code for no in decision.unmet)
