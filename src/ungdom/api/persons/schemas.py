"""Schemas of persons and of questions of identity."""

from datetime import date, datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import BaseModel

from ungdom.api.http.inputs import Input
from ungdom.api.http.pagination import PageQuery
from ungdom.api.http.schemas import Output
from ungdom.message.text import LineText
from ungdom.store.personalia import ContactDetails, GuardianKind, Personalia
from ungdom.store.schema.identity import QuestionStatus, Resemblance


class PersonContactOut(BaseModel):
    """How somebody is reached."""

    telephone: str | None
    email: str | None
    address: str | None
    language: str | None

    @classmethod
    def of(cls, known: ContactDetails) -> Self:
        """As it is kept."""
        return cls(telephone=known.telephone, email=known.email, address=known.address, language=known.language)


class GuardianOut(BaseModel):
    """A guardian (verge). `reference`: the word by which consents tell guardians apart.

    `since`, `until`: first and last day in office; null: from birth, until further notice. `in_place_of`: the
    references of those whom a temporary guardian replaces; empty for all of them.
    """

    reference: str
    name: str
    contact: PersonContactOut
    kind: GuardianKind
    since: date | None
    until: date | None
    in_place_of: list[str]


class ReachOut(BaseModel):
    """Where the youth lives, and how youth and guardians are reached."""

    municipality: str | None
    contact: PersonContactOut
    guardians: list[GuardianOut]

    @classmethod
    def of(cls, known: Personalia) -> Self:
        """As it is kept."""
        named = [
            GuardianOut(
                reference=guardian.reference,
                name=guardian.name,
                contact=PersonContactOut.of(guardian.contact),
                kind=guardian.kind,
                since=guardian.since,
                until=guardian.until,
                in_place_of=list(guardian.in_place_of),
            )
            for guardian in known.guardians
        ]
        return cls(municipality=known.municipality, contact=PersonContactOut.of(known.contact), guardians=named)


class PersonOut(BaseModel):
    """The youth, for those who may know. `flags`: what is unusual about the identity number, if one is known.

    Whoever may learn the name and the year of birth alone gets null for what else says who it is. `reach`: null for
    those who may not know it, and once the person is erased. Guardians are graded with the child. `erased`: the names
    and everything else that was stored of the person have been erased; the names are empty.
    """

    id: UUID | None
    given_name: str
    family_name: str
    birth_year: int
    born: date | None
    guardians: int | None
    protection: str | None
    flags: list[str]
    reach: ReachOut | None
    erased: bool


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
