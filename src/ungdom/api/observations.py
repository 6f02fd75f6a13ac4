"""What is observed of a person beside their cases, as far as people record it: death, moving abroad and back.

Later charges and decisions come with messages, are used by figures only, and are shown to nobody one by one.
"""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Response
from fastapi.exceptions import RequestValidationError

from ungdom import casework, texts
from ungdom.api import inputs as i
from ungdom.api.authorisation import guarded, needs
from ungdom.api.cases import answer
from ungdom.api.deps import SOURCE, Answer, Call, ReadCall, WriteCall
from ungdom.api.schemas import Output
from ungdom.api.tokens import READ, WRITE
from ungdom.store import journal, observations, records
from ungdom.store.observations import BY_HAND, Observation
from ungdom.store.session import Connection
from ungdom.workflow.daycount import oslo_date
from ungdom.workflow.permissions import Fact, may_observe, may_work_on
from ungdom.workflow.vocabulary import ObservationKind

router = APIRouter(tags=["people"])


class ObservationIn(i.Input):
    """What happened on which day. `corrects`: the observation that it takes the place of; `withdrawn`: never happened.

    A correction is kept beside what it corrects, and figures as known before it stay what they were.
    """

    kind: Literal["death", "emigration", "immigration"]
    occurred_on: i.CivilDay
    corrects: UUID | None = None
    withdrawn: bool = False


class ObservationOut(Output):
    """One telling of an observation; the one with the highest `n` counts."""

    id: UUID
    n: int
    kind: ObservationKind
    kind_label: str
    occurred_on: date
    withdrawn: bool
    recorded_at: datetime


class ObservationList(Output):
    """Every telling, in the order recorded."""

    items: list[ObservationOut]


@router.get(
    "/v1/persons/{person_id}/observations", response_model=ObservationList, summary="Death and moves of a person"
)
def list_observations(call: ReadCall, person_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """What people have recorded of this person: for the office that has a case of theirs, and the secretariat."""
    return call.read(lambda tx: _listed(tx, call, records.counting(tx, person_id)), READ, may_observe)


@router.post(
    "/v1/persons/{person_id}/observations",
    status_code=201,
    response_model=ObservationOut,
    summary="Record a death, or a move abroad or back",
)
@guarded(needs(WRITE, may_observe))
def record_observation(
    call: WriteCall, person_id: UUID, body: ObservationIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """For figures of recidivism only: no case is changed, and what lapses by the death is recorded in the case."""
    return call.write(lambda tx: _recorded(tx, call, records.counting(tx, person_id), body))


def _listed(tx: Connection, call: Call, person_id: UUID) -> Answer:
    _known_to(tx, call, person_id)
    told = observations.by_hand(tx, person_id)
    return answer(ObservationList(items=[_out(call, one) for one in told]))


def _recorded(tx: Connection, call: Call, person_id: UUID, body: ObservationIn) -> Answer:
    _known_to(tx, call, person_id)
    if body.occurred_on > oslo_date(call.now):
        raise RequestValidationError([{"loc": ("body", "occurred_on"), "type": "day_in_future"}])
    new = Observation(
        observation_id=body.corrects or uuid4(),
        n=_number(tx, person_id, body.corrects),
        person_id=person_id,
        kind=ObservationKind(body.kind),
        occurred_on=body.occurred_on,
        recorded_at=call.now,
        source=SOURCE,
        subject=call.who.viewer.subject,
        withdrawn=body.withdrawn,
    )
    observations.add(tx, new)
    return answer(_out(call, new), 201)


def _number(tx: Connection, person_id: UUID, corrects: UUID | None) -> int:
    """Which telling this is. Raises `NotVisible` when what it corrects is none that people recorded of this person."""
    if corrects is None:
        return 1
    before = observations.latest(tx, corrects)
    if before is None or before.person_id != person_id or before.kind not in BY_HAND:
        raise casework.NotVisible
    return before.n + 1


def _known_to(tx: Connection, call: Call, person_id: UUID) -> None:
    """Nothing when the viewer works on a case of this person and may know who it is. Raises `NotVisible`."""
    for case_id in journal.cases_of_person(tx, person_id):
        try:
            read = casework.read(tx, call.who.viewer, case_id, call.now, None, None)
        except casework.NotVisible:
            continue
        if Fact.PERSON in read.learns and may_work_on(call.who.viewer, read.case.konfliktrad):
            return
    raise casework.NotVisible


def _out(call: Call, one: Observation) -> ObservationOut:
    return ObservationOut(
        id=one.observation_id,
        n=one.n,
        kind=one.kind,
        kind_label=texts.label(call.language, one.kind),
        occurred_on=one.occurred_on,
        withdrawn=one.withdrawn,
        recorded_at=one.recorded_at,
    )
