"""Cases moved to a newer table: what is done is what was foretold, on both databases, broken off and begun again."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from tests.process import environment
from tests.service import KEY, Service
from tests.stories.places import OFFICE, brought
from tests.workflow.candidate import CANDIDATE, candidate
from ungdom import cases, cli
from ungdom.alerts.sweep import sweep
from ungdom.cases import Correction, EventEntry, Recorder, migrate
from ungdom.cases.migrate import Done, MigrationCandidate
from ungdom.clock import Clock
from ungdom.demo import case_generator, load
from ungdom.store import alerts, journal, rebuild
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.schema.outbox import outbox
from ungdom.workflow import engine, table
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.migration import MigrationVerdict, snapshot_of
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.table import FIRST_VERSION, VERSION
from ungdom.workflow.vocabulary import EventType, Role

__all__ = ["candidate"]
"""The fixture that the tests below ask for by name."""

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
CASES = 120
MOVED = "transfer_decided {to: vest, parties_heard: true, prosecution_told_on: 2025-05-20}"


def filled(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A load of cases that began under the first version, as seen that morning."""
    monkeypatch.setattr(case_generator, "VERSION", FIRST_VERSION)
    load.load(service.db, EncryptionKeys((KEY,)), cases=CASES, seed=4, today=NOW.date())
    for _ in range(2):
        begun_earlier(service, monkeypatch, "F R2", "breach_talk_held")
    begun_earlier(service, monkeypatch, "S R2", "assigned", f"2025-05-20 {MOVED}")
    begun_earlier(service, monkeypatch, "S R2 interim", "plan_meeting_held")
    service.clock.instant = NOW


def looked(service: Service, to: str) -> list[MigrationCandidate]:
    return list(migrate.find_candidates(service.db, to, service.clock(), None, lambda _done, _of: None))


def until(moves: int, clock: Clock) -> Clock:
    """A clock that breaks the run off in the middle of a case, after so many."""
    left = iter(range(moves))

    def read() -> datetime:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return clock()

    return read


@pytest.mark.usefixtures("candidate")
def test_what_is_done_is_what_was_foretold_also_when_it_is_broken_off_and_two_go_on(
    served: Service, monkeypatch: pytest.MonkeyPatch, figure: Callable[[str], None]
) -> None:
    filled(served, monkeypatch)
    foretold = looked(served, CANDIDATE)
    word = migrate.digest(foretold)
    verdicts = Counter(str(one.outcome.verdict) for one in foretold if one.outcome)
    assert min(verdicts[verdict] for verdict in MigrationVerdict) > 0

    broken_off = until(3, served.clock)
    with pytest.raises(KeyboardInterrupt):
        _ = [migrate.move(served.db, one, CANDIDATE, broken_off) for one in foretold]
    again = looked(served, CANDIDATE)
    assert migrate.digest(again) == word
    assert sum(one.already_moved for one in again) == 3

    came = two_at_once(served, again)

    assert not {Done.CHANGED, Done.OTHERWISE} & came.keys()
    assert came[Done.MOVED] == len(foretold) - 3 - verdicts["blocked"]
    assert migrate.digest(looked(served, CANDIDATE)) == word
    assert list(differing(served, foretold)) == []
    assert rebuild.check(served.db) == []
    assert told_once(served) == came[Done.MOVED] + 3
    figure(
        f"migrate-cases, {served.settings.database_url[:6]}: {dict(verdicts)}, {came[Done.MOVED] + 3} moved, 0 differ"
    )


def two_at_once(service: Service, foretold: list[MigrationCandidate]) -> Counter[Done]:
    came: Counter[Done] = Counter()
    each: list[list[Done]] = [[], []]

    def run(mine: list[Done]) -> None:
        mine += [migrate.move(service.db, one, CANDIDATE, service.clock) for one in foretold]

    threads = [threading.Thread(target=run, args=(mine,), daemon=True) for mine in each]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    for first, second in zip(*each, strict=True):
        assert Counter([first, second])[Done.MOVED] <= 1
        came.update([Done.MOVED] if Done.MOVED in (first, second) else [first])
    return came


def differing(service: Service, foretold: list[MigrationCandidate]) -> Iterator[UUID]:
    """The cases that do not stand as was foretold of them; a blocked one stands where it stood."""
    with service.db.reading() as tx:
        stored = {one.case_id: one for one in journal.load_many(tx, [one.case_id for one in foretold])}
    for one in foretold:
        case = engine.fold(stored[one.case_id].youth, stored[one.case_id].events)
        assert one.outcome is not None
        wanted = one.outcome.before if one.blocked else one.outcome.after
        if snapshot_of(case, NOW.date()) != wanted or case.table != (FIRST_VERSION if one.blocked else CANDIDATE):
            yield one.case_id


def told_once(service: Service) -> int:
    """How many messages say that a case was moved."""
    query = select(func.count()).where(outbox.c.payload.contains('"rules_migrated"'))
    with service.db.reading() as tx:
        return tx.scalar(query.where(outbox.c.kind == "case.event_recorded")) or 0


# --- one case ---------------------------------------------------------------------------------------------------


def begun_earlier(service: Service, monkeypatch: pytest.MonkeyPatch, road: str, to: str, *more: str) -> str:
    """A case that began under the first version, brought so far."""
    monkeypatch.setattr(table, "VERSION", FIRST_VERSION)
    case, last = brought(service, road, to, *more)
    service.clock.turn_to(last)
    monkeypatch.setattr(table, "VERSION", VERSION)
    return case


