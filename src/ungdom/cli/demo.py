"""`ungdom demo`: a synthetic case load, a token for each role, and the service on it."""

import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ungdom import clock
from ungdom.cli import observing
from ungdom.cli.nightly import run_now
from ungdom.cli.releasing import release_in_background as release_beside
from ungdom.cli.serving import Host, Port, check, chosen_port, run
from ungdom.cli.terminal import AsJson, demo_settings, err, open_database, out, print_result, progress, working
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


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What is made. `cases`: None for as many as in the country. `processes`: how many make them."""

    cases: int | None
    seed: int
    fresh: bool
    processes: int


def _number_of_cases(value: str) -> int | None:
    """The number of cases; None: as many as in the country."""
    if value == NATIONAL:
        return None
    if value.isascii() and value.isdecimal() and int(value) > 0:
        return int(value)
    raise typer.BadParameter(f"{value!r} is neither a number of at least 1 nor the word {NATIONAL}")


def demo(  # noqa: PLR0913, PLR0917  # each is an option of the command
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
    as_json: AsJson = False,
) -> None:
    """Generate a synthetic case load since July 2014, with invented people, and a token for each role.

    With --json the result is printed once the cases are there, before they are served; messages go to standard error.
    """
    began = time.monotonic()
    options = LoadOptions(_number_of_cases(cases), seed, fresh, processes or os.cpu_count() or 1)
    config = demo_settings()
    printed = err if as_json else out
    if serve_after:
        check(config)
        port = chosen_port(host, port)
    loaded = _prepare_load(config, options, printed)
    night = _run_nightly(config, printed)
    folder, base = _write_tokens(config), f"http://{host}:{port}"
    if as_json:
        print_result({**loaded, **night, "tokens": folder, "url": base if serve_after else None}, "", True)
    if serve_after:
        release_beside()
        if not as_json:
            _print_first_calls(base, folder, time.monotonic() - began)
        with observing.running("demo", config):
            run(config, host, port, with_document=True)


def _print_first_calls(base: str, tokens: Path, seconds: float) -> None:
    from ungdom.api.docs import first_calls

    out.print(f"\nTry these five calls in another terminal (a token for each role is in {tokens}, for 12 hours):\n")
    out.print(first_calls.as_text(base, str(tokens)), markup=False)
    out.print(f"\nThe pages are on {base}/: pick a person, and open the case at the top.")
    out.print(f"ungdom is served on {base}/docs, {seconds:.0f} s after the start   (stop it with Ctrl-C)\n")


def _prepare_load(config: Settings, options: LoadOptions, printed: Console) -> dict[str, object]:
    """The demo load, made now or earlier: its day, and how many cases and events it has."""
    printed.print("1/3 preparing the database")
    before = _finished_load(config, options.fresh)
    if before is not None:
        count = before.counts.get("cases", 0)
        line = f"2/3 the demo load of {before.for_date}, {count} cases, is there already (--fresh builds it anew)"
        printed.print(line)
        return _load_values(before.for_date, count, before.counts.get("events", 0), made_now=False)
    printed.print("2/3 making the cases, from July 2014 until today")
    file = sqlite_file(config.database_url)
    if file is None or (file.exists() and not config.is_demo):
        return _load(config, options, printed)
    with _new_file(file) as unfinished:
        values = _load(config.model_copy(update={"database_url": f"sqlite:///{unfinished}"}), options, printed)
        _put_in_place(config, unfinished, file)
    return values


def _load_values(day: date, cases: int, events: int, made_now: bool) -> dict[str, object]:
    return {"for_date": day, "cases": cases, "events": events, "made_now": made_now}


def _run_nightly(config: Settings, printed: Console) -> dict[str, object]:
    """What the nightly runs did, and how many notices are in the inboxes since."""
    printed.print("3/3 the nightly run of today: alerts")
    counts = Counter[str]()
    with closing(open_database(config)) as db:
        for night in run_now(db, config):
            printed.print(f"    {night.counts['scanned']} cases checked, {night.counts['raised']} alerts raised")
            counts.update({name: night.counts[name] for name in ("scanned", "raised")})
        with working("writing notices"):
            sent = notices.deliver(notices.from_settings(config, db))
    printed.print(f"    {sent.promised} notices in the inboxes of the recipients")
    return {"scanned": counts["scanned"], "raised": counts["raised"], "notices": sent.promised}


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


def _load(config: Settings, options: LoadOptions, printed: Console) -> dict[str, object]:
    today = oslo_date(clock.now())
    total = options.cases or load.national(today)
    with closing(open_database(config, UPGRADABLE)) as db:
        db.upgrade()
        job = load_status.begin(db, today, clock.now())
        with progress("cases") as report:
            summary = load.load(
                db,
                EncryptionKeys.of(config),
                cases=total,
                seed=options.seed,
                today=today,
                progress=report,
                processes=options.processes if total > FEW else 1,
            )
        load_status.end(db, job, {"cases": summary.cases, "events": summary.events}, clock.now())
    for label, value in summary.rows():
        printed.print(f"  {label:<42} {value}")
    return _load_values(today, summary.cases, summary.events, made_now=True)


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
