"""A survey as a page, for whoever has the link: it stands for signing in, and is used up by the answer."""

from typing import Any

from fastapi import APIRouter, Request, Response

from ungdom.analytics.surveys import HIGHEST_GRADE, LOWEST_GRADE
from ungdom.api.http.authorisation import allows_anybody, guarded
from ungdom.api.surveys.routes import Token, get_questionnaire, submit_answers
from ungdom.api.surveys.schemas import AnswersIn
from ungdom.web.forms import integer_or_text
from ungdom.web.page import answer, data_of, language_of
from ungdom.web.submitting import RefusedForm, SentForm, attempt, sent_form, validated

router = APIRouter(include_in_schema=False)


@router.get("/survey/{token}")
def survey_page(request: Request, token: Token) -> Response:
    """What is asked."""
    return _page(request, token, SentForm())


@router.post("/survey/{token}")
@guarded(allows_anybody)
def answer_survey(request: Request, token: Token) -> Response:
    """Thanks, or what is missing."""
    sent = sent_form(request)
    done = attempt(request, lambda: _answered(request, token, sent))
    if isinstance(done, RefusedForm):
        return _page(request, token, SentForm(sent.entered, done.problem), done.status)
    return answer(request, "survey_thanks.html", data_of(done))


def _answered(request: Request, token: str, sent: SentForm) -> Response:
    language = language_of(request)
    question = data_of(get_questionnaire(request, token, language))["questions"]
    grades = {x["question"]: _grade(sent.first(x["question"])) for x in question}
    return submit_answers(request, token, validated(AnswersIn, {"answers": grades}), language)


def _grade(chosen: str | None) -> Any:
    """The grade that was chosen; what is no number stays as it is, and is refused where it is checked."""
    return None if chosen is None else integer_or_text(chosen)


def _page(request: Request, token: str, sent: SentForm, status: int = 200) -> Response:
    values = {
        "survey": data_of(get_questionnaire(request, token, language_of(request))),
        "grades": range(LOWEST_GRADE, HIGHEST_GRADE + 1),
        "problem": sent.problem,
        "chosen": sent.first,
    }
    return answer(request, "survey.html", values, status)
