"""`docs/fields.md`: the fields of the details of every event type, from the schemas and the catalogue of fields."""

from collections.abc import Iterator
from typing import Any

from ungdom import texts
from ungdom.api.events.forms import form_of
from ungdom.api.events.union_schemas import RECORDED
from ungdom.texts import fields
from ungdom.workflow.events import SHAPE
from ungdom.workflow.vocabulary import EventType

_INTRODUCTION = """# Fields of events

What `details` of each event type holds in `POST /v1/cases/{id}/events`, and as `details_schema` in
`GET /v1/cases/{id}/options`, there with label and help text in the caller's language. The texts are in
`src/ungdom/texts/fields/`; why they stand there: [decision 0038](decisions/0038-fields-described-once.md).

An event has further `type`, `occurred_on` and, for those who may record for several authorities, `on_behalf_of`.
"""
_HEAD = "| field | bokmål | value | required | what it is |\n|---|---|---|---|---|\n"


def fields_text() -> str:
    """The page: event types in the order of the vocabulary, then the shapes that several of them hold."""
    shared: dict[str, dict[str, Any]] = {}
    events = "".join(_event(kind, shared) for kind in RECORDED)
    shapes = "".join(_shape(name, shared[name]) for name in sorted(shared))
    bare = ", ".join(f"`{kind}`" for kind in RECORDED if not form_of(kind, "en")["properties"])
    return f"{_INTRODUCTION}\nWithout details: {bare}.\n{events}\n## Shapes\n{shapes}"


def _event(kind: EventType, shared: dict[str, dict[str, Any]]) -> str:
    form = form_of(kind, "en")
    if not form["properties"]:
        return ""
    shared |= form.get("$defs", {})
    title = f"\n## `{kind}`: {texts.label('en', kind)} ({texts.label('nb', kind)})\n\n"
    return title + _table(SHAPE[kind].__name__, form)


def _shape(name: str, shape: dict[str, Any]) -> str:
    if "enum" in shape:
        values = "".join(f"| `{value['const']}` | {value['title']} |\n" for value in shape["oneOf"])
        return f"\n### {name}\n\n| value | in words |\n|---|---|\n{values}"
    return f"\n### {name}\n\n{_table(name, shape)}"


def _table(owner: str, shape: dict[str, Any]) -> str:
    needed = shape.get("required", ())
    rows = (_field_row(owner, name, inner, name in needed) for name, inner in shape["properties"].items())
    return _HEAD + "".join(rows)


def _field_row(owner: str, name: str, schema: dict[str, Any], needed: bool) -> str:
    bokmal = fields.catalogue("nb")[fields.key_of(name, (owner,)) or name]
    label, required = bokmal.label or "", "yes" if needed else "–"
    cells = (f"`{name}`", label, ", ".join(_values(schema)), required, schema["description"])
    return "| " + " | ".join(cells) + " |\n"


def _values(schema: dict[str, Any]) -> Iterator[str]:
    if "anyOf" in schema:
        yield from (word for choice in schema["anyOf"] if choice.get("type") != "null" for word in _values(choice))
    elif "$ref" in schema:
        yield schema["$ref"].rpartition("/")[2]
    elif schema.get("type") == "array":
        yield f"list of {', '.join(_values(schema['items']))}"
    else:
        yield schema.get("format") or schema["type"]
