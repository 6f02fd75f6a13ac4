"""Limits of requests, the bounded queue, and what is answered when the database or the disk gives out (T24)."""

import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from uvicorn import Config

from tests import pg
from tests.api.build import assert_problem, rows
from tests.api.test_commit import commits_fail
from tests.service import Service, fill, new_case, sqlite_copy
from tests.web.visiting import Visitor
from ungdom.api.http.limits import RequestLimits, Windows, address_of
from ungdom.api.http.shedding import RequestQueue
from ungdom.cli.serving import connection_options
from ungdom.settings.load import LoadSettings
from ungdom.store import write_probe
from ungdom.store.errors import Unavailable
from ungdom.store.session import Database
from ungdom.store.write_probe import WriteProbe, disk_fault
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Actor, Role

Make = Callable[..., Service]


@pytest.fixture
def limited(sqlite_template: Path, tmp_path: Path) -> Iterator[Make]:
    """Makes a service with limits, on a database of its own."""
    running: list[Service] = []

    def make(**settings: Any) -> Service:
        running.append(Service(sqlite_copy(sqlite_template, tmp_path), tmp_path, **settings).__enter__())
        return running[-1]

    yield make
    for service in running:
        service.__exit__(None, None, None)


def sent_from(service: Service, address: str, path: str, app: Any = None, **headers: str) -> httpx.Response:
    """The answer to GET from this address, through the whole application or what stands around it."""

    async def answer() -> httpx.Response:
        transport = httpx.ASGITransport(app=app or service.app, client=(address, 4711), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://ungdom.test") as client:
            return await client.get(path, headers=headers)

    return service.portal.call(answer)


def bearer(service: Service, subject: str = "coordinator-oslo") -> dict[str, str]:
    return {"Authorization": f"Bearer {service.token(Role.COORDINATOR, 'oslo', subject)}"}


# --- limits of requests -------------------------------------------------------------------------------------


def test_a_caller_who_sends_too_much_waits_and_others_do_not(limited: Make) -> None:
    service = limited(subject_limit=3)
    mine, other = service.as_("coordinator", "oslo"), service.as_("leader", "oslo")
    assert [mine.get("/v1/cases").status_code for _ in range(3)] == [200] * 3
    for language, words in (("nb", "på ett minutt"), ("nn", "på eitt minutt"), ("en", "in one minute")):
        answer = service.send(
            "GET", "/v1/cases", headers={"Authorization": f"Bearer {mine.token}", "Accept-Language": language}
        )
        problem = assert_problem(answer, 429, "too_many_requests")
        assert words in problem["detail"]
        assert "serverprosess" in problem["detail"] or "server process" in problem["detail"]
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert answer.headers["RateLimit-Policy"] == '"subject-per-process";q=3;w=60'
        assert answer.headers["RateLimit"] == f'"subject-per-process";r=0;t={answer.headers["Retry-After"]}'
    assert other.get("/v1/cases").status_code == 200
    assert service.send("GET", "/health/live").status_code == 200


def test_a_request_over_the_limit_writes_nothing(limited: Make) -> None:
    service = limited(subject_limit=1)
    client = service.as_("coordinator", "oslo")
    assert client.post("/v1/cases", new_case()).status_code == 201
    before = rows(service)
    assert client.post("/v1/cases", new_case()).status_code == 429
    assert rows(service) == before


def test_a_batch_is_not_counted(limited: Make) -> None:
    service = limited(subject_limit=1, address_limit=2)
    who, until = Viewer(Role.PROSECUTION, "police-system", None), timedelta(days=365 * 40)
    token = service.issuer.issue(who, datetime(2014, 1, 1, tzinfo=UTC), until, "police", (Actor.POLICE,))
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    for _ in range(4):
        assert service.send("POST", "/v1/decisions/batch", headers=headers, content=b"{}\n").status_code == 200


def test_an_address_has_a_limit_for_all_who_come_from_it(limited: Make) -> None:
    service = limited(address_limit=2)
    both = (bearer(service), bearer(service, "coordinator-oslo-2"))
    for headers in both:
        assert sent_from(service, "203.0.113.7", "/v1/cases", **headers).status_code == 200
    refused = sent_from(service, "203.0.113.7", "/v1/cases", **both[0])
    assert_problem(refused, 429, "too_many_requests")
    assert refused.headers["RateLimit-Policy"].startswith('"address-per-process"')
    assert sent_from(service, "203.0.113.7", "/health/live").status_code == 200
    assert sent_from(service, "203.0.113.7", "/static/docs.css").status_code == 200
    assert sent_from(service, "203.0.113.8", "/v1/cases", **both[0]).status_code == 200


def test_failed_tokens_and_guessed_secrets_are_refused_sooner_and_a_valid_token_never_for_them(limited: Make) -> None:
    service = limited(login_limit=3)
    surveys = [sent_from(service, "203.0.113.9", f"/survey/{'x' * 43}").status_code for _ in range(4)]
    assert surveys == [404, 404, 404, 429]
    forged = {"Authorization": "Bearer not.a.token"}
    guess = f"/v1/calendar/{'x' * 43}.ics"
    wrong = [sent_from(service, "203.0.113.7", "/v1/cases", **forged).status_code for _ in range(2)]
    assert [*wrong, sent_from(service, "203.0.113.7", guess).status_code] == [401, 401, 404]
    for path, headers in (("/v1/cases", forged), ("/v1/cases", {}), (guess, {})):
        refused = sent_from(service, "203.0.113.7", path, **headers)
        assert_problem(refused, 429, "too_many_requests")
        assert "WWW-Authenticate" not in refused.headers
    assert sent_from(service, "203.0.113.7", "/v1/cases", **bearer(service)).status_code == 200
    assert sent_from(service, "203.0.113.8", "/v1/cases", **forged).status_code == 401


def test_searches_for_persons_have_a_stricter_limit(limited: Make) -> None:
    service = limited(search_limit=2)
    leader = service.as_("leader", "oslo")
    search = {"born": "2009-03-12"}
    assert [leader.post("/v1/persons/search", search).status_code for _ in range(2)] == [200, 200]
    refused = leader.post("/v1/persons/search", search)
    assert_problem(refused, 429, "too_many_requests")
    assert leader.get("/v1/cases").status_code == 200
    visitor = Visitor(service).sign_in("leader", "oslo", "leader-oslo-2")
    form = {"key": visitor.key("/search"), "reason": "own_case", **search}
    assert [visitor.post("/search", form).status_code for _ in range(3)] == [200, 200, 429]


def test_the_address_is_that_of_the_client_only_where_a_trusted_proxy_names_it(limited: Make) -> None:
    service = limited(address_limit=1, trusted_proxies=("10.0.0.0/8",))
    options = connection_options(service.settings)
    config = Config(service.app, log_config=None, lifespan="off", **options)
    config.load()
    via = partial(sent_from, service, path="/v1/problems/stale", app=config.loaded_app)
    assert via("10.0.0.5", **{"X-Forwarded-For": "203.0.113.1"}).status_code == 200
    assert via("10.0.0.5", **{"X-Forwarded-For": "203.0.113.2"}).status_code == 200
    spoofed = {"X-Forwarded-For": "198.51.100.1, 203.0.113.2, 10.0.0.9"}
    assert via("10.0.0.5", **spoofed).status_code == 429  # the client may write what it likes before the proxy does
    assert via("192.0.2.1", **{"X-Forwarded-For": "203.0.113.3"}).status_code == 200
    assert via("192.0.2.1", **{"X-Forwarded-For": "203.0.113.4"}).status_code == 429
    assert not connection_options(service.settings.model_copy(update={"trusted_proxies": ()}))["proxy_headers"]


@pytest.mark.parametrize(
    ("client", "counted"),
    [
        (("192.0.2.1", 1), "192.0.2.1"),
        (("::ffff:192.0.2.1", 1), "192.0.2.1"),
        (("2001:db8:1:2:3:4:5:6", 1), "2001:db8:1:2::/64"),
        (("2001:db8:1:2::9", 1), "2001:db8:1:2::/64"),
        (("no address", 1), "unknown"),
        (None, "unknown"),
    ],
)
def test_what_counts_as_one_address(client: tuple[str, int] | None, counted: str) -> None:
    assert address_of({"client": client}) == counted


def test_a_window_moves_with_time_and_forgets_the_quietest(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    limits = RequestLimits(LoadSettings(subject_limit=2), lambda: now[0])

    def refused() -> httpx.Headers | None:
        answer = limits.refusal({"headers": [], "state": {}}, "subject", "anybody")
        return httpx.Headers(answer.raw_headers) if answer else None

    assert refused() is None
    now[0] += 40
    assert refused() is None
    headers = refused()
    assert headers is not None
    assert headers["Retry-After"] == "20"
    now[0] += 20
    assert refused() is None  # the first request has left the window
    assert refused() is not None
    monkeypatch.setattr("ungdom.api.http.limits.MOST_KEYS", 2)
    windows = Windows(lambda: now[0])
    for key in ("a", "b", "a", "c"):
        windows.acquire_entry(key, 10, 60)
    assert [windows.get_moving_window(key, 10, 60)[1] for key in ("a", "c")] == [2, 1]
    assert windows.get_moving_window("b", 10, 60)[1] == 0


# --- the queue ----------------------------------------------------------------------------------------------


class Blocked:
    """A route of its own that holds a thread until it is let go."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.go = threading.Event()
        service.portal.beside()
        service.app.add_api_route("/v1/block", self.block, include_in_schema=False)

    def block(self) -> dict[str, str]:
        assert self.go.wait(30)
        return {}

    @contextmanager
    def held(self, count: int) -> Iterator[list[Any]]:
        """This many requests are at the route or wait for it; their answers are there when they are let go."""
        ask = partial(sent_from, self.service, "192.0.2.1", "/v1/block", **bearer(self.service))
        answers: list[httpx.Response] = []
        threads = [threading.Thread(target=lambda: answers.append(ask()), daemon=True) for _ in range(count)]
        self.go.clear()
        for thread in threads:
            thread.start()
        try:
            yield answers
        finally:
            self.go.set()
            for thread in threads:
                thread.join()


def until(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it does not come to hold")


def test_what_cannot_be_answered_soon_is_refused_at_once_and_health_is_not(limited: Make) -> None:
    service = limited(threads=1, queue_limit=2, queue_seconds=30)
    blocked, client = Blocked(service), service.as_("coordinator", "oslo")
    full = lambda: client.get("/v1/cases").status_code == 503  # noqa: E731
    with blocked.held(4) as answers:
        until(full)
        refused = service.send(
            "GET", "/v1/cases", headers={"Authorization": f"Bearer {client.token}", "Accept-Language": "nn"}
        )
        problem = assert_problem(refused, 503, "overloaded")
        assert "fleire førespurnader" in problem["detail"]
        assert 1 <= int(refused.headers["Retry-After"]) <= 10
        assert service.send("GET", "/v1/cases").status_code == 503  # before the token is looked at
        assert service.send("GET", "/health/live").status_code == 200
        assert service.send("GET", "/health/ready").status_code == 200
    assert [answer.status_code for answer in answers] == [200] * 4
    assert client.get("/v1/cases").status_code == 200


def test_who_has_waited_too_long_is_refused(limited: Make) -> None:
    service = limited(threads=1, queue_limit=10, queue_seconds=1)
    blocked, client = Blocked(service), service.as_("coordinator", "oslo")
    with blocked.held(2):
        until(lambda: client.get("/v1/cases").status_code == 503)
    assert client.get("/v1/cases").status_code == 200


def test_a_queue_is_in_order_and_a_request_that_is_cancelled_leaves_its_place() -> None:
    async def run() -> list[int]:
        queue, order = RequestQueue(1, 4, 5), []
        await queue.enter()
        await queue.enter()

        async def request(number: int) -> None:
            if await queue.enter():
                order.append(number)
                queue.leave()

        gone = anyio.CancelScope()

        async def first() -> None:
            with gone:
                await request(1)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(first)
            for number in (2, 3, 4):
                tasks.start_soon(request, number)
            await anyio.sleep(0.05)
            assert queue.is_full
            assert not await queue.enter()
            gone.cancel()
            await anyio.sleep(0.05)
            assert not queue.is_full
            queue.leave()
            queue.leave()
        assert await queue.enter()
        assert await queue.enter()
        return order

    call: Callable[[], Awaitable[list[int]]] = run
    assert anyio.run(call) == [2, 3, 4]


# --- T24: connections, disk ---------------------------------------------------------------------------------


def test_an_exhausted_pool_is_503_and_recovers_by_itself(
    served: Service, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    db = Database.open(served.settings.database_url, pool_size=1, wait_seconds=0.2)
    with Service(served.settings.database_url, tmp_path, db) as service:
        client = service.as_("coordinator", "oslo")
        assert client.get("/v1/cases").status_code == 200  # the journal of erasures is compared once
        with db.reading():
            refused = [client.get("/v1/cases"), client.post("/v1/cases", new_case())]
            if db.writer_lock is not None:  # on SQLite who writes has a connection of their own
                assert refused.pop().status_code == 201
        for answer in refused:
            assert_problem(answer, 503, "unavailable")
            assert int(answer.headers["Retry-After"]) >= 1
        assert client.get("/v1/cases").status_code == 200
        with db.trying():
            busy = client.post("/v1/cases", new_case())
        assert_problem(busy, 503, "unavailable")
        assert client.post("/v1/cases", new_case()).status_code == 201
    figure(f"T24 {db.writer.dialect.name}: pool exhausted: {len(refused) + 1} requests 503 with Retry-After, then well")


def test_a_full_disk_is_503_loses_nothing_and_recovers_by_itself(
    served: Service, figure: Callable[[str], None]
) -> None:
    client, kind = served.as_("coordinator", "oslo"), served.db.writer.dialect.name
    assert client.post("/v1/cases", new_case()).status_code == 201
    with no_room_left(served):
        done = [client.post("/v1/cases", new_case()) for _ in range(12)]
        opened = sum(answer.status_code == 201 for answer in done)
        before = rows(served)
        refused = client.post("/v1/cases", new_case())
        assert_problem(refused, 503, "unavailable")
        assert int(refused.headers["Retry-After"]) >= 1
        assert rows(served) == before
        assert len(client.get("/v1/cases").json()["items"]) == 1 + opened
    assert client.post("/v1/cases", new_case()).status_code == 201
    assert len(client.get("/v1/cases").json()["items"]) == 2 + opened
    figure(f"T24 {kind}: full disk: 503 with Retry-After, {1 + opened} cases kept, then well")


@contextmanager
def no_room_left(service: Service) -> Iterator[None]:
    """The database may not grow: SQLite itself refuses, PostgreSQL raises what it raises on a full disk."""
    if service.db.writer_lock is None:
        with commits_fail(service):
            yield
        return
    with service.db.writing() as tx:
        pages = tx.exec_driver_sql("PRAGMA page_count").scalar_one()
        tx.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    yield
    with service.db.writing() as tx:
        tx.exec_driver_sql("PRAGMA max_page_count=1073741823")


# --- health -------------------------------------------------------------------------------------------------


def ready(service: Service) -> dict[str, str]:
    """The checks, and that the status is in keeping with them."""
    answer = service.send("GET", "/health/ready")
    good = answer.json()["status"] == "ok"
    assert answer.status_code == (200 if good else 503)
    return answer.json()


def test_the_operator_finds_every_check_in_the_table(one: Service) -> None:
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    table = page.partition("| check | red when | what to do |\n|---|---|---|\n")[2].partition("\n\n")[0]
    assert {line.split("`")[1] for line in table.splitlines()} == ready(one).keys() - {"status"}


def test_health_is_red_without_space_and_well_again_with_it(one: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    one.app.state.write_probe = WriteProbe(one.db, one.settings.data_dir, strict=True, now=lambda: now[0])
    assert ready(one)["disk"] == "ok"
    monkeypatch.setattr(write_probe, "LEAST_FREE", 2**60)
    assert ready(one)["disk"] == "ok"  # what was found out counts for a while
    now[0] += write_probe.KEPT_SECONDS
    assert ready(one)["disk"].endswith("MB are free")
    monkeypatch.setattr(write_probe, "LEAST_FREE", 0)
    assert ready(one)["status"] == "not ready"
    now[0] += write_probe.KEPT_SECONDS
    assert ready(one)["status"] == "ok"
    assert "cannot be written" in disk_fault([Path("/proc")])


def test_health_is_red_where_the_journal_cannot_be_written(tmp_path: Path, one: Service) -> None:
    with Database.open(one.settings.database_url).trying():  # somebody who writes is no fault
        assert WriteProbe(one.db, tmp_path, strict=True).result()["journal"] == "ok"
    gone = Database.open(f"sqlite:///{tmp_path / 'gone' / 'ungdom.db'}")
    assert "sqlite_cantopen" in WriteProbe(gone, tmp_path, strict=True).result()["journal"]


def test_health_names_the_settings_of_postgresql_that_give_up_durability(
    pg_databases: pg.Databases, tmp_path: Path
) -> None:
    url = pg_databases.create(fill)
    db = Database.open(pg.sqlalchemy_url(url))
    strict = WriteProbe(db, tmp_path, strict=True).result()
    relaxed = WriteProbe(db, tmp_path, strict=False).result()
    assert (strict["journal"], relaxed["durability"]) == ("ok", "ok")
    assert strict["durability"].startswith("fsync, full_page_writes, synchronous_commit is off")
    with db.writing() as tx:
        name = tx.exec_driver_sql("SELECT current_database()").scalar_one()
        tx.exec_driver_sql(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    db.close()
    read_only = Database.open(pg.sqlalchemy_url(url))
    assert "read only" in WriteProbe(read_only, tmp_path, strict=False).result()["journal"]
    with pytest.raises(Unavailable, match="25006"), read_only.writing() as tx:
        tx.exec_driver_sql("CREATE TABLE nothing (id int)")
    read_only.close()
    pg_databases.drop(url)
