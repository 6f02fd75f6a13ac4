"""Problems, headers and codes in the OpenAPI document, which route signatures do not give. Tags are in `readers`.

Which problems an operation can answer with follows from what it reads: `PROBLEMS` has one row per status. A route that
answers with a status for a reason of its own declares it itself.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ungdom import texts
from ungdom.api.docs import readers
from ungdom.api.http.deprecation import DEPRECATED, DeprecatedOperation
from ungdom.api.http.middleware import is_open
from ungdom.api.http.problems import PROBLEM, PROBLEM_CONTENT

Json = dict[str, Any]
METHODS_WITH_BODY = frozenset({"post", "put", "patch"})


# --- what an operation reads --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the document: its path and method, and the object that describes it."""

    path: str
    method: str
    described: Json

    @property
    def needs_token(self) -> bool:
        """Whether the operation needs a token."""
        return self.described.get("security") != []

    @property
    def reads_body(self) -> bool:
        """Whether the content of the request is looked at, even where none is expected."""
        return self.method in METHODS_WITH_BODY

    @property
    def is_streamed(self) -> bool:
        """Whether the body is read line by line, of any length."""
        return "application/x-ndjson" in self.described.get("requestBody", {}).get("content", {})

    @property
    def is_limited(self) -> bool:
        """Whether a caller may be refused for asking too often, or because the service has too much to do."""
        return not self.path.startswith("/health/")

    def reads(self, parameter: str) -> bool:
        """Whether it has a parameter of this name, in lower case."""
        return any(described["name"].lower() == parameter for described in self.described.get("parameters", ()))


def operations(document: Json) -> Iterable[Operation]:
    """Every operation of the document."""
    for path, item in document["paths"].items():
        for method, described in item.items():
            yield Operation(path, method, described)


# --- parameters and titles ----------------------------------------------------------------------------------------

REQUIRED = frozenset({"If-Match"})
"""Headers without which a request is refused, though not as input of the wrong shape."""
_VALUES = frozenset({"const", "default", "enum", "example", "examples"})
"""Keywords under which there is data and no schema."""


def _simplify_parameters(operation: Operation) -> None:
    """A parameter that is left out is not sent: none of them is ever null."""
    for parameter in operation.described.get("parameters", ()):
        schema = parameter["schema"]
        choices = [choice for choice in schema.pop("anyOf", ()) if choice != {"type": "null"}]
        schema |= choices[0] if len(choices) == 1 else {"anyOf": choices} if choices else {}
        if parameter["name"] in REQUIRED:
            parameter["required"] = True


def _drop_titles(node: object) -> None:
    """Removes the titles that FastAPI derives from names."""
    if isinstance(node, list):
        for inner in node:
            _drop_titles(inner)
    elif isinstance(node, dict):
        if isinstance(node.get("title"), str):
            del node["title"]
        for key, inner in node.items():
            if key not in _VALUES:
                _drop_titles(inner)


# --- problems -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProblemResponse:
    """One status that operations answer with: its name among the components, what it means, when it can occur."""

    name: str
    description: str
    occurs: Callable[[Operation], bool]
    headers: tuple[str, ...] = ()


OF_CLOSED_CASES = frozenset({"/v1/cases/{case_id}/archive"})
"""Routes that read, and answer 409 while the case is open."""

