"""Events of the population register: received from a system, and decided by people where they are a question."""

from dataclasses import replace
from functools import partial
from operator import attrgetter
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.exceptions import RequestValidationError

from ungdom import cases, texts
from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, requires, sends_decisions
from ungdom.api.http.context import ReadContext, RequestContext, WriteContext
from ungdom.api.http.pagination import list_response
from ungdom.api.http.present import from_source
from ungdom.api.http.responses import AccessNote, ApiResponse, json_response
from ungdom.api.http.tokens import READ, WRITE
from ungdom.api.persons.population_schemas import (
    PopulationDecisionIn,
    PopulationDismissalIn,
    PopulationEventIn,
    PopulationEventList,
    PopulationEventOut,
    PopulationEventQuery,
    PopulationReceipt,
)
from ungdom.api.persons.record_present import person_hit_out
from ungdom.persons import register
from ungdom.persons.register import AppliedEvent, QuestionReason, RegisterMessage
from ungdom.persons.sight import PersonSight, sight_of
from ungdom.store import people, population_events
from ungdom.store.schema.access import AccessKind
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import Disclosure, may_read_persons

router = APIRouter(tags=["people"])


@router.post(
    "/v1/population-events",
    status_code=202,
    response_model=PopulationReceipt,
    summary="Send an event of the population register",
)
@guarded(sends_decisions)
def send_population_event(
    context: WriteContext, body: PopulationEventIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """Death, protection of the address, guardians, name or number. A repeat gets the same receipt."""
    if body.occurred_on > context.today:
        raise RequestValidationError([{"loc": ("body", "occurred_on"), "type": "day_in_future"}])
    message = RegisterMessage(
        source=context.sender.source,
        register_id=body.event_id,
        kind=body.kind,
        occurred_on=body.occurred_on,
        content=body.content,
    )

    def operation(tx: Connection) -> ApiResponse:
        event = register.receive(tx, context.intake, message)
        receipt = PopulationReceipt(id=event.event_id, event_id=event.register_id, received_at=event.received_at)
        return json_response(receipt, 202)

    return context.write(operation)


@router.get("/v1/population-events", response_model=PopulationEventList, summary="List events of the register")
def list_population_events(context: ReadContext, query: Annotated[PopulationEventQuery, Query()]) -> Response:
    """The events about persons whom the caller may know. With `outcome=question`: those that somebody has to decide."""
    return context.read(lambda tx: _page_of_events(tx, context, query), READ, may_read_persons)


@router.post(
    "/v1/population-events/{event_id}/apply",
    response_model=PopulationEventOut,
    summary="Apply an event of the register",
)
@guarded(requires(WRITE, may_read_persons))
def apply_population_event(
    context: WriteContext, event_id: UUID, body: PopulationDecisionIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """The person is changed as the register says. After a death, open cases of the caller's office lapse."""

    def operation(tx: Connection) -> ApiResponse:
        applied = register.apply_question(tx, context.intake, context.recorder, event_id, body.person)
        return replace(json_response(_event_out(tx, context, applied)), access=AccessNote(AccessKind.CORRECTED))

    return context.write(operation)


@router.post(
    "/v1/population-events/{event_id}/dismiss",
    response_model=PopulationEventOut,
    summary="Dismiss an event of the register",
)
@guarded(requires(WRITE, may_read_persons))
def dismiss_population_event(
    context: WriteContext, event_id: UUID, body: PopulationDismissalIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """The person stays as stored. The event is kept with the reason."""

    def operation(tx: Connection) -> ApiResponse:
        dismissed = register.dismiss_question(tx, context.intake, context.recorder.viewer, event_id, body.reason)
        return json_response(_event_out(tx, context, dismissed))

    return context.write(operation)


def _page_of_events(tx: Connection, context: RequestContext, query: PopulationEventQuery) -> ApiResponse:
    return list_response(
        context,
        f"population events {query.outcome}",
        query,
        PopulationEventList,
        partial(population_events.page, tx, context.keys, context.recorder.viewer, query.outcome),
        attrgetter("received_at", "event_id"),
        lambda event: _event_out(tx, context, AppliedEvent(event)),
    )


def _event_out(tx: Connection, context: RequestContext, applied: AppliedEvent) -> PopulationEventOut:
    event, content = applied.event, applied.event.content or {}
    sight = _sight(tx, context, event.person_id)
    person = people.read_person(tx, context.keys, sight.person_id) if sight else None
    reach = sight is not None and Disclosure.REACH in sight.disclosures
    name = content.get("name")
    return from_source(
        PopulationEventOut,
        event,
        id=event.event_id,
        message=texts.text(context.language, texts.section_of(QuestionReason), event.reason) if event.reason else None,
        person=person_hit_out(person, sight) if person and sight else None,
        name=" ".join(filter(None, (name.get("given_name"), name.get("family_name")))) if name else None,
        protection=content.get("protection"),
        guardian_names=[guardian["name"] for guardian in content["guardians"]]
        if reach and "guardians" in content
        else None,
        dismissed_because=content.get("dismissed_because"),
        lapsed=list(applied.lapsed),
    )


def _sight(tx: Connection, context: RequestContext, person_id: UUID | None) -> PersonSight | None:
    """What the viewer may learn of the person; None of nobody, and after the change has hidden the person from them."""
    if person_id is None:
        return None
    try:
        return sight_of(tx, context.recorder.viewer, person_id)
    except cases.NotVisible:
        return None
