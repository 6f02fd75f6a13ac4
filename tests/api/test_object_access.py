"""T16: every route × everybody who may ask × every kind of case. What is hidden cannot be told from what is not there.

The routes are those of the application itself: a new one without a row in `ROUTES` fails here.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from tests import pg
from tests.api import sights
from tests.api.build import DAY, HIDDEN, rows
from tests.api.sights import KINDS, MESSAGES, VIEWERS, Secrets, World
from tests.service import Client, Service, fill, sqlite_copy
from ungdom.api.tokens import SCOPES

NO_CASES = {"analyst", "auditor", "admin"}
TEAM = {"on_team", "off_team"}
PEOPLE = {"mine", "colleague", "leader", "theirs", "their_leader", "secretariat"}
SYSTEMS = {"prosecution", "their_prosecution"}


class Of(Enum):
    """What a route speaks of."""

    CASE = auto()
    CASE_WRITTEN = auto()
    CASES = auto()
    MESSAGE = auto()
    MESSAGES = auto()
    OFFICIAL = auto()
    OFFICIALS = auto()
    TAKES_IN = auto()
    LAW = auto()  # nothing of a case: the same for everybody


REFUSED: dict[Of, set[str]] = {
    Of.CASE: NO_CASES,
    Of.CASE_WRITTEN: NO_CASES | TEAM,
    Of.CASES: NO_CASES,
    Of.MESSAGE: NO_CASES | TEAM,
    Of.MESSAGES: NO_CASES | TEAM,
    Of.OFFICIAL: NO_CASES | TEAM | PEOPLE - {"secretariat"},
    Of.OFFICIALS: NO_CASES | TEAM | PEOPLE - {"secretariat"},
}
"""Whom it refuses, 403, whatever is asked: there is nothing to be learnt from that."""


@dataclass(frozen=True)
class Ask:
    """One way to ask. Of what is seen it answers `seen`, and writes nothing either."""

    query: str = ""
    body: Any = None
    etag: str | None = None
    key: bool = False
    seen: int = 200


EVENT = {"type": "suspect_set", "occurred_on": DAY}
CORRECTION = {"seq": 1, "reason": "wrong_date", "replacement": None}
TOMORROW = "2026-01-06"
THEN = f"?known_at={DAY}&valid_at={DAY}"
OLD = '"999"'
WRITES = (428, 412, 412, 412)


def reads(of: Of = Of.CASE, *more: str) -> tuple[Of, tuple[Ask, ...]]:
    return of, (Ask(), *(Ask(query) for query in more))


def writes(body: Any) -> tuple[Of, tuple[Ask, ...]]:
    asks = (Ask(), Ask(etag=OLD), Ask("?dry_run=true", etag=OLD), Ask(etag=OLD, key=True))
    told = zip(asks, WRITES, strict=True)
    return Of.CASE_WRITTEN, tuple(Ask(a.query, body, a.etag, a.key, seen) for a, seen in told)


Row = tuple[Of, tuple[Ask, ...]]
ROUTES: dict[tuple[str, str], Row] = {
    ("GET", "/v1/cases/{case_id}"): reads(Of.CASE, THEN, "?known_at=2014-07-01"),
    ("GET", "/v1/cases/{case_id}/events"): reads(Of.CASE, THEN),
    ("GET", "/v1/cases/{case_id}/options"): reads(),
    ("GET", "/v1/cases/{case_id}/lead-time"): reads(Of.CASE, THEN),
    ("GET", "/v1/cases/{case_id}/deadlines"): reads(Of.CASE, THEN),
    ("POST", "/v1/cases/{case_id}/events"): writes(EVENT),
    ("POST", "/v1/cases/{case_id}/corrections"): writes(CORRECTION),
    ("GET", "/v1/cases"): reads(Of.CASES),
    ("POST", "/v1/cases"): reads(Of.TAKES_IN),
    ("POST", "/v1/decisions"): reads(Of.TAKES_IN),
    ("POST", "/v1/decisions/batch"): reads(Of.TAKES_IN),
    ("GET", "/v1/decisions"): reads(Of.MESSAGES),
    ("GET", "/v1/decisions/{message_id}"): reads(Of.MESSAGE),
    ("POST", "/v1/decisions/{message_id}/retry"): (Of.MESSAGE, (Ask(body={}), Ask(body={"accept_gap": True}))),
    ("POST", "/v1/decisions/{message_id}/dismiss"): reads(Of.MESSAGE),
    ("POST", "/v1/esas/messages"): reads(Of.TAKES_IN),
    ("GET", "/v1/esas/messages"): reads(Of.OFFICIALS),
    ("GET", "/v1/esas/messages/{message_id}"): reads(Of.OFFICIAL),
    ("GET", "/v1/workflows/{sanction}/{regime}"): reads(Of.LAW),
    ("GET", "/v1/deadline-rules"): reads(Of.LAW),
    ("GET", "/v1/problems/{code}"): reads(Of.LAW),
    ("GET", "/health/live"): reads(Of.LAW),
    ("GET", "/health/ready"): reads(Of.LAW),
    ("GET", "/openapi.json"): reads(Of.LAW),
    ("GET", "/docs"): reads(Of.LAW),
    ("GET", "/"): reads(Of.LAW),
    ("GET", "/static"): reads(Of.LAW),
}
"""A row a route: what it speaks of, and how it is asked."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    databases: pg.Databases = request.getfixturevalue("pg_databases")
    if request.param == "sqlite":
        url = sqlite_copy(request.getfixturevalue("sqlite_template"), folder)
    else:
        url = pg.sqlalchemy_url(databases.create(fill))
    with Service(url, Path(folder)) as running:
        yield sights.made(running)


