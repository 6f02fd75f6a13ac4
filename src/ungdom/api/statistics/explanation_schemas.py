"""Schemas of the explanation of a number."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from ungdom.analytics.queries.statistics import CubeQuery
from ungdom.api.http import inputs as i
from ungdom.api.http.schemas import AsOfOut, Output
from ungdom.api.http.time_travel import instant
from ungdom.api.indicators.schemas import PeriodQuery
from ungdom.api.statistics.schemas import COMPLETION_CODES, PARTS, FigureDefinitionOut
from ungdom.message.text import CodeText, ReferenceText
from ungdom.workflow.vocabulary import OffenceGroup, Sanction

EXPLAINED = (*PARTS, *COMPLETION_CODES)
"""The figures that can be explained."""


class ExplanationQuery(i.AsOf, PeriodQuery):
    """One figure of cases with these values."""

    statistic: Annotated[ReferenceText, i.listed(EXPLAINED), Field(json_schema_extra={"enum": [*EXPLAINED]})] = (
        "completion.started"
    )
    konfliktrad: CodeText | None = None
    sanction: Sanction | None = None
    offence_group: OffenceGroup | Literal["unknown"] | None = None
    age: Literal["15", "16", "17", "18+"] | None = None

    def question(self, own: str | None) -> CubeQuery:
        """The query on the analytics layer. `own`: the konfliktråd to which it is restricted; None: unrestricted."""
        given: dict[str, str | None] = {"sanction": self.sanction, "offence_group": self.offence_group, "age": self.age}
        given |= {"konfliktrad": own or self.konfliktrad}
        where = {name: str(value) for name, value in given.items() if value is not None}
        return CubeQuery(
            (self.statistic,),
            self.since,
            self.until,
            where=where,
            valid_at=self.valid_at,
            known_at=instant(self.known_at),
        )


class ChangeReason(StrEnum):
    """Why a count differs from that of the release."""

    LATE_REGISTERED = "late_registered"
    CORRECTED = "corrected"
    NEW = "new"
    REDEFINED = "redefined"


class Redefinition(StrEnum):
    """Whether the definition has changed since the release. `COUNTED`: a part of the change says by how much.

    `IN_WHOLE`: the earlier version can no longer be computed; the released number is not comparable.
    """

    NONE = "none"
    COUNTED = "counted"
    IN_WHOLE = "in_whole"


class ChangePartOut(Output):
    """One part of the change. `joined` less `left` is `net`; the nets of all parts are the change."""

    reason: ChangeReason
    reason_label: str
    joined: int
    left: int
    net: int


class ExplainedCountOut(Output):
    """One ending. `now` is `then` and the nets of its parts."""

    ending: str
    label: str
    then: int | None
    now: int
    parts: list[ChangePartOut]


class RowsOut(Output):
    """Where the rows are, for those who may take them out: an extract, and which of its rows the number counts."""

    extract: str
    known_at: datetime
    valid_at: date
    condition: str


class ExplanationOut(Output):
    """What a number is made of. `release`: the one that `then` is of, as it was known then; null: there is none.

    `released_definition`: the version of the definition in the release. Where it is another and can still be computed,
    `then` is counted by it, and the part `redefined` is due to the change; where it cannot, `redefinition` is
    `in_whole`, and `then` is counted by the definition of today.
    """

    definition: FigureDefinitionOut
    since: Annotated[date, Field(serialization_alias="from")]
    until: Annotated[date, Field(serialization_alias="to")]
    where: dict[str, str]
    as_of: AsOfOut
    published: bool
    note: str
    rows: RowsOut
    release: UUID | None
    released_known_at: datetime | None
    released_definition: int | None
    redefinition: Redefinition
    unread: int
    items: list[ExplainedCountOut]
