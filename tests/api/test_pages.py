"""T22 for the lists of what grows slowly: a walk while rows are added skips nothing and repeats nothing."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert

from tests.api.build import assert_problem
from tests.service import Service
from ungdom.store import calendar_feeds, job_runs, releases, webhooks
from ungdom.store.calendar_feeds import Feed
from ungdom.store.ids import uuid7
from ungdom.store.job_runs import NIGHTLY
from ungdom.store.releases import StoredRelease
from ungdom.store.schema.extracts import extract_schedule
from ungdom.store.webhooks import Secret, Webhook, WebhookCredentials
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
PAGES = 40
"""More than any of these walks needs: one that does not end fails."""
ADDED = 4
"""Rows that are added on the way."""
Add = Callable[[Service, datetime], UUID]


def add_feed(service: Service, at: datetime) -> UUID:
    feed = Feed(uuid7(at), "coordinator-oslo", "nb", at, None)
    with service.db.writing() as tx:
        calendar_feeds.create(tx, feed)
    return feed.feed_id


def add_webhook(service: Service, at: datetime) -> UUID:
    new = Webhook(
        webhook_id=uuid7(at),
        owner=Viewer(Role.COORDINATOR, "coordinator-oslo", "oslo"),
        kinds=("alert.raised",),
        credentials=WebhookCredentials("https://receiver.example.no/hook", (Secret("whsec_x"),)),
        created_at=at,
    )
    with service.db.writing() as tx:
        webhooks.add(tx, service.app.state.keys, new)
    return new.webhook_id


def add_run(service: Service, at: datetime) -> UUID:
    with service.db.writing() as tx:
        return job_runs.start(tx, NIGHTLY, date(2026, 1, 5), at)


def add_schedule(service: Service, at: datetime) -> UUID:
    row = {
        "schedule_id": uuid4(),
        "extract": "cases",
        "purpose": "demo",
        "form": "csv",
        "every": "month",
        "subject": "analyst",
        "role": Role.ANALYST,
        "created_at": at,
        "next_on": date(2026, 2, 1),
    }
    with service.db.writing() as tx:
        tx.execute(insert(extract_schedule), row)
    return row["schedule_id"]  # type: ignore[return-value]  # the only UUID among them


LISTS: list[tuple[str, str, str | None, Add, bool]] = [
    ("/v1/calendar-feeds", "coordinator", "oslo", add_feed, False),
    ("/v1/webhooks", "admin", None, add_webhook, False),
    ("/v1/webhooks", "coordinator", "oslo", add_webhook, False),
    ("/v1/extracts/schedules", "analyst", None, add_schedule, False),
    ("/v1/jobs/nightly/runs", "admin", None, add_run, True),
    ("/v1/jobs/runs", "admin", None, add_run, True),
]


@pytest.mark.parametrize(("path", "role", "office", "add", "newest_first"), LISTS)
def test_t22_a_walk_while_rows_are_added_skips_nothing_and_repeats_nothing(
    served: Service, path: str, role: str, office: str | None, add: Add, newest_first: bool
) -> None:
    same = [add(served, START) for _ in range(3)]  # of one instant: only their ids tell them apart
    later = [add(served, START + timedelta(minutes=n)) for n in range(1, 5)]
    known = [*reversed(later), *sorted(same, reverse=True)] if newest_first else [*sorted(same), *later]
    client, seen, cursor = served.as_(role, office), [], None
    for number in range(PAGES):
        page = client.get(path, limit=2, cursor=cursor).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
        if number < ADDED:  # some before the walk's place and some after it
            add(served, START + timedelta(hours=1 if number % 2 else -1, minutes=number))

    assert cursor is None
    assert [one for one in seen if one in set(map(str, known))] == list(map(str, known))
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize(("path", "role", "office", "add", "newest_first"), LISTS)
def test_a_page_has_the_size_asked_for_and_the_cursor_of_another_list_is_refused(
    served: Service, path: str, role: str, office: str | None, add: Add, newest_first: bool
) -> None:
    added = {str(add(served, START + timedelta(minutes=n))) for n in range(3)}
    client = served.as_(role, office)
    whole = client.get(path).json()
    assert {one["id"] for one in whole["items"]} == added
    assert whole["next"] is None
    first = client.get(path, limit=2).json()
    assert [one["id"] for one in first["items"]] == [one["id"] for one in whole["items"]][:2]
    instants = [one.get("created_at") or one["started_at"] for one in whole["items"]]
    assert instants == sorted(instants, reverse=newest_first)
    assert_problem(client.get(path, cursor=first["next"] + "x"), 400, "bad_cursor")
    for limit in (0, 201):
        assert_problem(client.get(path, limit=limit), 422, "invalid_input")


def test_releases_come_a_page_at_a_time_the_newest_first(served: Service) -> None:
    made = [
        StoredRelease(uuid7(at), at, at, "0" * 64, "{}", "{}") for at in (START + timedelta(days=n) for n in range(3))
    ]
    with served.db.writing() as tx:
        for one in made:
            releases.add(tx, one)
    with served.db.reading() as tx:
        first = releases.list_releases(tx, None, 2)
        rest = releases.list_releases(tx, (first[-1].known_at, first[-1].release_id), 2)
        whole = releases.list_releases(tx)
    assert [one.release_id for one in (*first, *rest)] == [one.release_id for one in reversed(made)]
    assert [one.release_id for one in whole] == [one.release_id for one in reversed(made)]
