"""Extracts that are made beside: ordered once or again and again, and downloaded later."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from starlette.responses import StreamingResponse

from ungdom.api import extract_shapes as e
from ungdom.api import inputs as i
from ungdom.api.cases import answer, instant
from ungdom.api.deps import Answer, Call, ReadCall, WriteCall
from ungdom.api.extract_stream import Rows, still_wanted
from ungdom.api.extracts import scope_of
from ungdom.api.paging import PageQuery, cut, start_of
from ungdom.api.schemas import Output
from ungdom.api.tokens import EXTRACTS
from ungdom.casework import NotVisible
from ungdom.extracts import jobs, pulling
from ungdom.extracts.jobs import Every, Job, JobStatus, Schedule
from ungdom.extracts.orders import Asked, Desk, Order, Puller
from ungdom.extracts.writers import Form, Written
from ungdom.store.session import Connection
from ungdom.workflow.permissions import may_read_pulls, may_take_out
from ungdom.workflow.vocabulary import Role

router = APIRouter(tags=["extracts"])

LEDGER, SCHEDULES = "extract jobs", "extract schedules"


class JobIn(i.Input):
    """What is to be made. `known_at`, `valid_at`: as of the end of yesterday when not given."""

    extract: e.EXTRACT
    purpose: e.PURPOSE
    format: Form = Form.PARQUET
    known_at: i.Day | None = None
    valid_at: i.CivilDay | None = None


class ScheduleIn(i.Input):
    """What is to be made for each day, month or quarter, on the day after it."""

    extract: e.EXTRACT
    purpose: e.PURPOSE
    format: Form = Form.PARQUET
    every: Every


class FileOut(Output):
    """One file of a job."""

    name: str
    rows: int
    bytes: int
    sha256: str


class JobOut(Output):
    """A job. `cases_done` of `cases`: how far it is. `reason`: the kind of error that it failed with."""

    id: UUID
    extract: str
    purpose: str
    format: Form
    known_at: datetime
    valid_at: date
    subject: str
    schedule: UUID | None
    created_at: datetime
    status: JobStatus
    attempts: int
    cases_done: int
    cases: int | None
    finished_at: datetime | None
    reason: str | None
    files: list[FileOut]
    manifest: dict[str, Any] | None


class JobList(Output):
    """A page of jobs, the newest first."""

    items: list[JobOut]
    next: str | None


class ScheduleOut(Output):
    """A schedule that goes on."""

    id: UUID
    extract: str
    purpose: str
    format: Form
    every: Every
    subject: str
    created_at: datetime
    next_on: Annotated[date | None, Field(description="null: ended")]


class ScheduleList(Output):
    """A page of schedules that go on, the oldest first."""

    items: list[ScheduleOut]
    next: str | None


@router.post("/v1/extracts/jobs", status_code=202, response_model=JobOut, summary="Have an extract made")
def order_extract_job(
    call: WriteCall, request: Request, body: JobIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """Ordered, and made by the worker to a folder of files by year and konfliktråd; `Location` says how far it is."""
    asked = (body.purpose, instant(body.known_at), body.valid_at)

    def use(tx: Connection) -> Answer:
        job = jobs.add(tx, _order(call, request, body.extract, *asked), body.format, _puller(call), call.now)
        return answer(_job_out(job), 202, Location=f"/v1/extracts/jobs/{job.job_id}")

    return call.write(use, scope=EXTRACTS, may=may_take_out)


@router.post("/v1/extracts/schedules", status_code=201, response_model=ScheduleOut, summary="Have one made regularly")
def create_extract_schedule(
    call: WriteCall, request: Request, body: ScheduleIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """A job for each day, month or quarter, on the first day after it, as known at the end of it."""

    def use(tx: Connection) -> Answer:
        order = _order(call, request, body.extract, body.purpose, None, None)
        made = jobs.schedule(tx, order, body.format, body.every, _puller(call), call.now)
        return answer(_schedule_out(made), 201)

    return call.write(use, scope=EXTRACTS, may=may_take_out)


@router.get("/v1/extracts/schedules", response_model=ScheduleList, summary="What is made regularly")
def list_extract_schedules(call: ReadCall, query: Annotated[PageQuery, Query()]) -> Response:
    """One's own; auditors and administrators see all."""

    def use(tx: Connection) -> Answer:
        rows = jobs.schedules(tx, _mine(call), start_of(call, SCHEDULES, query), query.limit + 1)
        page, following = cut(call, SCHEDULES, query, rows, lambda one: (one.created_at, one.schedule_id))
        return answer(ScheduleList(items=[_schedule_out(one) for one in page], next=following))

    return call.read(use, scope_of, _may_look)


