"""The entries of long answers of the access log: in its row at once, in `access_entry` later, found at any moment."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, insert, select

from ungdom.store import access_index, access_queries, bulk, chain_verification
from ungdom.store.access_content import AccessEntry, packed_contents, unpack
from ungdom.store.access_index import ANSWERS_AT_ONCE
from ungdom.store.access_log import MOST_AT_ONCE, Access, AccessLog
from ungdom.store.access_queries import AccessFilters, LoggedAccess
from ungdom.store.errors import Unavailable
from ungdom.store.ids import uuid7
from ungdom.store.schema.access import AccessKind, access_entry, access_pending
from ungdom.store.session import Database
from ungdom.workflow.rules.access import AccessPurpose
from ungdom.workflow.vocabulary import Role

AT = datetime(2026, 1, 5, 11, tzinfo=UTC)
CASE = UUID(int=7)


def long_answer(n: int) -> Access:
    others = tuple(AccessEntry(uuid4(), uuid4()) for _ in range(MOST_AT_ONCE))
    return Access(
        access_id=uuid7(AT, n), at=AT, kind=AccessKind.READ, subject="kari", role=Role.SECRETARIAT, konfliktrad=None,
        system="api", organisation=None, route="GET /v1/cases", matters=(), purpose=AccessPurpose.NATIONAL_TASKS,
        entries=(*others, AccessEntry(CASE, None, uuid4())),
    )  # fmt: skip


def logged(db: Database, number: int) -> list[Access]:
    answers = [long_answer(n) for n in range(number)]
    log = AccessLog(db)
    for answer in answers:
        log.write(answer)
    return answers


def read(db: Database) -> list[LoggedAccess]:
    with db.reading() as tx:
        return access_queries.page(tx, AccessFilters(case_id=CASE), None, 1_000)


def entries(db: Database) -> int:
    with db.reading() as tx:
        return tx.scalar(select(func.count()).select_from(access_entry)) or 0


def findings(db: Database) -> list[object]:
    with db.reading() as tx:
        return list(chain_verification.verify(tx).findings)


def test_packed_entries_are_read_as_they_were() -> None:
    every = (
        AccessEntry(uuid4(), uuid4()), AccessEntry(None, uuid4()), AccessEntry(None, None, uuid4()),
        AccessEntry(uuid4(), None, uuid4()), AccessEntry(uuid4(), uuid4(), uuid4()), AccessEntry(None, None),
    )  # fmt: skip
    packed = b"".join(every)

    assert tuple(unpack(packed)) == every
    for end in range(len(packed)):  # damaged bytes raise nothing
        assert len(list(unpack(packed[:end]))) < len(every)


@pytest.mark.parametrize("kinds", [("case",), ("case", "person", "message", "both", "nothing")], ids=len)
def test_the_contents_of_packed_entries_are_those_of_their_rows(kinds: tuple[str, ...]) -> None:
    ids = {
        "case": (uuid4(), uuid4(), None), "person": (None, uuid4(), None), "message": (None, None, uuid4()),
        "both": (uuid4(), None, uuid4()), "nothing": (None, None, None),
    }  # fmt: skip
    rows = [ids[kind] for kind in kinds * 7]
    packed = b"".join(AccessEntry(*row) for row in rows)
    contents = [json.dumps([id and str(id) for id in row], separators=(",", ":")).encode() for row in rows]

    assert packed_contents(packed) == contents
    assert [entry.ids for entry in unpack(packed)] == rows
    assert packed_contents(packed[:-1]) == contents[: len(packed_contents(packed[:-1]))]
    assert len(packed_contents(packed + b"\x03")) == len(rows)


def test_an_answer_is_found_by_its_case_before_its_entries_are_written_and_after(db: Database) -> None:
    answers = logged(db, ANSWERS_AT_ONCE + 1)
    before = read(db)
    assert (len(before), entries(db), findings(db)) == (len(answers), 0, [])

    assert access_index.fill(db) == len(answers)

    assert read(db) == before
    assert [access.entries for access in before] == [(answer.entries[-1],) for answer in reversed(answers)]
    assert (entries(db), access_index.fill(db)) == (len(answers) * (MOST_AT_ONCE + 1), 0)
    assert findings(db) == []


def test_what_broke_off_while_entries_were_written_is_written_once_by_the_next(db: Database) -> None:
    answers = logged(db, 3)
    with patch.object(bulk, "add_directly", side_effect=Unavailable("disk")), pytest.raises(Unavailable):
        access_index.fill(db)
    assert (entries(db), len(read(db))) == (0, 3)

    assert access_index.fill(db) == 3
    assert entries(db) == sum(len(answer.entries) for answer in answers)


def test_two_processes_write_the_entries_of_an_answer_once(db: Database) -> None:
    answers = logged(db, 3 * ANSWERS_AT_ONCE)
    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(lambda _: access_index.fill(db), range(2))) >= ANSWERS_AT_ONCE
    access_index.fill(db)

    assert entries(db) == sum(len(answer.entries) for answer in answers)
    assert findings(db) == []


def test_an_answer_that_is_named_again_as_pending_keeps_its_entries(db: Database) -> None:
    (answer,) = logged(db, 1)
    access_index.fill(db)
    with db.writing() as tx:
        tx.execute(insert(access_pending), {"access_id": answer.access_id})

    assert access_index.fill(db) == 1
    assert (entries(db), findings(db)) == (len(answer.entries), [])
