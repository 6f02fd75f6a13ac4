"""`ungdom sandbox`: the service with invented cases and a clock that can be moved, to try a program against."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ungdom import clock, links, settings
from ungdom.cli import observing
from ungdom.cli.serving import Host, Port, announce, chosen_port, connection_options, served_at
from ungdom.cli.terminal import background, open_database, out, progress
from ungdom.settings import BadSettings, Settings
from ungdom.settings.forms import DEVELOPMENT
from ungdom.settings.model import DATA_DIR
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.opening import UPGRADABLE, DatabaseFault, Unusable, is_open_elsewhere
from ungdom.workflow.calendar import oslo_date

if TYPE_CHECKING:
    from ungdom.sandbox.state import Sandbox

FOLDER, FILE, FILLED = "sandbox", "sandbox.db", "filled.db"
"""The folder of a sandbox in the data folder, its database, and the copy of that as it was at the start."""
FILES = (FILE, f"{FILE}-wal", f"{FILE}-shm", f"{FILE}-journal", "erasures.ndjson")
"""What a sandbox leaves behind, and the next one deletes."""
TAKEN = ("UNGDOM_LOG_FORMAT", "UNGDOM_LOG_LEVEL", "UNGDOM_PUBLIC_URL", "UNGDOM_THREADS")
"""The settings that a sandbox takes; the others are its own, so that nothing of a real installation gets into it."""
GRACE = 2
"""Seconds that requests in progress have when the sandbox begins anew."""
SEND_EVERY = 1.0
"""Seconds between two looks for webhooks to send."""
SENDING_GRACE = 40.0
"""Seconds that webhooks in progress have then: longer than one that is sent twice takes at most."""
LOOPBACK = ("127.0.0.0/8", "::1/128")
"""Where a sandbox may send to without TLS: the machine on which it runs."""


def sandbox(
    cases: Annotated[int, typer.Option(min=1, max=10_000, help="Number of invented cases.")] = 40,
    host: Host = "127.0.0.1",
    port: Port = 8000,
) -> None:
    """Serve invented cases with a clock that can be moved, faults to order and messages to send: docs/sandbox.md."""
    config = sandbox_settings()
    taken_port = chosen_port(host, port)
    config = served_at(config, host, taken_port).model_copy(update={"log_level": config.log_level or observing.BRIEF})
    announce(host, taken_port)
    out.print(f"the page of the sandbox is {links.sandbox_page(config.public_url)}   (stop it with Ctrl-C)")
    with observing.running("sandbox", config):
        fill(config, cases)
        while _serve(config, host, taken_port):
            refill(config)
            out.print("the sandbox begins anew")


def sandbox_settings() -> Settings:
    """The settings of a sandbox: a development installation with a database of its own.

    Raises `BadSettings` where UNGDOM_ENV names another kind of installation, or a setting is wrong.
    """
    given = {name: value for name, value in os.environ.items() if value.strip()}
    if (env := given.get("UNGDOM_ENV", DEVELOPMENT)) != DEVELOPMENT:
        raise BadSettings(
            f"UNGDOM_ENV is {env}: a sandbox is for development only, since everybody gets a token there and may move"
            " its clock; leave UNGDOM_ENV out, or set it to development"
        )
    folder = Path(given.get("UNGDOM_DATA_DIR", DATA_DIR)) / FOLDER
    settings.private_folder(folder.parent)
    own = {"UNGDOM_DATA_DIR": str(folder), "UNGDOM_DATABASE_URL": f"sqlite:///{folder / FILE}"}
    own["UNGDOM_WEBHOOK_ALLOW"] = ",".join(LOOPBACK)
    settings.from_environment({**given, **own, "UNGDOM_ENV": DEVELOPMENT})  # names all that are wrong, also the others
    taken = {name: given[name] for name in TAKEN if name in given}
    return settings.from_environment({**taken, **own, "UNGDOM_ENV": DEVELOPMENT})


def fill(config: Settings, cases: int) -> None:
    """A new database with invented cases in place of the last one, and a copy of it for the next reset.

    Raises `Unusable` while another program has the last one open.
    """
    from ungdom.demo import load

    if (config.data_dir / FILE).exists() and is_open_elsewhere(config.data_dir / FILE):
        raise Unusable(DatabaseFault.BUSY, f"{config.data_dir / FILE} is open there; stop the other sandbox")
    _delete(config)
    with closing(open_database(config, UPGRADABLE)) as db, progress("cases") as report:
        db.upgrade()
        load.load(db, EncryptionKeys.of(config), cases=cases, today=oslo_date(clock.now()), progress=report)
    shutil.copyfile(config.data_dir / FILE, config.data_dir / FILLED)


def refill(config: Settings) -> None:
    """The database as `fill` has made it."""
    _delete(config)
    shutil.copyfile(config.data_dir / FILLED, config.data_dir / FILE)


def _delete(config: Settings) -> None:
    for name in FILES:
        (config.data_dir / name).unlink(missing_ok=True)


def _serve(config: Settings, host: str, port: int) -> bool:
    """Serve a new sandbox, and send its webhooks, until it is stopped; whether it is to begin anew."""
    import uvicorn

    from ungdom.app import create_sandbox
    from ungdom.jobs import steps
    from ungdom.retention.journal import ErasureJournal
    from ungdom.sandbox.state import Sandbox

    again = Event()

    def begin_anew() -> None:
        again.set()
        server.should_exit = True

    box = Sandbox(begin_anew, steps.quick_steps(EncryptionKeys.of(config), ErasureJournal(config.erasures)))
    service = create_sandbox(config, box)
    box.run_nights(service.state.db)
    options: dict[str, Any] = {"log_level": "warning", "access_log": False, "log_config": None}
    options |= {"timeout_graceful_shutdown": GRACE, **connection_options(config)}
    server = uvicorn.Server(uvicorn.Config(service, host=host, port=port, **options))
    with _delivery(config, box):
        server.run()
    return again.is_set()


@contextmanager
def _delivery(config: Settings, box: "Sandbox") -> Iterator[None]:
    """Deliver the webhooks of this sandbox in a background thread inside the `with` statement."""
    from ungdom.notices import delivery
    from ungdom.sandbox.webhooks import delivery_context

    with closing(open_database(config)) as db:
        run = partial(delivery.run_until_stopped, delivery_context(config, db, box), box.ending, SEND_EVERY)
        with background("webhooks", run, box.ending, SENDING_GRACE):
            yield
