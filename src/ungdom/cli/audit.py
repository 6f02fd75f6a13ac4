"""`ungdom audit`: verify, seal and export the hash chains. See docs/audit.md."""

import json
from contextlib import closing, suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from ungdom import clock, texts
from ungdom.audit import anchors as anchor_files
from ungdom.audit.anchors import Anchor, AnchorTaken, seal_values
from ungdom.audit.archive import verify_archive
from ungdom.audit.export import NotAnExport, verify_export
from ungdom.audit.findings import AuditFinding, VerificationResult
from ungdom.audit.seals import Seal
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.private_files import logged_file
from ungdom.cli.reading import HISTORY, log_read
from ungdom.cli.terminal import AsJson, OnDemo, open_database, out, print_result, progress, selected_settings, working
from ungdom.jobs import sealing
from ungdom.settings import BadSettings
from ungdom.store import chain_export, chain_seals, chain_verification
from ungdom.store.errors import DuplicateKey
from ungdom.store.session import Database
from ungdom.workflow.calendar import oslo_date

audit_app = typer.Typer(no_args_is_help=True, help="The hash chains: verify, seal and export them.")

SHOWN = 20
"""Findings that are printed."""


@audit_app.callback()
def audit() -> None:
    """The hash chains: verify, seal and export them."""


@audit_app.command()
def verify(
    export: Annotated[Path | None, typer.Option(help="Verify this export; no database is needed.")] = None,
    archive: Annotated[Path | None, typer.Option(help="Verify the archive of a case; no database is needed.")] = None,
    anchors: Annotated[
        Path | None, typer.Option(help="Folder of anchor files; default the configured one, if it is there.")
    ] = None,
    record: Annotated[bool, typer.Option(help="Store the result in the database.")] = True,
    as_json: AsJson = False,
    on_demo: OnDemo = False,
) -> None:
    """Compare every row with its link, the seals and the anchor files. Exit code 1 when a row is not as it was."""
    if archive is not None:
        exported, unreadable = _read_anchors(anchors)
        try:
            with working("verifying the archive"):
                result = verify_archive(archive.read_bytes(), exported)
        except OSError as error:
            raise BadSettings(f"{archive} cannot be read: {error.strerror}") from None
    elif export is not None:
        exported, unreadable = _read_anchors(anchors)
        try:
            with working("verifying the export"), export.open(encoding="ascii", errors="replace") as file:
                result = verify_export(file, exported)
        except OSError as error:
            raise BadSettings(f"{export} cannot be read: {error.strerror}") from None
        except NotAnExport:
            raise BadSettings(
                f"{export} is no export of the hash chains: name a file that `ungdom audit export` has written"
            ) from None
    else:
        result, unreadable = _verified(anchors, record, on_demo)
    result.findings += unreadable
    _print(result, as_json)
    raise typer.Exit(ExitCode.FOUND if result.findings else ExitCode.DONE)


@audit_app.command()
def seal(as_json: AsJson = False, on_demo: OnDemo = False) -> None:
    """Verify what has been written since the last seal, seal it, and write the anchor file.

    Exit code 1 when a row is not as it was; that stream is not sealed.
    """
    config = selected_settings(on_demo)
    now = clock.now()
    with closing(open_database(config)) as db:
        try:
            with working("sealing what has grown since the last seal"):
                done, result = sealing.seal(db, oslo_date(now), clock.now)
        except DuplicateKey:
            raise BadSettings(
                "another process has sealed at the same time, and nothing was sealed here: run it again for what has"
                " been written since"
            ) from None
        if not as_json:
            _print_seal(done)
        paths = _exported(db, config.anchors, now)
    if as_json:
        out.print_json(json.dumps({**seal_values(done), "files": [str(path) for path in paths]}))
    else:
        for path in paths:
            out.print(f"written {path}", markup=False)
        _print_findings(result.findings)
    raise typer.Exit(ExitCode.FOUND if result.findings else ExitCode.DONE)


