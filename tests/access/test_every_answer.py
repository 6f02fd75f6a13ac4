"""T34: every answer that contains a person's data has its row in the access log, for every route and role.

Whose data an answer contains is found by what the tests know of each youth: name, contacts, numbers and references,
and the ids of cases and persons. What the log says is compared with that, answer by answer.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import anyio
import httpx
import pytest
from sqlalchemy import Table, func, select, text
from sqlalchemy.exc import DBAPIError

from tests import pg
from tests.api import sights
from tests.api.build import DAY, HIDDEN, assert_problem
from tests.api.sights import VIEWERS, World
from tests.api.test_object_access import ROUTES, people_of
from tests.api.test_rights_before_body import GOOD
from tests.intake import making
from tests.service import Service, fill, new_case, sqlite_copy
from tests.web.visiting import Visitor
from ungdom.audit import links
from ungdom.audit.shown import shown_hash
from ungdom.store import access_content
from ungdom.store.access_content import AccessEntry
from ungdom.store.access_index import EntryIndex
from ungdom.store.access_log import Access, AccessLog, AccessStream
from ungdom.store.errors import Unavailable
from ungdom.store.schema.access import AccessKind, access_entry, access_log

A, E = access_log.c, access_entry.c
ONE_OF_EACH_ROLE = {VIEWERS[name][0]: name for name in reversed(VIEWERS)}
"""One viewer per role: the first of each."""
OPEN, STRICT = "open", "strict"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("access")
    if request.param == "sqlite":
        url = sqlite_copy(request.getfixturevalue("sqlite_template"), folder)
    else:
        databases: pg.Databases = request.getfixturevalue("pg_databases")
        url = pg.sqlalchemy_url(databases.create(fill))
    with Service(url, folder) as running:
        made = sights.made(running)
        prepared(made)
        yield made


def prepared(world: World) -> None:
    """A question of identity, a proposal to merge, an event of the register and a note, to be read."""
    mine, leader = world.as_("mine"), world.as_("leader")
    again = new_case(person=YOUTH | {"given_name": "Tindra"}, konfliktrad="oslo")
    for body in (new_case(person=YOUTH, konfliktrad="oslo"), again):
        assert mine.post("/v1/cases", body).status_code == 201
    people = people_of(world)
    proposed = leader.post(f"/v1/persons/{people['open']}/merge", {"other": people["new"], "reason": "Same."})
    assert proposed.status_code == 202, proposed.text
    died = {"event_id": "fr-1", "kind": "death", "occurred_on": DAY, "person": YOUTH_IN_REGISTER}
    assert world.as_("prosecution").post("/v1/population-events", died).status_code == 202


YOUTH = {"given_name": "Vimsete", "family_name": "Bokhylle", "born": "2009-05-17", "national_id": "17850998027"}
YOUTH_IN_REGISTER = {"national_id": "17850998027", "born": "2009-05-17"}


@dataclass
class Comparison:
    """What was compared: answers with persons' data, those without, and what is wrong."""

    answers: int = 0
    silent: int = 0
    wrong: list[str] = field(default_factory=list)


class Watch:
    """The access log of a world, read after each answer."""

    def __init__(self, world: World) -> None:
        self.world, self.service = world, world.service
        self.people = people_of(world)
        self.secrets = {
            case.id: (case.id, case.reference, case.name, *case.contacts, self.people[kind])
            for kind, case in world.cases.items()
        }
        self.position = self._positions()

    def _positions(self) -> dict[str, int]:
        with self.service.db.reading() as tx:
            rows = tx.execute(select(A.stream, func.max(A.position)).group_by(A.stream))
            return dict(rows.all())

    def new_rows(self) -> list[dict[str, Any]]:
        """The rows since the last look, each with its entries."""
        before, self.position = self.position, self._positions()
        with self.service.db.reading() as tx:
            rows = [
                dict(row)
                for stream, position in self.position.items()
                if position > before.get(stream, 0)
                for row in tx.execute(
                    select(access_log).where(A.stream == stream, A.position > before.get(stream, 0))
                ).mappings()
            ]
            entries = EntryIndex.read(tx).entries(tx, [row["access_id"] for row in rows])
            for row in rows:
                row["entries"] = entries.get(row["access_id"], ())
        return rows

    def shown_in(self, answer: httpx.Response) -> set[str]:
        """The cases whose youth is known by something in the answer."""
        return {case for case, secrets in self.secrets.items() if any(secret in answer.text for secret in secrets)}


