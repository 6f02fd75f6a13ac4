"""Conditions of the restorative track. krl § 24 a."""

from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.guards.core import ProposedEvent, Violation, condition, details_of
from ungdom.workflow.vocabulary import Actor, EventType

E = EventType
_STEPS = (E.VICTIM_ACCEPTED, E.VICTIM_DECLINED, E.VICTIM_WITHDREW)


@condition("krl § 24 a", Actor.COORDINATOR)
def each_victim_accepted(case: Case, step: ProposedEvent) -> Violation | None:
    """Each victim of the meeting had accepted, and neither declined nor withdrawn since.

    What is held without a victim is another restorative process.
    """
    willing: set[int] = set()
    for event in case.until(step.on, *_STEPS):
        if isinstance(event.details, d.VictimStep):
            (willing.add if event.type is E.VICTIM_ACCEPTED else willing.discard)(event.details.victim)
    meeting = details_of(step, d.RestorativeMeetingHeld)
    missing = {*meeting.victims} - willing if meeting else set() if willing else {1}
    return Violation([str(n) for n in sorted(missing)], [str(n) for n in sorted(willing)]) if missing else None
