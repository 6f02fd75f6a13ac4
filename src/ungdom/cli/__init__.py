"""The commands.

Packages that a single command needs, such as FastAPI and numpy, are imported by that command: this halves the start
time of the others.
"""

from ungdom.cli import interrupts

interrupts.end_at_once()  # before the imports below, which take most of a second

import random
import signal
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from ungdom import clock, settings
from ungdom.cli import archiving, checking, extracting, figures, observing, offices, serving
from ungdom.cli.audit import audit_app
from ungdom.cli.database import db_app
from ungdom.cli.demo import demo, subject_of
from ungdom.cli.doctor import doctor
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.failures import in_one_sentence
from ungdom.cli.forecasting import forecast_app
from ungdom.cli.importing import import_app
from ungdom.cli.importing_cases import import_cases
from ungdom.cli.keys import keys_app
from ungdom.cli.migrating import migrate_cases
from ungdom.cli.nightly import nightly, run_if_due
from ungdom.cli.notices import notice_worker, notices_app
from ungdom.cli.reading import HISTORY, STANDING, log_read
from ungdom.cli.recidivism import recidivism
from ungdom.cli.releasing import release_app, releases
from ungdom.cli.retaining import retention_app, subject_access
from ungdom.cli.simulating import simulate_app
from ungdom.cli.staff import staff_app
from ungdom.cli.statistics import statistics_app
from ungdom.cli.terminal import (
    AsJson,
    OnDemo,
    demo_settings,
    err,
    id_of,
    open_database,
    open_readable_database,
    out,
    print_counts,
    print_result,
    print_rows,
    progress,
    selected_settings,
)
from ungdom.exchange import delivery, partners
from ungdom.exchange.transports import transport_for
from ungdom.exchange.worker import run_worker
from ungdom.settings import BadSettings, Settings
from ungdom.store import outbox
from ungdom.store.encryption import EncryptionKeys
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Actor, Role

interrupts.raise_again()

ABOUT = """Cases of ungdomsstraff and ungdomsoppfølging: service, database, statistics.

`ungdom demo --serve` starts it with invented people.

Exit codes: 0 success, 1 something was found, 2 wrong call or settings, 3 database not usable, 70 a fault of the
program, 130 interrupted. `ungdom doctor` looks for what is wrong and says what to do."""
YEAR = 24 * 365
"""Maximum lifetime of a token of the development issuer, in hours."""

app = typer.Typer(no_args_is_help=True, help=ABOUT, pretty_exceptions_enable=False)
case_app = typer.Typer(no_args_is_help=True, help="Show a case, or write the archive of a closed one.")
app.add_typer(db_app, name="db")
app.add_typer(case_app, name="case")
app.add_typer(import_app, name="import")
case_app.command()(archiving.archive)
import_app.command(name="cases")(import_cases)
app.add_typer(keys_app, name="keys")
app.add_typer(audit_app, name="audit")
app.command(name="check")(checking.check)
app.command()(doctor)
app.command(name="migrate-cases")(migrate_cases)
app.command()(demo)
app.command()(nightly)
app.command()(figures.indicators)
app.command()(figures.caseload)
app.command(name="extract")(extracting.extract)
app.command(name="extracts")(extracting.extracts)
app.add_typer(forecast_app, name="forecast")
app.add_typer(simulate_app, name="simulate")
app.add_typer(staff_app, name="staff")
app.add_typer(statistics_app, name="statistics")
statistics_app.command()(recidivism)
app.add_typer(notices_app, name="notices")
app.add_typer(release_app, name="release")
app.add_typer(retention_app, name="retention")
app.command(name="subject-access")(subject_access)
app.command()(releases)


def main() -> None:
    """Run the command; expected errors are printed as one sentence, and an interrupt ends it without a traceback."""
    observing.log_as_started()
    with in_one_sentence():
        app()


