"""Schemas that several resources share: the base class, times, unmet conditions, and problem details."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from ungdom.workflow.vocabulary import Actor, EventType, Role


class Output(BaseModel):
    """What goes out."""

    model_config = ConfigDict(from_attributes=True, defer_build=True)  # built at first use: half of them never are


class AsOfOut(Output):
    """The day in the world and the instant of knowledge that an answer speaks of."""

    on: date
    known_at: datetime | None


class UnmetOut(Output):
    """An unmet condition: how it is, how it must be, who can put it right, and from which day it can be.

    `leads_there`: of a step that is not possible in the state of the case, the moves that lead to one in which it is.
    `because`: of a step of another regime, why that regime applies.
    """

    code: str
    message: str
    law: str
    current: Any
    needed: Any
    who_can_fix: list[Actor]
    earliest: date | None
    leads_there: list[EventType] = []
    because: str | None = None


class FieldProblem(Output):
    """One place in the request that is wrong. `allowed`: the values of a closed list that the value is not in."""

    pointer: str
    code: str
    detail: str
    allowed: list[str] | None = None


class BrokenOut(Output):
    """Another event that a correction would leave where it is not allowed."""

    seq: int
    event: EventType
    unmet: list[UnmetOut]


class CaseInTheWay(Output):
    """A case of the person with the events that would not be legal any more."""

    case_id: UUID
    reference: str
    events: list[BrokenOut]


class EventLineOut(Output):
    """An event that happened since: which, when, and when it was recorded."""

    seq: int
    type: EventType
    occurred_on: date
    recorded_at: datetime


class ProblemOut(Output):
    """Problem details, RFC 9457. What is null belongs to other codes.

    `role`, `roles`: the caller's, and those that may. `scope`: that the token lacks. `konfliktrad`: the caller's own.
    `current_etag`, `events_since`: how the case stands now, and what happened since the version that was named.
    `question_id`: the question of identity whose answer stands in the way. `in_the_way`: by case, the events that a
    correction of the person would make illegal; `elsewhere`: a case that the caller may not see is in the way.
    `reason`, `first_day`, `last_day`: why the caller is not in service, and the days of their service.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    trace_id: str
    errors: list[FieldProblem] | None = None
    unmet: list[UnmetOut] | None = None
    also: list[BrokenOut] | None = None
    role: Role | None = None
    roles: list[Role] | None = None
    scope: str | None = None
    konfliktrad: str | None = None
    current_etag: str | None = None
    events_since: list[EventLineOut] | None = None
    question_id: UUID | None = None
    in_the_way: list[CaseInTheWay] | None = None
    elsewhere: bool | None = None
    reason: str | None = None
    first_day: date | None = None
    last_day: date | None = None
