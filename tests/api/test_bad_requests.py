"""Addresses, parameters and headers that are not as they have to be."""

import json
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import OctKey

from tests.api.build import DAY, assert_problem, etag, opened, places, raw, recorded, rows, said
from tests.service import Client, Service, new_case

EVENT = {"type": "suspect_set", "occurred_on": DAY}

# --- addresses and methods ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1", "/v2/cases", "/v1/cases/x/y/z", "/admin"])
def test_an_unknown_address_is_404(oslo: Client, path: str) -> None:
    assert_problem(oslo.get(path), 404, "not_found")
    assert_problem(oslo.post(path, {}), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/cases", "GET, POST"),
        ("PUT", "/v1/cases/{case}", "GET"),
        ("PATCH", "/v1/cases/{case}/events", "GET, POST"),
        ("DELETE", "/v1/cases/{case}/events", "GET, POST"),
        ("GET", "/v1/cases/{case}/corrections", "POST"),
        ("POST", "/v1/deadline-rules", "GET"),
    ],
)
def test_a_method_that_is_not_there_is_405_and_says_which_are(
    oslo: Client, method: str, path: str, allowed: str
) -> None:
    case = opened(oslo)
    headers = {"Authorization": f"Bearer {oslo.token}"}
    answer = oslo.service.send(method, path.format(case=case), headers=headers)
    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == allowed
    assert etag(oslo, case) == '"1"'


@pytest.mark.parametrize(
    "path",
    ["/v1/cases", "/v1/cases/{case}", "/v1/cases/{case}/events", "/v1/cases/{case}/options", "/v1/deadline-rules"],
)
def test_an_unknown_parameter_is_refused_by_every_list_and_reading(oslo: Client, path: str) -> None:
    answer = oslo.get(path.format(case=opened(oslo)), colour="red")
    assert places(assert_problem(answer, 422, "invalid_input")) == {"(query)/colour": "extra_forbidden"}


@pytest.mark.parametrize("path", ["/v1/cases", "/v1/cases/{case}/events", "/v1/cases/{case}/corrections"])
def test_an_unknown_parameter_is_refused_by_every_write(oslo: Client, path: str) -> None:
    case = opened(oslo)
    bodies = {
        "cases": new_case(),
        "events": EVENT,
        "corrections": {"seq": 1, "reason": "wrong_date", "replacement": None},
    }
    before = rows(oslo.service)
    answer = oslo.post(path.format(case=case) + "?dryrun=true", bodies[path.rpartition("/")[2]], '"1"')
    assert places(assert_problem(answer, 422, "invalid_input")) == {"(query)/dryrun": "extra_forbidden"}
    assert rows(oslo.service) == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", 0), ("limit", 201), ("limit", -1), ("limit", "abc"), ("limit", "1.5"), ("limit", "\uff19\uff19"),
        ("state", "asleep"), ("phase", "x"), ("sanction", "prison"), ("waiting_for", "godot"), ("overdue", "perhaps"),
        ("sort", "name"), ("sort", "-case_id; drop table event"), ("q", ""), ("q", "x" * 201), ("q", "a\u202eb"),
        ("konfliktrad", "x" * 41), ("coordinator", "x" * 65), ("cursor", "x" * 2001),
    ],
)  # fmt: skip
def test_a_filter_of_the_wrong_shape_is_422_with_its_name(oslo: Client, name: str, value: Any) -> None:
    found = assert_problem(oslo.get("/v1/cases", **{name: value}), 422, "invalid_input")
    assert list(places(found)) == [f"(query)/{name}"]


@pytest.mark.parametrize("limit", [1, 200])
def test_the_limit_itself_is_allowed(oslo: Client, limit: int) -> None:
    assert oslo.get("/v1/cases", limit=limit).status_code == 200


def test_a_list_of_the_past_takes_no_sort(oslo: Client) -> None:
    assert_problem(oslo.get("/v1/cases", sort="reference", valid_at=DAY), 422, "invalid_input")


# --- cursors ------------------------------------------------------------------------------------------------


def cursor_of(client: Client, **query: Any) -> str:
    for _ in range(2):
        opened(client)
    return client.get("/v1/cases", limit=1, **query).json()["next"]


def forged(key: str, of: str, place: str) -> str:
    return jws.serialize_compact({"alg": "HS256"}, json.dumps([of, place]), OctKey.import_key(key))


def test_a_broken_or_forged_cursor_is_400(oslo: Client) -> None:
    good = cursor_of(oslo)
    head, payload, signature = good.split(".")
    other = {
        "cut": good[:-3],
        "words": "abc",
        "letters": "æøå.æøå.æøå",
        "empty parts": "..",
        "other payload": f"{head}.{payload[:-2]}AA.{signature}",
        "other key": forged("another-key-of-more-than-thirty-two-characters", "{}", "x"),
        "no signature": f"eyJhbGciOiJub25lIn0.{payload}.",
    }
    for cursor in other.values():
        assert_problem(oslo.get("/v1/cases", limit=1, cursor=cursor), 400, "bad_cursor")


def test_a_cursor_of_another_list_is_400(oslo: Client) -> None:
    good = cursor_of(oslo, sort="reference")
    assert oslo.get("/v1/cases", limit=1, sort="reference", cursor=good).status_code == 200
    for query in ({}, {"sort": "-reference"}, {"sort": "reference", "state": "registered"}, {"valid_at": DAY}):
        assert_problem(oslo.get("/v1/cases", limit=1, cursor=good, **query), 400, "bad_cursor")


