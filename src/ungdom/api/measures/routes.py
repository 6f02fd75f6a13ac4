"""The catalogue of measures: who offers what where, and whether there is room. No person stands in it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from ungdom import cases
from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.context import ReadContext, RequestContext, WriteContext
from ungdom.api.http.offices import check_known
from ungdom.api.http.pagination import read_cursor, write_cursor
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.tokens import WRITE
from ungdom.api.measures.present import provider_out, room_out
from ungdom.api.measures.schemas import (
    CatalogueOut,
    CatalogueQuery,
    ProviderIn,
    ProviderOut,
    ProviderQuery,
    RoomIn,
    RoomOut,
)
from ungdom.store import catalogue, reference
from ungdom.store.catalogue import CatalogueEntry, CatalogueFilter, MeasureAvailability, Provider
from ungdom.store.ids import uuid7
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import OtherOffice, may_edit_catalogue, may_read_catalogue

router = APIRouter(tags=["measures"])


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

    def operation(tx: Connection) -> ApiResponse:
        entry = catalogue.entry(tx, provider_id, query.on or context.today)
        if entry is None:
            raise cases.NotVisible
        return json_response(provider_out(entry, context.language))

    return context.read(operation, may=may_read_catalogue)


@router.post(
    "/v1/measures/providers/{provider_id}/availability",
    status_code=201,
    response_model=RoomOut,
    summary="Record the capacity of a provider",
)
@guarded(requires(WRITE, may_edit_catalogue))
def add_provider_availability(
    context: WriteContext, provider_id: UUID, body: RoomIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """Added to what was known before, which stays. By coordinators and leaders of the konfliktråd of the provider."""
    return context.write(lambda tx: _add_availability(tx, context, provider_id, body))


def _page_of_catalogue(tx: Connection, context: RequestContext, query: CatalogueQuery) -> ApiResponse:
    on = query.on or context.today
    if query.konfliktrad:
        check_known(query.konfliktrad, sorted(reference.konfliktrad_codes(tx)), "query", "konfliktrad")
    if query.municipality:
        check_known(query.municipality, reference.municipalities(tx), "query", "municipality")
    list_key = f"catalogue {on} " + query.model_dump_json(exclude={"cursor", "limit", "on"})
    place = read_cursor(context, list_key, query)
    catalogue_query = CatalogueFilter(
        on=on, konfliktrad=query.konfliktrad, municipality=query.municipality, code=query.code
    )
    entries = catalogue.page(tx, catalogue_query, UUID(place) if place else None, query.limit + 1)
    page = entries[: query.limit]
    last = page[-1].provider.provider_id if len(entries) > query.limit else None
    following = write_cursor(context, list_key, str(last) if last else None)
    return json_response(
        CatalogueOut(on=on, items=[provider_out(entry, context.language) for entry in page], next=following)
    )


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
    return json_response(provider_out(CatalogueEntry(new, offers, {}), context.language), 201, Location=where)


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
    return json_response(room_out(body.code, new, context.language), 201)
