"""Decisions as a sending system tells them, and looks at what became of them. The people are invented."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count, cycle
from typing import Any

import httpx

from tests.service import Client, Service
from ungdom.demo.people import name_lists
from ungdom.message.national_id import NationalIdFlag, check_national_id
from ungdom.store import rebuild
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Actor, Role

OFFICE = "oslo"
DAY = date(2025, 7, 1)
"""The day on which most messages are sent here: every step told of lies before it."""

BORN = "2008-03-12"
NUMBERS = count(31_000_000)
SYSTEM = "hub"

Told = dict[str, Any]


@cache
def identities(born: str) -> Iterator[str]:
    """Identity numbers of Skatteetaten's synthetic series for this day of birth, over and over.

    A day of birth has some four hundred; a run asks for more, but no test, and each test has a database of its own.
    """
    day = date.fromisoformat(born)
    start = f"{day.day:02}{day.month + 80:02}{day.year % 100:02}"
    wrong = {NationalIdFlag.WRONG_CONTROL_DIGITS, NationalIdFlag.RULE_OF_2032}
    tried = (f"{start}{single:03}{control:02}" for single in range(999, 499, -1) for control in range(100))
    return cycle(number for number in tried if not check_national_id(number).flags & wrong)


def person(**changed: Any) -> Told:
    """Somebody invented."""
    told = {
        "born": BORN,
        "given_name": "Rutete",
        "family_name": "Fiskegrateng",
        "guardians": [{"name": "Munter Fiskegrateng"}],
    }
    found = told | changed
    found.setdefault("national_id", next(identities(found["born"])))
    return {name: value for name, value in found.items() if value is not None}


def somebody() -> Told:
    """Somebody else at every call, born on the same day: no two have both names in common."""
    return person(given_name=next(_GIVEN_NAMES), family_name=next(_FAMILY_NAMES))


_GIVEN_NAMES, _FAMILY_NAMES = cycle(name_lists().given), cycle(name_lists().family)


def opening(**changed: Any) -> Told:
    """What opens a case of a youth sanction; with the two days of the indictment left to the message itself."""
    told: Told = {
        "sanction": "youth_sanction",
        "registered_on": "2025-01-18",
        "offences": [{"on": "2025-01-17"}],
        "suspect_on": "2025-01-20",
        "investigation_closed_on": "2025-02-28",
        "konfliktrad": OFFICE,
    }
    return told | changed


FOLLOW_UP = opening(sanction="youth_follow_up", suspect_on="2025-01-20", investigation_closed_on="2025-02-10")
JUDGMENT: Told = {"length": {"years": 1}, "subsidiary_prison": {"months": 6}}
CONSENTS = [{"by": "youth", "on": "2025-02-11"}, {"by": "guardian", "guardian": "g1", "on": "2025-02-11"}]
TRANSFER: Told = {"length": {"days": 120}, "guilt_proven": True, "notified_on": "2025-02-13", "consents": CONSENTS}

Step = tuple[str, str, Told]

CHAIN: tuple[Step, ...] = (
    ("indicted", "2025-03-03", {"court_received_on": "2025-03-04"}),
    ("judgment_given", "2025-04-24", JUDGMENT),
    ("judgment_served", "2025-04-24", {}),
    ("became_final", "2025-05-09", {}),
    ("dispatched", "2025-05-12", {}),
)
APPEAL: tuple[Step, ...] = (
    *CHAIN[:3],
    ("appealed", "2025-05-08", {}),
    ("appeal_referred", "2025-05-22", {}),
    ("appeal_decided", "2025-06-12", {"outcome": "upheld", "served_on": "2025-06-12"}),
    ("became_final", "2025-06-27", {}),
    ("dispatched", "2025-06-30", {}),
)


def system(service: Service, name: str = SYSTEM, *authorities: Actor) -> Client:
    """A sending system that may tell of these authorities' acts, of all four when none is named."""
    who = Viewer(Role.PROSECUTION, name, None)
    told = authorities or tuple(Actor(one) for one in ("police", "prosecution", "court", "correctional_service"))
    since, long = datetime(2014, 1, 1, tzinfo=UTC), timedelta(days=365 * 40)
    return Client(service, service.issuer.issue(who, since, long, f"source-{name}", told))


def coordinator(service: Service) -> Client:
    """The coordinator in Oslo."""
    return service.as_("coordinator", OFFICE)


