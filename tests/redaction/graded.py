"""Two youths of one office with words of their own for everything that tells where they are, and who may not be told.

The office is Finnmark: the words are its name, its police district, municipality, school, meeting place, addresses and
contacts. One case is executed, with a plan, a team and notes; the other waits for the prosecution, which sent it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import httpx

from tests.api.build import DAY, FOLLOW_UP, HIDDEN, STAGES, recorded
from tests.api.test_object_access import ROUTES, Of
from tests.intake import making
from tests.notices.post_office import PostOffice
from tests.service import Client, Service, new_case
from ungdom.alerts.sweep import sweep
from ungdom.extracts import job_worker
from ungdom.notices import address
from ungdom.notices import webhooks as hooks
from ungdom.notices.delivery import NoticeDeliveryContext, deliver
from ungdom.notices.dispatch import dispatch
from ungdom.store import alerts, webhooks
from ungdom.store.ids import uuid7
from ungdom.store.webhooks import Secret, Webhook, WebhookCredentials
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

OFFICE, MUNICIPALITY = "finnmark", "5634"
NIGHT = date(2026, 6, 1)
LEADER = ("leader", OFFICE, "medarbeider-4713")
"""Cleared: the leader of the office learns everything."""

UNCLEARED: dict[str, tuple[str, str | None, str]] = {
    "assigned": ("coordinator", OFFICE, "medarbeider-4711"),
    "colleague": ("coordinator", OFFICE, "medarbeider-4712"),
    "theirs": ("coordinator", "oslo", "coordinator-oslo"),
    "their_leader": ("leader", "oslo", "leader-oslo"),
    "secretariat": ("secretariat", None, "secretariat"),
    "teacher": ("team_member", None, "teacher-7"),
    "officer": ("team_member", None, "officer-1"),
    "contact": ("team_member", None, "police-1"),
    "prosecution": ("prosecution", OFFICE, "prosecution-1"),
    "their_prosecution": ("prosecution", "oslo", "prosecution-oslo"),
    "analyst": ("analyst", None, "analyst"),
    "auditor": ("auditor", None, "auditor"),
    "admin": ("admin", None, "admin"),
}
"""Who is not cleared: role, konfliktråd, subject. The one called assigned has the case, and may not have it graded."""

OFFICE_WORDS = ("finnmark", '"p12"', "medarbeider-47")
"""The office, its police district and its staff. Those who work for it know its name."""
PLACE_WORDS = ("vardø", '"5634"')
SCHOOL, MEETING_PLACE = "Ishavsskolen", "Kaikanten"
ADDRESSES = ("Polarveien", "Nordlysveien", "Havnegata")
CONTACTS = ("+47 000 71001", "vaktel@heim.example", "+47 000 72001", "+47 000 73001")
NAMES = ("Vaffeljernet", "Sykkelpumpa")
NUMBER = "12830999123"
POLICE_NUMBERS = ("92000001", "92000002")
GROUP = [
    {"agency": "police", "name": "Politikontakt", "subject": "police-1", "email": "politi@etat.example"},
    {"agency": "prosecution", "name": "Jurist", "subject": "prosecution-1"},
    {"agency": "correctional_service", "name": "Friomsorgen", "email": "friomsorg@etat.example"},
]
WHERE = (*PLACE_WORDS, SCHOOL, MEETING_PLACE, *ADDRESSES, *CONTACTS)
"""What only those learn who may know how the youth is reached."""
OF_THE_OTHER = (SCHOOL, MEETING_PLACE, *ADDRESSES[:2], *CONTACTS[:3])
"""The same of the youth of whom the prosecution sent no message."""


HOOKED = ("assigned", "colleague", "their_leader", "secretariat", "teacher", "officer", "prosecution")
LOSES = ("assigned", "colleague", "contact", "prosecution")
"""Those whom strict protection hides the cases from that they knew of."""


OF_NOBODY = (
    "/v1/measures/",  # the catalogue of every office
    "/v1/coordination-groups",
    "/v1/staff",
    "/v1/webhooks",
    "/v1/contacts/",
    "/v1/statistics/",  # counts of many cases
)
"""Routes that say nothing of one youth: an office, a school or a member of staff may be named there."""
CATALOGUE = "/v1/extracts"
"""The columns of extracts with every value that they can have: nothing of one youth either."""

WRONG_NAME, WRONG_NUMBER, WRONG_TOKEN = "Hemmelighetskremmer", "13830999124", "eyJhbGciOiJub25lIn0.e30.hemmelig"
"""What is sent where it does not belong, and must stand in no error and no log."""


@dataclass
class World:
    """The service with the two cases. `answered`: by who sent them, the requests whose answers are kept.

    `references`: of the two cases.
    """

    service: Service
    opening: dict[str, Any] = field(default_factory=dict)
    sent: dict[str, Any] = field(default_factory=dict)
    executing: str = ""
    waiting: str = ""
    references: list[str] = field(default_factory=list)
    persons: list[str] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)
    message: str = ""
    school: str = ""
    feed: str = ""
    job: dict[str, Any] = field(default_factory=dict)
    answered: list[tuple[str, str, Any, dict[str, str]]] = field(default_factory=list)

    def as_(self, viewer: str) -> Client:
        return self.service.as_(*UNCLEARED[viewer])

    @property
    def leader(self) -> Client:
        return self.service.as_(*LEADER)

    @property
    def cases(self) -> list[str]:
        return [self.executing, self.waiting]

    def keeping(self, viewer: str, path: str, body: Any, key: str, **headers: str) -> httpx.Response:
        """A request with a key, whose answer is kept."""
        sent = {"Idempotency-Key": key, **headers}
        self.answered.append((viewer, path, body, sent))
        answer = self.as_(viewer).post(path, body, headers=sent)
        assert answer.status_code < 300, answer.text
        return answer


def made(service: Service, receiver: str) -> World:
    """Everything is told over HTTP while nothing is protected; a night passes, notices and an extract are queued.

    `receiver`: the address of the webhooks; the name of their owner follows.
    """
    world = World(service)
    _group(world)
    _executing(world)
    _waiting(world)
    _told_of(world, receiver)
    service.clock.turn_to(NIGHT, 2)
    sweep(service.db, NIGHT, service.clock)
    dispatch(service.db, service.app.state.keys, service.clock())
    service.clock.turn_to(NIGHT, 11)
    with service.db.reading() as tx:
        world.alerts = [str(row.alert_id) for row in alerts.live(tx, [UUID(case) for case in world.cases])]
    _answered(world)
    world.references = [world.leader.get(f"/v1/cases/{case}").json()["reference"] for case in world.cases]
    _extract(world)
    return world


def _group(world: World) -> None:
    headers = {"Authorization": f"Bearer {world.leader.token}"}
    path = f"/v1/coordination-groups/{OFFICE}"
    done = world.service.send("PUT", path, headers=headers, json={"contacts": GROUP})
    assert done.status_code == 200, done.text


def _executing(world: World) -> None:
    client = world.as_("assigned")
    school = {"name": SCHOOL, "municipality": MUNICIPALITY, "agency": "skole", "valid_from": DAY}
    entered = client.post("/v1/measures/providers", {**school, "measures": ["education_work_community"]})
    assert entered.status_code == 201, entered.text
    world.school = str(entered.json()["id"])
    person = {
        "given_name": "Vimsete",
        "family_name": NAMES[0],
        "born": "2009-03-12",
        "national_id": NUMBER,
        "contact": f"{CONTACTS[0]}, {CONTACTS[1]}, {ADDRESSES[0]} 7, 9950 Vardø",
        "guardians": [{"name": "Sindig", "contact": f"{CONTACTS[2]}, {ADDRESSES[1]} 3"}],
    }
    where = {"municipality": MUNICIPALITY, "konfliktrad": None}
    body = new_case(occurred_on=DAY, person=person, police_case_numbers=[POLICE_NUMBERS[0]], **where)
    world.opening = body
    opened = client.post("/v1/cases", body)
    assert opened.status_code == 201, opened.text
    world.executing = str(opened.json()["id"])
    for kind, details in FOLLOW_UP[: STAGES["executing"]]:
        given = {"coordinator": "medarbeider-4711"} if kind == "assigned" else details
        recorded(world.leader if kind == "assigned" else client, world.executing, kind, DAY, given)
    for subject, agency in (("teacher-7", "school"), ("officer-1", "police")):
        recorded(client, world.executing, "team_member_joined", DAY, {"member": subject, "agency": agency})
    for whose in ({"by": "youth"}, {"by": "guardian", "guardian": "g1"}):
        shared = {"scope": ["plan"], "recipients": ["school", "police"]}
        recorded(client, world.executing, "sharing_consent_given", DAY, shared | whose)
    measure = {"measure": "m1", "code": "education_work_community", "provider": world.school, "hours_a_week": 4}
    recorded(client, world.executing, "plan_approved", DAY, {"measures": [measure], "notified_on": DAY})
    recorded(client, world.executing, "note_added", DAY, note=f"Møtes på {MEETING_PLACE}.")
    world.persons.append(client.post("/v1/persons/search", {"name": NAMES[0]}).json()["items"][0]["id"])
    world.feed = str(client.post("/v1/calendar-feeds").json()["address"])


def _waiting(world: World) -> None:
    message = making.cases(1, 1)[0][0]
    message["police_case_numbers"] = [POLICE_NUMBERS[1]]
    message["opening"]["municipality"] = MUNICIPALITY
    message["person"] |= {
        "family_name": NAMES[1],
        "contact": CONTACTS[3],
        "guardians": [{"name": "Munter", "contact": f"{ADDRESSES[2]} 1"}],
    }
    world.sent = message
    done = world.as_("prosecution").post("/v1/decisions", message).json()
    world.message, world.waiting = done["id"], str(done["case"]["id"])
    world.persons.append(world.leader.post("/v1/persons/search", {"name": NAMES[1]}).json()["items"][0]["id"])


def _told_of(world: World, receiver: str) -> None:
    """Everybody who may have a webhook has one, and the office gets the e-mail of the day."""
    old = datetime(2026, 1, 1, tzinfo=UTC)
    for viewer in ("assigned", "colleague"):
        body = {"address": f"{viewer}@radet.example", "email_digest": True, "language": "nb"}
        headers = {"Authorization": f"Bearer {world.as_(viewer).token}"}
        done = world.service.send("PUT", "/v1/contacts/me", headers=headers, json=body)
        assert done.status_code == 200, done.text
    with world.service.db.writing() as tx:
        for viewer in HOOKED:
            role, office, subject = UNCLEARED[viewer]
            new = Webhook(
                webhook_id=uuid7(old),
                owner=Viewer(Role(role), subject, office),
                kinds=("case.event_recorded", *alerts.KINDS),
                credentials=WebhookCredentials(f"{receiver}/{viewer}", (Secret(hooks.new_secret()),)),
                created_at=old,
            )
            webhooks.add(tx, world.service.app.state.keys, new)


def _answered(world: World) -> None:
    """Requests with keys, whose responses are kept: a case opened, a note, searches, a message."""
    again = world.opening | {"occurred_on": str(NIGHT), "police_case_numbers": ["92000003"]}
    world.keeping("assigned", "/v1/cases", again, "open-1")
    path = f"/v1/cases/{world.executing}"
    note = {"type": "note_added", "occurred_on": str(NIGHT), "note": "Ny avtale."}
    tag = world.as_("assigned").get(path).headers["ETag"]
    world.keeping("assigned", f"{path}/events", note, "note-1", **{"If-Match": tag})
    for viewer in ("secretariat", "assigned"):
        world.keeping(viewer, "/v1/persons/search", {"name": NAMES[0]}, f"search-{viewer}")
    world.keeping("prosecution", "/v1/decisions", world.sent, "message-1")


def _extract(world: World) -> None:
    body = {"extract": "cases", "purpose": "demo", "format": "csv"}
    world.job = world.as_("analyst").post("/v1/extracts/jobs", body).json()
    service = world.service
    folder = job_worker.folder_of(service.settings)
    state, retention = service.app.state, job_worker.timedelta(days=30)
    context = job_worker.ExtractWorkerContext(state.figures, state.extracts, folder, retention, service.clock)
    assert job_worker.run(context) == {"done": 1}
    world.job = world.as_("analyst").get(f"/v1/extracts/jobs/{world.job['id']}").json()


def protect(world: World, level: str) -> None:
    """The leader sets the protection level of both youths."""
    for person in world.persons:
        path = f"/v1/persons/{person}"
        headers = {"Authorization": f"Bearer {world.leader.token}"}
        tag = world.leader.get(path).headers["ETag"]
        body = {"protection": level, "reason": "Trusselvurdering."}
        done = world.service.send("PATCH", path, headers=headers | {"If-Match": tag}, json=body)
        assert done.status_code == 200, done.text


def asked(world: World, viewer: str, short: bool = False) -> Iterator[tuple[str, httpx.Response]]:
    """Every route of the application asked about the two youths by this viewer, each with what it was asked.

    `short`: of what speaks of one case, one message and one person only the first form of the question.
    """
    client = world.as_(viewer)
    for (method, path), (of, asks) in ROUTES.items():
        if of is Of.LAW or path == CATALOGUE or path.startswith(OF_NOBODY):
            continue  # the law is the same for everybody, whatever is stored: tests/api/test_object_access.py
        for ask in asks[:1] if short or method != "GET" else asks:
            for whole in _addresses(world, path):
                sent = {"json": ask.body} if ask.body is not None else {}
                headers = {"Authorization": f"Bearer {client.token}"} | ({"If-Match": ask.etag} if ask.etag else {})
                yield f"{method} {path}", world.service.send(method, whole + ask.query, headers=headers, **sent)


def wrongly_asked(world: World) -> Iterator[httpx.Response]:
    """Every route asked wrongly by the leader: with names, numbers and tokens in queries, bodies, keys and headers."""
    bearer = {"Authorization": f"Bearer {world.leader.token}"}
    query = f"?navn={WRONG_NAME}&known_at={WRONG_NUMBER}&cursor={WRONG_TOKEN}"
    bodies: tuple[Any, ...] = (
        {"ukjent": WRONG_NUMBER, "person": {"born": WRONG_NAME, "national_id": [WRONG_NUMBER]}, "name": {"a": 1}},
        {"type": WRONG_NAME, "occurred_on": WRONG_NUMBER, "details": {"coordinator": {"x": WRONG_NAME}}, "q": NUMBER},
    )
    for method, path in ROUTES:
        whole = _addresses(world, path)[0]
        if method == "GET":
            yield world.service.send(method, whole + query, headers=bearer)
            continue
        for body in bodies:
            yield world.service.send(method, whole, headers=bearer | {"If-Match": '"1"'}, json=body)
        yield world.service.send(method, whole + query, headers=bearer, content=f'{{"name": "{WRONG_NAME} {NUMBER}')
    for token in (WRONG_TOKEN, world.leader.token[:-4] + "AAAA"):
        yield world.service.send("GET", "/v1/cases", headers={"Authorization": f"Bearer {token}"})
    yield world.service.send("GET", f"/v1/calendar/{'x' * 43}.ics")
    yield world.service.send("GET", f"/v1/surveys/{WRONG_TOKEN}")
    yield world.service.send("GET", f"/v1/persons/{WRONG_NUMBER}", headers=bearer)
    yield world.service.send("GET", f"/{WRONG_NAME}/{WRONG_NUMBER}", headers=bearer)


def repeated(world: World) -> Iterator[tuple[str, str, httpx.Response]]:
    """The requests whose answers are kept, sent again: by whom, where, and the answer."""
    for viewer, path, body, headers in world.answered:
        yield viewer, path, world.as_(viewer).post(path, body, headers=headers)


def deliver_queued(world: World, post: PostOffice) -> None:
    """Sends what is queued for webhooks, and the e-mail of the day."""
    context = NoticeDeliveryContext(
        db=world.service.db,
        keys=world.service.app.state.keys,
        public_url="https://ungdom.test",
        now=world.service.clock,
        jitter=lambda: 1.0,
        allowed=address.networks(["127.0.0.0/8"]),
        relay=post.relay(),
        tick=0.05,
    )
    deliver(context)


def _addresses(world: World, path: str) -> list[str]:
    """The path with each id that it can be asked of."""
    ids: dict[str, list[str]] = {
        "case_id": world.cases,
        "person_id": world.persons,
        "alert_id": world.alerts[:1],
        "message_id": [world.message],
        "job_id": [world.job["id"]],
        "name": ["cases"],
    }
    for name, values in ids.items():
        if "{" + name + "}" in path:
            return [full for value in values for full in _addresses(world, path.replace("{" + name + "}", value))]
    return [re.sub(r"\{[^}]*\}", HIDDEN, path)]
