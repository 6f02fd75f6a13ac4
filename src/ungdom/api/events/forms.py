"""The details of an event as a form asks for them: their JSON Schema, in the caller's language."""

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
    return part | {"properties": {name: inner | _texts(owner, name, language) for name, inner in properties.items()}}


def _texts(owner: str, name: str, language: Language) -> dict[str, str]:
    field = fields.catalogue(language)[fields.key_of(name, (owner,)) or ""]
    return {"title": field.label or name, "description": field.help}


def _label(language: Language, words: str, value: str) -> str:
    if words == EventType.__name__:
        return texts.label(language, EventType(value))
    return texts.text(language, re.sub(r"(?<=[a-z])(?=[A-Z])", "_", words).lower(), value)
