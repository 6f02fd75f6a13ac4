"""The partition of each case in a large extract: year of registration and konfliktråd, as known then."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, case, select

from ungdom.extracts import snapshots
from ungdom.extracts.offices import WITHHELD
from ungdom.extracts.partitioned_writer import Partition
from ungdom.extracts.rows import CASES
from ungdom.store import bulk
from ungdom.store.schema.cases import case_current, case_file
from ungdom.store.schema.persons import person
from ungdom.store.session import Connection, Database
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.vocabulary import Protection

C = case_current.c
PAGE = 10_000


def cases_by_partition(db: Database, known_at: datetime, day: date) -> tuple[dict[Partition, list[UUID]], int]:
    """The cases of each partition, in order of partition, and the number of cases left out as unreadable.

    A case that did not change after `known_at` and `day` is placed by its current row; the others are folded again.
    """
    grouped: defaultdict[Partition, list[UUID]] = defaultdict(list)
    to_reload: list[UUID] = []
    unread = 0
    for row in _current_rows(db, known_at):
        if row.updated_at <= known_at and oslo_date(row.updated_at) <= day:
            grouped[Partition(row.registered_on.year, row.konfliktrad)].append(row.case_id)
        else:
            to_reload.append(row.case_id)
    for batch in bulk.batches(to_reload, CASES):
        with db.reading() as tx:
            loaded, unreadable = snapshots.read(tx, batch, day, known_at)
        unread += unreadable
        for snapshot in loaded:
            grouped[Partition(snapshot.year, snapshot.konfliktrad)].append(snapshot.stored.case_id)
    return dict(sorted(grouped.items())), unread


def _current_rows(db: Database, known_at: datetime) -> Iterator[Row[Any]]:
    after: UUID | None = None
    while True:
        with db.reading() as tx:
            page = _current_page(tx, known_at, after)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].case_id


def _current_page(tx: Connection, known_at: datetime, after: UUID | None) -> list[Row[Any]]:
    place = case((person.c.protection == Protection.NONE, C.konfliktrad), else_=WITHHELD).label("konfliktrad")
    query = select(*C["case_id", "registered_on", "updated_at"], place)
    query = query.join(person, person.c.person_id == C.person_id)
    query = query.join(case_file, case_file.c.case_id == C.case_id).where(case_file.c.opened_at <= known_at)
    if after is not None:
        query = query.where(C.case_id > after)
    return list(tx.execute(query.order_by(C.case_id).limit(PAGE)))
