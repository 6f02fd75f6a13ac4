"""Trying rules on a database: what is counted by hand, who sees what, what cannot be read, and that nothing changes."""

from collections.abc import Callable, Iterator
from datetime import date
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import Table, func, insert, select
from sqlalchemy.exc import DBAPIError

from tests.store import cases as c
from ungdom import simulation
from ungdom.demo.load import load
from ungdom.simulation import RuleOverride, SimulatedOfficeLoad, SimulationResult, Turn
from ungdom.store import journal, people
from ungdom.store.journal import StoredCase
from ungdom.store.schema import metadata
from ungdom.store.schema.cases import case_current, event
from ungdom.store.session import Database
from ungdom.workflow.calendar import Length
from ungdom.workflow.errors import BadChanges
from ungdom.workflow.rules.permissions import Viewer, may_simulate
from ungdom.workflow.vocabulary import EventType, Protection, Role

DAY = date(2026, 3, 23)  # a Monday
RECEIVED = 5
CHANGES = [
    RuleOverride(code="plan_meeting", length=Length(days=45)),
    RuleOverride(code="lead_time", length=Length(days=270)),
]
SYSTEM = Viewer(Role.SYSTEM, "tests", None)
SECRETARIAT = Viewer(Role.SECRETARIAT, "s", None)
ADMIN = Viewer(Role.ADMIN, "a", None)
LEADER = Viewer(Role.LEADER, "l", "oslo")


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    database = Database.open(database_url)
    database.upgrade()
    yield database
    database.close()


def received(db: Database, office: str, registered: date) -> StoredCase:
    """A case received four weeks after it was registered; the act was thirty days before that."""
    with db.writing() as tx:
        return c.opened(tx, RECEIVED, office, registered)


def four(db: Database) -> list[StoredCase]:
    """Two open cases in Oslo and two in Troms; one more that is closed."""
    with db.writing() as tx:
        c.opened(tx, c.CLOSED, "oslo", date(2025, 6, 2))
    return [
        received(db, "oslo", date(2026, 1, 5)),  # received 2 February: plan by 3 April, in 45 days by 19 March
        received(db, "oslo", date(2026, 1, 12)),  # received 9 February: plan by 10 April, in 45 days by 26 March
        received(db, "troms", date(2025, 8, 4)),  # the act on 5 July: 180 days 1 January, 270 days 1 April
        received(db, "troms", date(2025, 6, 2)),  # the act on 3 May: late under both
    ]


def tried(db: Database, viewer: Viewer = SYSTEM, limit: int = 100) -> SimulationResult:
    with db.reading() as tx:
        return simulation.simulate(tx, viewer, CHANGES, DAY, limit)


def weeks(load: SimulatedOfficeLoad) -> tuple[dict[int, int], dict[int, int]]:
    """How many are due in which week, before and after; weeks with none left out."""
    return (
        {at: both.before for at, both in enumerate(load.weeks) if both.before},
        {at: both.after for at, both in enumerate(load.weeks) if both.after},
    )


def both(load: SimulatedOfficeLoad, name: str) -> tuple[int, int]:
    found = getattr(load, name)
    return found.before, found.after


def digest(db: Database) -> dict[str, str]:
    """A hash of the rows of every table."""

    def of(table: Table) -> str:
        rows = tx.execute(select(table).order_by(*table.primary_key))
        return sha256("\n".join(repr(tuple(row)) for row in rows).encode()).hexdigest()

    with db.reading() as tx:
        return {table.name: of(table) for table in metadata.sorted_tables}


# --- counted by hand --------------------------------------------------------------------------------------------


def test_who_turns_overdue_and_who_green_is_as_counted_by_hand(db: Database) -> None:
    first, _, third, _ = four(db)
    tally = tried(db)

    assert (tally.cases, tally.changed, tally.unread) == (4, 4, 0)
    plan, lead = tally.clocks["plan_meeting"], tally.clocks["lead_time"]
    assert (plan.live, dict(plan.turned), plan.days) == (4, {Turn.OVERDUE: 1}, (-15, -15, -15))
    assert (lead.live, dict(lead.turned), lead.days) == (4, {Turn.GREEN: 1}, (90, 90, 90))
    turned = {(line.case_ref.case_id, line.code): (line.before, line.after, line.turn) for line in tally.turned}
    assert turned == {
        (first.case_id, "plan_meeting"): (date(2026, 4, 3), date(2026, 3, 19), Turn.OVERDUE),
        (third.case_id, "lead_time"): (date(2026, 1, 1), date(2026, 4, 1), Turn.GREEN),
    }


def test_the_load_by_office_and_week_is_as_counted_by_hand(db: Database) -> None:
    """Clocks of a case received: first contact, plan meeting, lead time. The complaint of the parties is no load."""
    four(db)
    oslo, troms = (tried(db).offices[office] for office in ("oslo", "troms"))

    assert (oslo.cases, both(oslo, "overdue"), both(oslo, "later")) == (2, (2, 3), (0, 2))
    assert weeks(oslo) == ({1: 1, 2: 1, 10: 1, 11: 1}, {0: 1})
    assert (troms.cases, both(troms, "overdue"), both(troms, "later")) == (2, (6, 5), (0, 0))
    assert weeks(troms) == ({}, {1: 1})


