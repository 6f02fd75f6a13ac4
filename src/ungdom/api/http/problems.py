"""Problem details (RFC 9457): what went wrong, why, and what would help, in the caller's language."""

from typing import Any

from pydantic_core import to_json
from starlette.responses import Response

from ungdom import texts

PROBLEM = "application/problem+json"
PROBLEM_CONTENT: dict[str, Any] = {PROBLEM: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}
"""The content of a response in the OpenAPI document that is a problem."""


def problem_response(
    status: int,
    code: str,
    accept_language: str | None,
    trace_id: str,
    extra: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
    part: str = "detail",
    **values: str | int,
) -> Response:
    """A problem with its explanation. `values` fill the text; `extra` are further members of the body.

    `part`: which text explains it, where the code has several.
    """
    language = texts.negotiate(accept_language)
    body = {
        "type": f"/v1/problems/{code}",
        "title": texts.text(language, "problem", f"{code}.title"),
        "status": status,
        "detail": texts.text(language, "problem", f"{code}.{part}", **{"trace_id": trace_id, **values}),
        "code": code,
        "trace_id": trace_id,
        **(extra or {}),
    }
    raw = to_json(body)
    all_headers = {"Content-Language": language, "Cache-Control": "no-store", **(headers or {})}
    return Response(raw, status, all_headers, PROBLEM)
