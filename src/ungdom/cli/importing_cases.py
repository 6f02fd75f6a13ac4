"""`ungdom import cases`: running cases from another system or from paper, each with its history."""

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Literal
from uuid import UUID

import typer

from ungdom import cases, clock, settings, texts
from ungdom.api.http.auth.principal import SUBJECT
from ungdom.cli.case_csv import CsvLine, lines_of_case
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.reading import STANDING, log_read
from ungdom.cli.terminal import AsJson, open_database, out, print_counts, progress
from ungdom.intake import IntakeContext
from ungdom.intake.case_import import EventNotImported, ImportedCase, ImportOutcome, ImportResult, import_case
from ungdom.intake.retry import retry_after_commit
from ungdom.settings import BadSettings
from ungdom.store.access_log import AccessLog
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import DuplicateKey, Stale
from ungdom.store.session import Database
from ungdom.texts.places import field_problem
from ungdom.workflow.errors import Problem
from ungdom.workflow.vocabulary import Actor

if TYPE_CHECKING:
    from ungdom.cli.case_files import CaseRecord

Line = dict[str, Any]
"""A line of the report."""

GOOD = (ImportOutcome.IMPORTED, ImportOutcome.IMPORTABLE, ImportOutcome.ALREADY)
"""Outcomes after which nothing is left to do."""
SILENT = (ImportOutcome.IMPORTED, ImportOutcome.ALREADY)
"""Outcomes that are only counted where no report is asked for."""
MOST_PLACES = 50
"""Invalid places that one line of the report lists at most."""
TRIES = 5
"""How often a case is tried when others write the same rows."""

TEMPLATE: Line = {
    "key": "A-2025-17",
    "sanction": "youth_follow_up",
    "occurred_on": "2025-02-03",
    "konfliktrad": "oslo",
    "person": {
        "given_name": "Vimsete",
        "family_name": "Vaffelpresse",
        "born": "2009-03-12",
        "guardians": [{"name": "Sindig Vaffelpresse"}],
    },
    "police_case_numbers": ["15434811"],
    "offences": [{"on": "2025-01-18", "group": "violence"}],
    "events": [
        {"type": "suspect_set", "occurred_on": "2025-02-03"},
        {"type": "coordination_requested", "occurred_on": "2025-02-10"},
        {"type": "consent_given", "occurred_on": "2025-02-20", "details": {"by": "youth"}},
        {"type": "consent_given", "occurred_on": "2025-02-20", "details": {"by": "guardian"}},
        {
            "type": "transferred_to_follow_up",
            "occurred_on": "2025-03-03",
            "details": {"length": {"months": 9}, "guilt_proven": True},
        },
        {"type": "received", "occurred_on": "2025-03-05"},
        {"type": "note_added", "occurred_on": "2025-03-06", "note": "Fra papirmappen.", "youth_may_read": True},
    ],
}
"""An invented case that shows the form of a file."""


@dataclass(frozen=True, slots=True)
class CaseImporter:
    """Where cases are imported, from which system, in which language, and whether anything is written."""

    db: Database
    keys: EncryptionKeys
    source: str
    language: texts.Language
    dry_run: bool
    access_log: AccessLog


def import_cases(
    file: Annotated[Path | None, typer.Argument(help="File with cases: .csv, or NDJSON; - reads NDJSON.")] = None,
    source: Annotated[str, typer.Option(help="Name of the system that the cases come from.")] = "import",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be imported, and write nothing.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write the report to this file, one JSON line per case.")] = None,
    template: Annotated[str | None, typer.Option(help="Print an example file: csv or ndjson.")] = None,
    language: Annotated[texts.Language, typer.Option(help="Language of the report.")] = "nb",
    as_json: AsJson = False,
) -> None:
    """Import running cases with their histories. A repeated run continues. Exit code 1 when a case was not imported."""
    if template is not None:
        _print_template(template)
        return
    if file is None or not SUBJECT.fullmatch(source):
        raise BadSettings("name a file, and a source of visible ASCII characters; --template csv shows the form")
    config = settings.from_environment()
    db = open_database(config)
    importer = CaseImporter(db, EncryptionKeys.of(config), source, language, dry_run, AccessLog(db))
    counts: Counter[str] = Counter()
    with ExitStack() as files:
        incoming = sys.stdin.buffer if str(file) == "-" else files.enter_context(_opened(file, "rb"))
        written = files.enter_context(_opened(report, "wb")) if report else None
        show = files.enter_context(progress("cases"))
        records = _records(incoming, is_csv=file.suffix.lower() == ".csv")
        for line in _report_lines(importer, records):
            counts[line["outcome"]] += 1
            if written is not None or as_json or line["outcome"] not in SILENT:
                _write_line(importer, line, written, as_json)
            show(counts.total(), len(records))
    db.close()
    if not as_json:
        print_counts({"cases": counts.total(), **counts}, as_json)
    raise typer.Exit(ExitCode.DONE if counts.keys() <= {*map(str, GOOD)} else ExitCode.FOUND)


def _records(incoming: BinaryIO, is_csv: bool) -> "list[CaseRecord]":
    from ungdom.cli import case_files  # loads the schemas of the interface

    return list((case_files.read_csv if is_csv else case_files.read_ndjson)(incoming))


