"""A value of the wrong shape is 422 with its place; a value that the law or the case does not bear is 409 with why."""

from typing import Any

import pytest

from tests.api.build import (
    DAY,
    HIDDEN,
    assert_problem,
    case_at,
    etag,
    opened,
    places,
    raw,
    rows,
    said,
)
from tests.service import Client, new_case

PERSON = new_case()["person"]


def refused_case(client: Client, **changed: Any) -> dict[str, str]:
    """Where a case to open was wrong; nothing was written."""
    before = rows(client.service)
    found = assert_problem(client.post("/v1/cases", new_case(**changed)), 422, "invalid_input")
    assert rows(client.service) == before
    return places(found)


def refused_event(client: Client, case: str, kind: str, on: Any = DAY, details: Any = None, **more: Any) -> Any:
    """The answer to an event that did not go in; nothing was written."""
    before = rows(client.service)
    body = {"type": kind, "occurred_on": on, "details": {} if details is None else details, **more}
    answer = client.post(f"/v1/cases/{case}/events", body, etag(client, case))
    assert answer.is_client_error, answer.text
    assert rows(client.service) == before
    return answer


# --- fields -------------------------------------------------------------------------------------------------


def test_every_wrong_place_is_named_at_once(oslo: Client) -> None:
    wrong = refused_case(
        oslo,
        sanction="prison",
        person=PERSON | {"born": "yesterday", "sex": 3, "guardians": [{"contact": "12345678"}]},
        offences=[{"on": "2026-01-02", "statute": "strl_271"}, {"on": DAY, "group": "murder"}],
        police_case_numbers=["15434811", "?"],
    )
    assert wrong == {
        "/sanction": "enum",
        "/person/born": "date_parsing",
        "/person/sex": "enum",
        "/person/guardians/0/name": "missing",
        "/police_case_numbers/1": "string_pattern_mismatch",
        "/offences/0/statute": "string_pattern_mismatch",
        "/offences/1/group": "enum",
    }


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"colour": "red"}, "/colour"),
        ({"person": PERSON | {"nickname": "Vaffel"}}, "/person/nickname"),
        ({"person": PERSON | {"guardians": [{"name": "Sindig", "age": 40}]}}, "/person/guardians/0/age"),
        ({"offences": [{"on": "2026-01-02", "where": "Oslo"}]}, "/offences/0/where"),
        ({"a/b~c": 1}, "/a~1b~0c"),
    ],
)
def test_an_unknown_field_of_a_case_is_refused_at_every_level(oslo: Client, changed: Any, place: str) -> None:
    assert refused_case(oslo, **changed) == {place: "extra_forbidden"}


@pytest.mark.parametrize(
    ("kind", "details", "place"),
    [
        ("first_contact", {"how": "phone"}, "/details/how"),
        ("received", {"a/b": 1}, "/details/a~1b"),
        ("judgment_given", {"length": {"years": 1, "hours": 3}}, "/details/length/hours"),
        ("offence_added", {"offence": {"on": DAY, "where": "x"}}, "/details/offence/where"),
    ],
)
def test_an_unknown_field_of_the_details_is_refused_at_every_level(
    oslo: Client, kind: str, details: Any, place: str
) -> None:
    found = assert_problem(refused_event(oslo, opened(oslo), kind, details=details), 422, "invalid_input")
    assert place in places(found)


def test_an_unknown_field_beside_the_details_is_refused(oslo: Client) -> None:
    found = refused_event(oslo, opened(oslo), "suspect_set", happened_on=DAY)
    assert places(assert_problem(found, 422, "invalid_input")) == {"/happened_on": "extra_forbidden"}


def test_an_unknown_event_type_is_422(oslo: Client) -> None:
    found = refused_event(oslo, opened(oslo), "case_vanished")
    assert places(assert_problem(found, 422, "invalid_input")) == {"/type": "enum"}


def test_details_of_another_event_type_are_422_with_every_place(oslo: Client) -> None:
    found = refused_event(oslo, opened(oslo), "assigned", details={"length": {"months": 6}, "guilt_proven": True})
    wrong = places(assert_problem(found, 422, "invalid_input"))
    assert wrong == {
        "/details/coordinator": "missing",
        "/details/length": "extra_forbidden",
        "/details/guilt_proven": "extra_forbidden",
    }


@pytest.mark.parametrize(("kind", "code"), [("case_registered", "use_opening"), ("corrected", "use_corrections")])
def test_registrations_and_corrections_are_not_recorded_as_events(oslo: Client, kind: str, code: str) -> None:
    found = assert_problem(refused_event(oslo, opened(oslo), kind), 422, code)
    assert list(places(found)) == ["/type"]


@pytest.mark.parametrize("value", ["true", 1, "yes", None, []])
def test_yes_or_no_in_details_is_true_or_false_and_nothing_like_it(oslo: Client, value: Any) -> None:
    found = refused_event(oslo, opened(oslo), "pum_returned", details={"carried_out": value})
    assert places(assert_problem(found, 422, "invalid_input")) == {"/details/carried_out": "bool_type"}