@app.command()
def serve(
    host: serving.Host = "127.0.0.1",
    port: serving.Port = 8000,
    workers: Annotated[
        int, typer.Option(min=0, help="Worker processes; 0: two, or one on SQLite, which allows only one.")
    ] = 0,
    metrics_port: observing.MetricsPort = None,
) -> None:
    """Serve the API and its documentation. The schema must be current: run `ungdom db upgrade` first."""
    config = settings.from_environment()
    config = config.model_copy(update={"metrics_port": metrics_port or config.metrics_port})
    count = workers or (1 if config.database_url.startswith("sqlite") else 2)
    if count > 1 and config.database_url.startswith("sqlite"):
        raise BadSettings("SQLite is served by one worker process; use PostgreSQL for several")
    with closing(open_readable_database(config)) as db:
        serving.require_safe_database(config, db)
    serving.check(config)
    chosen_port = serving.chosen_port(host, port)
    serving.require_free(config.metrics_host, config.metrics_port)
    serving.announce(host, chosen_port)
    with observing.running("serve", config):
        serving.run(config, host, chosen_port, count)


def _lifetime(hours: float) -> float:
    if not 0 < hours <= YEAR:  # also refuses NaN
        raise BadSettings(f"--hours {hours:g} is not above 0 and at most {YEAR}, a year")
    return hours


