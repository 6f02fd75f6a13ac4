"""What is owed to others and remembered for them: outbox, answers, jobs; and the reference data."""

import csv
import json
import threading
from base64 import b64encode
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from importlib.resources import files
from typing import Any

import pytest
from sqlalchemy import Connection, delete, select

from tests.store import cases
from ungdom.store import feed, idempotency, job_runs, outbox, reference
from ungdom.store import staff as staff_store
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import CannotOpen, DuplicateKey, InFlight
from ungdom.store.idempotency import RequestKey, StoredResponse
from ungdom.store.job_runs import JobProgress
from ungdom.store.journal import StoredCase
from ungdom.store.outbox import OutboxBacklog, OutboxEntry
from ungdom.store.schema import idempotency as idempotency_tables
from ungdom.store.schema.idempotency import idempotency as answers
from ungdom.store.schema.reference import offence_group
from ungdom.store.session import Database
from ungdom.store.staff import Staff
from ungdom.workflow.vocabulary import OffenceGroup, Role

OTHER_KEY = "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="
ANSWER = StoredResponse("print", 201, {"ETag": '"1"'}, b'{"a":1}', cases.NOON)


def test_a_message_is_thin_and_the_same_each_time() -> None:
    stored = cases.told(1)
    told = outbox.event_message(stored.case_id, stored.events[0])

    assert told == outbox.event_message(stored.case_id, stored.events[0])
    assert json.loads(told.payload).keys() == {"case_id", "seq", "type", "occurred_on", "recorded_at"}
    assert str(stored.person_id) not in told.payload


def test_messages_are_taken_oldest_first_until_delivered(db: Database) -> None:
    with db.writing() as tx:
        stored = cases.opened(tx, 3)
        first = outbox.claim_batch(tx, 2)
        assert [message.seq for message in first] == [1, 2]

        outbox.mark_delivered(tx, [message.message_id for message in first], cases.NOON)
        assert outbox.claim_batch(tx, 9) == [outbox.event_message(stored.case_id, stored.events[2])]


def promised(tx: Connection, stored: StoredCase, *seqs: int, kind: str = "esas.status") -> None:
    outbox.add(tx, [outbox.event_message(stored.case_id, stored.events[seq - 1], kind) for seq in seqs])


def seqs(found: list[OutboxEntry]) -> list[int]:
    return [one.message.seq for one in found]


LATER = cases.NOON + timedelta(weeks=20)


def test_official_messages_are_left_to_those_who_deliver_them(db: Database) -> None:
    with db.writing() as tx:
        promised(tx, cases.opened(tx, 2), 2)
        assert [message.kind for message in outbox.claim_batch(tx, 9)] == ["case.event_recorded"] * 2
        assert [one.message.kind for one in outbox.due_entries(tx, LATER, None)] == ["esas.status"]


def test_of_each_case_the_first_message_that_has_not_arrived_is_due(db: Database) -> None:
    with db.writing() as tx:
        one, other = cases.opened(tx, 4), cases.opened(tx, 3)
        promised(tx, one, 2, 3, 4)
        promised(tx, one, 3, kind="esas.status.second")
        promised(tx, other, 3)

        said = []
        for _ in range(5):
            due = outbox.due_entries(tx, LATER, None)
            said.append(
                [(place.message.case_id == one.case_id, place.message.seq, place.message.kind) for place in due]
            )
            outbox.mark_delivered(tx, [it.message.message_id for it in due], LATER)

    assert said == [
        [(True, 2, "esas.status"), (False, 3, "esas.status")],
        [(True, 3, "esas.status")],
        [(True, 3, "esas.status.second")],
        [(True, 4, "esas.status")],
        [],
    ]


