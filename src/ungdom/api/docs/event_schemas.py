"""The JSON Schemas of all event types, each with an example: `openapi/schemas/events.json`."""

from typing import Any

from ungdom.api.docs.schema_examples import example_of
from ungdom.api.events.forms import form_of
from ungdom.workflow.vocabulary import EventType

Json = dict[str, Any]

_ABOUT = (
    "Every type of event of a case, with its details. `type`, `occurred_on` and `details` of `GET "
    "/v1/cases/{case_id}/events` have this shape. Details are added to and not changed."
)


def events_document(version: str) -> Json:
    """JSON Schema (draft 2020-12): any event, and in `$defs` each event type by its code, and what they share."""
    forms = {kind: form_of(kind, "en") for kind in EventType}
    shared: Json = {}
    for form in forms.values():
        shared |= form.get("$defs", {})
    document: Json = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Events of a case, ungdom {version}",
        "description": _ABOUT,
        "oneOf": [{"$ref": f"#/$defs/{kind}"} for kind in forms],
        "$defs": shared | {kind.value: _event(kind, form) for kind, form in forms.items()},
    }
    for kind in forms:
        schema = document["$defs"][kind]
        schema["examples"] = [example_of(schema, document)]
    return document


def _event(kind: EventType, form: Json) -> Json:
    details = {name: inner for name, inner in form.items() if name not in ("$defs", "title")}
    return {
        "title": form["title"],
        "type": "object",
        "properties": {
            "type": {"const": kind.value},
            "occurred_on": {"type": "string", "format": "date", "description": "The day in Norway."},
            "details": details,
        },
        "required": ["type", "occurred_on", "details"],
    }
