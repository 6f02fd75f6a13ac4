"""The server as commands start it, once its address has been found free."""

import socket
from typing import Any

from ungdom.settings import BadSettings, Settings

GRACE = 5
"""Seconds that requests under way have when the server is told to stop; a batch is broken off between two groups."""
LAST_PORT = 65_535


def chosen_port(host: str, port: int) -> int:
    """The port to listen on; with 0 one that is free. Raises `BadSettings` when another program has it already."""
    try:
        return _bound(host, port)
    except OSError as error:
        if isinstance(error, socket.gaierror):
            raise BadSettings(f"{host} is no address of this machine to listen on; try --host 127.0.0.1") from None
        raise BadSettings(f"port {port} of {host} {_why(error)}; try --port {_next_free(host, port)}") from None


def _why(error: OSError) -> str:
    return "may not be used by you" if isinstance(error, PermissionError) else "is in use by another program"


def _next_free(host: str, port: int) -> int:
    """The first free one after it, of those that need no special right; any free one when there is none."""
    for candidate in range(max(port, 1023) + 1, min(max(port, 1023) + 100, LAST_PORT)):
        try:
            return _bound(host, candidate)
        except OSError:
            continue
    return _bound(host, 0)


def _bound(host: str, port: int) -> int:
    """The port that could be bound, and is free again. Raises `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        free: int = probe.getsockname()[1]
        return free


def run(config: Settings, host: str, port: int, workers: int = 1) -> None:
    """Serve until told to stop."""
    import uvicorn

    from ungdom import app as application

    options: dict[str, Any] = {"host": host, "port": port, "log_level": "warning", "access_log": False}
    options["timeout_graceful_shutdown"] = GRACE
    if workers == 1:
        uvicorn.run(application.served(config), **options)
        return
    uvicorn.run("ungdom.app:from_environment", factory=True, workers=workers, **options)
