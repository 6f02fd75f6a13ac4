"""The catalogue of measures: who offers what where, and whether there is room. No person stands in it."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from ungdom import cases, texts
from ungdom.api.cases.routes import json_response
from ungdom.api.cases.schemas import Output
from ungdom.api.http import cursors
from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.context import ApiResponse, ReadContext, RequestContext, WriteContext
from ungdom.api.http.inputs import DEFAULT_LIMIT, CivilDay, Input, Limit
from ungdom.api.http.offices import check_known
from ungdom.api.http.tokens import WRITE
from ungdom.message.text import CodeText, CursorText, LineText
from ungdom.store import catalogue, reference
from ungdom.store.catalogue import CatalogueEntry, CatalogueFilter, MeasureAvailability, Provider
from ungdom.store.ids import uuid7
from ungdom.store.session import Connection
from ungdom.workflow import patterns
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.measure_list import AGENCY, KIND, Availability
from ungdom.workflow.rules.permissions import OtherOffice, may_edit_catalogue, may_read_catalogue

router = APIRouter(tags=["measures"])


def _check_measure(value: str) -> str:
    return _check_listed(value, KIND)


def _check_agency(value: str) -> str:
    return _check_listed(value, AGENCY)


def _check_listed(value: str, known: Collection[str]) -> str:
    if value not in known:
        raise PydanticCustomError("enum", "is not on the list", {"allowed": list(known)})
    return value


Code = Annotated[CodeText, AfterValidator(_check_measure), Field(json_schema_extra={"enum": list(KIND)})]
"""A measure of the lists of krl § 25."""
Agency = Annotated[CodeText, AfterValidator(_check_agency), Field(json_schema_extra={"enum": list(AGENCY)})]
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


@router.get("/v1/measures/catalogue", response_model=CatalogueOut, summary="Who offers which measures, and the room")
def list_measure_catalogue(context: ReadContext, query: Annotated[CatalogueQuery, Query()]) -> Response:
    """Providers with the measures they carry out and the room they had on a day; of a municipality or konfliktråd."""
    return context.read(lambda tx: _page_of_catalogue(tx, context, query), may=may_read_catalogue)


@router.post("/v1/measures/providers", status_code=201, response_model=ProviderOut, summary="Enter a provider")
@guarded(requires(WRITE, may_edit_catalogue))
def add_measure_provider(context: WriteContext, body: ProviderIn, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """By coordinators and leaders, in the municipalities of their own konfliktråd."""
    return context.write(lambda tx: _add_provider(tx, context, body))


@router.get("/v1/measures/providers/{provider_id}", response_model=ProviderOut, summary="Read a provider")
def get_measure_provider(context: ReadContext, provider_id: UUID, query: Annotated[ProviderQuery, Query()]) -> Response:
    """One provider with its measures and the room it had on a day, also when it offers nothing any more."""
    return context.read(lambda tx: _provider_detail(tx, context, provider_id, query.on), may=may_read_catalogue)


@router.post(
    "/v1/measures/providers/{provider_id}/availability",
    status_code=201,
    response_model=RoomOut,
    summary="Say whether there is room",
)
@guarded(requires(WRITE, may_edit_catalogue))
def add_provider_availability(
    context: WriteContext, provider_id: UUID, body: RoomIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """Added to what was known before, which stays. By coordinators and leaders of the konfliktråd of the provider."""
    return context.write(lambda tx: _add_availability(tx, context, provider_id, body))


def _page_of_catalogue(tx: Connection, context: RequestContext, query: CatalogueQuery) -> ApiResponse:
    on = query.on or oslo_date(context.now)
    if query.konfliktrad:
        check_known(query.konfliktrad, sorted(reference.konfliktrad_codes(tx)), "query", "konfliktrad")
    if query.municipality:
        check_known(query.municipality, reference.municipalities(tx), "query", "municipality")
    list_key = f"catalogue {on} " + query.model_dump_json(exclude={"cursor", "limit", "on"})
    after = UUID(cursors.read(context.cursor_key, list_key, query.cursor)) if query.cursor else None
    catalogue_query = CatalogueFilter(
        on=on, konfliktrad=query.konfliktrad, municipality=query.municipality, code=query.code
    )
    entries = catalogue.page(tx, catalogue_query, after, query.limit + 1)
    page = entries[: query.limit]
    last = page[-1].provider.provider_id if len(entries) > query.limit else None
    following = cursors.write(context.cursor_key, list_key, str(last)) if last else None
    return json_response(
        CatalogueOut(on=on, items=[_provider_out(entry, context.language) for entry in page], next=following)
    )


def _provider_detail(tx: Connection, context: RequestContext, provider_id: UUID, on: date | None) -> ApiResponse:
    entry = catalogue.entry(tx, provider_id, on or oslo_date(context.now))
    if entry is None:
        raise cases.NotVisible
    return json_response(_provider_out(entry, context.language))


def _add_provider(tx: Connection, context: RequestContext, body: ProviderIn) -> ApiResponse:
    new = Provider(
        provider_id=uuid7(context.now),
        name=body.name,
        konfliktrad=_provider_office(tx, context, body.municipality),
        municipality=body.municipality,
        agency=body.agency,
        valid_from=body.valid_from,
        valid_until=body.valid_until,
        written_by=context.recorder.viewer.subject,
        created_at=context.now,
    )
    offers = tuple(dict.fromkeys(body.measures))
    catalogue.add(tx, new, offers)
    where = f"/v1/measures/providers/{new.provider_id}"
    return json_response(_provider_out(CatalogueEntry(new, offers, {}), context.language), 201, Location=where)


def _provider_office(tx: Connection, context: RequestContext, municipality: str | None) -> str:
    """The konfliktråd of the provider, which must be the caller's own. Raises `OtherOffice`."""
    own = context.recorder.viewer.konfliktrad or ""
    office = reference.konfliktrad_of(tx, municipality) if municipality else own
    if office is None:
        check_known(municipality, reference.municipalities(tx), "body", "municipality")
    if office != own:
        raise OtherOffice(context.recorder.viewer.konfliktrad, municipality, office or "")
    return office