def test_a_cursor_shows_another_viewer_nothing_of_ours(oslo: Client) -> None:
    good = cursor_of(oslo, sort="reference")
    theirs = oslo.service.as_("coordinator", "troms").get("/v1/cases", sort="reference", limit=1, cursor=good)
    assert theirs.json()["items"] == []


# --- versions -----------------------------------------------------------------------------------------------


def test_a_write_without_a_version_is_428(oslo: Client) -> None:
    case = opened(oslo)
    assert_problem(oslo.post(f"/v1/cases/{case}/events", EVENT), 428, "precondition_required")
    body = {"seq": 1, "reason": "wrong_date", "replacement": None}
    assert_problem(oslo.post(f"/v1/cases/{case}/corrections", body), 428, "precondition_required")
    assert etag(oslo, case) == '"1"'


def test_a_header_too_long_is_422(oslo: Client) -> None:
    answer = oslo.post(f"/v1/cases/{opened(oslo)}/events", EVENT, '"1"' + " " * 1000 + "x")
    assert list(places(assert_problem(answer, 422, "invalid_input"))) == ["(header)/If-Match"]


@pytest.mark.parametrize("tag", ['"1"', '"0"', '"4"'])
def test_a_stale_version_is_412_with_the_present_one_and_what_happened_since(oslo: Client, tag: str) -> None:
    case = opened(oslo)
    recorded(oslo, case, "suspect_set")
    recorded(oslo, case, "charged")
    before = rows(oslo.service)
    answer = oslo.post(f"/v1/cases/{case}/events", {"type": "coordination_requested", "occurred_on": DAY}, tag)
    found = assert_problem(answer, 412, "stale")
    assert found["current_etag"] == answer.headers["ETag"] == '"3"'
    kinds = ["case_registered", "suspect_set", "charged"]
    assert [one["type"] for one in found["events_since"]] == kinds[int(tag.strip('"')) :]
    assert rows(oslo.service) == before


def test_what_a_stale_write_needs_is_in_its_answer(oslo: Client) -> None:
    case = opened(oslo)
    recorded(oslo, case, "suspect_set")
    found = oslo.post(f"/v1/cases/{case}/events", {"type": "charged", "occurred_on": DAY}, '"1"').json()
    again = oslo.post(f"/v1/cases/{case}/events", {"type": "charged", "occurred_on": DAY}, found["current_etag"])
    assert again.status_code == 201


# --- keys ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["x" * 201, "two words", " ", "tab\there", "nøkkel".encode(), "\x7f"])
def test_a_key_of_the_wrong_form_is_422(oslo: Client, key: Any) -> None:
    before = rows(oslo.service)
    answer = oslo.post("/v1/cases", new_case(), key=key)
    assert list(places(assert_problem(answer, 422, "invalid_input"))) == ["(header)/Idempotency-Key"]
    assert rows(oslo.service) == before


# --- languages ----------------------------------------------------------------------------------------------

LANGUAGES = [
    (None, "nb"), ("nb", "nb"), ("no", "nb"), ("nn", "nn"), ("nn-NO,nb;q=0.8", "nn"), ("en", "en"), ("en-GB", "en"),
    ("de,en;q=0.3", "en"), ("de", "nb"), ("*", "nb"), ("en;q=0,nb;q=0", "nb"), ("en;q=0,nb;q=0,*", "nn"), ("", "nb"),
    (";;;===,,,", "nb"), ("en" * 200, "nb"), ("\x00\x01", "nb"), ("zz-\xff", "nb"),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "spoken"), LANGUAGES)
def test_a_problem_speaks_the_language_of_the_caller_and_says_which(
    oslo: Client, wanted: str | None, spoken: str
) -> None:
    headers = {} if wanted is None else {"Accept-Language": wanted.encode("latin-1")}
    refused = {
        "nb": "Opplysninger med feil form",
        "nn": "Opplysningar med feil form",
        "en": "Input of the wrong shape",
    }
    answer = raw(oslo, "/v1/cases", b"{}", **headers)
    assert answer.headers["Content-Language"] == spoken
    assert assert_problem(answer, 422, "invalid_input")["title"] == refused[spoken]
    unknown = oslo.service.send("GET", "/v1/cases", headers=headers)
    assert unknown.headers["Content-Language"] == spoken


def test_every_place_and_every_condition_is_said_in_the_language_of_the_caller(oslo: Client) -> None:
    case = opened(oslo)
    body = {"type": "plan_meeting_held", "occurred_on": DAY, "details": {"present": []}}
    told = {}
    for language in ("nb", "nn", "en"):
        wrong = raw(oslo, "/v1/cases", b"{}", **{"Accept-Language": language}).json()["errors"][0]["detail"]
        headers = {"Accept-Language": language, "If-Match": '"1"'}
        no = raw(oslo, f"/v1/cases/{case}/events", said(body), **headers).json()["unmet"][0]["message"]
        told[language] = (wrong, no)
    assert len(set(told.values())) == 3


def test_the_trace_id_of_every_problem_is_its_own(shared: Service) -> None:
    answers = [shared.send("GET", "/v1/cases").json()["trace_id"] for _ in range(5)]
    assert len(set(answers)) == 5
