"""`ungdom staff`: the members of staff from a file, one by one, the end of service, and the list."""

import csv
import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ungdom import clock
from ungdom.cases import Precondition
from ungdom.cli import csv_files, offices
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.terminal import AsJson, OnDemo, open_database, out, print_rows, selected_settings, working
from ungdom.settings import BadSettings
from ungdom.staff import administration
from ungdom.staff.administration import Editor
from ungdom.staff.errors import ContactIsTheirOwn
from ungdom.store import case_queries, contacts
from ungdom.store import staff as staff_store
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.session import Connection
from ungdom.store.staff import Staff
from ungdom.texts.places import field_problem
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.errors import allowed_values, named_values, place_of
from ungdom.workflow.events import escaped
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

if TYPE_CHECKING:
    from ungdom.api.staff.schemas import StaffIn

staff_app = typer.Typer(no_args_is_help=True, help="Members of staff: import, add, end, list.")

COLUMNS = (
    "subject", "name", "roles", "konfliktrad", "active_from", "active_to", "telephone", "cleared", "language", "email",
)  # fmt: skip
"""The columns of the file. `subject`, `name`, `roles` and `active_from` are required, the others may be missing."""
REQUIRED = frozenset({"subject", "name", "roles", "active_from"})
CONTACT = frozenset({"language", "email"})
YES = {"true": True, "yes": True, "ja": True, "1": True, "false": False, "no": False, "nei": False, "0": False}
COMMAND_LINE = Viewer(Role.SYSTEM, "command-line", None)
"""The editor of changes that are made by a command."""


@dataclass(slots=True)
class RowReport:
    """The outcome of one row: `added`, `changed`, `unchanged` or `rejected`, and its problems. The header is line 1."""

    line: int
    subject: str
    outcome: str
    problems: list[dict[str, Any]] = field(default_factory=list)


# --- commands ---------------------------------------------------------------------------------------------------


@staff_app.command(name="import")
def import_staff(
    file: Annotated[Path, typer.Argument(help=f"CSV file with a header. Columns: {', '.join(COLUMNS)}.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; report what would happen.")] = False,
    as_json: AsJson = False,
    on_demo: OnDemo = False,
) -> None:
    """Enter and change members of staff from a file; who is not in it stays. Exit code 1 when a row was rejected."""
    config = selected_settings(on_demo)
    rows = _read_rows(file)
    db = open_database(config)
    keys = EncryptionKeys.of(config)
    with working("entering the rows"), db.writing() as tx:
        savepoint = tx.begin_nested()
        reports = _import_rows(tx, keys, rows)
        if dry_run:
            savepoint.rollback()
    db.close()
    _print_reports(reports, dry_run, as_json)
    raise typer.Exit(ExitCode.FOUND if any(report.outcome == "rejected" for report in reports) else ExitCode.DONE)


@staff_app.command()
def add(  # noqa: PLR0913, PLR0917  # each is an option of the command
    subject: Annotated[str, typer.Argument(help="The subject of the person, as it stands in their token.")],
    name: Annotated[str, typer.Option(help="Name, given name first.")],
    role: Annotated[list[str], typer.Option(help="coordinator, leader or secretariat. Repeatable.")],
    konfliktrad: Annotated[
        str | None, typer.Option(help="Code of the konfliktråd; not for the secretariat.", callback=offices.known)
    ] = None,
    active_from: Annotated[
        str | None, typer.Option("--from", metavar="YYYY-MM-DD", help="First day of service; of a new member today.")
    ] = None,
    active_to: Annotated[
        str | None,
        typer.Option("--to", metavar="YYYY-MM-DD", help='Last day of service; "" for none.'),
    ] = None,
    telephone: Annotated[str | None, typer.Option(help="Telephone number.")] = None,
    cleared: Annotated[
        bool | None, typer.Option("--cleared/--not-cleared", help="May have cases with protected addresses.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Language of notices: nb, nn or en.")] = None,
    email: Annotated[str | None, typer.Option(help="Address of the daily e-mail.")] = None,
    as_json: AsJson = False,
    on_demo: OnDemo = False,
) -> None:
    """Enter one member of staff, or change what is given of the entry. Exit code 1 when it was rejected."""
    values = {
        "subject": subject,
        "name": name,
        "roles": " ".join(role),
        "konfliktrad": konfliktrad,
        "active_from": active_from,
        "active_to": active_to,
        "telephone": telephone,
        "cleared": None if cleared is None else str(cleared).lower(),
        "language": language,
        "email": email,
    }
    config = selected_settings(on_demo)
    db = open_database(config)
    row = {name: value for name, value in values.items() if value is not None}
    with db.writing() as tx:
        if staff_store.find(tx, subject) is None:
            row.setdefault("active_from", str(oslo_date(clock.now())))
        reports = _import_rows(tx, EncryptionKeys.of(config), [(1, row)])
    db.close()
    _print_reports(reports, False, as_json)
    raise typer.Exit(ExitCode.FOUND if reports[0].outcome == "rejected" else ExitCode.DONE)


