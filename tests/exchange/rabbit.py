"""A real RabbitMQ for the tests, where there is one: named by UNGDOM_TEST_AMQP_URL, or `rabbitmq-server` on the PATH.

It is started on free ports of 127.0.0.1 with a folder of its own, together with the port mapper that Erlang wants, and
both are ended by their ids.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

OWN_BROKER_URL = "UNGDOM_TEST_AMQP_URL"
_SECONDS = 90


def found() -> bool:
    """Whether a RabbitMQ can be started here."""
    return shutil.which("rabbitmq-server") is not None and _epmd() is not None


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The address of a RabbitMQ that was started for this."""
    port, mapper, distribution = _free(), _free(), _free()
    env = _environment(folder, port, mapper, distribution)
    with ExitStack() as stack:
        stack.enter_context(
            _process([str(_epmd()), "-port", str(mapper), "-address", "127.0.0.1"], env, folder / "epmd")
        )
        stack.enter_context(_process([_server()], env, folder / "rabbitmq"))
        _wait(port, folder / "rabbitmq")
        yield f"amqp://guest:guest@127.0.0.1:{port}/"


def _environment(folder: Path, port: int, mapper: int, distribution: int) -> dict[str, str]:
    home = folder / "home"
    home.mkdir()
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("RABBITMQ_")},
        "HOME": str(home),
        "ERL_EPMD_PORT": str(mapper),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"ungdom{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONFIG_FILE": str(folder / "none"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none-env"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
    }


def _server() -> str:
    """The server's own script: the one on the PATH of Debian changes to another user first."""
    packaged = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    return str(packaged) if packaged.exists() else str(shutil.which("rabbitmq-server"))


def _epmd() -> str | None:
    return shutil.which("epmd")


@contextmanager
def _process(command: list[str], env: dict[str, str], log: Path) -> Iterator[None]:
    """A process and its children, ended together by the id of their group."""
    with log.open("wb") as file:
        process = subprocess.Popen(command, env=env, stdout=file, stderr=file, start_new_session=True)
        try:
            yield
        finally:
            for told in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(process.pid, told)
                    process.wait(20)
                except (ProcessLookupError, subprocess.TimeoutExpired):
                    continue


def _wait(port: int, log: Path) -> None:
    for _ in range(_SECONDS * 4):
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as connection:
                connection.settimeout(5)
                connection.sendall(b"AMQP\x00\x00\x09\x01")
                if connection.recv(1):
                    return
        except OSError:
            time.sleep(0.25)
    raise AssertionError(f"RabbitMQ did not start: {log.read_text(errors='replace')[-2_000:]}")


def _free() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
