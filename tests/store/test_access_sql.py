"""An answer of the access log becomes the same rows with one statement as with those of each table."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, select

from tests.store import cases
from ungdom.store import access_sql, journal
from ungdom.store.access_content import AccessEntry
from ungdom.store.access_log import MOST_AT_ONCE, Access, AccessStream
from ungdom.store.access_subjects import KnownSubjects, subjects_of
from ungdom.store.schema.access import AccessKind, access_entry, access_log, access_pending
from ungdom.store.session import Database
from ungdom.workflow.rules.access import AccessPurpose
from ungdom.workflow.rules.sharing import Matter
from ungdom.workflow.vocabulary import Role

TABLES = (access_log, access_entry, access_pending)


def answer(number: int, entries: int) -> Access:
    return Access(
        access_id=UUID(int=number), at=datetime(2026, 1, 5, tzinfo=UTC), kind=AccessKind.READ, subject="kari",
        role=Role.LEADER, konfliktrad="oslo", system="api", organisation=None, route="GET /v1/cases", hits=entries,
        matters=(next(iter(Matter)),), purpose=AccessPurpose.CASE_WORK,
        entries=tuple(AccessEntry(UUID(int=100 + n), UUID(int=200 + n) if n % 2 else None) for n in range(entries)),
    )  # fmt: skip


def rows_after(tx: Connection, counts: tuple[int, ...]) -> list[list[Any]]:
    stream = AccessStream()
    stream.name = "tests"
    stream.add(tx, [answer(number, entries) for number, entries in enumerate(counts, start=1)])
    return [[tuple(row) for row in tx.execute(select(table).order_by(*table.primary_key))] for table in TABLES]


def test_one_statement_writes_the_same_as_those_of_each_table(
    postgresql: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = (0, 1, 2, MOST_AT_ONCE, MOST_AT_ONCE + 1, 50)
    with postgresql.trying() as tx:
        combined = rows_after(tx, counts)
    monkeypatch.setattr(access_sql, "add_answers", access_sql.add_by_table)
    with postgresql.trying() as tx:
        by_table = rows_after(tx, counts)

    assert combined == by_table
    assert [len(rows) for rows in combined] == [6, 3 + MOST_AT_ONCE, 2]


def test_what_was_loaded_is_named_as_the_database_names_it(db: Database) -> None:
    with db.writing() as tx:
        case_id, other = cases.opened(tx, 2).case_id, cases.opened(tx, 2).case_id
        stored = journal.load(tx, case_id)
        assert stored is not None
        loaded = stored.record_by_case
        for ids in ({case_id}, {case_id, stored.person_id}, {case_id, other, UUID(int=7)}, {other}, {stored.person_id}):
            digits = {id.hex for id in ids}
            assert set(subjects_of(tx, digits, loaded)) == set(subjects_of(tx, digits)) != set()


def test_many_ids_name_the_same_as_few(db: Database) -> None:
    """About many the cases are asked first, and every other kind of the rest."""
    with db.writing() as tx:
        opened = [cases.opened(tx, 2) for _ in range(2)]
        last = journal.load(tx, cases.opened(tx, 2).case_id)
        assert last is not None
        ids = {*(case.case_id.hex for case in opened), last.person_id.hex}
        nobody = {UUID(int=n).hex for n in range(MOST_AT_ONCE)}

        few = subjects_of(tx, ids)
        assert [entry.ids for entry in few] == [
            *sorted((case.case_id, case.person_id, None) for case in opened), (None, last.person_id, None),
        ]  # fmt: skip
        assert subjects_of(tx, ids | nobody) == KnownSubjects().of(tx, ids | nobody) == few
        assert subjects_of(tx, nobody) == subjects_of(tx, {UUID(int=7).hex, *nobody}) == ()
