"""The journal: what is written is read, together or not at all, and one of many writers wins."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Engine, event, select, update
from sqlalchemy.exc import DBAPIError

from tests.store import cases
from ungdom.store import case_queries, duplicates, ids, journal, outbox, people, rebuild
from ungdom.store.errors import DuplicateKey, Stale
from ungdom.store.journal import EventBatch, StoredCase
from ungdom.store.projection import row_of
from ungdom.store.rebuild import RebuildResult
from ungdom.store.schema import cases as case_tables
from ungdom.store.schema import outbox as outbox_tables
from ungdom.store.schema.cases import NumberKind, case_current, case_file, case_number, case_team
from ungdom.store.session import Database
from ungdom.workflow import payloads as d
from ungdom.workflow.case import Youth
from ungdom.workflow.events import Corrected
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import EventType, Protection, Role, State

WRITTEN = (
    case_file,
    case_number,
    case_tables.event,
    case_current,
    case_team,
    outbox_tables.outbox,
)


def test_a_case_is_read_as_it_was_written(db: Database) -> None:
    with db.writing() as tx:
        written = cases.opened(tx, cases.CLOSED)

    with db.reading() as tx:
        assert journal.load(tx, written.case_id) == written


def test_reading_a_case_takes_one_query(db: Database, statements: Callable[[Engine], list[str]]) -> None:
    with db.writing() as tx:
        written = cases.opened(tx, cases.EXECUTING)

    said = statements(db.reader)
    with db.reading() as tx:
        journal.load(tx, written.case_id)

    assert len([text for text in said if not text.startswith("BEGIN")]) == 1


def test_an_unknown_case_is_none(db: Database) -> None:
    with db.reading() as tx:
        assert journal.load(tx, uuid4()) is None


def test_a_case_is_read_as_it_was_known(db: Database) -> None:
    with db.writing() as tx:
        written = cases.opened(tx, 4)
        people.add_version(tx, written.person_id, Youth(date(2009, 5, 18), 1), cases.NOON + timedelta(weeks=2))

    with db.reading() as tx:
        now = journal.load(tx, written.case_id)
        then = journal.load(tx, written.case_id, cases.NOON + timedelta(weeks=1))
        before = journal.load(tx, written.case_id, cases.NOON - timedelta(seconds=1))

    assert now is not None
    assert (now.version, now.youth) == (4, Youth(date(2009, 5, 18), 1))
    assert then is not None
    assert (then.version, then.youth) == (2, cases.YOUTH)
    assert before is None


def test_a_person_registered_after_the_case_was_known_is_read_as_first_known(db: Database) -> None:
    with db.writing() as tx:
        person = cases.somebody(tx, at=cases.NOON + timedelta(days=300))
        stored = cases.told(1, person)
        journal.open_case(tx, stored, cases.folded(stored))
        known = journal.load(tx, stored.case_id, cases.NOON)

    assert known is not None
    assert known.youth == cases.YOUTH


def test_many_cases_are_read_in_the_order_asked(db: Database) -> None:
    with db.writing() as tx:
        written = [cases.opened(tx, length) for length in (3, 1, 2)]
        asked = [written[1].case_id, uuid4(), written[2].case_id, written[0].case_id]
        found = list(journal.load_many(tx, asked))

    assert found == [written[1], written[2], written[0]]


def test_a_case_has_its_numbers_and_is_found_by_reference_and_person(db: Database) -> None:
    police, court = (NumberKind.POLICE, "15000001"), (NumberKind.COURT, "26-000001")
    with db.writing() as tx:
        stored = cases.told(1, cases.somebody(tx))
        journal.open_case(tx, stored, cases.folded(stored), [police])
        journal.add_numbers(tx, stored.case_id, [police, court])

        assert journal.numbers_of(tx, stored.case_id) == [court, police]
        assert journal.case_id_of(tx, stored.reference) == stored.case_id
        assert journal.cases_of_person(tx, stored.person_id) == [stored.case_id]


def test_the_number_of_the_main_case_is_the_one_named_first_and_stays_it(db: Database) -> None:
    court = (NumberKind.COURT, "26-000001")
    police = [(NumberKind.POLICE, number) for number in ("15000009", "15000002", "15000001")]
    with db.writing() as tx:
        first, later = (cases.told(1, cases.somebody(tx)) for _ in range(2))
        journal.open_case(tx, first, cases.folded(first), [court, *police[:2]])
        journal.add_numbers(tx, first.case_id, [police[2], police[0]])
        journal.open_case(tx, later, cases.folded(later), [court])
        journal.add_numbers(tx, later.case_id, police[:2])

        assert journal.numbers_of(tx, first.case_id) == [court, police[0], police[2], police[1]]
        assert journal.numbers_of(tx, later.case_id) == [court, *police[:2]]


def test_a_reference_is_given_once(db: Database) -> None:
    with db.writing() as tx:
        first = cases.opened(tx)
    second = replace(cases.told(1, first.person_id), reference=first.reference)

    with pytest.raises(DuplicateKey, match="reference"), db.writing() as tx:
        journal.open_case(tx, second, cases.folded(second))


@pytest.mark.parametrize("append", [journal.append, journal.append_plain])
def test_a_move_on_an_old_version_is_stale_and_leaves_nothing(db: Database, append: object) -> None:
    with db.writing() as tx:
        old = cases.opened(tx, 3)
        newer = cases.moved(tx, old, cases.next_event(old))

    with pytest.raises(Stale) as caught, db.writing() as tx:
        cases.moved(tx, old, cases.next_event(old), append)

    assert (caught.value.expected, caught.value.actual) == (3, 4)
    with db.reading() as tx:
        assert journal.load(tx, old.case_id) == newer
        assert len(cases.rows(tx, outbox_tables.outbox)) == 4


@pytest.mark.parametrize("append", [journal.append, journal.append_plain])
def test_the_key_of_events_stands_behind_the_gate(db: Database, append: object) -> None:
    with db.writing() as tx:
        stored = cases.opened(tx, 3)
        tx.execute(update(case_current).values(version=2))
    early = cases.with_event(cases.start_of(stored), stored.events[1])

    with pytest.raises(Stale), db.writing() as tx:
        cases.moved(tx, early, stored.events[2], append)


def test_of_fifty_writers_at_once_one_wins(postgresql: Database) -> None:
    with postgresql.writing() as tx:
        stored = cases.opened(tx, 3)
    new = cases.next_event(stored)

    def try_it(_number: int) -> str:
        try:
            with postgresql.writing() as tx:
                cases.moved(tx, stored, new)
        except Stale:
            return "stale"
        return "won"

    with ThreadPoolExecutor(50) as threads:
        outcome = sorted(threads.map(try_it, range(50)))

    assert outcome == ["stale"] * 49 + ["won"]
    with postgresql.reading() as tx:
        assert journal.load(tx, stored.case_id) == cases.with_event(stored, new)
        assert len(cases.rows(tx, outbox_tables.outbox)) == 4


def test_one_statement_writes_the_same_as_the_plain_ones(postgresql: Database) -> None:
    with postgresql.writing() as tx:
        whole = cases.told(cases.CLOSED, cases.somebody(tx))

    combined = _undone(postgresql, lambda tx: _write_one_by_one(tx, whole, [], journal.append_combined))
    plain = _undone(postgresql, lambda tx: _write_one_by_one(tx, whole, [], journal.append_plain))

    assert combined == plain


def test_a_move_without_and_with_several_messages(db: Database) -> None:
    with db.writing() as tx:
        stored = cases.opened(tx, 2)
        for count in (0, 2):
            new = cases.next_event(stored)
            after = cases.with_event(stored, new)
            messages = [outbox.event_message(stored.case_id, new, f"kind.{n}") for n in range(count)]
            journal.append(tx, stored, new, cases.folded(after), messages)
            stored = after

        assert len(cases.rows(tx, outbox_tables.outbox)) == 2 + 2


def test_many_at_once_are_the_same_rows_as_one_by_one(db: Database) -> None:
    with db.writing() as tx:
        person = cases.somebody(tx)
        wholes = [cases.told(length, person) for length in (1, 5, cases.CLOSED, cases.TEAM)]
    numbers = [(NumberKind.POLICE, "15000001"), (NumberKind.COURT, "26-000001")]

    one_by_one = _undone(db, lambda tx: [_write_one_by_one(tx, whole, numbers) for whole in wholes])
    at_once = _undone(db, lambda tx: journal.append_many(tx, [_chapter(whole, 0, numbers) for whole in wholes]))
    in_two = _undone(db, lambda tx: _write_in_two(tx, wholes, numbers))

    assert at_once == one_by_one
    assert in_two == one_by_one


def test_many_at_once_is_stale_as_well(db: Database) -> None:
    with db.writing() as tx:
        stored = cases.opened(tx, 5)
    old = _chapter(stored, 3, [])

    with pytest.raises(Stale), db.writing() as tx:
        journal.append_many(tx, [old])


def test_an_event_that_is_there_already_is_stale_before_anything_is_asked(db: Database) -> None:
    with db.writing() as tx:
        stored = cases.opened(tx, 3)

    with pytest.raises(Stale), db.writing() as tx:
        journal.append(tx, stored, stored.events[2], cases.folded(stored))


def test_many_at_once_name_the_key_that_is_there_already(db: Database) -> None:
    with db.writing() as tx:
        person = cases.somebody(tx)
        journal.append_many(tx, [])
    twice = [replace(cases.told(1, person), reference="SAME") for _ in range(25)]

    with pytest.raises(DuplicateKey, match="reference"), db.writing() as tx:
        journal.append_many(tx, [_chapter(whole, 0, []) for whole in twice])


SECRETARIAT = Viewer(Role.SECRETARIAT, "sigrid", None)


def test_open_cases_on_one_person_and_police_number_are_twins(db: Database) -> None:
    police = [(NumberKind.POLICE, "15000001")]
    with db.writing() as tx:
        person = cases.somebody(tx)
        first, second, other = (cases.told(1, who) for who in (person, person, cases.somebody(tx)))
        journal.open_case(tx, first, cases.folded(first), police)
        journal.open_case(tx, other, cases.folded(other), police)
        assert not duplicates.has_duplicate(tx, first, SECRETARIAT)

        journal.open_case(tx, second, cases.folded(second), police)
        assert duplicates.has_duplicate(tx, first, SECRETARIAT)


@pytest.mark.parametrize("protection", list(Protection))
def test_a_twin_is_one_for_whoever_may_know_the_person(db: Database, protection: Protection) -> None:
    """A leader who is to receive the case of a strictly protected youth sees it, and not who it is about."""
    police = [(NumberKind.POLICE, "15000001")]
    leaving = d.TransferDecided(to="ost", parties_heard=True, prosecution_told_on=cases.FIRST_DAY)
    own, receiving, other = (Viewer(Role.LEADER, f"leader-{office}", office) for office in ("oslo", "ost", "troms"))
    with db.writing() as tx:
        person = cases.somebody(tx, protection=protection)
        mine, known = cases.told(1, person, "ost"), cases.told(cases.ASSIGNED, person)
        journal.open_case(tx, mine, cases.folded(mine), police)
        known = cases.with_event(known, cases.event(known.version + 1, EventType.TRANSFER_DECIDED, leaving))
        new = EventBatch(replace(known, version=0), known.events, cases.folded(known), (), police)
        journal.append_many(tx, [new])

        assert case_queries.visible_case_ids(tx, receiving, [known.case_id]) == {known.case_id}
        assert duplicates.has_duplicate(tx, mine, receiving) is (protection is not Protection.STRICTLY_CONFIDENTIAL)
        assert duplicates.has_duplicate(tx, mine, own)
        assert not duplicates.has_duplicate(tx, mine, other)


def test_ids_are_in_the_order_of_their_instants_and_give_a_short_reference() -> None:
    early, late = ids.uuid7(cases.NOON), ids.uuid7(cases.NOON + timedelta(milliseconds=1))

    assert early < late
    assert (early.version, early.variant) == (7, "specified in RFC 4122")
    assert ids.reference_of(ids.uuid7(cases.NOON, 0)) == "00000-00000"
    assert ids.reference_of(ids.uuid7(cases.NOON, 31)) == "00000-0000Z"


def test_the_team_follows_joins_leaves_and_corrections(db: Database) -> None:
    with db.writing() as tx:
        stored = cases.opened(tx, cases.CLOSED - 1)
        assert _team(tx) == ["police-1"]

        annulled = Corrected(corrects=10, reason=next(iter(d.CorrectionReason)))
        cases.moved(tx, stored, cases.event(11, EventType.CORRECTED, annulled))
        assert _team(tx) == ["police-1", "school-1"]


def test_the_current_row_holds_where_the_case_stands(db: Database) -> None:
    with db.writing() as tx:
        stored = cases.opened(tx, cases.EXECUTING)
        [row] = cases.rows(tx, case_current)

    assert row == row_of(stored.identity, cases.folded(stored), stored.events[-1])
    assert (row["state"], row["version"], row["coordinator"]) == (State.EXECUTING, cases.EXECUTING, "kari")
    assert row["received_on"] == stored.events[4].occurred_on
    assert row["started_on"] == stored.events[7].occurred_on
    assert row["planned_end"] == row["adjusted_end"] == date(2026, 10, 23)
    assert row["turns_18_on"] == date(2027, 5, 17)
    assert row["updated_at"] == stored.events[-1].recorded_at


CHANGES = {
    "sqlite": (
        "UPDATE event SET subject = 'x'",
        "DELETE FROM event",
        "INSERT OR REPLACE INTO event SELECT * FROM event",
    ),
    "postgresql": ("UPDATE event SET subject = 'x'", "DELETE FROM event", "TRUNCATE event"),
}


def test_events_are_only_ever_added(db: Database) -> None:
    with db.writing() as tx:
        stored = cases.opened(tx, 2)

    for change in CHANGES[db.writer.dialect.name]:
        with pytest.raises((DBAPIError, DuplicateKey), match=r"only ever added|there already"), db.writing() as tx:
            tx.exec_driver_sql(change)

    with db.reading() as tx:
        assert journal.load(tx, stored.case_id) == stored


def test_a_tampered_row_is_found_and_mended(db: Database) -> None:
    seen: list[tuple[int, int]] = []
    with db.writing() as tx:
        stored = [cases.opened(tx, cases.EXECUTING) for _ in range(3)]
        tx.execute(update(case_current).where(case_current.c.case_id == stored[1].case_id).values(coordinator="ola"))
        tx.execute(case_team.delete().where(case_team.c.case_id == stored[2].case_id))
    assert {(found.case_id, found.column) for found in rebuild.check(db)} == {
        (stored[1].case_id, "coordinator"),
        (stored[2].case_id, "team"),
    }

    assert rebuild.rebuild(db, lambda done, of: seen.append((done, of))) == RebuildResult(3, ())

    assert rebuild.check(db) == []
    assert seen == [(3, 3)]


def test_rows_thrown_away_are_folded_again(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuild, "BATCH", 2)
    with db.writing() as tx:
        for length in (1, 4, cases.TEAM, cases.CLOSED, 2):
            cases.opened(tx, length)
        before = [cases.rows(tx, table) for table in WRITTEN]
        tx.execute(case_current.delete())
        tx.execute(case_team.delete())

    assert len({found.case_id for found in rebuild.check(db)}) == 5
    rebuild.rebuild(db)

    with db.reading() as tx:
        assert [cases.rows(tx, table) for table in WRITTEN] == before


def test_a_history_that_cannot_be_folded_is_named(db: Database) -> None:
    with db.writing() as tx:
        stored = cases.opened(tx, 2)
        tx.execute(case_tables.event.insert(), journal.event_row(stored.case_id, cases.event(3, EventType.COMPLETED)))
        lost = cases.told(1, stored.person_id)
        tx.execute(case_file.insert(), {**lost.identity._asdict(), "opened_at": cases.NOON})

    found = {(one.case_id, one.column, one.found) for one in rebuild.check(db)}
    assert found == {(stored.case_id, "history", EventType.COMPLETED), (lost.case_id, "history", None)}


def test_a_changed_day_of_birth_is_folded_into_the_row(db: Database) -> None:
    with db.writing() as tx:
        stored = cases.opened(tx, 2)
        people.add_version(tx, stored.person_id, Youth(date(2008, 1, 1), 2), cases.NOON)
        rebuild.refold(tx, journal.cases_of_person(tx, stored.person_id))

        assert tx.scalar(select(case_current.c.turns_18_on)) == date(2026, 1, 1)


@pytest.fixture
def statements() -> Callable[[Engine], list[str]]:
    """`said = statements(engine)`: what is sent to the database from then on."""

    def listen(engine: Engine) -> list[str]:
        said: list[str] = []

        @event.listens_for(engine, "before_cursor_execute")
        def heard(_tx: object, _cursor: object, statement: str, *_rest: object) -> None:
            said.append(statement)

        return said

    return listen


class _Undo(Exception):
    pass


def _undone(db: Database, write: Callable[..., object]) -> object:
    """The rows as they are after writing, which is then rolled back."""
    found: list[object] = []
    try:
        with db.writing() as tx:
            write(tx)
            found += [cases.rows(tx, table) for table in WRITTEN]
            raise _Undo
    except _Undo:
        return found


def _write_one_by_one(tx, whole, numbers, append=journal.append) -> None:  # type: ignore[no-untyped-def]
    stored = cases.start_of(whole)
    first = [outbox.event_message(stored.case_id, stored.events[0])]
    journal.open_case(tx, stored, cases.folded(stored), numbers, first)
    for new in whole.events[1:]:
        stored = cases.moved(tx, stored, new, append)


def _write_in_two(tx, wholes, numbers) -> None:  # type: ignore[no-untyped-def]
    starts = [cases.start_of(whole) for whole in wholes]
    journal.append_many(tx, [_chapter(start, 0, numbers) for start in starts])
    journal.append_many(tx, [_chapter(whole, 1, []) for whole in wholes if whole.version > 1])


def _chapter(whole: StoredCase, known: int, numbers: list[tuple[NumberKind, str]]) -> EventBatch:
    """What comes after the first `known` events of a case."""
    stored = replace(whole, events=whole.events[:known], version=known)
    new = whole.events[known:]
    messages = [outbox.event_message(whole.case_id, one) for one in new]
    return EventBatch(stored, new, cases.folded(whole), messages, numbers)


def _team(tx) -> list[str]:  # type: ignore[no-untyped-def]
    return [row["member"] for row in cases.rows(tx, case_team)]
