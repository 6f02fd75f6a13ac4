"""The exercises of a sandbox over HTTP: worked histories, and the decision of the rules on an answer."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from starlette.exceptions import HTTPException

from ungdom import texts
from ungdom.api.cases.present import deadline_out
from ungdom.api.http.context import AcceptLanguage
from ungdom.api.http.inputs import NoQuery
from ungdom.api.http.present import unmet_out
from ungdom.api.http.responses import json_response
from ungdom.api.sandbox.schemas import (
    AnswerQuery,
    ExerciseList,
    ExerciseOut,
    FeedbackOut,
    NamedEventOut,
    PastEventOut,
    SituationOut,
)
from ungdom.sandbox import exercises
from ungdom.sandbox.exercises import NoSuchExercise, RecordedStep, Situation
from ungdom.texts import Language

router = APIRouter(include_in_schema=False, prefix="/control/exercises")

NoParameters = Annotated[NoQuery, Query()]


@router.get("")
def list_exercises(_query: NoParameters, accept_language: AcceptLanguage = None) -> Response:
    """The worked histories."""
    return json_response(exercise_list(texts.negotiate(accept_language))).to_http()


@router.get("/{name}/{step}")
def show_situation(name: str, step: int, _query: NoParameters, accept_language: AcceptLanguage = None) -> Response:
    """Where the history stands before this step."""
    return json_response(situation_out(situation(name, step), texts.negotiate(accept_language))).to_http()


@router.get("/{name}/{step}/feedback")
def judge_answer(
    name: str, step: int, query: Annotated[AnswerQuery, Query()], accept_language: AcceptLanguage = None
) -> Response:
    """The decision of the rules on this event as the next one."""
    return json_response(feedback_on(situation(name, step), query, texts.negotiate(accept_language))).to_http()


# --- shared with the page ------------------------------------------------------------------------------------------


def situation(name: str, step: int) -> Situation:
    """Where the history stands before this step. Raises `HTTPException` where there is none."""
    try:
        return exercises.situation(name, step)
    except NoSuchExercise:
        raise HTTPException(404) from None


def exercise_list(language: Language) -> ExerciseList:
    """The exercises, in the order of their titles."""
    items = [
        ExerciseOut(name=name, title=_title(name, language), steps=history.asked_steps)
        for name, history in exercises.histories().items()
    ]
    return ExerciseList(items=sorted(items, key=lambda exercise: exercise.title))


def situation_out(before: Situation, language: Language) -> SituationOut:
    """The situation, with labels in this language."""
    choices = [NamedEventOut(event=kind, label=texts.label(language, kind)) for kind in before.choices]
    return SituationOut(
        name=before.history.name,
        title=_title(before.history.name, language),
        step=before.number,
        steps=before.history.asked_steps,
        today=before.today,
        sanction=before.case.sanction,
        born=before.history.born,
        guardians=before.history.guardians,
        state=before.case.state,
        events=[_past(x, language) for x in before.history.steps[: before.number]],
        deadlines=[deadline_out(clock, language) for clock in before.running],
        choices=sorted(choices, key=lambda choice: choice.label),
    )


def feedback_on(before: Situation, query: AnswerQuery, language: Language) -> FeedbackOut:
    """The feedback, with its sentences in this language."""
    feedback, step = exercises.judged(before, query.type, query.on), before.next_step
    return FeedbackOut(
        allowed=feedback.decision.allowed,
        law=feedback.decision.law,
        unmet=[unmet_out(language, condition) for condition in feedback.decision.unmet],
        as_in_history=feedback.as_in_history,
        happened=_past(step, language),
        next_step=next((number for number in before.history.asked_steps if number > before.number), None),
    )


def _past(step: RecordedStep, language: Language) -> PastEventOut:
    return PastEventOut(event=step.type, label=texts.label(language, step.type), occurred_on=step.occurred_on)


def _title(name: str, language: Language) -> str:
    return texts.text(language, "page", f"exercise.{name}")
