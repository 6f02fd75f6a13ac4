"""The service in this process or in several, and where its links lead."""

import os
from typing import Any

from ungdom.settings import Settings

GRACE = 5
"""Seconds that requests under way have when the server is told to stop; a batch is broken off between two groups."""

START = 60
"""Seconds that a worker process has until it answers its parent: importing the service takes long on a busy machine."""


def run_server(config: Settings, host: str, port: int, workers: int = 1) -> None:
    """Serves until told to stop. Raises `BadSettings` before anything is served."""
    import uvicorn

    from ungdom import app as application

    config = served_at(config, host, port)
    options: dict[str, Any] = {"host": host, "port": port, "log_level": "warning", "access_log": False}
    options["timeout_graceful_shutdown"] = GRACE
    if workers == 1:
        uvicorn.run(application.create_app(config), **options)
        return
    application.create_app(config).state.db.close()  # what is wrong is said here, once, and not by each worker process
    os.environ["UNGDOM_PUBLIC_URL"] = config.public_url
    options["timeout_worker_healthcheck"] = START
    uvicorn.run("ungdom.app:from_environment", factory=True, workers=workers, **options)


def served_at(config: Settings, host: str, port: int) -> Settings:
    """These settings, with links that lead to this address where no public address is set."""
    if "public_url" in config.model_fields_set:
        return config
    local = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # compared, not bound
    shown = f"[{local}]" if ":" in local else local
    return config.model_copy(update={"public_url": f"http://{shown}:{port}"})
