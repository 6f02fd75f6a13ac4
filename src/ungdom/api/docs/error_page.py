"""`docs/errors.md`: every problem by its status, every condition and every fault of a field, with what to do."""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus

from ungdom import texts
from ungdom.workflow import table
from ungdom.workflow.engine import EVERY_ROW
from ungdom.workflow.guards.core import Guard, follows_the_last_move

STATUSES: Mapping[int, str] = {
    400: "bad_cursor bad_if_match invalid_http malformed_json",
    401: "unauthenticated",
    403: "done_by_service feed_not_for_role forbidden_role insufficient_scope login_level_too_low not_cleared"
    " not_in_service not_waited_for organisation_not_let_in other_office own_emergency_access person_not_let_in"
    " second_person_needed supplier_not_let_in systems_only",
    404: "not_found survey_token",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "request_timeout",
    409: "absence_over absence_overlaps alert_cleared case_not_closed contact_is_their_own contact_of_others"
    " correction_changes_nothing correction_refused emergency_is_open emergency_not_needed emergency_reviewed"
    " erasure_held extract_outdated idempotency_in_flight identity_answered identity_rejected"
    " person_correction_refused person_erased person_unchanged population_event_decided population_event_differs"
    " population_event_overtaken proposal_decided refused response_withheld same_person staff_exists survey_not_due"
    " too_many_webhooks",
    410: "key_lost",
    412: "person_stale stale",
    413: "body_too_large",
    415: "unsupported_content_encoding unsupported_media_type",
    422: "cases_do_not_split contact_is_staff contact_named_twice day_out_of_range day_to_come idempotency_mismatch"
    " invalid_input not_a_merge not_correctable not_insertable not_settled nothing_released office_mismatch"
    " person_not_of_event purpose_over purpose_without_extract substitute_not_available too_many_cases"
    " unknown_guardian unknown_konfliktrad unknown_member unknown_municipality unknown_purpose unreadable_message"
    " use_corrections use_opening wrong_place",
    428: "precondition_required",
    429: "too_many_requests",
    431: "headers_too_large",
    500: "history_unreadable internal value_unreadable",
    503: "extracts_not_ready overloaded unavailable",
}
"""The codes of problems by the status that they are answered with, separated by blanks."""

_INTRODUCTION = """# Errors

Every refusal of the interface is a problem (RFC 9457) with a stable `code`. This page lists each code with its status
and what helps. The texts are those of the answers in English, with `…` where a value of the request stands. How
problems are built: [the HTTP interface](api.md#problems). `GET /v1/problems/{code}` answers with the same texts in
three languages.

Other errors: exit codes and sentences of the commands are in [operations](operations.md#exit-codes), the reasons why a
pushed decision was not applied in
[decisions](decisions-in.md#why-a-message-was-not-applied-and-what-resolves-it), findings of the night in
[integrity checkers](operations.md#integrity-checkers).

| status | what to do |
|---|---|
| 401 | sign in again |
| 403 | somebody else does it, or asks for the access |
| 404 | check the address; what the caller may not know of is answered in the same way |
| 409, 422 | correct what the answer names |
| 412 | read again, then send again |
| 429, 503 | wait as many seconds as `Retry-After` says, then send the same request with the same `Idempotency-Key` |
| 500 | report the `trace_id` |
"""
_CONDITIONS = """
## Conditions

Each entry of `unmet` of the problems `refused` and `correction_refused`, with the law that the condition follows from.
Which condition belongs to which event: [workflow](workflow.md).

| code | law | what is refused, and what helps |
|---|---|---|
"""
_FIELDS = """
## Faults of fields

Each entry of `errors` of the problem `invalid_input` and others names the place by `pointer` and the fault by `code`.

| code | what is wrong, and what helps |
|---|---|
"""


def errors_text() -> str:
    """The page."""
    problems = texts.catalogue("en")["problem"]
    parts = [_section(status, codes.split(), problems) for status, codes in STATUSES.items()]
    laws = {guard.code: guard.law for guard in _guards()}
    conditions = "".join(
        f"| `{code}` | {laws.get(code, '–')} | {_filled(text)} |\n"
        for code, text in sorted(texts.catalogue("en")["refusal"].items())
    )
    fields = "".join(f"| `{code}` | {_filled(text)} |\n" for code, text in texts.catalogue("en")["invalid"].items())
    return f"{_INTRODUCTION}{''.join(parts)}{_CONDITIONS}{conditions}{_FIELDS}{fields}"


def _section(status: int, codes: list[str], problems: Mapping[str, str]) -> str:
    rows = "".join(_row(code, problems) for code in codes)
    title = f"{status} {HTTPStatus(status).phrase}"
    return f"\n## {title}\n\n| code | what it means | what helps |\n|---|---|---|\n{rows}"


def _row(code: str, problems: Mapping[str, str]) -> str:
    fault = texts.catalogue("en")["invalid"]["json_invalid"]
    details = " Or: ".join(
        _filled(fault if text == "{fault}" else text)
        for key, text in problems.items()
        if key.partition(".")[0] == code and not key.endswith(".title")
    )
    return f"| `{code}` | {problems[f'{code}.title']} | {details} |\n"


def _filled(text: str) -> str:
    """The text with `…` in the place of each value, so that no brace and no bar is left in a cell."""
    return re.sub(r"(?<!\{)\{\w+\}(?!\})", "…", text).replace("{{", "{").replace("}}", "}").replace("|", "\\|")


def _guards() -> Iterator[Guard]:
    """Every condition of the table, also of earlier versions of it."""
    yield from EVERY_ROW
    yield follows_the_last_move
    for row in table.ROWS:
        yield from row.guards
