"""Examples made from a JSON Schema: the smallest value that it allows, the same at every run."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

TEXTS: Mapping[str | None, str] = {
    "date": "2026-03-02",
    "date-time": "2026-03-02T09:00:00Z",
    "uuid": "01890a5d-ac96-774b-bcce-b302099a8057",
    "uri": "https://ungdom.example.no/v1/cases/01890a5d-ac96-774b-bcce-b302099a8057",
    None: "text",
}
"""The text of each format; None: of a text without one."""


def example_of(schema: Json, root: Json) -> Any:
    """The smallest value of this schema; an optional property is left out. `root`: where its references lead."""
    schema = _resolved(schema, root)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices and "properties" not in schema:
        return example_of(choices[0], root)
    if schema.get("type") == "object":
        return {name: example_of(schema["properties"][name], root) for name in schema.get("required", ())}
    if schema.get("type") == "array":
        return [example_of(schema["items"], root) for _ in range(schema.get("minItems", 0))]
    return _plain(schema)


def _plain(schema: Json) -> Any:
    match schema.get("type"):
        case "integer" | "number":
            return max(schema.get("minimum", 1), 1)
        case "boolean":
            return True
        case _:
            return TEXTS[schema.get("format")]


def _resolved(schema: Json, root: Json) -> Json:
    while "$ref" in schema:
        place: Any = root
        for name in schema["$ref"].removeprefix("#/").split("/"):
            place = place[name]
        schema = place
    return schema
