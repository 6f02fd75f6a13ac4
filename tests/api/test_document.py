"""The OpenAPI document as generators and readers meet it: names, parameters, problems, headers, tags."""

import json
import re
from itertools import combinations
from keyword import kwlist
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

    assert with_version == {
        "POST /v1/cases/{case_id}/events",
        "POST /v1/cases/{case_id}/corrections",
        "PATCH /v1/staff/{subject}",  # an entry has a version too
        "PATCH /v1/persons/{person_id}",  # and so has a person
    }
    for name in with_version:
        assert parameters(OPERATIONS[name])["If-Match"]["required"]
    for name, one in OPERATIONS.items():
        assert (name in with_version) == ({"412", "428"} <= set(one["responses"])), name


def test_a_key_is_read_by_what_writes_and_by_nothing_else() -> None:
    keyed = {name for name, one in OPERATIONS.items() if "Idempotency-Key" in parameters(one)}
    public = {"POST /v1/surveys/{token}"}
    answered_anew = {
        "POST /v1/deadline-rules/simulate",
        "POST /v1/decisions/batch",
        "POST /v1/jobs/nightly/runs",
        "POST /v1/jobs/retention/runs",
        "POST /v1/persons/{person_id}/subject-access",
    }
    writes = {name for name in OPERATIONS if not name.startswith("GET ")}

    assert keyed == writes - public - answered_anew


def test_a_read_publishes_no_problem_of_a_write() -> None:
    reads = {name: one for name, one in OPERATIONS.items() if name.startswith("GET ")}

    assert len(reads) > 60
    refusing = {name for name, one in reads.items() if {"409", "412", "413", "415", "428"} & set(one["responses"])}
    assert refusing == {"GET /v1/cases/{case_id}/archive"}  # 409 while the case is open


def test_no_parameter_is_ever_null() -> None:
    parameters = [(name, parameter) for name, one in OPERATIONS.items() for parameter in one.get("parameters", ())]
    assert len(parameters) > 100
    for name, parameter in parameters:
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


# --- lists and paths ----------------------------------------------------------------------------------------


def schema_at(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """The schemas of the answer as JSON, of 200."""
    found = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
    refs = [one["$ref"] for one in (found, *found.get("anyOf", ())) if "$ref" in one]
    return [DOCUMENT["components"]["schemas"][ref.rpartition("/")[2]] for ref in refs]


def test_every_list_with_a_next_page_takes_cursor_and_limit_by_one_rule() -> None:
    paged = {
        name: parameters(one)
        for name, one in OPERATIONS.items()
        if any({"items", "next"} <= set(schema["properties"]) for schema in schema_at(one) if "properties" in schema)
    }

    assert len(paged) > 18
    for name, found in paged.items():
        assert "cursor" in found, name
        rule = found["limit"]["schema"]
        assert (rule["minimum"], rule["maximum"], rule["default"]) == (1, 200, 50), name
    cursors = {name for name, one in OPERATIONS.items() if "cursor" in parameters(one)}
    assert cursors - set(paged) == {"GET /v1/delays"}  # figures of many cases: they are added up, not listed


def segments(path: str) -> list[str]:
    return path.strip("/").split("/")


def test_no_two_paths_fit_one_address() -> None:
    closed = {
        (path, one["name"]): set(one["schema"]["enum"])
        for path, item in DOCUMENT["paths"].items()
        for operation in item.values()
        for one in operation.get("parameters", ())
        if one["in"] == "path" and "enum" in one["schema"]
    }

    def fits(template: str, part: str, other: str) -> bool:
        if not part.startswith("{"):
            return part == other or (other.startswith("{") and "." not in other)
        values = closed.get((template, part.strip("{}")))
        return other.startswith("{") or values is None or other in values

    # Addresses whose parameter is an id: no UUID and no subject is spelt like the word beside it.
    apart = {("/v1/contacts/me", "/v1/contacts/{subject}")}
    paths = sorted(DOCUMENT["paths"])
    both = {
        (a, b)
        for a, b in combinations(paths, 2)
        if len(segments(a)) == len(segments(b))
        and all(fits(a, x, y) and fits(b, y, x) for x, y in zip(segments(a), segments(b), strict=True))
        and not id_beside_word(a, b)
    }
    assert both == apart


def id_beside_word(a: str, b: str) -> bool:
    """Whether one has a UUID where the other has a word: no address fits both."""
    pairs = [pair for x, y in zip(segments(a), segments(b), strict=True) for pair in ((x, y), (y, x))]
    return any(x.endswith("_id}") and not y.startswith("{") for x, y in pairs)


def test_what_is_ordered_is_202_with_its_place_and_what_is_deleted_204() -> None:
    ordered = OPERATIONS["POST /v1/extracts/jobs"]["responses"]
    deleted = {name: one for name, one in OPERATIONS.items() if name.startswith("DELETE ")}

    assert "Location" in ordered["202"]["headers"]
    assert {status for status in ordered if status.startswith("2")} == {"202"}
    assert len(deleted) >= 3
    for name, one in deleted.items():
        assert {status for status in one["responses"] if status.startswith("2")} == {"204"}, name


def test_no_parameter_is_a_reserved_word() -> None:
    names = {one["name"] for operation in OPERATIONS.values() for one in operation.get("parameters", ())}

    assert names & (set(kwlist) - {"from"} | {"for", "class", "function", "default"}) == set()


# --- codes --------------------------------------------------------------------------------------------------


def test_the_codes_are_those_that_the_texts_explain() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    english = texts.catalogue("en")

    assert schemas["ProblemOut"]["properties"]["code"]["$ref"] == "#/components/schemas/ProblemCode"
    assert schemas["UnmetOut"]["properties"]["code"]["$ref"] == "#/components/schemas/ConditionCode"
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
