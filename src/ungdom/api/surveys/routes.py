"""User surveys: invitations for a case, and answers by token without authentication."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Request, Response

from ungdom import links, texts
from ungdom.analytics.surveys import inviting
from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import allows_anybody, guarded, requires
from ungdom.api.http.case_reading import read_case
from ungdom.api.http.context import ReadContext, RequestContext, WriteContext
from ungdom.api.http.responses import PRIVATE_HEADERS, ApiResponse, json_response
from ungdom.api.http.tokens import READ, WRITE
from ungdom.api.surveys.present import due_out
from ungdom.api.surveys.schemas import (
    AnswersIn,
    AskedOut,
    DueList,
    InvitationIn,
    InvitationOut,
    QuestionnaireOut,
    ThanksOut,
)
from ungdom.message.text import HeaderText, SecretText
from ungdom.store.session import Connection, Database
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.rules.permissions import OF_THE_OFFICE
from ungdom.workflow.vocabulary import Role

router = APIRouter(tags=["surveys"])
public = APIRouter(tags=["surveys"])

Token = Annotated[SecretText, Path()]
Language = Annotated[HeaderText | None, Header(alias="Accept-Language")]
OPEN: dict[str, Any] = {"security": []}


def may_invite(role: Role) -> bool:
    """Whether the role hands invitations over: those who meet the youth."""
    return role in OF_THE_OFFICE


@router.get("/v1/cases/{case_id}/surveys", response_model=DueList, summary="Who is to be asked in a case")
def list_due_surveys(context: ReadContext, case_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """The occasions on which youth and guardians are to be asked now, for those who hand the invitations over."""
    return context.read(lambda tx: _due_surveys(tx, context, case_id), READ, may_invite)


@router.post(
    "/v1/cases/{case_id}/surveys", status_code=201, response_model=InvitationOut, summary="Fetch an invitation"
)
@guarded(requires(WRITE, may_invite))
def invite_to_survey(
    context: WriteContext, case_id: UUID, body: InvitationIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """A token for one answer, to be handed to youth or guardian. It is shown this once and not kept.

    Nothing is kept of who got which token, or of who has answered.
    """
    created: list[InvitationOut] = []
    response = context.write(lambda tx: _invite(tx, context, case_id, body, created))
    if "Idempotency-Replayed" in response.headers or not created:
        return response
    return json_response(created[-1], 201, **{"Content-Language": context.language, **PRIVATE_HEADERS}).to_http()


@public.get(
    "/v1/surveys/{token}",
    response_model=QuestionnaireOut,
    summary="What is asked",
    openapi_extra=OPEN,
)
def get_questionnaire(request: Request, token: Token, accept_language: Language = None) -> Response:
    """The questions for whoever has this token, which stands for signing in."""
    language = texts.negotiate(accept_language)
    db: Database = request.app.state.db
    with db.reading() as tx:
        invitation, questionnaire = inviting.read_invitation(tx, token, oslo_date(request.app.state.clock()))
    body = QuestionnaireOut(
        kind=questionnaire.kind,
        respondent=invitation.group.respondent,
        version=questionnaire.version,
        opening=texts.text(language, "survey", "opening"),
        scale=texts.text(language, "survey", "scale"),
        questions=[
            AskedOut(question=question, text=texts.label(language, question)) for question in questionnaire.questions
        ],
    )
    return json_response(body, 200, **{"Content-Language": language, **PRIVATE_HEADERS}).to_http()


@public.post(
    "/v1/surveys/{token}",
    status_code=201,
    response_model=ThanksOut,
    summary="Answer a survey",
    openapi_extra=OPEN,
)
@guarded(allows_anybody)
def submit_answers(request: Request, token: Token, body: AnswersIn, accept_language: Language = None) -> Response:
    """Answers, once. They are kept without time, case or person. A used, expired or unknown token gets one answer."""
    language = texts.negotiate(accept_language)
    state = request.app.state
    inviting.answer(state.db, token, {str(key): grade for key, grade in body.answers.items()}, oslo_date(state.clock()))
    thanks = ThanksOut(message=texts.text(language, "survey", "thanks"))
    return json_response(thanks, 201, **{"Content-Language": language, **PRIVATE_HEADERS}).to_http()


def _due_surveys(tx: Connection, context: RequestContext, case_id: UUID) -> ApiResponse:
    read = read_case(tx, context, case_id, i.AsOf())
    return json_response(
        DueList(
            items=[
                due_out(due, context.language) for due in inviting.read_due_invitations(tx, case_id, read.case, read.on)
            ]
        )
    )


def _invite(
    tx: Connection, context: RequestContext, case_id: UUID, body: InvitationIn, created: list[InvitationOut]
) -> ApiResponse:
    """The response stored for a repeated request: without the token, which is put in `created` and not stored."""
    read = read_case(tx, context, case_id, i.AsOf())
    occasion = (body.kind, body.respondent)
    token, due, expires = inviting.invite(tx, case_id, read.case, read.case.konfliktrad, occasion, read.on)
    invitation = InvitationOut(kind=due.kind, respondent=due.respondent, expires=expires, token=None, address=None)
    created.append(
        invitation.model_copy(update={"token": token, "address": links.survey_page(context.public_url, token)})
    )
    return json_response(invitation, 201)
