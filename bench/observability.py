"""What log lines, ids and metrics cost: processor time per request with them and without, in turns in one process.

The service runs in this process without a server in front of it, so the ratio is higher than that of a whole request.
"""

import argparse
import gc
import logging
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for the service of the tests

from fastapi import FastAPI

from tests.api.build import case_at
from tests.service import Client, Service, fill
from ungdom.observability import logs

REQUESTS = 400
"""Requests of each kind to each service, one in turn; the medians are given, and their ratio."""


def seconds(client: Client, path: str) -> float:
    """Processor time of one request."""
    began = time.process_time()
    assert client.get(path).status_code == 200
    return time.process_time() - began


def measure(observed: Client, bare: Client, path: str, requests: int) -> tuple[float, float]:
    """Milliseconds with and without: the medians. Who is first changes from turn to turn."""
    taken: dict[int, list[float]] = {0: [], 1: []}
    clients = (observed, bare)
    for turn in range(requests):
        for which in (turn % 2, 1 - turn % 2):
            taken[which].append(seconds(clients[which], path))
    return statistics.median(taken[0]) * 1000, statistics.median(taken[1]) * 1000


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=REQUESTS, help="requests of each kind")
    requests = parser.parse_args().requests
    logging.getLogger("httpx").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as name, open("/dev/null", "w", encoding="utf-8") as nowhere:  # noqa: PTH123
        folder, url = Path(name), f"sqlite:///{name}/a.db"
        fill(url)
        logs.configure("json", "info", nowhere)
        with Service(url, folder, metrics_port=1) as observed, Service(url, folder) as bare:
            bare.app.middleware_stack = FastAPI.build_middleware_stack(bare.app)
            viewers = [running.as_("coordinator", "oslo") for running in (observed, bare)]
            case = case_at(viewers[0], "executing")
            measure(*viewers, f"/v1/cases/{case}", 20)
            gc.collect()
            gc.freeze()  # as the server does
            print("| request | with, ms | without, ms | ratio |\n|---|---:|---:|---:|")
            for label, path in (("a case", f"/v1/cases/{case}"), ("cases", "/v1/cases"), ("live", "/health/live")):
                more, less = measure(*viewers, path, requests)
                print(f"| {label} | {more:.2f} | {less:.2f} | {more / less:.3f} |", flush=True)


main()
