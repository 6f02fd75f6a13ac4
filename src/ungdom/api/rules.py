"""The law as data: workflows, deadline rules, and what a problem type means."""

import re
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError
from starlette.responses import PlainTextResponse

from ungdom import texts
from ungdom.api import inputs as i
from ungdom.api import schemas as s
from ungdom.api import views
from ungdom.api.cases import answer
from ungdom.api.deps import ReadCall
from ungdom.workflow import diagram, engine, table
from ungdom.workflow.vocabulary import Regime, Sanction

router = APIRouter(tags=["rules"])
public = APIRouter(tags=["problems"])


def _known(version: str) -> str:
    if version not in table.VERSIONS:
        raise PydanticCustomError("enum", "is no version of the table", {"allowed": list(table.VERSIONS)})
    return version


class Format(i.Input):
    """`mermaid`: the state diagram as text. `version`: of the table; the newest when not given."""

    format: Literal["json", "mermaid"] = "json"
    version: Annotated[str, Field(max_length=20), AfterValidator(_known)] = table.VERSION


@router.get(
    "/v1/workflows/{sanction}/{regime}",
    response_model=s.WorkflowOut,
    responses={200: {"content": {"text/vnd.mermaid": {"schema": {"type": "string"}}}}},
    summary="One workflow",
)
def get_workflow(call: ReadCall, sanction: Sanction, regime: Regime, query: Annotated[Format, Query()]) -> Response:
    """The states and rows of one workflow, as data or as a Mermaid state diagram."""
    if query.format == "mermaid":
        drawn = diagram.mermaid(sanction, regime, query.version)
        return Response(drawn, headers={"Content-Language": "en"}, media_type="text/vnd.mermaid; charset=utf-8")
    rows = engine.rows_of(sanction, regime, query.version)
    shown = views.workflow_out(sanction, regime, rows, call.language)
    return call.respond(answer(shown.model_copy(update={"table_version": query.version})))


@router.get("/v1/deadline-rules", response_model=s.RuleList, summary="The deadline rules with their law")
def list_deadline_rules(call: ReadCall, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Every clock: its length over time, law or norm, who is late, and when a warning goes out."""
    return call.respond(answer(views.rules_out(call.language)))


@public.get(
    "/v1/problems/{code}",
    summary="What a problem type means",
    response_class=PlainTextResponse,
)
def get_problem(code: str, lang: Annotated[str | None, Query(max_length=20)] = None) -> Response:
    """The title of a problem type and what would help, as plain text in nb, nn and en."""
    told = [_explained(language, code) for language in ([texts.pick(lang)] if lang else texts.languages())]
    return Response("\n\n".join(told) + "\n", media_type="text/plain; charset=utf-8")


def _explained(language: texts.Language, code: str) -> str:
    problems = texts.catalogue(language)["problem"]
    if f"{code}.title" not in problems:
        raise HTTPException(404)
    detail = re.sub(r"\{\w+\}", "…", problems[f"{code}.detail"])
    return f"{problems[f'{code}.title']} ({code})\n{detail}"
