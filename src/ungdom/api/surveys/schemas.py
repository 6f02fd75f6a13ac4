"""Schemas of survey invitations, questionnaires and answers."""

from datetime import date
from typing import Annotated

from pydantic import Field

from ungdom.analytics.surveys import HIGHEST_GRADE, LOWEST_GRADE, SurveyKind, SurveyQuestion
from ungdom.api.http import inputs as i
from ungdom.api.http.schemas import Output
from ungdom.workflow.payloads import By

Grade = Annotated[int, Field(ge=LOWEST_GRADE, le=HIGHEST_GRADE)]


class DueOut(Output):
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


class DueList(Output):
    """The occasions in a case on which somebody is to be asked now."""

    items: list[DueOut]


class InvitationIn(i.Input):
    """Whom to ask, and on which occasion."""

    kind: SurveyKind
    respondent: By


class InvitationOut(Output):
    """An invitation. `token` and `address`: told in this answer only, null where the request is answered again."""

    kind: SurveyKind
    respondent: By
    expires: date
    token: str | None
    address: str | None


class AskedOut(Output):
    """One question, to be agreed with from 1 (not at all) to 5 (fully)."""

    question: SurveyQuestion
    text: str


class QuestionnaireOut(Output):
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


class ThanksOut(Output):
    """It has been taken."""

    message: str
