"""Unions of event schemas for the OpenAPI document: one schema per event type, discriminated by `type`.

A request is parsed by `EventIn` or `CorrectionIn`, then by the details of its type. The schemas here describe both
steps together. They are made with the document and not at start, because that takes seconds.
"""

from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter

from ungdom import texts
from ungdom.api.events.schemas import CorrectionIn, EventIn, ReplacementIn
from ungdom.api.http.unions import REF_TEMPLATE, pascal, reference, schemas_of, tagged_union
from ungdom.workflow.events import SHAPE, reader
from ungdom.workflow.vocabulary import EventType

E = EventType

RECORDED = tuple(kind for kind in SHAPE if kind not in (E.CORRECTED, E.CASE_REGISTERED))
"""What `POST …/events` takes: a case is opened, and an event corrected, by a request of its own."""
REPLACING = tuple(kind for kind in SHAPE if kind not in (E.CORRECTED, E.RULES_MIGRATED))
"""What an event can be corrected to."""

_NOTE = "NewNote"
_SAME_TYPE = "SameTypeReplacementIn"


def event_schemas() -> dict[str, Any]:
    """JSON Schemas by name: `EventIn`, `ReplacementIn` and `CorrectionIn`, their alternatives, and all details."""
    readers: dict[EventType, TypeAdapter[Any]] = {kind: reader(kind) for kind in SHAPE if kind is not E.CORRECTED}
    names, shapes = schemas_of(readers)
    shapes[_NOTE] = shapes[names[E.NOTE_ADDED]] | {"title": _NOTE, "required": []}
    recorded: dict[EventType, str] = {kind: f"{pascal(kind)}In" for kind in RECORDED}
    replacing: dict[EventType, str] = {kind: f"{pascal(kind)}ReplacementIn" for kind in REPLACING}
    shapes |= {name: _event(kind, name, names[kind], shapes) for kind, name in recorded.items()}
    shapes |= {name: _replacement(kind, name, names[kind]) for kind, name in replacing.items()}
    return shapes | {
        "EventIn": tagged_union("type", recorded, EventIn),
        "ReplacementIn": tagged_union("type", replacing, ReplacementIn),
        _SAME_TYPE: _same_type(),
        "CorrectionIn": _correction(),
    }


def _event(kind: EventType, name: str, details: str, shapes: dict[str, Any]) -> dict[str, Any]:
    given = EventIn.model_json_schema(ref_template=REF_TEMPLATE)["properties"]
    fields = {"occurred_on": given["occurred_on"], "on_behalf_of": given["on_behalf_of"]}
    if kind is E.NOTE_ADDED:
        text = next(choice for choice in given["note"]["anyOf"] if choice["type"] == "string")
        note = {"details": reference(_NOTE), "note": text, "youth_may_read": given["youth_may_read"]}
        return _tagged(kind, name, fields | note, ["occurred_on", "note"])
    needed = ["details"] if shapes[details].get("required") else []
    return _tagged(kind, name, fields | {"details": reference(details)}, ["occurred_on", *needed])


def _replacement(kind: EventType, name: str, details: str) -> dict[str, Any]:
    day = ReplacementIn.model_json_schema(ref_template=REF_TEMPLATE)["properties"]["occurred_on"]
    return _tagged(kind, name, {"occurred_on": day, "details": {"anyOf": [reference(details), {"type": "null"}]}}, [])


def _tagged(kind: EventType, name: str, fields: dict[str, Any], required: Iterable[str]) -> dict[str, Any]:
    return {
        "title": name,
        "description": f"{texts.label('en', kind)}.",
        "type": "object",
        "additionalProperties": False,
        "properties": {"type": {"type": "string", "const": kind.value}, **fields},
        "required": ["type", *required],
    }


def _same_type() -> dict[str, Any]:
    shape = ReplacementIn.model_json_schema(ref_template=REF_TEMPLATE)
    shape.pop("$defs")
    about = {"title": _SAME_TYPE, "description": "A replacement that leaves the type of the event as it is."}
    return shape | about | {"properties": shape["properties"] | {"type": {"type": "null"}}}


def _correction() -> dict[str, Any]:
    shape = CorrectionIn.model_json_schema(ref_template=REF_TEMPLATE)
    shape.pop("$defs")
    choice = [reference("ReplacementIn"), reference(_SAME_TYPE), {"type": "null"}]
    null, inserted = {"type": "null"}, {"required": ["insert"], "properties": {"insert": reference("InsertIn")}}
    neither = {"not": {"anyOf": [{"required": [name], "properties": {name: {}}} for name in ("seq", "replacement")]}}
    corrected = {
        "required": ["seq", "replacement"],
        "properties": {"seq": {"type": "integer"}, "insert": null, "after_seq": null},
    }
    properties = shape["properties"] | {"replacement": {"anyOf": choice}}
    return shape | {"properties": properties, "anyOf": [corrected, inserted | neither]}