def compare(watch: Watch, viewer: str, route: str, answer: httpx.Response, found: Comparison) -> None:
    """The rows of this answer name whoever is in it, and nobody else but whom the address names."""
    shown, rows = watch.shown_in(answer), watch.new_rows()
    path = str(answer.request.url)
    logged = {str(entry.case_id) for row in rows for entry in row["entries"] if entry.case_id}
    persons = {str(entry.person_id) for row in rows for entry in row["entries"] if entry.person_id}
    known = {case: secrets[-1] for case, secrets in watch.secrets.items()}
    missing = {case for case in shown if case not in logged and known[case] not in persons}
    found.answers += bool(rows)
    found.silent += not rows
    where = f"{viewer} {route} {answer.status_code}"
    if missing:
        found.wrong.append(f"{where}: {len(missing)} cases are shown and not in the log")
    more = {case for case in logged & set(known) if case not in shown and case not in path}
    if more:
        found.wrong.append(f"{where}: {len(more)} cases are in the log and not shown")
    role, office, subject = VIEWERS[viewer]
    for row in rows:
        own = (str(row["role"]), row["subject"]) == (role, subject or (f"{role}-{office}" if office else role))
        if not (own and row["konfliktrad"] == office and row["route"] == route and row["matters"] and row["purpose"]):
            found.wrong.append(f"{where}: the row says {row}")


def targets(watch: Watch, about: str) -> dict[str, str]:
    """The value of each part of an address, about this kind of case."""
    world, client = watch.world, watch.world.as_("secretariat")
    questions = client.get("/v1/persons/questions").json()["items"]
    proposals = client.get("/v1/persons/proposals").json()["items"]
    events = client.get("/v1/population-events").json()["items"]
    return {
        "case_id": world.cases[about].id,
        "person_id": watch.people[about],
        "message_id": world.messages.get("sent" if about == OPEN else "sent_strict", HIDDEN),
        "alert_id": world.alerts[about],
        "question_id": questions[0]["id"] if questions else HIDDEN,
        "proposal_id": proposals[0]["id"] if proposals else HIDDEN,
        "event_id": events[0]["id"] if events else HIDDEN,
    }


PLACES = {
    "sanction": "youth_sanction",
    "regime": "R2",
    "code": "not_found",
    "name": "cases",
    "token": "none",
    "konfliktrad": "oslo",
    "subject": "coordinator-oslo",
    "file:path": "none",
}
PERIOD = {"from": "2014-07-01", "to": "2026-12-31"}
SENT_ONCE = {("DELETE", "/v1/calendar-feeds/{feed_id}"), ("GET", "/v1/calendar/{secret}.ics")}
"""Routes that `test_a_calendar…` and `test_a_batch…` ask, with what they need."""
LAST = (
    "/v1/alerts/{alert_id}/answer", "/v1/persons/questions/{question_id}/confirm", "/v1/persons/{person_id}/split",
    "/v1/persons/proposals/{proposal_id}/approve", "/v1/population-events/{event_id}/apply",
)  # fmt: skip
"""What changes who sees whom: asked after everything else."""


def asked(watch: Watch, viewer: str, method: str, path: str, where: dict[str, str]) -> httpx.Response:
    """This viewer's answer on a route, with a body as it should be and the ETag of the case."""
    client, whole = watch.world.as_(viewer), path
    for name, value in (PLACES | where).items():
        whole = whole.replace(f"{{{name}}}", value)
    for name in ("feed_id", "notice_id", "webhook_id", "provider_id", "release_id", "job_id", "schedule_id",
                 "pull_id", "absence_id", "access_id", "emergency_id"):  # fmt: skip
        whole = whole.replace(f"{{{name}}}", HIDDEN)
    headers = {"Authorization": f"Bearer {client.token}"}
    if "{case_id}/" in path and method == "POST":
        headers["If-Match"] = client.get(f"/v1/cases/{where['case_id']}").headers.get("ETag", '"1"')
        watch.new_rows()
    body = body_for(path) if method in ("POST", "PUT", "PATCH") else None
    given: dict[str, Any] = {"json": body} if body is not None else {}
    if "statistics" in path and not path.endswith("/cohorts"):  # those are of every year
        given["params"] = PERIOD
    if path == "/v1/extracts/{name}":
        given["params"] = {"purpose": "demo"}
    return watch.service.send(method, whole, headers=headers, **given)


