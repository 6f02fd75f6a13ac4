"""T33: the door tells nothing. Whoever opens, pushes or messages on somebody known is answered as for somebody new.

Four worlds differ only in what is stored of one identity number: nothing, or a case of the own office, of another
office, or of somebody whose address is protected. The same is done in each, every GET route of the document is asked by
everybody, and whatever those who may not see the stored person are answered is the same in all of them.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import product
from typing import Any

import httpx
import pytest

from tests import pg
from tests.api.build import DAY, FOLLOW_UP, STAGES
from tests.api.test_statements import statements
from tests.esas import official
from tests.intake import making
from tests.samples import THOROUGH
from tests.service import Client, Service, fill, new_case, sqlite_copy

NUMBER, BORN = official.NUMBER, official.BORN
GIVEN, FAMILY = "Prikkete", "Gulrot"
UNKNOWN, OWN, OTHER, GRADED = "unknown", "own_office", "other_office", "graded"
KINDS = {
    UNKNOWN: ("oslo", "none", official.OTHER_NUMBER),
    OWN: ("troms", "none", NUMBER),
    OTHER: ("oslo", "none", NUMBER),
    GRADED: ("oslo", "strictly_confidential", NUMBER),
}
"""The stored person of each world: konfliktråd of their case, how their address is kept, and their identity number.