def routes(of: Of) -> Iterator[tuple[str, str, Ask]]:
    return ((method, path, ask) for (method, path), (about, asks) in ROUTES.items() for ask in asks if about is of)


def put(client: Client, method: str, path: str, ask: Ask, id: str) -> httpx.Response:
    """The question asked of the thing with this id."""
    whole = path.replace("{case_id}", id).replace("{message_id}", id) + ask.query
    if method == "GET":
        return client.get(whole) if not ask.query else client.service.send("GET", whole, headers=_signed(client))
    return client.post(whole, ask.body, ask.etag, f"object-access-{id}" if ask.key else None)


def _signed(client: Client) -> dict[str, str]:
    return {"Authorization": f"Bearer {client.token}"}


def told(answer: httpx.Response) -> tuple[int, dict[str, Any], dict[str, str]]:
    """All of an answer but the trace."""
    return answer.status_code, answer.json() | {"trace_id": ""}, dict(answer.headers)


every_viewer = pytest.mark.parametrize("viewer", VIEWERS)

# --- the table ----------------------------------------------------------------------------------------------


def test_every_route_of_the_application_has_its_row(one: Service) -> None:
    found = {
        (method, str(route.path))
        for route in iter_route_contexts(one.app.routes)
        for method in (getattr(route, "methods", None) or {"GET"}) - {"HEAD"}
    }
    assert found == set(ROUTES)


def test_every_role_that_a_token_can_have_asks() -> None:
    assert {role for role, _, _ in VIEWERS.values()} == set(SCOPES)


# --- one case, one message ----------------------------------------------------------------------------------


@every_viewer
def test_a_hidden_case_answers_on_every_route_as_one_that_does_not_exist(
    world: World, viewer: str, figure: Callable[[str], None]
) -> None:
    client, before = world.as_(viewer), rows(world.service)
    hidden = {kind: case.id for kind, case in world.cases.items() if viewer not in KINDS[kind].sees}
    asked = [(of, one) for of in (Of.CASE, Of.CASE_WRITTEN) for one in routes(of)]
    for of, (method, path, ask) in asked:
        absent = told(put(client, method, path, ask, HIDDEN))
        assert absent[0] == (403 if viewer in REFUSED[of] else 404), path
        assert {kind: told(put(client, method, path, ask, case)) for kind, case in hidden.items()} == dict.fromkeys(
            hidden, absent
        ), path
    figure(f"hidden cases, {world.service.db.writer.dialect.name}, {viewer}: {len(asked) * len(hidden)} answers alike")
    assert rows(world.service) == before


@every_viewer
def test_a_case_that_may_be_seen_is_answered_on_every_route(world: World, viewer: str) -> None:
    client, before = world.as_(viewer), rows(world.service)
    for of in (Of.CASE, Of.CASE_WRITTEN):
        for method, path, ask in routes(of):
            for kind in (kind for kind in KINDS if viewer in KINDS[kind].sees):
                found = put(client, method, path, ask, world.cases[kind].id).status_code
                before_it_was_known = ask.query == "?known_at=2014-07-01"
                expected = 403 if viewer in REFUSED[of] else 404 if before_it_was_known else ask.seen
                assert found == expected or (ask.query == THEN and found == 404), (path, kind, found)
    assert rows(world.service) == before


