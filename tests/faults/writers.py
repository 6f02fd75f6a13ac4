"""Clients that record notes on cases of their own, each note until it is acknowledged, and count what was."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.service import Client, Service, new_case
from ungdom.store import rebuild

AGAIN = (412, 503)
PATIENCE = 60.0
_NUMBERS = count(16_000_000)


@dataclass
class Written:
    """What the clients share. `acknowledged`: the last version of each case; `refused`: what went wrong."""

    acknowledged: dict[str, int] = field(default_factory=dict)
    unavailable: int = 0
    refused: list[Any] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def notes(self) -> int:
        """The number of notes that have been acknowledged."""
        return sum(version - 1 for version in self.acknowledged.values())

    def wait_for(self, notes: int) -> None:
        """Until so many notes have been acknowledged."""
        until = time.monotonic() + PATIENCE
        while self.notes < notes and not self.refused:
            assert time.monotonic() < until, f"{self.notes} notes, {self.unavailable} times unavailable"
            time.sleep(0.02)

    def wait_until_unavailable(self, times: int) -> None:
        """Until so many more answers have been 503."""
        until, wanted = time.monotonic() + PATIENCE, self.unavailable + times
        while self.unavailable < wanted and not self.refused:
            assert time.monotonic() < until, f"{self.notes} notes, {self.unavailable} times unavailable"
            time.sleep(0.02)


def opened(client: Client) -> str:
    body = new_case(police_case_numbers=[str(next(_NUMBERS))])
    answer = client.post("/v1/cases", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def write(client: Client, case: str, written: Written) -> None:
    """Note after note, each sent again under its key until it is acknowledged."""
    while not written.stop.is_set() and not written.refused:
        version = written.acknowledged[case]
        body = {"type": "note_added", "occurred_on": "2026-01-05", "note": f"Notat {version}"}
        answer = client.post(f"/v1/cases/{case}/events", body, f'"{version}"', f"{case}-{version}")
        if answer.status_code == 201:
            written.acknowledged[case] = answer.json()["seq"]
        elif answer.status_code == 503 and "Retry-After" in answer.headers:
            written.unavailable += 1
            time.sleep(0.05)
        else:
            written.refused.append((answer.status_code, answer.text))


@contextmanager
def writing(service: Service, clients: int = 4) -> Iterator[Written]:
    """So many clients write while the block runs."""
    written, client = Written(), service.as_("coordinator", "oslo")
    for _ in range(clients):
        written.acknowledged[opened(client)] = 1
    threads = [
        threading.Thread(target=write, args=(client, case, written), daemon=True) for case in written.acknowledged
    ]
    for thread in threads:
        thread.start()
    try:
        yield written
    finally:
        written.stop.set()
        for thread in threads:
            thread.join(PATIENCE)


def assert_kept(service: Service, written: Written) -> None:
    """Every acknowledged note is there once, none is there by half, and current rows agree with the events."""
    assert written.refused == []
    with service.db.reading() as tx:
        rows = tx.exec_driver_sql("select case_id, count(*), max(seq), count(distinct seq) from event group by case_id")
        events = {str(case).replace("-", ""): tuple(rest) for case, *rest in rows}
        notes = tx.exec_driver_sql("select count(*) from note").scalar() or 0
        promised = tx.exec_driver_sql("select count(*) from outbox").scalar() or 0
    assert rebuild.check(service.db) == []
    for case, version in written.acknowledged.items():
        number, last, distinct = events[case.replace("-", "")]
        assert number == last == distinct
        assert version <= last <= version + 1
    assert notes == sum(last - 1 for _, last, _ in events.values())
    assert promised == sum(number for number, _, _ in events.values())
