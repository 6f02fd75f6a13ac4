"""The change feed: everything once, in the order in which it became visible, to those who may learn of it."""

import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from tests.api.build import assert_problem, case_at, recorded
from tests.notices.test_interface import NIGHT, alerted
from tests.service import Client, Service
from ungdom.store import feed, outbox
from ungdom.store.outbox import OutboxMessage
from ungdom.store.schema.outbox import ANNOUNCED_KINDS
from ungdom.store.schema.outbox import outbox as table
from ungdom.store.session import Database

PREFIX = "no.konfliktraadet.ungdom."


def followed(client: Client, after: str | None = None, limit: int = 3) -> tuple[list[dict[str, Any]], str]:
    """Every entry from there on, and where to go on."""
    items: list[dict[str, Any]] = []
    for _ in range(100):
        answer = client.get("/v1/feed", after=after, limit=limit)
        assert answer.status_code == 200, answer.text
        part = answer.json()
        assert len(part["items"]) <= limit
        items, after = [*items, *part["items"]], part["after"]
        if not part["more"]:
            return items, str(after)
    raise AssertionError("the feed has no end")


def test_a_system_follows_what_happens_in_the_cases_that_it_may_see(one: Service) -> None:
    oslo, vest = one.as_("coordinator", "oslo"), one.as_("coordinator", "vest")
    case = case_at(oslo, "preparing")
    recorded(oslo, case, "team_member_joined", details={"member": "teacher-7", "agency": "police"})
    one.clock.turn_to(NIGHT)
    alerted(one, case)
    items, end = followed(oslo)
    history = oslo.get(f"/v1/cases/{case}/events").json()["items"]
    events = [item["data"] for item in items if item["type"] == f"{PREFIX}case.event_recorded"]
    assert [event["seq"] for event in events] == [event["seq"] for event in history]
    assert {event["case_id"] for event in events} == {case}
    raised = [item["data"]["code"] for item in items if item["type"] == f"{PREFIX}alert.raised"]
    assert raised
    assert len({item["id"] for item in items}) == len(items)
    with one.db.reading() as tx:
        sent = set(tx.scalars(select(table.c.message_id).where(table.c.kind.in_(ANNOUNCED_KINDS))))
    assert {UUID(item["id"]) for item in items} == sent
    assert followed(oslo, end) == ([], end)
    assert followed(vest)[0] == []
    newest = oslo.get("/v1/feed", newest=True).json()
    assert newest == {"items": [], "after": end, "more": False}
    recorded(oslo, case, "team_member_joined", details={"member": "teacher-8", "agency": "school"})
    later, _ = followed(oslo, end)
    assert [item["data"]["type"] for item in later] == ["team_member_joined"]
    assert_problem(one.as_("team_member", subject="teacher-7").get("/v1/feed"), 403, "forbidden_role")
    assert_problem(oslo.get("/v1/feed", after=end + "x"), 400, "bad_cursor")


def test_a_place_that_another_message_has_since_a_backup_was_restored_is_refused(one: Service) -> None:
    oslo = one.as_("coordinator", "oslo")
    case = case_at(oslo, "preparing")
    _, end = followed(oslo)
    with one.db.writing() as tx:
        last = feed.newest_position(tx)
        tx.execute(table.delete().where(table.c.feed_position == last))
    assert_problem(oslo.get("/v1/feed", after=end), 400, "bad_cursor")
    write(one.db, [message(one, case, 0)])
    assert [position for position, _ in positions(one.db, last - 1)] == [last]
    assert_problem(oslo.get("/v1/feed", after=end), 400, "bad_cursor")


def message(one: Service, case: str, seq: int) -> OutboxMessage:
    """A message of that event, older the higher the number: their times give no order."""
    at = one.clock() - timedelta(seconds=seq)
    return OutboxMessage(uuid4(), UUID(case), seq, "alert.raised", "{}", at)


