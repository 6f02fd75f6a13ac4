"""Schemas of person records: reading, correcting, searching, and who has read them."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from ungdom.api.http.inputs import CivilDay, Input, Limit, in_order
from ungdom.api.http.schemas import CaseInTheWay, Output
from ungdom.api.persons.schemas import ReachOut
from ungdom.message.text import CodeText, LineText, SearchText
from ungdom.store.personalia import ContactDetails, GuardianKind, PersonGuardian
from ungdom.store.schema.access import AccessKind
from ungdom.store.schema.persons import PersonChangeKind
from ungdom.workflow import patterns
from ungdom.workflow.rules.access import AccessPurpose, SearchReason
from ungdom.workflow.vocabulary import Protection, Role

IdentityNumber = Annotated[str, Field(pattern=patterns.IDENTITY_NUMBER)]


class PersonContactIn(Input):
    """How somebody is reached. All of it is replaced."""

    telephone: LineText | None = None
    email: LineText | None = None
    address: LineText | None = None
    language: CodeText | None = None

    @property
    def as_contact(self) -> ContactDetails:
        """As it is stored."""
        return ContactDetails(**dict(self))


class PersonGuardianIn(Input):
    """A guardian. `reference`: of one who is on record; null for a new one."""

    name: LineText
    reference: CodeText | None = None
    kind: GuardianKind = GuardianKind.GUARDIAN
    contact: PersonContactIn | None = None
    since: CivilDay | None = None
    until: CivilDay | None = None
    in_place_of: Annotated[list[CodeText], Field(max_length=8)] = Field(default=[])

    _ends_after_it_began = model_validator(mode="after")(in_order("since", "until"))

    @property
    def as_guardian(self) -> PersonGuardian:
        """As it is stored, without a reference if it is new."""
        return PersonGuardian(
            reference=self.reference or "",
            name=self.name,
            contact=self.contact.as_contact if self.contact else ContactDetails(),
            kind=self.kind,
            since=self.since,
            until=self.until,
            in_place_of=tuple(self.in_place_of),
        )


class PersonPatchIn(Input):
    """What is corrected, and why. A field that is left out stays; null removes what is stored.

    `born` and `protection` cannot be removed: null leaves them as they are. `guardians`: all of them.
    `number_was_wrong`: the former identity number was never the person's, and is not kept as a former number.
    """

    reason: LineText
    given_name: LineText | None = None
    family_name: LineText | None = None
    born: CivilDay | None = None
    national_id: IdentityNumber | None = None
    number_was_wrong: bool = False
    sex: Literal["female", "male", "unknown"] | None = None
    municipality: Annotated[str, Field(pattern=patterns.MUNICIPALITY)] | None = None
    contact: PersonContactIn | None = None
    interpreter: CodeText | None = None
    guardians: Annotated[list[PersonGuardianIn], Field(max_length=12)] | None = None
    protection: Protection | None = None


class FormerNumberOut(Output):
    """An identity number that the person had before. `number`: null for those who may not know it."""

    number: str | None
    d_number: bool
    until: date


class PersonCaseOut(Output):
    """A case of the person that the caller may see."""

    id: UUID
    reference: str


class PersonFactsOut(Output):
    """A person record as it was before a change. `national_id`, `reach`: null for those who may not know them."""

    given_name: str | None
    family_name: str | None
    born: date
    guardians: int
    protection: Protection
    sex: str | None
    national_id: str | None
    interpreter: str | None
    died_on: date | None
    reach: ReachOut | None


class PersonChangeOut(Output):
    """One change of the record. `changed_by`, `konfliktrad`: null when somebody of another office made it.

    Where the address is protected, an office and a `reason` are shown only to those who may know the address. `before`:
    the record before the change; null when a case or a message raised the protection, and after erasure.
    """

    kind: PersonChangeKind
    fields: list[str]
    changed_at: datetime
    changed_by: str | None
    role: Role | None
    konfliktrad: str | None
    reason: str | None
    before: PersonFactsOut | None


class PersonRecordOut(Output):
    """A person record. `national_id`, `reach`: null for those who may not know how the youth is reached.

    `revision`: raised by every change, and the ETag. `d_number`: null without a number. `guardians`: how many are in
    office today. `review_protection`: the level was taken over by a merge that has been undone, and is to be reviewed.
    `erased_at`: when everything that said who it is was erased; null otherwise.
    """

    id: UUID
    revision: int
    given_name: str | None
    family_name: str | None
    born: date
    died_on: date | None
    sex: str | None
    national_id: str | None
    d_number: bool | None
    flags: list[str]
    former_numbers: list[FormerNumberOut]
    interpreter: str | None
    guardians: int
    protection: Protection
    review_protection: bool
    reach: ReachOut | None
    erased_at: datetime | None
    cases: list[PersonCaseOut]
    history: list[PersonChangeOut]


class CaseChangeOut(Output):
    """A date or code of the case that follows from the correction, before and after it."""

    field: str
    before: str | None
    after: str | None


class CorrectedCaseOut(Output):
    """A case of the person that is computed anew."""

    case_id: UUID
    reference: str
    changes: list[CaseChangeOut]


class PersonCorrectionOut(Output):
    """A correction, made or tried. `in_the_way`: the events that would not be legal; then it cannot be made.

    `elsewhere`: a case that the caller may not see is in the way as well.
    """

    dry_run: bool
    fields: list[str]
    person: PersonRecordOut
    cases: list[CorrectedCaseOut]
    in_the_way: list[CaseInTheWay]
    elsewhere: bool


class PersonSearchIn(Input):
    """What is searched by: at least one of name, birth date and identity number; all that are given have to hold.

    `reason`: why; it stands in the access log beside the names of the fields.
    """

    name: SearchText | None = None
    born: CivilDay | None = None
    national_id: IdentityNumber | None = None
    reason: SearchReason | None = None
    limit: Limit = 20

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if self.name is None and self.born is None and self.national_id is None:
            raise PydanticCustomError("search_without_criteria", "names nothing to search by")
        return self


class PersonHitOut(Output):
    """A person found, and their cases that the caller may see. `erased`: the personal data has been erased."""

    id: UUID
    given_name: str | None
    family_name: str | None
    born: date
    protection: Protection
    erased: bool
    cases: list[PersonCaseOut]


class ProtectionReviewList(Output):
    """A page of persons whose protection level is to be reviewed, the newest records first."""

    items: list[PersonHitOut]
    next: str | None


class PersonHitList(Output):
    """The persons found, the newest first. `more`: there are others; search more narrowly."""

    items: list[PersonHitOut]
    more: bool


class PersonAccessOut(Output):
    """Who was given data of the person, by which route and why. `criteria`: of a search, the fields and the reason.

    `konfliktrad`: null for national roles, and where the address is protected for those who may not know it.
    """

    id: UUID
    at: datetime
    kind: AccessKind
    subject: str
    role: Role
    konfliktrad: str | None
    route: str
    purpose: AccessPurpose
    criteria: list[str]


class PersonAccessList(Output):
    """A page of the log of access to a person, the newest first."""

    items: list[PersonAccessOut]
    next: str | None