def test_changes_that_cannot_be_made_are_refused_before_anything_is_read(db: Database) -> None:
    with db.reading() as tx, pytest.raises(BadChanges):
        simulation.simulate(tx, SYSTEM, [RuleOverride(code="x", warn_days=1)], DAY, 1)


# --- who sees what ----------------------------------------------------------------------------------------------


def test_an_office_is_told_of_its_own_cases_and_an_administrator_of_none_by_name(db: Database) -> None:
    four(db)
    told = {viewer.role: tried(db, viewer) for viewer in (LEADER, SECRETARIAT, ADMIN)}

    assert {role: tally.cases for role, tally in told.items()} == {"leader": 2, "secretariat": 4, "admin": 4}
    assert list(told[Role.LEADER].offices) == ["oslo"]
    assert {line.case_ref.konfliktrad for line in told[Role.LEADER].lines} == {"oslo"}
    assert told[Role.ADMIN].lines == []
    assert told[Role.ADMIN].offices == told[Role.SECRETARIAT].offices
    assert told[Role.ADMIN].clocks == told[Role.SECRETARIAT].clocks


@pytest.mark.parametrize("role", [Role.TEAM_MEMBER, Role.ANALYST, Role.AUDITOR, Role.PROSECUTION])
def test_only_those_who_may_are_told_anything(role: Role) -> None:
    assert not may_simulate(role)


def test_where_a_protected_youth_belongs_is_told_to_few(db: Database) -> None:
    first, *_ = four(db)
    with db.writing() as tx:
        people.protect(tx, first.person_id, Protection.CONFIDENTIAL, c.NOON, "test")
    national, own, admin = (tried(db, viewer) for viewer in (SECRETARIAT, LEADER, ADMIN))

    assert {office: load.cases for office, load in national.offices.items()} == {None: 1, "oslo": 1, "troms": 2}
    assert {line.case_ref.konfliktrad for line in national.lines if line.case_ref.case_id == first.case_id} == {None}
    assert {office: load.cases for office, load in admin.offices.items()} == {None: 1, "oslo": 1, "troms": 2}
    assert {office: load.cases for office, load in own.offices.items()} == {"oslo": 2}


# --- what cannot be read ----------------------------------------------------------------------------------------


def poison(db: Database, stored: StoredCase, **changed: Any) -> None:
    """One more event that does not fit the history."""
    row = journal.event_row(stored.case_id, c.event(stored.version + 1, EventType.COMPLETED))
    with db.writing() as tx:
        tx.execute(insert(event), row | changed)


@pytest.mark.parametrize(
    "how",
    [{}, {"type": EventType.INDICTED, "details": '{"court_received_on": "never"}'}],
    ids=["a history that does not fold", "details that cannot be read"],
)
def test_a_case_that_cannot_be_read_is_told_and_stops_no_other(db: Database, how: dict[str, Any]) -> None:
    first, *_ = four(db)
    whole = tried(db)
    poison(db, first, **how)
    tally = tried(db)

    assert (tally.cases, tally.unread) == (3, 1)
    assert [place.reference for place in tally.unread_named] == [first.reference]
    assert tally.offices["troms"] == whole.offices["troms"]
    assert tally.offices["oslo"].cases == 1
    hidden = tried(db, ADMIN)
    assert (hidden.unread, hidden.unread_named) == (1, [])


# --- nothing is written -----------------------------------------------------------------------------------------


def test_not_a_row_changes_and_the_transaction_could_not_have_changed_one(db: Database) -> None:
    first, *_ = four(db)
    before = digest(db)

    with db.reading() as tx:
        simulation.simulate(tx, SYSTEM, CHANGES, DAY, 100)
        with pytest.raises(DBAPIError):
            tx.execute(insert(event), journal.event_row(first.case_id, c.next_event(first)))

    assert digest(db) == before


# --- a synthetic case load --------------------------------------------------------------------------------------


def test_a_synthetic_load_is_looked_at_whole_and_its_counts_add_up(
    db: Database, monkeypatch: pytest.MonkeyPatch, figure: Callable[[str], None]
) -> None:
    load(db, c.KEYS, cases=250, seed=4, today=date(2026, 11, 20))
    monkeypatch.setattr(simulation, "CHUNK", 7)  # so that many pages are read
    seen: list[tuple[int, int]] = []
    with db.reading() as tx:
        is_open = select(func.count()).where(case_current.c.closed_on.is_(None))
        open_cases = tx.scalar(is_open) or 0
        tally = simulation.simulate(tx, SYSTEM, CHANGES, date(2026, 11, 20), 1_000, lambda *done: seen.append(done))

    counts = [one for load in tally.offices.values() for one in (load.overdue, *load.weeks, load.later)]
    assert tally.cases == open_cases == seen[-1][0] == seen[-1][1] > 14
    assert tally.unread == 0
    assert sum(one.before for one in counts) == sum(one.after for one in counts) > open_cases
    assert sum(load.cases for load in tally.offices.values()) == open_cases
    assert len(tally.lines) == tally.moved_clocks == sum(clock.moved.total() for clock in tally.clocks.values())
    assert tally.changed == len({line.case_ref.case_id for line in tally.lines})
    figure(f"simulation: {open_cases} open cases of a synthetic load, {tally.moved_clocks} clocks moved")
