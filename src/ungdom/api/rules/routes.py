"""The law as data: workflows, deadline rules, and what a problem type means."""

import re
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from starlette.responses import PlainTextResponse

from ungdom import texts
from ungdom.api.http import inputs as i
from ungdom.api.http.context import ReadContext
from ungdom.api.http.responses import json_response
from ungdom.api.rules.present import rules_out, workflow_out
from ungdom.api.rules.schemas import Format, RuleList, WorkflowOut
from ungdom.message.text import CodeText, ReferenceText
from ungdom.workflow import diagram, engine
from ungdom.workflow.vocabulary import Regime, Sanction

router = APIRouter(tags=["rules"])
public = APIRouter(tags=["problems"])


@router.get(
    "/v1/workflows/{sanction}/{regime}",
    response_model=WorkflowOut,
    responses={200: {"content": {"text/vnd.mermaid": {"schema": {"type": "string"}}}}},
    summary="One workflow",
)
def get_workflow(
    context: ReadContext, sanction: Sanction, regime: Regime, query: Annotated[Format, Query()]
) -> Response:
    """The states and rows of one workflow, as data or as a Mermaid state diagram."""
    if query.format == "mermaid":
        diagram_text = diagram.mermaid(sanction, regime, query.version)
        return Response(diagram_text, headers={"Content-Language": "en"}, media_type="text/vnd.mermaid; charset=utf-8")
    rows = engine.rows_of(sanction, regime, query.version)
    shown = workflow_out(sanction, regime, rows, context.language)
    return context.respond(json_response(shown.model_copy(update={"table_version": query.version})))


@router.get("/v1/deadline-rules", response_model=RuleList, summary="The deadline rules with their law")
def list_deadline_rules(context: ReadContext, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Every clock: its length over time, law or norm, who is late, when a warning goes out, and who is notified."""
    return context.respond(json_response(rules_out(context.language)))


@public.get(
    "/v1/problems/{code}",
    summary="What a problem type means",
    response_class=PlainTextResponse,
)
def get_problem(request: Request, code: ReferenceText, lang: Annotated[CodeText | None, Query()] = None) -> Response:
    """The title of a problem type and what would help, as plain text.

    In the language of `lang` or else of `Accept-Language`; in nb, nn and en when neither is given.
    """
    language_tag = lang or request.headers.get("accept-language")
    languages = [texts.negotiate(language_tag)] if language_tag else texts.languages()
    explained = "\n\n".join(_problem_text(language, code) for language in languages)
    headers = {"Content-Language": ", ".join(languages), "Vary": "Accept-Language"}
    return Response(f"{explained}\n", headers=headers, media_type="text/plain; charset=utf-8")


def _problem_text(language: texts.Language, code: str) -> str:
    problems = texts.catalogue(language)["problem"]
    if f"{code}.title" not in problems:
        raise HTTPException(404)
    detail = re.sub(r"\{(\w+)\}", r"<\1>", problems[f"{code}.detail"])
    return f"{problems[f'{code}.title']} ({code})\n{detail}"
