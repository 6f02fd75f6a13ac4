"""Schemas of events of the population register."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from ungdom.api.http.inputs import CivilDay, Input
from ungdom.api.http.pagination import PageQuery
from ungdom.api.http.schemas import Output
from ungdom.api.persons.record_schemas import IdentityNumber, PersonHitOut
from ungdom.message.text import ForeignId, LineText
from ungdom.persons.register import PopulationKind, QuestionReason
from ungdom.store.personalia import GuardianKind
from ungdom.store.schema.persons import PopulationOutcome
from ungdom.workflow.vocabulary import Protection


class RegisteredPersonIn(Input):
    """Who the event is about, by the identity number before it. What else is given has to agree."""

    national_id: IdentityNumber
    born: CivilDay | None = None
    given_name: LineText | None = None
    family_name: LineText | None = None


class RegisteredNameIn(Input):
    """The names from the day of the event on. Both have to be named; null: there is none."""

    given_name: LineText | None
    family_name: LineText | None


class RegisteredGuardianIn(Input):
    """A guardian from the day of the event on. `contact`, `kind`: null as known, or `guardian` for a new one."""

    name: LineText
    contact: LineText | None = None
    kind: GuardianKind | None = None


class PopulationEventIn(Input):
    """One event. `event_id`: the register's own id, by which a repeat is recognised. A death needs no other field.

    Each other kind needs the field of its name: `protection`, `guardians` (all of them), `name`, or `national_id` for
    the kind `number`: the new one.
    """

    event_id: ForeignId
    kind: PopulationKind
    occurred_on: CivilDay
    person: RegisteredPersonIn
    protection: Protection | None = None
    guardians: Annotated[list[RegisteredGuardianIn], Field(max_length=12)] | None = None
    name: RegisteredNameIn | None = None
    national_id: IdentityNumber | None = None

    @model_validator(mode="after")
    def _has_the_field_of_its_kind(self) -> Self:
        wanted = _FIELD.get(self.kind)
        given = {name for name in _FIELD.values() if getattr(self, name) is not None}
        if given != ({wanted} if wanted else set()):
            raise PydanticCustomError("field_of_kind", "has not the field of its kind")
        return self

    @property
    def content(self) -> dict[str, Any]:
        """What is stored, as plain JSON values."""
        return self.model_dump(mode="json", exclude={"event_id"}, exclude_none=True) | (
            {"name": self.name.model_dump(mode="json")} if self.name else {}
        )


_FIELD = {
    PopulationKind.PROTECTION: "protection",
    PopulationKind.GUARDIANS: "guardians",
    PopulationKind.NAME: "name",
    PopulationKind.NUMBER: "national_id",
}
"""The field that each kind needs."""


class PopulationReceipt(Output):
    """The event is stored. The receipt is the same whoever it is about: it does not say whether anybody is known."""

    id: UUID
    event_id: str
    received_at: datetime


class PopulationEventOut(Output):
    """An event about a person whom the caller may know. `reason`: why a person decides; null where none has to.

    `person`: null while it may be of several. `name`, `protection`, `guardian_names`: what the register says; null for
    other kinds, and `guardian_names` for those who may not know how the youth is reached.
    """

    id: UUID
    source: str
    kind: PopulationKind
    occurred_on: date
    received_at: datetime
    outcome: PopulationOutcome
    reason: QuestionReason | None
    message: str | None
    person: PersonHitOut | None
    name: str | None
    protection: Protection | None
    guardian_names: list[str] | None
    dismissed_because: str | None
    decided_at: datetime | None
    decided_by: str | None
    lapsed: list[UUID]


class PopulationEventList(Output):
    """A page of events of the register, the newest first."""

    items: list[PopulationEventOut]
    next: str | None


class PopulationEventQuery(PageQuery):
    """Which events. `outcome`: applied, question or dismissed; all of them when left out."""

    outcome: PopulationOutcome | None = None


class PopulationDecisionIn(Input):
    """That the event is applied. `person`: to whom, where it may be of several."""

    person: UUID | None = None


class PopulationDismissalIn(Input):
    """Why the event is not applied."""

    reason: LineText
