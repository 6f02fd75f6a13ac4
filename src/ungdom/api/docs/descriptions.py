"""A description of every parameter and property of the OpenAPI document.

They come from the catalogue of fields (`texts.fields`), which forms are drawn from as well.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from ungdom.texts import fields

Schema = dict[str, Any]
METHODS = frozenset({"get", "put", "post", "delete", "patch"})


def describe(document: dict[str, Any]) -> dict[str, Any]:
    """The document with a description of each parameter and property that the catalogue has one for."""
    schemas = document["components"]["schemas"]
    sent = sent_schemas(document)
    unions = unions_of(schemas)
    for name, schema in schemas.items():
        for property_name, inner in schema.get("properties", {}).items():
            _describe(inner, fields.key_of(property_name, owners(name, unions, name in sent)))
    for operation in operations(document):
        for parameter in operation.get("parameters", ()):
            key = fields.key_of(parameter["name"], parameter_owners(operation, parameter))
            _describe(parameter, key)
            parameter["schema"].pop("title", None)
    return document


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every operation."""
    for path in document["paths"].values():
        yield from (operation for method, operation in path.items() if method in METHODS)


def owners(name: str, unions: dict[str, str], sent: bool) -> list[str]:
    """The words before the dot under which a property of this schema may be described, the nearest first."""
    return [name, *([unions[name]] if name in unions else []), *([] if sent else ["answer"])]


def parameter_owners(operation: dict[str, Any], parameter: dict[str, Any]) -> list[str]:
    """The same for a parameter: its operation, and `?` for one in the query."""
    return [operation["operationId"], *(["?"] if parameter["in"] == "query" else [])]


def sent_schemas(document: dict[str, Any]) -> set[str]:
    """The names of schemas that a request body is made of."""
    schemas = document["components"]["schemas"]
    bodies = [operation["requestBody"] for operation in operations(document) if "requestBody" in operation]
    names: set[str] = set()
    todo = set(referred(bodies))
    while todo:
        names |= todo
        todo = {inner for name in todo for inner in referred(schemas[name])} - names
    return names


def unions_of(schemas: dict[str, Schema]) -> dict[str, str]:
    """The name of the discriminated union that a schema is an alternative of, by its own name."""
    return {
        alternative: name
        for name, schema in schemas.items()
        if "discriminator" in schema
        for alternative in referred(schema["oneOf"])
    }


def referred(value: object) -> Iterable[str]:
    """The names of the schemas that this part of the document refers to, without what those refer to."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"].rpartition("/")[2]
        for inner in value.values():
            yield from referred(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from referred(inner)


def _describe(described: dict[str, Any], key: str | None) -> None:
    """Give a property or parameter the description of the catalogue; a title that repeats the name goes."""
    described.pop("title", None)
    if key is not None:
        described["description"] = fields.catalogue("en")[key].help
