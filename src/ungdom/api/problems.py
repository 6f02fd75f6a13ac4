"""Problem details (RFC 9457): what went wrong, why, and what would help, in the caller's language."""

from typing import Any

from pydantic_core import to_json
from starlette.responses import Response

from ungdom import texts

PROBLEM = "application/problem+json"


def field_problem(language: texts.Language, pointer: str, kind: str) -> dict[str, str]:
    """One place in the request that is wrong: a JSON Pointer, the kind of problem, and the sentence for it."""
    return {"pointer": pointer, "code": _CODES.get(kind, kind), "detail": texts.invalid(language, kind)}


_CODES = {"unexpected_keyword_argument": "extra_forbidden"}
"""One code for one kind of problem, wherever in the request it stands."""


def problem_response(
    status: int,
    code: str,
    accept_language: str | None,
    trace_id: str,
    extra: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
    **values: str | int,
) -> Response:
    """A problem with its explanation. `values` fill the text; `extra` are further members of the body."""
    language = texts.pick(accept_language)
    body = {
        "type": f"/v1/problems/{code}",
        "title": texts.text(language, "problem", f"{code}.title"),
        "status": status,
        "detail": texts.text(language, "problem", f"{code}.detail", **{"trace_id": trace_id, **values}),
        "code": code,
        "trace_id": trace_id,
        **(extra or {}),
    }
    raw = to_json(body)
    told = {"Content-Language": language, "Cache-Control": "no-store", **(headers or {})}
    return Response(raw, status, told, PROBLEM)
