"""Questions of identity: whether a case was opened on somebody known. Seen by those who may see both."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from ungdom import casework
from ungdom.api import inputs as i
from ungdom.api import question_shapes as shapes
from ungdom.api.authorisation import guarded, needs
from ungdom.api.cases import answer
from ungdom.api.deps import Answer, Call, ReadCall, WriteCall
from ungdom.api.paging import cut, start_of
from ungdom.api.person_shapes import PersonOut, person_out
from ungdom.api.question_shapes import Comparison
from ungdom.api.tokens import READ, WRITE
from ungdom.intake import confirming
from ungdom.intake import identity as matching
from ungdom.message.national_id import normal
from ungdom.store import identity, people, reading, records
from ungdom.store.identity import Question
from ungdom.store.people import Person
from ungdom.store.session import Connection
from ungdom.workflow.permissions import Fact, may_settle_identity

router = APIRouter(tags=["people"])


@router.get(
    "/v1/persons/questions", response_model=shapes.IdentityQuestionList, summary="List the questions of identity"
)
def list_identity_questions(call: ReadCall, query: Annotated[shapes.IdentityQuestionQuery, Query()]) -> Response:
    """Whether new cases are about people stored before: those of which the caller may see both."""
    return call.read(lambda tx: _listed(tx, call, query), READ, may_settle_identity)


@router.post(
    "/v1/persons/questions/{question_id}/confirm",
    response_model=shapes.IdentityQuestionOut,
    summary="Confirm that it is the same person",
)
@guarded(needs(WRITE, may_settle_identity))
def confirm_identity_question(call: WriteCall, question_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """From now on the two records are one person, with the stricter protection of the address, in every case."""

    def confirmed(tx: Connection) -> Answer:
        confirming.confirm(tx, call.desk, _question(tx, call, question_id), call.who.viewer.subject)
        return _answered(tx, call, question_id)

    return call.write(confirmed)


@router.post(
    "/v1/persons/questions/{question_id}/reject",
    response_model=shapes.IdentityQuestionOut,
    summary="Reject that it is the same person",
)
@guarded(needs(WRITE, may_settle_identity))
def reject_identity_question(
    call: WriteCall, question_id: UUID, body: shapes.RejectionIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """The two stay apart, and it is not asked of them again."""

    def rejected(tx: Connection) -> Answer:
        question = _question(tx, call, question_id)
        confirming.reject(tx, call.desk, question, call.who.viewer.subject, body.reason)
        return _answered(tx, call, question_id)

    return call.write(rejected)


def _listed(tx: Connection, call: Call, query: shapes.IdentityQuestionQuery) -> Answer:
    name = f"questions {query.status}"
    questions = identity.page(tx, call.who.viewer, query.status, start_of(call, name, query), query.limit + 1)
    page, following = cut(call, name, query, questions, lambda question: (question.raised_at, question.question_id))
    return answer(shapes.IdentityQuestionList(items=[_out(tx, call, question) for question in page], next=following))


def _question(tx: Connection, call: Call, question_id: UUID) -> Question:
    question = confirming.find(tx, call.who.viewer, question_id)
    if question is None:
        raise casework.NotVisible
    return question


def _answered(tx: Connection, call: Call, question_id: UUID) -> Answer:
    """The question as it stands now, for whoever has answered it: they saw it, whatever they may see afterwards."""
    return answer(_out(tx, call, identity.read(tx, question_id)))


def _out(tx: Connection, call: Call, question: Question) -> shapes.IdentityQuestionOut:
    given = _person(tx, call, question.record_id)
    known = _person(tx, call, records.counting(tx, question.known_id))
    seen = reading.seen_by(tx, call.who.viewer, [question.case_id])
    return shapes.IdentityQuestionOut(
        id=question.question_id,
        status=question.status,
        resemblance=question.resemblance,
        raised_at=question.raised_at,
        case_id=question.case_id if seen else None,
        given=_given(given),
        known=_known(known),
        compared=_compared(given, _person(tx, call, question.known_id)),
        decided_at=question.decided_at,
        decided_by=question.decided_by,
        reason=question.reason(call.keys),
    )


def _person(tx: Connection, call: Call, person_id: UUID) -> Person:
    person = people.read_person(tx, call.keys, person_id)
    if person is None:
        raise casework.NotVisible
    return person


def _known(person: Person) -> PersonOut:
    shown = person_out(person, frozenset({Fact.PERSON}))
    if shown is None:
        raise casework.NotVisible
    return shown


def _given(person: Person) -> shapes.GivenPersonOut:
    return shapes.GivenPersonOut(
        given_name=person.personalia.given_name if person.personalia else None,
        family_name=person.personalia.family_name if person.personalia else None,
        born=person.youth.born,
        guardians=person.youth.guardians,
        protection=person.protection,
    )


def _compared(given: Person, known: Person) -> shapes.ComparedOut:
    sides = (given.personalia, known.personalia)
    numbers = [normal(who.national_id or "") if who else "" for who in sides]
    families = [matching.bare(who.family_name) if who else "" for who in sides]
    names = [matching.bare(who.given_name) if who else "" for who in sides]
    return shapes.ComparedOut(
        national_id=_comparison(*numbers),
        born=Comparison.EQUAL if given.youth.born == known.youth.born else Comparison.DIFFERENT,
        family_name=_comparison(*families),
        given_name=_comparison(*names),
    )


def _comparison(given: str, known: str) -> Comparison:
    if not given or not known:
        return Comparison.MISSING
    return Comparison.EQUAL if given == known else Comparison.DIFFERENT