@pytest.mark.parametrize("value", [-1, 10**12, 10**400, 1.5, "six"])
def test_a_number_no_length_of_time_can_have_is_422(oslo: Client, value: Any) -> None:
    details = {"length": {"months": value}, "guilt_proven": True}
    found = refused_event(oslo, case_at(oslo, "assessment"), "transferred_to_follow_up", details=details)
    assert list(places(assert_problem(found, 422, "invalid_input"))) == ["/details/length/months"]


# --- text ---------------------------------------------------------------------------------------------------

UNSEEN = {
    "right-to-left override": "Vim\u202esete",
    "right-to-left isolate": "Vim\u2067sete",
    "zero-width space": "Vim\u200bsete",
    "zero-width joiner": "Vim\u200dsete",
    "word joiner": "Vim\u2060sete",
    "soft hyphen": "Vim\u00adsete",
    "byte order mark": "\ufeffVimsete",
    "NUL": "Vim\x00sete",
    "escape": "Vim\x1b[31msete",
    "delete": "Vim\x7fsete",
    "line separator": "Vim\u2028sete",
    "private use": "Vim\ue000sete",
    "tag": "Vim\U000e0041sete",
}


@pytest.mark.parametrize("text", UNSEEN.values(), ids=UNSEEN)
def test_what_cannot_be_seen_has_no_place_in_names_and_notes(oslo: Client, text: str) -> None:
    assert refused_case(oslo, person=PERSON | {"given_name": text}) == {"/person/given_name": "control_characters"}
    found = refused_event(oslo, opened(oslo), "note_added", note=text)
    assert places(assert_problem(found, 422, "invalid_input")) == {"/note": "control_characters"}


@pytest.mark.parametrize("text", ["   ", "\u00a0", "\u2003\u3000"])
def test_a_name_of_nothing_but_spaces_is_no_name(oslo: Client, text: str) -> None:
    assert refused_case(oslo, person=PERSON | {"family_name": text}) == {"/person/family_name": "string_too_short"}


def test_a_name_stands_on_one_line_and_a_note_may_take_several(oslo: Client) -> None:
    assert refused_case(oslo, person=PERSON | {"given_name": "Vim\nsete"}) == {
        "/person/given_name": "control_characters"
    }
    assert oslo.record(opened(oslo), "note_added", DAY, note="En linje\n\tog en til").status_code == 201


def test_names_of_every_alphabet_are_taken_and_kept_composed(oslo: Client) -> None:
    person = PERSON | {
        "given_name": "A\u030ashild \u0639\u0644\u064a",
        "family_name": "Lá\u0161\u0161i-Ødegård O’Brien",
    }
    shown = oslo.post("/v1/cases", new_case(person=person)).json()["person"]
    assert shown["given_name"] == "Åshild \u0639\u0644\u064a"
    assert shown["family_name"] == person["family_name"]


def test_a_note_comes_with_note_added_and_with_nothing_else(oslo: Client) -> None:
    case = opened(oslo)
    assert_problem(refused_event(oslo, case, "suspect_set", note="Hei"), 422, "invalid_input")
    assert_problem(refused_event(oslo, case, "note_added"), 422, "invalid_input")


# --- places -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "code", "place"),
    [
        ({"konfliktrad": "atlantis"}, "unknown_konfliktrad", "/konfliktrad"),
        ({"konfliktrad": None}, "unknown_konfliktrad", "/konfliktrad"),
        ({"municipality": "9999"}, "unknown_municipality", "/municipality"),
        ({"municipality": "4601"}, "office_mismatch", "/konfliktrad"),
    ],
)
def test_places_that_do_not_exist_or_do_not_match_are_422(oslo: Client, changed: Any, code: str, place: str) -> None:
    before = rows(oslo.service)
    found = assert_problem(oslo.post("/v1/cases", new_case(**changed)), 422, code)
    assert list(places(found)) == [place]
    assert rows(oslo.service) == before


def test_a_transfer_to_an_office_that_does_not_exist_is_422(oslo: Client) -> None:
    case = case_at(oslo, "received")
    leader = oslo.service.as_("leader", "oslo")
    details = {"to": "atlantis", "parties_heard": True, "prosecution_told_on": DAY}
    found = assert_problem(refused_event(leader, case, "transfer_decided", details=details), 422, "unknown_konfliktrad")
    assert list(places(found)) == ["/details/to"]
    assert "oslo" in found["known"]


# --- addresses ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["17", "not-an-id", HIDDEN + "0", "%00", "..%2f..%2fetc"])
def test_an_id_that_is_no_uuid_is_422(oslo: Client, case: str) -> None:
    for path in (f"/v1/cases/{case}", f"/v1/cases/{case}/events"):
        answer = oslo.get(path)
        assert answer.status_code in (404, 422)
        assert answer.json()["code"] in ("not_found", "invalid_input")
    found = raw(oslo, f"/v1/cases/{case}/events", said({"type": "suspect_set", "occurred_on": DAY}))
    assert found.status_code in (404, 422)
