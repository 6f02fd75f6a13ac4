"""Merging, splitting and erasing persons: one of leader and secretariat proposes, the other one decides."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from operator import attrgetter
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.context import ReadContext, RequestContext, WriteContext
from ungdom.api.http.pagination import list_response
from ungdom.api.http.present import from_source
from ungdom.api.http.responses import AccessNote, ApiResponse, json_response
from ungdom.api.http.tokens import READ, WRITE
from ungdom.api.persons.joining_schemas import (
    ErasureIn,
    MergeIn,
    PersonProposalList,
    PersonProposalOut,
    PersonProposalQuery,
    SplitIn,
)
from ungdom.api.persons.record_present import person_hit_out
from ungdom.api.persons.record_schemas import PersonHitOut
from ungdom.intake import IntakeContext
from ungdom.persons import erasure, joining
from ungdom.persons.joining import SplitRequest
from ungdom.store import case_queries, people, person_proposals
from ungdom.store.person_proposals import PersonProposal
from ungdom.store.schema.access import AccessKind
from ungdom.store.schema.persons import ProposalKind
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import Viewer, may_join_persons

router = APIRouter(tags=["people"])


@router.post(
    "/v1/persons/{person_id}/merge",
    status_code=202,
    response_model=PersonProposalOut,
    summary="Propose to merge two persons",
)
@guarded(requires(WRITE, may_join_persons))
def merge_persons(
    context: WriteContext, person_id: UUID, body: MergeIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """Nothing is merged before the other of leader and secretariat has approved."""
    return context.write(
        lambda tx: _proposed(
            tx,
            context,
            joining.propose_merge(tx, context.intake, context.recorder.viewer, person_id, body.other, body.reason),
        )
    )


@router.post(
    "/v1/persons/{person_id}/split",
    status_code=202,
    response_model=PersonProposalOut,
    summary="Propose to split a person in two",
)
@guarded(requires(WRITE, may_join_persons))
def split_person(
    context: WriteContext, person_id: UUID, body: SplitIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """Some of the cases are of another person. Nothing is split before the other of leader and secretariat approves."""
    wanted = SplitRequest(tuple(body.cases), body.merge)
    return context.write(
        lambda tx: _proposed(
            tx,
            context,
            joining.propose_split(tx, context.intake, context.recorder.viewer, person_id, wanted, body.reason),
        )
    )


@router.post(
    "/v1/persons/{person_id}/erasure",
    status_code=202,
    response_model=PersonProposalOut,
    summary="Propose to erase a person",
)
@guarded(requires(WRITE, may_join_persons))
def erase_person(
    context: WriteContext, person_id: UUID, body: ErasureIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """Nothing is erased before the other of leader and secretariat has approved. What holds it back is named."""
    viewer = context.recorder.viewer
    known_data = context.read_before(lambda tx: erasure.unlinked_data(tx, context.intake, viewer, person_id))
    return context.write(
        lambda tx: _proposed(
            tx,
            context,
            joining.propose_erasure(tx, context.intake, viewer, person_id, body.reason, known_data),
        )
    )


@router.get("/v1/persons/proposals", response_model=PersonProposalList, summary="List proposals about persons")
def list_person_proposals(context: ReadContext, query: Annotated[PersonProposalQuery, Query()]) -> Response:
    """The proposals about persons whom the caller may know."""

    def operation(tx: Connection) -> ApiResponse:
        name, place = f"person proposals {query.status}", attrgetter("proposed_at", "proposal_id")
        read = partial(person_proposals.page, tx, context.keys, context.recorder.viewer, query.status)
        return list_response(context, name, query, PersonProposalList, read, place, partial(_proposal_out, tx, context))

    return context.read(operation, READ, may_join_persons)


@router.post(
    "/v1/persons/proposals/{proposal_id}/approve",
    response_model=PersonProposalOut,
    summary="Approve a merge, split or erasure",
)
@guarded(requires(WRITE, may_join_persons))
def approve_person_proposal(
    context: WriteContext, proposal_id: UUID, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """The second person approves, and it is done: cases and observations follow; an erasure changes no figure."""
    viewer = context.recorder.viewer
    known_data = context.read_before(
        lambda tx: erasure.unlinked_data_of_proposal(tx, context.intake, viewer, proposal_id)
    )
    return _decide(context, proposal_id, partial(joining.approve, journal=context.erasures, known_data=known_data))


@router.post(
    "/v1/persons/proposals/{proposal_id}/reject",
    response_model=PersonProposalOut,
    summary="Reject a merge, split or erasure",
)
@guarded(requires(WRITE, may_join_persons))
def reject_person_proposal(context: WriteContext, proposal_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """The second person rejects it, and everything stays."""
    return _decide(context, proposal_id, joining.reject)


def _decide(
    context: RequestContext,
    proposal_id: UUID,
    decide: Callable[[Connection, IntakeContext, Viewer, UUID], PersonProposal],
) -> Response:
    def operation(tx: Connection) -> ApiResponse:
        decided = decide(tx, context.intake, context.recorder.viewer, proposal_id)
        return _proposal_response(tx, context, decided)

    return context.write(operation)


def _proposed(tx: Connection, context: RequestContext, proposal: PersonProposal) -> ApiResponse:
    return _proposal_response(tx, context, proposal, 202)


def _proposal_response(
    tx: Connection, context: RequestContext, proposal: PersonProposal, status: int = 200
) -> ApiResponse:
    kind = AccessKind.MERGED if proposal.kind is ProposalKind.MERGE else AccessKind.SPLIT
    return replace(json_response(_proposal_out(tx, context, proposal), status), access=AccessNote(kind))


def _proposal_out(tx: Connection, context: RequestContext, proposal: PersonProposal) -> PersonProposalOut:
    viewer = context.recorder.viewer
    hits: dict[UUID, PersonHitOut] = {}
    for person_id, sight in joining.visible_persons(tx, viewer, proposal).items():
        person = people.read_person(tx, context.keys, sight.person_id)
        if person is not None:
            hits[person_id] = person_hit_out(person, sight)
    visible = case_queries.visible_case_ids(tx, viewer, proposal.cases)
    return from_source(
        PersonProposalOut,
        proposal,
        id=proposal.proposal_id,
        person=hits.get(proposal.person_id),
        other=hits.get(proposal.other_id) if proposal.other_id else None,
        cases=[case_id for case_id in proposal.cases if case_id in visible],
    )
