"""Each operation has an example, recorded from a worked history, that its own schema allows."""

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012, Draft202012Validator, Registry

from tests.api import record_examples
from ungdom.api.docs import descriptions
from ungdom.api.docs.examples import recorded_examples
from ungdom.demo import people
from ungdom.generated import openapi_text
from ungdom.message.national_id import NationalIdFlag, check_national_id

ROOT = "urn:openapi"
NDJSON = "application/x-ndjson"
ROOT_FOLDER = Path(__file__).parents[1]
WITHOUT = {
    "get_extract_aggregates": "there is no release in a worked history: a release needs hundreds of cases",
    "get_release": "the same",
    "get_released_indicators": "the same",
    "get_release_content": "the same",
    "get_release_proof": "the same",
    "get_extract_file": "the file is made by a worker, and is not JSON",
}
"""Operations without an example, and why."""


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(openapi_text().replace('"#/', f'"{ROOT}#/'))
    return found


@cache
def registry() -> Registry:
    return Registry([(ROOT, document())], draft=Draft202012)


def operations() -> dict[str, dict[str, Any]]:
    return {one["operationId"]: one for one in descriptions.operations(document())}


def wrong(schema: dict[str, Any], value: Any) -> list[str]:
    return [f"{one.instance_path}: {one.message}" for one in validator(json.dumps(schema)).iter_errors(value)]


@cache
def validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema), registry=registry(), validate_formats=True)


def test_the_examples_are_what_the_service_answers(tmp_path: Path) -> None:
    fresh = tmp_path / "recorded.json"
    subprocess.run([sys.executable, "-m", "tests.api.record_examples", str(fresh)], cwd=ROOT_FOLDER, check=True)
    assert record_examples.FILE.read_text(encoding="utf-8") == fresh.read_text(encoding="utf-8"), "run `make docs`"


def test_each_operation_has_an_example_or_a_reason() -> None:
    assert set(recorded_examples()) | set(WITHOUT) == set(operations())
    assert not set(recorded_examples()) & set(WITHOUT)


@pytest.mark.parametrize("operation", sorted(recorded_examples()))
def test_an_example_is_as_its_schema_says(operation: str) -> None:
    example, published = recorded_examples()[operation], operations()[operation]
    bodies = [one for one in published.get("requestBody", {}).get("content", {}).values() if "example" in one]
    answers = published["responses"][str(example["status"])].get("content", {})
    asked = [one for one in published.get("parameters", ()) if "example" in one]

    assert ("body" in example) == bool(bodies)
    for body in bodies:
        assert [wrong(body["schema"], value) for value in values(body["example"])] == [[]]
    for name, value in example["parameters"].items():
        (parameter,) = (one for one in asked if one["name"] == name)
        assert wrong(parameter["schema"], value) == []
    for kind in {example["kind"]} if "kind" in example else ():
        shown = values(answers[kind]["example"]) if kind == NDJSON else [answers[kind]["example"]]
        assert [wrong(answers[kind].get("schema", {}), value) for value in shown] == [[]]


def values(written: Any) -> list[Any]:
    """What an example holds: one value, or one for each line of a batch."""
    return [json.loads(line) for line in written.splitlines()] if isinstance(written, str) else [written]


UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def test_people_in_examples_are_synthetic() -> None:
    written = record_examples.FILE.read_text(encoding="utf-8")
    names, compared = {*people.name_lists().family, "Stilling", None}, {"equal", "different", "missing"}

    numbers = re.findall(r"\b\d{11}\b", re.sub(UUID, "", written))
    assert [number for number in numbers if NationalIdFlag.SYNTHETIC not in check_national_id(number).flags] == []
    assert set(json_values(json.loads(written), "national_id")) <= {*numbers, *compared, None}
    assert set(json_values(json.loads(written), "family_name")) <= names | compared


def json_values(value: Any, name: str) -> list[str]:
    if isinstance(value, dict):
        own = [value[name]] if name in value else []
        return own + [one for inner in value.values() for one in json_values(inner, name)]
    return [one for inner in value for one in json_values(inner, name)] if isinstance(value, list) else []
