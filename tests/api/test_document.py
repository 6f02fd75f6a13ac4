"""The OpenAPI document as generators and readers meet it: names, parameters, problems, headers, tags."""

import json
import re
from pathlib import Path
from typing import Any

from ungdom import texts

ROOT = Path(__file__).parents[2]
DOCUMENT: dict[str, Any] = json.loads((ROOT / "openapi" / "v1.json").read_text(encoding="utf-8"))
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


# --- what is read -------------------------------------------------------------------------------------------


def parameters(operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in operation.get("parameters", ())}


def test_if_match_is_asked_for_where_a_case_that_is_there_is_written_in_and_nowhere_else() -> None:
    with_version = {name for name, one in OPERATIONS.items() if "If-Match" in parameters(one)}

    assert with_version == {"POST /v1/cases/{case_id}/events", "POST /v1/cases/{case_id}/corrections"}
    for name in with_version:
        assert parameters(OPERATIONS[name])["If-Match"]["required"]
    for name, one in OPERATIONS.items():
        assert (name in with_version) == ({"412", "428"} <= set(one["responses"])), name


def test_a_key_is_read_by_what_writes_and_by_nothing_else() -> None:
    keyed = {name for name, one in OPERATIONS.items() if "Idempotency-Key" in parameters(one)}
    public = {"POST /v1/surveys/{token}"}
    answered_anew = {"POST /v1/deadline-rules/simulate", "POST /v1/decisions/batch"}
    writes = {name for name in OPERATIONS if not name.startswith("GET ")}

    assert keyed == writes - public - answered_anew


def test_a_read_publishes_no_problem_of_a_write() -> None:
    reads = {name: one for name, one in OPERATIONS.items() if name.startswith("GET ")}

    assert len(reads) > 60
    assert {n: set(one["responses"]) & {"409", "412", "413", "415", "428"} for n, one in reads.items()} == {
        name: set() for name in reads
    }


def test_no_parameter_is_ever_null() -> None:
    for name, one in OPERATIONS.items():
        for parameter in one.get("parameters", ()):
            assert {"type": "null"} not in parameter["schema"].get("anyOf", ()), f"{name} {parameter['name']}"


# --- what is answered ---------------------------------------------------------------------------------------


def resolved(response: dict[str, Any]) -> dict[str, Any]:
    name = response.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = DOCUMENT["components"]["responses"][name] if name else response
    return found


def test_every_problem_has_its_media_type_and_a_meaning() -> None:
    problems = [
        (name, resolved(response))
        for name, one in OPERATIONS.items()
        for status, response in one["responses"].items()
        if status[0] in "45" and not name.startswith("GET /health/")
    ]

    assert len(problems) > 500
    for name, response in problems:
        assert "application/problem+json" in response["content"], name
        assert response["description"].endswith("."), name
        assert "Content-Language" in response["headers"], name


def test_headers_are_published_where_they_are_sent() -> None:
    def sent(name: str, status: str) -> set[str]:
        return set(resolved(OPERATIONS[name]["responses"][status])["headers"])

    assert sent("GET /v1/cases/{case_id}", "200") == {"ETag", "Content-Language"}
    assert sent("POST /v1/cases", "201") == {"ETag", "Location", "Content-Language", "Idempotency-Replayed"}
    assert sent("POST /v1/cases", "409") == {"Content-Language", "Retry-After"}
    assert sent("GET /v1/extracts/{name}", "200") == {"Content-Disposition", "Link"}
    assert sent("GET /v1/cases", "401") == {"Content-Language", "WWW-Authenticate"}
    assert sent("GET /v1/cases", "503") == {"Content-Language", "Retry-After"}


def test_only_what_needs_no_token_says_so() -> None:
    open_paths = {name for name, one in OPERATIONS.items() if one.get("security") == []}

    assert open_paths == {
        "GET /health/live",
        "GET /health/ready",
        "GET /v1/calendar/{secret}.ics",
        "GET /v1/problems/{code}",
        "GET /v1/surveys/{token}",
        "POST /v1/surveys/{token}",
    }
    for name, one in OPERATIONS.items():
        assert (name in open_paths) != ("401" in one["responses"]), name


# --- codes --------------------------------------------------------------------------------------------------


def test_the_codes_are_those_that_the_texts_explain() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    english = texts.catalogue("en")

    assert schemas["ProblemOut"]["properties"]["code"] == {"$ref": "#/components/schemas/ProblemCode"}
    assert schemas["UnmetOut"]["properties"]["code"] == {"$ref": "#/components/schemas/ConditionCode"}
    assert {f"{code}.title" for code in schemas["ProblemCode"]["enum"]} <= set(english["problem"])
    assert set(schemas["ConditionCode"]["enum"]) == set(english["refusal"])


def test_each_problem_code_in_the_source_is_in_the_list() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src" / "ungdom" / "api").rglob("*.py"))
    answered = set(re.findall(r"""_(?:problem|refuse|plain)\((?:[^"()]*,)?\s*\d{3}, "([a-z_]+)\"""", source))

    assert len(answered) > 30
    assert answered <= set(DOCUMENT["components"]["schemas"]["ProblemCode"]["enum"])


# --- readers ------------------------------------------------------------------------------------------------


def test_each_operation_has_one_tag_and_each_tag_one_reader() -> None:
    tags = [tag["name"] for tag in DOCUMENT["tags"]]
    grouped = [tag for group in DOCUMENT["x-tagGroups"] for tag in group["tags"]]
    used = [tag for one in OPERATIONS.values() for tag in one["tags"]]

    assert {len(one["tags"]) for one in OPERATIONS.values()} == {1}
    assert sorted(tags) == sorted(grouped) == sorted(set(used))
    assert {group["name"] for group in DOCUMENT["x-tagGroups"]} >= {
        "Coordinator's client",
        "Prosecution and courts",
        "Operator",
        "Analyst",
    }


def test_the_calls_that_readers_are_sent_to_exist() -> None:
    prose = DOCUMENT["info"]["description"] + "".join(tag["description"] for tag in DOCUMENT["tags"])
    named = set(re.findall(r"`((?:GET|POST) /[^`]+)`", prose))

    assert len(named) > 10
    assert named <= set(OPERATIONS)


def test_the_front_names_licence_contact_server_and_what_is_stable() -> None:
    info = DOCUMENT["info"]

    assert info["license"] == {"name": "MIT", "identifier": "MIT"}
    assert info["contact"]["name"]
    assert "What is stable" in info["description"]
    assert [server["url"] for server in DOCUMENT["servers"]] == ["/"]


def test_no_title_repeats_a_name() -> None:
    def titles(node: Any) -> int:
        if isinstance(node, list):
            return sum(map(titles, node))
        if isinstance(node, dict):
            return isinstance(node.get("title"), str) + sum(titles(v) for k, v in node.items() if k != "example")
        return 0

    assert titles([DOCUMENT["paths"], DOCUMENT["components"]["schemas"]]) == 0
