"""Starts the server after checking that its address is free."""

import errno
import os
import resource
import socket
import tempfile
import time
from contextlib import closing
from multiprocessing import get_context
from threading import Thread
from typing import Annotated, Any

import typer

from ungdom import settings
from ungdom.cli import observing
from ungdom.cli.replicas import read_source, warn_of_replica
from ungdom.cli.terminal import err, open_readable_database, out
from ungdom.lazy import uncollected
from ungdom.orphans import end_with_parent
from ungdom.settings import BadSettings, Settings
from ungdom.store import durability, grants
from ungdom.store.opening import DatabaseFault, Unusable
from ungdom.store.session import Database

GRACE = 5
"""Seconds that requests in progress have when the server is stopped; a batch is interrupted between two groups."""
START = 60
"""Seconds until a worker process must respond to its parent: importing the service is slow on a busy machine."""
OTHER_FILES = 200
"""Open files of a process beside its connections: database, temporary files, refused connections."""
LAST_PORT = 65_535
LONGEST_TEMPORARY_FOLDER = 107 - len("/pymp-12345678/listener-12345678")
"""Bytes of its path: `multiprocessing` puts a socket there, whose address has at most 107."""
NO_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
"""Errors of `bind` for an address of another machine, or of an unsupported address family."""
BETWEEN_LOOKS = 0.1
"""Seconds between two attempts to connect to the server."""

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on; 0 takes a free one.")]


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
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
    with closing(open_readable_database(config)) as db, read_source(config, db) as source:
        require_safe_database(config, db)
        warn_of_replica(source)
    check(config)
    taken_port = chosen_port(host, port)
    require_free(config.metrics_host, config.metrics_port)
    announce(host, taken_port)
    with observing.running("serve", config):
        run(config, host, taken_port, count)


def chosen_port(host: str, port: int, option: str = "--port") -> int:
    """The port to listen on; for 0 a free one. Raises `BadSettings` when it is in use or not permitted."""
    try:
        return _bound(host, port)
    except OSError as error:
        if isinstance(error, socket.gaierror) or error.errno in NO_ADDRESS:
            raise BadSettings(f"{host} is no address of this machine to listen on; try --host 127.0.0.1") from None
        why = "may not be used by you" if isinstance(error, PermissionError) else "is in use by another program"
        raise BadSettings(f"port {port} of {host} {why}; try {option} {_next_free(host, port)}") from None


def require_free(host: str, port: int | None) -> None:
    """Returns where the port for metrics, if any, may be taken. Raises `BadSettings` before anything is served."""
    if port is not None:
        chosen_port(host, port, "--metrics-port")


def _next_free(host: str, port: int) -> int:
    """The first free unprivileged port after this one; any free one if there is none."""
    for candidate in range(max(port, 1023) + 1, min(max(port, 1023) + 100, LAST_PORT)):
        try:
            return _bound(host, candidate)
        except OSError:
            continue
    return _bound(host, 0)


