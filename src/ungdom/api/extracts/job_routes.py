"""Extracts that are made beside: ordered once or again and again, and downloaded later."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Annotated, BinaryIO
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import StreamingResponse

from ungdom.api.extracts.present import job_out, schedule_out
from ungdom.api.extracts.routes import scope_of
from ungdom.api.extracts.schemas import JobIn, JobList, JobOut, ScheduleIn, ScheduleList, ScheduleOut
from ungdom.api.extracts.stream import ExtractResponse, check_cancelled
from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.context import ReadContext, RequestContext, WriteContext
from ungdom.api.http.pagination import PageQuery, list_response
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.time_travel import instant
from ungdom.api.http.tokens import EXTRACTS
from ungdom.cases import NotVisible
from ungdom.extracts import download_log, jobs
from ungdom.extracts.errors import ProtectionRaised
from ungdom.extracts.jobs import ExtractJob, JobStatus
from ungdom.extracts.order import Downloader, Order, OrderRequest, OrderService
from ungdom.extracts.writers import WrittenFile
from ungdom.message.text import PathText
from ungdom.store import person_history
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import may_download_extracts, may_read_downloads
from ungdom.workflow.vocabulary import Role

router = APIRouter(tags=["extracts"])

JOB_LIST, SCHEDULE_LIST = "extract jobs", "extract schedules"


@router.post("/v1/extracts/jobs", status_code=202, response_model=JobOut, summary="Order an extract")
@guarded(requires(EXTRACTS, may_download_extracts))
def order_extract_job(
    context: WriteContext, request: Request, body: JobIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """Ordered, and made by the worker to a folder of files by year and konfliktråd; `Location` says how far it is."""
    order_values = (body.purpose, instant(body.known_at), body.valid_at)

    def operation(tx: Connection) -> ApiResponse:
        job = jobs.add(
            tx, _order(context, request, body.extract, *order_values), body.format, _downloader(context), context.now
        )
        return json_response(job_out(job), 202, Location=f"/v1/extracts/jobs/{job.job_id}")

    return context.write(operation)


@router.post("/v1/extracts/schedules", status_code=201, response_model=ScheduleOut, summary="Have one made regularly")
@guarded(requires(EXTRACTS, may_download_extracts))
def create_extract_schedule(
    context: WriteContext, request: Request, body: ScheduleIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """A job for each day, month or quarter, on the first day after it, as known at the end of it."""

    def operation(tx: Connection) -> ApiResponse:
        order = _order(context, request, body.extract, body.purpose, None, None)
        schedule = jobs.schedule(tx, order, body.format, body.every, _downloader(context), context.now)
        return json_response(schedule_out(schedule), 201)

    return context.write(operation)


@router.get("/v1/extracts/schedules", response_model=ScheduleList, summary="What is made regularly")
def list_extract_schedules(context: ReadContext, query: Annotated[PageQuery, Query()]) -> Response:
    """One's own; auditors and administrators see all."""

    def operation(tx: Connection) -> ApiResponse:
        read, place = partial(jobs.schedules, tx, _own_subject(context)), attrgetter("created_at", "schedule_id")
        return list_response(context, SCHEDULE_LIST, query, ScheduleList, read, place, schedule_out)

    return context.read(operation, scope_of, _may_read_jobs)


