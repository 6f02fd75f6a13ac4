"""Exercises: the worked histories, one step at a time, judged by the rules that judge every case.

At each step an answer names the next event and its day. The engine decides whether that is allowed, with every
condition that is not met. The histories are in `data/histories.json`, of invented youths, as events that the
newest table of moves allows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import TypeAdapter

from ungdom.workflow import engine
from ungdom.workflow.answers import Decision
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.engine import NOT_RECORDED_DIRECTLY
from ungdom.workflow.events import Event, read_details
from ungdom.workflow.guards.core import ProposedEvent
from ungdom.workflow.rules import deadlines
from ungdom.workflow.rules.deadlines import Deadline
from ungdom.workflow.vocabulary import Actor, EventType, Role

FILE = "data/histories.json"


@dataclass(frozen=True, slots=True)
class RecordedStep:
    """An event of a history. `recorded_at`: when it became known."""

    type: EventType
    occurred_on: date
    recorded_at: datetime
    actor: Actor
    role: Role
    subject: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class WorkedHistory:
    """A history. `steps`: in the order in which they became known, the registration first."""

    name: str
    born: date
    guardians: int
    steps: tuple[RecordedStep, ...]

    @property
    def asked_steps(self) -> list[int]:
        """The numbers of the steps that are asked for: not registration, corrections, what the system records."""
        return [
            number
            for number, step in enumerate(self.steps)
            if step.type not in NOT_RECORDED_DIRECTLY and step.actor is not Actor.SYSTEM
        ]

    def events(self, count: int) -> list[Event]:
        """The first events, as a case has them."""
        return [
            Event(
                seq=seq,
                type=step.type,
                occurred_on=step.occurred_on,
                recorded_at=step.recorded_at,
                actor=step.actor,
                role=step.role,
                subject=step.subject,
                source="sandbox",
                details=read_details(step.type, step.details),
            )
            for seq, step in enumerate(self.steps[:count], start=1)
        ]


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a history stands before a step. `today`: the day on which the step became known."""

    history: WorkedHistory
    number: int
    case: Case
    today: date

    @property
    def next_step(self) -> RecordedStep:
        """What became known then."""
        return self.history.steps[self.number]

    @property
    def choices(self) -> list[EventType]:
        """The events that somebody can record in a case of this sanction."""
        return [
            kind
            for kind in EventType
            if kind not in NOT_RECORDED_DIRECTLY and engine.actors_of(self.case.sanction, kind)
        ]

    @property
    def running(self) -> Sequence[Deadline]:
        """The deadlines that run on that day."""
        return deadlines.running(self.case, self.today)


@dataclass(frozen=True, slots=True)
class Feedback:
    """The decision on an answer. `as_in_history`: it is what happened, and on the day on which it did."""

    decision: Decision
    as_in_history: bool


class NoSuchExercise(Exception):
    """There is no history of this name, or it has no such step."""


@cache
def histories() -> dict[str, WorkedHistory]:
    """Every history by its name."""
    content = (files("ungdom.sandbox") / FILE).read_bytes()
    return {history.name: history for history in TypeAdapter(list[WorkedHistory]).validate_json(content)}


def situation(name: str, number: int) -> Situation:
    """Where this history stands before the step of that number. Raises `NoSuchExercise`."""
    history = histories().get(name)
    if history is None or number not in history.asked_steps:
        raise NoSuchExercise
    case = engine.fold(Youth(history.born, history.guardians), history.events(number))
    return Situation(history, number, case, oslo_date(history.steps[number].recorded_at))


def judged(before: Situation, kind: EventType, on: date) -> Feedback:
    """The decision of the rules on this event on that day; with its details only if it is the next one."""
    step = before.next_step
    is_same = kind is step.type
    details = read_details(kind, step.details) if is_same else None
    role, subject, actor = (step.role, step.subject, step.actor) if is_same else (Role.SYSTEM, "", None)
    proposed = ProposedEvent(kind, on, before.today, details, role, subject, actor=actor)
    return Feedback(engine.decide(before.case, proposed), is_same and on == step.occurred_on)
