"""Which answers name a case or person: the rows of `access_entry`, and long answers that have none yet.

A long answer is one row of `access_log` with its entries packed, and one of `access_pending` that says that
`access_entry` does not have them yet. `fill` writes them in batches: in each server process every few seconds, and
before the nightly checks. Whoever reads the log in between reads both (`EntryIndex`), in one snapshot, so that no
answer is without an entry. A row of `access_pending` is deleted in the transaction that writes the entries.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, exists, or_, select

from ungdom.observability.logger import EventLogger
from ungdom.store import bulk
from ungdom.store.access_content import AccessEntry, unpack
from ungdom.store.errors import StoreError, Unavailable
from ungdom.store.schema.access import access_entry, access_log, access_pending
from ungdom.store.schema.persons import person
from ungdom.store.session import Database
from ungdom.workflow.vocabulary import Protection

LOG = EventLogger("ungdom.access")

A, N, P = access_log.c, access_entry.c, access_pending.c

ANSWERS_AT_ONCE = 50
"""Answers whose entries are written in one transaction: on SQLite every writer waits for it."""


def fill(db: Database) -> int:
    """Writes the rows of `access_entry` that are not written yet; the number of answers that they belong to.

    Processes that do so at the same time share the work. Raises `StoreError`; what was not written stays pending.
    """
    filled = 0
    while _has_pending(db):
        with db.writing() as tx:
            answers = _fill_some(tx)
        filled += answers
        if answers < ANSWERS_AT_ONCE:
            break
    return filled


def fill_if_possible(db: Database) -> None:
    """As `fill`; an error is logged, and what was not written is read as pending. Raises `Unavailable`."""
    try:
        fill(db)
    except Unavailable:
        raise
    except StoreError as error:
        LOG.error("access.index_not_filled", error=error)


def _has_pending(db: Database) -> bool:
    with db.reading() as tx:
        return tx.scalar(select(P.access_id).limit(1)) is not None


def _fill_some(tx: Connection) -> int:
    """The number of answers. One that has entries already keeps them: its row of `access_pending` was added wrongly."""
    due = select(P.access_id).order_by(P.access_id).limit(ANSWERS_AT_ONCE).with_for_update(skip_locked=True)
    ids = tx.scalars(delete(access_pending).where(P.access_id.in_(due)).returning(P.access_id)).all()
    written = set(tx.scalars(select(N.access_id).where(N.access_id.in_(ids)).distinct()))
    answers = _packed_answers(tx, access_log.c.access_id.in_([id for id in ids if id not in written]))
    rows = [
        (access_id, place, *entry.ids)
        for access_id, entries in sorted(answers.items())
        for place, entry in enumerate(entries)
    ]
    if len(rows) >= bulk.WORTH_COPYING and tx.dialect.name == "postgresql":
        bulk.add(tx, access_entry, [dict(zip(N.keys(), row, strict=True)) for row in rows])
    else:
        bulk.add_directly(tx, access_entry, rows)
    return len(ids)


def _packed_answers(tx: Connection, condition: ColumnElement[bool]) -> dict[UUID, tuple[AccessEntry, ...]]:
    rows = tx.execute(select(A.access_id, A.entries).where(condition, A.entries.is_not(None)))
    return {access_id: tuple(unpack(packed)) for access_id, packed in rows}


@dataclass(frozen=True, slots=True)
class EntryIndex:
    """The entries of all answers, as one transaction sees them. `pending`: of those without rows of `access_entry`."""

    pending: Mapping[UUID, tuple[AccessEntry, ...]]

    @classmethod
    def read(cls, tx: Connection) -> "EntryIndex":
        """The index of this snapshot."""
        return cls(_packed_answers(tx, A.access_id.in_(select(P.access_id))))

    def names_case(self, case_id: UUID) -> ColumnElement[bool]:
        """The condition on `access_log`: this case is in the answer."""
        pending = [id for id, entries in self.pending.items() if any(entry.case_id == case_id for entry in entries)]
        return or_(A.access_id.in_(select(N.access_id).where(N.case_id == case_id)), A.access_id.in_(pending))

    def names_record(self, record_ids: Collection[UUID]) -> ColumnElement[bool]:
        """The condition on `access_log`: one of these records of persons is in the answer."""
        indexed = select(N.access_id).where(N.person_id.in_(record_ids))
        return or_(A.access_id.in_(indexed), A.access_id.in_(self._pending_of(record_ids)))

    def names_protected(self, tx: Connection) -> ColumnElement[bool]:
        """The condition on `access_log`: somebody is in the answer whose address is protected now."""
        protected = person.c.protection != Protection.NONE
        indexed = exists(
            select(N.access_id)
            .join(person, person.c.person_id == N.person_id)
            .where(N.access_id == A.access_id, protected)
        )
        if not self.pending:
            return indexed
        records = set(tx.scalars(select(person.c.person_id).where(protected)))
        return or_(indexed, A.access_id.in_(self._pending_of(records)))

    def entries(self, tx: Connection, access_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[AccessEntry]]:
        """The entries of these answers, in the order of the answer."""
        query = select(N.access_id, N.case_id, N.person_id, N.message_id).where(N.access_id.in_(access_ids))
        entries: dict[UUID, list[AccessEntry]] = defaultdict(list)
        for access_id, *ids in tx.execute(query.order_by(N.access_id, N.place)):
            entries[access_id].append(AccessEntry(*ids))
        for access_id in self.pending.keys() & set(access_ids):
            entries[access_id] = list(self.pending[access_id])
        return entries

    def _pending_of(self, record_ids: Collection[UUID]) -> list[UUID]:
        return [id for id, entries in self.pending.items() if any(entry.person_id in record_ids for entry in entries)]
