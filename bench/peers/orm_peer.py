"""The peer of FastAPI, the ORM of SQLAlchemy and python-statemachine. Served by uvicorn with threads."""

from typing import Any
from uuid import UUID

from fast_api import (
    DATABASE_URL,
    THREADS,
    CurrentPerson,
    EntryIn,
    ExpectedVersion,
    RecordedOut,
    answer_of,
    application,
    sqlalchemy_url,
)
from fastapi import Response
from orm_models import record
from small_rules import stale
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker
from sqlalchemy.orm.exc import StaleDataError

engine = create_engine(sqlalchemy_url(DATABASE_URL), pool_size=THREADS, max_overflow=0)
session_of = sessionmaker(engine, expire_on_commit=False)
app = application(end=engine.dispose)


@app.post("/v1/cases/{case_id}/events", status_code=201, response_model=RecordedOut)
def record_event(
    case_id: UUID, entry: EntryIn, person: CurrentPerson, expected: ExpectedVersion, response: Response
) -> Any:
    """Record a move."""
    step = entry.as_step()
    try:
        with session_of.begin() as session:
            case, event = record(session, case_id, step, person, expected)
    except StaleDataError as error:
        raise stale(expected) from error
    response.headers["ETag"] = f'"{case.version}"'
    return answer_of(case, event)
