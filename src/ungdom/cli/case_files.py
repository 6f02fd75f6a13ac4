"""Cases to import, read from a file: NDJSON with one case per line, or CSV with one event per line.

Both have the fields of the interface: a case as `POST /v1/cases` takes it, with its `key` in the other system, and its
events as `POST /v1/cases/{case_id}/events` takes them. Errors name fields, and never contain what was written in them.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Annotated, Any, BinaryIO

from pydantic import Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError, from_json

from ungdom.api.cases.schemas import NewCaseIn
from ungdom.api.events.schemas import EventIn
from ungdom.cases import CaseworkError
from ungdom.cli import csv_files
from ungdom.cli.case_csv import CsvLine, case_of_lines
from ungdom.intake.case_import import EventNotImported, ImportedCase, ImportedEvent
from ungdom.intake.stream import NdjsonLine, Splitter
from ungdom.message.sound import MAX_DEPTH, json_fault
from ungdom.settings import BadSettings
from ungdom.workflow import patterns
from ungdom.workflow.errors import BadDetails, Problem
from ungdom.workflow.events import problems_of

MAX_LINE_BYTES = 1024 * 1024
"""Bytes of a case on one line."""
CHUNK = 256 * 1024
MOST_EVENTS = 2_000
KEY, IDENTITY_NUMBER = re.compile(patterns.DECISION_ID), re.compile(patterns.IDENTITY_NUMBER)
"""The form of a key, and what a key must not look like."""


class CaseRecordIn(NewCaseIn):
    """A case of another system with its history."""

    key: str
    events: Annotated[list[EventIn], Field(max_length=MOST_EVENTS)] = Field(default=[])

    @field_validator("key")
    @classmethod
    def _is_of_a_case(cls, key: str) -> str:
        if not KEY.fullmatch(key) or IDENTITY_NUMBER.fullmatch(key):
            raise PydanticCustomError("import_key", "is no key of a case")
        return key


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """One case of a file. `row`: its line, the first one in CSV. `event_rows`: the lines of its events in CSV.

    `content`: what was read, None if it could not be; `problems`: why.
    """

    row: int
    content: dict[str, Any] | None
    problems: tuple[Problem, ...] = ()
    event_rows: tuple[int, ...] = ()

    @property
    def key(self) -> str | None:
        """The key that was written, if it can be shown."""
        key = (self.content or {}).get("key")
        shown = isinstance(key, str) and KEY.fullmatch(key) and not IDENTITY_NUMBER.fullmatch(key)
        return key if shown else None


class InvalidCase(Exception):
    """A case of a file has fields that are wrong or missing."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        super().__init__()
        self.problems = tuple(problems)


def read_ndjson(file: BinaryIO) -> Iterator[CaseRecord]:
    """The cases of a file with one JSON object per line; empty lines are left out."""
    splitter = Splitter(MAX_LINE_BYTES)
    while chunk := file.read(CHUNK):
        yield from map(_record_of_line, splitter.feed(chunk))
    yield from map(_record_of_line, splitter.end())


def read_csv(file: BinaryIO) -> Iterator[CaseRecord]:
    """The cases of a file with one event per line, in the order of their first lines; comma or semicolon separates.

    Raises `BadSettings` for a file that is not UTF-8 or lacks a column.
    """
    text = StringIO(csv_files.decoded(file.read()), newline="")
    header = text.readline()
    separator = csv_files.separator(header)
    lines: dict[str, list[CsvLine]] = {}
    try:
        with csv_files.bounded_cells():
            names = [name.strip() for name in next(csv.reader([header], delimiter=separator), [])]
            _check_columns(frozenset(names))
            rows = csv.DictReader(text, fieldnames=names, delimiter=separator)
            for row in rows:
                line = CsvLine(rows.line_num + 1, row)
                lines.setdefault(line.key or f"?{line.number}", []).append(line)
    except csv.Error as error:
        raise BadSettings(f"the file is not CSV: {error}") from None
    for of_case in lines.values():
        content, problems = case_of_lines(of_case)
        yield CaseRecord(of_case[0].number, content, tuple(problems), tuple(line.number for line in of_case[1:]))


def _check_columns(names: frozenset[str]) -> None:
    missing, unknown = CsvLine.REQUIRED - names, names - CsvLine.COLUMNS
    if missing or unknown:
        faults = (("lacks the columns", missing), ("has unknown columns", unknown))
        raise BadSettings("; ".join(f"the file {fault} {', '.join(sorted(them))}" for fault, them in faults if them))


def to_case(record: CaseRecord) -> ImportedCase:
    """The case of a record. Raises `InvalidCase` with every field that is wrong, or `EventNotImported`."""
    if record.content is None or record.problems:
        raise InvalidCase(record.problems)
    try:
        body = CaseRecordIn.model_validate(record.content)
    except ValidationError as error:
        raise InvalidCase(problems_of(error)) from None
    return ImportedCase(
        key=body.key,
        opening=body.as_opening,
        events=tuple(_events_of(body.events)),
        content=json.dumps(record.content, sort_keys=True),
    )


def _events_of(events: list[EventIn]) -> Iterator[ImportedEvent]:
    problems: list[Problem] = []
    for number, event in enumerate(events):
        try:
            yield ImportedEvent(event.as_entry(), event.note, event.youth_may_read)
        except BadDetails as error:
            problems += [
                Problem(f"/events/{number}/details{p.pointer}", p.kind, p.message, p.allowed, p.values)
                for p in error.problems
            ]
        except CaseworkError as error:
            raise EventNotImported(number, event.type, error) from None
    if problems:
        raise InvalidCase(problems)


def _record_of_line(line: NdjsonLine) -> CaseRecord:
    if line.raw is None:
        return CaseRecord(
            line.number, None, (Problem("", "string_too_long", "is too long", values={"limit": MAX_LINE_BYTES}),)
        )
    if fault := json_fault(line.raw):
        return CaseRecord(line.number, None, (Problem("", fault, "is not sound JSON", values={"limit": MAX_DEPTH}),))
    content = from_json(line.raw)
    if not isinstance(content, dict):
        return CaseRecord(line.number, None, (Problem("", "model_type", "is not an object"),))
    return CaseRecord(line.number, content)
