"""The log of downloads: one row per download, inserted before the first byte is sent and completed after the last."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
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
from ungdom.store import chain_changes, keyset
from ungdom.store.schema.extracts import extract_pull
from ungdom.store.session import Connection, Database
from ungdom.workflow.vocabulary import Role

P = extract_pull.c
RUNNING, FINISHED, BROKEN_OFF = "running", "finished", "broken_off"

CHUNK = 1024 * 1024
"""Bytes of a file that are sent at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadRecord:
    """One download. `job_id`, `file`: a file of a job; None: the extract was made for this download.

    `parameters`: the manifest without files, as known before the first row.
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
        """The manifest of an extract made for this download; None for files of jobs and unfinished downloads."""
        if self.job_id or self.status != FINISHED or self.rows is None or self.bytes is None or self.sha256 is None:
            return None
        files = {f"{self.extract}.{Form(self.form).suffix}": WrittenFile(self.rows, self.bytes, self.sha256)}
        return dict(self.parameters) | manifest.file_summary(files)


@dataclass(slots=True)
class DownloadLog:
    """The result of a download, set by the caller while it is logged."""

    pull_id: UUID
    result: ExtractResult = field(default_factory=lambda: ExtractResult({}, 0))

    @property
    def total(self) -> WrittenFile:
        """The files as one: sums, and the digest of the only file or of all of them, as in the manifest."""
        files = list(self.result.files.values())
        sha256 = files[0].sha256 if len(files) == 1 else manifest.combined_sha256(self.result.files)
        return WrittenFile(self.result.rows, sum(file.bytes for file in files), sha256)


@contextmanager
def log_download(
    db: Database, order: Order, form: Form, downloader: Downloader, now: Clock, pull_id: UUID | None = None
) -> Iterator[DownloadLog]:
    """Log the body of the `with` statement as one download. One that ends with an error is logged as broken off."""
    log = DownloadLog(pull_id or uuid4())
    record = DownloadRecord(
        pull_id=log.pull_id,
        at=now(),
        subject=downloader.subject,
        role=downloader.role,
        extract=order.extract.name,
        purpose=order.purpose.name,
        form=str(form),
        parameters=manifest.build(order, form, {}, 0, parted=False),
    )
    with _logged(db, record, now, lambda: log.total):
        yield log


@contextmanager
def log_file_download(
    db: Database, job: ExtractJob, file: WrittenFile, name: str, downloader: Downloader, now: Clock
) -> Iterator[None]:
    """Log the body of the `with` statement as the download of one file of a job."""
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
    with _logged(db, record, now, lambda: file):
        yield


@contextmanager
def _logged(db: Database, record: DownloadRecord, now: Clock, total: Callable[[], WrittenFile]) -> Iterator[None]:
    row = {name: getattr(record, name) for name in record.__slots__}
    with db.writing() as tx:
        tx.execute(insert(extract_pull), row | {"parameters": json.dumps(dict(record.parameters), sort_keys=True)})
        chain_changes.record(tx, extract_pull, row)
    try:
        yield
    except BaseException:
        _end(db, record, {"status": BROKEN_OFF, "finished_at": now()})
        raise
    _end(db, record, {"status": FINISHED, "finished_at": now(), **asdict(total())})


def _end(db: Database, record: DownloadRecord, values: dict[str, Any]) -> None:
    with db.writing() as tx:
        tx.execute(update(extract_pull).where(P.pull_id == record.pull_id).values(values))
        chain_changes.record(tx, extract_pull, {"pull_id": record.pull_id})


def find(tx: Connection, pull_id: UUID) -> DownloadRecord | None:
    row = tx.execute(select(extract_pull).where(P.pull_id == pull_id)).mappings().one_or_none()
    return _record_of(dict(row)) if row else None


def _record_of(row: Mapping[str, Any]) -> DownloadRecord:
    return DownloadRecord(**{**row, "parameters": json.loads(row["parameters"])})


def recent_downloads(tx: Connection, before: tuple[datetime, UUID] | None, limit: int) -> list[DownloadRecord]:
    """The newest downloads. `before`: the position (time, id) after which the page starts."""
    query = keyset.page(select(extract_pull), (P.at, P.pull_id), before, limit)
    return [_record_of(dict(row)) for row in tx.execute(query).mappings()]
