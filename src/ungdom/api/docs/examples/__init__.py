"""Examples of requests and answers for the OpenAPI document, recorded from a worked history by the service itself."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from ungdom.api.docs.descriptions import operations

NDJSON = "application/x-ndjson"
EXAMPLE_MEDIA_TYPES = frozenset({"application/json", NDJSON})
"""The kinds of body that examples are of; a signed message says nothing to a reader."""


@cache
def recorded_examples() -> dict[str, dict[str, Any]]:
    """What was recorded, by operation: `parameters`, `body` if there was one, `status`, and `answer` of `kind`."""
    examples: dict[str, dict[str, Any]] = json.loads(
        files(__name__).joinpath("recorded.json").read_text(encoding="utf-8")
    )
    return examples


def with_examples(document: dict[str, Any]) -> dict[str, Any]:
    """The document with an example of each parameter, body and answer that was recorded."""
    for operation in operations(document):
        example = recorded_examples().get(operation["operationId"])
        if example is not None:
            _add_examples(operation, example)
    return document


def _add_examples(operation: dict[str, Any], example: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in example["parameters"]:
            parameter["example"] = example["parameters"][parameter["name"]]
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        if "body" in example and kind in EXAMPLE_MEDIA_TYPES:
            content["example"] = _example_value(kind, example["body"])
    answer = operation["responses"].get(str(example["status"]), {}).get("content", {}).get(example.get("kind"))
    if answer is not None:
        answer["example"] = _example_value(example["kind"], example["answer"])


def _example_value(kind: str, value: Any) -> Any:
    """The value; of a batch its first line, which is what the schema is about."""
    return json.loads(value.partition("\n")[0]) if kind == NDJSON else value