@staff_app.command()
def end(
    subject: Annotated[str, typer.Argument(help="The subject of the person.")],
    last_day: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="The last day of service; today when left out.")
    ] = None,
    as_json: AsJson = False,
    on_demo: OnDemo = False,
) -> None:
    """End the service of a member of staff. Their open cases stay assigned until they are reassigned."""
    db = open_database(selected_settings(on_demo))
    editor = Editor(COMMAND_LINE, clock.now())
    day = _day("--last-day", last_day) or editor.today
    with db.writing() as tx:
        member = staff_store.find(tx, subject, for_update=True)
        if member is None:
            raise BadSettings(f"there is nobody with the subject {subject} in the list of staff")
        if day < member.active_from:
            raise BadSettings(f"the service of {subject} begins on {member.active_from}, after {day}")
        expected = Precondition(any_version=True)
        administration.change(tx, editor, subject, expected, {"active_to": day})
        left = case_queries.count_open_cases_of(tx, [subject]).get(subject, 0)
    db.close()
    if as_json:
        out.print_json(json.dumps({"subject": subject, "active_to": str(day), "open_cases": left}))
    else:
        out.print(f"{subject}: last day of service {day}, {left} open case(s) to reassign", markup=False)


@staff_app.command(name="list")
def list_staff(
    konfliktrad: Annotated[str | None, typer.Option(help="Only this konfliktråd.", callback=offices.known)] = None,
    on: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Only who is in service on this day.")] = None,
    as_json: AsJson = False,
    on_demo: OnDemo = False,
) -> None:
    """List the members of staff, in service or not."""
    db = open_database(selected_settings(on_demo))
    today = oslo_date(clock.now())
    in_service = _day("--on", on)
    with db.reading() as tx:
        rows = [_listed(member, today) for member in staff_store.page(tx, konfliktrad, in_service)]
    db.close()
    layout = "{subject:<28} {konfliktrad:<16} {roles:<24} {active_from} – {active_to:<10}  {name}"
    plain = (
        rows if as_json else [{k: v or "" for k, v in row.items()} | {"roles": " ".join(row["roles"])} for row in rows]
    )
    print_rows(plain, layout, as_json)


def _listed(member: Staff, today: date) -> dict[str, Any]:
    return {
        "subject": member.subject,
        "name": member.display_name,
        "roles": [str(role) for role in member.roles],
        "konfliktrad": member.konfliktrad,
        "active_from": str(member.active_from),
        "active_to": str(member.active_to) if member.active_to else None,
        "in_service": member.in_service(today),
        "cleared": member.cleared,
    }


