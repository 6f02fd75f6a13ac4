"""Each field of an answer about a case has a row in the table of redaction, and each row is a field of an answer."""

from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel

from tests.service import settings_of
from ungdom.api.http.redact import redacted
from ungdom.app import create_app
from ungdom.cases import NotVisible
from ungdom.workflow.redaction import ViewerKnowledge
from ungdom.workflow.redaction.fields import ANSWERS, Given, gates_of
from ungdom.workflow.rules.permissions import Disclosure
from ungdom.workflow.rules.sharing import Matter

NOT_OUTSIDE: dict[str, str] = {
    "/v1/audit": "hash chains, no case",
    "/v1/calendar": "calendars of coordinators and leaders",
    "/v1/contacts": "how somebody is told, their own",
    "/v1/deadline-rules": "the law, and trials of rules in the office",
    "/v1/decisions": "pushed messages: redact_message, and their own of systems",
    "/v1/esas": "official messages: how they stand, nothing of what they say",
    "/v1/feed": "each entry whole or left out, as webhooks: tests/notices/test_feed.py",
    "/v1/extracts": "rows under pseudonyms",
    "/v1/jobs": "runs, no case",
    "/v1/retention": "rules and numbers, no case",
    "/v1/measures": "the catalogue of providers, no case",
    "/v1/persons": "questions of identity and observations, for the office",
    "/v1/problems": "explanations of problems",
    "/v1/releases": "published figures",
    "/v1/statistics": "figures of many cases",
    "/v1/surveys": "questionnaires without a case",
    "/v1/webhooks": "one's own subscriptions; what they are sent: tests/notices",
    "/v1/workflows": "the table",
    "/v1/cases/{case_id}/surveys": "invitations, for those who meet the youth",
    "/v1/plans": "lists of the office",
    "/v1/meetings": "lists of the office",
    "/v1/consents": "lists of the office",
    "/v1/breaches": "lists of the office",
    "/v1/complaints": "lists of the office",
    "/v1/cases/{case_id}/notes": "notes, for office and Secretariat",
    "/v1/cases/reassignments": "staff of the office",
    "/v1/access-log": "who has been given data, for auditors and leaders",
    "/v1/cases/{case_id}/access-log": "the same of a case; for the youth role, office and purpose, nothing of the case",
    "/v1/cases/{case_id}/archive": "for the leader of the office",
    "/v1/cases/{case_id}/emergency-access": "wider sight, for the office",
    "/v1/emergency-access": "the same, for leaders and auditors",
    "/v1/alerts/unreached": "lists of the office",
    "/v1/coordination-groups": "standing contacts, no case",
    "/v1/population-events": "messages of the population register, for the office",
    "/v1/staff": "staff, no case",
    "/health": "no case",
    "/docs": "no case",
    "/openapi.json": "no case",
}
"""Routes that nobody outside the office reaches, or that say nothing of a case: how the path begins, what they are."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder: Path = tmp_path_factory.mktemp("app")
    return create_app(settings_of(f"sqlite:///{folder / 'none.sqlite'}", folder))


def schemas_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every schema in an annotation, at any depth."""
    if isinstance(annotation, type) and get_origin(annotation) is None and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from schemas_in(field.annotation)
    for inner in get_args(annotation):
        yield from schemas_in(inner)


def routes_of_cases(app: FastAPI) -> dict[str, Any]:
    """The routes whose answers somebody outside the office may reach, each with its schema."""
    found: dict[str, Any] = {}
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        # Pages are compared with these routes in tests/web/test_page_access.py.
        page = getattr(context.endpoint, "__module__", "").startswith("ungdom.web.")
        outside = not page and not any(context.path.startswith(path) for path in NOT_OUTSIDE)
        if isinstance(route, APIRoute) and route.response_model is not None and outside:
            found[f"{sorted(context.methods or ())[0]} {context.path}"] = route.response_model
    return found


def reached(app: FastAPI) -> dict[str, type[BaseModel]]:
    return {schema.__name__: schema for model in routes_of_cases(app).values() for schema in schemas_in(model)}


def test_every_field_of_every_answer_has_its_matter(app: FastAPI) -> None:
    """A new field, schema or route without a row in `workflow/redaction/fields.py` fails here."""
    schemas = reached(app)
    missing = {
        name: sorted(set(schema.model_fields) ^ set(gates_of(name) or ()))
        for name, schema in schemas.items()
        if set(schema.model_fields) != set(gates_of(name) or ())
    }

    assert len(schemas) > 60
    assert missing == {}
    assert set(ANSWERS) <= set(schemas)


def test_no_field_has_two_rows() -> None:
    assert len(ANSWERS) > 60
    for schema, rows in ANSWERS.items():
        names = [name for listed in rows.values() for name in listed.split()]
        assert len(names) == len(set(names)), schema


def test_every_route_that_is_left_out_is_there(app: FastAPI) -> None:
    paths = {context.path for context in iter_route_contexts(app.routes)}

    assert {path for path in NOT_OUTSIDE if not any(there.startswith(path) for there in paths)} == set()
    assert "GET /v1/cases/{case_id}" in routes_of_cases(app)


def test_what_is_hidden_alone_can_be_empty(app: FastAPI) -> None:
    """A field that some viewers of an answer get and others do not is null, a list or a mapping in its schema.

    Other schemas are hidden whole: every field of theirs has the gate of the field that holds them.
    """
    schemas = reached(app)
    assert gates_of("CaseOut")
    for name in (
        "CaseOut",
        "EventOut",
        "PlanOut",
        "MeetingsOut",
        "MeetingOut",
        "TeamOut",
        "BreachesOut",
        "DeadlineOut",
    ):
        for field, gates in (gates_of(name) or {}).items():
            annotation = schemas[name].model_fields[field].annotation
            everybody = set(gates) <= {Given.ALWAYS, Given.BY_ROW, Matter.CURRENT_STATUS}
            can_be_empty = NoneType in get_args(annotation) or get_origin(annotation) in (list, dict)
            assert everybody or can_be_empty, (name, field)


NOTHING = ViewerKnowledge(frozenset(), frozenset({Matter.MEETING_DATES}))


class Holder(BaseModel):
    """An answer that has no row in the table."""

    value: int


def test_an_answer_that_may_not_be_learnt_is_not_there(app: FastAPI) -> None:
    lead_time = reached(app)["StartOut"](date="2025-01-01", rule="plan_meeting")

    with pytest.raises(NotVisible):
        redacted(lead_time, NOTHING)
    assert redacted(lead_time, ViewerKnowledge(frozenset(Disclosure))) is lead_time
    assert redacted(Holder(value=1), NOTHING) == Holder(value=1)
