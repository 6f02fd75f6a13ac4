"""Many decisions in one request: each line answered in its place, as if it had been sent alone."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete

from tests import service
from tests.intake import content, making
from tests.intake.making import Told
from tests.service import Service
from ungdom import intake
from ungdom.intake import Reason, Sender, stream
from ungdom.intake.stream import NdjsonLine, Splitter, StreamContext
from ungdom.store import session
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import Stale, Unavailable
from ungdom.store.schema.idempotency import idempotency
from ungdom.store.session import Database
from ungdom.workflow.vocabulary import Actor, Role

NDJSON = {"Content-Type": "application/x-ndjson"}
SENDER = Sender("somewhere", frozenset({Actor.POLICE, Actor.PROSECUTION, Actor.COURT}))
NOON = datetime(2026, 1, 5, 11, tzinfo=UTC)


def push(to: Service, body: bytes, **headers: str) -> httpx.Response:
    given_too = {"Authorization": f"Bearer {to.token(Role.PROSECUTION, 'oslo')}", **NDJSON, **headers}
    return to.send("POST", "/v1/decisions/batch", content=body, headers=given_too)


def receipts(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    return [json.loads(one) for one in answer.content.splitlines()]


def told(chains: int = 1, seed: int = 1) -> list[Told]:
    return [one for chain in making.cases(seed, chains) for one in chain]


def alone(to: Service, message: Told) -> httpx.Response:
    return to.as_("prosecution", "oslo").post("/v1/decisions", message)


# --- a line, a receipt --------------------------------------------------------------------------------------


def test_each_line_is_answered_in_its_place_and_sent_alone_gets_the_same_bytes(served: Service) -> None:
    messages = told(chains=6)
    answer = push(served, making.lines(messages))

    found = receipts(answer)
    assert [(one["decision_id"], one["version"]) for one in found] == [making.key(one) for one in messages]
    assert {one["outcome"] for one in found} >= {"applied"}
    for message, line in zip(messages, answer.content.splitlines(), strict=True):
        assert alone(served, message).content == line


def test_the_same_batch_again_gets_the_same_receipts_and_writes_nothing(served: Service) -> None:
    body = making.lines(told(chains=3))
    first = push(served, body)
    before = content.hashes(served.db, EncryptionKeys([service.KEY]))

    assert push(served, body).content == first.content
    assert content.hashes(served.db, EncryptionKeys([service.KEY])) == before


def test_a_line_sent_alone_before_is_repeated_and_the_batch_goes_on(one: Service) -> None:
    messages = told()
    first = alone(one, messages[0])
    answer = push(one, making.lines(messages))
    assert answer.content.splitlines()[0] == first.content
    assert [found["outcome"] for found in receipts(answer)] == ["applied"] * len(messages)


def test_order_inside_a_batch_does_not_decide_what_the_cases_say(one: Service) -> None:
    chain = told()
    found = receipts(push(one, making.lines(chain[::-1])))
    assert [each["outcome"] for each in found[:-1]] == ["parked"] * (len(chain) - 1)
    standing = [alone_now(one, each["id"]) for each in found]
    assert [each["outcome"] for each in standing] == ["applied"] * len(chain)


def alone_now(to: Service, message_id: str) -> dict[str, Any]:
    return to.as_("prosecution", "oslo").get(f"/v1/decisions/{message_id}").json()


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n \t\r\n\n"], ids=["LF", "CRLF", "empty lines between"])
def test_line_ends_and_empty_lines_do_not_count(one: Service, end: bytes) -> None:
    messages = told()
    body = end.join(making.line(message).strip() for message in messages)
    assert len(receipts(push(one, body))) == len(messages)  # the last line stands without a line end


def test_nothing_is_answered_with_nothing(one: Service) -> None:
    for body in (b"", b"\n", b"\xef\xbb\xbf\r\n"):
        assert receipts(push(one, body)) == []


def test_a_mark_of_byte_order_is_passed_over_in_the_beginning_only(one: Service) -> None:
    line = making.line(told()[0])
    first, later = receipts(push(one, b"\xef\xbb\xbf" + line + b"\xef\xbb\xbf" + line))
    assert first["outcome"] == "applied"
    assert (later["reason"]["code"], later["line"]) == ("broken_line", 2)


BROKEN = {
    "no JSON": b"{",
    "no object": b'["kind"]',
    "a name twice": b'{"kind":"indicted","kind":"dispatched"}',
    "no number": b'{"version":NaN}',
    "half a character": rb'{"kind":"\ud800"}',
    "not UTF-8": b'{"kind":"\xe6"}',
    "UTF-16": '{"kind":"indicted"}'.encode("utf-16-le"),
    "nested too deep": b'{"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "a number of many digits": b'{"version":' + b"9" * 6_000 + b"}",
}


@pytest.mark.parametrize("line", BROKEN.values(), ids=BROKEN)
def test_a_broken_line_is_refused_by_its_number_and_stops_no_other(one: Service, line: bytes) -> None:
    message = told()[0]
    found = receipts(push(one, b"\n" + line + b"\n" + making.line(message)))
    assert (found[0]["reason"]["code"], found[0]["line"], found[0]["id"]) == ("broken_line", 2, None)
    assert found[0]["sender_should"]["code"] == "send_again_corrected"
    assert found[1]["outcome"] == "applied"


def test_a_line_of_the_wrong_shape_names_every_place_and_by_what_the_sender_finds_it(one: Service) -> None:
    wrong = {**told()[0], "occurred_on": "2025-02-30", "nonsense": 1}
    (found,) = receipts(push(one, making.line(wrong), **{"Accept-Language": "en"}))
    assert (found["outcome"], found["reason"]["code"], found["line"]) == ("rejected", "invalid", 1)
    assert {place["pointer"] for place in found["errors"]} == {"/occurred_on", "/nonsense"}
    assert (found["decision_id"], found["version"], found["kind"]) == ("000000-1", 1, wrong["kind"])
    nothing = {**wrong, "decision_id": ["x"], "version": True, "kind": "k" * 200}
    (found,) = receipts(push(one, making.line(nothing)))
    assert (found["decision_id"], found["version"], found["kind"]) == (None, None, None)


def test_other_content_under_a_known_version_is_refused_with_its_line(one: Service) -> None:
    message = told()[0]
    other = {**message, "occurred_on": "2025-12-01"}
    first, refused, again = receipts(push(one, making.lines([message, other, message])))
    assert (refused["reason"]["code"], refused["line"], refused["decision_id"]) == ("other_content", 2, "000000-1")
    assert again == first


def test_a_line_that_is_too_long_is_read_past(one: Service) -> None:
    message = told()[0]
    longest = making.line(message)[:-1].ljust(stream.MAX_LINE_BYTES)
    body = longest + b"\n" + longest + b" \n" + making.line(message)
    just, over, after = receipts(push(one, body))
    assert just["outcome"] == "applied"
    assert (over["reason"]["code"], over["line"]) == ("line_too_long", 2)
    assert after == just


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_receipts_speak_the_language_asked_for(one: Service, language: str) -> None:
    answer = push(one, b"{\n", **{"Accept-Language": language})
    assert answer.headers["Content-Language"] == language
    assert answer.headers["Cache-Control"] == "no-store"
    word = {"nb": "Linjen", "nn": "Linja", "en": "line"}[language]
    assert word in receipts(answer)[0]["reason"]["message"]


# --- who may, and of what kind ------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["coordinator", "leader", "secretariat", "team_member", "analyst", "auditor", "admin"])
def test_only_a_system_with_the_scope_sends_decisions(one: Service, role: str) -> None:
    office = "oslo" if role in ("coordinator", "leader") else None
    headers = {"Authorization": f"Bearer {one.token(Role(role), office)}", **NDJSON}
    answer = one.send("POST", "/v1/decisions/batch", content=making.lines(told()), headers=headers)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "forbidden_role")


def test_without_a_token_nothing_is_read(one: Service) -> None:
    assert one.send("POST", "/v1/decisions/batch", content=b"{}", headers=NDJSON).status_code == 401


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-ndjson; charset=utf-16", ""])
def test_another_kind_of_body_is_refused(one: Service, kind: str) -> None:
    answer = push(one, making.lines(told()), **{"Content-Type": kind})
    assert answer.status_code == 415
    assert "application/x-ndjson" in answer.json()["detail"]


def test_a_question_in_the_address_is_refused(one: Service) -> None:
    headers = {"Authorization": f"Bearer {one.token(Role.PROSECUTION, 'oslo')}", **NDJSON}
    answer = one.send("POST", "/v1/decisions/batch?source=oslo", content=b"", headers=headers)
    assert answer.status_code == 422


# --- cutting ------------------------------------------------------------------------------------------------


@given(st.binary(max_size=400), st.lists(st.integers(1, 60), max_size=40))
def test_lines_do_not_depend_on_how_they_arrive(body: bytes, sizes: list[int]) -> None:
    whole, pieces = Splitter(20), Splitter(20)
    expected = [*whole.feed(body), *whole.end()]
    found: list[NdjsonLine] = []
    rest = body
    for size in sizes:
        found += pieces.feed(rest[:size])
        rest = rest[size:]
    found += [*pieces.feed(rest), *pieces.end()]
    assert found == expected


@given(st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line), max_size=20))
def test_every_line_is_kept_whole_or_told_to_be_too_long(lines: list[bytes]) -> None:
    split = Splitter(20)
    found = {line.number: line.raw for line in [*split.feed(b"\n".join(lines)), *split.end()]}
    assert found.keys() <= {*range(1, len(lines) + 1)}
    for number, line in enumerate(lines, start=1):
        plain = line.removeprefix(b"\xef\xbb\xbf" if number == 1 else b"").strip(b" \t\r")
        if len(line.rstrip(b"\r")) > 20:
            assert found[number] is None
        else:
            assert found.get(number, b"") == plain


def test_a_line_without_end_is_not_held() -> None:
    split = Splitter()
    for _ in range(1_000):
        assert list(split.feed(b"x" * 10_000)) == []
    assert len(split._rest) <= stream.MAX_LINE_BYTES
    assert list(split.end()) == [NdjsonLine(1, None)]


# --- a group, and its lines one by one ----------------------------------------------------------------------


@pytest.fixture
def door(database_url: str) -> Iterator[StreamContext]:
    service.fill(database_url)
    db = Database.open(database_url)
    yield StreamContext(db, EncryptionKeys([service.KEY]), lambda: NOON, "en", SENDER)
    db.close()


@pytest.fixture
def other(tmp_path: Path, sqlite_template: Path, door: StreamContext) -> Iterator[StreamContext]:
    folder = tmp_path / "other"
    folder.mkdir()
    db = Database.open(service.sqlite_copy(sqlite_template, folder))
    yield replace(door, db=db)
    db.close()


def lines_of(body: bytes) -> list[NdjsonLine]:
    split = Splitter()
    return [*split.feed(body), *split.end()]


def taken(door: StreamContext, lines: list[NdjsonLine], size: int) -> list[bytes]:
    groups = [lines[at : at + size] for at in range(0, len(lines), size)]
    return [answer.body for group in groups for answer in stream.process_lines(door, group)]


def shuffled(seed: int, size: int) -> bytes:
    """Messages of many cases in no order, some of them twice, some of them broken."""
    rng = Random(seed)  # noqa: S311  # a load is no secret
    messages = making.mixed(seed, size)
    messages += rng.sample(messages, size // 5)
    rng.shuffle(messages)
    lines = [making.line(one) for one in messages] + [b"{\n", b"{}\n"] * 3
    rng.shuffle(lines)
    return b"".join(lines)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_group_does_what_its_lines_do_one_by_one_and_on_either_database(
    door: StreamContext, other: StreamContext, seed: int
) -> None:
    lines = lines_of(shuffled(seed, 110))
    assert taken(door, lines, 100) == taken(other, lines, 1)
    assert content.hashes(door.db, door.keys) == content.hashes(other.db, other.keys)


def test_a_dry_run_of_many_lines_lets_others_write_and_reports_what_the_lines_then_get(
    door: StreamContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "GROUP", 10)
    door = replace(door, db=replace(door.db, wait_seconds=0.05))
    lines = lines_of(shuffled(3, 40))
    before = content.hashes(door.db, door.keys)
    trying = stream.try_lines(door, lines)
    tried = [next(trying) for _ in lines[:30]]
    with door.db.writing() as tx:  # as a read does, which writes to the access log
        tx.execute(delete(idempotency))
    tried += trying
    assert content.hashes(door.db, door.keys) == before
    few = [answer.body for answer in stream.try_lines(door, lines[:10])]
    assert few == [answer.body for answer in tried[:10]]
    assert [answer.body for answer in tried] == taken(door, lines, 100)


def failing(monkeypatch: pytest.MonkeyPatch, error: Callable[[str], Exception | None]) -> list[str]:
    """`receive` raises what `error` says for a decision id; the ids it was asked for."""
    plain, asked = intake.receive, []

    def receive(tx: Any, desk: Any, sender: Any, message: Any, **more: Any) -> Any:
        asked.append(message.decision_id)
        found = error(message.decision_id)
        if found is not None:
            raise found
        return plain(tx, desk, sender, message, **more)

    monkeypatch.setattr(stream, "receive", receive)
    return asked


def test_a_line_that_fails_unforeseen_stops_no_other_and_the_log_tells_nothing_of_it(
    door: StreamContext, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    messages = told(chains=4)
    bad = messages[3]["decision_id"]
    failing(monkeypatch, lambda which: ValueError(messages[3]["person"]["national_id"]) if which == bad else None)
    with caplog.at_level(logging.INFO):
        answers = stream.process_lines(door, lines_of(making.lines(messages)))

    refused = json.loads(answers[3].body)
    assert (refused["reason"]["code"], refused["line"], refused["decision_id"]) == ("not_now", 4, bad)
    assert refused["sender_should"]["code"] == "send_again"
    assert all(answer.reason != Reason.NOT_NOW for at, answer in enumerate(answers) if at != 3)
    assert "batch.line_failed line=4 error=ValueError frames=" in caplog.text
    assert messages[3]["person"]["national_id"] not in caplog.text
    assert messages[3]["person"]["family_name"] not in caplog.text


def test_a_group_that_somebody_stood_in_the_way_of_is_taken_line_by_line(
    door: StreamContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = told(chains=2)
    left = [messages[1]["decision_id"]] * 3
    failing(monkeypatch, lambda which: Stale(None, None) if which in left and left.pop() else None)
    monkeypatch.setattr(stream, "PAUSES", (0.0,) * 5)
    answers = stream.process_lines(door, lines_of(making.lines(messages)))
    assert left == []
    assert {answer.outcome for answer in answers} == {"applied"}


def test_without_a_database_the_rest_is_refused_for_now_and_taken_when_sent_again(
    door: StreamContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = told(chains=3)
    lines = lines_of(making.lines(messages))
    gone = messages[2]["decision_id"]
    with monkeypatch.context() as patch:
        asked = failing(patch, lambda which: Unavailable("connection_lost") if which == gone else None)
        patch.setattr(stream, "PAUSES", (0.0,) * 3)
        answers = stream.process_lines(door, lines)
    assert [answer.reason for answer in answers] == [None, None] + [Reason.NOT_NOW] * (len(messages) - 2)
    assert asked.count(gone) == 1 + 4  # with the group, then alone
    assert not set(asked[asked.index(gone) :]) - {one["decision_id"] for one in messages[:3]}

    again = stream.process_lines(door, lines)
    assert [again[0].body, again[1].body] == [answers[0].body, answers[1].body]
    assert {answer.outcome for answer in again} == {"applied"}


def test_a_commit_that_fails_acknowledges_nothing(door: StreamContext, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_commit(_tx: Any) -> None:
        raise Unavailable("full")

    before = content.hashes(door.db, door.keys)
    monkeypatch.setattr(session, "_commit", no_commit)
    monkeypatch.setattr(stream, "PAUSES", ())
    answers = stream.process_lines(door, lines_of(making.lines(told())))
    assert {answer.reason for answer in answers} == {Reason.NOT_NOW}
    assert content.hashes(door.db, door.keys) == before


def test_ids_do_not_hang_on_chance(door: StreamContext, other: StreamContext) -> None:
    lines = lines_of(making.lines(told(chains=3)))
    taken(door, lines, 7)
    taken(other, lines, 100)
    assert content.WRITTEN
    for table in content.WRITTEN:
        rows = content.rows(door.db, door.keys, table)
        assert rows == content.rows(other.db, other.keys, table)


def test_synthetic_messages_are_the_same_for_the_same_seed() -> None:
    assert making.mixed(5, 300) == making.mixed(5, 300)
    assert making.mixed(5, 300) != making.mixed(6, 300)
    assert len({making.key(one) for one in making.mixed(5, 300)}) == 300
