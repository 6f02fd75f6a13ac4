"""What the peers on FastAPI share: the application with its threads, the models of request and answer, the token."""

import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import anyio.to_thread
from fastapi import Depends, FastAPI, Header, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from small_rules import Person, Problem, Step, Tokens, expected_version, step_of

DATABASE_URL = os.environ["PEER_DATABASE_URL"]
THREADS = int(os.environ["PEER_THREADS"])
TOKENS = Tokens(os.environ["PEER_KEY"])


class EntryIn(BaseModel):
    """A move as the client sends it."""

    model_config = ConfigDict(extra="forbid")
    type: Literal["postponed", "postponement_ended"]
    occurred_on: date
    details: dict[str, Any] = Field(default_factory=dict)

    def as_step(self) -> Step:
        """The step. Raises `Problem`."""
        return step_of(self.type, self.occurred_on, self.details)


class EventOut(BaseModel):
    """The event as it is answered."""

    seq: int
    type: str
    occurred_on: date
    recorded_at: datetime
    details: dict[str, Any]


class CaseOut(BaseModel):
    """The case as it is answered."""

    model_config = ConfigDict(from_attributes=True)
    case_id: UUID
    reference: str
    version: int
    state: str
    phase: str
    waiting_for: str | None
    coordinator: str | None
    next_due_on: date | None
    next_due_code: str | None


class RecordedOut(BaseModel):
    """The answer to a move."""

    event: EventOut
    case: CaseOut


def person(authorization: Annotated[str | None, Header()] = None) -> Person:
    """The person of the token. Raises `Problem`."""
    return TOKENS.person(authorization)


def version(if_match: Annotated[str | None, Header()] = None) -> int:
    """The version that the client expects. Raises `Problem`."""
    return expected_version(if_match)


CurrentPerson = Annotated[Person, Depends(person)]
ExpectedVersion = Annotated[int, Depends(version)]


def sqlalchemy_url(url: str) -> str:
    """The address of the database as SQLAlchemy wants it."""
    return "postgresql+psycopg://" + url.partition("://")[2]


def answer_of(case: Any, event: Any) -> dict[str, Any]:
    """The answer from the rows of case and event."""
    of_event = {name: getattr(event, name) for name in ("seq", "type", "occurred_on", "recorded_at")}
    return {"event": {**of_event, "details": json.loads(event.details)}, "case": case}


def application(begin: Callable[[], None] = lambda: None, end: Callable[[], None] = lambda: None) -> FastAPI:
    """An application with as many threads as the service has. `begin`, `end`: called at its start and end."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        begin()
        yield
        end()

    app = FastAPI(lifespan=lifespan)

    @app.exception_handler(Problem)
    async def problem(_request: Request, error: Problem) -> JSONResponse:
        return JSONResponse(error.body, error.status, media_type="application/problem+json")

    return app
