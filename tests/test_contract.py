"""A contract is only added to: each change that could break a client is named, and nothing else is."""

import copy
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tools.contract import Comparison

Json = dict[str, Any]
ROOT = Path(__file__).parents[1]
DOCUMENT: Json = json.loads((ROOT / "openapi" / "v1.json").read_text(encoding="utf-8"))
TODAY = date(2026, 12, 1)


def schema(document: Json, name: str) -> Json:
    found: Json = document["components"]["schemas"][name]
    return found


def record(document: Json) -> Json:
    found: Json = document["paths"]["/v1/cases/{case_id}/events"]["post"]
    return found


def required_parameter(document: Json) -> None:
    record(document)["parameters"].append({"in": "query", "name": "reason", "required": True, "schema": {}})


BREAKING: dict[str, tuple[Callable[[Json], object], str]] = {
    "an operation that is gone": (lambda d: d["paths"].pop("/v1/alerts"), "GET /v1/alerts: is gone"),
    "another name": (lambda d: record(d).update(operationId="append"), "operationId record_event is append now"),
    "a parameter that is gone": (lambda d: record(d)["parameters"].pop(1), "parameter dry_run is gone"),
    "a new required parameter": (required_parameter, "parameter reason is required now"),
    "a field of an answer that is gone": (
        lambda d: schema(d, "CaseOut")["properties"].pop("state"),
        "CaseOut.state: is gone",
    ),
    "a field that may be missing": (
        lambda d: schema(d, "CaseOut")["required"].remove("state"),
        "CaseOut.state: may be missing",
    ),
    "a field that may be null": (
        lambda d: schema(d, "CaseOut")["properties"].update(
            reference={"anyOf": [{"type": "string"}, {"type": "null"}]}
        ),
        "CaseOut.reference: may be null now",
    ),
    "another type": (
        lambda d: schema(d, "CaseOut")["properties"].update(version={"type": "string"}),
        "CaseOut.version: may be string now",
    ),
    "a field to be sent that is gone": (
        lambda d: schema(d, "NewCaseIn")["properties"].pop("offences"),
        "NewCaseIn.offences: is gone",
    ),
    "a new required field": (
        lambda d: schema(d, "NewCaseIn")["required"].append("municipality"),
        "NewCaseIn.municipality: is required",
    ),
    "a code that is gone": (lambda d: schema(d, "Sanction")["enum"].pop(), "is no value any more"),
    "a narrower limit": (
        lambda d: schema(d, "NewCaseIn")["properties"]["offences"].update(maxItems=1),
        "NewCaseIn.offences: maxItems is 1",
    ),
    "an event type that cannot be sent": (
        lambda d: schema(d, "EventIn")["oneOf"].remove({"$ref": "#/components/schemas/CompletedIn"}),
        "EventIn: may not be #CompletedIn any more",
    ),
    "another status": (
        lambda d: record(d)["responses"].update({"202": record(d)["responses"].pop("201")}),
        "no longer answers 201",
    ),
}


def changes(change: Callable[[Json], object], before: Callable[[Json], object] = lambda _: None) -> list[str]:
    old = copy.deepcopy(DOCUMENT)
    before(old)
    new = copy.deepcopy(old)
    change(new)
    return list(Comparison(old, new, TODAY).changes())


@pytest.mark.parametrize("name", BREAKING)
def test_what_could_break_a_client_is_named(name: str) -> None:
    change, said = BREAKING[name]
    found = changes(change)
    assert [line for line in found if said in line], found


def additions(document: Json) -> None:
    document["paths"]["/v1/new"] = copy.deepcopy(document["paths"]["/v1/alerts"])
    record(document)["parameters"].append({"in": "query", "name": "reason", "required": False, "schema": {}})
    schema(document, "CaseOut")["properties"]["new"] = {"type": "string"}
    schema(document, "CaseOut")["required"].append("new")
    schema(document, "NewCaseIn")["properties"]["new"] = {"type": "string"}
    schema(document, "Sanction")["enum"].append("new")
    schema(document, "EventIn")["oneOf"].append({"$ref": "#/components/schemas/NewCaseIn"})
    record(document)["description"] = "In other words."


def test_what_is_added_breaks_nobody() -> None:
    assert changes(additions) == []


def test_what_was_to_go_may_be_gone_from_its_day_on() -> None:
    def marked(sunset: str) -> Callable[[Json], object]:
        return lambda d: d["paths"]["/v1/alerts"]["get"].update({"deprecated": True, "x-sunset": sunset})

    assert changes(lambda d: d["paths"].pop("/v1/alerts"), marked("2026-12-01")) == []
    assert changes(lambda d: d["paths"].pop("/v1/alerts"), marked("2026-12-02")) == ["GET /v1/alerts: is gone"]
