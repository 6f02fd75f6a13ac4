"""Observations of a person outside their cases that users record: death, emigration and immigration.

Later charges and decisions come with messages. They are used in statistics only and are not shown.
"""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Response
from fastapi.exceptions import RequestValidationError

from ungdom import cases
from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.context import SOURCE, ReadContext, RequestContext, WriteContext
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.tokens import READ, WRITE
from ungdom.api.observations.present import observation_out
from ungdom.api.observations.schemas import ObservationIn, ObservationList, ObservationOut
from ungdom.store import journal, observations, records
from ungdom.store.observations import BY_HAND, Observation
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import Disclosure, may_record_observations, may_work_on
from ungdom.workflow.vocabulary import ObservationKind

router = APIRouter(tags=["people"])


@router.get(
    "/v1/persons/{person_id}/observations", response_model=ObservationList, summary="Death and moves of a person"
)
def list_observations(context: ReadContext, person_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """What people have recorded of this person: for the office that has a case of theirs, and the secretariat."""

    def operation(tx: Connection) -> ApiResponse:
        canonical_id = records.canonical_id(tx, person_id)
        _require_access(tx, context, canonical_id)
        rows = observations.by_hand(tx, canonical_id)
        return json_response(ObservationList(items=[observation_out(row, context.language) for row in rows]))

    return context.read(operation, READ, may_record_observations)


@router.post(
    "/v1/persons/{person_id}/observations",
    status_code=201,
    response_model=ObservationOut,
    summary="Record a death, or a move abroad or back",
)
@guarded(requires(WRITE, may_record_observations))
def record_observation(
    context: WriteContext, person_id: UUID, body: ObservationIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """For figures of recidivism only: no case is changed, and what lapses by the death is recorded in the case."""
    return context.write(lambda tx: _record_observation(tx, context, records.canonical_id(tx, person_id), body))


def _record_observation(tx: Connection, context: RequestContext, person_id: UUID, body: ObservationIn) -> ApiResponse:
    _require_access(tx, context, person_id)
    if body.occurred_on > context.today:
        raise RequestValidationError([{"loc": ("body", "occurred_on"), "type": "day_in_future"}])
    new = Observation(
        observation_id=body.corrects or uuid4(),
        n=_next_version(tx, person_id, body.corrects),
        person_id=person_id,
        kind=ObservationKind(body.kind),
        occurred_on=body.occurred_on,
        recorded_at=context.now,
        source=SOURCE,
        subject=context.recorder.viewer.subject,
        withdrawn=body.withdrawn,
    )
    observations.add(tx, new)
    return json_response(observation_out(new, context.language), 201)


def _next_version(tx: Connection, person_id: UUID, corrects: UUID | None) -> int:
    """The version number. Raises `NotVisible` where users recorded no observation `corrects` of this person."""
    if corrects is None:
        return 1
    before = observations.latest(tx, corrects)
    if before is None or before.person_id != person_id or before.kind not in BY_HAND:
        raise cases.NotVisible
    return before.n + 1


def _require_access(tx: Connection, context: RequestContext, person_id: UUID) -> None:
    """Returns where the viewer works on a case of this person and may know who it is. Raises `NotVisible`."""
    for case_id in journal.cases_of_person(tx, person_id):
        try:
            read = cases.read(tx, context.recorder.viewer, case_id, context.now, None, None)
        except cases.NotVisible:
            continue
        if Disclosure.PERSON in read.disclosures and may_work_on(context.recorder.viewer, read.case.konfliktrad):
            return
    raise cases.NotVisible
