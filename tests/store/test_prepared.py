"""Prepared statements give what the ordinary execution gives: rows, types, counts, errors and transactions."""

from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Date, Integer, bindparam, insert, select, text
from sqlalchemy.event import listen

from tests.store import cases
from ungdom.store import append_sql, journal, journal_queries, outbox
from ungdom.store.errors import DuplicateKey, Unavailable
from ungdom.store.prepared import Prepared
from ungdom.store.schema.cases import case_current, event
from ungdom.store.session import Database
from ungdom.workflow.vocabulary import EventType


def loaded(db: Database, length: int) -> dict[str, Any]:
    with db.writing() as tx:
        stored = cases.opened(tx, length)
    return {"case_id": stored.case_id, "known_at": cases.NOON.replace(year=9999), "from_seq": 0}


def test_rows_and_their_types_are_those_of_the_ordinary_execution(db: Database) -> None:
    parameters = loaded(db, cases.TEAM)

    with db.reading() as tx:
        ordinary = tx.execute(journal_queries.CASE.statement, parameters).all()
        prepared = journal_queries.CASE.rows(tx, parameters)

    assert [row._asdict() for row in prepared] == [row._asdict() for row in ordinary]
    assert [[type(value) for value in row] for row in prepared] == [[type(value) for value in row] for row in ordinary]


def test_whoever_listens_to_statements_hears_these_too(db: Database) -> None:
    parameters = loaded(db, 2)
    with db.reading() as tx:
        unheard = journal_queries.CASE.rows(tx, parameters)
    said: list[str] = []
    listen(db.reader, "before_cursor_execute", lambda *heard: said.append(heard[2]))

    with db.reading() as tx:
        heard = journal_queries.CASE.rows(tx, parameters)

    assert [row._asdict() for row in heard] == [row._asdict() for row in unheard]
    assert len([line for line in said if line.startswith("SELECT")]) == 1


def test_what_a_value_is_called_for_is_called_each_time(db: Database) -> None:
    numbers = count(1)
    day = bindparam("day", callable_=lambda: date(2026, 1, next(numbers)), type_=Date())
    statement = Prepared(select(day.label("day")))
    with db.reading() as tx:
        days = [statement.rows(tx, {})[0].day for _ in range(3)]
        assert next(numbers) >= 4
    assert days == [days[0], days[0] + timedelta(1), days[0] + timedelta(2)]


def test_a_list_may_have_any_length(db: Database) -> None:
    statement = Prepared(
        select(event.c.seq)
        .where(event.c.case_id == bindparam("case"), event.c.type.in_(bindparam("types", expanding=True)))
        .order_by(event.c.seq)
    )
    case_id = loaded(db, 4)["case_id"]
    types = [EventType.CASE_REGISTERED, EventType.SUSPECT_SET, EventType.INVESTIGATION_CLOSED]
    with db.reading() as tx:
        read = [[row.seq for row in statement.rows(tx, {"case": case_id, "types": types[:n]})] for n in (0, 2, 1, 3)]
    assert read == [[], [1, 2], [1], [1, 2, 3]]


def test_a_failed_statement_raises_what_the_ordinary_execution_raises(db: Database) -> None:
    parameters = loaded(db, 2)
    with db.reading() as tx:
        row = dict(tx.execute(select(event).where(event.c.case_id == parameters["case_id"])).mappings().first() or {})
    with pytest.raises(DuplicateKey) as prepared, db.trying() as tx:
        append_sql.INSERT_EVENT.write(tx, row)
    with pytest.raises(DuplicateKey) as ordinary, db.trying() as tx:
        tx.execute(insert(event), row)
    assert str(prepared.value) == str(ordinary.value)
    assert type(prepared.value.__cause__) is type(ordinary.value.__cause__)


def test_a_connection_keeps_its_plans_after_a_read(postgresql: Database) -> None:
    parameters = loaded(postgresql, 2)
    for _ in range(2):
        with postgresql.reading() as tx:
            journal_queries.CASE.rows(tx, parameters)

    with postgresql.reading() as tx:
        kept = tx.execute(text("SELECT statement FROM pg_prepared_statements WHERE statement LIKE 'SELECT event.%'"))
        assert len(kept.all()) == 1


def test_a_lost_connection_is_unavailable_and_not_used_again(postgresql: Database) -> None:
    parameters = loaded(postgresql, 2)
    with pytest.raises(Unavailable, match="connection_lost"):
        _read_on_a_closed_connection(postgresql, parameters)

    with postgresql.reading() as tx:
        assert len(journal_queries.CASE.rows(tx, parameters)) == 2


def _read_on_a_closed_connection(db: Database, parameters: dict[str, Any]) -> None:
    with db.reading() as tx:
        driver: Any = tx.connection.driver_connection
        driver.close()
        journal_queries.CASE.rows(tx, parameters)


def test_the_number_of_written_rows_is_that_of_the_ordinary_execution(db: Database) -> None:
    parameters = loaded(db, 3)
    with db.writing() as tx:
        stored = journal.load(tx, parameters["case_id"])
        assert stored is not None
        values = journal._update_values(stored, cases.next_event(stored), cases.folded(stored))
        missed = append_sql.UPDATE_CURRENT.write(tx, values | {"b_version": 99})
        hit = append_sql.UPDATE_CURRENT.write(tx, values)
        assert (missed, hit) == (0, 1)
        version = tx.scalar(select(case_current.c.version).where(case_current.c.case_id == parameters["case_id"]))
    assert version == 4


def test_messages_are_written_in_the_transaction_and_not_without_it(db: Database) -> None:
    with db.writing() as tx:
        stored = cases.opened(tx, 2)
    message = outbox.event_message(uuid4(), stored.events[0])
    with db.trying() as tx:
        outbox.add(tx, [message])
    with db.writing() as tx:
        outbox.add(tx, [message])  # the same key: the first one was rolled back
    with pytest.raises(DuplicateKey), db.trying() as tx:
        outbox.add(tx, [message])


def test_what_another_thread_clears_meanwhile_is_not_missed(db: Database) -> None:
    statement = Prepared(select(bindparam("n", type_=Integer()).label("n")))
    statement._compiled = Cleared()
    with db.reading() as tx:
        assert [row.n for row in statement.rows(tx, {"n": 3})] == [3]


class Cleared(dict[Any, Any]):
    """As if another thread cleared it after each write."""

    def __setitem__(self, key: Any, value: Any) -> None:
        self.clear()
