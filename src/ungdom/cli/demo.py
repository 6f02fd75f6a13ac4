"""`ungdom demo`: a synthetic case load, a token for each role, and the service on it."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from ungdom import clock
from ungdom.cli import observing
from ungdom.cli.nightly import run_now
from ungdom.cli.releasing import release_in_background as release_beside
from ungdom.cli.serving import Host, Port, check, chosen_port, run
from ungdom.cli.terminal import demo_settings, open_database, out, progress
from ungdom.demo import load, load_status
from ungdom.demo.people import subject_of
from ungdom.new_files import name_new
from ungdom.notices import delivery as notices
from ungdom.settings import BadSettings, Settings
from ungdom.settings.addresses import sqlite_file
from ungdom.store import chain_backfill
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.job_runs import JobRun
from ungdom.store.opening import UPGRADABLE, DatabaseFault, Unusable, is_open_elsewhere
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.rules.permissions import Viewer

DEFAULT_CASES = 1_000
NATIONAL = "national"
TOKEN_HOLDS = timedelta(hours=12)
OFFICE = "oslo"
"""The konfliktråd that the tokens of the demonstration are for, where a role needs one."""
FEW = 500
"""Up to this number of cases, a second process takes longer to start than it saves."""
NOT_EMPTY = (
    "the database holds cases, perhaps of a demo load that was interrupted; the demo load wants an empty one: leave"
    " UNGDOM_DATABASE_URL out, or let it name a new database"
)


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
            run(config, host, port, with_document=True)


def _print_first_calls(base: str, tokens: Path, seconds: float) -> None:
    from ungdom.api.docs import first_calls

    out.print(f"\nTry these five calls in another terminal (a token for each role is in {tokens}, for 12 hours):\n")
    out.print(first_calls.as_text(base, str(tokens)), markup=False)
    out.print(f"\nThe pages are on {base}/: pick a person, and open the case at the top.")
    out.print(f"ungdom is served on {base}/docs, {seconds:.0f} s after the start   (stop it with Ctrl-C)\n")


def _prepare_load(config: Settings, cases: int | None, seed: int, fresh: bool, processes: int) -> None:
    out.print("1/3 preparing the database")
    before = _finished_load(config, fresh)
    if before is not None:
        count = before.counts.get("cases", 0)
        out.print(f"2/3 the demo load of {before.for_date}, {count} cases, is there already (--fresh builds it anew)")
        return
    out.print("2/3 making the cases, from July 2014 until today")
    file = sqlite_file(config.database_url)
    if file is None or (file.exists() and not config.is_demo):
        _load(config, cases, seed, processes)
        return
    with _new_file(file) as unfinished:
        _load(config.model_copy(update={"database_url": f"sqlite:///{unfinished}"}), cases, seed, processes)
        _put_in_place(config, unfinished, file)


def _run_nightly(config: Settings) -> None:
    out.print("3/3 the nightly run of today: alerts")
    db = open_database(config)
    for night in run_now(db, config):
        out.print(f"    {night.counts['scanned']} cases checked, {night.counts['raised']} alerts raised")
    sent = notices.deliver(notices.from_settings(config, db))
    out.print(f"    {sent.promised} notices in the inboxes of the recipients")
    db.close()


def _finished_load(config: Settings, fresh: bool) -> JobRun | None:
    """The demo load that is there and complete; None if the cases have to be made.

    Raises `BadSettings` where they would be made in a database of others that holds cases.
    """
    file = sqlite_file(config.database_url)
    if file is not None and not file.exists():
        return None
    with closing(open_database(config, UPGRADABLE)) as db:
        db.upgrade()
        chain_backfill.link_events(db)
        chain_backfill.record_changes(db)
        finished = load_status.finished(db)
        if finished is not None and not fresh:
            return finished
        if not (config.is_demo or load_status.is_empty(db)):
            raise BadSettings(NOT_EMPTY)
    if config.is_demo and file is not None:
        _require_closed(file)
    return None


@contextmanager
def _new_file(file: Path) -> Iterator[Path]:
    """A file beside this one to build a database in, which is deleted at the end unless it was renamed.

    So is what an earlier build left that was killed. Raises `Unusable` while another program builds there.
    """
    unfinished = file.with_name(f"{file.name}.new")
    _require_closed(unfinished, "is being built by another `ungdom demo`")
    _delete(unfinished)
    try:
        yield unfinished
    finally:
        _delete(unfinished)


def _require_closed(file: Path, why: str = "is open there; stop the server that serves it") -> None:
    """Returns where no program has this database open, or there is none. Raises `Unusable`."""
    if file.exists() and is_open_elsewhere(file):
        raise Unusable(DatabaseFault.BUSY, f"{file} {why}")


def _put_in_place(config: Settings, unfinished: Path, file: Path) -> None:
    """Replace the demo database by the one that was built, which has no erasures and no anchors yet.

    Another database is never replaced, also one that was made meanwhile, and its erasures and anchors are never
    deleted. Raises `Unusable`, or `BadSettings` where there is one or a file cannot be deleted.
    """
    _require_closed(unfinished)
    if config.is_demo:
        _require_closed(file)
    try:
        if config.is_demo:
            config.erasures.unlink(missing_ok=True)
            shutil.rmtree(config.anchors) if config.anchors.is_dir() else None
            _delete(file)
        name_new(unfinished, file)
    except FileExistsError:
        raise BadSettings(f"{file} was made by another program meanwhile, and is left as it is") from None
    except OSError as error:
        raise BadSettings(f"{error.filename} cannot be replaced: {error.strerror}") from None


def _delete(file: Path) -> None:
    """Delete a SQLite database with its WAL files."""
    for ending in ("", "-wal", "-shm", "-journal"):
        file.with_name(file.name + ending).unlink(missing_ok=True)


def _load(config: Settings, cases: int | None, seed: int, processes: int) -> None:
    today = oslo_date(clock.now())
    total = cases or load.national(today)
    with closing(open_database(config, UPGRADABLE)) as db:
        db.upgrade()
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