def _add_availability(tx: Connection, context: RequestContext, provider_id: UUID, body: RoomIn) -> ApiResponse:
    match = catalogue.find(tx, provider_id)
    if match is None:
        raise cases.NotVisible
    provider, offers = match
    if provider.konfliktrad != context.recorder.viewer.konfliktrad:
        raise OtherOffice(context.recorder.viewer.konfliktrad)
    check_known(body.code, list(offers), "body", "code")
    new = MeasureAvailability(
        availability_id=uuid7(context.now),
        provider_id=provider_id,
        written_by=context.recorder.viewer.subject,
        recorded_at=context.now,
        **body.model_dump(),
    )
    catalogue.add_availability(tx, new)
    return json_response(_room_out(body.code, new, context.language), 201)


def _provider_out(entry: CatalogueEntry, language: texts.Language) -> ProviderOut:
    provider = entry.provider
    return ProviderOut(
        id=provider.provider_id,
        name=provider.name,
        konfliktrad=provider.konfliktrad,
        municipality=provider.municipality,
        agency=provider.agency,
        valid_from=provider.valid_from,
        valid_until=provider.valid_until,
        measures=[_room_out(code, entry.availability.get(code), language) for code in entry.offers],
    )


def _room_out(code: str, room: MeasureAvailability | None, language: texts.Language) -> RoomOut:
    return RoomOut(
        code=code,
        label=texts.text(language, "measure", code),
        status=room.status if room else None,
        status_label=texts.label(language, room.status) if room else None,
        places=room.places if room else None,
        waiting_days=room.waiting_days if room else None,
        as_of=room.as_of if room else None,
        recorded_at=room.recorded_at if room else None,
    )
