"""`ungdom deliver` and `ungdom worker`: official messages, once or until stopped."""

import random
import signal
from collections.abc import Callable
from dataclasses import asdict
from threading import Event
from typing import Annotated
from uuid import UUID

import typer

from ungdom import clock, settings
from ungdom.cli import extracting, observing, serving
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.nightly import run_if_due
from ungdom.cli.notices import notice_worker
from ungdom.cli.reading import STANDING, log_read
from ungdom.cli.terminal import AsJson, id_of, open_readable_database, print_counts, print_result, print_rows, progress
from ungdom.exchange import delivery, partners
from ungdom.exchange.transports import transport_for
from ungdom.exchange.worker import run_worker
from ungdom.settings import BadSettings, Settings
from ungdom.store import outbox
from ungdom.store.encryption import EncryptionKeys


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
    changed, case_ids = [], set[UUID]()
    with work.db.writing() as tx:
        entries = outbox.dead_letters(tx) if anew and named == "all" else [outbox.find(tx, id_of("message", named))]
        for entry in entries:
            if entry is None or entry.delivered_at is not None or entry.message.kind not in outbox.OFFICIAL:
                raise BadSettings(f"no official message {named} waits to be sent")
            done = outbox.replay(tx, entry) if anew else outbox.withdraw(tx, entry)
            case_ids.add(entry.message.case_id)
            line = f"{entry.message.message_id} starts again as {done}" if anew else f"{named} will not be sent"
            changed.append((entry.message.message_id, done if anew else None, line))
    log_read(work.db, "deliver", case_ids, STANDING)
    rows = [{"message_id": before, "sent_as": after} for before, after, _ in changed]
    print_result({"messages": rows}, "\n".join(line for *_, line in changed), as_json)


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
