"""The client, against the service and against one that does not behave."""

import ast
import asyncio
import inspect
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from standardwebhooks import Webhook

from client import generate
from tests.api.build import case_at
from tests.notices.test_interface import URL
from tests.service import Service, new_case
from ungdom_client import (
    AsyncClient,
    Client,
    ClientCredentials,
    Forbidden,
    Invalid,
    Maskinporten,
    NotAuthenticated,
    NotFound,
    NotReached,
    NotVerified,
    RefreshToken,
    Refused,
    Retries,
    Unauthenticated,
    Unavailable,
    VersionOutdated,
    resources,
    verify,
)
from ungdom_client.core import AsyncResource, Operation, Resource

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "client" / "src"
SECONDS = 0.8
"""Of processor time, that importing the client may take."""

Handler = Callable[[httpx.Request], httpx.Response]


def client_of(service: Service, role: str, office: str | None = None, **more: Any) -> Client:
    """A client of a running service, in this process."""

    def answered(request: httpx.Request) -> httpx.Response:
        answer = service.send(
            request.method, str(request.url), content=request.read(), headers=dict(request.headers), params=None
        )
        headers = {name: value for name, value in answer.headers.items() if name.lower() != "content-encoding"}
        return httpx.Response(answer.status_code, headers=headers, content=answer.content)

    token = service.as_(role, office).token
    return Client("http://ungdom.test", token, transport=httpx.MockTransport(answered), **more)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the client would have waited."""
    seconds: list[float] = []
    monkeypatch.setattr("time.sleep", seconds.append)

    async def sleep(wait: float) -> None:
        seconds.append(wait)

    monkeypatch.setattr("ungdom_client.client.asyncio.sleep", sleep)
    return seconds


def against(*answers: Any, token: Any = None, **more: Any) -> tuple[Client, list[httpx.Request]]:
    """A client of a service that answers so, one after the other, and what it was sent."""
    sent: list[httpx.Request] = []
    left = list(answers)

    def answered(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Client("https://a.test/", token or "t", transport=httpx.MockTransport(answered), **more), sent


def problem(status: int, code: str, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
    return httpx.Response(status, headers=headers, json={"code": code, "detail": "Fordi.", **more})


# --- against the service ------------------------------------------------------------------------------------------


def test_a_case_is_walked_and_a_refusal_says_what_would_help(one: Service) -> None:
    with client_of(one, "coordinator", "oslo", language="en") as ungdom:
        case = ungdom.cases.open(new_case())["id"]
        assert ungdom.cases.get(case)["state"] == "registered"
        with pytest.raises(Refused) as refused:
            ungdom.events.record(case, {"type": "completed", "occurred_on": "2026-01-05"})
        assert refused.value.code
        recorded = ungdom.events.record(case, {"type": "suspect_set", "occurred_on": "2026-01-05"})
        assert recorded["seq"] == 2
        other = client_of(one, "leader", "oslo")
        other.cases.get(case)
        other.events.record(case, {"type": "investigation_closed", "occurred_on": "2026-01-05"})
        with pytest.raises(VersionOutdated) as outdated:
            ungdom.events.record(case, {"type": "charged", "occurred_on": "2026-01-05"})
        assert [event["type"] for event in outdated.value.events_since] == ["investigation_closed"]
        etag = outdated.value.etag
        assert ungdom.events.record(case, {"type": "charged", "occurred_on": "2026-01-05"}, if_match=etag)["seq"] == 4
        with pytest.raises(Invalid) as wrong:
            ungdom.cases.open(new_case(occurred_on="yesterday"))
        assert wrong.value.errors
        with pytest.raises(NotFound):
            ungdom.cases.get("01890a5d-ac96-774b-bcce-b302099a8057")
        with pytest.raises(Forbidden):
            ungdom.audit.findings()


def walk_of(page: str) -> tuple[str, list[str]]:
    """The first block of Python of a page, without its import, as on the day of the service; and the other blocks."""
    text = (ROOT / page).read_text("utf-8").replace("2026-11-30", "2026-01-05")
    walk, *others = re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)
    imported, _, walk = walk.partition("\n")
    assert imported == "from ungdom_client import Client, Refused"
    return walk, others


@pytest.mark.parametrize("page", ["docs/client.md", "client/README.md"])
def test_the_first_program_of_a_page_runs(one: Service, capsys: pytest.CaptureFixture[str], page: str) -> None:
    def client(url: str, _token: str, **more: Any) -> Client:
        assert url == "https://ungdom.example.no"
        return client_of(one, "coordinator", "oslo", **more)

    names: dict[str, Any] = {"Client": client, "Refused": Refused, "token": "t"}
    exec(walk_of(page)[0], names)  # noqa: S102 - a page of this project
    assert one.as_("coordinator", "oslo").get(f"/v1/cases/{names['case']['id']}").json()["state"] == "registered"
    printed = capsys.readouterr().out
    assert {"registered", "registrert"} & {word.strip("«»‘’,.") for word in printed.lower().split()}, printed


def test_the_page_for_those_who_write_a_program_runs(one: Service, figure: Callable[[str], None]) -> None:
    began = time.monotonic()
    decisions, feed = walk_of("docs/client.md")[1]
    one.as_("coordinator", "oslo").post("/v1/cases", new_case())
    message = {"kind": "became_final", "decision_id": "D-1", "version": 1, "occurred_on": "2025-06-27"}
    message |= {"sent_at": "2025-06-27T12:00:00+02:00", "police_case_numbers": ["15434899"], "terms": {}}
    message |= {"person": {"born": "2008-02-11", "given_name": "Fin", "family_name": "Stilling"}}
    kept: list[Any] = []
    names = {"messages": [message], "last_number": 0, "keep": lambda *done: kept.append(done)}
    exec(decisions, names | {"ungdom": client_of(one, "prosecution")})  # noqa: S102
    assert [(number, receipt["outcome"]) for number, receipt in kept] == [(1, "parked")]

    def enough(_after: str) -> None:
        raise KeyboardInterrupt

    events: list[str] = []
    names = {"kept_position": lambda: None, "keep_position": enough, "handle": lambda kind, _data: events.append(kind)}
    with pytest.raises(KeyboardInterrupt):
        exec(feed, names | {"ungdom": client_of(one, "coordinator", "oslo")})  # noqa: S102
    assert events
    figure(f"page of the client: blocks of decisions and feed in {time.monotonic() - began:.1f} s")


def test_unmet_conditions_stand_in_the_exception(one: Service) -> None:
    oslo = one.as_("coordinator", "oslo")
    case = case_at(oslo, "preparing")
    with client_of(one, "coordinator", "oslo", language="en") as ungdom, pytest.raises(Refused) as refused:
        ungdom.events.record(
            case, {"type": "plan_meeting_held", "occurred_on": "2026-01-05", "details": {"present": ["youth"]}}
        )
    assert refused.value.unmet
    assert all(condition["law"] and condition["message"] for condition in refused.value.unmet)


def test_pages_are_gone_through_and_the_feed_is_followed_from_where_it_was_left(
    one: Service, waits: list[float]
) -> None:
    with client_of(one, "coordinator", "oslo") as ungdom:
        opened = [ungdom.cases.open(new_case())["id"] for _ in range(5)]
        assert sorted(row["id"] for row in ungdom.cases.each(limit=2)) == sorted(opened)
        parts = ungdom.feed.follow(limit=2)
        first = next(parts)
        assert len(first["items"]) == 2
        again = ungdom.feed.follow(first["after"], limit=200)
        assert [item["data"]["case_id"] for item in next(again)["items"]] == opened[2:]
        opened.append(ungdom.cases.open(new_case())["id"])
        assert [item["data"]["case_id"] for item in next(again)["items"]] == opened[5:]
        assert waits == [5.0]  # once there was nothing new


def test_many_decisions_are_pushed_with_progress_and_gone_on_with(one: Service) -> None:
    decision = {
        "kind": "became_final",
        "version": 1,
        "occurred_on": "2025-06-27",
        "sent_at": "2025-06-27T12:00:00+02:00",
        "police_case_numbers": ["15434899"],
        "person": {"born": "2008-02-11", "given_name": "Fin", "family_name": "Stilling"},
        "terms": {},
    }
    messages = [decision | {"decision_id": f"D-{n}"} for n in range(7)]
    seen: list[int] = []
    with client_of(one, "prosecution") as ungdom:
        begun = ungdom.decisions.push_all(messages, block=3, progress=seen.append)
        first = [next(begun) for _ in range(3)]
        rest = list(ungdom.decisions.push_all(messages, block=3, skip=first[-1].number, progress=seen.append))
        assert [one.number for one in (*first, *rest)] == [1, 2, 3, 4, 5, 6, 7]
        assert seen == [6, 7]
        whole = list(ungdom.decisions.push_all(messages))
        assert [one.receipt for one in whole] == [one.receipt for one in (*first, *rest)]


def test_asyncio_has_the_same(one: Service) -> None:
    async def walk() -> None:
        transport = httpx.ASGITransport(app=one.app, raise_app_exceptions=False)
        token = one.as_("coordinator", "oslo").token
        async with AsyncClient("http://ungdom.test", token, transport=transport) as ungdom:
            opened = [(await ungdom.cases.open(new_case()))["id"] for _ in range(3)]
            assert sorted([row["id"] async for row in ungdom.cases.each(limit=2)]) == sorted(opened)
            await ungdom.events.record(opened[0], {"type": "suspect_set", "occurred_on": "2026-01-05"})
            async for part in ungdom.feed.follow(limit=3):
                assert len(part["items"]) == 3
                break
            with pytest.raises(Refused):
                await ungdom.events.record(opened[0], {"type": "completed", "occurred_on": "2026-01-05"})

    asyncio.run(walk())


def test_a_webhook_is_verified(one: Service) -> None:
    with client_of(one, "coordinator", "oslo") as ungdom:
        secret = ungdom.webhooks.create({"url": URL.replace("ø", "o"), "kinds": ["alert.raised"]})["secret"]
    assert secret
    now = datetime.now(UTC)
    body = '{"type": "no.konfliktraadet.ungdom.alert.raised", "data": {"label": "Frist går ut"}}'
    headers = {
        "Webhook-Id": "m1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": f"v1,AAAA {Webhook(secret).sign('m1', now, body)}",
    }
    assert verify(secret, headers, body.encode())["type"].endswith("alert.raised")
    for changed in ({"Webhook-Id": "m2"}, {"webhook-signature": "v1,AAAA"}, {"webhook-timestamp": "1"}):
        with pytest.raises(NotVerified):
            verify(secret, headers | changed, body.encode())
    with pytest.raises(NotVerified):
        verify(secret, headers, body.encode() + b" ")
    with pytest.raises(NotVerified):
        verify(secret, {}, body.encode())


def test_a_line_that_cannot_be_processed_now_is_sent_again(waits: list[float]) -> None:
    def answer(*codes: str | None) -> httpx.Response:
        lines = [json.dumps({"reason": code and {"code": code}, "outcome": "applied"}) for code in codes]
        return httpx.Response(200, content="".join(f"{line}\n" for line in lines))

    ungdom, sent = against(
        answer(None, "not_now", "unknown_case"), httpx.ReadError("broken"), answer("not_now"), answer(None)
    )
    messages: Any = [{"decision_id": f"D-{n}"} for n in range(3)]
    receipts = [done.receipt["reason"] for done in ungdom.decisions.push_all(messages)]
    assert receipts == [None, None, {"code": "unknown_case"}]
    assert [request.content.count(b"D-1") for request in sent] == [1, 1, 1, 1]
    assert [request.content.count(b"\n") for request in sent] == [3, 1, 1, 1]
    assert len(waits) == 3


# --- against one that does not behave -----------------------------------------------------------------------------


def test_retries_wait_as_long_as_asked_and_a_write_keeps_its_key(waits: list[float]) -> None:
    done = httpx.Response(201, json={"id": "c"}, headers={"ETag": '"1"', "Location": "/v1/cases/c"})
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    ungdom, sent = against(
        problem(503, "overloaded", {"Retry-After": "7"}),
        problem(429, "too_many_requests", {"Retry-After": later}),
        httpx.ReadTimeout("slow"),
        done,
    )
    assert ungdom.cases.open(new_case()) == {"id": "c"}
    assert len({request.headers["Idempotency-Key"] for request in sent}) == 1
    assert len({request.content for request in sent}) == 1
    assert 7 < waits[0] <= 8
    assert 85 < waits[1] <= 91
    assert 0.5 < waits[2] <= 2
    assert ungdom._core.etags == {"/v1/cases/c": '"1"'}


def test_what_is_not_to_be_sent_again_is_not(waits: list[float]) -> None:
    ungdom, sent = against(httpx.ReadTimeout("slow"))
    with pytest.raises(NotReached):
        ungdom.retention.run({"dry_run": True})
    ungdom, sent = against(problem(500, "internal"))
    with pytest.raises(Unavailable):
        ungdom.cases.list()
    assert len(sent) == 1
    ungdom, sent = against(problem(503, "overloaded", {"Retry-After": "4000"}))
    with pytest.raises(Unavailable):
        ungdom.cases.list()
    ungdom, sent = against(*[httpx.ConnectError("away")] * 3, retries=Retries(attempts=3))
    with pytest.raises(NotReached):
        ungdom.cases.list()
    assert len(sent) == 3
    ungdom, sent = against(httpx.Response(502, text="<html>proxy</html>"), httpx.Response(200, json={"items": []}))
    assert ungdom.cases.list() == {"items": []}
    assert len(waits) == 3


def granted(text: str, **more: Any) -> httpx.Response:
    return httpx.Response(200, json={"access_token": text, "expires_in": 120, **more})


def test_tokens_are_renewed_before_they_expire_and_when_they_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr("ungdom_client.tokens.time.monotonic", lambda: now[0])
    ok = httpx.Response(200, json={"items": []})
    kept: list[str] = []
    person = RefreshToken("https://issuer.test/token", "pages", "r1", keep=kept.append)
    refused = problem(401, "unauthenticated")
    ungdom, sent = against(
        granted("t1", refresh_token="r2"), ok, ok, granted("t2"), ok, refused, granted("t3"), ok, refused,
        granted("t4"), refused, token=person,
    )  # fmt: skip
    ungdom.cases.list()
    now[0] += 80
    ungdom.cases.list()
    now[0] += 11
    ungdom.cases.list()
    ungdom.cases.list()
    with pytest.raises(Unauthenticated):
        ungdom.cases.list()
    used = [request.headers["Authorization"].removeprefix("Bearer ") for request in sent if request.method == "GET"]
    assert used == ["t1", "t1", "t2", "t2", "t3", "t3", "t4"]
    assert kept == ["r2"]
    assert b"refresh_token=r1" in sent[0].content
    assert b"refresh_token=r2" in sent[3].content
    system = ClientCredentials("https://issuer.test/token", "id", "hemmelig", "ungdom:read")
    ungdom, sent = against(httpx.Response(400, json={"error": "invalid_client"}), token=system)
    with pytest.raises(NotAuthenticated, match="400 invalid_client"):
        ungdom.cases.list()
    assert "hemmelig" not in repr(system)


class Issuer:
    """Issuer and service at once: each refresh token is taken once, and the service takes the newest token only."""

    def __init__(self) -> None:
        self.number, self.used = 0, list[str]()

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "issuer.test":
            self.used += re.findall(r"refresh_token=(r\d+)", request.content.decode())
            if self.used[-1] != f"r{self.number}":
                return httpx.Response(400, json={"error": "invalid_grant"})
            self.number += 1
            return granted(f"t{self.number}", refresh_token=f"r{self.number}")
        newest = request.headers["Authorization"] == f"Bearer t{self.number}"
        return httpx.Response(200, json={"items": []}) if newest else problem(401, "unauthenticated")


def test_parallel_calls_use_a_refresh_token_once() -> None:
    """None of the calls has a token at first; then the service refuses the token of all of them."""
    issuer, calls, together = Issuer(), 4, threading.Barrier(4, timeout=10)

    def slow(request: httpx.Request) -> httpx.Response:
        if request.url.host == "a.test" and issuer.number == 2:
            with suppress(threading.BrokenBarrierError):
                together.wait()  # all are refused before any renews
        answer = issuer.answer(request)
        time.sleep(0.02 if request.url.host == "issuer.test" else 0)
        return answer

    person = RefreshToken("https://issuer.test/token", "pages", "r0")
    with Client("https://a.test", person, transport=httpx.MockTransport(slow)) as ungdom, ThreadPoolExecutor(4) as pool:
        assert [*pool.map(lambda _: ungdom.cases.list(), range(calls))] == [{"items": []}] * calls
        assert issuer.used == ["r0"]
        issuer.number, person.refresh_token = 2, "r2"  # the service refuses t1 from now on
        assert [*pool.map(lambda _: ungdom.cases.list(), range(calls))] == [{"items": []}] * calls
    assert issuer.used == ["r0", "r2"]


def test_parallel_calls_of_asyncio_use_a_refresh_token_once() -> None:
    issuer = Issuer()

    async def slow(request: httpx.Request) -> httpx.Response:
        answer = issuer.answer(request)
        await asyncio.sleep(0.02)
        return answer

    async def walk() -> None:
        person = RefreshToken("https://issuer.test/token", "pages", "r0")
        async with AsyncClient("https://a.test", person, transport=httpx.MockTransport(slow)) as ungdom:
            for number in (0, 2):
                issuer.number, person.refresh_token = number, f"r{number}"
                assert await asyncio.gather(*(ungdom.cases.list() for _ in range(4))) == [{"items": []}] * 4

    asyncio.run(walk())
    assert issuer.used == ["r0", "r2"]


def test_no_token_is_in_a_repr() -> None:
    ungdom, _ = against(token="hemmelig")
    assert "hemmelig" not in repr(ungdom._core) + repr(ungdom._core.authentication)


def test_maskinporten_is_asked_with_a_signed_assertion() -> None:
    key = RSAKey.generate_key(2048)
    grant = Maskinporten(
        "https://issuer.test/token", "https://issuer.test/", "client-1", "ungdom:decisions", key.as_pem(private=True),
        "kid-1", resource="https://ungdom.test",
    )  # fmt: skip
    ungdom, sent = against(granted("t1"), httpx.Response(200, json={"items": []}), token=grant)
    ungdom.decisions.list()
    form = dict(pair.split("=", 1) for pair in sent[0].content.decode().split("&"))
    assert form["grant_type"] == "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
    assertion = jwt.decode(form["assertion"], key, algorithms=["RS256"])
    assert assertion.header["kid"] == "kid-1"
    claims = assertion.claims
    assert (claims["aud"], claims["iss"], claims["scope"]) == ("https://issuer.test/", "client-1", "ungdom:decisions")
    assert 0 < claims["exp"] - claims["iat"] <= 120
    assert claims["resource"] == "https://ungdom.test"
    assert sent[1].headers["Authorization"] == "Bearer t1"


# --- the whole of it ----------------------------------------------------------------------------------------------


def methods_of(client: Client | AsyncClient) -> Iterator[tuple[str, Any]]:
    """Every method of every resource, with the name by which it is called."""
    names = [name for name in vars(resources.Resources) if not name.startswith("_")]
    for name in names:
        resource = getattr(client, name)
        assert isinstance(resource, Resource | AsyncResource)
        for method, _ in inspect.getmembers(type(resource), inspect.isfunction):
            if not method.startswith("_"):
                yield f"{name}.{method}", getattr(resource, method)


def test_every_operation_is_reached_by_one_method_of_each_client() -> None:
    document = json.loads((ROOT / "openapi" / "v1.json").read_text(encoding="utf-8"))
    wanted = {
        operation["operationId"]: (method.upper(), path)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in generate.METHODS
    }
    assert len(wanted) > 130
    for kind in (Client, AsyncClient):
        client = kind("https://a.test", "t")
        called: dict[str, str] = {}

        def call(operation: Operation[Any], places: Any, *_: Any, called: Any = called, **__: Any) -> Any:
            called[operation.id] = operation.path
            for name in places:
                assert f"{{{name}}}" in operation.path
            return None

        client.call = call  # type: ignore[method-assign, assignment]
        for name, method in methods_of(client):
            parameters = inspect.signature(method).parameters.values()
            needed = {one.name: "x" for one in parameters if one.default is inspect.Parameter.empty}
            if not name.split(".")[1].startswith("each") and name not in ("decisions.push_all", "feed.follow"):
                _called(method, needed)
        assert called == {id: path for id, (_, path) in wanted.items()}


def _called(method: Any, needed: dict[str, str]) -> None:
    result = method(**needed)
    if inspect.iscoroutine(result):
        with pytest.raises(TypeError):  # the call that was put in its place gives nothing to wait for
            result.send(None)


def test_models_and_resources_are_those_of_the_document() -> None:
    written = generate.files()
    assert written
    stale = [path.name for path, text in written.items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run `make docs`, which runs client/generate.py"


def test_importing_it_is_quick_and_pulls_nothing_of_the_service() -> None:
    program = (
        "import sys, time; began = time.process_time(); import ungdom_client;"
        "print(time.process_time() - began, sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    command = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(CLIENT)!r}); {program}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    seconds, _, listed = done.stdout.partition(" ")
    modules = set(ast.literal_eval(listed))
    assert "ungdom_client" in modules
    assert not modules & {"ungdom", "pydantic", "fastapi", "sqlalchemy", "cryptography", "joserfc", "typer"}
    assert float(seconds) < SECONDS


def test_a_wait_grows_and_is_drawn() -> None:
    retries = Retries(first=1, longest=8)
    drawn = [[retries.wait(attempt, None) for _ in range(50)] for attempt in range(1, 7)]
    for usual, waits_of_it in zip((1, 2, 4, 8, 8, 8), drawn, strict=True):
        assert usual / 2 <= min(waits_of_it) < max(waits_of_it) <= usual