PROBLEMS: dict[int, ProblemResponse] = {
    400: ProblemResponse(
        "Malformed",
        "The body is not JSON, the cursor is not one of this list, or `If-Match` cannot be read.",
        lambda operation: (
            (operation.reads_body and not operation.is_streamed)
            or operation.reads("cursor")
            or operation.reads("if-match")
        ),
    ),
    401: ProblemResponse(
        "Unauthenticated", "There is no valid token.", lambda operation: operation.needs_token, ("WWW-Authenticate",)
    ),
    403: ProblemResponse(
        "Forbidden",
        "`insufficient_scope`: another token of the same role would do. `forbidden_role`: `roles` may do it. "
        "`other_office`: it belongs to another konfliktråd. `not_in_service`: the caller is not in service today. "
        "Other codes: the token lets nobody in.",
        lambda operation: operation.needs_token,
        ("WWW-Authenticate",),
    ),
    404: ProblemResponse(
        "NotFound", "There is no such thing, or the caller may not know of it.", lambda operation: "{" in operation.path
    ),
    409: ProblemResponse(
        "Conflict",
        "Conditions are not met (`unmet`), or a request with the same key is being answered.",
        lambda operation: operation.reads("idempotency-key") or operation.path in OF_CLOSED_CASES,
        ("Retry-After",),
    ),
    410: ProblemResponse(
        "Gone",
        "`key_lost`: the key that it is encrypted with is declared lost for good, and nobody can read it any more.",
        lambda operation: operation.path.startswith(("/v1/persons/{", "/v1/webhooks/{")),
    ),
    412: ProblemResponse(
        "VersionOutdated",
        "The case, or the entry, has changed since: `current_etag` and, for a case, `events_since` say how.",
        lambda operation: operation.reads("if-match"),
        ("ETag",),
    ),
    413: ProblemResponse(
        "BodyTooLarge",
        "The body is larger than is taken.",
        lambda operation: operation.reads_body and not operation.is_streamed,
    ),
    415: ProblemResponse(
        "UnsupportedMediaType",
        "The body is of a kind that is not taken here, or compressed (`Accept-Encoding` says what is taken).",
        lambda operation: operation.reads_body,
    ),
    422: ProblemResponse(
        "InvalidInput",
        "The input does not have the right shape: every place is in `errors`, with the values of closed lists.",
        lambda operation: not operation.path.startswith("/health/"),
    ),
    428: ProblemResponse("VersionRequired", "`If-Match` is missing.", lambda operation: operation.reads("if-match")),
    429: ProblemResponse(
        "TooManyRequests",
        "The caller, or the address, has sent more requests in a minute than one server process accepts.",
        lambda operation: operation.is_limited,
        ("Retry-After", "RateLimit", "RateLimit-Policy"),
    ),
    503: ProblemResponse(
        "Unavailable",
        "It cannot be answered now, and nothing is kept: to be tried again. `overloaded`: too many requests wait.",
        lambda operation: operation.is_limited,
        ("Retry-After",),
    ),
}
"""Every problem that follows from what an operation reads."""


def _add_problems(operation: Operation) -> None:
    responses = operation.described["responses"]
    if "HTTPValidationError" in str(responses.get("422")):  # what FastAPI puts there by itself
        del responses["422"]
    for status, problem in PROBLEMS.items():
        if problem.occurs(operation) and str(status) not in responses:
            responses[str(status)] = {"$ref": f"#/components/responses/{problem.name}"}


def _problem_responses() -> Json:
    return {
        problem.name: {
            "description": problem.description,
            "headers": _header_refs("Content-Language", *problem.headers),
            "content": PROBLEM_CONTENT,
        }
        for problem in PROBLEMS.values()
    }


# --- headers ------------------------------------------------------------------------------------------------------

_STRING: Json = {"type": "string"}
HEADERS: dict[str, Json] = {
    "Content-Language": {"description": "The language of texts and labels: nb, nn or en.", "schema": _STRING},
    "Content-Disposition": {"description": "A name for the file.", "schema": _STRING},
    "ETag": {"description": "The version of the case, to be sent back in `If-Match`.", "schema": _STRING},
    "Idempotency-Replayed": {
        "description": "`true` when this is the kept answer to an earlier request with the same key.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Link": {"description": 'The manifest of these rows, as `rel="describedby"`.', "schema": _STRING},
    "Location": {"description": "Where what was made can be read.", "schema": _STRING},
    "RateLimit": {
        "description": "The limit that was reached, what remains of it (r), and seconds until more does (t).",
        "schema": _STRING,
    },
    "RateLimit-Policy": {
        "description": "The limit that was reached: requests (q) in a window of seconds (w), per server process.",
        "schema": _STRING,
    },
    "Retry-After": {"description": "Seconds until it is worth trying again.", "schema": {"type": "integer"}},
    "Ungdom-SHA256": {"description": "The SHA-256 of the file, in hexadecimal.", "schema": _STRING},
    "WWW-Authenticate": {"description": "What the token lacks, by RFC 6750 and RFC 9470.", "schema": _STRING},
}
"""Every response header that a client can make use of."""

WITHOUT_LANGUAGE = frozenset(
    {
        "check_liveness",
        "check_readiness",
        "get_calendar",
        "get_extract",
        "get_extract_aggregates",
        "get_extract_file",
    }
)
"""Operations whose answer is in no language, or in several."""

_VIEWS = (
    "get_case get_breaches get_complaints get_consents get_meetings get_plan get_restorative get_tasks get_team "
    "get_timeline list_events list_notes list_options record_event correct_event"
)
_FILE = ("Content-Disposition",)
SENT_HEADERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_VIEWS.split(), ("ETag",)),
    "open_case": ("ETag", "Location"),
    **dict.fromkeys(("add_measure_provider", "create_webhook", "order_extract_job"), ("Location",)),
    "push_official_message": ("Location",),
    **dict.fromkeys(("get_person", "correct_person"), ("ETag",)),
    "add_staff": ("ETag", "Location"),
    **dict.fromkeys(("get_staff", "change_staff"), ("ETag",)),
    "get_calendar": ("ETag",),
    **dict.fromkeys(("export_person", "get_case_archive"), _FILE),
    "get_extract": (*_FILE, "Link"),
    "get_extract_aggregates": (*_FILE, "Link"),
    "get_extract_file": (*_FILE, "Ungdom-SHA256"),
}
"""The headers of a successful answer by operation, beside those that follow from what it reads."""