def body_for(path: str) -> Any:
    """A body for a route."""
    if path == "/v1/decisions":
        return opening(7, 0)
    if path == "/v1/cases":
        return new_case()
    if path.endswith("/batch"):
        return None
    return GOOD.get(path)


def opening(seed: int, place: int) -> dict[str, Any]:
    """A message that opens a case in the konfliktråd of the prosecution of these tests."""
    message: dict[str, Any] = making.cases(seed, place + 1)[place][0]
    message["opening"]["municipality"] = sights.MUNICIPALITY
    return message | {
        "decision_id": f"access-{seed}-{place}",
        "police_case_numbers": [str(92_000_000 + 100 * seed + place)],
    }


def routes() -> list[tuple[str, str]]:
    every = [route for route in ROUTES if route not in SENT_ONCE and not route[1].startswith(("/docs", "/static"))]
    return sorted(every, key=lambda route: (route[1] in LAST, route[0] != "GET"))


def test_every_answer_with_a_persons_data_is_in_the_log(world: World, figure: Callable[[str], None]) -> None:
    watch, found = Watch(world), Comparison()
    open_case, strict_case = targets(watch, OPEN), targets(watch, STRICT)
    watch.new_rows()
    for method, path in routes():
        for role, viewer in ONE_OF_EACH_ROLE.items():
            abouts = [open_case, strict_case] if role == "coordinator" and "{" in path else [open_case]
            for where in abouts:
                answer = asked(watch, viewer, method, path, where)
                assert answer.status_code < 500, (viewer, path, answer.text)
                compare(watch, viewer, f"{method} {path}", answer, found)

    assert found.wrong == []
    assert found.answers > 150
    assert found.silent > 150
    figure(
        f"T34 {world.service.db.writer.dialect.name}: {found.answers} answers with persons' data in the log, "
        f"{found.silent} without, {len(routes())} routes, {len(ONE_OF_EACH_ROLE)} roles, 0 missing"
    )


def test_every_role_and_every_route_is_asked() -> None:
    assert set(ONE_OF_EACH_ROLE) == {role for role, _, _ in VIEWERS.values()}
    assert {path for _, path in set(ROUTES) - set(routes())} <= {
        "/docs", "/docs/try", "/static", "/v1/calendar-feeds/{feed_id}", "/v1/calendar/{secret}.ics",
    }  # fmt: skip


# --- answers that are given in another way --------------------------------------------------------------------------


def test_lists_time_travel_dry_runs_refusals_and_repeats_are_in_the_log(world: World) -> None:
    watch, case, found = Watch(world), world.cases["confidential"].id, Comparison()
    mine, tag = world.as_("mine"), world.as_("mine").get(f"/v1/cases/{world.cases['confidential'].id}").headers["ETag"]
    breach = {"type": "breach_recorded", "occurred_on": DAY, "details": {"kind": "plan"}}
    watch.new_rows()
    events = f"/v1/cases/{case}/events"
    steps: list[tuple[str, Callable[[], httpx.Response], int]] = [
        ("GET /v1/cases", lambda: mine.get("/v1/cases", limit=200), 200),
        ("GET /v1/cases", lambda: mine.get("/v1/cases", known_at="2026-01-06"), 200),
        ("GET /v1/cases/{case_id}", lambda: mine.get(f"/v1/cases/{case}", known_at="2026-01-06"), 200),
        ("GET /v1/worklist", lambda: mine.get("/v1/worklist"), 200),
        ("POST /v1/cases/{case_id}/events", lambda: mine.post(f"{events}?dry_run=true", breach, tag), 200),
        ("POST /v1/cases/{case_id}/events", lambda: mine.post(events, breach, '"1"'), 412),
        (
            "POST /v1/cases/{case_id}/events",
            lambda: mine.post(events, breach | {"type": "received", "details": {}}, tag),
            409,
        ),
        ("POST /v1/cases/{case_id}/events", lambda: mine.post(events, breach, tag, key="access-1"), 201),
        ("POST /v1/cases/{case_id}/events", lambda: mine.post(events, breach, tag, key="access-1"), 201),
    ]
    for route, ask, status in steps:
        answer = ask()
        assert answer.status_code == status, answer.text
        before = found.answers
        compare(watch, "mine", route, answer, found)
        assert found.answers == before + 1, route
    assert found.wrong == []


