"""T8: what is read today as known at an instant is what was read at that instant, whatever was corrected since."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.api.build import FOLLOW_UP, opened
from tests.service import Client, Service

CASES = 32
PAIRS = 1_000
FIRST_DAY = date(2026, 1, 5)
READINGS = ("", "/events", "/lead-time", "/deadlines")

FACTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("charged", {}),
    ("pum_ordered", {"wished_by": "2026-03-02"}),
    ("coordination_meeting_held", {"suitable": True}),
    ("wait_started", {"party": "court", "reason": "capacity"}),
    ("wait_ended", {}),
    ("first_contact", {}),
    ("team_member_joined", {"member": "teacher-1", "agency": "school"}),
    ("team_member_left", {"member": "teacher-1"}),
    ("breach_recorded", {"kind": "plan"}),
    ("drug_test_held", {"result": "negative"}),
    ("complaint_filed", {"about": "transfer_to_follow_up"}),
    ("postponed", {"reason": "health"}),
    ("postponement_ended", {}),
    ("youth_heard", {"about": ["interruption"], "how": "spoken"}),
    ("interrupted", {"reason": "health"}),
    ("resumed", {"reason": "cause_gone"}),
    ("lapsed", {"reason": "limitation"}),
)


@pytest.fixture(autouse=True)
def every_answer_is_as_published() -> None:
    """Not here: thousands of answers of shapes that the other files have held against the document."""


@dataclass
class Glimpse:
    """What was read of a case (or of the list) at an instant."""

    path: str
    at: datetime
    body: Any


class Walker:
    """Lives through some months with some cases: a little happens, a little is corrected, a little is looked at."""

    def __init__(self, service: Service, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311  # a walk that can be walked again
        self.service = service
        self.client = service.as_("coordinator", "oslo")
        self.cases: list[str] = []
        self.steps: dict[str, int] = {}
        self.corrected = 0
        self.seen: list[Glimpse] = []

    @property
    def today(self) -> date:
        return self.service.clock.instant.date()

    def live(self) -> None:
        while len(self.seen) < PAIRS:
            self.service.clock.turn_to(self.today + timedelta(days=self.chance.choice((0, 0, 1, 2))))
            if len(self.cases) < CASES:
                self._open()
            case = self.chance.choice(self.cases)
            self.chance.choice((self._move, self._move, self._fact, self._correct, self._correct))(case)
            self._look()

    def _open(self) -> None:
        case = opened(self.client, occurred_on=str(self.today), offences=[{"on": str(self.today - timedelta(days=9))}])
        self.cases.append(case)
        self.steps[case] = 0

    def _move(self, case: str) -> None:
        kind, details = FOLLOW_UP[min(self.steps[case], len(FOLLOW_UP) - 1)]
        done = self.client.record(case, kind, self.today - timedelta(days=self.chance.choice((0, 0, 1))), details)
        self.steps[case] += done.status_code == 201

    def _fact(self, case: str) -> None:
        kind, details = self.chance.choice(FACTS)
        self.client.record(case, kind, self.today - timedelta(days=self.chance.choice((0, 1, 5))), details)

    def _correct(self, case: str) -> None:
        shown = self.client.get(f"/v1/cases/{case}/events")
        old = self.chance.choice([e for e in shown.json()["items"] if e["type"] != "corrected"])
        day = date.fromisoformat(old["occurred_on"]) - timedelta(days=self.chance.choice((-1, 1, 2)))
        replacement = None if self.chance.random() < 0.2 else {"occurred_on": str(day)}
        body = {"seq": old["seq"], "reason": "wrong_date", "replacement": replacement}
        done = self.client.post(f"/v1/cases/{case}/corrections", body, shown.headers["ETag"])
        self.corrected += done.status_code == 201

    def _look(self) -> None:
        for path in (self.chance.choice(READINGS), self.chance.choice(READINGS)):
            where = f"/v1/cases/{self.chance.choice(self.cases)}{path}"
            self.seen.append(Glimpse(where, self.service.clock.instant + timedelta(milliseconds=1), self._read(where)))
        if len(self.seen) % 50 == 0:
            found = self._read("/v1/cases", limit=200)
            self.seen.append(Glimpse("/v1/cases", self.service.clock.instant, found))

    def _read(self, path: str, **query: Any) -> Any:
        found = self.client.get(path, **query).json()
        found.pop("as_of", None)
        if path == "/v1/cases":
            return sorted(found["items"], key=lambda one: one["id"])
        return found

    def differing(self) -> Iterator[tuple[Glimpse, Any]]:
        for then in self.seen:
            more = {"limit": 200} if then.path == "/v1/cases" else {}
            now = self._read(then.path, known_at=then.at.isoformat(), **more)
            if now != then.body:
                yield then, now


def test_t8_what_is_read_as_known_then_is_what_was_read_then(one: Service, figure: Callable[[str], None]) -> None:
    walker = Walker(one, seed=8)
    walker.live()
    one.clock.turn_to(walker.today + timedelta(days=400))
    different = list(walker.differing())
    events = sum(len(_events(walker.client, case)) for case in walker.cases)
    figure(
        f"T8: {len(walker.seen):,} readings of {len(walker.cases)} cases with {events} events and "
        f"{walker.corrected} corrections read again as known then: {len(different)} differ"
    )
    assert walker.corrected >= 30
    assert len(walker.cases) >= 30
    assert different == []


def _events(client: Client, case: str) -> list[Any]:
    return client.get(f"/v1/cases/{case}/events").json()["items"]