def test_a_case_in_which_something_happens_meanwhile_is_left_alone_until_it_is_looked_at_again(
    one: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = begun_earlier(one, monkeypatch, "S R2", "assigned")
    [before] = looked(one, VERSION)
    leader = one.as_("leader", OFFICE)
    assert leader.record(case, "first_contact", "2025-05-15").status_code == 201

    assert migrate.move(one.db, before, VERSION, one.clock) is Done.CHANGED
    assert leader.get(f"/v1/cases/{case}").json()["table_version"] == FIRST_VERSION

    [now] = looked(one, VERSION)
    assert migrate.move(one.db, now, VERSION, one.clock) is Done.MOVED
    assert leader.get(f"/v1/cases/{case}").json()["table_version"] == VERSION
    assert migrate.digest([before]) != migrate.digest([now])


def test_a_deadline_that_comes_with_the_newer_table_is_told_of_the_next_night(
    one: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = begun_earlier(one, monkeypatch, "S R2", "assigned", f"2025-05-20 {MOVED}")
    one.clock.turn_to(date(2025, 5, 30))
    sweep(one.db, date(2025, 5, 30), one.clock)
    assert "transfer_accept" not in codes(one, case)
    [found] = looked(one, VERSION)
    assert found.outcome is not None
    assert found.outcome.verdict is MigrationVerdict.SHIFTS

    assert migrate.move(one.db, found, VERSION, one.clock) is Done.MOVED
    one.clock.turn_to(date(2025, 5, 31))
    sweep(one.db, date(2025, 5, 31), one.clock)

    assert "transfer_accept" in codes(one, case)


def codes(service: Service, case: str) -> set[str]:
    with service.db.reading() as tx:
        return {alert.code for alert in alerts.live(tx, [UUID(case)])}


def test_nobody_records_or_corrects_a_move_to_another_table_by_hand(
    one: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = begun_earlier(one, monkeypatch, "S R2", "assigned")
    [found] = looked(one, VERSION)
    migrate.move(one.db, found, VERSION, one.clock)
    version, now = found.version + 1, one.clock()
    system = Recorder(Viewer(Role.SYSTEM, "system", None), "test")
    newer = EventEntry(EventType.RULES_MIGRATED, oslo_date(now), d.RulesMigrated(table="2099-01-01"))
    annulled = Correction(version, d.CorrectionReason.NEVER_HAPPENED, annul=True)

    with one.db.writing() as tx:
        with pytest.raises(cases.NotPermitted):
            cases.record(tx, system, UUID(case), cases.Precondition(frozenset({version})), newer, now)
        with pytest.raises(cases.NotCorrectable):
            cases.correct(tx, system, UUID(case), cases.Precondition(frozenset({version})), annulled, now)


# --- the command ------------------------------------------------------------------------------------------------


def typed(service: Service, monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    for name, value in environment(service.settings.database_url, service.settings.data_dir).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("UNGDOM_PEOPLE_KEYS", KEY)
    return CliRunner().invoke(cli.app, ["migrate-cases", *words])


@pytest.mark.usefixtures("candidate")
def test_the_command_says_first_what_it_does_then_and_exits_as_it_says(
    one: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = begun_earlier(one, monkeypatch, "F R2", "breach_talk_held")
    begun_earlier(one, monkeypatch, "S R2 interim", "interim_conditions_started")

    dry = typed(one, monkeypatch, "--dry-run", "--to", CANDIDATE)
    told = json.loads(typed(one, monkeypatch, "--dry-run", "--to", CANDIDATE, "--json").stdout)
    other = typed(one, monkeypatch, "--to", CANDIDATE, "--expect", "0123456789abcdef")
    assert one.as_("leader", OFFICE).get(f"/v1/cases/{case}").json()["table_version"] == FIRST_VERSION
    done = typed(one, monkeypatch, "--to", CANDIDATE, "--expect", told["digest"])

    assert (dry.exit_code, done.exit_code) == (1, 1)  # one is blocked
    assert str(other.exception).startswith("what the dry run showed has changed")
    assert f"digest {told['digest']}" in dry.stdout
    assert "interim_conditions_started: wrong_table (strl § 52 b second paragraph)" in dry.stdout
    assert "moves 1, blocked 1" in dry.stdout
    assert "executing@2025-03-25; start 2025-03-03" in dry.stdout
    assert "tightened@2025-03-25; start 2025-03-03" in dry.stdout
    assert "done: moved 1, already 0, blocked 1, changed 0, otherwise 0" in done.stdout
    assert one.as_("leader", OFFICE).get(f"/v1/cases/{case}").json()["state"] == "tightened"


def test_a_table_that_there_is_not_is_a_wrong_call(one: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "there is no table of 1999-01-01" in str(typed(one, monkeypatch, "--to", "1999-01-01").exception)


def test_a_workflow_is_shown_as_any_version_of_the_table_has_it(one: Service) -> None:
    client = one.as_("leader", OFFICE)

    def facts(version: str) -> set[str]:
        shown = client.get("/v1/workflows/youth_sanction/R2", version=version).json()
        assert shown["table_version"] == version
        return {row["event"] for row in shown["facts"]}

    assert facts(VERSION) - facts(FIRST_VERSION) >= {"rules_migrated", "transfer_declined"}
    assert client.get("/v1/workflows/youth_sanction/R2", version="1999-01-01").status_code == 422