def test_a_message_is_due_again_when_its_time_has_come(db: Database) -> None:
    with db.writing() as tx:
        promised(tx, cases.opened(tx, 2), 2)
        [one] = outbox.due_entries(tx, LATER, None)
        taken = outbox.claim(tx, one, LATER + timedelta(minutes=2))
        assert taken is not None
        assert outbox.due_entries(tx, LATER + timedelta(minutes=1), None) == []
        assert seqs(outbox.due_entries(tx, LATER + timedelta(minutes=2), None)) == [2]

        assert outbox.set_status(tx, taken, "again.timeout", LATER + timedelta(hours=1))
        assert outbox.due_entries(tx, LATER + timedelta(minutes=59), None) == []
        [late] = outbox.due_entries(tx, LATER + timedelta(hours=1), None)
    assert (late.attempts, late.held) == (1, "again.timeout")


def test_what_lacks_something_is_due_when_its_case_has_moved_or_its_time_has_come(db: Database) -> None:
    with db.writing() as tx:
        stored = cases.opened(tx, 2)
        promised(tx, stored, 2)
        [one] = outbox.due_entries(tx, LATER, None)
        outbox.set_status(tx, one, "lacks.no_receiver", LATER + timedelta(hours=1))

        assert outbox.due_entries(tx, LATER, LATER) == []
        assert seqs(outbox.due_entries(tx, LATER, None)) == [2]
        assert seqs(outbox.due_entries(tx, LATER + timedelta(hours=1), LATER)) == [2]
        cases.moved(tx, stored, cases.next_event(stored))
        assert seqs(outbox.due_entries(tx, LATER, cases.NOON + timedelta(weeks=1))) == [2]


@pytest.mark.parametrize(("held", "then"), [("dead.status_422", []), ("withdrawn.by_hand", [3])])
def test_what_is_dead_is_waited_for_and_what_is_withdrawn_is_not(db: Database, held: str, then: list[int]) -> None:
    with db.writing() as tx:
        promised(tx, cases.opened(tx, 3), 2, 3)
        [one] = outbox.due_entries(tx, LATER, None)
        outbox.set_status(tx, one, held, None)
        assert seqs(outbox.due_entries(tx, LATER, None)) == then


def test_a_message_is_taken_by_one_worker_only(db: Database) -> None:
    with db.writing() as tx:
        promised(tx, cases.opened(tx, 2), 2)
    with db.reading() as tx:
        [read] = outbox.due_entries(tx, LATER, None)
    with db.writing() as tx:
        assert outbox.claim(tx, read, LATER) is not None
    with db.writing() as tx:
        assert outbox.claim(tx, read, LATER) is None
        assert not outbox.set_status(tx, read, "dead.too_late", None)
        assert not outbox.withdraw(tx, read)


def test_a_message_that_another_worker_is_taking_is_passed_over(postgresql: Database) -> None:
    with postgresql.writing() as tx:
        promised(tx, cases.opened(tx, 2), 2)
        [read] = outbox.due_entries(tx, LATER, None)
    with postgresql.writing() as one, postgresql.writing() as other:
        assert outbox.claim(one, read, LATER) is not None
        assert outbox.claim(other, read, LATER) is None


def test_a_message_that_has_arrived_is_nobodys_any_more(db: Database) -> None:
    with db.writing() as tx:
        promised(tx, cases.opened(tx, 2), 2)
        [read] = outbox.due_entries(tx, LATER, None)
        outbox.mark_delivered(tx, [read.message.message_id], LATER)
        assert outbox.claim(tx, read, LATER) is None
        assert not outbox.set_status(tx, read, "again.timeout", LATER)
        assert outbox.backlog(tx, LATER) == OutboxBacklog(0, 0, 0)


def test_what_has_not_arrived_is_counted(db: Database) -> None:
    with db.writing() as tx:
        stored = cases.opened(tx, 5)
        promised(tx, stored, 2, 3, 4, 5)
        every = outbox.undelivered(tx)
        outbox.set_status(tx, every[0], "dead.status_400", None)
        outbox.set_status(tx, every[1], "withdrawn.by_hand", None)
        since = stored.events[3].recorded_at + timedelta(seconds=1)
        assert outbox.backlog(tx, since) == OutboxBacklog(waiting=3, dead=1, late=1)
        assert seqs(outbox.undelivered(tx)) == [2, 4, 5]


