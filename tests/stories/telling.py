"""A case told over HTTP, day by day, as the office lives it: what is recorded, tried and shown."""

from datetime import date
from typing import Any

from tests.service import Client, Service
from tests.stories.places import COORDINATOR, OFFICE, by_the_system, opened
from tests.workflow.roads import lines, read

CONSENTS = {"consent_police": True, "consent_correctional_service": True}
EVERYBODY = {"present": ["youth", "guardian", "correctional_service", "police"]}

Said = tuple[str, dict[str, Any]]

BEFORE: dict[str, tuple[Said, ...]] = {
    "plan_failed": (("first_contact", {}),),
}
"""What the office records on the day of such a step before it, whatever story the step stands in."""

COMPLETED: dict[str, dict[str, Any]] = {
    "assigned": {"coordinator": COORDINATOR},
    "breach_talk_held": {"consequences_explained": True},
    "referred_for_breach": CONSENTS,
}
"""What such a step always says beside what the story says of it."""


class Story:
    """One case, told day by day; every line has to be taken. `born`: another day of birth than the road's youth."""

    def __init__(self, service: Service, road: str, until: str = "case_registered", born: str | None = None) -> None:
        self.service = service
        self.id = opened(service, road, born and date.fromisoformat(born))
        for line in lines(road, until)[1:]:
            self._record(line.kind, line.on, line.details, line.known)

    def on(self, day: str, kind: str, /, **details: Any) -> "Story":
        """That day it happens, and is recorded."""
        self._step(date.fromisoformat(day), kind, details)
        return self

    def told(self, text: str) -> "Story":
        """Line by line it happens, and is recorded: `day kind {details}`."""
        for line in map(read, text.strip().splitlines()):
            self._step(line.on, line.kind, line.details, line.known)
        return self

    def refused(self, day: str, kind: str, /, **details: Any) -> dict[str, Any]:
        """That day it is tried, and refused: the first condition that is unmet."""
        self.service.clock.turn_to(date.fromisoformat(day))
        done = self.coordinator.record(self.id, kind, day, details)
        assert done.status_code == 409, done.text
        return dict(done.json()["unmet"][0])

    def over(self, day: str) -> "Story":
        """The term is over while a breach case is open: the system records it, no person does."""
        by_the_system(self.service, self.id, read(f"{day} term_expired"))
        return self

    def shown(self, day: str | None = None) -> dict[str, Any]:
        """The case as the coordinator sees it."""
        return self._got("", day)

    def team(self, day: str | None = None) -> dict[str, Any]:
        """The team as the coordinator sees it: who must be there, and what each may be told."""
        return self._got("/team", day)

    def days(self, day: str | None = None) -> dict[str, Any]:
        """Where its days went: by stage and by who was waited for."""
        return self._got("/lead-time", day)

    def clock(self, code: str, day: str | None = None) -> dict[str, Any]:
        """One clock of the case."""
        return next(dict(one) for one in self._got("/deadlines", day)["items"] if one["code"] == code)

    def events(self) -> list[dict[str, Any]]:
        """The whole history."""
        return list(self._got("/events", None)["items"])

    def official(self) -> list[str]:
        """What the sector was told with the last event: part and code."""
        return [f"{status['part']} {status['code']}" for status in self.events()[-1]["official_status"]]

    def offered(self, role: str = "leader") -> set[str]:
        """What may be recorded now."""
        who = self.service.as_(role, OFFICE if role != "secretariat" else None)
        items = who.get(f"/v1/cases/{self.id}/options").json()["items"]
        return {item["type"] for item in items if item["enabled"]}

    @property
    def coordinator(self) -> Client:
        return self.service.as_("coordinator", OFFICE)

    def _got(self, path: str, day: str | None) -> dict[str, Any]:
        if day:
            self.service.clock.turn_to(date.fromisoformat(day))
        return dict(self.coordinator.get(f"/v1/cases/{self.id}{path}").json())

    def _step(self, day: date, kind: str, details: dict[str, Any], known: date | None = None) -> None:
        """A step of the story, and what belongs before it: the one place that knows what a step needs."""
        for before, said in BEFORE.get(kind, ()):
            self._record(before, day, said)
        self._record(kind, day, COMPLETED.get(kind, {}) | details, known)

    def _record(self, kind: str, day: date, details: dict[str, Any], known: date | None = None) -> None:
        self.service.clock.turn_to(known or day)
        office = "secretariat" if kind == "reopening_approved" else "leader"
        who = self.service.as_(office, OFFICE if office == "leader" else None)
        said = details | ({"coordinator": COORDINATOR} if kind == "assigned" else {})
        done = who.record(self.id, kind, day, said)
        assert done.status_code == 201, f"{kind} on {day}: {done.text}"
