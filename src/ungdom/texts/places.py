"""A place in a request or a message that is wrong: where, which kind of problem, and the sentence for it."""

from collections.abc import Mapping, Sequence

from ungdom import texts

MOST_NAMED = 12
"""As many values of a closed list as its sentence names; all of them are in `allowed`."""

_CODES = {
    "unexpected_keyword_argument": "extra_forbidden",
    "literal_error": "enum",
    "union_tag_invalid": "enum",
    "date_out_of_range": "date_parsing",
    "json_repeated_name": "json_invalid",
    "json_number": "json_invalid",
    "json_text": "json_invalid",
    "json_encoding": "json_invalid",
    "json_too_deep": "json_invalid",
}
"""One code for one kind of problem, wherever in the request it stands."""


def field_problem(
    language: texts.Language,
    pointer: str,
    kind: str,
    allowed: Sequence[str] = (),
    values: Mapping[str, str | int] | None = None,
) -> dict[str, str | list[str]]:
    """One place in the request that is wrong: a JSON Pointer, the kind of problem, and the sentence for it.

    `allowed`: the values of a closed list, which are named in the sentence and as data. `values`: what else the
    sentence names, see `workflow.errors.named_values`.
    """
    place: dict[str, str | list[str]] = {"pointer": pointer, "code": _CODES.get(kind, kind)}
    if not allowed:
        return {**place, "detail": texts.invalid(language, kind, values or {})}
    key = "one_of" if len(allowed) <= MOST_NAMED else "one_of_many"
    listed = ", ".join(allowed[:MOST_NAMED])
    detail = texts.text(language, "invalid", key, values=listed, count=len(allowed))
    return {**place, "detail": detail, "allowed": list(allowed)}
