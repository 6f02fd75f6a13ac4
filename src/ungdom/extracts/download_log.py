"""Who took out what: a row for each pull, written before the first byte leaves and settled after the last."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select, update

from ungdom.clock import Clock
from ungdom.extracts import manifest
from ungdom.extracts.build import ExtractResult
from ungdom.extracts.jobs import ExtractJob
from ungdom.extracts.order import Downloader, Order
from ungdom.extracts.writers import Form, WrittenFile
from ungdom.store.schema.extracts import extract_pull
from ungdom.store.session import Connection, Database
from ungdom.workflow.vocabulary import Role

P = extract_pull.c
RUNNING, FINISHED, BROKEN_OFF = "running", "finished", "broken_off"


CHUNK = 1024 * 1024
"""Bytes of a file that are handed on at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadRecord:
    """One pull. `job_id`, `file`: of a file of a job; both None: made for this pull alone.

    `parameters`: the manifest as it was before the first row.
    """

    pull_id: UUID
    at: datetime
    subject: str
    role: Role
    extract: str
    purpose: str
    form: str
    parameters: Mapping[str, Any]
    job_id: UUID | None = None
    file: str | None = None
    status: str = RUNNING
    finished_at: datetime | None = None
    rows: int | None = None
    bytes: int | None = None
    sha256: str | None = None

    @property
    def manifest(self) -> dict[str, Any] | None:
        """The manifest of a file that was made for this pull alone; None while it is not finished."""
        if self.job_id or self.status != FINISHED or self.rows is None or self.bytes is None or self.sha256 is None:
            return None
        files = {f"{self.extract}.{self.form}": WrittenFile(self.rows, self.bytes, self.sha256)}
        return dict(self.parameters) | manifest.file_summary(files)


@dataclass(slots=True)
class DownloadLog:
    """What came of a pull, filled in while it is logged."""

    pull_id: UUID
    result: ExtractResult = field(default_factory=lambda: ExtractResult({}, 0))


@contextmanager
def log_download(
    db: Database, order: Order, form: Form, downloader: Downloader, now: Clock, pull_id: UUID | None = None
) -> Iterator[DownloadLog]:
    """Everything inside is one pull: broken off when it ends with an error, whatever had left by then."""
    log = DownloadLog(pull_id or uuid4())
    begin(db, log.pull_id, order, form, downloader, now())
    try:
        yield log
    except BaseException:
        end(db, log.pull_id, BROKEN_OFF, None, now())
        raise
    files = log.result.files
    whole = WrittenFile(log.result.rows, sum(file.bytes for file in files.values()), _digest(files))
    end(db, log.pull_id, FINISHED, whole, now())


@contextmanager
def log_file_download(
    db: Database, job: ExtractJob, file: WrittenFile, name: str, downloader: Downloader, now: Clock
) -> Iterator[None]:
    """Everything inside is the download of one file of a job."""
    record = DownloadRecord(
        pull_id=uuid4(),
        at=now(),
        subject=downloader.subject,
        role=downloader.role,
        extract=job.extract,
        purpose=job.purpose,
        form=str(job.form),
        parameters=job.manifest or {},
        job_id=job.job_id,
        file=name,
    )
    write(db, record)
    try:
        yield
    except BaseException:
        end(db, record.pull_id, BROKEN_OFF, None, now())
        raise
    end(db, record.pull_id, FINISHED, file, now())


def find(tx: Connection, pull_id: UUID) -> DownloadRecord | None:
    """This pull."""
    row = tx.execute(select(extract_pull).where(P.pull_id == pull_id)).mappings().one_or_none()
    return _record_of(dict(row)) if row else None


def _record_of(row: Mapping[str, Any]) -> DownloadRecord:
    return DownloadRecord(**{**row, "parameters": json.loads(row["parameters"])})


def _digest(files: Mapping[str, WrittenFile]) -> str:
    """That of the one file, or of all as the manifest has it."""
    return next(iter(files.values())).sha256 if len(files) == 1 else manifest.combined_sha256(files)


def begin(db: Database, pull_id: UUID, order: Order, form: Form, downloader: Downloader, at: datetime) -> None:
    """A pull begins."""
    record = DownloadRecord(
        pull_id=pull_id,
        at=at,
        subject=downloader.subject,
        role=downloader.role,
        extract=order.extract.name,
        purpose=order.purpose.name,
        form=str(form),
        parameters=manifest.build(order, form, {}, 0, parted=False),
    )
    write(db, record)


def write(db: Database, record: DownloadRecord) -> None:
    """The row of a pull."""
    row = {name: getattr(record, name) for name in record.__slots__}
    with db.writing() as tx:
        tx.execute(insert(extract_pull), row | {"parameters": json.dumps(dict(record.parameters), sort_keys=True)})


def end(db: Database, pull_id: UUID, status: str, whole: WrittenFile | None, at: datetime) -> None:
    """The pull has ended so."""
    values: dict[str, Any] = {"status": status, "finished_at": at}
    if whole is not None:
        values |= {"rows": whole.rows, "bytes": whole.bytes, "sha256": whole.sha256}
    with db.writing() as tx:
        tx.execute(update(extract_pull).where(P.pull_id == pull_id).values(values))


def recent_downloads(tx: Connection, before: tuple[datetime, UUID] | None, limit: int) -> list[DownloadRecord]:
    """The newest pulls. `before`: only those that came before this one."""
    query = select(extract_pull)
    if before is not None:
        query = query.where((P.at < before[0]) | ((P.at == before[0]) & (P.pull_id < before[1])))
    rows = tx.execute(query.order_by(P.at.desc(), P.pull_id.desc()).limit(limit)).mappings()
    return [_record_of(dict(row)) for row in rows]