def test_messages_are_looked_through_a_page_at_a_time(db: Database) -> None:
    with db.writing() as tx:
        for _ in range(7):
            promised(tx, cases.opened(tx, 2), 2)
        whole = outbox.due_entries(tx, LATER, None)
        paged: list[OutboxEntry] = []
        while page := outbox.due_entries(tx, LATER, None, paged[-1] if paged else None, limit=3):
            paged += page
    assert paged == whole
    assert len(whole) == 7


def test_messages_that_the_feed_numbers_at_the_moment_are_taken_before_later_ones(postgresql: Database) -> None:
    with postgresql.writing() as tx:
        stored = cases.opened(tx, 2)
    taken: list[int] = []

    def dispatcher() -> None:
        with postgresql.writing() as tx:
            taken.extend(message.seq for message in outbox.claim_batch(tx, 9))

    waiting = threading.Thread(target=dispatcher, daemon=True)
    with postgresql.writing() as numbering:
        assert feed._number(numbering) == 2
        with postgresql.writing() as tx:
            cases.moved(tx, stored, cases.next_event(stored))
        waiting.start()
        waiting.join(0.3)
        assert taken == []
    waiting.join(60)

    assert taken == [1, 2, 3]


def of(subject: str = "kari", key: str = "k", **changed: Any) -> RequestKey:
    """An Idempotency-Key and whom it belongs to."""
    return replace(RequestKey(subject, "coordinator", "oslo", "POST /v1/cases", key), **changed)


ELSEWHERE = (
    of("ola"), of(key="l"), of(role="leader"), of(konfliktrad="ost"), of(konfliktrad=None),
    of(route="POST /v1/webhooks"),
)  # fmt: skip


def test_an_answer_is_remembered_for_its_key_and_whom_it_belongs_to(db: Database) -> None:
    with db.writing() as tx:
        idempotency.claim(tx, of())
        assert idempotency.find_response(tx, cases.KEYS, of()) is None
        idempotency.store_response(tx, cases.KEYS, of(), ANSWER)

    with db.reading() as tx:
        assert idempotency.find_response(tx, cases.KEYS, of()) == ANSWER
        assert [idempotency.find_response(tx, cases.KEYS, other) for other in ELSEWHERE] == [None] * 6


def test_an_answer_is_remembered_once_and_forgotten_in_time(db: Database) -> None:
    with db.writing() as tx:
        idempotency.store_response(tx, cases.KEYS, of(), ANSWER)
        idempotency.store_response(
            tx, cases.KEYS, of(key="l"), replace(ANSWER, created_at=cases.NOON + timedelta(days=1))
        )
    with pytest.raises(DuplicateKey), db.writing() as tx:
        idempotency.store_response(tx, cases.KEYS, of(), ANSWER)

    with db.writing() as tx:
        tx.execute(delete(answers).where(answers.c.created_at < cases.NOON + timedelta(hours=1)))
        assert idempotency.find_response(tx, cases.KEYS, of()) is None


def test_nothing_of_a_kept_answer_can_be_read_or_compared_without_the_keys(db: Database) -> None:
    with db.writing() as tx:
        idempotency.store_response(tx, cases.KEYS, of(), ANSWER)
        [row] = tx.execute(select(idempotency_tables.idempotency)).all()

    raw = bytes(row.key_hash) + bytes(row.sealed)
    guesses = [sha256(text.encode()).digest() for text in ("k", "kari", of().text, ANSWER.fingerprint)]
    told = [b"kari", b"coordinator", b"oslo", b"/v1/cases", b"print", b"ETag", ANSWER.body, b64encode(ANSWER.body)]
    assert [part for part in (*told, *guesses) if part in raw] == []
    with pytest.raises(CannotOpen):
        idempotency.decrypt_row(EncryptionKeys([OTHER_KEY]), row.key_hash, row.sealed)
    with pytest.raises(CannotOpen):
        idempotency.decrypt_row(cases.KEYS, bytes(32), row.sealed)


