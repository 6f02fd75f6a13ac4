"""Cases for tests without a database: a history is told in lines, and folded."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from ungdom.workflow import engine
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.engine import Decision
from ungdom.workflow.events import Event, read_details
from ungdom.workflow.guards.core import ExternalFacts, ProposedEvent
from ungdom.workflow.table import VERSION
from ungdom.workflow.vocabulary import Actor, EventType, Role

PERSON = UUID("6f1c8a52-3a0e-4f6e-9a55-2f3f0f6c2d11")


ACTORS = {"prosecution": Actor.PROSECUTION, "system": Actor.SYSTEM}


def event(
    seq: int,
    kind: str,
    on: date,
    details: dict[str, Any] | None = None,
    today: date | None = None,
    role: str = "coordinator",
    subject: str = "anna",
) -> Event:
    """One event; recorded at noon of `today`, or of the day it happened, a second later for each number."""
    day = today or on
    return Event(
        seq=seq,
        type=EventType(kind),
        occurred_on=on,
        recorded_at=datetime(day.year, day.month, day.day, 10, tzinfo=UTC) + timedelta(seconds=seq),
        actor=ACTORS.get(role, Actor.COORDINATOR),
        role=Role(role),
        subject=subject,
        source="test",
        details=read_details(EventType(kind), details or {}),
    )


def step(
    kind: str,
    on: date,
    details: dict[str, Any] | None = None,
    today: date | None = None,
    role: str = "coordinator",
    subject: str = "anna",
    world: ExternalFacts | None = None,
) -> ProposedEvent:
    """A step that somebody wants to record. Details None: only asked whether it could come next."""
    said = None if details is None else read_details(EventType(kind), details)
    return ProposedEvent(EventType(kind), on, today or on, said, Role(role), subject, world or ExternalFacts())


class Told:
    """A case told line by line; every line has to be allowed."""

    def __init__(self, sanction: str, registered: date, youth: Youth, **details: Any) -> None:
        self.youth = youth
        given = {
            "sanction": sanction,
            "konfliktrad": "oslo",
            "person": str(PERSON),
            "offences": [{"on": registered.isoformat()}],
            "table": VERSION,
            **details,
        }
        self.events = [event(1, "case_registered", registered, given)]
        self.case: Case = engine.fold(youth, self.events)

    def then(self, kind: str, on: date, today: date | None = None, **details: Any) -> "Told":
        """One more event."""
        role = "secretariat" if kind in ("reopened", "complaint_decided") else "leader"
        decision = self.ask(kind, on, today, **details)
        assert decision.allowed, f"{kind} on {on}: {[no.code for no in decision.unmet]}"
        new = event(len(self.events) + 1, kind, on, details, today, role, "anna" if role == "leader" else "berit")
        self.events.append(new)
        self.case = engine.apply(self.case, new)
        return self

    def ask(self, kind: str, on: date, today: date | None = None, **details: Any) -> Decision:
        """Whether it could be recorded."""
        role = "secretariat" if kind in ("reopened", "complaint_decided") else "leader"
        return engine.decide(self.case, step(kind, on, details, today, role, "anna" if role == "leader" else "berit"))
