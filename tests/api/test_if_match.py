"""`If-Match` by RFC 9110 § 13.1.1: present or not, readable or not, and compared strongly."""

from typing import Any

import pytest

from tests.api.build import DAY, assert_problem, etag, opened, recorded, rows
from tests.service import Client
from ungdom.api.http.errors import BadIfMatch
from ungdom.api.http.preconditions import precondition
from ungdom.cases import Precondition

CHARGED = {"type": "charged", "occurred_on": DAY}
CORRECTION = {"seq": 2, "reason": "wrong_date", "replacement": None}
WRITES = [("events", CHARGED), ("corrections", CORRECTION)]


def at_version_two(client: Client) -> str:
    case = opened(client)
    recorded(client, case, "suspect_set")
    return case


@pytest.mark.parametrize(("what", "body"), WRITES)
@pytest.mark.parametrize("tag", ["*", " * ", '"2"', '"1", "2"', '"9","2"', 'W/"1", "2"', ', "2",', '"other" , "2"'])
def test_a_write_is_made_when_one_of_the_tags_is_the_present_version(
    oslo: Client, what: str, body: dict[str, Any], tag: str
) -> None:
    case = at_version_two(oslo)
    tried = oslo.post(f"/v1/cases/{case}/{what}?dry_run=true", body, tag)
    assert (tried.status_code, tried.headers["ETag"]) == (200, '"2"')
    done = oslo.post(f"/v1/cases/{case}/{what}", body, tag)
    assert (done.status_code, done.headers["ETag"]) == (201, '"3"')


@pytest.mark.parametrize(("what", "body"), WRITES)
@pytest.mark.parametrize(
    ("tag", "since"),
    [('W/"2"', 2), ('"1"', 1), ('W/"1"', 1), ('"1", W/"2"', 2), ('"02"', 0), ('"two"', 0), ('""', 0), ('"-1"', 0),
     ('"1234567890123"', 0), ('"9"', 9), ('"٢"'.encode(), 0)],
)  # fmt: skip
def test_a_write_is_refused_with_what_happened_since_when_none_of_the_tags_is_the_present_version(
    oslo: Client, what: str, body: dict[str, Any], tag: Any, since: int
) -> None:
    case = at_version_two(oslo)
    before = rows(oslo.service)
    for query in ("", "?dry_run=true"):
        answer = oslo.post(f"/v1/cases/{case}/{what}{query}", body, tag)
        found = assert_problem(answer, 412, "stale")
        assert found["current_etag"] == answer.headers["ETag"] == '"2"'
        assert [event["seq"] for event in found["events_since"]] == [seq for seq in (1, 2) if seq > since]
        assert ("etter at du hentet den" in found["detail"]) == (since == 1)
    assert rows(oslo.service) == before


@pytest.mark.parametrize(("what", "body"), WRITES)
@pytest.mark.parametrize("tag", ["2", "2.0", '"2', '2"', 'w/"2"', 'W/ "2"', '"2" "3"', '*, "2"', '"a b"', "'2'"])
def test_a_header_that_cannot_be_read_is_400_and_is_not_asked_for(
    oslo: Client, what: str, body: dict[str, Any], tag: str
) -> None:
    case = at_version_two(oslo)
    for query in ("", "?dry_run=true"):
        assert_problem(oslo.post(f"/v1/cases/{case}/{what}{query}", body, tag), 400, "bad_if_match")
    assert etag(oslo, case) == '"2"'


@pytest.mark.parametrize(("what", "body"), WRITES)
def test_only_a_header_that_is_missing_is_428(oslo: Client, what: str, body: dict[str, Any]) -> None:
    case = at_version_two(oslo)
    for query in ("", "?dry_run=true"):
        assert_problem(oslo.post(f"/v1/cases/{case}/{what}{query}", body), 428, "precondition_required")


def test_a_precondition_holds_for_the_versions_it_names_strongly() -> None:
    assert precondition(None) is None
    assert precondition('"3", W/"5"') == Precondition(frozenset({3}), highest_version=5)
    assert [version for version in range(1, 9) if Precondition(frozenset({3, 7})).holds(version)] == [3, 7]
    assert Precondition(any_version=True).holds(12)
    with pytest.raises(BadIfMatch):
        precondition("")


@pytest.mark.parametrize("end", ["x", '"', "W/"])
def test_a_list_of_many_empty_elements_is_read_in_one_pass(end: str) -> None:
    """Two parts of the pattern that match the same blank would take longer than the age of the universe here."""
    with pytest.raises(BadIfMatch):
        precondition('"1"' + ",  " * 300 + end)


def test_several_lines_together_are_no_longer_than_one(oslo: Client) -> None:
    case = at_version_two(oslo)
    sent = [("Authorization", f"Bearer {oslo.token}"), ("If-Match", '"2"'), ("If-Match", "," * 90)]
    short = oslo.service.send("POST", f"/v1/cases/{case}/events?dry_run=true", headers=sent, json=CHARGED)
    long = oslo.service.send("POST", f"/v1/cases/{case}/events", headers=[*sent, *sent[2:] * 10], json=CHARGED)

    assert short.status_code == 200
    assert_problem(long, 400, "bad_if_match")
