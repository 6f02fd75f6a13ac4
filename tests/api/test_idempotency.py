"""The same request twice is done once: the second answer is the first one, byte for byte."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from tests import pg, service
from tests.api.build import DAY, assert_problem, etag, events_of, kept_answers, opened, recorded, rows
from tests.service import Client, Service, new_case
from ungdom.store import idempotency
from ungdom.store.idempotency import RequestKey
from ungdom.store.schema import idempotency as idempotency_tables

EVENT = {"type": "suspect_set", "occurred_on": DAY, "details": {}}


def assert_replayed(first: httpx.Response, second: httpx.Response) -> None:
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert (second.status_code, second.content) == (first.status_code, first.content)
    kept = ("ETag", "Location", "Content-Type", "Content-Language", "Cache-Control")
    assert [second.headers.get(name) for name in kept] == [first.headers.get(name) for name in kept]


def test_the_same_key_and_body_opens_one_case(served: Service) -> None:
    client = served.as_("coordinator", "oslo")
    body = new_case()
    first = client.post("/v1/cases", body, key="open-1")
    before = rows(served)
    second = client.post("/v1/cases", body, key="open-1")
    assert first.status_code == 201
    assert_replayed(first, second)
    assert rows(served) == before


def test_the_same_key_and_body_records_one_event_even_when_the_version_is_stale_by_now(served: Service) -> None:
    client = served.as_("coordinator", "oslo")
    case = opened(client)
    first = client.post(f"/v1/cases/{case}/events", EVENT, '"1"', key="k")
    recorded(client, case, "charged")
    assert_replayed(first, client.post(f"/v1/cases/{case}/events", EVENT, '"1"', key="k"))
    assert_replayed(first, client.post(f"/v1/cases/{case}/events", EVENT, '"3"', key="k"))
    assert_replayed(first, client.post(f"/v1/cases/{case}/events", EVENT, None, key="k"))
    assert [e["type"] for e in events_of(client, case)] == ["case_registered", "suspect_set", "charged"]


def test_the_same_key_makes_one_correction(served: Service) -> None:
    client = served.as_("coordinator", "oslo")
    case = opened(client, offences=[{"on": "2026-01-01"}])
    body = {"seq": 1, "reason": "wrong_date", "replacement": {"occurred_on": "2026-01-03"}}
    first = client.post(f"/v1/cases/{case}/corrections", body, '"1"', key="k")
    assert first.status_code == 201
    assert_replayed(first, client.post(f"/v1/cases/{case}/corrections", body, '"1"', key="k"))
    assert len(events_of(client, case)) == 2


def test_the_same_key_with_another_body_or_another_case_is_422(served: Service) -> None:
    client = served.as_("coordinator", "oslo")
    case, other = opened(client), opened(client)
    assert client.post(f"/v1/cases/{case}/events", EVENT, '"1"', key="k").status_code == 201
    before = rows(served)
    for path, body in (
        (f"/v1/cases/{case}/events", EVENT | {"type": "charged"}),
        (f"/v1/cases/{other}/events", EVENT),
        (f"/v1/cases/{case}/events?dry_run=false", EVENT),
    ):
        assert_problem(client.post(path, body, '"2"', key="k"), 422, "idempotency_mismatch")
    assert rows(served) == before


def test_a_refusal_is_not_kept_and_the_same_request_works_once_it_is_cured(served: Service) -> None:
    client = served.as_("coordinator", "oslo")
    case = opened(client)
    body = EVENT | {"type": "coordination_requested"}
    path = f"/v1/cases/{case}/events"
    assert_problem(client.post(path, body, None, key="k"), 428, "precondition_required")
    assert_problem(client.post(path, body, '"0"', key="k"), 412, "stale")
    assert_problem(client.post(path, body, '"1"', key="k"), 409, "refused")
    assert_problem(client.post(path, body | {"occurred_on": "x"}, '"1"', key="k"), 422, "invalid_input")
    assert_problem(served.as_("coordinator", "troms").post(path, body, '"1"', key="k"), 404, "not_found")
    assert rows(served)["idempotency"] == 0
    recorded(client, case, "suspect_set")
    assert client.post(path, body, '"2"', key="k").status_code == 201


def test_a_dry_run_keeps_nothing(served: Service) -> None:
    client = served.as_("coordinator", "oslo")
    case = opened(client)
    path = f"/v1/cases/{case}/events"
    before = rows(served)
    dry = [client.post(f"{path}?dry_run=true", EVENT, '"1"', key="k") for _ in range(2)]
    assert [(a.status_code, "Idempotency-Replayed" in a.headers) for a in dry] == [(200, False)] * 2
    assert rows(served) == before
    assert client.post(path, EVENT, '"1"', key="k").status_code == 201


def test_the_keys_of_two_senders_do_not_meet(served: Service) -> None:
    first, second = served.as_("coordinator", "oslo"), served.as_("coordinator", "oslo", "coordinator-oslo-2")
    answers = [client.post("/v1/cases", new_case(), key="same") for client in (first, second)]
    assert [a.status_code for a in answers] == [201, 201]
    assert answers[0].json()["id"] != answers[1].json()["id"]


def test_a_key_belongs_to_one_route(served: Service) -> None:
    client = served.as_("coordinator", "oslo")
    case = opened(client, offences=[{"on": "2026-01-01"}])
    first = client.post(f"/v1/cases/{case}/events", EVENT, '"1"', key="k")
    correction = {"seq": 1, "reason": "wrong_date", "replacement": {"occurred_on": "2026-01-03"}}
    second = client.post(f"/v1/cases/{case}/corrections", correction, '"2"', key="k")
    third = client.post("/v1/cases", new_case(), key="k")
    assert [a.status_code for a in (first, second, third)] == [201, 201, 201]
    assert not [a for a in (first, second, third) if "Idempotency-Replayed" in a.headers]


@pytest.mark.parametrize("other", [("coordinator", "ost"), ("leader", "oslo"), ("leader", "ost")])
def test_whoever_changes_office_or_role_gets_no_answer_of_the_one_before(served: Service, other: Any) -> None:
    """The same person and key: the answer held the name and guardians of a youth of the first office."""
    body = new_case()
    first = served.as_("coordinator", "oslo", "kari").post("/v1/cases", body, key="k")
    assert first.status_code == 201
    moved = served.as_(*other, "kari").post("/v1/cases", new_case(konfliktrad=other[1]), key="k")
    same = served.as_(*other, "kari").post("/v1/cases", new_case(konfliktrad="oslo"), key="l")
    assert (moved.status_code, "Idempotency-Replayed" in moved.headers) == (201, False)
    assert moved.json()["id"] != first.json()["id"]
    assert "Idempotency-Replayed" not in same.headers
    again = served.as_("coordinator", "oslo", "kari").post("/v1/cases", body, key="k")
    assert_replayed(first, again)


def test_no_answer_lies_in_the_database_in_clear_text(served: Service) -> None:
    client = served.as_("coordinator", "oslo", "kari-nordmann")
    done = client.post("/v1/cases", new_case(), key="17850998027")
    assert "Vaffelpresse" in done.text
    with served.db.reading() as tx:
        kept = tx.execute(select(idempotency_tables.idempotency)).all()
    assert len(kept) == 1
    said = (done.json()["id"], "Vaffelpresse", "Vimsete", "17850998027", "kari-nordmann", "oslo", "/v1/cases")
    raw = bytes(kept[0].key_hash) + bytes(kept[0].sealed)
    assert [text for text in said if text.encode() in raw] == []
    assert len(kept[0]) == 3  # and the instant
    assert "Vaffelpresse" in kept_answers(served)


def test_without_a_key_the_same_request_is_done_again(served: Service) -> None:
    client = served.as_("coordinator", "oslo")
    assert opened(client) != opened(client)


def at_once(client: Client, times: int, *asked: Any, **headers: Any) -> list[httpx.Response]:
    """The same request from as many threads, let go together."""
    together = Barrier(times)

    def one(_: int) -> httpx.Response:
        together.wait()
        return client.post(*asked, **headers)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def test_the_same_request_sent_many_times_at_once_has_one_effect(served: Service) -> None:
    client = served.as_("coordinator", "oslo")
    case = opened(client)
    answers = at_once(client, 12, f"/v1/cases/{case}/events", EVENT, etag(client, case), "at-once")
    good = [a for a in answers if a.status_code == 201]
    waiting = [a for a in answers if a.status_code == 409]
    assert len(good) + len(waiting) == 12
    assert sum("Idempotency-Replayed" not in a.headers for a in good) == 1
    assert len({a.content for a in good}) == 1
    for answer in waiting:
        assert_problem(answer, 409, "idempotency_in_flight")
        assert int(answer.headers["Retry-After"]) >= 1
    assert len(events_of(client, case)) == 2


def test_a_request_under_way_is_409_with_when_to_come_back(pg_database: Any, tmp_path: Any) -> None:
    with Service(pg.sqlalchemy_url(pg_database(service.fill)), tmp_path) as running:
        client = running.as_("coordinator", "oslo")
        with running.db.writing() as tx:
            idempotency.claim(tx, RequestKey("coordinator-oslo", "coordinator", "oslo", "POST /v1/cases", "slow"))
            answer = client.post("/v1/cases", new_case(), key="slow")
            assert client.post("/v1/cases", new_case(), key="another").status_code == 201
        assert_problem(answer, 409, "idempotency_in_flight")
        assert answer.headers["Retry-After"] == "1"
        assert client.post("/v1/cases", new_case(), key="slow").status_code == 201
