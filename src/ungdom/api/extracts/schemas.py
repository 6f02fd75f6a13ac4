"""Schemas of extracts: the catalogue, queries, downloads, jobs and schedules."""

from datetime import date, datetime
from typing import Annotated, Any, get_args
from uuid import UUID

from pydantic import Field

from ungdom.api.http import inputs as i
from ungdom.api.http.schemas import Output
from ungdom.extracts.catalogue import EXTRACTS
from ungdom.extracts.columns.column import Dates
from ungdom.extracts.jobs import Every, JobStatus
from ungdom.extracts.writers import Form
from ungdom.message.text import ReferenceText
from ungdom.texts import Language
from ungdom.workflow import patterns
from ungdom.workflow.vocabulary import Role

PURPOSE = Annotated[str, Field(pattern=patterns.PURPOSE, max_length=63)]

ROW_EXTRACTS = tuple(extract.name for extract in EXTRACTS if not extract.released)
"""The extracts of rows: those that are taken out for a purpose."""


EXTRACT = Annotated[ReferenceText, i.listed(ROW_EXTRACTS), Field(json_schema_extra={"enum": list(ROW_EXTRACTS)})]


LABELS = Annotated[tuple[Language, ...], Field(max_length=len(get_args(Language)))]


class ExtractQuery(i.AsOf):
    """What is asked for: the purpose; as known at and as it stood on, otherwise as of the end of yesterday; the form.

    Without `format` the Accept header says in which form; without that it is CSV. `labels`: the languages of the labels
    that stand beside codes, each in a column of its own.
    """

    purpose: PURPOSE
    format: Form | None = None
    labels: LABELS = ()


class AggregatesQuery(i.Input):
    """What is asked for: the newest release of what was known at an instant, otherwise of all; the form, as above."""

    known_at: i.Day | None = None
    format: Form | None = None
    labels: LABELS = ()


class PurposeOut(Output):
    """A purpose that rows are taken out for. `dates`: how exactly its extracts tell days."""

    name: str
    ordered_by: str
    basis: str
    until: date
    dates: dict[str, Dates]
    without: list[str]


class ExtractOut(Output):
    """One extract. `definition`: the version of what it means. `fields`: Frictionless Table Schema, days exact.

    `released`: it is made of what has been released, and needs no purpose.
    """

    name: str
    title: str
    definition: int
    row: str
    columns: int
    released: bool
    table_schema: Annotated[dict[str, Any], Field(serialization_alias="schema")]


class ExtractList(Output):
    """Every extract, and the purposes that the caller may take them out for."""

    items: list[ExtractOut]
    purposes: list[PurposeOut]
    formats: list[Form]


class PullOut(Output):
    """Who took out what. `rows`, `bytes`, `sha256`: null while it is under way, and where it was broken off."""

    id: UUID
    at: datetime
    subject: str
    role: Role
    extract: str
    purpose: str
    format: str
    order: dict[str, Any]
    job: UUID | None
    file: str | None
    status: str
    finished_at: datetime | None
    rows: int | None
    bytes: int | None
    sha256: str | None


class PullList(Output):
    """A page of pulls, the newest first."""

    items: list[PullOut]
    next: str | None


class JobIn(i.Input):
    """What is to be made. `known_at`, `valid_at`: as of the end of yesterday when not given."""

    extract: EXTRACT
    purpose: PURPOSE
    format: Form = Form.PARQUET
    known_at: i.Day | None = None
    valid_at: i.CivilDay | None = None


class ScheduleIn(i.Input):
    """What is to be made for each day, month or quarter, on the day after it."""

    extract: EXTRACT
    purpose: PURPOSE
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
