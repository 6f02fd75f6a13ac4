"""The OpenAPI document as generators and readers meet it: names, parameters, problems, headers, tags."""

import json
import re
from pathlib import Path
from typing import Any

DOCUMENT: dict[str, Any] = json.loads((Path(__file__).parents[2] / "openapi" / "v1.json").read_text(encoding="utf-8"))
OPERATIONS: dict[str, dict[str, Any]] = {
    f"{method.upper()} {path}": operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}

SCHEMA_NAME = re.compile(r"[A-Z][A-Za-z0-9]*(_[a-z]+)*")
"""A class name, or one with the member of a discriminated union: no module path, no generic, no `-Input`."""


def test_operation_ids_are_function_names_and_unique() -> None:
    ids = [operation["operationId"] for operation in OPERATIONS.values()]

    assert len(ids) > 90
    assert sorted(ids) == sorted(set(ids))
    assert [name for name in ids if not re.fullmatch(r"[a-z]+(_[a-z]+)+", name)] == []


def test_schema_names_carry_no_module_path_and_no_artefact() -> None:
    names = list(DOCUMENT["components"]["schemas"])

    assert len(names) > 300
    assert [name for name in names if not SCHEMA_NAME.fullmatch(name)] == []