def test_a_calendar_is_in_the_log_with_whose_it_is(world: World) -> None:
    made = world.as_("mine").post("/v1/calendar-feeds")
    watch = Watch(world)
    answer = world.service.send("GET", "/v1/calendar/" + made.json()["address"].rpartition("/")[2])
    (row,) = watch.new_rows()

    assert answer.status_code == 200
    assert watch.shown_in(answer) == {str(entry.case_id) for entry in row["entries"]} & set(watch.secrets)
    assert (row["subject"], row["konfliktrad"], row["system"]) == ("coordinator-oslo", "oslo", "calendar")


def test_a_batch_is_in_the_log_part_by_part(world: World) -> None:
    watch = Watch(world)
    lines = b"".join(json.dumps(opening(11, place)).encode() + b"\n" for place in range(3))
    token = world.as_("prosecution").token
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    answer = world.service.send("POST", "/v1/decisions/batch", headers=headers, content=lines)
    receipts = [json.loads(line) for line in answer.text.splitlines()]
    assert all("case" in receipt for receipt in receipts), receipts
    logged = {str(entry.case_id) for row in watch.new_rows() for entry in row["entries"]}

    assert {receipt["case"]["id"] for receipt in receipts} == logged
    assert len(logged) == 3


def test_an_answer_that_nobody_took_is_in_the_log_and_said_to_be_broken_off(world: World) -> None:
    watch, case = Watch(world), world.cases[OPEN].id
    sent = broken_off(world, f"/v1/cases/{case}")
    given, broken = sorted(watch.new_rows(), key=lambda row: row["kind"] == AccessKind.BROKEN_OFF)

    assert sent[0]["status"] == 200
    assert [str(entry.case_id) for entry in given["entries"]] == [case]
    assert (broken["kind"], broken["about"], broken["entries"]) == ("broken_off", given["access_id"], ())
    newest = world.as_("auditor").get("/v1/access-log", case=case).json()["items"][0]
    assert (newest["id"], newest["broken_off"]) == (str(given["access_id"]), True)


def test_a_page_that_nobody_took_is_said_to_be_broken_off_though_it_was_read_in_several_steps(world: World) -> None:
    watch, leader = Watch(world), Visitor(world.service).sign_in("leader", "oslo")
    broken_off(world, "/office", ("cookie", "; ".join(f"{name}={value}" for name, value in leader.cookies.items())))
    given, broken = sorted(watch.new_rows(), key=lambda row: row["kind"] == AccessKind.BROKEN_OFF)
    assert (broken["kind"], broken["about"]) == ("broken_off", given["access_id"])


def broken_off(world: World, path: str, header: tuple[str, str] | None = None) -> list[Any]:
    """What the server sends to a client that closed the connection as soon as it had asked."""
    sent: list[Any] = []
    name, value = header or ("authorization", f"Bearer {world.as_('mine').token}")
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "path": path, "raw_path": path.encode(),
        "query_string": b"", "scheme": "http", "server": ("ungdom.test", 80), "client": None, "root_path": "",
        "headers": [(name.encode(), value.encode())],
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    anyio.run(world.service.app, scope, receive, send)
    return sent


# --- where it cannot be written -------------------------------------------------------------------------------------


