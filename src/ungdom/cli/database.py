"""`ungdom db`: the schema, the current rows, roles, backups."""

import json
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from ungdom import clock, settings
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.failures import UNREADABLE_HELP, unreadable
from ungdom.cli.reading import HISTORY, log_read
from ungdom.cli.terminal import (
    AsJson,
    OnDemo,
    erase_again,
    err,
    open_database,
    out,
    print_result,
    print_rows,
    progress,
    selected_settings,
    working,
)
from ungdom.settings import BadSettings, Settings
from ungdom.store import backup as backups
from ungdom.store import chain_backfill, person_names, rebuild
from ungdom.store import fingerprint as fingerprints
from ungdom.store import grants as privileges
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.grants import DatabaseRoles
from ungdom.store.opening import UPGRADABLE, is_open_elsewhere
from ungdom.store.session import Database

db_app = typer.Typer(
    no_args_is_help=True, help="The database: upgrade, check and rebuild it; its roles; back it up and restore it."
)
BackupFile = Annotated[Path, typer.Argument(help="File of the backup.")]


@db_app.command()
def upgrade(as_json: AsJson = False) -> None:
    """Upgrade the schema and the reference data to the newest version, and then the privileges of the roles."""
    config = settings.from_environment()
    with closing(open_database(config, UPGRADABLE)) as db:
        with working("changing the schema"):
            db.upgrade()
        with progress("cases") as report:
            result = rebuild.backfill(db, report)
            chain_backfill.link_events(db, report)
            chain_backfill.record_changes(db, report)
        _report_unreadable(db, "db upgrade", result)
        with working("indexing names, and erasing again"):
            if config.people_keys:
                person_names.backfill(db, EncryptionKeys.of(config))
            erase_again(db, config)
        schema, granted = db.current(), _grant_after_upgrade(db, config)
    line = f"schema {schema}"
    if granted is not None:
        line += f"\n{granted} statements executed for the roles of the database"
    print_result({"schema": schema, "granted": granted}, line, as_json)


def _grant_after_upgrade(db: Database, config: Settings) -> int | None:
    """Give the roles of the settings what new tables need, in so many statements.

    None without roles in the settings: reminds of roles that have privileges.
    """
    if config.database_application_role and db.file is None:
        return _apply(db, _roles_of(db, config))
    with db.reading() as tx:
        earlier = privileges.grantees(tx)
    if earlier:
        names = ", ".join(earlier)
        err.print(f"{names} may lack privileges on new tables: run `ungdom db grants --apply`", markup=False)
    return None


@db_app.command()
def check(as_json: AsJson = False, on_demo: OnDemo = False) -> None:
    """Compare every current row with the events. Exit code 1 when one differs."""
    with closing(open_database(selected_settings(on_demo))) as db, progress("cases") as report:
        differences = rebuild.check(db, report)
        log_read(db, "db check", {difference.case_id for difference in differences}, HISTORY)
    if as_json:
        out.print_json(json.dumps([difference_values(difference) for difference in differences], default=str))
    for difference in [] if as_json else differences:
        out.print(_difference_line(difference), markup=False)
    if not as_json:
        out.print(f"{len(differences)} difference(s)")
    raise typer.Exit(ExitCode.FOUND if differences else ExitCode.DONE)


def _difference_line(difference: rebuild.Difference) -> str:
    if difference.column == "history" and difference.folded is None:
        return f"{difference.case_id} history: cannot be read; {UNREADABLE_HELP}"
    return f"{difference.case_id} {difference.column}: found {difference.found}, the events say {difference.folded}"


def difference_values(difference: rebuild.Difference) -> dict[str, object]:
    """A difference as JSON values."""
    return {
        "case_id": difference.case_id,
        "column": difference.column,
        "found": difference.found,
        "folded": difference.folded,
    }


@db_app.command(name="rebuild")
def rebuild_rows(as_json: AsJson = False, on_demo: OnDemo = False) -> None:
    """Rebuild the current rows from the events. Exit code 1 when a case cannot be read: its row stays as it was."""
    with closing(open_database(selected_settings(on_demo))) as db, progress("cases") as report:
        result = rebuild.rebuild(db, report)
        values = {"cases": result.cases, "unreadable": [error.reference for error in result.unreadable]}
        print_result(values, f"{result.cases} case(s) folded again", as_json)
        _report_unreadable(db, "db rebuild", result)
    raise typer.Exit(ExitCode.FOUND if result.unreadable else ExitCode.DONE)


def _report_unreadable(db: Database, command: str, result: rebuild.RebuildResult) -> None:
    """A line for each case that was left as it was, once the access log has them."""
    log_read(db, command, {error.case_id for error in result.unreadable}, HISTORY)
    for error in result.unreadable:
        err.print(f"ungdom: {unreadable(error)}", markup=False)


# --- roles --------------------------------------------------------------------------------------------------