def _bound(host: str, port: int) -> int:
    """The port that was bound for a moment. Raises `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        free: int = probe.getsockname()[1]
        return free


def check(config: Settings) -> None:
    """Build the application and discard it, to report wrong settings once and before serving. Raises `BadSettings`."""
    with uncollected():
        from ungdom import app as application

    state = application.create_app(config).state
    state.figures.close()
    state.db.close()


def require_safe_database(config: Settings, db: Database) -> None:
    """Outside development: refuse a database that may lose what it has committed, and warn of the role of the owner.

    Raises `Unusable`.
    """
    if config.development:
        return
    with db.reading() as tx:
        given_up = durability.given_up(tx)
    if given_up:
        raise Unusable(DatabaseFault.NOT_DURABLE, ", ".join(given_up))
    warn_of_owner(db)


def warn_of_owner(db: Database) -> None:
    """Print a warning if the service could change history, were it taken over."""
    with db.reading() as tx:
        if grants.may_change_history(tx):
            err.print(
                "ungdom: warning: the database role of the service can change and remove events;"
                " give it a role of its own: `ungdom db grants`, docs/operations.md",
                markup=False,
            )


def run(config: Settings, host: str, port: int, workers: int = 1, *, with_document: bool = False) -> None:
    """Serve until stopped. Raises `BadSettings` before the first request.

    `with_document`: one worker makes the OpenAPI document beside the start, for a visitor who reads it first.
    """
    import uvicorn

    config = served_at(config, host, port)
    options: dict[str, Any] = {"host": host, "port": port, "log_level": "warning", "access_log": False}
    options["log_config"] = None  # its lines are written as all others are
    options["timeout_graceful_shutdown"] = GRACE
    options |= connection_options(config)
    _allow_files(config.connection_limit + OTHER_FILES)
    if workers == 1:
        from ungdom import app as application

        service = application.prepared_app(config, with_document)
        metrics = service.state.metrics
        counted = metrics.registry if metrics is not None else None
        with observing.metrics_of_process(config, config.metrics_port, counted):
            uvicorn.run(service, **options)
        return
    os.environ["UNGDOM_PUBLIC_URL"] = config.public_url
    if config.metrics_port is not None:
        os.environ["UNGDOM_METRICS_PORT"] = str(config.metrics_port)
    options["timeout_worker_healthcheck"] = START
    _fork_workers()
    with observing.metrics_of_workers(config):
        uvicorn.run("ungdom.cli.serving:of_worker", factory=True, workers=workers, **options)


def _fork_workers() -> None:
    """Have uvicorn fork its workers from a process that has imported the service, in place of starting each anew.

    What has been imported is then in memory once. uvicorn has no option for it. Where the path of the folder for
    temporary files is too long for the address of a socket, each worker is started anew.
    """
    if len(os.fsencode(tempfile.gettempdir())) > LONGEST_TEMPORARY_FOLDER:
        return
    from uvicorn import _subprocess

    context = get_context("forkserver")
    context.set_forkserver_preload(["ungdom.cli.preloaded"])
    _subprocess.spawn = context  # type: ignore[assignment]  # used in the same way


def connection_options(config: Settings) -> dict[str, Any]:
    """The options of uvicorn that concern connections: the protocol with limits, trusted proxies, no server name."""
    return {
        "http": "ungdom.serving.protocol:LimitedProtocol",
        "ws": "none",
        "server_header": False,
        "proxy_headers": bool(config.trusted_proxies),
        "forwarded_allow_ips": list(config.trusted_proxies),
    }


def _allow_files(count: int) -> None:
    """Let this process and its workers have that many open files, as far as the system permits it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def of_worker() -> object:
    """The ASGI application of a worker process, which ends with its parent. Wrong settings end the process."""
    end_with_parent()
    observing.log_as_started(observing.RUNNING)
    with uncollected():
        from ungdom import app as application

    return application.from_environment()


def announce(host: str, port: int) -> None:
    """Print the address of the service once it accepts connections, from a background thread."""
    Thread(target=_announce, args=(host, port), name="announce", daemon=True).start()


def _announce(host: str, port: int) -> None:
    until = time.monotonic() + START
    while time.monotonic() < until:
        try:
            socket.create_connection((_local(host), port), timeout=1).close()
        except OSError:
            time.sleep(BETWEEN_LOOKS)
        else:
            out.print(f"ungdom is served on {_address(host, port)}")
            return


def served_at(config: Settings, host: str, port: int) -> Settings:
    """These settings, with this address as the public URL where none is set."""
    if "public_url" in config.model_fields_set:
        return config
    return config.model_copy(update={"public_url": _address(host, port)})


def _address(host: str, port: int) -> str:
    """The URL of the server on this machine."""
    local = _local(host)
    return f"http://[{local}]:{port}" if ":" in local else f"http://{local}:{port}"


def _local(host: str) -> str:
    """The host to connect to; the loopback address where the server listens on all addresses."""
    return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # compared, not bound