@router.delete("/v1/extracts/schedules/{schedule_id}", status_code=204, summary="End a schedule")
@guarded(requires(scope_of, lambda role: role in (Role.ANALYST, Role.ADMIN)))
def end_extract_schedule(context: WriteContext, schedule_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """No more jobs of it. One's own; administrators may end any."""

    def operation(tx: Connection) -> ApiResponse:
        if not jobs.end_schedule(tx, schedule_id, _own_subject(context)):
            raise NotVisible
        return ApiResponse(204, b"", {})

    return context.write(operation)


@router.get("/v1/extracts/jobs", response_model=JobList, summary="The ledger of jobs")
def list_extract_jobs(context: ReadContext, query: Annotated[PageQuery, Query()]) -> Response:
    """One's own jobs, the newest first; auditors and administrators see all."""

    def operation(tx: Connection) -> ApiResponse:
        read, place = partial(jobs.recent_jobs, tx, _own_subject(context)), attrgetter("created_at", "job_id")
        raised_at = person_history.protection_raised_at(tx)
        return list_response(context, JOB_LIST, query, JobList, read, place, lambda job: job_out(job, raised_at))

    return context.read(operation, scope_of, _may_read_jobs)


@router.get("/v1/extracts/jobs/{job_id}", response_model=JobOut, summary="One job")
def get_extract_job(context: ReadContext, job_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """How far it is; once it is done its files and its manifest."""

    def operation(tx: Connection) -> ApiResponse:
        return json_response(job_out(_visible_job(tx, context, job_id), person_history.protection_raised_at(tx)))

    return context.read(operation, scope_of, _may_read_jobs)


@router.get(
    "/v1/extracts/jobs/{job_id}/files/{file:path}", response_class=StreamingResponse, summary="Download a file of a job"
)
def get_extract_file(
    context: ReadContext, request: Request, job_id: UUID, file: PathText, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """A file of one's own job, as long as it lies there and no address has become protected since it was ordered.

    The download is logged.
    """
    context.require(EXTRACTS, may_download_extracts)
    with context.db.reading() as tx:
        job = _visible_job(tx, context, job_id)
        if job.is_outdated(person_history.protection_raised_at(tx)):
            raise ProtectionRaised
    download = Download(_file_info(job, file), request.app.state.extracts_dir / str(job.job_id) / file)
    if not download.path.is_file():
        raise NotVisible
    downloader, now = _downloader(context), request.app.state.clock

    def fill(out: BinaryIO) -> None:
        with download_log.log_file_download(context.db, job, download.file_info, file, downloader, now):
            download.copy(out)

    headers = {"Content-Length": str(download.file_info.bytes), "Ungdom-SHA256": download.file_info.sha256}
    name = file.replace("/", "-").rpartition(".")[0]
    return ExtractResponse(fill, job.form, f"{job.extract}-{name}", request.app.state.extract_threads, headers)


@dataclass(frozen=True, slots=True)
class Download:
    """A file of a job on its way out."""

    file_info: WrittenFile
    path: Path

    def copy(self, out: BinaryIO) -> None:
        """All of it."""
        with self.path.open("rb") as file:
            while chunk := file.read(download_log.CHUNK):
                check_cancelled()
                out.write(chunk)


def _order(
    context: RequestContext, request: Request, name: str, purpose: str, known_at: datetime | None, day: date | None
) -> Order:
    order_service: OrderService = request.app.state.extracts
    return order_service.order(
        OrderRequest(name, purpose, known_at, day, context.principal.viewer.subject), context.now
    )


def _downloader(context: RequestContext) -> Downloader:
    return Downloader(context.principal.viewer.subject, context.principal.viewer.role)


def _may_read_jobs(role: Role) -> bool:
    return may_download_extracts(role) or may_read_downloads(role)


def _own_subject(context: RequestContext) -> str | None:
    """Whose jobs the caller sees; None: everybody's."""
    viewer = context.principal.viewer
    return None if may_read_downloads(viewer.role) else viewer.subject


def _visible_job(tx: Connection, context: RequestContext, job_id: UUID) -> ExtractJob:
    job = jobs.find(tx, job_id)
    if job is None or _own_subject(context) not in (None, job.subject):
        raise NotVisible
    return job


def _file_info(job: ExtractJob, file: str) -> WrittenFile:
    files = job.manifest["files"] if job.manifest and job.status is JobStatus.DONE else []
    entry = next((candidate for candidate in files if candidate["name"] == file), None)
    if entry is None:
        raise NotVisible
    return WrittenFile(entry["rows"], entry["bytes"], entry["sha256"])
