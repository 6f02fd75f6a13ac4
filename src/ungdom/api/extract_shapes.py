"""The shapes of extracts: the catalogue, what is asked for, and who pulled what."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from ungdom import texts
from ungdom.api import inputs as i
from ungdom.api.schemas import Output
from ungdom.extracts import dictionary
from ungdom.extracts.catalogue import EXTRACTS, Extract
from ungdom.extracts.columns import Dates
from ungdom.extracts.pulling import Pull
from ungdom.extracts.purposes import Purpose
from ungdom.extracts.writers import Form
from ungdom.message.text import ReferenceText
from ungdom.workflow import patterns
from ungdom.workflow.vocabulary import Role

PURPOSE = Annotated[str, Field(pattern=patterns.PURPOSE, max_length=63)]

ROWS = tuple(one.name for one in EXTRACTS if not one.released)
"""The extracts of rows: those that are taken out for a purpose."""


def _ordered(name: str) -> str:
    if name not in ROWS:
        raise PydanticCustomError("enum", "is no extract of rows", {"allowed": list(ROWS)})
    return name


EXTRACT = Annotated[ReferenceText, AfterValidator(_ordered), Field(json_schema_extra={"enum": list(ROWS)})]


class ExtractQuery(i.AsOf):
    """What is asked for: the purpose; as known at and as it stood on, otherwise as of the end of yesterday; the form.

    Without `format` the Accept header says in which form; without that it is CSV.
    """

    purpose: PURPOSE
    format: Form | None = None


class AggregatesQuery(i.Input):
    """What is asked for: the newest release of what was known at an instant, otherwise of all; the form, as above."""

    known_at: i.Day | None = None
    format: Form | None = None


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


def extracts_out(language: texts.Language) -> list[ExtractOut]:
    """The catalogue."""
    return [_extract(one, language) for one in EXTRACTS]


def _extract(one: Extract, language: texts.Language) -> ExtractOut:
    return ExtractOut(
        name=one.name,
        title=dictionary.title(language, one),
        definition=one.version,
        row=one.unit,
        columns=len(one.columns),
        released=one.released,
        table_schema=dictionary.whole_schema(one),
    )


def purpose_out(one: Purpose) -> PurposeOut:
    """A purpose, without who may take it out."""
    return PurposeOut(
        name=one.name,
        ordered_by=one.ordered_by,
        basis=one.basis,
        until=one.until,
        dates=one.dates,
        without=sorted(one.without),
    )


def pull_out(one: Pull) -> PullOut:
    """A pull as the log has it."""
    return PullOut(
        id=one.pull_id,
        at=one.at,
        subject=one.subject,
        role=one.role,
        extract=one.extract,
        purpose=one.purpose,
        format=one.form,
        order=one.parameters["order"],
        job=one.job_id,
        file=one.file,
        status=one.status,
        finished_at=one.finished_at,
        rows=one.rows,
        bytes=one.bytes,
        sha256=one.sha256,
    )
