"""The exercises of a sandbox as pages: a worked history, step by step, with feedback from the rules."""

from typing import Any

from fastapi import APIRouter, Request, Response

from ungdom.api.http.responses import json_response
from ungdom.api.sandbox.exercise_routes import exercise_list, feedback_on, situation, situation_out
from ungdom.api.sandbox.schemas import AnswerQuery
from ungdom.web.page import answer, data_of, language_of
from ungdom.web.submitting import RefusedForm, attempt, validated

router = APIRouter(include_in_schema=False, prefix="/sandbox/exercises")


@router.get("")
def exercises_page(request: Request) -> Response:
    """The worked histories to choose from."""
    shown = data_of(json_response(exercise_list(language_of(request))).to_http())
    return answer(request, "exercises.html", {"exercises": shown["items"]})


@router.get("/{name}/{step}")
def exercise_page(request: Request, name: str, step: int) -> Response:
    """Where the history stands, and the decision of the rules on the answer in the address, if there is one."""
    before, language = situation(name, step), language_of(request)
    entered = {key: value for key in ("type", "on") if (value := request.query_params.get(key))}
    values: dict[str, Any] = {
        "situation": data_of(json_response(situation_out(before, language)).to_http()),
        "entered": entered,
        "feedback": None,
        "problem": None,
    }
    if not entered:
        return answer(request, "exercise.html", values)

    def judged() -> Response:
        return json_response(feedback_on(before, validated(AnswerQuery, entered, "query"), language)).to_http()

    done = attempt(request, judged)
    if isinstance(done, RefusedForm):
        return answer(request, "exercise.html", {**values, "problem": done.problem}, done.status)
    return answer(request, "exercise.html", {**values, "feedback": data_of(done)})