Where the person is unknown somebody else is stored, so that counts over the whole country are the same.
"""

STORED = {
    "family name": "Lyngtuestokk",
    "given name": "Ullhårete",
    "contact": "+47 000 61 777",
    "guardian": "Myrulla Lyngtuestokk",
    "contact of the guardian": "+47 000 62 777",
    "police case number": "91777001",
}
"""What is stored of the person, each word found nowhere else."""

MUNICIPALITY = {"oslo": "0301", "troms": "5501"}
VIEWERS: dict[str, tuple[str, str | None, str | None]] = {
    "opener": ("coordinator", "troms", "coordinator-troms"),
    "colleague": ("coordinator", "troms", "coordinator-troms-2"),
    "leader": ("leader", "troms", None),
    "stranger": ("coordinator", "agder", "coordinator-agder"),
    "on_team": ("team_member", None, "teacher-7"),
    "prosecution": ("prosecution", "troms", "prosecution-troms"),
    "analyst": ("analyst", None, None),
    "auditor": ("auditor", None, None),
    "admin": ("admin", None, None),
}
"""Everybody who may not see a person of Oslo. In the own office the first three may see theirs."""

SEES = {"secretariat": ("secretariat", None, None), "theirs": ("leader", "oslo", None)}
MAY_SEE = {OWN: {"opener", "colleague", "leader", "prosecution"}}


class World:
    """A service in which one person may be known, and what has been done in it."""

    def __init__(self, service: Service, kind: str) -> None:
        self.service = service
        self.kind = kind
        self.secrets: dict[str, str] = {}
        self.ids: dict[str, str] = {"case_id": HIDDEN, "person_id": HIDDEN, "message_id": HIDDEN}
        self.answers: dict[str, httpx.Response] = {}
        self.statements: dict[str, list[str]] = {}
        self._know(*KINDS[kind])

    def as_(self, viewer: str) -> Client:
        return self.service.as_(*(VIEWERS | SEES)[viewer])

    def _done(self, name: str, viewer: str, method: str, path: str, **given: Any) -> httpx.Response:
        """Something done, with its answer and its statements."""
        with statements() as executed:
            self.answers[name] = self.as_(viewer)._send(method, path, **given)
        self.statements[name] = list(executed)
        return self.answers[name]

    def _know(self, office: str, protection: str, number: str) -> None:
        client = self.service.as_("leader", office)
        person = {
            "given_name": STORED["given name"],
            "family_name": STORED["family name"],
            "born": official.OTHER_BORN if number != NUMBER else BORN,
            "national_id": number,
            "protection": protection,
            "contact": STORED["contact"],
            "guardians": [{"name": STORED["guardian"], "contact": STORED["contact of the guardian"]}],
        }
        case = new_case(
            konfliktrad=None,
            municipality=MUNICIPALITY[office],
            person=person,
            police_case_numbers=[STORED["police case number"]],
        )
        done = client.post("/v1/cases", case)
        assert done.status_code == 201, done.text
        found = done.json()
        self.secrets = {
            **STORED,
            "id of the case": found["id"],
            "id of the person": found["person"]["id"],
            "reference": found["reference"],
        }

    def open(self) -> None:
        """A case by hand, then everything up to the start, assigned to whoever opened it, with a team."""
        body = self._done("open", "opener", "POST", "/v1/cases", json=opening()).json()
        self.ids |= {"case_id": body["id"], "person_id": body["person"]["id"]}
        case = f"/v1/cases/{body['id']}"
        steps = [
            *((event, details) for event, details in FOLLOW_UP[: STAGES["executing"]]),
            ("team_member_joined", {"member": "teacher-7", "agency": "school"}),
        ]
        for n, (event, details) in enumerate(steps, start=1):
            told = {"coordinator": "coordinator-troms"} if event == "assigned" else details
            step = {"type": event, "occurred_on": DAY, "details": told}
            self._done(f"{n} {event}", "opener", "POST", f"{case}/events", json=step, headers={"If-Match": f'"{n}"'})

    def push(self) -> None:
        """A charge and its end by person alone, a message that opens a case, the same in a batch, and again."""
        for name, message in messages().items():
            self._done(f"push {name}", "prosecution", "POST", "/v1/decisions", json=message)
        batch = b"".join(making.line(one) for one in messages("batch").values())
        headers = {"Content-Type": "application/x-ndjson"}
        self._done("batch", "prosecution", "POST", "/v1/decisions/batch", content=batch, headers=headers)
        self.ids["message_id"] = self.answers["push charge"].json()["id"]
        for again in ("retry", "retry once more"):
            self._done(again, "prosecution", "POST", f"/v1/decisions/{self.ids['message_id']}/retry", json={})

    def message(self) -> None:
        """An official message that brings a case."""
        body = official.overfoere_sak(number="16007770")
        self._done("official", "prosecution", "POST", "/v1/esas/messages", json=body)

    def ask(self) -> dict[tuple[str, str], httpx.Response]:
        """Every GET route of the document, by everybody who may not see the stored person."""
        hidden = set(VIEWERS) - MAY_SEE.get(self.kind, set())
        return {
            (viewer, path): self.as_(viewer).get(with_ids(path, self.ids), **QUERY.get(path, {}))
            for viewer, path in product(sorted(hidden), paths(self.service))
        }


HIDDEN = "019b8dd0-0000-7000-8000-000000000000"
PERIOD = {"from": "2014-07-01", "to": "2026-12-31"}
STATISTICS = (
    *("indicators", "surveys", "lead-time", "completion", "recidivism", "comparison", "overview", "waits-by-party"),
    *("recidivism/by-outcome", "explanation"),
)
QUERY = {f"/v1/statistics/{name}": PERIOD for name in STATISTICS} | {"/v1/extracts/{name}": {"purpose": "demo"}}
NAMED = {"sanction": "youth_follow_up", "regime": "R2", "code": "not_found", "name": "cases"}


def paths(service: Service) -> list[str]:
    document = service.app.openapi()
    return sorted(path for path, item in document["paths"].items() if "get" in item)


def with_ids(path: str, ids: dict[str, str]) -> str:
    """The path with ids of what has been made here, and elsewhere one that nothing has."""
    return re.sub(r"\{(\w+)[^}]*\}", lambda name: (ids | NAMED).get(name[1], HIDDEN), path)


def opening(**person: Any) -> dict[str, Any]:
    """The same identity number, opened in Troms by somebody who knows nothing more than a name."""
    given = {"given_name": GIVEN, "family_name": FAMILY, "born": BORN, "national_id": NUMBER, "guardians": []}
    return new_case(
        konfliktrad=None,
        municipality=MUNICIPALITY["troms"],
        person=given | person,
        police_case_numbers=["91000222"],
    )


def messages(of: str = "single") -> dict[str, dict[str, Any]]:
    """What a system that handles no case of the person sends of them."""
    said = next(chain[0] for chain in making.cases(7, 20) if chain[0].get("opening"))
    person = {"born": BORN, "family_name": FAMILY, "given_name": GIVEN, "national_id": NUMBER, "guardians": []}
    first = said | {"decision_id": f"door-{of}", "police_case_numbers": [f"9100033{len(of)}"], "person": person}
    first["opening"] = said["opening"] | {"municipality": MUNICIPALITY["troms"], "konfliktrad": None}
    first["opening"] = {name: value for name, value in first["opening"].items() if value is not None}
    charge = {
        name: value for name, value in first.items() if name not in ("opening", "court_case_number", "refers_to")
    } | {
        "decision_id": f"door-{of}-charge",
        "kind": "new_charge",
        "police_case_numbers": [f"9100044{len(of)}"],
        "terms": {"offence_on": "2025-01-17", "concerns": []},
    }
    decided = charge | {
        "decision_id": f"door-{of}-dropped",
        "kind": "dropped",
        "police_case_numbers": [f"9100055{len(of)}"],
        "terms": {},
    }
    return {"charge": charge, "dropped": decided, "opening": first}


@contextmanager
def served_on(request: pytest.FixtureRequest, kind: str, factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = factory.mktemp(kind)
    databases: pg.Databases = request.getfixturevalue("pg_databases")
    if request.param == "sqlite":
        url = sqlite_copy(request.getfixturevalue("sqlite_template"), folder)
        with Service(url, folder) as running:
            yield running
        return
    libpq = databases.create(fill)
    with Service(pg.sqlalchemy_url(libpq), folder) as running:
        yield running
    databases.drop(libpq)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def worlds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, World]]:
    """The four worlds, before anything has been done in them."""
    with ExitStack() as stack:
        yield {kind: World(stack.enter_context(served_on(request, kind, tmp_path_factory)), kind) for kind in KINDS}


Answers = dict[str, dict[tuple[str, str], httpx.Response]]


@pytest.fixture(scope="module")
def heard(worlds: dict[str, World]) -> Answers:
    """By world, every answer: before, and after each thing done; with what was answered when it was done.

    On PostgreSQL before, and after all of it: what is told does not depend on the database.
    """
    found: Answers = {}
    for kind, world in worlds.items():
        answers = {(viewer, f"before {path}"): one for (viewer, path), one in world.ask().items()}
        for name, act in (("open", world.open), ("push", world.push), ("message", world.message)):
            act()
            if world.service.is_on_sqlite or THOROUGH or name == "message":
                answers |= {(viewer, f"after {name} {path}"): one for (viewer, path), one in world.ask().items()}
        doers = {name: "opener" if name == "open" or name[0].isdigit() else "prosecution" for name in world.answers}
        shown = {(doers[name], name): one for name, one in world.answers.items()}
        found[kind] = answers | {key: one for key, one in shown.items() if key[0] not in MAY_SEE.get(kind, ())}
    return found


AUDITOR, AUDITED = "auditor", ("/v1/access-log", "/v1/audit")
"""An auditor reads who was shown whose data: by ids, without a name. The other counts what is linked."""
IDS = ("id of the case", "id of the person")


def is_audited(asked: tuple[str, str]) -> bool:
    """Whether it is what an auditor is there to read: that follows from everything else that is done in a world."""
    return asked[0] == AUDITOR and asked[1].endswith(AUDITED)


def leaks(secrets: dict[str, str], answer: httpx.Response, asked: tuple[str, str] = ("", "")) -> list[str]:
    """Which of the stored words stand in the body or the headers of the answer. `asked`: by whom, and what."""
    if is_audited(asked):
        secrets = {what: word for what, word in secrets.items() if what not in IDS}
    whole = answer.text + str(dict(answer.headers)) + json.dumps(answer.text, ensure_ascii=True)
    return [what for what, word in secrets.items() if word in whole]


def test_nothing_stored_is_told_to_those_who_may_not_see_the_person(
    worlds: dict[str, World], heard: Answers, figure: Callable[[str], None]
) -> None:
    searched = 0
    for kind in (OWN, OTHER, GRADED):
        for asked, answer in heard[kind].items():
            assert leaks(worlds[kind].secrets, answer, asked) == [], (kind, asked)
            searched += 1
    routes = len(paths(worlds[OTHER].service))
    figure(
        f"T33 {dialect(worlds)}: {searched} answers searched for {len(worlds[OTHER].secrets)} stored words each, "
        f"0 found ({routes} GET routes, {len(VIEWERS)} viewers, 3 worlds)"
    )
    assert searched >= 3 * 2 * routes * (len(VIEWERS) - len(MAY_SEE[OWN]))


def test_the_search_finds_what_is_told_to_those_who_may_see_the_person(worlds: dict[str, World]) -> None:
    world = worlds[OTHER]
    answer = world.as_("theirs").get(f"/v1/cases/{world.secrets['id of the case']}")
    expected = set(world.secrets) - {"police case number"}
    assert set(leaks(world.secrets, answer)) == expected


def test_a_known_person_is_answered_as_an_unknown_one(
    worlds: dict[str, World], heard: Answers, figure: Callable[[str], None]
) -> None:
    compared = 0
    for kind in (OTHER, GRADED):
        assert heard[kind].keys() == heard[UNKNOWN].keys()
        for asked, answer in heard[kind].items():
            assert is_audited(asked) or plain(answer) == plain(heard[UNKNOWN][asked]), (kind, asked)
            compared += 1
    figure(f"T33 {dialect(worlds)}: {compared} answers on a known person compared with an unknown one, 0 differ")
    assert compared > 2 * len(VIEWERS) * len(paths(worlds[OTHER].service))


def test_the_same_statements_run_for_a_known_person_and_an_unknown_one(
    worlds: dict[str, World], heard: Answers, figure: Callable[[str], None]
) -> None:
    assert heard
    unknown = worlds[UNKNOWN].statements
    for kind in (OTHER, GRADED):
        for name, executed in worlds[kind].statements.items():
            assert executed == unknown[name], (kind, name)
    total = sum(map(len, unknown.values()))
    figure(f"T33 {dialect(worlds)}: {len(unknown)} writes, {total} statements, the same ones for a known person")
    assert total > len(unknown) >= 15


def dialect(worlds: dict[str, World]) -> str:
    return worlds[OTHER].service.db.writer.dialect.name


UUID_ = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
REFERENCE = re.compile(r'"reference": ?"[^"]*"')
SUBJECT = re.compile(r'"subject":"[0-9A-Z]{5}-[0-9A-Z]{5}"')
"""The reference of the case that an entry of the change feed is about."""
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
NEXT = re.compile(r'"(?:next|after)":"[^"]*"')
TRACE = re.compile(r'"trace_id":"[^"]*"')
PSEUDONYM = re.compile(r"(?<=overfoereSak:)[0-9]+:U[SO]:[0-9a-f]{16}")
"""Of a message without an id: a hash under a secret that each database has of its own."""
OFFICIAL_ID = re.compile(r'"(etag|current_etag)":"[^"]*"')


def plain(answer: httpx.Response) -> tuple[int, str, dict[str, str]]:
    """The answer without ids and times, which are never the same twice."""
    return (
        answer.status_code,
        _plain(answer.text),
        {name: _plain(value) for name, value in answer.headers.items() if name != "x-request-id"},
    )


def _plain(text: str) -> str:
    for pattern, word in (
        (PSEUDONYM, "pseudonym"),
        (UUID_, "id"),
        (REFERENCE, "reference"),
        (SUBJECT, "subject"),
        (INSTANT, "at"),
        (NEXT, "next"),
        (TRACE, "trace"),
    ):
        text = pattern.sub(word, text)
    return text
