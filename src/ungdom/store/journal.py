"""The journal: reads cases with their events, and appends events.

Event, projection, outbox messages and, if it changed, the team are written in one transaction. The projection is
updated under an optimistic lock, its version, so that of concurrent writers one succeeds and the others get `Stale`.
The primary key of `event` (case, number) is a second guard. On PostgreSQL an append is one statement; `append_plain`
does the same in plain statements, is used on SQLite, and a test compares the two.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, delete, select
from sqlalchemy.exc import IntegrityError

from ungdom.store import alerts, append_sql, bulk, chain_changes, chain_events, journal_queries, kept_cases, outbox
from ungdom.store.chain_events import ChainHead
from ungdom.store.errors import Stale
from ungdom.store.event_rows import event_of as event_of  # noqa: PLC0414  # part of the interface
from ungdom.store.event_rows import event_row as event_row  # noqa: PLC0414
from ungdom.store.outbox import OutboxMessage
from ungdom.store.personalia import read_guardian_changes
from ungdom.store.projection import TEAM_EVENTS, CaseIdentity, access_attributes, row_of
from ungdom.store.records import canonical_subquery, records_of
from ungdom.store.schema.cases import NumberKind, case_current, case_file, case_number, case_team, event
from ungdom.store.schema.outbox import outbox as outbox_table
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.engine import effective, version_of
from ungdom.workflow.errors import UnreadableHistory
from ungdom.workflow.events import Event
from ungdom.workflow.rules.permissions import CaseAccessFacts
from ungdom.workflow.vocabulary import EventType, Protection

Numbers = Iterable[tuple[NumberKind, str]]
CaseFileRow = Row[*tuple[Any, ...]]

_ALWAYS = datetime(9999, 12, 31, tzinfo=UTC)
_BATCH = 25
"""Cases that are in memory at once while many are read, so that the memory of a process stays bounded."""


@dataclass(frozen=True, slots=True)
class StoredCase:
    """A case as stored: its identity, the youth, all events in the order recorded. `version`: number of the last event.

    `protection`: the current protection level of the youth's address; the strictest if it was not read. `alerted`: the
    case has an alert that is not cleared. `look_on`: no alert is raised before that day; None: none before the next
    event. `person_id`: the canonical record of the person; `record_id`: the one that the case was opened on, None if it
    was not read; `joined`: that is another one.
    `cleared`: the coordinator may have cases with protected addresses. `substitute`: who stands in for them today,
    `substitute_cleared`: may have such cases too. `youth_changed_at`: when the facts about the youth were last
    corrected; None: never. `head`: of the hash chain as read; events that were added since are linked after it.
    """

    case_id: UUID
    reference: str
    person_id: UUID
    youth: Youth
    events: list[Event]
    version: int
    opened_at: datetime
    protection: Protection = Protection.STRICTLY_CONFIDENTIAL
    alerted: bool = False
    look_on: date | None = field(default=None, compare=False)
    joined: bool = False
    cleared: bool = False
    substitute: str | None = None
    substitute_cleared: bool = False
    youth_changed_at: datetime | None = None
    record_id: UUID | None = field(default=None, compare=False)
    head: ChainHead = field(default=chain_events.NO_ROWS, compare=False)

    @property
    def table(self) -> str:
        """The version of the move table of the case, from its whole history."""
        return version_of(effective(self.events))

    @property
    def identity(self) -> CaseIdentity:
        """Id, reference and person of the case."""
        return CaseIdentity(self.case_id, self.reference, self.person_id)

    @property
    def record_by_case(self) -> dict[UUID, UUID]:
        """The record of the person that the case was opened on, by the case; empty if it was not read."""
        return {} if self.record_id is None else {self.case_id: self.record_id}

    def changed_at(self, last: Event) -> datetime:
        """When the case last changed: by its last event, or by a correction of the facts about the youth."""
        return max(last.recorded_at, self.youth_changed_at or last.recorded_at)

    def access_facts(self, case: Case) -> CaseAccessFacts:
        """The facts that decide who may see the case. `case`: folded from the events."""
        standing_in = (self.substitute, self.substitute_cleared)
        return access_attributes(case, self.protection, self.cleared, self.joined, *standing_in)


@dataclass(frozen=True, slots=True)
class EventBatch:
    """New events of one case, for `append_many`. `stored`: the case before them, with version 0 for a new case.

    `case`: the folded case after them.
    """

    stored: StoredCase
    events: Sequence[Event]
    case: Case
    messages: Sequence[OutboxMessage] = ()
    numbers: Sequence[tuple[NumberKind, str]] = ()


# --- reading ------------------------------------------------------------------------------------------------


def load(tx: Connection, case_id: UUID, known_at: datetime | None = None) -> StoredCase | None:
    """The case now or as known at that instant, in one query; None if it was not known.

    Raises `UnreadableHistory`.
    """
    rows = _case_rows(tx, case_id, known_at or _ALWAYS)
    return _stored_case(rows[0], rows) if rows else None


def load_current(tx: Connection, case_id: UUID) -> StoredCase | None:
    """As `load` now. Of a case that is kept in memory only the last event known there and what followed is read.

    Raises `UnreadableHistory`.
    """
    known = kept_cases.find(case_id)
    if known is None:
        return load(tx, case_id)
    rows = _case_rows(tx, case_id, _ALWAYS, known.head.position)
    if known.is_continued_by(rows):
        return _stored_case(rows[0], rows, known.events)
    kept_cases.forget(case_id)
    return load(tx, case_id)


def _case_rows(tx: Connection, case_id: UUID, known_at: datetime, from_seq: int = 0) -> Sequence[Row[*tuple[Any, ...]]]:
    """The events from this number on, each with the case. Raises `UnreadableHistory` for an unknown type of event."""
    parameters = {"case_id": case_id, "known_at": known_at, "from_seq": from_seq}
    try:
        return journal_queries.CASE.rows(tx, parameters)
    except ValueError as error:
        raise UnreadableHistory(case_id, str(case_id), 0, "") from error


def load_many(
    tx: Connection,
    case_ids: Iterable[UUID],
    known_at: datetime | None = None,
    unreadable: list[UnreadableHistory] | None = None,
) -> Iterator[StoredCase]:
    """The cases in this order, read in batches of `_BATCH`; unknown ids are left out.

    `unreadable`: the errors of cases that cannot be read are added to it, and the cases left out. Without it, raises
    `UnreadableHistory`, or `ValueError` for an unknown type of event.
    """
    for batch in bulk.batches(case_ids, _BATCH):
        parameters = {"case_ids": batch, "known_at": known_at or _ALWAYS}
        files = tx.execute(journal_queries.CASE_FILES, parameters).all()
        cases = _stored_or_readable(tx, files, parameters, unreadable)
        yield from (cases[case_id] for case_id in batch if case_id in cases)


def _stored_or_readable(
    tx: Connection,
    files: Sequence[CaseFileRow],
    parameters: dict[str, Any],
    unreadable: list[UnreadableHistory] | None,
) -> dict[UUID, StoredCase]:
    """The cases of these rows; those that cannot be read are left out if `unreadable` is given, which takes the errors.

    All are read together, and only if that fails one by one.
    """
    try:
        return _stored_cases(tx, files, parameters)
    except (UnreadableHistory, ValueError):
        if unreadable is None:
            raise
    cases: dict[UUID, StoredCase] = {}
    for row in files:
        try:
            stored = load(tx, row.case_id, parameters["known_at"])
        except UnreadableHistory as error:
            unreadable.append(error)
        else:
            cases |= {row.case_id: stored} if stored else {}
    return cases


def load_selected(
    tx: Connection, selection: Select[Any], known_at: datetime | None = None
) -> list[tuple[CaseFileRow, StoredCase | None]]:
    """The cases of a limited query of `case_id`, by id, each with its row of the query.

    None for a case that was not known then, or cannot be read.
    """
    chosen = selection.subquery("chosen")
    files = journal_queries.ALL_CASE_FILES.join(chosen, chosen.c.case_id == case_file.c.case_id)
    columns = (column for column in chosen.c if column.name != "case_id")
    parameters: dict[str, Any] = {"known_at": known_at or _ALWAYS}
    rows = tx.execute(files.add_columns(*columns).order_by(case_file.c.case_id), parameters).all()
    cases = _stored_or_readable(tx, rows, {**parameters, "case_ids": [row.case_id for row in rows]}, [])
    return [(row, cases.get(row.case_id)) for row in rows]


def _stored_cases(tx: Connection, files: Sequence[CaseFileRow], parameters: dict[str, Any]) -> dict[UUID, StoredCase]:
    """The cases of these rows with their events; those without an event are left out."""
    events: defaultdict[UUID, list[CaseFileRow]] = defaultdict(list)
    for row in tx.execute(journal_queries.EVENTS, parameters):
        events[row.case_id].append(row)
    return {row.case_id: _stored_case(row, events[row.case_id]) for row in files if row.case_id in events}


def case_id_of(tx: Connection, reference: str) -> UUID | None:
    """The id of the case with this reference."""
    return tx.scalar(select(case_file.c.case_id).where(case_file.c.reference == reference))


def cases_of_person(tx: Connection, person_id: UUID) -> list[UUID]:
    """The cases of this person, opened on any of its records, oldest first."""
    records = records_of(select(canonical_subquery(person_id).label("person_id")))
    query = select(case_file.c.case_id).where(case_file.c.person_id.in_(records))
    return list(tx.scalars(query.order_by(case_file.c.opened_at, case_file.c.case_id)))


def numbers_of(tx: Connection, case_id: UUID) -> list[tuple[NumberKind, str]]:
    """The court and police numbers of the case; of the police numbers the main case (hovedstraffesak) first."""
    return [(row.kind, row.number) for row in journal_queries.NUMBERS.rows(tx, {"case_id": case_id})]


# --- writing ------------------------------------------------------------------------------------------------


def open_case(
    tx: Connection, stored: StoredCase, case: Case, numbers: Numbers = (), messages: Sequence[OutboxMessage] = ()
) -> None:
    """Writes a new case; `stored` has its first event. Raises `DuplicateKey` when the transaction ends."""
    new = replace(stored, events=[], version=0)
    append_many(tx, [EventBatch(new, stored.events, case, messages, list(numbers))])


def append(tx: Connection, stored: StoredCase, new: Event, case: Case, messages: Sequence[OutboxMessage] = ()) -> None:
    """Writes one event with projection and messages, and clears alerts that end with it. Raises `Stale`.

    `case`: the folded case after the event.
    """
    write = append_combined if tx.dialect.name == "postgresql" else append_plain
    head = write(tx, stored, new, case, messages)
    kept_cases.keep_after(stored.case_id, head, [*stored.events, new], case)
    _clear_alerts(tx, stored, [new], case)


def append_plain(
    tx: Connection, stored: StoredCase, new: Event, case: Case, messages: Sequence[OutboxMessage] = ()
) -> ChainHead:
    """Appends one event with plain statements, for every database; the new head of the chain. Raises `Stale`."""
    row = _linked_rows(stored, [new])[0]
    if append_sql.UPDATE_CURRENT.write(tx, _update_values(stored, new, case)) != 1:
        raise _stale(tx, stored)
    try:
        append_sql.INSERT_EVENT.write(tx, row)
    except IntegrityError as error:
        raise Stale(stored.version, None) from error
    outbox.add(tx, messages)
    _update_team(tx, stored.case_id, new, case)
    return ChainHead(new.seq, row["link"])


def append_combined(
    tx: Connection, stored: StoredCase, new: Event, case: Case, messages: Sequence[OutboxMessage] = ()
) -> ChainHead:
    """Appends one event with one statement, on PostgreSQL; the new head of the chain. Raises `Stale`."""
    row = _linked_rows(stored, [new])[0]
    values = append_sql.event_values(row) | append_sql.message_values(outbox.rows_of(messages))
    try:
        ((written,),) = append_sql.APPEND.rows(tx, _update_values(stored, new, case) | values)
    except IntegrityError as error:
        raise Stale(stored.version, None) from error
    if not written:
        raise _stale(tx, stored)
    _update_team(tx, stored.case_id, new, case)
    return ChainHead(new.seq, row["link"])


def append_many(tx: Connection, batches: Sequence[EventBatch]) -> None:
    """Writes many events of new and stored cases: the same rows as one by one. Raises `Stale`."""
    new = [batch for batch in batches if not batch.stored.version]
    known = [batch for batch in batches if batch.stored.version]
    files = [{**c.stored.identity._asdict(), "opened_at": c.stored.opened_at} for c in new]
    bulk.add(tx, case_file, files)
    chain_changes.record_new(tx, case_file, files)
    bulk.add(tx, case_number, [row for c in new for row in _number_rows(c.stored.case_id, c.numbers)])
    updates = [_update_values(c.stored, c.events[-1], c.case) for c in known]
    if updates and tx.execute(append_sql.OPTIMISTIC_UPDATE, updates).rowcount != len(known):
        raise Stale(None, None)
    linked = [_linked_rows(c.stored, c.events) for c in batches]
    bulk.add(tx, event, [row for rows in linked for row in rows])
    bulk.add(tx, case_current, [row_of(c.stored.identity, c.case, c.events[-1]) for c in new])
    bulk.add(tx, outbox_table, outbox.rows_of(m for c in batches for m in c.messages))
    set_teams(tx, {c.stored.case_id: c.case for c in batches if any(e.type in TEAM_EVENTS for e in c.events)})
    for batch in known:
        _clear_alerts(tx, batch.stored, batch.events, batch.case)
    for batch, rows in zip(batches, linked, strict=True):
        head = ChainHead(rows[-1]["seq"], rows[-1]["link"])
        kept_cases.keep_after(batch.stored.case_id, head, [*batch.stored.events, *batch.events], batch.case)


def add_numbers(tx: Connection, case_id: UUID, numbers: Numbers) -> None:
    """Adds police and court numbers to a case; numbers that it has already are skipped."""
    known = set(numbers_of(tx, case_id))
    new = _number_rows(case_id, [number for number in numbers if number not in known])
    settled = any(kind is NumberKind.POLICE for kind, _ in known)
    bulk.add(tx, case_number, [row | {"main": False} for row in new] if settled else new)


def set_teams(tx: Connection, cases: dict[UUID, Case]) -> None:
    """Replaces the team rows of these cases."""
    if cases:
        tx.execute(delete(case_team).where(case_team.c.case_id.in_(list(cases))))
        teams = ((case_id, member) for case_id, case in cases.items() for member in sorted(case.team))
        bulk.add(tx, case_team, [{"case_id": case_id, "member": member} for case_id, member in teams])


def _stored_case(row: CaseFileRow, event_rows: Sequence[CaseFileRow], known_events: Sequence[Event] = ()) -> StoredCase:
    """The case of these rows. `known_events`: the events up to the first row, which is the last of them."""
    youth = _readable_youth(row)
    new_rows = event_rows[1:] if known_events else event_rows
    events = [*known_events, *(_readable_event(row, event_row) for event_row in new_rows)]
    head = chain_events.head_of(row.case_id, event_rows)
    corrected_at = row.youth_recorded_at if row.youth_version > 1 else None
    columns = (row.opened_at, row.protection, row.alerted, row.look_on, row.record_id != row.person_id, row.cleared)
    standing_in = (row.substitute, row.substitute_cleared)
    case = (row.case_id, row.reference, row.person_id, youth, events, events[-1].seq)
    return StoredCase(*case, *columns, *standing_in, corrected_at, row.record_id, head)


def _readable_youth(case: CaseFileRow) -> Youth:
    """The youth of a row of this case. Raises `UnreadableHistory`."""
    try:
        return Youth(case.born, case.guardians, read_guardian_changes(case.guardian_changes))
    except ValueError as error:  # stored days that do not validate
        raise UnreadableHistory(case.case_id, case.reference, 0, "") from error


def _readable_event(case: CaseFileRow, row: CaseFileRow) -> Event:
    """The event of a row of this case. Raises `UnreadableHistory`."""
    try:
        return event_of(row)
    except ValueError as error:  # stored details that do not validate
        raise UnreadableHistory(case.case_id, case.reference, row.seq, row.type) from error


def _linked_rows(stored: StoredCase, new: Sequence[Event]) -> list[dict[str, Any]]:
    """The rows of new events with their links, after the head that was read and what was added to the case since."""
    position, case_id = stored.head.position, stored.case_id
    since = [event_row(case_id, known) for known in stored.events if position < known.seq <= stored.version]
    added = chain_events.linked(stored.head, case_id, [*since, *(event_row(case_id, case_event) for case_event in new)])
    return added[len(since) :]


def _number_rows(case_id: UUID, numbers: Sequence[tuple[NumberKind, str]]) -> list[dict[str, Any]]:
    """The rows of the first numbers of a case. The first police number is the main case."""
    main = next(((kind, number) for kind, number in numbers if kind is NumberKind.POLICE), None)
    return [{"case_id": case_id, "kind": pair[0], "number": pair[1], "main": pair == main} for pair in numbers]


def _update_values(stored: StoredCase, new: Event, case: Case) -> dict[str, Any]:
    if new.seq <= stored.version:
        raise Stale(new.seq - 1, stored.version)
    row = row_of(stored.identity, case, new) | {"updated_at": stored.changed_at(new)}
    return append_sql.update_values(row, stored.version, stored.changed_at(stored.events[-1]))


def _clear_alerts(tx: Connection, stored: StoredCase, new: Sequence[Event], case: Case) -> None:
    """Clears alerts, also where the nightly sweep may have raised one since the case was read without a new version."""
    at = new[-1].recorded_at
    today = oslo_date(at)
    if stored.alerted or (stored.look_on is not None and stored.look_on <= today):
        corrected = any(case_event.type is EventType.CORRECTED for case_event in new)
        alerts.clear(tx, stored.case_id, case, today, at, corrected)


def _update_team(tx: Connection, case_id: UUID, new: Event, case: Case) -> None:
    if new.type in TEAM_EVENTS:
        set_teams(tx, {case_id: case})


def _stale(tx: Connection, stored: StoredCase) -> Stale:
    actual = tx.scalar(select(case_current.c.version).where(case_current.c.case_id == stored.case_id))
    return Stale(stored.version, actual)
