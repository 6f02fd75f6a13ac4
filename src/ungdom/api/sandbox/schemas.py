"""What is sent to a sandbox, and what it answers."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, Field, model_validator
from pydantic_core import PydanticCustomError

from ungdom.api.cases.schemas import DeadlineOut
from ungdom.api.http.inputs import CivilDay, Input
from ungdom.api.http.schemas import Output, UnmetOut
from ungdom.sandbox.clock import LONGEST_MOVE_DAYS
from ungdom.sandbox.faults import LONGEST_DELAY, MOST_REQUESTS
from ungdom.sandbox.youths import LAST_NUMBER
from ungdom.workflow.vocabulary import EventType, Sanction, State


class ClockMove(Input):
    """`days`: forward from now. `to`: an instant with its offset. One of the two."""

    days: Annotated[float, Field(ge=0, le=LONGEST_MOVE_DAYS)] | None = None
    to: AwareDatetime | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "ClockMove":
        if (self.days is None) == (self.to is None):
            raise PydanticCustomError("days_or_instant", "has to have either `days` or `to`")
        return self


class FaultOrder(Input):
    """The faults that are to hold; what is left out stays as it is."""

    delay_seconds: Annotated[float, Field(ge=0, le=LONGEST_DELAY)] | None = None
    unavailable: Annotated[int, Field(ge=0, le=MOST_REQUESTS)] | None = None
    duplicates: Annotated[int, Field(ge=0, le=MOST_REQUESTS)] | None = None
    webhook_delay_seconds: Annotated[float, Field(ge=0, le=LONGEST_DELAY)] | None = None
    webhook_unavailable: Annotated[int, Field(ge=0, le=MOST_REQUESTS)] | None = None
    webhook_duplicates: Annotated[int, Field(ge=0, le=MOST_REQUESTS)] | None = None


class YouthQuery(Input):
    """The number of the invented youth that messages are about."""

    youth: Annotated[int, Field(ge=1, le=LAST_NUMBER)] = 1


class YouthsQuery(Input):
    """Which invented youths: so many, from this number on."""

    first: Annotated[int, Field(ge=1, le=LAST_NUMBER)] = 1
    count: Annotated[int, Field(ge=1, le=100)] = 10


class AnswerQuery(Input):
    """The event that comes next in an exercise, and its day."""

    type: EventType
    on: CivilDay


class FaultsOut(Output):
    """The faults that are left."""

    delay_seconds: float
    unavailable: int
    duplicates: int
    webhook_delay_seconds: float
    webhook_unavailable: int
    webhook_duplicates: int


class SandboxOut(Output):
    """The instant it is, the day of the last start or reset, and the faults. `nights`: those that a move has run."""

    now: datetime
    start: date
    faults: FaultsOut
    nights: int | None = None


class YouthOut(Output):
    """An invented youth, as a decision names them, and a police case number of their own."""

    number: int
    person: dict[str, Any]
    police_case_number: str


class YouthList(Output):
    """Invented youths."""

    items: list[YouthOut]


class MessageOut(Output):
    """A message that can be sent: its name, the address, and the body."""

    name: str
    path: str
    body: dict[str, Any]


class MessageList(Output):
    """The messages, in the order in which they belong."""

    items: list[MessageOut]


class TokensOut(Output):
    """A token for each role, and until when they are valid."""

    tokens: dict[str, str]
    valid_until: datetime


class ExerciseOut(Output):
    """A worked history as an exercise. `steps`: the numbers of the steps that are asked for."""

    name: str
    title: str
    steps: list[int]


class ExerciseList(Output):
    """The exercises."""

    items: list[ExerciseOut]


class NamedEventOut(Output):
    """An event type with its label."""

    event: EventType
    label: str


class PastEventOut(NamedEventOut):
    """An event of the history, and the day on which it happened."""

    occurred_on: date


class SituationOut(Output):
    """Where a history stands before a step, and the events to choose from. `today`: the day of the step."""

    name: str
    title: str
    step: int
    steps: list[int]
    today: date
    sanction: Sanction
    born: date
    guardians: int
    state: State
    events: list[PastEventOut]
    deadlines: list[DeadlineOut]
    choices: list[NamedEventOut]


class FeedbackOut(Output):
    """The decision of the rules on an answer: whether it is allowed, the law, and each condition that is not met.

    `as_in_history`: it is `happened`. `next_step`: the number of the next step; null after the last one.
    """

    allowed: bool
    law: str
    unmet: list[UnmetOut]
    as_in_history: bool
    happened: PastEventOut
    next_step: int | None
