"""Schemas of the catalogue of measures."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator

from ungdom.api.http.inputs import DEFAULT_LIMIT, CivilDay, Input, Limit, listed
from ungdom.api.http.schemas import Output
from ungdom.message.text import CodeText, CursorText, LineText
from ungdom.workflow import patterns
from ungdom.workflow.measure_list import AGENCY, KIND, Availability

Code = Annotated[CodeText, listed(KIND), Field(json_schema_extra={"enum": list(KIND)})]
"""A measure of the lists of krl § 25."""

Agency = Annotated[CodeText, listed(AGENCY), Field(json_schema_extra={"enum": list(AGENCY)})]
"""An agency of the reference data."""

Town = Annotated[str, Field(pattern=patterns.MUNICIPALITY)]

Count = Annotated[int, Field(ge=0, le=10_000)]


class ProviderIn(Input):
    """A provider to enter: of a municipality, or without one of the whole konfliktråd of the caller."""

    name: LineText
    municipality: Town | None = None
    agency: Agency
    measures: Annotated[list[Code], Field(min_length=1, max_length=len(KIND))]
    valid_from: CivilDay
    valid_until: CivilDay | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "ProviderIn":
        if self.valid_until is not None and self.valid_until < self.valid_from:
            raise ValueError("valid_until lies before valid_from")
        return self


class RoomIn(Input):
    """Whether there is room for one measure, as it was on that day. `waiting_days`: as the provider expects it."""

    code: Code
    as_of: CivilDay
    status: Availability
    places: Count | None = None
    waiting_days: Count | None = None


class RoomOut(Output):
    """What was known last of the room for one measure by the day asked; all null where nothing was."""

    code: str
    label: str
    status: Availability | None
    status_label: str | None
    places: int | None
    waiting_days: int | None
    as_of: date | None
    recorded_at: datetime | None


class ProviderOut(Output):
    """A provider. `id`: how a plan names it. `municipality`: null where it serves the whole konfliktråd."""

    id: UUID
    name: str
    konfliktrad: str
    municipality: str | None
    agency: str
    valid_from: date
    valid_until: date | None
    measures: list[RoomOut]


class CatalogueOut(Output):
    """A page of the catalogue as it was on a day."""

    on: date
    items: list[ProviderOut]
    next: str | None


class ProviderQuery(Input):
    """`on`: the room as it was known of that day; without it, today."""

    on: CivilDay | None = None


class CatalogueQuery(Input):
    """Which part of it. `on`: as it was known of that day; without it, today."""

    konfliktrad: CodeText | None = None
    municipality: Town | None = None
    code: Code | None = None
    on: CivilDay | None = None
    limit: Limit = DEFAULT_LIMIT
    cursor: CursorText | None = None
