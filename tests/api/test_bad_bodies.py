"""A body that cannot be taken for one certain JSON object is refused before anything is asked of it."""

import json
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.api.build import DAY, assert_problem, case_at, etag, opened, places, raw, rows, said
from tests.service import Client, new_case

GOOD = said(new_case())

NOT_JSON = {
    "cut short": b'{"sanction":',
    "single quotes": b"{'sanction': 1}",
    "trailing comma": b'{"sanction":"youth_sanction",}',
    "words after it": GOOD + b" and more",
    "not UTF-8": b'{"sanction":"\xff"}',
    "UTF-16": json.dumps(new_case()).encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf" + GOOD,
    "NaN": said(new_case(repeated_or_serious=float("nan"))),
    "infinity": said(new_case(repeated_or_serious=float("-inf"))),
    "a number beyond all numbers": said(new_case()).replace(b'"oslo"', b"1e999"),
    "an integer of 5,000 digits": b'{"sanction":' + b"9" * 5000 + b"}",
    "the same name twice": GOOD[:-1] + b',"sanction":"youth_sanction"}',
    "the same name twice, inside": GOOD.replace(b'"born":', b'"born":"2008-01-01","born":'),
    "half a character": said(new_case(konfliktrad="\ud800")),
    "half a character in a name": b'{"\\ud800":1}',
    "nested 40 deep": b'{"offences":' + b"[" * 40 + b"]" * 40 + b"}",
    "nested 100,000 deep": b"[" * 100_000,
    "nested 50,000 deep and closed": b"[" * 50_000 + b"]" * 50_000,
}

NOT_AN_OBJECT = {"nothing": b"", "a list": b"[]", "null": b"null", "text": b'"hello"', "a number": b"17"}


@pytest.fixture
def nothing_is_written(oslo: Client) -> Iterator[Callable[[], None]]:
    """Holds the tables against what they held before."""
    before = rows(oslo.service)
    yield lambda: None
    assert rows(oslo.service) == before


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
@pytest.mark.usefixtures("nothing_is_written")
def test_what_is_not_one_certain_json_text_is_400(oslo: Client, body: bytes) -> None:
    found = assert_problem(raw(oslo, "/v1/cases", body), 400, "malformed_json")
    assert places(found) == {"": "json_invalid"}


@pytest.mark.parametrize("body", NOT_AN_OBJECT.values(), ids=NOT_AN_OBJECT)
@pytest.mark.usefixtures("nothing_is_written")
def test_json_that_is_not_an_object_is_422_and_points_at_the_whole(oslo: Client, body: bytes) -> None:
    found = assert_problem(raw(oslo, "/v1/cases", body), 422, "invalid_input")
    assert list(places(found)) == [""]


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/xml", "application/jsonx", "application/json; charset=iso-8859-1", "", "*/*"],
)
@pytest.mark.usefixtures("nothing_is_written")
def test_another_content_type_is_415_and_the_right_one_is_named(oslo: Client, kind: str) -> None:
    found = assert_problem(
        raw(oslo, "/v1/cases", GOOD, **{"Content-Type": kind, "Accept-Language": "en"}), 415, "unsupported_media_type"
    )
    assert "application/json" in found["detail"]


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json;charset=UTF-8", 'Application/JSON; charset="utf-8"']
)
def test_json_in_utf8_is_taken_however_it_is_spelt(oslo: Client, kind: str) -> None:
    assert raw(oslo, "/v1/cases", GOOD, **{"Content-Type": kind}).status_code == 201


@pytest.mark.usefixtures("nothing_is_written")
def test_a_body_above_the_limit_is_413_and_the_limit_is_named(oslo: Client) -> None:
    limit = oslo.service.settings.body_limit
    answer = raw(oslo, "/v1/cases", GOOD + b" " * limit, **{"Accept-Language": "en"})
    assert str(limit) in assert_problem(answer, 413, "body_too_large")["detail"]


def test_a_body_of_exactly_the_limit_is_read(oslo: Client) -> None:
    limit = oslo.service.settings.body_limit
    assert raw(oslo, "/v1/cases", GOOD.ljust(limit)).status_code == 201


@pytest.mark.usefixtures("nothing_is_written")
def test_a_body_above_the_limit_is_refused_while_it_still_comes_in(oslo: Client) -> None:
    sent = 0

    async def without_end() -> "httpx._types.AsyncByteStream":
        nonlocal sent
        while True:
            sent += 65_536
            yield b" " * 65_536

    answer = oslo.service.send(
        "POST",
        "/v1/cases",
        content=without_end(),
        headers={"Authorization": f"Bearer {oslo.token}", "Content-Type": "application/json"},
    )
    assert_problem(answer, 413, "body_too_large")
    assert sent < 10 * oslo.service.settings.body_limit


@pytest.mark.usefixtures("nothing_is_written")
def test_a_string_of_a_megabyte_is_413(oslo: Client) -> None:
    assert_problem(oslo.post("/v1/cases", new_case(konfliktrad="x" * 1_000_000)), 413, "body_too_large")


def test_a_string_too_long_for_its_field_is_422(oslo: Client) -> None:
    case = opened(oslo)
    before = rows(oslo.service)
    answer = oslo.record(case, "note_added", DAY, note="x" * 4001)
    assert places(assert_problem(answer, 422, "invalid_input")) == {"/note": "string_too_long"}
    assert rows(oslo.service) == before


def test_no_answer_repeats_what_was_sent(oslo: Client) -> None:
    case = case_at(oslo, "received")
    said_wrong = "Hemmelige Navnesen 01020312345"
    answers = [
        oslo.post("/v1/cases", new_case(sanction=said_wrong)),
        oslo.post("/v1/cases", new_case(person={"given_name": said_wrong, "born": said_wrong})),
        oslo.record(case, "assigned", DAY, {"coordinator": said_wrong}),
        oslo.record(case, "first_contact", DAY, note=said_wrong),
        oslo.post(f"/v1/cases/{case}/events", {"type": "note_added", "occurred_on": DAY, "note": said_wrong}, '"1"'),
        oslo.post("/v1/cases", new_case(), etag(oslo, case), key=said_wrong),
    ]
    assert all(answer.is_client_error for answer in answers)
    assert not [answer.text for answer in answers if "Hemmelige" in answer.text or "01020312345" in answer.text]