def _report_lines(importer: CaseImporter, records: "Sequence[CaseRecord]") -> Iterator[Line]:
    """The report, a line per case, each after its transaction has been committed."""
    from ungdom.cli import case_files  # loads the schemas of the interface

    seen: set[str] = set()
    for record in records:
        try:
            case = case_files.to_case(record)
            result = None if case.key in seen else _import(importer, case)
            outcome = _result_line(importer, result)
            seen.add(case.key)
        except case_files.InvalidCase as error:
            outcome = {"outcome": ImportOutcome.INVALID, "errors": _places(importer, error.problems)}
        except EventNotImported as error:
            rows = record.event_rows
            place = {"event": error.number, "type": str(error.event)}
            place |= {"event_row": rows[error.number]} if error.number < len(rows) else {}
            outcome = {"outcome": ImportOutcome.REFUSED, **place, **_refusal(importer, error.cause)}
        except cases.CaseworkError as error:
            outcome = {"outcome": ImportOutcome.REFUSED, **_refusal(importer, error)}
        message = texts.text(importer.language, texts.section_of(ImportOutcome), outcome["outcome"])
        yield {"row": record.row, "key": record.key, "message": message, **outcome}


def _result_line(importer: CaseImporter, result: ImportResult | None) -> Line:
    if result is None:
        return {"outcome": ImportOutcome.REPEATED}
    if importer.dry_run and result.outcome is ImportOutcome.IMPORTED:
        return {"outcome": ImportOutcome.IMPORTABLE, "state": result.state}
    known = {"case": str(result.case_id), "reference": result.reference}
    return {"outcome": result.outcome, **known, **({"state": result.state} if result.state else {})}


def _import(importer: CaseImporter, case: ImportedCase) -> ImportResult:
    """The result in a transaction of its own, which a dry run undoes."""
    for _ in range(TRIES - 1):
        try:
            return _import_once(importer, case)
        except (Stale, DuplicateKey):  # somebody else has written meanwhile
            continue
    return _import_once(importer, case)


def _import_once(importer: CaseImporter, case: ImportedCase) -> ImportResult:
    context = IntakeContext(importer.keys, clock.now(), importer.language)
    with importer.db.writing() as tx, tx.begin_nested() as savepoint:
        result = import_case(tx, context, importer.source, case)
        if importer.dry_run:
            savepoint.rollback()
    if not importer.dry_run:
        retry_after_commit(importer.db, context, clock.now)
    return result


def _refusal(importer: CaseImporter, error: cases.CaseworkError) -> Line:
    """Why a case or an event was refused: every unmet condition with who can fix it, or one problem."""
    from ungdom.api.http.present import unmet_out  # loads the schemas of the interface

    language = importer.language
    if isinstance(error, cases.Refused):
        unmet = [unmet_out(language, condition).model_dump(mode="json") for condition in error.decision.unmet]
        return {"unmet": unmet}
    if isinstance(error, cases.UnknownReferenceValue):
        code = error.kind if error.kind == "office_mismatch" else f"unknown_{error.kind}"
        given = {"given": error.given, "konfliktrad": ", ".join(sorted(error.known))}
        return {"code": code, "detail": texts.text(language, "problem", f"{code}.detail", **given)}
    if isinstance(error, cases.NotPermitted) and set(error.actors) != {Actor.SYSTEM}:
        actors = texts.render(language, list(error.actors))
        detail = texts.text(language, "problem", "forbidden_role.actor", actors=actors)
        return {"code": "forbidden_role", "who_can": list(error.actors), "detail": detail}
    registered = isinstance(error, cases.UseCorrections) and error.event == "case_registered"
    code = (
        "use_opening"
        if registered
        else "use_corrections"
        if isinstance(error, cases.UseCorrections)
        else "done_by_service"
    )
    return {"code": code, "detail": texts.text(language, "problem", f"{code}.detail")}


def _places(importer: CaseImporter, problems: tuple[Problem, ...]) -> list[Line]:
    return [
        dict(field_problem(importer.language, problem.pointer, problem.kind, problem.allowed, problem.values))
        for problem in problems[:MOST_PLACES]
    ]


def _write_line(importer: CaseImporter, line: Line, written: BinaryIO | None, as_json: bool) -> None:
    """Write the line, once the access log has whose case it names. Raises `Unavailable`."""
    if "case" in line:
        log_read(importer.db, "import cases", {UUID(line["case"])}, STANDING, importer.access_log)
    text = json.dumps(line, ensure_ascii=False)
    if written is not None:
        written.write(text.encode() + b"\n")
        written.flush()
    if as_json:
        out.print(text, markup=False)
    elif written is None:
        out.print(_sentence(line), markup=False)


def _sentence(line: Line) -> str:
    """A line of the report for people."""
    place = f"line {line.get('event_row', line['row'])}, case {line['key'] or '?'}"
    reasons = [unmet["message"] for unmet in line.get("unmet", ())]
    reasons += [f"{error['pointer']}: {error['detail']}" for error in line.get("errors", ())]
    reasons += [line["detail"]] if "detail" in line else []
    about = f" ({line['type']})" if "type" in line else ""
    return "\n".join([f"{place}{about}: {line['message']}", *(f"  {reason}" for reason in reasons)])


def _print_template(form: str) -> None:
    if form == "ndjson":
        out.print(json.dumps(TEMPLATE, ensure_ascii=False), markup=False)
        return
    if form != "csv":
        raise BadSettings("a template is csv or ndjson")
    rows = list(lines_of_case(TEMPLATE))
    columns = [name for name in CsvLine.ORDER if any(row.get(name) for row in rows) or name in CsvLine.REQUIRED]
    writer = csv.DictWriter(sys.stdout, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _opened(path: Path, mode: Literal["rb", "wb"]) -> BinaryIO:
    try:
        return path.open(mode)
    except OSError as error:
        raise BadSettings(f"{path} cannot be opened: {error.strerror}") from None