@router.delete("/v1/extracts/schedules/{schedule_id}", status_code=204, summary="End a schedule")
def end_extract_schedule(call: WriteCall, schedule_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """No more jobs of it. One's own; administrators may end any."""

    def use(tx: Connection) -> Answer:
        if not jobs.end_schedule(tx, schedule_id, _mine(call)):
            raise NotVisible
        return Answer(204, b"", {})

    return call.write(use, scope=scope_of, may=_may_end)


@router.get("/v1/extracts/jobs", response_model=JobList, summary="The ledger of jobs")
def list_extract_jobs(call: ReadCall, query: Annotated[PageQuery, Query()]) -> Response:
    """One's own jobs, the newest first; auditors and administrators see all."""
    return call.read(lambda tx: _jobs(tx, call, query), scope_of, _may_look)


@router.get("/v1/extracts/jobs/{job_id}", response_model=JobOut, summary="One job")
def get_extract_job(call: ReadCall, job_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """How far it is; once it is done its files and its manifest."""
    return call.read(lambda tx: answer(_job_out(_found(tx, call, job_id))), scope_of, _may_look)


@router.get(
    "/v1/extracts/jobs/{job_id}/files/{file:path}", response_class=StreamingResponse, summary="Download a file of a job"
)
def get_extract_file(
    call: ReadCall, request: Request, job_id: UUID, file: str, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """A file of one's own job, as long as it lies there. The download is logged."""
    call.needs(EXTRACTS, may_take_out)
    with call.db.reading() as tx:
        job = _found(tx, call, job_id)
    download = Download(job, file, _written(job, file), request.app.state.extracts_dir / str(job.job_id) / file)
    if not download.path.is_file():
        raise NotVisible
    who, now = _puller(call), request.app.state.clock

    def fill(out: BinaryIO) -> None:
        with pulling.downloaded(call.db, job, download.written, file, who, now):
            download.copy(out)

    digest = {"Content-Length": str(download.written.bytes), "Ungdom-SHA256": download.written.sha256}
    name = file.replace("/", "-").rpartition(".")[0]
    return Rows(fill, job.form, f"{job.extract}-{name}", request.app.state.extract_threads, digest)


@dataclass(frozen=True, slots=True)
class Download:
    """A file of a job on its way out."""

    job: Job
    name: str
    written: Written
    path: Path

    def copy(self, out: BinaryIO) -> None:
        """All of it."""
        with self.path.open("rb") as file:
            while chunk := file.read(pulling.CHUNK):
                still_wanted()
                out.write(chunk)


def _order(call: Call, request: Request, name: str, purpose: str, known_at: datetime | None, day: date | None) -> Order:
    desk: Desk = request.app.state.extracts
    return desk.order(Asked(name, purpose, known_at, day, call.principal.viewer.subject), call.now)


def _puller(call: Call) -> Puller:
    return Puller(call.principal.viewer.subject, call.principal.viewer.role)


def _may_look(role: Role) -> bool:
    return may_take_out(role) or may_read_pulls(role)


def _may_end(role: Role) -> bool:
    return role in (Role.ANALYST, Role.ADMIN)


def _mine(call: Call) -> str | None:
    """Whose jobs the caller sees; None: everybody's."""
    viewer = call.principal.viewer
    return None if may_read_pulls(viewer.role) else viewer.subject


def _found(tx: Connection, call: Call, job_id: UUID) -> Job:
    found = jobs.find(tx, job_id)
    if found is None or _mine(call) not in (None, found.subject):
        raise NotVisible
    return found


def _written(job: Job, file: str) -> Written:
    files = job.manifest["files"] if job.manifest and job.status is JobStatus.DONE else []
    found = next((one for one in files if one["name"] == file), None)
    if found is None:
        raise NotVisible
    return Written(found["rows"], found["bytes"], found["sha256"])


def _jobs(tx: Connection, call: Call, query: PageQuery) -> Answer:
    rows = jobs.listed(tx, _mine(call), start_of(call, LEDGER, query), query.limit + 1)
    page, following = cut(call, LEDGER, query, rows, lambda one: (one.created_at, one.job_id))
    return answer(JobList(items=[_job_out(one) for one in page], next=following))


def _job_out(one: Job) -> JobOut:
    names = ("extract", "purpose", "known_at", "valid_at", "subject", "created_at", "status", "attempts")
    more = ("cases_done", "cases", "finished_at", "reason", "manifest")
    told = {name: getattr(one, name) for name in (*names, *more)}
    files = [FileOut(**file) for file in one.manifest["files"]] if one.manifest else []
    return JobOut(id=one.job_id, format=one.form, schedule=one.schedule_id, files=files, **told)


def _schedule_out(one: Schedule) -> ScheduleOut:
    names = ("extract", "purpose", "every", "subject", "created_at", "next_on")
    return ScheduleOut(id=one.schedule_id, format=one.form, **{name: getattr(one, name) for name in names})
