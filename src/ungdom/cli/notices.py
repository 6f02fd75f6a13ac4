"""`ungdom notices`: send due notices, list undelivered ones, replay dead letters, set up and try recipients."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from threading import Event
from typing import Annotated

import typer

from ungdom import settings
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.recipients import set_mail, set_webhook
from ungdom.cli.terminal import (
    AsJson,
    background,
    id_of,
    open_database,
    print_counts,
    print_result,
    print_rows,
    working,
)
from ungdom.cli.trial_messages import try_mail, try_webhook
from ungdom.notices import delivery
from ungdom.notices.webhooks import new_secret
from ungdom.settings import BadSettings, Settings
from ungdom.store import deliveries
from ungdom.store.deliveries import Delivery
from ungdom.store.session import Database
from ungdom.texts import Language

notices_app = typer.Typer(no_args_is_help=True, help="Notices: webhooks and the daily e-mail.")

JOIN_TIMEOUT = 60.0
"""Seconds that deliveries in progress have when the worker is stopped."""


@notices_app.callback()
def _group() -> None:
    """Notices: webhooks and the daily e-mail."""


@notices_app.command()
def deliver(
    held: Annotated[bool, typer.Option("--held", help="Send nothing; list undelivered notices, and why.")] = False,
    replay: Annotated[str | None, typer.Option(help="Send this delivery again, or `all` dead letters.")] = None,
    as_json: AsJson = False,
) -> None:
    """Send the notices that are due. Exit code 1 when there are dead letters."""
    config = settings.from_environment()
    db = open_database(config)
    if replay:
        _replay(db, replay, as_json)
        return
    if held:
        with db.reading() as tx:
            rows = [_delivery_values(entry) for entry in deliveries.undelivered(tx)]
        print_rows(rows, "{id}  {kind:<20} {receiver}  {held} since {since}, tries {attempts}", as_json)
        return
    with working("sending notices"):
        counts = delivery.deliver(delivery.from_settings(config, db))
    with db.reading() as tx:
        owed = deliveries.backlog(tx)
    summary = asdict(counts) | {"waiting": owed.waiting, "dead_letters": owed.dead}
    print_counts(summary, as_json)
    raise typer.Exit(ExitCode.FOUND if owed.dead else ExitCode.DONE)


@notices_app.command(name="test-mail")
def send_test_mail(
    address: Annotated[str, typer.Argument(help="Where to.")],
    language: Annotated[Language, typer.Option(help="Language of the message.")] = "nb",
    as_json: AsJson = False,
) -> None:
    """Send an e-mail that says nothing but that e-mail arrives. Exit code 1 when the relay does not take it."""
    try_mail(settings.from_environment(), address, language, as_json)


@notices_app.command(name="test-webhook")
def send_test_webhook(
    url: Annotated[str, typer.Argument(help="Where to.")],
    secret: Annotated[str | None, typer.Option(help="What to sign with; default a new secret.")] = None,
    as_json: AsJson = False,
) -> None:
    """Send a signed event that says nothing but that webhooks arrive. Exit code 1 when it is not received."""
    try_webhook(settings.from_environment(), url, secret or new_secret(), as_json)


notices_app.command(name="set-mail")(set_mail)
notices_app.command(name="set-webhook")(set_webhook)


@contextmanager
def notice_worker(
    config: Settings, stop: Event, every: float, report: Callable[[Counter[str]], None]
) -> Iterator[None]:
    """Deliver notices in a background thread inside the `with` statement. `report` gets the counts of each round."""
    work = delivery.from_settings(config, open_database(config), stop.is_set)
    with background("notices", partial(delivery.run_until_stopped, work, stop, every, report), stop, JOIN_TIMEOUT):
        yield


def _replay(db: Database, named: str, as_json: bool) -> None:
    with db.writing() as tx:
        count = deliveries.replay(tx) if named == "all" else int(deliveries.replay_one(tx, id_of("delivery", named)))
    if named != "all" and not count:
        raise BadSettings(f"no delivery {named} was made or given up")
    line = f"{count} dead letter(s) start again" if named == "all" else f"{named} starts again"
    print_result({"replayed": count}, line, as_json)


def _delivery_values(entry: Delivery) -> dict[str, str | int | None]:
    return {
        "id": str(entry.delivery_id),
        "kind": entry.kind,
        "receiver": entry.receiver,
        "held": entry.held or "waiting",
        "since": entry.created_at.isoformat(timespec="seconds"),
        "attempts": entry.attempts,
        "next_try_at": entry.next_try_at.isoformat(timespec="seconds") if entry.next_try_at else None,
    }
