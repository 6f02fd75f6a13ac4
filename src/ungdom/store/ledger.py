"""The ledger of jobs: what ran, for which day, how it ended, what it counted."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection, insert, select, update

from ungdom.store.tables import job_run

RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job. `status`: running, or the word it finished with."""

    run_id: UUID
    name: str
    for_date: date
    started_at: datetime
    finished_at: datetime | None
    status: str
    counts: dict[str, int]


def start(tx: Connection, name: str, for_date: date, at: datetime) -> UUID:
    """A run begins; its id."""
    run_id = uuid4()
    row = {"run_id": run_id, "name": name, "for_date": for_date, "started_at": at}
    tx.execute(insert(job_run), {**row, "finished_at": None, "status": RUNNING, "counts": "{}"})
    return run_id


def finish(tx: Connection, run_id: UUID, status: str, counts: dict[str, int], at: datetime) -> None:
    """The run has ended, with this word and these counts."""
    values = {"finished_at": at, "status": status, "counts": json.dumps(counts, sort_keys=True)}
    tx.execute(update(job_run).where(job_run.c.run_id == run_id).values(values))


def runs(tx: Connection, name: str | None = None, limit: int = 20) -> list[Run]:
    """The newest runs, of one job or of all."""
    query = select(job_run).order_by(job_run.c.started_at.desc(), job_run.c.run_id).limit(limit)
    rows = tx.execute(query if name is None else query.where(job_run.c.name == name))
    return [Run(**{**row._mapping, "counts": json.loads(row.counts)}) for row in rows]
