"""Questions of identity: whether a case was opened on a known person. Shown to those who may see both records."""

from datetime import date
from functools import partial
from operator import attrgetter
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from ungdom import cases
from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.context import ReadContext, RequestContext, WriteContext
from ungdom.api.http.pagination import list_response
from ungdom.api.http.present import from_source
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.tokens import READ, WRITE
from ungdom.api.persons.present import comparison_out, given_person_out, person_out
from ungdom.api.persons.schemas import (
    IdentityQuestionList,
    IdentityQuestionOut,
    IdentityQuestionQuery,
    PersonOut,
    RejectionIn,
)
from ungdom.intake import confirmations
from ungdom.store import case_queries, identity, people, person_history, records
from ungdom.store.identity import IdentityQuestion
from ungdom.store.people import StoredPerson
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import Disclosure, may_settle_identity

router = APIRouter(tags=["people"])


@router.get("/v1/persons/questions", response_model=IdentityQuestionList, summary="List the questions of identity")
def list_identity_questions(context: ReadContext, query: Annotated[IdentityQuestionQuery, Query()]) -> Response:
    """Whether new cases are about people stored before: those of which the caller may see both."""
    return context.read(lambda tx: _page_of_questions(tx, context, query), READ, may_settle_identity)


@router.post(
    "/v1/persons/questions/{question_id}/confirm",
    response_model=IdentityQuestionOut,
    summary="Confirm that it is the same person",
)
@guarded(requires(WRITE, may_settle_identity))
def confirm_identity_question(
    context: WriteContext, question_id: UUID, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """From now on the two records are one person, with the stricter protection of the address, in every case."""

    def operation(tx: Connection) -> ApiResponse:
        confirmations.confirm(tx, context.intake, _question(tx, context, question_id), context.recorder.viewer.subject)
        return _answered_question(tx, context, question_id)

    return context.write(operation)


@router.post(
    "/v1/persons/questions/{question_id}/reject",
    response_model=IdentityQuestionOut,
    summary="Reject that it is the same person",
)
@guarded(requires(WRITE, may_settle_identity))
def reject_identity_question(
    context: WriteContext, question_id: UUID, body: RejectionIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """The two stay apart, and it is not asked of them again."""

    def operation(tx: Connection) -> ApiResponse:
        question = _question(tx, context, question_id)
        confirmations.reject(tx, context.intake, question, context.recorder.viewer.subject, body.reason)
        return _answered_question(tx, context, question_id)

    return context.write(operation)


def _page_of_questions(tx: Connection, context: RequestContext, query: IdentityQuestionQuery) -> ApiResponse:
    return list_response(
        context,
        f"questions {query.status}",
        query,
        IdentityQuestionList,
        partial(identity.page, tx, context.recorder.viewer, query.status),
        attrgetter("raised_at", "question_id"),
        partial(_question_out, tx, context),
    )


def _question(tx: Connection, context: RequestContext, question_id: UUID) -> IdentityQuestion:
    question = confirmations.find(tx, context.recorder.viewer, question_id)
    if question is None:
        raise cases.NotVisible
    return question


def _answered_question(tx: Connection, context: RequestContext, question_id: UUID) -> ApiResponse:
    """The answered question, for the viewer who answered it, whatever they may see afterwards."""
    return json_response(_question_out(tx, context, identity.read(tx, question_id)))


def _question_out(tx: Connection, context: RequestContext, question: IdentityQuestion) -> IdentityQuestionOut:
    record = _read_person(tx, context, question.record_id)
    given = person_history.known_at(tx, context.keys, record, question.raised_at)
    known = _read_person(tx, context, records.canonical_id(tx, question.known_id))
    seen = case_queries.visible_case_ids(tx, context.recorder.viewer, [question.case_id])
    return from_source(
        IdentityQuestionOut,
        question,
        id=question.question_id,
        case_id=question.case_id if seen else None,
        given=given_person_out(given),
        known=_known_person_out(known, context.today),
        compared=comparison_out(given, _read_person(tx, context, question.known_id)),
        reason=question.reason(context.keys),
    )


def _read_person(tx: Connection, context: RequestContext, person_id: UUID) -> StoredPerson:
    person = people.read_person(tx, context.keys, person_id)
    if person is None:
        raise cases.NotVisible
    return person


def _known_person_out(person: StoredPerson, today: date) -> PersonOut:
    shown = person_out(person, frozenset({Disclosure.PERSON}), today)
    if shown is None:
        raise cases.NotVisible
    return shown
