"""JSON Schemas of event details with labels and help texts, in the caller's language, for forms."""

import re
from functools import cache
from typing import Any

from ungdom import texts
from ungdom.texts import Language, fields
from ungdom.workflow.events import details_schema
from ungdom.workflow.vocabulary import EventType

Schema = dict[str, Any]


@cache
def form_of(kind: EventType, language: Language) -> Schema:
    """JSON Schema (draft 2020-12) of the details of an event type, to be read and not changed.

    `title` and `description` of each field are its label and help text; a closed list has the label of each value in
    `oneOf`, beside `enum`.
    """
    schema = details_schema(kind)
    definitions = {name: _part(inner, language) for name, inner in schema.get("$defs", {}).items()}
    form = _part(schema, language) | {"title": texts.label(language, kind)}
    return form | ({"$defs": definitions} if definitions else {})


def _part(schema: Schema, language: Language) -> Schema:
    """The same without the name of the class and its docstring, which are for programmers."""
    owner = schema["title"]
    part = {key: value for key, value in schema.items() if key not in ("title", "description")}
    if "enum" in schema:
        return part | {"oneOf": [{"const": x, "title": _label(language, owner, x)} for x in schema["enum"]]}
    properties = schema.get("properties", {})
    catalogue = fields.catalogue(language)
    entries = {name: catalogue[fields.key_of(name, (owner,)) or ""] for name in properties}
    words = {name: {"title": entry.label or name, "description": entry.help} for name, entry in entries.items()}
    return part | {"properties": {name: inner | words[name] for name, inner in properties.items()}}


def _label(language: Language, words: str, value: str) -> str:
    if words == EventType.__name__:
        return texts.label(language, EventType(value))
    return texts.text(language, re.sub(r"(?<=[a-z])(?=[A-Z])", "_", words).lower(), value)
