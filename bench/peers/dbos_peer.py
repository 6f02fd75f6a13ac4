"""The peer of DBOS: a workflow for each move, with one transaction in it that does what the peer with the ORM does.

DBOS keeps its workflows in the same database, in a schema of its own, so that a move that began is completed after a
crash. Served by uvicorn with threads.
"""

import logging
from typing import Any
from uuid import UUID

from dbos import DBOS, DBOSConfig, SQLAlchemyDatasource
from fast_api import (
    DATABASE_URL,
    THREADS,
    CurrentPerson,
    EntryIn,
    ExpectedVersion,
    RecordedOut,
    application,
    sqlalchemy_url,
)
from fastapi import Response
from orm_models import record
from small_rules import Person, Step, stale
from sqlalchemy.orm.exc import StaleDataError

CONFIG: DBOSConfig = {
    "name": "peer",
    "system_database_url": sqlalchemy_url(DATABASE_URL),
    "sys_db_pool_size": THREADS,
    "log_level": "ERROR",
    "application_version": "1",
    "enable_otlp": False,
}
DBOS(config=CONFIG)
datasource = SQLAlchemyDatasource.create(
    sqlalchemy_url(DATABASE_URL), engine_kwargs={"pool_size": THREADS, "max_overflow": 0}
)
logging.getLogger("dbos").setLevel(logging.CRITICAL)


@datasource.transaction(isolation_level="READ COMMITTED")
def write(case_id: UUID, step: Step, person: Person, expected: int) -> dict[str, Any]:
    """Judge the move and write it; the result is kept with it."""
    case, event = record(datasource.sql_session(), case_id, step, person, expected)
    of_case = {name: getattr(case, name) for name in COLUMNS}
    return {"event": {"seq": event.seq, "recorded_at": event.recorded_at}, "case": of_case}


COLUMNS = (
    "case_id", "reference", "version", "state", "phase", "waiting_for", "coordinator", "next_due_on", "next_due_code",
)  # fmt: skip


@DBOS.workflow()
def move(case_id: UUID, step: Step, person: Person, expected: int) -> dict[str, Any]:
    """A move as a workflow."""
    return write(case_id, step, person, expected)


app = application(begin=DBOS.launch, end=DBOS.destroy)


@app.post("/v1/cases/{case_id}/events", status_code=201, response_model=RecordedOut)
def record_event(
    case_id: UUID, entry: EntryIn, person: CurrentPerson, expected: ExpectedVersion, response: Response
) -> Any:
    """Record a move."""
    step = entry.as_step()
    try:
        written = move(case_id, step, person, expected)
    except StaleDataError as error:
        raise stale(expected) from error
    written["event"] |= {"type": step.type, "occurred_on": step.on, "details": step.details}
    response.headers["ETag"] = f'"{written["case"]["version"]}"'
    return written


def prepare() -> None:
    """Makes the tables of DBOS, so that the workers find them."""
    DBOS.launch()
    DBOS.destroy()


if __name__ == "__main__":
    prepare()