@app.command()
def token(
    role: Annotated[Role, typer.Argument(help="The role of the token.")],
    konfliktrad: Annotated[
        str | None, typer.Option(help="Code of the konfliktråd, for example `oslo`.", callback=offices.known)
    ] = None,
    subject: Annotated[str | None, typer.Option(help="The subject of the token.")] = None,
    hours: Annotated[float, typer.Option(help=f"Lifetime in hours, at most {YEAR}, a year.", callback=_lifetime)] = 12,
    source: Annotated[str | None, typer.Option(help="With prosecution: name of the sending system.")] = None,
    authority: Annotated[
        list[Actor] | None, typer.Option(help="With prosecution: acts of this party. Repeatable.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print a token of the development issuer. The role prosecution is for a system that sends decisions."""
    from ungdom.api.http.tokens import Issuer

    issuer = Issuer(demo_settings())
    who = Viewer(role, subject or subject_of(role, konfliktrad), konfliktrad)
    issued = issuer.issue(who, clock.now(), timedelta(hours=hours), source, authority or ())
    print_result({"token": issued, "role": role, "subject": who.subject, "hours": hours}, issued, as_json)


@case_app.command()
def show(
    case: Annotated[str, typer.Argument(help="Id or reference of the case.")],
    as_json: AsJson = False,
    on_demo: OnDemo = False,
) -> None:
    """Show a case: its state, history and deadlines. Names are left out. That it was read is logged."""
    from ungdom.api.cases import present as views
    from ungdom.api.events.present import events_out

    config = selected_settings(on_demo)
    now = clock.now()
    with closing(open_database(config)) as db:
        with db.reading() as tx:
            read = archiving.case_named(tx, case, now)
        if read is None:
            err.print(f"ungdom: no case {case}", markup=False)
            raise typer.Exit(ExitCode.FOUND)
        log_read(db, "case show", {read.stored.case_id}, HISTORY)
    shown = views.case_out(read, None, "en", None)
    if as_json:
        out.print_json(shown.model_dump_json())
        return
    out.print(f"{shown.reference}  {shown.sanction_label}  {shown.konfliktrad}  {shown.state_label}")
    for event in events_out(read.stored, "en").items:
        late = (
            "" if oslo_date(event.recorded_at) == event.occurred_on else f"  (recorded {oslo_date(event.recorded_at)})"
        )
        out.print(f"{event.seq:>4}  {event.occurred_on}  {event.label}{late}")
    for deadline in views.deadlines_out(read, "en", None).items:
        out.print(f"      due {deadline.due}  {deadline.label}: {deadline.status}, {deadline.law}")


# --- official messages --------------------------------------------------------------------------------------


@app.command()
def deliver(
    held: Annotated[bool, typer.Option("--held", help="Send nothing; list unsent messages, and why.")] = False,
    replay: Annotated[str | None, typer.Option(help="Send this message again, or `all` that were given up.")] = None,
    withdraw: Annotated[str | None, typer.Option(help="Do not send this message.")] = None,
    as_json: AsJson = False,
) -> None:
    """Send the official messages that are due. Exit code 1 when some were given up, or have waited too long."""
    work = _delivery_context(settings.from_environment())
    if replay or withdraw:
        _replay_or_withdraw(work, replay or withdraw or "", bool(replay), as_json)
        return
    if held:
        with work.db.reading() as tx:
            entries = list(outbox.undelivered(tx))
        log_read(work.db, "deliver", {entry.message.case_id for entry in entries}, STANDING)
        rows = [delivery.plain(entry) for entry in entries]
        print_rows(rows, "{message_id}  {kind:<18} {held}  since {since}, tries {attempts}", as_json)
        return
    with progress("messages") as report:
        counts = delivery.deliver(work, report=lambda looked: report(looked, looked))
    owed = delivery.backlog(work)
    print_counts(asdict(counts) | asdict(owed), as_json)
    raise typer.Exit(ExitCode.FOUND if owed.dead or owed.late else ExitCode.DONE)


def _delivery_context(config: Settings, stop: Callable[[], bool] = lambda: False) -> delivery.ExchangeDeliveryContext:
    return delivery.ExchangeDeliveryContext(
        db=open_readable_database(config),
        keys=EncryptionKeys.of(config),
        partners=partners.load(config.exchange_file),
        open_transport=transport_for,
        now=clock.now,
        jitter=random.random,
        stop=stop,
    )


def _replay_or_withdraw(work: delivery.ExchangeDeliveryContext, named: str, anew: bool, as_json: bool) -> None:
    """Replay or withdraw the named messages."""
    changed = []
    with work.db.writing() as tx:
        entries = outbox.dead_letters(tx) if anew and named == "all" else [outbox.find(tx, id_of("message", named))]
        for entry in entries:
            if entry is None or entry.delivered_at is not None or entry.message.kind not in outbox.OFFICIAL:
                raise BadSettings(f"no official message {named} waits to be sent")
            done = outbox.replay(tx, entry) if anew else outbox.withdraw(tx, entry)
            line = f"{entry.message.message_id} starts again as {done}" if anew else f"{named} will not be sent"
            changed.append((entry.message.message_id, done if anew else None, line))
    rows = [{"message_id": before, "sent_as": after} for before, after, _ in changed]
    print_result({"messages": rows}, "\n".join(line for *_, line in changed), as_json)


@app.command()
def worker(
    every: Annotated[float, typer.Option(min=0.1, max=3600, help="Seconds between two polls.")] = 5,
    metrics_port: observing.MetricsPort = None,
) -> None:
    """Deliver official messages and notices and receive messages, until stopped (SIGTERM, Ctrl-C)."""
    config, stop = settings.from_environment(), Event()
    port = metrics_port or config.worker_metrics_port
    serving.require_free(config.metrics_host, port)
    counted = observing.WorkerCounts(counting=port is not None)
    work = _delivery_context(config, stop.is_set)
    serving.require_safe_database(config, work.db)
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: stop.set())
    with (
        observing.running("worker", config),
        observing.metrics_of_process(config, port, counted.source),
        notice_worker(config, stop, every, counted.notices),
        extracting.extract_worker(config, stop, every),
    ):
        nightly_run = (lambda: run_if_due(work.db, config),)
        run_worker(work, config.exchange_file, stop, every, counted.exchange, nightly_run)


# --- generated files ----------------------------------------------------------------------------------------


@app.command()
def openapi(
    out_file: Annotated[Path | None, typer.Option("--out", help="Write to this file instead of printing.")] = None,
) -> None:
    """Print the OpenAPI document."""
    from ungdom import generated

    text = generated.openapi_text()
    if out_file is None:
        sys.stdout.write(text)
    else:
        _write(out_file, text)


@app.command()
def docs(root: Annotated[Path, typer.Option(help="Root of the source checkout.")] = Path()) -> None:
    """Regenerate the files below docs and openapi of a source checkout, and print their names."""
    from ungdom import generated

    if not root.is_dir():
        raise BadSettings(f"{root} is no folder")
    for path, text in generated.files().items():
        _write(root / path, text, below=root)
        out.print(f"written {path}")


def _write(path: Path, text: str, below: Path | None = None) -> None:
    """Write a text file, with the folders below `below`. Raises `BadSettings` where it cannot be written."""
    try:
        if below is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadSettings(f"{path} cannot be written: {error.strerror}") from None
