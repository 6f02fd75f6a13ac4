"""The shapes of extracts: the catalogue, what is asked for, and who pulled what."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from ungdom import texts
from ungdom.api.http import inputs as i
from ungdom.api.http.schemas import Output
from ungdom.extracts import dictionary
from ungdom.extracts.catalogue import EXTRACTS, Extract
from ungdom.extracts.columns.column import Dates
from ungdom.extracts.download_log import DownloadRecord
from ungdom.extracts.purposes import Purpose
from ungdom.extracts.writers import Form
from ungdom.message.text import ReferenceText
from ungdom.workflow import patterns
from ungdom.workflow.vocabulary import Role

PURPOSE = Annotated[str, Field(pattern=patterns.PURPOSE, max_length=63)]

ROW_EXTRACTS = tuple(extract.name for extract in EXTRACTS if not extract.released)
"""The extracts of rows: those that are taken out for a purpose."""


def _check_row_extract(name: str) -> str:
    if name not in ROW_EXTRACTS:
        raise PydanticCustomError("enum", "is no extract of rows", {"allowed": list(ROW_EXTRACTS)})
    return name


EXTRACT = Annotated[
    ReferenceText, AfterValidator(_check_row_extract), Field(json_schema_extra={"enum": list(ROW_EXTRACTS)})
]


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
    return [_extract_out(extract, language) for extract in EXTRACTS]


def _extract_out(extract: Extract, language: texts.Language) -> ExtractOut:
    return ExtractOut(
        name=extract.name,
        title=dictionary.title(language, extract),
        definition=extract.version,
        row=extract.unit,
        columns=len(extract.columns),
        released=extract.released,
        table_schema=dictionary.whole_schema(extract),
    )


def purpose_out(purpose: Purpose) -> PurposeOut:
    """A purpose, without who may take it out."""
    return PurposeOut(
        name=purpose.name,
        ordered_by=purpose.ordered_by,
        basis=purpose.basis,
        until=purpose.until,
        dates=purpose.dates,
        without=sorted(purpose.without),
    )


def pull_out(pull: DownloadRecord) -> PullOut:
    """A pull as the log has it."""
    return PullOut(
        id=pull.pull_id,
        at=pull.at,
        subject=pull.subject,
        role=pull.role,
        extract=pull.extract,
        purpose=pull.purpose,
        format=pull.form,
        order=pull.parameters["order"],
        job=pull.job_id,
        file=pull.file,
        status=pull.status,
        finished_at=pull.finished_at,
        rows=pull.rows,
        bytes=pull.bytes,
        sha256=pull.sha256,
    )