@dataclass
class File:
    """One case as a sending system knows it: the youth, the number, and what it says of them."""

    service: Service
    person: Told = field(default_factory=somebody)
    number: str = field(default_factory=lambda: str(next(NUMBERS)))
    opening: Told = field(default_factory=opening)
    opens_with: str = "indicted"
    day: date = DAY
    client: Client | None = None

    def __post_init__(self) -> None:
        self.service.clock.turn_to(self.day)
        self.client = self.client or system(self.service)

    def told(self, kind: str, on: str, terms: Told | None = None, **more: Any) -> Told:
        """A message, whole."""
        message: Told = {
            "kind": kind,
            "decision_id": f"{self.number}-{kind}",
            "version": 1,
            "sent_at": self.sent_at(on),
            "occurred_on": on,
            "police_case_numbers": [self.number],
            "person": self.person,
            **({"opening": self.opening} if kind == self.opens_with else {}),
            **({"terms": terms} if terms else {}),
        }
        return {name: value for name, value in (message | more).items() if value is not None}

    def sent_at(self, on: str) -> str:
        """Ten o'clock that day; of a step to come the moment at which it is told beforehand, without its fractions."""
        then, now = datetime.fromisoformat(f"{on}T10:00:00+01:00"), self.service.clock.instant.replace(microsecond=0)
        return min(then, now).isoformat()

    def send(self, kind: str, on: str, terms: Told | None = None, **more: Any) -> Told:
        """The receipt of a message that is sent."""
        return receipt(self.post(self.told(kind, on, terms, **more)))

    def post(self, message: Told, **more: Any) -> httpx.Response:
        """The answer to this message."""
        assert self.client is not None
        return self.client.post("/v1/decisions", message, **more)

    def sent(self, *steps: Step) -> list[Told]:
        """The receipts of these steps, sent one after the other."""
        return [self.send(*step) for step in steps]

    def applied(self, *steps: Step) -> str:
        """The case after these steps, each of which has to be applied."""
        receipts = self.sent(*steps)
        assert {one["outcome"] for one in receipts} == {"applied"}, receipts
        return str(receipts[-1]["case"]["id"])

    def shown(self, kind: str, version: int = 1, **more: Any) -> Told:
        """How the message of this kind stands now, with every receipt."""
        assert self.client is not None
        asked = {"decision_id": f"{self.number}-{kind}"} | more
        items = self.client.get("/v1/decisions", **asked).json()["items"]
        found = next(one for one in items if one["version"] == version)
        return dict(self.client.get(f"/v1/decisions/{found['id']}").json())

    def stands(self, kind: str, version: int = 1, **more: Any) -> str | tuple[str, str]:
        """Outcome and reason of the message now; the outcome alone where there is no reason."""
        shown = self.shown(kind, version, **more)
        return (shown["outcome"], shown["reason"]["code"]) if shown["reason"] else shown["outcome"]


def receipt(answer: httpx.Response) -> Told:
    """The receipt in this answer."""
    assert answer.status_code in (200, 201, 202, 422), answer.text
    body = answer.json()
    assert "outcome" in body, answer.text
    return dict(body)


def history(service: Service, case: str, *more: str) -> list[tuple[Any, ...]]:
    """What has happened in the case as it now reads, in the order of days: type, day, details, in whose name."""
    items = service.as_("leader", OFFICE).get(f"/v1/cases/{case}/events").json()["items"]
    return sorted((e["type"], e["occurred_on"], str(e["details"]), *(e[name] for name in more)) for e in _kept(items))


def _kept(items: list[Told]) -> Iterator[Told]:
    corrections = {one["details"]["corrects"]: one["details"] for one in items if one["type"] == "corrected"}
    for one in items:
        said = corrections.get(one["seq"], {"replacement": one})
        if one["type"] != "corrected" and said.get("replacement"):
            new = said["replacement"]
            yield one | {name: new[name] for name in ("type", "occurred_on", "details")}


def case_of(service: Service, case: str) -> Told:
    """The case as the office sees it."""
    return dict(service.as_("leader", OFFICE).get(f"/v1/cases/{case}").json())


def _clocks(service: Service, case: str) -> list[Told]:
    """Every clock of the case."""
    return list(service.as_("leader", OFFICE).get(f"/v1/cases/{case}/deadlines").json()["items"])


def content_of(service: Service, case: str) -> tuple[Any, ...]:
    """All that a reader is told of the case but when it was recorded."""
    shown = case_of(service, case)
    told = ("state", "sanction", "konfliktrad", "first_offence", "last_offence", "closed_on")
    of_clock = ("code", "begun_on", "due", "stopped_on", "status")
    clocks = (tuple(str(clock[name]) for name in of_clock) for clock in _clocks(service, case))
    return history(service, case), {name: shown.get(name) for name in told}, sorted(clocks)


def nothing_wrong(service: Service) -> None:
    """Every case row is what its events say."""
    assert rebuild.check(service.db) == []
