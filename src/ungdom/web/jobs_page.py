"""Jobs and how far they are, also while they run: by server-sent events, or by loading the page anew."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import anyio
from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.sse import EventSourceResponse, format_sse_event

from ungdom import texts
from ungdom.api.extracts.job_routes import list_extract_jobs
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.pagination import PageQuery
from ungdom.api.jobs.routes import list_job_runs
from ungdom.api.jobs.schemas import RunList
from ungdom.retention.rules import RetentionCode
from ungdom.texts import Language
from ungdom.web import formats
from ungdom.web.administration_page import tabs
from ungdom.web.page import answer, browser_of, data_of
from ungdom.web.places import JOBS
from ungdom.web.sessions import Browser, Sessions
from ungdom.web.templating import SECTION, render

router = APIRouter(include_in_schema=False)

ROWS = 25
"""As many of the newest runs, and as many of the newest extracts, are listed."""
SECONDS_OPEN = 600.0
"""A stream ends by itself after so long: a page that nobody looks at any more asks for nothing."""
SECONDS_BETWEEN = 2.0
STREAMS_PER_SESSION = 2
STREAMS_PER_PROCESS = 20


@dataclass(frozen=True, slots=True)
class Steps:
    """How far a job is, in words; `done` of `total` where they are known. `reported_at`: when it last said so."""

    words: str
    done: int | None
    total: int | None
    reported_at: str | None


@dataclass(frozen=True, slots=True)
class Job:
    """A row. `of`: for which day, or which extract; `steps`: None where nothing is known."""

    name: str
    of: str
    started_at: str
    finished_at: str | None
    status: str
    steps: Steps | None


class OpenStreams:
    """The streams of a process that are open, by session."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    def has_room(self, secret: str) -> bool:
        """Whether this session may open another one."""
        return self._open[secret] < STREAMS_PER_SESSION and self._open.total() < STREAMS_PER_PROCESS

    @contextmanager
    def counted(self, secret: str) -> Iterator[None]:
        """Count a stream of this session inside the `with` statement."""
        self._open[secret] += 1
        try:
            yield
        finally:
            self._open[secret] -= 1
            self._open += Counter()


@router.get(JOBS.path, response_model=RunList)
def jobs_page(request: Request, context: ReadContext) -> Response:
    """What runs and what has run."""
    return answer(request, "jobs.html", {**tabs(context, JOBS.path), **_values(context, request, followed=False)})


@router.get(f"{JOBS.path}/progress", response_model=RunList)
async def jobs_progress(request: Request, context: ReadContext) -> Response:
    """The same list as a stream: anew whenever it has changed, until the session or the time is over.

    204 tells a browser that there are streams enough, and to open none again.
    """
    context.require_admin()
    browser, streams = browser_of(request), request.app.state.open_streams
    if browser is None or not streams.has_room(browser.secret):
        return Response(status_code=204)
    return EventSourceResponse(_stream(request, context, browser, streams), headers={"Cache-Control": "no-store"})


async def _stream(
    request: Request, context: RequestContext, browser: Browser, streams: OpenStreams
) -> AsyncIterator[bytes]:
    sessions: Sessions = request.app.state.sessions
    shown, until = "", anyio.current_time() + SECONDS_OPEN
    with streams.counted(browser.secret):
        while anyio.current_time() < until:
            context.now = request.app.state.clock()
            if not await to_thread.run_sync(sessions.is_alive, browser.secret, context.now):
                break
            values = await to_thread.run_sync(_values, context, request, True)
            jobs = values["jobs"]
            yield b": open\n\n" if jobs == shown else _event(context.language, values)
            shown = jobs
            await anyio.sleep(SECONDS_BETWEEN)
        yield format_sse_event(data_str="", event="end")


def _event(language: Language, values: dict[str, Any]) -> bytes:
    return format_sse_event(data_str=render(language, "jobs.html", values, "jobs"))


def _values(context: RequestContext, request: Request, followed: bool) -> dict[str, Any]:
    """What the table is drawn from: the two lists of the interface, the newest first, what runs before the others."""
    query = PageQuery(limit=ROWS)
    runs = data_of(list_job_runs(context, query))["items"]
    extracts = data_of(list_extract_jobs(context, query))["items"]
    jobs = [_run(context.language, run) for run in runs] + [_extract(context.language, job) for job in extracts]
    newest = sorted(jobs, key=lambda job: job.started_at, reverse=True)
    ordered = sorted(newest, key=lambda job: job.finished_at is not None)
    return {"jobs": ordered, "followed": followed, "now": context.now, "path": request.url.path}


def _run(language: Language, run: dict[str, Any]) -> Job:
    progress = run["progress"]
    steps = None
    if progress and run["finished_at"] is None:
        steps = Steps(_phase(language, progress["phase"]), progress["done"], progress["total"], progress["reported_at"])
    return Job(
        name=_words(language, "job", run["name"]),
        of=formats.day(language, run["for_date"]),
        started_at=run["started_at"],
        finished_at=run["finished_at"],
        status=_words(language, "night", run["status"]),
        steps=steps,
    )


def _extract(language: Language, job: dict[str, Any]) -> Job:
    counted = job["cases"] is not None and job["finished_at"] is None
    steps = Steps(_words(language, "phase", "cases"), job["cases_done"], job["cases"], None) if counted else None
    return Job(
        name=_words(language, "job", "extract"),
        of=texts.text(language, "extract", job["extract"]),
        started_at=job["created_at"],
        finished_at=job["finished_at"],
        status=_words(language, "extract", job["status"]),
        steps=steps,
    )


def _phase(language: Language, phase: str) -> str:
    """What a job is doing, in words. A phase of another version of the program keeps its name."""
    if phase in set(RetentionCode):
        return texts.render(language, RetentionCode(phase))
    return _words(language, "phase", phase)


def _words(language: Language, family: str, code: str) -> str:
    return texts.catalogue(language)[SECTION].get(f"{family}.{code}", code)
