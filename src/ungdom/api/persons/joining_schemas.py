"""Schemas of proposals to merge, split or erase persons."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from ungdom.api.http.inputs import Input
from ungdom.api.http.pagination import PageQuery
from ungdom.api.http.schemas import Output
from ungdom.api.persons.record_schemas import PersonHitOut
from ungdom.message.text import LineText
from ungdom.store.schema.persons import ProposalKind, ProposalStatus
from ungdom.workflow.vocabulary import Role


class MergeIn(Input):
    """Why the two are one person. `other`: id of the other person."""

    other: UUID
    reason: LineText


class SplitIn(Input):
    """Why it is two persons. `cases`: those of the other person; or `merge`: the proposal of the merge to undo."""

    reason: LineText
    cases: Annotated[list[UUID], Field(max_length=200)] = Field(default=[])
    merge: UUID | None = None

    @model_validator(mode="after")
    def _names_one_of_the_two(self) -> Self:
        if bool(self.cases) == (self.merge is not None):
            raise PydanticCustomError("cases_or_merge", "names both or neither")
        return self


class ErasureIn(Input):
    """Why the person is erased. The reason is erased with the person."""

    reason: LineText


class PersonProposalOut(Output):
    """A proposal to merge, split or erase. `reason`: null once the person is erased.

    `person`, `other`: null for those who may not know them, and before there is one.

    `cases`: those that a split moves, as far as the caller may see them.
    """

    id: UUID
    kind: ProposalKind
    status: ProposalStatus
    reason: str | None
    person: PersonHitOut | None
    other: PersonHitOut | None
    cases: list[UUID]
    proposed_at: datetime
    proposed_by: str
    proposed_role: Role
    decided_at: datetime | None
    decided_by: str | None
    decided_role: Role | None


class PersonProposalList(Output):
    """A page of proposals, the newest first."""

    items: list[PersonProposalOut]
    next: str | None


class PersonProposalQuery(PageQuery):
    """Which proposals. `status`: proposed, approved or rejected; all of them when left out."""

    status: ProposalStatus | None = None
