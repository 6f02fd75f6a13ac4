"""The sentence of a refusal states the rule that was not followed, with its number, in the caller's language."""

from datetime import timedelta
from typing import Any

import pytest

from tests.api.build import DAY, assert_problem, case_at, etag, raw, without_id
from tests.service import Client, Service, new_case
from ungdom import texts
from ungdom.message.sound import MAX_DEPTH
from ungdom.workflow import patterns

PERSON = new_case()["person"]


def sentence(answer: Any, pointer: str, code: str) -> str:
    """The sentence for the only place that is wrong."""
    [found] = assert_problem(answer, 422, "invalid_input")["errors"]
    assert (found["pointer"], found["code"]) == (pointer, code)
    return str(found["detail"])


@pytest.mark.parametrize(
    ("changed", "pointer", "words"),
    [
        ({"municipality": "03"}, "/municipality", {"nb": "fire sifre", "nn": "fire siffer", "en": "four digits"}),
        (
            {"person": PERSON | {"national_id": "1"}},
            "/person/national_id",
            {"nb": "elleve sifre", "nn": "elleve siffer", "en": "eleven digits"},
        ),
        (
            {"police_case_numbers": ["1"]},
            "/police_case_numbers/0",
            {"nb": "3 til 40 tegn", "nn": "3 til 40 teikn", "en": "3 to 40 characters"},
        ),
        (
            {"offences": [{"on": "2026-01-02", "statute": "strl_271"}]},
            "/offences/0/statute",
            {"nb": "strl-327", "nn": "strl-327", "en": "strl-327"},
        ),
    ],
)
@pytest.mark.parametrize("language", texts.languages())
def test_a_text_of_another_form_is_answered_with_the_rule(
    oslo: Client, language: str, changed: Any, pointer: str, words: dict[str, str]
) -> None:
    answer = oslo.post("/v1/cases", new_case(**changed), headers={"Accept-Language": language})
    assert words[language] in sentence(answer, pointer, "string_pattern_mismatch")


@pytest.mark.parametrize("language", texts.languages())
def test_every_rule_of_form_has_a_sentence_of_its_own(language: texts.Language) -> None:
    sentences = [texts.invalid(language, "string_pattern_mismatch", {"rule": rule}) for rule in patterns.RULES.values()]
    assert len(set(sentences)) == len(sentences) == len(patterns.RULES)
    assert texts.invalid(language, "string_pattern_mismatch") not in sentences


def test_a_key_with_a_blank_is_answered_with_the_rule_for_keys(oslo: Client) -> None:
    answer = oslo.post("/v1/cases", new_case(), key="a b", headers={"Accept-Language": "en"})
    assert "no blanks" in sentence(answer, "(header)/Idempotency-Key", "string_pattern_mismatch")


def test_a_name_of_eleven_digits_is_answered_as_an_identity_number(oslo: Client) -> None:
    case = case_at(oslo, "received")
    body = {"type": "assigned", "occurred_on": DAY, "details": {"coordinator": "12830899934"}}
    answer = oslo.post(f"/v1/cases/{case}/events", body, etag(oslo, case))
    assert "fødselsnummer" in sentence(answer, "/details/coordinator", "identity_number")


@pytest.mark.parametrize(
    ("query", "code", "number"),
    [({"limit": 0}, "greater_than_equal", "1"), ({"limit": 201}, "less_than_equal", "200")],
)
@pytest.mark.parametrize("language", texts.languages())
def test_a_number_beyond_a_limit_is_answered_with_the_limit(
    oslo: Client, language: str, query: Any, code: str, number: str
) -> None:
    headers = {"Authorization": f"Bearer {oslo.token}", "Accept-Language": language}
    answer = oslo.service.send("GET", "/v1/cases", params=query, headers=headers)
    assert f" {number}." in sentence(answer, "(query)/limit", code)


@pytest.mark.parametrize(
    ("person", "pointer", "code", "number"),
    [
        ({"family_name": "x" * 201}, "/person/family_name", "string_too_long", "200"),
        ({"guardians": [{"name": "Sindig"}] * 60}, "/person/guardians", "too_long", "8"),
    ],
)
def test_a_text_or_a_list_too_long_is_answered_with_the_limit(
    oslo: Client, person: Any, pointer: str, code: str, number: str
) -> None:
    answer = oslo.post("/v1/cases", new_case(person=PERSON | person))
    assert f"høyst {number}" in sentence(answer, pointer, code)


