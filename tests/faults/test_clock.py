"""The clock of the machine jumps: the order of a case is kept, nobody gets in by it, nothing is done twice or left."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.exchange import world
from tests.faults.office import KEYS
from tests.service import Client, Service, new_case
from ungdom.delivery.engine import LEASE
from ungdom.jobs import nightly, steps
from ungdom.retention.journal import ErasureJournal
from ungdom.store import outbox, rebuild
from ungdom.store.session import Database
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

JUMPS = (timedelta(0), timedelta(hours=-2), timedelta(days=3), timedelta(days=-1), timedelta(seconds=-1), timedelta(0))


def noted(client: Client, case: str, version: int) -> dict[str, Any]:
    body = {"type": "note_added", "occurred_on": "2026-01-05", "note": "Notat"}
    answer = client.post(f"/v1/cases/{case}/events", body, f'"{version}"')
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_a_clock_that_jumps_while_recording_leaves_the_order_of_what_was_known(
    served: Service, figure: Callable[[str], None]
) -> None:
    client = served.as_("coordinator", "oslo")
    case = client.post("/v1/cases", new_case()).json()["id"]
    for version, jump in enumerate(JUMPS, start=1):
        served.clock.instant += jump
        noted(client, case, version)
    served.clock.instant += timedelta(days=4)

    events = client.get(f"/v1/cases/{case}/events").json()["items"]
    times = [event["recorded_at"] for event in events]
    assert times == sorted(times)
    for number, at in enumerate(times, start=1):
        known = client.get(f"/v1/cases/{case}/events", known_at=at).json()["items"]
        assert [event["seq"] for event in known][:number] == list(range(1, number + 1))
        assert [event["seq"] for event in known] == list(range(1, len(known) + 1))
    assert rebuild.check(served.db) == []
    figure(f"clock jumps, {served.db.writer.dialect.name}: {len(JUMPS)} while recording, order and known_at kept")


def test_a_token_is_refused_outside_its_time_whatever_the_clock_did_before(one: Service) -> None:
    begun = one.clock.instant
    who = Viewer(Role.COORDINATOR, "coordinator-oslo", "oslo")
    one.employ(who)
    client = Client(one, one.issuer.issue(who, begun, timedelta(hours=1)))
    answers = []
    for jump in (0, 120, 0, 59, 61, 30):  # minutes from the issue of the token
        one.clock.instant = begun + timedelta(minutes=jump)
        answers.append(client.get("/v1/cases").status_code)
    assert answers == [200, 401, 200, 200, 401, 200]


def night(running: Service, at: datetime) -> list[str]:
    journal = ErasureJournal(running.settings.erasures)
    runs = nightly.run(running.db, lambda: at, steps=steps.quick_steps(KEYS, journal))
    return [str(run.for_date) for run in runs]


def test_a_night_is_run_once_for_each_day_in_whatever_order_the_clock_shows_them(one: Service) -> None:
    client = one.as_("coordinator", "oslo")
    client.post("/v1/cases", new_case())
    at = datetime(2026, 1, 10, 3, tzinfo=UTC)
    assert night(one, at) == ["2026-01-10"]
    assert night(one, at - timedelta(days=2)) == []
    assert night(one, at + timedelta(days=3)) == ["2026-01-11", "2026-01-12", "2026-01-13"]
    assert night(one, at + timedelta(days=1)) == []
    assert night(one, at + timedelta(days=4)) == ["2026-01-14"]


def test_a_claim_ends_by_the_clock_and_the_worker_that_comes_too_late_changes_nothing(database_url: str) -> None:
    world.fill(database_url)
    db = Database.open(database_url)
    world.case(db, world.Told((world.ASSIGNED, world.PLAN_HELD, world.SIGNED)))
    now = datetime(2026, 11, 2, 11, tzinfo=UTC)
    with db.writing() as tx:
        first = outbox.due_entries(tx, now, None)[0]
        mine = outbox.claim(tx, first, now + LEASE)
        assert mine is not None
        before = outbox.due_entries(tx, now - timedelta(hours=3), None)
        assert first.message.message_id not in {entry.message.message_id for entry in before}

        later = now + LEASE + timedelta(minutes=1)
        again = next(e for e in outbox.due_entries(tx, later, None) if e.message.message_id == first.message.message_id)
        assert outbox.claim(tx, again, later + LEASE) is not None
        assert not outbox.set_status(tx, mine, "dead.too_late", None)
    db.close()