def test_what_is_committed_late_comes_after_what_was_read_before(served: Service) -> None:
    case = case_at(served.as_("coordinator", "oslo"), "preparing")
    seen = everything(served.db, 0)
    early, late = message(served, case, 1), message(served, case, 2)
    if served.db.writer_lock is not None:  # SQLite has one writer at a time
        write(served.db, [late])
        write(served.db, [early])
        assert {id for _, id in everything(served.db, seen[-1][0])} == {early.message_id, late.message_id}
    else:
        with served.db.writing() as open_transaction:
            outbox.add(open_transaction, [late])
            other = threading.Thread(target=write, args=(served.db, [early]))
            other.start()
            other.join()
            seen += everything(served.db, seen[-1][0])
            assert [id for _, id in seen][-1] == early.message_id
        seen += everything(served.db, seen[-1][0])
        assert [id for _, id in seen][-2:] == [early.message_id, late.message_id]


def test_whoever_begins_with_the_newest_gets_nothing_of_what_was_written_before(
    one: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    oslo = one.as_("coordinator", "oslo")
    case = case_at(oslo, "preparing")
    monkeypatch.setattr(feed, "BATCH", 2)
    end = oslo.get("/v1/feed", newest=True).json()["after"]
    assert followed(oslo, end) == ([], end)
    recorded(oslo, case, "team_member_joined", details={"member": "teacher-7", "agency": "police"})
    assert len(followed(oslo, end)[0]) == 1


def test_nothing_is_missed_or_repeated_while_many_write(served: Service) -> None:
    case = case_at(served.as_("coordinator", "oslo"), "preparing")
    written: list[UUID] = []
    done = threading.Event()

    def writer(number: int) -> None:
        for n in range(12):
            batch = [message(served, case, 100 * number + 3 * n + k) for k in range(3)]
            write(served.db, batch)
            written.extend(entry.message_id for entry in batch)

    def reader(read: list[tuple[int, UUID]]) -> None:
        while not done.is_set():
            read += positions(served.db, read[-1][0] if read else 0)

    reads: list[list[tuple[int, UUID]]] = [[], []]
    readers = [threading.Thread(target=reader, args=(read,)) for read in reads]
    during(readers, [threading.Thread(target=writer, args=(number,)) for number in range(1, 4)], done)
    for seen in reads:
        whole = [*seen, *everything(served.db, seen[-1][0] if seen else 0)]
        assert [position for position, _ in whole] == list(range(1, len(whole) + 1))
        assert len({id for _, id in whole}) == len(whole)
        assert set(written) <= {id for _, id in whole}


def during(readers: list[threading.Thread], writers: list[threading.Thread], done: threading.Event) -> None:
    """Run the readers as long as the writers write."""
    for thread in (*readers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()


def write(db: Database, messages: list[OutboxMessage]) -> None:
    with db.writing() as tx:
        outbox.add(tx, messages)


def positions(db: Database, after: int) -> list[tuple[int, UUID]]:
    """What a reader gets at one go, as the route reads it."""
    feed.number_new(db)
    with db.reading() as tx:
        return [(entry.position, entry.message.message_id) for entry in feed.entries_after(tx, after, 5)]


def everything(db: Database, after: int) -> list[tuple[int, UUID]]:
    """What a reader gets who goes on until there is no more."""
    read: list[tuple[int, UUID]] = []
    while new := positions(db, read[-1][0] if read else after):
        read += new
    return read


def test_the_place_in_the_feed_tells_its_reader_nothing(one: Service) -> None:
    oslo, vest = one.as_("coordinator", "oslo"), one.as_("coordinator", "vest")
    case_at(oslo, "preparing")
    _, end = followed(vest)
    with one.db.reading() as tx:
        newest = feed.newest_position(tx)
        message_id = feed.message_at(tx, newest)
    sealed = urlsafe_b64decode(end + "=" * (-len(end) % 4))
    assert message_id is not None
    assert str(message_id).encode() not in sealed
    assert message_id.bytes not in sealed
    assert followed(vest, end) == ([], end), "the same place gives the same cursor"
    changed = bytes((sealed[0] ^ 1,)) + sealed[1:]
    assert_problem(vest.get("/v1/feed", after=urlsafe_b64encode(changed).decode().rstrip("=")), 400, "bad_cursor")
    assert_problem(vest.get("/v1/feed", after="æ"), 400, "bad_cursor")
