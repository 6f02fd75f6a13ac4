"""The shapes of questions of identity: what was given, who is stored, and how the two compare."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from ungdom.api.http.inputs import Input
from ungdom.api.http.pagination import PageQuery
from ungdom.api.http.schemas import Output
from ungdom.api.persons.schemas import PersonOut
from ungdom.message.text import LineText
from ungdom.store.schema.identity import QuestionStatus, Resemblance


class Comparison(StrEnum):
    """How one particular compares between what was given and what is stored."""

    EQUAL = "equal"
    DIFFERENT = "different"
    MISSING = "missing"


class ComparedOut(Output):
    """Each particular that identity is decided on. The identity number itself is never shown."""

    national_id: Comparison
    born: Comparison
    family_name: Comparison
    given_name: Comparison


class GivenPersonOut(Output):
    """The person as given when the case was opened, or null where that has been erased."""

    given_name: str | None
    family_name: str | None
    born: date
    guardians: int
    protection: str


class IdentityQuestionOut(Output):
    """Whether the person given when a case was opened is the person stored before.

    `case_id`: the case that was opened; null for those who may not see it. `known`: the person stored before, without
    how they are reached. `reason`: why it was answered so.
    """

    id: UUID
    status: QuestionStatus
    resemblance: Resemblance
    raised_at: datetime
    case_id: UUID | None
    given: GivenPersonOut
    known: PersonOut
    compared: ComparedOut
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None


class IdentityQuestionList(Output):
    """A page of questions of identity, the newest first."""

    items: list[IdentityQuestionOut]
    next: str | None


class IdentityQuestionQuery(PageQuery):
    """Which questions. `status`: open, confirmed or rejected; all of them when left out."""

    status: QuestionStatus | None = None


class RejectionIn(Input):
    """Why the two are not one person."""

    reason: LineText