def _add_headers(operation: Operation) -> None:
    name = operation.described["operationId"]
    language = () if name in WITHOUT_LANGUAGE else ("Content-Language",)
    repeats = ("Idempotency-Replayed",) if operation.reads("idempotency-key") else ()
    for status, response in operation.described["responses"].items():
        if status.startswith(("2", "3")):
            sent = (*language, *repeats, *SENT_HEADERS.get(name, ()))
            response["headers"] = {**_header_refs(*sent), **response.get("headers", {})}
        elif PROBLEM in response.get("content", {}):
            response["headers"] = _header_refs("Content-Language", *repeats)


def _header_refs(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


# --- what is to go ------------------------------------------------------------------------------------------------


def mark_deprecated(described: Json, operations: Mapping[str, DeprecatedOperation]) -> None:
    """Say of an operation that is to go since when, until when, and what to use."""
    to_go = operations.get(described["operationId"])
    if to_go is not None:
        described |= {"deprecated": True, "x-deprecated": str(to_go.since), "x-sunset": str(to_go.sunset)}
        described["description"] += f"\n\nTo go on {to_go.sunset}: use {to_go.instead}."


# --- codes --------------------------------------------------------------------------------------------------------


def _codes(section: str, ending: str = "") -> list[str]:
    """The codes that a section of the texts explains."""
    keys = texts.catalogue("en")[section]
    return sorted({key.removesuffix(ending) for key in keys if key.endswith(ending)})


CODES: dict[str, tuple[str, tuple[tuple[str, str], ...], Callable[[], list[str]]]] = {
    "ProblemCode": (
        "The code of a problem; `GET /v1/problems/{code}` explains it.",
        (("ProblemOut", "code"),),
        lambda: _codes("problem", ".title"),
    ),
    "ConditionCode": (
        "The code of a condition that is not met.",
        (("UnmetOut", "code"),),
        lambda: _codes("refusal"),
    ),
}
"""Each list of codes: what it is, the properties that hold one, and its members, which the texts explain."""


def _add_codes(schemas: Json) -> None:
    for name, (description, places, members) in CODES.items():
        schemas[name] = {"type": "string", "description": description, "enum": members()}
        for schema, key in places:
            schemas[schema]["properties"][key] = {"$ref": f"#/components/schemas/{name}"}


# --- the whole ----------------------------------------------------------------------------------------------------


def complete(document: Json) -> Json:
    """The document that FastAPI generated, with problems, headers, codes and tags."""
    _drop_titles([document["paths"], document["components"]])
    document |= readers.front_matter(document["info"])
    for operation in operations(document):
        if is_open(operation.path):
            operation.described["security"] = []
        _simplify_parameters(operation)
        _add_problems(operation)
        _add_headers(operation)
        mark_deprecated(operation.described, DEPRECATED)
    components = document["components"]
    components["responses"] = _problem_responses()
    components["headers"] = HEADERS
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    _add_codes(components["schemas"])
    return document
