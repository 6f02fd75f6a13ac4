"""Many at once: one case and fifty writers, and a list that grows while somebody leafs through it."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Semaphore
from typing import Any

import httpx
import pytest

from tests import pg, service
from tests.api.build import DAY, assert_problem, case_at, events_of, opened, recorded, rows
from tests.service import Client, Service

WRITERS = 50
PAGE = 7


@pytest.fixture
def on_postgresql(pg_database: Any, tmp_path: Any) -> Iterator[Service]:
    with Service(pg.sqlalchemy_url(pg_database(service.fill)), tmp_path, threads=16) as running:
        yield running


def all_at_once(times: int, do: Callable[[int], httpx.Response]) -> list[httpx.Response]:
    together = Barrier(times)

    def one(number: int) -> httpx.Response:
        together.wait()
        return do(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def test_t4_of_fifty_writers_with_one_version_one_wins(on_postgresql: Service, figure: Callable[[str], None]) -> None:
    client = on_postgresql.as_("coordinator", "oslo")
    case = case_at(client, "executing")
    version = len(events_of(client, case))
    body = {"type": "team_meeting_held", "occurred_on": DAY}

    answers = all_at_once(WRITERS, lambda _: client.post(f"/v1/cases/{case}/events", body, f'"{version}"'))

    count = Counter(answer.status_code for answer in answers)
    told = events_of(client, case)
    figure(f"T4: {WRITERS} writers at once on one case: {count[201]} × 201, {count[412]} × 412, {len(told)} events")
    assert count == {201: 1, 412: WRITERS - 1}
    assert [e["seq"] for e in told] == list(range(1, version + 2))
    for answer in answers:
        if answer.status_code == 412:
            found = assert_problem(answer, 412, "stale")
            assert found["current_etag"] == answer.headers["ETag"] == f'"{version + 1}"'
            assert [one["type"] for one in found["events_since"]] == ["team_meeting_held"]
    assert rows(on_postgresql)["outbox"] == version + 2  # each event, and the assignment once more: the sector is told


def test_writers_who_try_again_with_the_new_version_all_get_in(served: Service) -> None:
    client = served.as_("coordinator", "oslo")
    case = case_at(client, "executing")
    version = len(events_of(client, case))

    def until_it_is_in(_: int) -> httpx.Response:
        tag = f'"{version}"'
        while True:
            answer = client.post(f"/v1/cases/{case}/events", {"type": "team_meeting_held", "occurred_on": DAY}, tag)
            if answer.status_code != 412:
                return answer
            tag = answer.json()["current_etag"]

    answers = all_at_once(8, until_it_is_in)
    assert [a.status_code for a in answers] == [201] * 8
    assert sorted(a.json()["seq"] for a in answers) == list(range(version + 1, version + 9))
    assert [e["seq"] for e in events_of(client, case)] == list(range(1, version + 9))


def test_cases_opened_at_once_are_all_there(served: Service) -> None:
    client = served.as_("coordinator", "oslo")
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: opened(client, police_case_numbers=[f"1000{n}"]), range(24)))
    assert len(set(made)) == 24
    assert {one["id"] for one in client.get("/v1/cases", limit=200).json()["items"]} == set(made)


# --- T22 ----------------------------------------------------------------------------------------------------

WALKS: tuple[dict[str, Any], ...] = (
    {},
    {"sort": "registered_on"},
    {"sort": "reference"},
    {"sort": "-reference"},
    {"sort": "next_due_on"},
    {"sort": "-turns_18_on"},
    {"sort": "received_on"},
    {"sort": "-closed_on"},
    {"state": "registered", "sort": "-next_due_on"},
    {"valid_at": DAY},
    {"known_at": "2026-01-05T23:00:00+01:00"},
)


def new_one(client: Client, number: int) -> str:
    """A case just opened; they differ in the columns that lists are sorted by, and several share a value."""
    day = f"2026-01-0{1 + number % 5}"
    person = service.new_case()["person"] | {"born": f"2009-0{1 + number % 9}-12"}
    return opened(client, occurred_on=day, person=person, offences=[{"on": f"2025-12-{10 + number % 20}"}])


def any_case(client: Client, number: int) -> str:
    """A case that is new, under way or closed."""
    case = new_one(client, number)
    if number % 4 == 1:
        recorded(client, case, "suspect_set")
    if number % 4 == 2:
        recorded(client, case, "other_outcome", DAY, {"outcome": "dropped"})
    return case


def walk(client: Client, query: dict[str, Any], before_page: Callable[[], object] = lambda: None) -> list[str]:
    seen: list[str] = []
    cursor = None
    while True:
        before_page()
        page = client.get("/v1/cases", limit=PAGE, cursor=cursor, **query).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            return seen


def test_t22_a_walk_through_a_growing_list_skips_nothing_and_repeats_nothing(
    served: Service, figure: Callable[[str], None]
) -> None:
    client = served.as_("coordinator", "oslo")
    known = {any_case(client, number) for number in range(30)}
    enough, wanted = Event(), Semaphore(0)

    def keep_opening() -> int:
        """One case beside each page of seven: the list grows under every walk, and every walk has an end."""
        made = 0
        while not enough.is_set():
            if wanted.acquire(timeout=0.1):
                new_one(client, made)
                made += 1
        return made

    with ThreadPoolExecutor(2) as pool:
        opening = [pool.submit(keep_opening) for _ in range(2)]
        try:
            walks = [walk(client, query, wanted.release) for query in WALKS]
        finally:
            enough.set()
        made = sum(one.result() for one in opening)

    skipped = sum(len(known - set(seen)) for seen, query in zip(walks, WALKS, strict=True) if "state" not in query)
    twice = [(query, seen) for seen, query in zip(walks, WALKS, strict=True) if len(seen) != len(set(seen))]
    repeated = sum(len(seen) - len(set(seen)) for _, seen in twice)
    figure(
        f"T22 {served.db.writer.dialect.name}: {len(WALKS)} walks while {made} cases were opened: "
        f"{skipped} skipped, {repeated} repeated"
    )
    assert made > len(WALKS)
    assert (skipped, repeated) == (0, 0), twice


@pytest.mark.parametrize("query", WALKS, ids=str)
def test_a_list_in_pages_is_the_list_in_one_piece(shared: Service, query: dict[str, Any]) -> None:
    client = shared.as_("coordinator", "agder")
    if not client.get("/v1/cases", limit=1).json()["items"]:
        for number in range(22):
            case = opened(client, konfliktrad="agder", occurred_on=f"2026-01-0{1 + number % 5}",
                          offences=[{"on": "2025-12-10"}])  # fmt: skip
            if number % 3 == 0:
                recorded(client, case, "other_outcome", DAY, {"outcome": "dropped"})
    whole = client.get("/v1/cases", limit=200, **query).json()
    assert whole["next"] is None
    assert walk(client, query) == [one["id"] for one in whole["items"]]
    assert len(whole["items"]) >= 14
