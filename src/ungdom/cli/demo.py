"""`ungdom demo`: a synthetic case load, a token for each role, and the service on it."""

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from ungdom import clock
from ungdom.cli import observing
from ungdom.cli.nightly import run_now
from ungdom.cli.releasing import release_in_background as release_beside
from ungdom.cli.serving import Host, Port, check, chosen_port, run
from ungdom.cli.terminal import DEMO_FILE, demo_settings, is_demo, open_database, out, progress
from ungdom.demo import load, load_status
from ungdom.notices import delivery as notices
from ungdom.settings import BadSettings, Settings
from ungdom.store import chain_backfill
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.opening import UPGRADABLE, DatabaseFault, Unusable, is_open_elsewhere
from ungdom.store.session import Database
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

DEFAULT_CASES = 1_000
NATIONAL = "national"
TOKEN_HOLDS = timedelta(hours=12)
OFFICE = "oslo"
"""The konfliktråd that the tokens of the demonstration are for, where a role needs one."""
FEW = 500
"""Up to this number of cases, a second process takes longer to start than it saves."""


def _number_of_cases(value: str) -> int | None:
    """The number of cases; None: as many as in the country."""
    if value == NATIONAL:
        return None
    if value.isascii() and value.isdecimal() and int(value) > 0:
        return int(value)
    raise typer.BadParameter(f"{value!r} is neither a number of at least 1 nor the word {NATIONAL}")


def demo(
    cases: Annotated[
        str, typer.Option(metavar=f"NUMBER|{NATIONAL}", help=f"Number of cases; {NATIONAL}: as many as in the country.")
    ] = str(DEFAULT_CASES),
    seed: Annotated[int, typer.Option(help="Random seed. The same seed and day give the same rows.")] = 1,
    fresh: Annotated[bool, typer.Option(help="Rebuild the demo database even if it exists.")] = False,
    serve_after: Annotated[bool, typer.Option("--serve", help="Serve the demo database afterwards.")] = False,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    processes: Annotated[
        int, typer.Option(min=0, help="Processes that generate cases; 0: one per processor. The rows are the same.")
    ] = 0,
) -> None:
    """Generate a synthetic case load since July 2014, with invented people, and a token for each role."""
    began = time.monotonic()
    total = _number_of_cases(cases)
    config = demo_settings()
    if serve_after:
        check(config)
        port = chosen_port(host, port)
    _prepare_load(config, total, seed, fresh, processes or os.cpu_count() or 1)
    _run_nightly(config)
    folder = _write_tokens(config)
    if serve_after:
        release_beside()
        _print_first_calls(f"http://{host}:{port}", folder, time.monotonic() - began)
        with observing.running("demo", config):
            run(config, host, port)


def _print_first_calls(base: str, tokens: Path, seconds: float) -> None:
    from ungdom.api.docs import first_calls

    out.print(f"\nTry these five calls in another terminal (a token for each role is in {tokens}, for 12 hours):\n")
    out.print(first_calls.as_text(base, str(tokens)), markup=False)
    out.print(f"\nungdom is served on {base}/docs, {seconds:.0f} s after the start   (stop it with Ctrl-C)\n")


def _prepare_load(config: Settings, cases: int | None, seed: int, fresh: bool, processes: int) -> None:
    out.print("1/3 preparing the database")
    db = _prepared_database(config, fresh)
    before = load_status.finished(db)
    if before is not None:
        count = before.counts.get("cases", 0)
        out.print(f"2/3 the demo load of {before.for_date}, {count} cases, is there already (--fresh builds it anew)")
    else:
        out.print("2/3 making the cases, from July 2014 until today")
        _load(db, config, cases, seed, processes)
    db.close()


def _run_nightly(config: Settings) -> None:
    out.print("3/3 the nightly run of today: alerts")
    db = open_database(config)
    for night in run_now(db, config):
        out.print(f"    {night.counts['scanned']} cases checked, {night.counts['raised']} alerts raised")
    sent = notices.deliver(notices.from_settings(config, db))
    out.print(f"    {sent.promised} notices in the inboxes of the recipients")
    db.close()


def _prepared_database(config: Settings, fresh: bool) -> Database:
    db = open_database(config, UPGRADABLE)
    db.upgrade()
    chain_backfill.link_events(db)
    chain_backfill.record_changes(db)
    if not load_status.is_empty(db) and (fresh or load_status.finished(db) is None):
        db.close()
        _delete_demo_database(config)
        db = open_database(config, UPGRADABLE)
        db.upgrade()
    return db


def _delete_demo_database(config: Settings) -> None:
    """Delete the database file of the demo; no other database is ever deleted. Raises `BadSettings` for another one."""
    file = config.data_dir / DEMO_FILE
    if not is_demo(config):
        raise BadSettings("the database holds cases; the demo load wants an empty one")
    if is_open_elsewhere(file):
        raise Unusable(DatabaseFault.BUSY, f"{file} is open there; stop the server that serves it")
    for name in (DEMO_FILE, f"{DEMO_FILE}-wal", f"{DEMO_FILE}-shm"):
        (config.data_dir / name).unlink(missing_ok=True)


def _load(db: Database, config: Settings, cases: int | None, seed: int, processes: int) -> None:
    today = oslo_date(clock.now())
    total = cases or load.national(today)
    job = load_status.begin(db, today, clock.now())
    with progress("cases") as report:
        summary = load.load(
            db,
            EncryptionKeys.of(config),
            cases=total,
            seed=seed,
            today=today,
            progress=report,
            processes=processes if total > FEW else 1,
        )
    load_status.end(db, job, {"cases": summary.cases, "events": summary.events}, clock.now())
    for label, value in summary.rows():
        out.print(f"  {label:<42} {value}")


# --- tokens -------------------------------------------------------------------------------------------------


def subject_of(role: Role, konfliktrad: str | None) -> str:
    """The default subject of a token of the development issuer."""
    if role is Role.TEAM_MEMBER:
        return "team-police-oslo"
    if role is Role.COORDINATOR:
        return f"{role}-{konfliktrad}-1"
    return f"{role}-{konfliktrad}" if konfliktrad else f"{role}-1"


def _write_tokens(config: Settings) -> Path:
    """Write a token per role to a file named after it, readable by its owner only. Returns the folder."""
    from ungdom.api.http.tokens import NEEDS_OFFICE, SCOPES, Issuer

    issuer, folder = Issuer(config), config.data_dir / "demo" / "tokens"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for role in SCOPES:
        office = OFFICE if role in NEEDS_OFFICE else None
        viewer = Viewer(role, subject_of(role, office), office)
        _write_secret(folder / role, issuer.issue(viewer, clock.now(), TOKEN_HOLDS))
    return folder


def _write_secret(file: Path, text: str) -> None:
    """Write the file so that it is never readable by anyone else, not even while it is created."""
    temporary = file.with_name(f".{file.name}.new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(
        os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as opened_file:
        opened_file.write(text + "\n")
    temporary.replace(file)
