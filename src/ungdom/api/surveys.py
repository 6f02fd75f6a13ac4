"""User surveys: the coordinator fetches invitations for a case, and whoever has a token answers without signing in."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import Field

from ungdom import texts
from ungdom.api import inputs as i
from ungdom.api import schemas as s
from ungdom.api.calendars import KEPT_TO_ONESELF
from ungdom.api.cases import answer, read_case
from ungdom.api.deps import Answer, Call, ReadCall, WriteCall
from ungdom.api.tokens import READ, WRITE
from ungdom.statistics.surveys import LEAST, MOST, SurveyKind, SurveyQuestion, inviting
from ungdom.statistics.surveys.inviting import Due
from ungdom.store.session import Connection, Database
from ungdom.workflow.daycount import oslo_date
from ungdom.workflow.details import By
from ungdom.workflow.permissions import OF_THE_OFFICE
from ungdom.workflow.vocabulary import Role

router = APIRouter(tags=["surveys"])
public = APIRouter(tags=["surveys"])

Token = Annotated[str, Path(max_length=200)]
Language = Annotated[str | None, Header(alias="Accept-Language", max_length=500)]
Grade = Annotated[int, Field(ge=LEAST, le=MOST)]
OPEN: dict[str, Any] = {"security": []}


class DueOut(s.Output):
    """Somebody to be asked. `seq`: the event that gives cause; `until`: the last day to hand over an invitation.

    `left`: invitations that can still be fetched. Whether one was used is not known here, of nobody.
    """

    kind: SurveyKind
    kind_label: str
    respondent: By
    respondent_label: str
    seq: int
    on: date
    until: date
    left: int


class DueList(s.Output):
    """The occasions in a case on which somebody is to be asked now."""

    items: list[DueOut]


class InvitationIn(i.Input):
    """Whom to ask, and on which occasion."""

    kind: SurveyKind
    respondent: By


class InvitationOut(s.Output):
    """An invitation. `token` and `address`: told in this answer only, null where the request is answered again."""

    kind: SurveyKind
    respondent: By
    expires: date
    token: str | None
    address: str | None


class AskedOut(s.Output):
    """One question, to be agreed with from 1 (not at all) to 5 (fully)."""

    question: SurveyQuestion
    text: str


class QuestionnaireOut(s.Output):
    """What is asked, and what becomes of the answers."""

    kind: SurveyKind
    respondent: By
    version: str
    opening: str
    scale: str
    questions: list[AskedOut]


class AnswersIn(i.Input):
    """A grade for every question, 1 to 5."""

    answers: Annotated[dict[SurveyQuestion, Grade], Field(min_length=1, max_length=len(SurveyQuestion))]


class ThanksOut(s.Output):
    """It has been taken."""

    message: str


@router.get("/v1/cases/{case_id}/surveys", response_model=DueList, summary="Who is to be asked in a case")
def list_due_surveys(call: ReadCall, case_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """The occasions on which youth and guardians are to be asked now, for those who hand the invitations over."""
    return call.read(lambda tx: _listed(tx, call, case_id), READ, may_invite)


@router.post(
    "/v1/cases/{case_id}/surveys", status_code=201, response_model=InvitationOut, summary="Fetch an invitation"
)
def invite_to_survey(
    call: WriteCall, case_id: UUID, body: InvitationIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """A token for one answer, to be handed to youth or guardian. It is shown this once and not kept.

    Nothing is kept of who got which token, or of who has answered.
    """
    call.needs(WRITE, may_invite)
    told: list[InvitationOut] = []
    kept = call.write(lambda tx: _invited(tx, call, case_id, body, told))
    if "Idempotency-Replayed" in kept.headers or not told:
        return kept
    return answer(told[-1], 201, **{"Content-Language": call.language, **KEPT_TO_ONESELF}).response()


@public.get(
    "/v1/surveys/{token}",
    response_model=QuestionnaireOut,
    summary="What is asked",
    openapi_extra=OPEN,
)
def get_questionnaire(request: Request, token: Token, accept_language: Language = None) -> Response:
    """The questions for whoever has this token, which stands for signing in."""
    language = texts.pick(accept_language)
    db: Database = request.app.state.db
    with db.reading() as tx:
        found, asked = inviting.questionnaire(tx, token, oslo_date(request.app.state.clock()))
    body = QuestionnaireOut(
        kind=asked.kind,
        respondent=found.group.respondent,
        version=asked.version,
        opening=texts.text(language, "survey", "opening"),
        scale=texts.text(language, "survey", "scale"),
        questions=[AskedOut(question=one, text=texts.label(language, one)) for one in asked.questions],
    )
    return answer(body, 200, **{"Content-Language": language, **KEPT_TO_ONESELF}).response()


@public.post(
    "/v1/surveys/{token}",
    status_code=201,
    response_model=ThanksOut,
    summary="Answer a survey",
    openapi_extra=OPEN,
)
def submit_answers(request: Request, token: Token, body: AnswersIn, accept_language: Language = None) -> Response:
    """Answers, once. They are kept without time, case or person. A used, expired or unknown token gets one answer."""
    language = texts.pick(accept_language)
    state = request.app.state
    inviting.answer(state.db, token, {str(key): grade for key, grade in body.answers.items()}, oslo_date(state.clock()))
    thanks = ThanksOut(message=texts.text(language, "survey", "thanks"))
    return answer(thanks, 201, **{"Content-Language": language, **KEPT_TO_ONESELF}).response()


def may_invite(role: Role) -> bool:
    """Whether the role hands invitations over: those who meet the youth."""
    return role in OF_THE_OFFICE


def _listed(tx: Connection, call: Call, case_id: UUID) -> Answer:
    read = read_case(tx, call, case_id, i.AsOf())
    return answer(DueList(items=[_due(one, call) for one in inviting.due(tx, case_id, read.case, read.on)]))


def _due(one: Due, call: Call) -> DueOut:
    return DueOut(
        kind=one.kind,
        kind_label=texts.label(call.language, one.kind),
        respondent=one.respondent,
        respondent_label=texts.label(call.language, one.respondent),
        seq=one.seq,
        on=one.on,
        until=one.until,
        left=max(0, one.wanted - one.handed),
    )


def _invited(tx: Connection, call: Call, case_id: UUID, body: InvitationIn, told: list[InvitationOut]) -> Answer:
    """The answer as it may be kept for a repeat: without the token, which goes to `told` and is kept nowhere."""
    read = read_case(tx, call, case_id, i.AsOf())
    asked = (body.kind, body.respondent)
    token, one, expires = inviting.invite(tx, case_id, read.case, read.case.konfliktrad, asked, read.on)
    made = InvitationOut(kind=one.kind, respondent=one.respondent, expires=expires, token=None, address=None)
    told.append(made.model_copy(update={"token": token, "address": f"{call.public_url}/v1/surveys/{token}"}))
    return answer(made, 201)