@db_app.command()
def grants(
    owner: Annotated[str | None, typer.Option(help="Role of the migrations; default: connected as.")] = None,
    application: Annotated[str | None, typer.Option(help="Role of the service; default the setting.")] = None,
    analyst: Annotated[str | None, typer.Option(help="Role that reads views only; default the setting.")] = None,
    execute: Annotated[bool, typer.Option("--apply", help="Execute the SQL, as owner.")] = False,
    compare: Annotated[bool, typer.Option("--check", help="List what a role may and should not. Exit code 1.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the SQL that gives three PostgreSQL roles their privileges. Repeatable; needed after each upgrade."""
    config = settings.from_environment()
    with closing(open_database(config)) as db:
        if db.file is not None:
            raise BadSettings("SQLite has no roles: whoever can write the file can change everything in it")
        roles = _roles_of(db, config, owner, application, analyst)
        if execute:
            count = _apply(db, roles)
            print_result({"executed": count}, f"{count} statements executed", as_json)
        elif compare:
            _compare(db, roles, as_json)
        else:
            _print_sql(db, roles, as_json)


def _roles_of(
    db: Database,
    config: Settings,
    owner: str | None = None,
    application: str | None = None,
    analyst: str | None = None,
) -> DatabaseRoles:
    """The roles that are named, or else those of the settings. Raises `BadSettings` where no application is named."""
    service = application or config.database_application_role
    if not service:
        raise BadSettings("no role of the service is named: --application or UNGDOM_DATABASE_APPLICATION_ROLE")
    with db.reading() as tx:
        connected = str(tx.exec_driver_sql("SELECT current_user").scalar())
    return DatabaseRoles(owner or connected, service, analyst or config.database_analyst_role)


def _apply(db: Database, roles: DatabaseRoles) -> int:
    with working("granting privileges"), db.writing() as tx:
        problems = privileges.unfit(tx, roles)
        if problems:
            raise BadSettings("; ".join(problems))
        return privileges.apply(tx, roles)


def _compare(db: Database, roles: DatabaseRoles, as_json: bool) -> None:
    with working("comparing privileges"), db.reading() as tx:
        lines = privileges.differences(tx, roles)
    print_result({"differences": lines}, "\n".join([*lines, f"{len(lines)} difference(s)"]), as_json)
    raise typer.Exit(ExitCode.FOUND if lines else ExitCode.DONE)


def _print_sql(db: Database, roles: DatabaseRoles, as_json: bool) -> None:
    with working("reading the tables"), db.reading() as tx:
        problems = privileges.unfit(tx, roles)
        script = privileges.statements(tx, roles)
    lines = [
        *(f"-- {problem}" for problem in problems),
        "BEGIN;",
        *(f"{statement};" for statement in script),
        "COMMIT;",
    ]
    print_result({"problems": problems, "statements": script}, "\n".join(lines), as_json)


# --- backups ------------------------------------------------------------------------------------------------


@db_app.command()
def backup(
    file: BackupFile,
    pg_dump: Annotated[str, typer.Option(help="The program pg_dump, for PostgreSQL.")] = backups.PG_DUMP,
    as_json: AsJson = False,
    on_demo: OnDemo = False,
) -> None:
    """Back up the database while the service writes: one snapshot, with a manifest FILE.json of its rows."""
    with closing(open_database(selected_settings(on_demo))) as db:
        try:
            with working("copying the database"):
                manifest = backups.back_up(db, file, clock.now(), pg_dump)
        except backups.CannotBackUp as error:
            raise BadSettings(str(error)) from None
    rows = sum(table.rows for table in manifest.tables.values())
    line = f"{rows} rows of schema {manifest.schema} in {file}"
    print_result({"file": file, "schema": manifest.schema, "rows": rows}, line, as_json)


@db_app.command()
def restore(
    file: BackupFile,
    replace: Annotated[bool, typer.Option("--replace", help="Set the present database aside.")] = False,
    as_json: AsJson = False,
) -> None:
    """Restore a backup of a SQLite database, and compare it with its manifest. Nothing may use the database."""
    config = settings.from_environment()
    settings.private_folder(config.data_dir)
    db = Database.open(config.database_url)
    place = db.file
    if place is None:
        raise BadSettings("a PostgreSQL database is restored with pg_restore: docs/operations.md")
    if place.exists() and not replace:
        raise BadSettings(f"there is a database at {place}: --replace sets it aside")
    if place.exists() and is_open_elsewhere(place):
        raise BadSettings(f"{place} is open in another program: stop it first")
    try:
        expected = backups.read_tables(backups.manifest_of(file))
        with working("restoring the backup"):
            earlier = backups.restore(db, file)
    except backups.CannotBackUp as error:
        raise BadSettings(str(error)) from None
    if earlier:
        err.print(f"the database that was there is {earlier}", markup=False)
    with closing(open_database(config, UPGRADABLE)) as restored:
        _print_differences(restored, expected, as_json)


@db_app.command()
def fingerprint(
    against: Annotated[Path | None, typer.Option("--compare", help="Manifest of a backup; exit code 1.")] = None,
    as_json: AsJson = False,
    on_demo: OnDemo = False,
) -> None:
    """Print rows and SHA-256 of every table, or compare them with the manifest of a backup."""
    with closing(open_database(selected_settings(on_demo))) as db:
        if against is not None:
            try:
                expected = backups.read_tables(against)
            except backups.CannotBackUp as error:
                raise BadSettings(str(error)) from None
            _print_differences(db, expected, as_json)
        with working("reading every table"), db.reading() as tx:
            tables = fingerprints.fingerprint(tx)
    if as_json:
        out.print_json(json.dumps(tables))
        return
    rows = [{"table": name, "rows": count, "sha256": digest} for name, (count, digest) in tables.items()]
    print_rows(rows, "{table:<24} {rows:>9}  {sha256}", as_json)


def _print_differences(db: Database, expected: object, as_json: bool) -> None:
    with working("comparing every table with the manifest"), db.reading() as tx:
        names = fingerprints.differing(dict(expected), fingerprints.fingerprint(tx))  # type: ignore[call-overload]
    lines = [*(f"{name} differs from the manifest" for name in names), f"{len(names)} table(s) differ"]
    print_result({"differing": names}, "\n".join(lines), as_json)
    raise typer.Exit(ExitCode.FOUND if names else ExitCode.DONE)