def test_nothing_leaves_where_the_log_cannot_be_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case, mine = world.cases[OPEN], world.as_("mine")
    tag = mine.get(f"/v1/cases/{case.id}").headers["ETag"]
    before = mine.get(f"/v1/cases/{case.id}/events").json()["items"]

    def fails(*_: Any) -> None:
        raise Unavailable("access_log")

    monkeypatch.setattr(AccessStream, "add", fails)
    breach = {"type": "breach_recorded", "occurred_on": DAY, "details": {"kind": "plan"}}
    answers = [
        mine.get(f"/v1/cases/{case.id}"),
        mine.get("/v1/cases"),
        mine.post(f"/v1/cases/{case.id}/events", breach, tag),
        mine.post(f"/v1/cases/{case.id}/events", breach, '"1"'),
        mine.post("/v1/persons/search", {"name": case.name}),
    ]
    nobodys = mine.get("/v1/measures/catalogue")
    monkeypatch.undo()

    for answer in answers:
        assert_problem(answer, 503, "unavailable")
        assert answer.headers["Retry-After"]
        assert case.reference not in answer.text
        assert case.name not in answer.text
    assert nobodys.status_code == 200
    assert mine.get(f"/v1/cases/{case.id}/events").json()["items"] == before


@pytest.mark.parametrize("table", [access_log, access_entry])
@pytest.mark.parametrize("verb", ["UPDATE {} SET access_id = access_id", "DELETE FROM {}"])
def test_rows_are_only_added(world: World, table: Table, verb: str) -> None:
    with pytest.raises(DBAPIError), world.service.db.writing() as tx:
        tx.execute(text(verb.format(table.name)))


def test_every_row_is_linked_to_the_one_before_it(world: World) -> None:
    """And the bytes that a link covers are the same for a row that was read back."""
    with world.service.db.reading() as tx:
        rows = tx.execute(select(access_log).order_by(A.stream, A.position)).mappings().all()
        entries = dict(EntryIndex.read(tx).entries(tx, [row["access_id"] for row in rows]))
    ends: dict[str, tuple[int, bytes]] = {}
    for row in rows:
        position, previous = ends.get(row["stream"], (0, links.FIRST))
        assert row["position"] == position + 1
        assert row["link"] == links.link(previous, row["stream"], row["position"], access_content.answer_content(row))
        assert row["shown"] == shown_hash(map(access_content.entry_content, entries.pop(row["access_id"], [])))
        ends[row["stream"]] = (row["position"], row["link"])
    assert entries == {}
    assert len(rows) > 100


def test_reads_that_wait_at_the_same_time_share_a_transaction(world: World) -> None:
    """And a failure reaches each of those that waited."""
    log, case = AccessLog(world.service.db), UUID(world.cases[OPEN].id)
    with world.service.db.reading() as tx:
        row = dict(tx.execute(select(access_log).limit(1)).mappings().one())
    names = Access.__dataclass_fields__.keys() - {"entries"}
    accesses = [Access(**{name: row[name] for name in names} | {"access_id": UUID(int=n)}) for n in range(1, 9)]
    entry = AccessEntry(case, None)

    async def together() -> None:
        async with anyio.create_task_group() as tasks:
            for access in accesses:
                named = replace(access, entries=(entry,))
                tasks.start_soon(anyio.to_thread.run_sync, log.write, named)

    anyio.run(together)
    with world.service.db.reading() as tx:
        written = tx.execute(select(A.stream, A.position).where(A.access_id.in_([a.access_id for a in accesses]))).all()
    assert sorted(row.position for row in written) == list(range(1, 9))
    assert len({row.stream for row in written}) == 1
    with pytest.raises(Unavailable):
        log.write(accesses[0])  # a row with this id is there


@pytest.mark.parametrize("spelling", [str.upper, lambda id: id.replace("-", "")], ids=["upper case", "no hyphens"])
def test_an_id_that_is_spelt_otherwise_is_in_the_log_as_well(world: World, spelling: Callable[[str], str]) -> None:
    watch, client, case = Watch(world), world.as_("mine"), world.cases[OPEN].id
    paths = [path for method, path in ROUTES if method == "GET" and path.startswith("/v1/cases/{case_id}")]
    answered = []
    for path in paths:
        answer = client.get(path.replace("{case_id}", spelling(case)))
        rows = watch.new_rows()
        if answer.status_code == 200:
            answered.append(path)
            assert {str(entry.case_id) for row in rows for entry in row["entries"]} >= {case}, path
    assert len(answered) > 10
