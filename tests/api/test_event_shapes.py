"""What the document says of events is what the service reads: examples of every type, right and wrong, both ways."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from tests.test_examples import ROOT, document, wrong
from ungdom.api.events.schemas import CorrectionIn, EventIn
from ungdom.api.events.union_schemas import RECORDED, REPLACING
from ungdom.api.http import inputs as i
from ungdom.workflow.errors import BadDetails
from ungdom.workflow.events import read_details
from ungdom.workflow.vocabulary import EventType

E = EventType
ID = "019b8dd0-0000-7000-8000-000000000000"
PATTERNS = {"statute": "strl-327"}
"""What fits a pattern that "a1" does not fit."""


def schema_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = document()["components"]["schemas"][name]
    return found


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    return schema_of(schema["$ref"].rpartition("/")[2]) if "$ref" in schema else schema


def instance(schema: dict[str, Any], name: str = "", full: bool = True) -> Any:
    """A value that the schema allows; `full`: with every property, otherwise with the required ones."""
    schema = resolved(schema)
    if "anyOf" in schema:
        return instance(schema["anyOf"][0], name, full)
    if "const" in schema or "enum" in schema:
        return schema.get("const") or schema["enum"][0]
    if schema["type"] == "object":
        wanted = schema["properties"] if full else schema.get("required", ())
        return {key: instance(schema["properties"][key], key, full) for key in wanted}
    if schema["type"] == "array":
        return [instance(schema["items"], name, full)]
    if schema["type"] == "string":
        return {"date": "2025-05-08", "uuid": ID}.get(schema.get("format", ""), PATTERNS.get(name, "a1"))
    return {"boolean": True, "integer": 3}[schema["type"]]


def read(body: dict[str, Any]) -> None:
    """As `POST …/events` reads it."""
    given = EventIn.model_validate(body)
    details = {"note": ID, **given.details} if given.type is E.NOTE_ADDED else given.details
    read_details(given.type, i.plausible(given.type, dict(details)))


def is_read(body: dict[str, Any]) -> bool:
    try:
        read(body)
    except (ValidationError, BadDetails):
        return False
    return True


def is_allowed(body: dict[str, Any]) -> bool:
    return wrong({"$ref": f"{ROOT}#/components/schemas/EventIn"}, body) == []


def shape(kind: EventType) -> dict[str, Any]:
    where = schema_of("EventIn")["discriminator"]["mapping"][kind.value]
    return schema_of(where.rpartition("/")[2])


@pytest.mark.parametrize("full", [True, False], ids=["full", "least"])
@pytest.mark.parametrize("kind", RECORDED)
def test_an_event_of_each_type_is_allowed_and_read(kind: EventType, full: bool) -> None:
    body = instance(shape(kind), full=full)

    assert is_allowed(body)
    read(body)


def without_one(body: dict[str, Any], needed: list[str]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != needed[-1]}


WRONG: dict[str, Callable[[dict[str, Any], list[str]], dict[str, Any]]] = {
    "unknown property": lambda body, _: {**body, "more": 1},
    "unknown detail": lambda body, _: {**body, "details": {**body.get("details", {}), "more": 1}},
    "details are a list": lambda body, _: {**body, "details": [1]},
    "no day": lambda body, _: {**body, "occurred_on": 20250508},
    "unknown authority": lambda body, _: {**body, "on_behalf_of": "nobody"},
    "something required is missing": without_one,
}


@pytest.mark.parametrize("change", WRONG)
@pytest.mark.parametrize("kind", RECORDED)
def test_what_is_wrong_is_neither_allowed_nor_read(kind: EventType, change: str) -> None:
    body = WRONG[change](instance(shape(kind)), shape(kind)["required"])

    assert (is_allowed(body), is_read(body)) == (False, False)


@pytest.mark.parametrize("kind", [kind for kind in RECORDED if "details" in shape(kind)["required"]])
def test_each_required_detail_is_required_by_both(kind: EventType) -> None:
    body = instance(shape(kind))
    needed = resolved(shape(kind)["properties"]["details"])["required"]

    assert needed
    for name in needed:
        less = {**body, "details": {key: value for key, value in body["details"].items() if key != name}}
        assert (is_allowed(less), is_read(less)) == (False, False), name


@pytest.mark.parametrize("kind", REPLACING)
def test_a_correction_to_each_type_is_allowed_and_read(kind: EventType) -> None:
    where = schema_of("ReplacementIn")["discriminator"]["mapping"][kind.value]
    body = {"seq": 2, "reason": "wrong_details", "replacement": instance({"$ref": where})}
    correction = {"$ref": f"{ROOT}#/components/schemas/CorrectionIn"}

    assert wrong(correction, body) == []
    replacement = CorrectionIn.model_validate(body).replacement
    assert replacement is not None
    assert replacement.details is not None
    read_details(kind, replacement.details)
    assert wrong(correction, body | {"replacement": {"type": kind.value, "details": {"more": 1}}}) != []


@pytest.mark.parametrize("replacement", [None, {"occurred_on": "2025-05-08"}, {"details": {}}, {"type": None}])
def test_a_correction_that_keeps_the_type_is_allowed_and_read(replacement: Any) -> None:
    body = {"seq": 2, "reason": "wrong_date", "replacement": replacement}

    assert wrong({"$ref": f"{ROOT}#/components/schemas/CorrectionIn"}, body) == []
    CorrectionIn.model_validate(body)


def test_every_type_but_those_with_a_request_of_their_own_can_be_recorded() -> None:
    assert set(E) - set(RECORDED) == {E.CORRECTED, E.CASE_REGISTERED}
    assert set(E) - set(REPLACING) == {E.CORRECTED, E.RULES_MIGRATED}
    assert set(schema_of("EventIn")["discriminator"]["mapping"]) == {kind.value for kind in RECORDED}
