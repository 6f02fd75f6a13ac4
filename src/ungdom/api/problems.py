"""Problem details (RFC 9457): what went wrong, why, and what would help, in the caller's language."""

from collections.abc import Sequence
from typing import Any

from pydantic_core import to_json
from starlette.responses import Response

from ungdom import texts

PROBLEM = "application/problem+json"


MOST_NAMED = 12
"""As many values of a closed list as its sentence names; all of them are in `allowed`."""


def field_problem(
    language: texts.Language, pointer: str, kind: str, allowed: Sequence[str] = ()
) -> dict[str, str | list[str]]:
    """One place in the request that is wrong: a JSON Pointer, the kind of problem, and the sentence for it.

    `allowed`: the values of a closed list, which are named in the sentence and as data.
    """
    found: dict[str, str | list[str]] = {"pointer": pointer, "code": _CODES.get(kind, kind)}
    if not allowed:
        return {**found, "detail": texts.invalid(language, kind)}
    key = "one_of" if len(allowed) <= MOST_NAMED else "one_of_many"
    values = ", ".join(allowed[:MOST_NAMED])
    detail = texts.text(language, "invalid", key, values=values, count=len(allowed))
    return {**found, "detail": detail, "allowed": list(allowed)}


_CODES = {
    "unexpected_keyword_argument": "extra_forbidden",
    "literal_error": "enum",
    "union_tag_invalid": "enum",
}
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
