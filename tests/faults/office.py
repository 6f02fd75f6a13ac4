"""Days of a konfliktråd in steps, through everything that writes: requests, batch, worker, nightly run, imports.

Each step can be repeated: a request has its own Idempotency-Key, a run of the worker or of the night starts again. What
one step has to know of another is in `memory`, which outlives the process that is killed.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx

from tests import service
from tests.exchange import world
from tests.faults.frozen_server import NOON
from tests.intake import making
from tests.notices import build
from tests.service import Service, new_case
from tests.workflow import roads
from ungdom.analytics import case_cache
from ungdom.cli import importing_cases
from ungdom.cli.importing_cases import CaseImporter
from ungdom.exchange.delivery import deliver
from ungdom.extracts import job_worker
from ungdom.extracts.job_worker import ExtractWorkerContext
from ungdom.jobs import nightly, steps
from ungdom.notices import delivery as notice_delivery
from ungdom.notices.dispatch import dispatch
from ungdom.retention.journal import ErasureJournal
from ungdom.store import rebuild
from ungdom.store.access_log import AccessLog
from ungdom.store.encryption import EncryptionKeys

OFFICE = "oslo"
KEYS = EncryptionKeys([service.KEY])
CLOSED = date(2025, 7, 2)
RELEASED = date(2025, 7, 1)
"""In its night the tables of the second quarter are released."""


@dataclass
class Office:
    """A running service and what its steps remember. `receiver`: where webhooks and official messages arrive."""

    service: Service
    folder: Path
    receiver: str
    memory: dict[str, Any]

    def sent(self, who: str, path: str, body: Any, etag: str | None = None, key: str | None = None) -> httpx.Response:
        """The accepted answer to a request; its key is that of the step, so that a repeat is one."""
        role, _, office = who.partition("-")
        answer = self.service.as_(role, office or None).post(path, body, etag, _key(key or f"{who} {path}"))
        assert answer.status_code in (200, 201, 202), (path, body, answer.status_code, answer.text)
        return answer

    def at(self, day: date) -> None:
        """Turn the clock to that day, and to a later hour at each attempt: what a killed process claimed is free."""
        self.service.clock.instant = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
        self.service.clock.instant += timedelta(minutes=11 * self.memory.get("attempt", 0))


Step = Callable[[Office], None]


def _key(name: str) -> str:
    return sha256(name.encode()).hexdigest()


def _opening(office: Office) -> None:
    first = roads.lines("F R2")[0]
    office.at(first.on)
    body = new_case(
        sanction="youth_follow_up", occurred_on=str(first.on), konfliktrad=OFFICE, police_case_numbers=["15000001"],
        offences=[{"on": "2025-01-10"}],
        person={"given_name": "Rutete", "family_name": "Fiskegrateng", "born": "2008-03-12",
                "guardians": [{"name": "Munter Fiskegrateng"}]},
    )  # fmt: skip
    answer = office.sent("coordinator-oslo", "/v1/cases", body, key="open")
    office.memory |= {"case": answer.json()["id"], "version": 1}


def _record(kind: str, on: date, known: date, details: dict[str, Any]) -> Step:
    def step(office: Office) -> None:
        office.at(known)
        body: dict[str, Any] = {"type": kind, "occurred_on": str(on), "details": details}
        if kind == "assigned":
            body["details"] = {"coordinator": "coordinator-oslo"}
        version = office.memory["version"]
        path, key = f"/v1/cases/{office.memory['case']}/events", f"{kind} {on} {details}"
        answer = office.sent("leader-oslo", path, body, f'"{version}"', key)
        office.memory["version"] = answer.json()["seq"]

    return step


def _note(office: Office) -> None:
    path = f"/v1/cases/{office.memory['case']}/events"
    body = {"type": "note_added", "occurred_on": str(CLOSED), "note": "Gikk bra."}
    office.memory["version"] = office.sent(
        "coordinator-oslo", path, body, f'"{office.memory["version"]}"', "note"
    ).json()["seq"]


def _webhook(office: Office) -> None:
    office.at(date(2025, 6, 20))
    office.sent("coordinator-oslo", "/v1/webhooks", {"url": office.receiver, "kinds": list(build.ALL)}, key="hook")


def _feed(office: Office) -> None:
    office.at(date(2025, 6, 20))
    office.sent("coordinator-oslo", "/v1/calendar-feeds", None, key="feed")


def _change_feed(office: Office) -> None:
    """Messages get their positions when somebody reads the feed."""
    office.at(date(2025, 6, 20))
    assert office.service.as_("leader", OFFICE).get("/v1/feed").status_code == 200


def _person(office: Office) -> None:
    """Somebody reads a person: that is written down."""
    office.at(CLOSED)
    leader = office.service.as_("leader", OFFICE)
    person = leader.get(f"/v1/cases/{office.memory['case']}").json()["person"]["id"]
    assert leader.get(f"/v1/persons/{person}").status_code == 200


def _contact(office: Office) -> None:
    """A request without an Idempotency-Key."""
    office.at(date(2025, 6, 20))
    client = office.service.as_("coordinator", OFFICE)
    body = {"address": "kontakt@eksempel.no", "email_digest": False, "language": "nb"}
    headers = {"Authorization": f"Bearer {client.token}"}
    answer = office.service.send("PUT", "/v1/contacts/me", json=body, headers=headers)
    assert answer.status_code in (200, 201), answer.text


def _decisions(office: Office) -> None:
    office.service.clock.instant = NOON
    for message in making.mixed(3, 2):
        office.sent("prosecution", "/v1/decisions", message, key=json.dumps(making.key(message)))


def _batch(office: Office) -> None:
    office.service.clock.instant = NOON + timedelta(hours=1)
    headers = {"Content-Type": "application/x-ndjson"}
    client = office.service.as_("prosecution")
    headers["Authorization"] = f"Bearer {client.token}"
    answer = office.service.send(
        "POST", "/v1/decisions/batch", content=making.lines(making.mixed(4, 8)), headers=headers
    )
    assert answer.status_code == 200, answer.text
    assert len(answer.text.splitlines()) == 8


def _absence(office: Office) -> None:
    office.at(date(2025, 6, 27))
    body = {"first_day": "2025-06-30", "last_day": "2025-07-20", "substitute": "coordinator-oslo-2", "hand_over": True}
    office.sent("leader-oslo", "/v1/staff/coordinator-oslo/absences", body, key="away")


def _reread(office: Office) -> None:
    answer = office.service.as_("leader", OFFICE).get(f"/v1/cases/{office.memory['case']}")
    office.memory["version"] = answer.json()["version"]


def _night(on: date) -> Step:
    """A night without its slow step, the evaluation of past forecasts."""

    def step(office: Office) -> None:
        office.at(on)
        runs = nightly.run(
            office.service.db,
            office.service.clock,
            steps=steps.quick_steps(KEYS, ErasureJournal(office.service.settings.erasures)),
        )
        assert [run.status for run in runs if run.status != nightly.SUCCEEDED] == []

    return step


def _dispatch(office: Office) -> None:
    office.at(CLOSED)
    dispatch(office.service.db, KEYS, office.service.clock())


def _notices(office: Office) -> None:
    office.at(CLOSED)
    notice_delivery.deliver(build.work(office.service.db, office.service.clock))


def _official(office: Office) -> None:
    office.at(CLOSED)
    path = world.write(office.folder, world.partner("oslo", world.over_http(office.receiver)))
    deliver(world.work(office.service.db, path, office.service.clock))


def _extract(office: Office) -> None:
    office.at(date(2026, 1, 7))
    body = {"extract": "cases", "purpose": "demo", "format": "csv"}
    office.sent("analyst", "/v1/extracts/jobs", body, key="extract")


def _extract_worker(office: Office) -> None:
    office.at(date(2026, 1, 7))
    folder = job_worker.folder_of(office.service.settings)
    state, now = office.service.app.state, office.service.clock
    job_worker.run(ExtractWorkerContext(state.figures, state.extracts, folder, timedelta(days=30), now))


def _download(office: Office) -> None:
    office.at(date(2026, 1, 7))
    analyst = office.service.as_("analyst")
    assert analyst.get("/v1/extracts/cases", purpose="demo", format="csv").status_code == 200


def _import(office: Office) -> None:
    importer = CaseImporter(office.service.db, KEYS, "old", "nb", False, AccessLog(office.service.db))
    record = importing_cases.TEMPLATE | {"key": "A-1", "police_case_numbers": ["15434999"]}
    file = office.folder / "cases.ndjson"
    file.write_text(json.dumps(record) + "\n", encoding="utf-8")
    with file.open("rb") as incoming:
        lines = list(importing_cases._report_lines(importer, importing_cases._records(incoming, False)))
    assert [line["outcome"] in ("imported", "already") for line in lines] == [True], lines


def _figures(office: Office) -> None:
    case_cache.refresh(office.service.db)


def _rebuild(office: Office) -> None:
    rebuild.rebuild(office.service.db)


def road() -> list[tuple[str, Step]]:
    """The events of one case from its suspect to its plan meeting."""
    lines = roads.lines("F R2", "plan_meeting_held")[1:]
    return [(line.kind, _record(line.kind, line.on, line.known, line.details)) for line in lines]


STEPS: tuple[tuple[str, Step], ...] = (
    ("open", _opening),
    *road(),
    ("webhook", _webhook),
    ("calendar feed", _feed),
    ("change feed", _change_feed),
    ("contact", _contact),
    ("absence", _absence),
    ("night of the absence", _night(RELEASED - timedelta(days=1))),
    ("night of the release", _night(RELEASED)),
    ("version", _reread),
    ("completed", _record("completed", CLOSED, CLOSED, {})),
    ("note", _note),
    ("dispatch", _dispatch),
    ("notices", _notices),
    ("official messages", _official),
    ("person", _person),
    ("decisions", _decisions),
    ("batch", _batch),
    ("extract", _extract),
    ("extract worker", _extract_worker),
    ("download", _download),
    ("import", _import),
    ("figures", _figures),
    ("rebuild", _rebuild),
)
"""Everything that writes, in its order."""