def _print_seal(done: Seal) -> None:
    out.print(
        f"seal {done.number} of {done.day}: {done.leaves} streams have grown since the seal before;"
        f" all seals cover {done.rows} rows in {done.streams} streams; link {done.link.hex()}",
        soft_wrap=True,
    )


def _exported(db: Database, folder: Path, at: datetime) -> list[Path]:
    """The anchor files that were written. Raises `BadSettings` where one cannot be."""
    try:
        return sealing.export(db, folder, at)
    except AnchorTaken as error:
        raise BadSettings(
            f"seal {error.number} is in the database, but was not exported: {error.filename} is another seal with that"
            " number, and is left as it is. It was written before a backup was restored, or by another database. Keep"
            f" it: move the files from {error.number} on to another folder, or set UNGDOM_ANCHOR_DIR to a new one,"
            " and run `ungdom audit seal` again"
        ) from None
    except OSError as error:
        raise BadSettings(f"the anchor file cannot be written to {folder}: {error.strerror}") from None


@audit_app.command(name="export")
def write_export(
    file: Annotated[Path, typer.Argument(help="The file to write; one that is there is not overwritten.")],
    as_json: AsJson = False,
    on_demo: OnDemo = False,
) -> None:
    """Write the rows of the hash chains to a file of mode 600 that `ungdom audit verify --export` reads."""
    count = 0
    with (
        closing(open_database(selected_settings(on_demo))) as db,
        logged_file(db, file, "audit export", None, HISTORY) as unfinished,
        unfinished.open("w", encoding="ascii") as target,
        progress("lines") as report,
        db.reading() as tx,
    ):
        for line in chain_export.lines(tx):
            target.write(line)
            count += 1
            if count % 10_000 == 0:
                report(count, count)
    print_result({"file": file, "lines": count}, f"written {file}: {count} lines", as_json)


def _verified(folder: Path | None, record: bool, on_demo: bool) -> tuple[VerificationResult, list[AuditFinding]]:
    config = selected_settings(on_demo)
    usual = config.anchors
    exported, unreadable = _read_anchors(folder or (usual if usual.is_dir() else None))
    db = open_database(config)
    began = clock.now()
    with progress("rows") as report, db.reading() as tx:
        result = chain_verification.verify(tx, exported, report)
    if record:
        with db.writing() as tx:
            chain_seals.add_verification(tx, chain_seals.ALL, began, clock.now(), result)
        log_read(db, "audit verify", _ids_named(result), HISTORY)
    db.close()
    return result, unreadable


def _ids_named(result: VerificationResult) -> set[UUID]:
    """The cases and persons whose streams have a finding."""
    ids = set()
    for finding in result.findings:
        with suppress(ValueError):
            ids.add(UUID(finding.stream.rpartition(":")[2]))
    return ids


def _read_anchors(folder: Path | None) -> tuple[list[Anchor], list[AuditFinding]]:
    if folder is None:
        return [], []
    try:
        return anchor_files.read_folder(folder)
    except OSError as error:
        raise BadSettings(f"the folder of anchors {folder} cannot be read: {error.strerror}") from None


def _print(result: VerificationResult, as_json: bool) -> None:
    if as_json:
        findings = [{**asdict(finding), "message": texts.label("en", finding.problem)} for finding in result.findings]
        out.print_json(json.dumps({"streams": result.streams, "rows": result.rows, "findings": findings}))
        return
    out.print(f"{result.rows} rows in {result.streams} streams: {len(result.findings) or 'nothing'} found")
    _print_findings(result.findings)


def _print_findings(findings: list[AuditFinding]) -> None:
    if findings:
        out.print(f"first bad row: {_sentence(findings[0])}", markup=False)
    for finding in findings[1:SHOWN]:
        out.print(f"               {_sentence(finding)}", markup=False)
    if len(findings) > SHOWN:
        out.print(f"               and {len(findings) - SHOWN} more")


def _sentence(finding: AuditFinding) -> str:
    return f"{finding.table} {finding.stream} {finding.position}: {texts.label('en', finding.problem)}"