@every_viewer
def test_a_message_is_known_to_its_sender_and_to_those_who_see_its_case(world: World, viewer: str) -> None:
    client, before = world.as_(viewer), rows(world.service)
    known = {world.messages[about] for about, sees in MESSAGES.items() if viewer in sees}
    for method, path, ask in routes(Of.MESSAGE):
        absent = told(put(client, method, path, ask, HIDDEN))
        assert absent[0] == (403 if viewer in REFUSED[Of.MESSAGE] else 404), path
        for message in world.messages.values():
            if message not in known:
                assert told(put(client, method, path, ask, message)) == absent, path
            elif method == "GET":
                assert put(client, method, path, ask, message).status_code == 200
    if viewer not in REFUSED[Of.MESSAGES]:
        listed = client.get("/v1/decisions").json()["items"]
        assert {one["id"] for one in listed} == known
    assert rows(world.service) == before


@every_viewer
def test_an_official_message_is_known_to_its_sender_and_the_secretariat(world: World, viewer: str) -> None:
    client = world.as_(viewer)
    for method, path, ask in routes(Of.OFFICIAL):
        absent = told(put(client, method, path, ask, HIDDEN))
        found = put(client, method, path, ask, world.official)
        if viewer in ("secretariat", "prosecution"):
            assert found.status_code == 200
        else:
            assert told(found) == absent
            assert absent[0] == (403 if viewer in REFUSED[Of.OFFICIAL] else 404)


@every_viewer
def test_who_may_not_is_refused_before_a_body_is_looked_at_for_a_case(world: World, viewer: str) -> None:
    for of in (Of.TAKES_IN, Of.CASES, Of.MESSAGES, Of.OFFICIALS):
        for method, path, ask in routes(of):
            found = put(world.as_(viewer), method, path, ask, HIDDEN).status_code
            expected = {403, 422, 400, 415} if of is Of.TAKES_IN else {403 if viewer in REFUSED[of] else 200}
            assert found in expected, (path, found)


def test_the_law_is_the_same_for_everybody(world: World) -> None:
    for method, path, ask in routes(Of.LAW):
        where = path.replace("{sanction}", "youth_sanction").replace("{regime}", "R2").replace("{code}", "not_found")
        found = {put(world.as_(viewer), method, where, ask, HIDDEN).text for viewer in VIEWERS}
        assert len(found - {""}) <= 1 or path == "/v1/problems/{code}", path


# --- lists --------------------------------------------------------------------------------------------------


def queries(world: World) -> list[dict[str, Any]]:
    """Ways to ask for a list: whole, by everything that could find one case, as of another day."""
    words = [word for case in world.cases.values() for word in (case.reference, case.reference[:4], case.number)]
    by: list[dict[str, Any]] = [
        {"konfliktrad": "oslo"},
        {"konfliktrad": "troms"},
        {"coordinator": "coordinator-oslo"},
        {"state": "executing"},
        {"sanction": "youth_sanction"},
        {"phase": "decision"},
        {"waiting_for": "court"},
        {"overdue": "true"},
        {"sort": "reference"},
        {"overdue": "false", "sort": "-next_due_on"},
        {"valid_at": DAY},
        {"known_at": TOMORROW},
        {"known_at": TOMORROW, "konfliktrad": "oslo"},
    ]
    return [{}, *by, *({"q": word} for word in words)]


def pages(client: Client, asked: dict[str, Any], limit: int) -> Iterator[dict[str, Any]]:
    """Every page of a list."""
    cursor: str | None = None
    for _ in range(200):
        page = client.get("/v1/cases", **asked, limit=limit, cursor=cursor).json()
        yield page
        cursor = page["next"]
        if cursor is None:
            return
    raise AssertionError("a list without end")


def inside(cursor: str | None) -> str:
    """What anybody can read in a cursor."""
    body = (cursor or "..").split(".")[1]
    return urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()


@pytest.mark.parametrize("viewer", [viewer for viewer in VIEWERS if viewer not in NO_CASES])
def test_lists_hold_what_may_be_seen_and_nothing_of_the_rest(world: World, viewer: str) -> None:
    client = world.as_(viewer)
    visible = {case.id for kind, case in world.cases.items() if viewer in KINDS[kind].sees}
    hidden = [case for kind, case in world.cases.items() if viewer not in KINDS[kind].sees]
    for asked in queries(world):
        whole = list(pages(client, asked, 200)) + (list(pages(client, asked, 1)) if len(asked) < 2 else [])
        said = json.dumps(whole) + "".join(inside(page["next"]) for page in whole)
        assert not [case for case in hidden if case.id in said or case.reference in said], asked
        assert {one["id"] for page in whole for one in page["items"]} <= visible
    assert {one["id"] for page in pages(client, {}, 3) for one in page["items"]} == visible
    assert {one["id"] for page in pages(client, {"known_at": TOMORROW}, 3) for one in page["items"]} == visible


