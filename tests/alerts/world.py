"""Cases whose charge decision runs out, and what the nights left behind.

Suspect set on the twelfth of January, the decision is due on 23 February 2026; warned of from 9 February, late from the
24th, with the team told on 9 March. A case that begins n days later has every day n days later.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import insert, select, text, update

from tests.service import Clock
from tests.store import cases
from ungdom.jobs import nightly
from ungdom.jobs.nightly import NightlyRunResult
from ungdom.store import job_runs, journal, people
from ungdom.store.job_runs import JobRun
from ungdom.store.journal import EventBatch, StoredCase
from ungdom.store.people import NewPerson
from ungdom.store.personalia import Personalia
from ungdom.store.schema import alerts
from ungdom.store.schema.cases import case_current, event
from ungdom.store.schema.outbox import outbox
from ungdom.store.session import Connection, Database
from ungdom.workflow.vocabulary import EventType

DAY = timedelta(days=1)
BEGUN = cases.FIRST_DAY
WARNED, LATE, LONG = date(2026, 2, 9), date(2026, 2, 24), date(2026, 3, 9)


def suspects(number: int, begun: Iterable[date] | date = BEGUN) -> list[StoredCase]:
    """That many cases of two events, not written anywhere."""
    days = [begun] * number if isinstance(begun, date) else list(begun)
    return [cases.told(2, first_day=day) for day in days]


def put(db: Database, wholes: Sequence[StoredCase]) -> list[UUID]:
    """Write the cases; their ids."""
    newcomers = [
        NewPerson(person_id=w.person_id, personalia=Personalia(), born=w.youth.born, guardians=w.youth.guardians)
        for w in wholes
    ]
    chapters = [EventBatch(replace(whole, events=[], version=0), whole.events, cases.folded(whole)) for whole in wholes]
    with db.writing() as tx:
        people.create_people(tx, cases.KEYS, [(newcomer, cases.NOON) for newcomer in newcomers])
        journal.append_many(tx, chapters)
    return [one.case_id for one in wholes]


def cured(db: Database, case_id: UUID, day: date = BEGUN, breaks_off: bool = False) -> StoredCase:
    """The transfer is decided that day, which is what the clock waited for; the case after it. Or it fails at the end.

    Recorded on that day at noon.
    """
    with db.writing() as tx:
        stored = journal.load(tx, case_id)
        assert stored is not None
        after = decided(tx, stored, day)
        if breaks_off:
            raise ZeroDivisionError
    return after


def decided(tx: Connection, stored: StoredCase, day: date) -> StoredCase:
    """The case after the investigation was closed and the transfer decided, both that day."""
    for line in cases.STORY[1:3]:
        number = stored.version + 1
        stored = cases.moved(tx, stored, cases.event(number, *line, day - (number - 1) * timedelta(weeks=1)))
    return stored


def clock(day: date, hour: int = 2) -> Clock:
    """A clock in the night of that day."""
    return Clock(datetime(day.year, day.month, day.day, hour, tzinfo=UTC))


def run(db: Database, day: date, on: date | None = None) -> list[NightlyRunResult]:
    return nightly.run(db, clock(day), on)


class Line(NamedTuple):
    """One thing that happened to an alert. `for_date`: the night, or the day of the move."""

    change: str
    for_date: date
    details: tuple[tuple[str, object], ...]


Kept = dict[tuple[UUID, str, date], list[Line]]


def kept(db: Database) -> Kept:
    """Every alert with all that happened to it; fails where a row and its history do not belong together."""
    alert, change = alerts.alert, alerts.alert_change
    found: Kept = {}
    with db.reading() as tx:
        for row in tx.execute(select(alert)):
            lines = tx.execute(select(change).where(change.c.alert_id == row.alert_id).order_by(change.c.n)).all()
            assert [line.n for line in lines] == list(range(1, row.changes + 1))
            assert (lines[-1].change == "cleared") is (row.cleared_at is not None) is (row.state == "cleared")
            found[row.case_id, row.code, row.due] = [
                Line(line.change, line.for_date, tuple(json.loads(line.details).items())) for line in lines
            ]
    return found


def changes(db: Database, case_id: UUID) -> list[tuple[str, date]]:
    """What happened to the alerts of one case."""
    return [(line.change, line.for_date) for key, lines in kept(db).items() if key[0] == case_id for line in lines]


def messages(db: Database) -> list[dict[str, object]]:
    """What the outbox says of alerts, in the order written."""
    query = select(outbox.c.payload).where(outbox.c.kind.startswith("alert.")).order_by(outbox.c.created_at)
    with db.reading() as tx:
        return [json.loads(payload) for payload in tx.scalars(query)]


def nights(db: Database) -> list[JobRun]:
    """The ledger, the oldest first."""
    with db.reading() as tx:
        return job_runs.runs(tx, job_runs.NIGHTLY, 100)[::-1]


def look_today(db: Database, day: date) -> None:
    """Make every case due, whatever it says itself."""
    with db.writing() as tx:
        tx.execute(update(case_current).values(look_on=day))


def spoil(db: Database, case_id: UUID) -> None:
    """An event that nobody can read."""
    with db.writing() as tx:
        spoilt = cases.event(99, EventType.SUSPECT_SET)
        tx.execute(insert(event), journal.event_row(case_id, spoilt) | {"details": "{this is not JSON"})


def heal(db: Database) -> None:
    """Take it out again, which only the owner of the database can: what guards events is taken away first."""
    with db.writing() as tx:
        for trigger in _guards(tx):
            tx.execute(text(trigger))
        tx.execute(event.delete().where(event.c.seq == 99))


def _guards(tx: Connection) -> list[str]:
    if tx.dialect.name == "postgresql":
        return ["DROP TRIGGER event_is_only_added ON event"]
    named = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'event'"
    return [f"DROP TRIGGER {name}" for name in tx.scalars(text(named))]
