"""T19: what the owner of the database changes after an anchor is found, and the first bad row is named."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Column, Connection, Table, and_, delete, func, insert, literal_column, select, text, update

from tests.audit import world
from tests.audit.mutations import MUTATIONS, Copy
from tests.service import Service
from ungdom.audit.anchors import Anchor
from ungdom.audit.content import plain
from ungdom.audit.export import verify_export
from ungdom.audit.findings import AuditFinding, AuditProblem
from ungdom.store import chain_verification
from ungdom.store.access_content import ANSWER_CONTENT
from ungdom.store.chain_tables import RECORDED
from ungdom.store.schema.access import access_entry, access_log, access_pending, access_withholding
from ungdom.store.schema.audit import audit_change, audit_head, audit_seal
from ungdom.store.schema.cases import case_file, event, note
from ungdom.store.schema.observations import observation
from ungdom.store.schema.persons import person, person_change, person_version
from ungdom.store.schema.retention import erasure, retention_basis
from ungdom.store.schema.staff import staff
from ungdom.workflow.vocabulary import Protection

IN_COPIES, IN_DATABASE = 440, 60
"""Mutations per kind of database: in copies of its rows, and in the database itself."""


def test_500_mutations_are_found_from_the_next_anchor_on(
    served: Service, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    anchors = world.build(served, tmp_path / "anchors")
    lines = world.export_of(served)
    assert verify_export(map(json.dumps, lines), anchors).findings == []
    rng = Random(19)  # noqa: S311  # a seeded test

    missed = [text for n in range(IN_COPIES) if (text := mutated_copy(lines, anchors, rng, n))]
    owned = [text for n in range(IN_DATABASE) if (text := mutated_database(served, anchors, rng, n))]

    assert missed + owned == []
    with served.db.reading() as tx:
        assert chain_verification.verify(tx, anchors).findings == []
    name = served.db.writer.dialect.name
    figure(f"mutations as owner on {name}: {IN_COPIES + IN_DATABASE} of {IN_COPIES + IN_DATABASE} found and named")


def mutated_copy(lines: list[dict[str, Any]], anchors: list[Anchor], rng: Random, number: int) -> str:
    """What is wrong with the finding of a mutation of a copy; empty: nothing."""
    mutate = MUTATIONS[number % len(MUTATIONS)]
    copied = Copy(lines, rng)
    place = mutate(copied)
    findings = verify_export(copied.text(), anchors).findings
    if findings and place.names(findings[0]):
        return ""
    return f"{mutate.__name__}: {place}, and found was {findings[:1]}"


# --- in the database itself -----------------------------------------------------------------------------------------


@contextmanager
def as_owner(service: Service, table: Table) -> Iterator[Connection]:
    """A transaction in which the rows of the table can be changed, undone at the end."""
    with service.db.trying() as tx:
        if tx.dialect.name == "postgresql":
            tx.execute(text(f"ALTER TABLE {table.name} DISABLE TRIGGER USER"))
        else:
            names = text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :name")
            for name in tx.scalars(names, {"name": table.name}).all():
                tx.execute(text(f"DROP TRIGGER {name}"))
        yield tx


def mutated_database(service: Service, anchors: list[Anchor], rng: Random, number: int) -> str:
    """What is wrong with the finding of a mutation of the database; empty: nothing."""
    mutate, table = OWNED[number % len(OWNED)]
    with as_owner(service, table) as tx:
        expected = mutate(tx, rng)
        findings = chain_verification.verify(tx, anchors).findings
    if findings and replace(findings[0], problem=expected.problem) == expected:
        return ""
    return f"{mutate.__name__}: {expected}, and found was {findings[:1]}"


def changed(rng: Random, value: Any) -> Any:
    """Another value of the same type; of a word one that is no member of its set."""
    if isinstance(value, datetime):
        return value + timedelta(seconds=rng.choice([-1, 1]))
    if isinstance(value, date):
        return value + timedelta(days=1)
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:]
    if isinstance(value, UUID):
        return uuid4()
    if isinstance(value, (str, tuple)):
        return literal_column("'tampered'")
    return value + 1 if not isinstance(value, bool) else not value


def one_of(tx: Connection, table: Table, rng: Random, *where: Any) -> Any:
    rows = tx.execute(select(table).where(*where).order_by(*table.primary_key)).all()
    return rng.choice(rows)


def same(table: Table, row: Any) -> Any:
    return and_(*(column == row._mapping[column.name] for column in table.primary_key))


def change(tx: Connection, rng: Random, table: Table, columns: list[Column[Any]]) -> Any:
    """A row of which one column was changed."""
    row = one_of(tx, table, rng)
    column = rng.choice([column for column in columns if row._mapping[column.name] is not None])
    value = changed(rng, row._mapping[column.name])
    done = tx.execute(update(table).where(same(table, row)).values({column: value}))
    assert done.rowcount == 1
    return row


def change_an_event(tx: Connection, rng: Random) -> AuditFinding:
    row = change(tx, rng, event, [column for column in event.c if not column.primary_key])
    return AuditFinding("event", str(row.case_id), row.seq, AuditProblem.CHANGED)


def delete_an_event(tx: Connection, rng: Random) -> AuditFinding:
    row = one_of(tx, event, rng)
    tx.execute(delete(event).where(same(event, row)))
    return AuditFinding("event", str(row.case_id), row.seq, AuditProblem.MISSING)


def delete_the_events_of_a_case(tx: Connection, rng: Random) -> AuditFinding:
    row = one_of(tx, event, rng)
    tx.execute(delete(event).where(event.c.case_id == row.case_id))
    return AuditFinding("event", str(row.case_id), 1, AuditProblem.MISSING)


def insert_an_event(tx: Connection, rng: Random) -> AuditFinding:
    row = one_of(tx, event, rng)
    last = tx.scalar(select(func.max(event.c.seq)).where(event.c.case_id == row.case_id)) or 0
    tx.execute(insert(event), {**row._asdict(), "seq": last + 1})
    return AuditFinding("event", str(row.case_id), last + 1, AuditProblem.CHANGED)


def swap_two_events(tx: Connection, rng: Random) -> AuditFinding:
    second = one_of(tx, event, rng, event.c.seq > 1)
    first = one_of(tx, event, rng, event.c.case_id == second.case_id, event.c.seq == 1)
    for row, other in ((first, second), (second, first)):
        values = {name: value for name, value in other._asdict().items() if name not in ("case_id", "seq")}
        tx.execute(update(event).where(same(event, row)).values(values))
    return AuditFinding("event", str(first.case_id), 1, AuditProblem.CHANGED)


def change_a_recorded_change(tx: Connection, rng: Random) -> AuditFinding:
    row = change(tx, rng, audit_change, list(audit_change.c["source", "key", "content", "link"]))
    return AuditFinding("audit_change", row.stream, row.position, AuditProblem.CHANGED)


def change_a_member_of_staff(tx: Connection, rng: Random) -> AuditFinding:
    row = change(tx, rng, staff, list(staff.c["active_from", "cleared", "version"]))
    return recorded(tx, staff, row, AuditProblem.UNLIKE_RECORD)


def insert_a_member_of_staff(tx: Connection, rng: Random) -> AuditFinding:
    row = one_of(tx, staff, rng)
    tx.execute(insert(staff), {**row._asdict(), "subject": "insider", "cleared": True})
    return AuditFinding("staff", '["insider"]', 0, AuditProblem.UNRECORDED)


def change_a_change_of_a_person(tx: Connection, rng: Random) -> AuditFinding:
    columns = [person_change.c[name] for name in RECORDED["person_change"].columns]
    row = change(tx, rng, person_change, [column for column in columns if not column.primary_key])
    return recorded(tx, person_change, row, AuditProblem.UNLIKE_RECORD)


def delete_a_change_of_a_person(tx: Connection, rng: Random) -> AuditFinding:
    row = one_of(tx, person_change, rng)
    tx.execute(delete(person_change).where(same(person_change, row)))
    return recorded(tx, person_change, row, AuditProblem.REMOVED)


def recorded(tx: Connection, table: Table, row: Any, problem: AuditProblem) -> AuditFinding:
    key = json.dumps([plain(row._mapping[column.name]) for column in table.primary_key], separators=(",", ":"))
    c = audit_change.c
    last = tx.scalar(select(func.max(c.position)).where(c.source == table.name, c.key == key)) or 0
    return AuditFinding(table.name, key, last, problem)


def change_a_person(tx: Connection, rng: Random) -> AuditFinding:
    row = one_of(tx, person, rng)
    values = [
        {"protection": next(level for level in Protection if level is not row.protection)},
        {"review_protection": not row.review_protection},
        {"erased_at": row.created_at},
    ]
    tx.execute(update(person).where(same(person, row)).values(rng.choice(values)))
    return recorded(tx, person, row, AuditProblem.UNLIKE_RECORD)


def move_a_case_to_another_person(tx: Connection, rng: Random) -> AuditFinding:
    row = one_of(tx, case_file, rng)
    other = one_of(tx, person, rng, person.c.person_id != row.person_id)
    tx.execute(update(case_file).where(same(case_file, row)).values(person_id=other.person_id))
    return recorded(tx, case_file, row, AuditProblem.UNLIKE_RECORD)


def changes_of(table: Table, *names: str) -> Callable[[Connection, Random], AuditFinding]:
    """Changes one of these columns of a row, or removes the row."""

    def change_or_remove(tx: Connection, rng: Random) -> AuditFinding:
        if rng.random() < 0.5:
            row = change(tx, rng, table, [table.c[name] for name in names])
            return recorded(tx, table, row, AuditProblem.UNLIKE_RECORD)
        row = one_of(tx, table, rng)
        tx.execute(delete(table).where(same(table, row)))
        return recorded(tx, table, row, AuditProblem.REMOVED)

    change_or_remove.__name__ = f"change_or_remove_{table.name}"
    return change_or_remove


def change_an_access(tx: Connection, rng: Random) -> AuditFinding:
    columns = [access_log.c[name] for name in (*ANSWER_CONTENT, "link") if name != "access_id"]
    row = change(tx, rng, access_log, columns)
    return AuditFinding("access_log", row.stream, row.position, AuditProblem.CHANGED)


def delete_an_access(tx: Connection, rng: Random) -> AuditFinding:
    row = one_of(tx, access_log, rng)
    tx.execute(delete(access_log).where(same(access_log, row)))
    return AuditFinding("access_log", row.stream, row.position, AuditProblem.MISSING)


def change_an_entry(tx: Connection, rng: Random) -> AuditFinding:
    return entry_finding(tx, change(tx, rng, access_entry, list(access_entry.c["case_id", "person_id"])).access_id)


def delete_an_entry(tx: Connection, rng: Random) -> AuditFinding:
    row = one_of(tx, access_entry, rng)
    tx.execute(delete(access_entry).where(same(access_entry, row)))
    return entry_finding(tx, row.access_id)


def insert_an_entry(tx: Connection, rng: Random) -> AuditFinding:
    row = one_of(tx, access_entry, rng)
    tx.execute(insert(access_entry), {**row._asdict(), "place": 1_000, "case_id": uuid4()})
    return entry_finding(tx, row.access_id)


def change_packed_entries(tx: Connection, rng: Random) -> AuditFinding:
    row = one_of(tx, access_log, rng, access_log.c.entries.is_not(None))
    values = [row.entries[:-1] + bytes([row.entries[-1] ^ 1]), row.entries[17:], b"", row.entries + row.entries[:33]]
    tx.execute(update(access_log).where(same(access_log, row)).values(entries=rng.choice(values)))
    return entry_finding(tx, row.access_id)


def forget_that_entries_are_to_be_written(tx: Connection, rng: Random) -> AuditFinding:
    row = one_of(tx, access_pending, rng)
    tx.execute(delete(access_pending).where(same(access_pending, row)))
    return entry_finding(tx, row.access_id)


def entry_finding(tx: Connection, access_id: UUID) -> AuditFinding:
    answer = tx.execute(select(access_log).where(access_log.c.access_id == access_id)).one()
    return AuditFinding("access_entry", answer.stream, answer.position, AuditProblem.CHANGED)


def change_a_seal(tx: Connection, rng: Random) -> AuditFinding:
    row = change(tx, rng, audit_seal, [column for column in audit_seal.c if not column.primary_key])
    return AuditFinding("audit_seal", "audit_seal", row.number, AuditProblem.ANCHOR_DIFFERS)


def delete_a_head(tx: Connection, rng: Random) -> AuditFinding:
    row = one_of(tx, audit_head, rng)
    tx.execute(delete(audit_head).where(same(audit_head, row)))
    return AuditFinding("audit_seal", "audit_seal", row.number, AuditProblem.ANCHOR_DIFFERS)


OWNED: tuple[tuple[Callable[[Connection, Random], AuditFinding], Table], ...] = (
    (change_an_access, access_log),
    (delete_an_access, access_log),
    (change_an_entry, access_entry),
    (delete_an_entry, access_entry),
    (insert_an_entry, access_entry),
    (change_packed_entries, access_log),
    (forget_that_entries_are_to_be_written, access_pending),
    (change_an_event, event),
    (delete_an_event, event),
    (delete_the_events_of_a_case, event),
    (insert_an_event, event),
    (swap_two_events, event),
    (change_a_recorded_change, audit_change),
    (change_a_member_of_staff, staff),
    (insert_a_member_of_staff, staff),
    (change_a_change_of_a_person, person_change),
    (delete_a_change_of_a_person, person_change),
    (change_a_person, person),
    (move_a_case_to_another_person, case_file),
    (changes_of(person_version, "born", "guardians"), person_version),
    (changes_of(note, "youth_may_read", "created_by"), note),
    (changes_of(observation, "occurred_on", "withdrawn"), observation),
    (changes_of(access_withholding, "review_on", "decided_by"), access_withholding),
    (changes_of(retention_basis, "source", "keep"), retention_basis),
    (changes_of(erasure, "line", "applied_at"), erasure),
    (change_a_seal, audit_seal),
    (delete_a_head, audit_head),
)
"""What is done in the database itself, and to which table."""