def test_kept_answers_are_read_as_long_as_their_key_is_known(db: Database) -> None:
    with db.writing() as tx:
        idempotency.store_response(tx, cases.KEYS, of(), ANSWER)

    both, new = EncryptionKeys([OTHER_KEY, cases.SECRET]), EncryptionKeys([OTHER_KEY])
    with db.writing() as tx:
        assert idempotency.find_response(tx, both, of()) == ANSWER
        assert idempotency.find_response(tx, new, of()) is None


def test_the_same_request_twice_at_once_is_in_flight(postgresql: Database) -> None:
    with postgresql.writing() as one, postgresql.writing() as other:
        idempotency.claim(one, of())
        for elsewhere in ELSEWHERE:
            idempotency.claim(other, elsewhere)
        with pytest.raises(InFlight):
            idempotency.claim(other, of())

    with postgresql.writing() as tx:
        idempotency.claim(tx, of())


def test_a_run_is_written_down_from_start_to_finish(db: Database) -> None:
    with db.writing() as tx:
        run = job_runs.start(tx, "nightly", cases.FIRST_DAY, cases.NOON)
        other = job_runs.start(tx, "other", cases.FIRST_DAY, cases.NOON + timedelta(hours=1))
        job_runs.finish(tx, run, "done", {"cases": 3}, cases.NOON + timedelta(minutes=1))

        [found] = job_runs.runs(tx, "nightly")
        assert (found.run_id, found.status, found.counts) == (run, "done", {"cases": 3})
        assert [one.run_id for one in job_runs.runs(tx)] == [other, run]
        assert job_runs.runs(tx)[0].status == job_runs.RUNNING
        progress = JobProgress("alerts", 3, None, cases.NOON)
        job_runs.record_progress(tx, other, progress)
        assert [run.progress for run in job_runs.runs(tx)] == [progress, None]


def test_every_file_of_reference_data_is_loaded_whole(db: Database) -> None:
    names = {table.name for table in reference.LOADED}
    folder = files("ungdom.store") / "reference_data"
    assert {file.name for file in folder.iterdir()} == {f"{name}.csv" for name in names}

    with db.reading() as tx:
        for table in reference.LOADED:
            lines = (folder / f"{table.name}.csv").read_text(encoding="utf-8").splitlines()
            assert len(cases.rows(tx, table)) == len(list(csv.reader(lines))) - 1
        assert {row["code"] for row in cases.rows(tx, offence_group)} == set(OffenceGroup)


def test_municipalities_know_their_konfliktrad(db: Database) -> None:
    with db.reading() as tx:
        assert reference.konfliktrad_of(tx, "0301") == "oslo"
        assert reference.konfliktrad_of(tx, "9999") is None
        assert len(reference.konfliktrad_codes(tx)) == 12


def test_a_coordinator_is_known_while_active_at_the_office(db: Database) -> None:
    first, last = date(2026, 1, 1), date(2026, 6, 30)
    kari = Staff(subject="kari", konfliktrad="oslo", roles=(Role.COORDINATOR,), display_name="Kari", active_from=first)
    ola = Staff(
        subject="ola",
        konfliktrad="oslo",
        roles=(Role.TEAM_MEMBER,),
        display_name="Ola",
        active_from=first,
        active_to=last,
    )
    with db.writing() as tx:
        staff_store.save_staff(tx, [kari, ola])
        assert staff_store.staff_of(tx, "oslo", first) == [kari, ola]
        staff_store.save_staff(tx, [replace(kari, active_to=last)])

        assert staff_store.coordinator_status(tx, "kari", "oslo", first)[0]
        assert staff_store.coordinator_status(tx, "kari", "oslo", last)[0]
        assert not staff_store.coordinator_status(tx, "kari", "oslo", last + timedelta(days=1))[0]
        assert not staff_store.coordinator_status(tx, "kari", "ost", first)[0]
        assert not staff_store.coordinator_status(tx, "ola", "oslo", first)[0]
        assert staff_store.staff_of(tx, "oslo", last + timedelta(days=1)) == []