@pytest.mark.parametrize("viewer", [viewer for viewer in VIEWERS if viewer not in NO_CASES])
@pytest.mark.parametrize("when", [{}, {"known_at": TOMORROW}])
def test_a_list_says_where_a_protected_youth_belongs_to_few(world: World, viewer: str, when: dict[str, str]) -> None:
    client = world.as_(viewer)
    by_id = {case.id: kind for kind, case in world.cases.items()}
    placed = {case.id for kind, case in world.cases.items() if viewer in KINDS[kind].sees & KINDS[kind].placed}
    for one in client.get("/v1/cases", limit=200, **when).json()["items"]:
        here = "troms" if by_id[one["id"]].startswith("moved") else "oslo"
        assert one["konfliktrad"] == (here if one["id"] in placed else None), by_id[one["id"]]
        assert one["id"] in placed or one["coordinator"] is None, by_id[one["id"]]
    for office in ("oslo", "troms"):
        found = {one["id"] for one in client.get("/v1/cases", limit=200, konfliktrad=office, **when).json()["items"]}
        assert found <= placed
    mine = client.get("/v1/cases", limit=200, coordinator="coordinator-oslo", **when).json()["items"]
    assert {one["id"] for one in mine} <= placed


# --- everything that anybody is told ------------------------------------------------------------------------


@every_viewer
def test_nothing_of_what_may_not_be_learnt_stands_in_any_answer(
    world: World, viewer: str, figure: Callable[[str], None]
) -> None:
    said = list(_everything(world, viewer))
    for kind, case in world.cases.items():
        whole = [text for about, text in said if about in (kind, None)]
        for word in _kept_from(kind, case, viewer):
            assert not [text for text in whole if word in text], (kind, word)
        for word in _shown_to(kind, case, viewer):
            assert [text for text in whole if word in text], (kind, word)
    figure(f"answers searched, {world.service.db.writer.dialect.name}, {viewer}: {len(said)}, 0 with what is hidden")


def _everything(world: World, viewer: str) -> Iterator[tuple[str | None, str]]:
    """All that this viewer can be answered, and which case or message it was asked of; None: a list."""
    client = world.as_(viewer)
    things = [(Of.CASE, {kind: case.id for kind, case in world.cases.items()}), (Of.MESSAGE, world.messages)]
    things.append((Of.CASE_WRITTEN, things[0][1]))
    for of, ids in things:
        for method, path, ask in routes(of):
            for kind, id in ids.items() if of is not Of.MESSAGE or method == "GET" else ():
                answer = put(client, method, path, ask, id)
                yield kind, answer.text + str(answer.headers)
    for path in ("/v1/cases", "/v1/decisions", "/v1/esas/messages"):
        yield None, client.get(path, limit=200).text
    yield None, client.get("/v1/cases", limit=200, known_at=TOMORROW).text


def _kept_from(kind: str, case: Secrets, viewer: str) -> list[str]:
    """What must not be said of this case to this viewer, wherever."""
    sees, own = viewer in KINDS[kind].sees, kind.startswith("sent") and viewer == "prosecution"
    if own:
        return []  # what it sent itself
    reached = viewer in KINDS[kind].reaches
    return [
        *([] if sees else [case.reference, case.number]),
        *([] if sees and viewer not in TEAM else [case.name]),
        *([] if reached else [*case.contacts]),
    ]


def _shown_to(kind: str, case: Secrets, viewer: str) -> list[str]:
    """What those who work with the case are told of it."""
    kept = KINDS[kind]
    return [
        *([case.reference] if viewer in kept.sees else []),
        *([case.name] if viewer in kept.sees - TEAM else []),
        *(case.contacts if viewer in kept.reaches else []),
    ]


@every_viewer
def test_where_a_protected_youth_lives_is_told_to_nobody_else(world: World, viewer: str) -> None:
    for kind, case in world.cases.items():
        answer = world.as_(viewer).get(f"/v1/cases/{case.id}")
        if viewer in KINDS[kind].reaches:
            assert answer.json()["person"]["reach"]["municipality"] in (sights.MUNICIPALITY, None)
        else:
            assert sights.MUNICIPALITY not in str(answer.json().get("person"))


def test_the_team_of_a_protected_youth_is_not_told_the_office_or_who_recorded_what(world: World) -> None:
    member = world.as_("on_team")
    for kind, office in (("open", "oslo"), ("confidential", None), ("strict", None), ("moved_strict", None)):
        case = world.cases[kind].id
        shown = member.get(f"/v1/cases/{case}").json()
        assert (shown["konfliktrad"], shown["person"]) == (office, None)
        assert bool(shown["coordinator"]) is bool(shown["team"]) is (office is not None)
        history = member.get(f"/v1/cases/{case}/events").json()["items"]
        assert all((event["subject"] is None) is (office is None) and not event["details"] for event in history)
        assert ("oslo" in json.dumps([shown, history])) is (office is not None)
