"""Discriminated unions of schemas for the OpenAPI document."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter

REF_TEMPLATE = "#/components/schemas/{model}"
NO_DETAILS = "NoDetails"
"""Name of the schema of events and messages without details."""

K = TypeVar("K", bound=StrEnum)


def pascal(word: str) -> str:
    """A value in snake_case as the name of a schema."""
    return "".join(part.capitalize() for part in word.split("_"))


def reference(name: str) -> dict[str, Any]:
    """A reference to the schema of this name."""
    return {"$ref": REF_TEMPLATE.format(model=name)}


def tagged_union(tag: str, names: Mapping[K, str], about: type) -> dict[str, Any]:
    """A union discriminated by the property `tag`. `names`: schema name by value of the property."""
    return {
        "description": (about.__doc__ or "").strip(),
        "oneOf": [reference(name) for name in names.values()],
        "discriminator": {
            "propertyName": tag,
            "mapping": {value.value: REF_TEMPLATE.format(model=name) for value, name in names.items()},
        },
    }


def schemas_of(readers: Mapping[K, TypeAdapter[Any]]) -> tuple[dict[K, str], dict[str, Any]]:
    """The name of the schema that each reads, and the schemas by name with all that they refer to."""
    inputs: list[tuple[K, Literal["validation"], TypeAdapter[Any]]] = []
    inputs += [(key, "validation", reader) for key, reader in readers.items()]
    references, whole = TypeAdapter.json_schemas(inputs, by_alias=True, ref_template=REF_TEMPLATE)
    shapes = {_schema_name(name): shape for name, shape in whole["$defs"].items()}
    if NO_DETAILS in shapes:
        shapes[NO_DETAILS] = shapes[NO_DETAILS] | {"title": NO_DETAILS}
    return {key: _schema_name(references[key, "validation"]["$ref"].rpartition("/")[2]) for key in readers}, shapes


def _schema_name(name: str) -> str:
    return NO_DETAILS if name == "Details" else name