def test_two_parameters_that_do_not_fit_are_both_named(oslo: Client) -> None:
    days = oslo.get("/v1/statistics/lead-time", **{"from": "2025-12-31", "to": "2025-01-01"})
    order = oslo.get("/v1/cases", sort="registered_on", valid_at="2025-01-01")
    assert "`to` er før `from`" in sentence(days, "(query)/to", "ends_before_it_begins")
    past = sentence(order, "(query)/sort", "sort_of_the_past")
    assert "`sort`" in past
    assert "`valid_at`" in past


def test_a_day_out_of_range_is_not_called_no_date(oslo: Client) -> None:
    answer = oslo.get("/v1/cases", valid_at="0001-01-01")
    assert "fra 1900 til 2199" in sentence(answer, "(query)/valid_at", "date_parsing")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"a": 1, "a": 2}', "json_repeated_name"),
        (b'{"a": NaN}', "json_number"),
        (b'{"a": "\\ud800"}', "json_text"),
        (b'{"a": "\xff"}', "json_encoding"),
        (b"[" * 40 + b"]" * 40, "json_too_deep"),
        (b"{", "json_invalid"),
    ],
)
@pytest.mark.parametrize("language", texts.languages())
def test_json_that_readers_could_differ_about_is_answered_with_why(
    oslo: Client, language: texts.Language, body: bytes, kind: str
) -> None:
    found = assert_problem(raw(oslo, "/v1/cases", body, **{"Accept-Language": language}), 400, "malformed_json")
    sentence = texts.invalid(language, kind, {"limit": MAX_DEPTH})
    place = {"pointer": "", "code": "json_invalid", "detail": sentence}
    assert (found["detail"], found["errors"]) == (sentence, [place])


def test_a_body_too_large_is_answered_with_the_unit_of_the_limit(oslo: Client) -> None:
    limit = oslo.service.settings.body_limit
    answer = raw(oslo, "/v1/cases", b" " * (limit + 1), **{"Accept-Language": "en"})
    assert f"{limit} bytes" in assert_problem(answer, 413, "body_too_large")["detail"]


@pytest.mark.parametrize("path", ["/v1/cases", "/v1/deadline-rules", "/health/live", "/docs", "/v1/problems/stale"])
def test_head_is_answered_as_get_without_its_body(oslo: Client, path: str) -> None:
    headers = {"Authorization": f"Bearer {oslo.token}"}
    get, head = (oslo.service.send(method, path, headers=headers) for method in ("GET", "HEAD"))
    assert (head.status_code, head.content) == (200, b"")
    assert get.content
    assert without_id(head.headers) == without_id(get.headers)


@pytest.mark.parametrize(("wanted", "language"), [("nn", "nn"), ("en-GB", "en"), ("de", "nb")])
def test_a_problem_type_is_explained_in_the_language_that_is_wanted(oslo: Client, wanted: str, language: str) -> None:
    answer = oslo.service.send("GET", "/v1/problems/body_too_large", headers={"Accept-Language": wanted})
    assert answer.headers["Content-Language"] == language
    assert answer.text.startswith(texts.catalogue(language)["problem"]["body_too_large.title"])
    assert "…" not in answer.text
    assert "<limit>" in answer.text


@pytest.mark.parametrize(
    ("born", "code"),
    [("2026-01-02", "born_after_offence"), ("2030-01-01", "born_after_offence"), ("1925-01-01", "born_too_early")],
)
def test_a_birth_that_does_not_fit_the_act_is_refused_with_its_place(oslo: Client, born: str, code: str) -> None:
    answer = oslo.post("/v1/cases", new_case(person=PERSON | {"born": born}))
    assert sentence(answer, "/person/born", code).startswith("Fødselsdatoen er")


@pytest.mark.parametrize(("minutes", "status"), [(9, 202), (11, 422)])
def test_a_decision_sent_later_than_now_is_refused_with_its_place(shared: Service, minutes: int, status: int) -> None:
    sent = shared.clock().replace(microsecond=0) + timedelta(minutes=minutes)
    body = {
        "kind": "dropped", "decision_id": f"sent-{minutes}", "version": 1, "sent_at": sent.isoformat(),
        "occurred_on": "2026-01-05", "police_case_numbers": ["15434811"],
    }  # fmt: skip
    answer = shared.as_("prosecution").post("/v1/decisions", body)
    assert answer.status_code == status
    places = [found["pointer"] for found in answer.json().get("errors", ())]
    assert places == (["/sent_at"] if status == 422 else [])
