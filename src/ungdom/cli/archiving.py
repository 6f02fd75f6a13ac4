"""`ungdom case archive`: the archive of a closed case as a file, which `ungdom audit verify --archive` verifies."""

from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn
from uuid import UUID

import typer

from ungdom import cases, clock
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.private_files import write_logged
from ungdom.cli.reading import COMMAND_LINE
from ungdom.cli.terminal import AsJson, OnDemo, err, open_database, print_result, selected_settings, working
from ungdom.store import journal
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.session import Connection


def archive(
    case: Annotated[str, typer.Argument(help="Id or reference of the case.")],
    out_file: Annotated[Path, typer.Option("--out", help="The ZIP to write; it must not be there yet.")],
    as_json: AsJson = False,
    on_demo: OnDemo = False,
) -> None:
    """Write the archive of a closed case to a file that only its owner reads. That it was made is logged.

    Exit code 1 when there is no such case, or it is not closed.
    """
    from ungdom.api.archives.content import archive_of

    config, now = selected_settings(on_demo), clock.now()
    with closing(open_database(config)) as db:
        schema = db.current()
        with db.reading() as tx:
            read = case_named(tx, case, now)
            if read is None:
                _refuse(f"no case {case}")
            try:
                with working("gathering the case"):
                    content = archive_of(tx, EncryptionKeys.of(config), read, schema)
            except cases.CaseNotClosed:
                _refuse(f"the case {read.stored.reference} is not closed: only closed cases are archived")
        write_logged(db, out_file, content, "case archive", {read.stored.case_id})
    print_result({"file": out_file, "case_id": read.stored.case_id}, f"written {out_file}", as_json)


def case_named(tx: Connection, case: str, now: datetime) -> cases.CaseView | None:
    """The case with this id or reference; None when there is none."""
    case_id = _as_uuid(case) or journal.case_id_of(tx, case.upper())
    if case_id is None:
        return None
    try:
        return cases.read(tx, COMMAND_LINE, case_id, now, None, None)
    except cases.NotVisible:
        return None


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _refuse(why: str) -> NoReturn:
    err.print(f"ungdom: {why}", markup=False)
    raise typer.Exit(ExitCode.FOUND)