def _day(option: str, text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadSettings(f"{option} {text} is no day: write it as 2026-05-08") from None


# --- rows -------------------------------------------------------------------------------------------------------


def _read_rows(file: Path) -> list[tuple[int, dict[str, str]]]:
    """The rows of the file with their line numbers. Raises `BadSettings` for a file that is not such a list."""
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise BadSettings(f"{file} cannot be opened: {error.strerror}") from None
    lines = csv_files.decoded(raw, str(file)).splitlines()
    delimiter = csv_files.separator("".join(lines[:1]))
    reader = csv.DictReader(lines, delimiter=delimiter, skipinitialspace=True, restkey="", restval="")
    try:
        with csv_files.bounded_cells():
            return _rows_of(file, reader)
    except csv.Error as error:
        most = f"a cell has at most {csv_files.LONGEST_CELL} characters"
        raise BadSettings(f"{file} cannot be read as CSV in line {reader.reader.line_num}: {error}; {most}") from None


def _rows_of(file: Path, reader: "csv.DictReader[str]") -> list[tuple[int, dict[str, str]]]:
    """The rows with their line numbers. Raises `BadSettings` for another header, or `csv.Error`."""
    header = [name.strip() for name in reader.fieldnames or ()]
    reader.fieldnames = header
    unknown, missing = sorted({*header} - {*COLUMNS}), sorted(REQUIRED - {*header})
    if unknown or missing or len(set(header)) != len(header):
        named = f"unknown: {', '.join(unknown) or '–'}; missing: {', '.join(missing) or '–'}"
        raise BadSettings(f"the header of {file} is not as expected ({named}). The columns are {', '.join(COLUMNS)}")
    return [(reader.line_num, row) for row in reader if any(row.values())]


def _import_rows(tx: Connection, keys: EncryptionKeys, rows: list[tuple[int, dict[str, str]]]) -> list[RowReport]:
    """Write the rows that are legal, and report on all."""
    editor = Editor(COMMAND_LINE, clock.now())
    seen: set[str] = set()
    reports = []
    for line, row in rows:
        subject = (row.get("subject") or "").strip()
        report = RowReport(line, subject, "rejected", [])
        if subject and subject in seen:
            report.problems = [_problem("/subject", "subject_twice")]
        else:
            _import_row(tx, keys, editor, row, report)
        seen.add(subject)
        reports.append(report)
    return reports


def _import_row(tx: Connection, keys: EncryptionKeys, editor: Editor, row: dict[str, str], report: RowReport) -> None:
    problems: list[dict[str, Any]] = []
    entry = _parsed(_completed(tx, row), problems)
    if entry is None:
        report.problems = [_at_given(problem, row) for problem in problems]
        return
    values = entry.model_dump(exclude={"name", "roles", "contact"})
    roles = tuple(role for role in Role if role in entry.roles)
    action = administration.update_or_add(tx, editor, Staff(display_name=entry.name, roles=roles, **values))
    written = _write_contact(tx, keys, editor, entry, row)
    report.outcome = str(action) if action else "changed" if written else "unchanged"


def _write_contact(tx: Connection, keys: EncryptionKeys, editor: Editor, entry: "StaffIn", row: dict[str, str]) -> bool:
    """Write how they are notified, where the row has it; False where nothing changed."""
    if entry.contact is None:
        return False
    values, known = entry.contact.model_dump(), contacts.find(tx, keys, entry.subject)
    if known is not None and "language" not in row:
        values["language"] = known.language
    if known is not None and "email" not in row:
        values |= {"email_digest": known.email_digest, "address": known.address}
    with suppress(ContactIsTheirOwn):  # what somebody has written themselves stays theirs
        return administration.write_contact(tx, keys, editor, entry.subject, **values)
    return False


def _completed(tx: Connection, row: dict[str, str]) -> dict[str, str]:
    """The row with the stored value of each column that it does not have: what is checked is the entry as a whole."""
    subject = (row.get("subject") or "").strip()
    known = staff_store.find(tx, subject)
    if known is None:
        return row
    stored = {
        "konfliktrad": known.konfliktrad or "",
        "active_from": str(known.active_from),
        "active_to": str(known.active_to or ""),
        "telephone": known.telephone or "",
        "cleared": str(known.cleared).lower(),
    }
    return stored | row


def _at_given(problem: dict[str, Any], row: dict[str, str]) -> dict[str, Any]:
    """The problem; that of a stored last day stands at the first day, which is what the row gives."""
    stored = problem["pointer"] == "/active_to" and "active_to" not in row
    return problem | {"pointer": "/active_from"} if stored else problem


def _parsed(row: dict[str, str], problems: list[dict[str, Any]]) -> "StaffIn | None":
    """The entry of a row; None if it is not a legal one, with the problems."""
    from pydantic import ValidationError

    from ungdom.api.staff.schemas import StaffIn
    from ungdom.store import reference
    from ungdom.store.schema.reference import konfliktrad

    if "" in row:
        problems.append(_problem("", "too_many_values"))
        return None
    values = {name: text.strip() for name, text in row.items() if text and text.strip()}
    body: dict[str, Any] = {name: text for name, text in values.items() if name not in CONTACT}
    body["roles"] = values.get("roles", "").replace("|", " ").replace("+", " ").split()
    if "cleared" in values:
        body["cleared"] = YES.get(values["cleared"].lower(), values["cleared"])
    if contact := {name: values[name] for name in CONTACT if name in values}:
        email = contact.pop("email", None)
        body["contact"] = contact | ({"address": email, "email_digest": True} if email else {})
    codes = [str(known["code"]) for known in reference.read(konfliktrad)]
    if body.get("konfliktrad", codes[0]) not in codes:
        problems.append(field_problem("en", "/konfliktrad", "enum", codes))
    try:
        entry = StaffIn.model_validate(body)
    except ValidationError as error:
        problems += [_place(problem) for problem in error.errors()]
        return None
    return None if problems else entry


def _place(problem: Any) -> dict[str, Any]:
    pointer = "".join(f"/{escaped(str(part))}" for part in place_of(problem))
    return field_problem("en", pointer, problem["type"], allowed_values(problem), named_values(problem))


def _problem(pointer: str, kind: str) -> dict[str, Any]:
    return {"pointer": pointer, "code": kind, "detail": ROW_PROBLEMS[kind]}


ROW_PROBLEMS = {
    "subject_twice": "This person stands in the file already. Keep one of the rows.",
    "too_many_values": "The row has more values than the header. Put text with the separator in quotation marks.",
}


def _print_reports(reports: list[RowReport], dry_run: bool, as_json: bool) -> None:
    counts = Counter(report.outcome for report in reports)
    if as_json:
        rows = [{"line": r.line, "subject": r.subject, "outcome": r.outcome, "problems": r.problems} for r in reports]
        out.print_json(json.dumps({"dry_run": dry_run, "counts": counts, "rows": rows}))
        return
    for report in reports:
        out.print(f"line {report.line}: {report.subject or '–'} {report.outcome}", markup=False)
        for problem in report.problems:
            out.print(f"    {problem['pointer'].lstrip('/') or 'row'}: {problem['detail']}", markup=False)
    summary = ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "no rows"
    out.print(f"{'would be: ' if dry_run else ''}{summary}")
