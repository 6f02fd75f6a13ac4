"""Schemas of the access log."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator

from ungdom.api.http.inputs import CivilDay, Input, in_order
from ungdom.api.http.pagination import PageQuery
from ungdom.api.http.schemas import Output
from ungdom.message.text import CodeText, HeaderText, ReferenceText
from ungdom.store.schema.access import AccessKind
from ungdom.workflow.rules.access import AccessPurpose, WithholdingCode
from ungdom.workflow.rules.sharing import Matter
from ungdom.workflow.vocabulary import Role


class CaseAccessQuery(PageQuery):
    """Which accesses: `from` and `to` are days in Norway, both included."""

    since: Annotated[CivilDay | None, Field(alias="from")] = None
    until: Annotated[CivilDay | None, Field(alias="to")] = None

    _ends_after_it_began = model_validator(mode="after")(in_order("since", "until"))


class AccessQuery(CaseAccessQuery):
    """Which accesses: those that meet everything that is given."""

    case: UUID | None = None
    person: UUID | None = None
    subject: ReferenceText | None = None
    konfliktrad: CodeText | None = None
    route: HeaderText | None = None


class PlainQuery(Input):
    """Which days: both included; the year until today when none is given."""

    since: Annotated[CivilDay | None, Field(alias="from")] = None
    until: Annotated[CivilDay | None, Field(alias="to")] = None

    _ends_after_it_began = model_validator(mode="after")(in_order("since", "until"))


class AccessSubjectOut(Output):
    """Whose data were in the answer. `message`: a message about somebody who has no case yet."""

    case: UUID | None
    person: UUID | None
    message: UUID | None


class AccessOut(Output):
    """One answer that contained persons' data: who was given it, when, by which route, why, and of what kind it was.

    `konfliktrad` is null for national roles, and where it would say where somebody with a protected address belongs.
    """

    id: UUID
    at: datetime
    kind: AccessKind
    subject: str
    role: Role
    konfliktrad: str | None
    system: str | None
    organisation: str | None
    route: str
    matters: list[Matter]
    purpose: AccessPurpose
    criteria: list[str]
    hits: int | None
    broken_off: bool
    subjects: list[AccessSubjectOut]


class AccessList(Output):
    """A page of the access log, the newest first."""

    items: list[AccessOut]
    next: str | None


class WithheldOut(Output):
    """Why an access is held back from the young person, and the day by which somebody decides again."""

    code: WithholdingCode
    label: str
    review_on: date


class PlainAccessOut(Output):
    """Accesses of one role at one office for one purpose on one day, in plain language. Never a name of staff.

    Of what is held back there is only `withheld` and the text.
    """

    day: date | None
    role: Role | None
    role_label: str | None
    office: str | None
    purpose: AccessPurpose | None
    purpose_label: str | None
    times: int
    withheld: WithheldOut | None
    text: str


class PlainAccessList(Output):
    """Who has seen what is written about the young person, the newest day first."""

    since: date
    until: date
    items: list[PlainAccessOut]


class WithholdIn(Input):
    """Hold an access back from the young person until somebody decides again."""

    code: WithholdingCode
    review_on: CivilDay


class WithholdingOut(Output):
    """An access that is held back from the young person."""

    case: UUID
    reference: str
    access: UUID
    code: WithholdingCode
    label: str
    review_on: date
    due: bool
    decided_at: datetime
    decided_by: str


class WithholdingList(Output):
    """What is held back in the cases of the office, by the day of review."""

    items: list[WithholdingOut]


class WithholdingQuery(Input):
    """`due`: only what somebody has to decide again by today."""

    due: bool = False
