"""Who sees which case, and what of it, is the same in SQL as in Python: on every kind of case, on real histories."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import ColumnElement, Connection, Row, func, select, text, true

from tests import pg
from tests.store import cases
from tests.store.conftest import upgrade
from ungdom import clock
from ungdom.store import bulk, case_lists, case_queries, journal, people, reference
from ungdom.store import staff as staff_store
from ungdom.store.journal import StoredCase
from ungdom.store.personalia import Personalia
from ungdom.store.schema.cases import case_current, case_file, case_team, event
from ungdom.store.session import Database
from ungdom.store.staff import Absence, Staff
from ungdom.workflow import payloads as d
from ungdom.workflow.engine import fold
from ungdom.workflow.errors import IllegalHistory
from ungdom.workflow.events import Corrected, Event
from ungdom.workflow.rules.permissions import (
    ACCESS_RULES,
    RELATION_HOLDS,
    CaseAccessFacts,
    Disclosure,
    Relation,
    Viewer,
    disclosures_for,
    may_see,
)
from ungdom.workflow.vocabulary import PHASE, EventType, Protection, Role, Sanction, State, strictest

E = EventType
OFFICES, TEAMS = ("oslo", "ost"), (frozenset[str](), frozenset({"a", "kari"}))
COORDINATORS, OPENERS = ("kari", "per", None), ("per", "a")
CLEARED = "kari"
SUBSTITUTES = {"lars": "kari", "ida": "per", "eli": None}
"""Who is away all the time, and who substitutes for them in Oslo."""
SUBJECTS = ("kari", "per", "a", "nobody")
EVERYBODY = [Viewer(*one) for one in product(Role, SUBJECTS, (*OFFICES, "elsewhere", None))]

viewers = st.sampled_from(EVERYBODY)


@dataclass(frozen=True, repr=False)
class Sight:
    """A database with a case of every kind, and what decides who sees each."""

    tx: Connection
    known: dict[UUID, CaseAccessFacts]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def sight(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sight]:
    databases: pg.Databases = request.getfixturevalue("pg_databases")
    libpq = databases.create(upgrade)
    folder = tmp_path_factory.mktemp("sight")
    url = pg.sqlite_url(folder) if request.param == "sqlite" else pg.sqlalchemy_url(libpq)
    db = Database.open(url)
    if request.param == "sqlite":
        db.upgrade()
    with db.writing() as tx:
        yield Sight(tx, _every_kind(tx))
    db.close()
    databases.drop(libpq)


def _every_kind(tx: Connection) -> dict[UUID, CaseAccessFacts]:
    """Every state, office, team, coordinator, opener and level together."""
    kinds = [
        CaseAccessFacts(
            konfliktrad=office,
            state=state,
            team=team,
            coordinator=mine,
            opened_by=opener,
            protection=level,
            cleared=mine == CLEARED and office == "oslo",
        )
        for office, state, team, mine, opener, level in product(
            OFFICES, State, TEAMS, COORDINATORS, OPENERS, Protection
        )
    ]
    kinds += [
        CaseAccessFacts(
            konfliktrad=office, state=state, team=frozenset(), coordinator=None, opened_by="per", protection=level,
            transfer_to=to,
        )
        for office, state, level, to in product(OFFICES, State, Protection, (*OFFICES, "elsewhere"))
    ]  # fmt: skip
    kinds += [
        CaseAccessFacts(
            konfliktrad=office,
            state=State.EXECUTING,
            team=frozenset(),
            coordinator=away,
            opened_by="a",
            protection=level,
            substitute=substitute if office == "oslo" else None,
            substitute_cleared=substitute == CLEARED and office == "oslo",
        )
        for office, (away, substitute), level in product(OFFICES, SUBSTITUTES.items(), Protection)
    ]
    since = date(2020, 1, 1)
    staff_store.save_staff(
        tx,
        [
            Staff(
                subject=who,
                konfliktrad="oslo",
                roles=(Role.COORDINATOR,),
                display_name=who,
                active_from=since,
                cleared=who == CLEARED,
            )
            for who in (*COORDINATORS, *SUBSTITUTES)
            if who is not None
        ],
    )
    for away, substitute in SUBSTITUTES.items():
        absence = Absence(
            absence_id=uuid4(),
            subject=away,
            first_day=since,
            last_day=date(2200, 1, 1),
            substitute=substitute,
            written_by="leader",
            written_role=Role.LEADER,
            created_at=cases.NOON,
        )
        staff_store.add_absence(tx, absence)
    known = {uuid4(): seen for seen in kinds}
    youths = {case_id: _youth(seen.protection) for case_id, seen in known.items()}
    people.create_people(tx, cases.KEYS, [(youth, cases.NOON) for youth in youths.values()])
    files = [_file(case_id, youth.person_id) for case_id, youth in youths.items()]
    bulk.add(tx, case_file, [{**file, "opened_at": cases.NOON} for file in files])
    bulk.add(tx, event, [_first(case_id, seen) for case_id, seen in known.items()])
    bulk.add(tx, case_current, [_row(file, known[file["case_id"]]) for file in files])
    teams = [{"case_id": case_id, "member": member} for case_id, seen in known.items() for member in seen.team]
    bulk.add(tx, case_team, teams)
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql("ANALYZE")
    return known


def _youth(level: Protection) -> people.NewPerson:
    return people.NewPerson(
        person_id=uuid4(), personalia=Personalia(), born=cases.YOUTH.born, guardians=1, protection=level
    )


def _file(case_id: UUID, person: UUID) -> dict[str, Any]:
    return {"case_id": case_id, "reference": str(case_id), "person_id": person}


def _first(case_id: UUID, seen: CaseAccessFacts) -> dict[str, Any]:
    return journal.event_row(case_id, replace(cases.registration(uuid4(), seen.konfliktrad), subject=seen.opened_by))


def _row(file: dict[str, Any], seen: CaseAccessFacts) -> dict[str, Any]:
    day = cases.FIRST_DAY
    empty = {column.name: None for column in case_current.c}
    return empty | file | {
        "version": 1, "sanction": Sanction.YOUTH_FOLLOW_UP, "konfliktrad": seen.konfliktrad, "state": seen.state,
        "phase": PHASE[seen.state], "coordinator": seen.coordinator,
        "transfer_to": seen.transfer_to, "registered_on": day, "first_offence": day,
        "last_offence": day, "turns_18_on": day, "updated_at": cases.NOON,
    }  # fmt: skip


def test_every_tie_has_its_meaning_in_both_languages() -> None:
    assert set(RELATION_HOLDS) == set(case_queries.RELATION_CONDITIONS) == set(Relation)
    assert {row.role for row in ACCESS_RULES} <= set(Role)


def test_everybody_sees_the_same_cases_in_sql_as_in_python(sight: Sight, figure: Callable[[str], None]) -> None:
    different = sum(len(_seen_in_sql(sight, viewer) ^ _seen_in_python(sight, viewer)) for viewer in EVERYBODY)

    asked = len(EVERYBODY) * len(sight.known)
    figure(f"who sees which case, {sight.tx.dialect.name}: {different} differences of {asked} (all viewers, all kinds)")

    assert different == 0


@given(viewer=viewers, fact=st.sampled_from(Disclosure))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_learnt_is_the_same_in_sql_as_in_python(sight: Sight, viewer: Viewer, fact: Disclosure) -> None:
    query = select(case_current.c.case_id).where(case_queries.disclosable_to(viewer, fact))
    assert set(sight.tx.scalars(query)) == {
        i for i, seen in sight.known.items() if fact in disclosures_for(viewer, seen)
    }


@given(viewer=viewers)
@settings(max_examples=30)
def test_a_list_holds_what_may_be_seen_and_says_of_it_what_may_be_learnt(sight: Sight, viewer: Viewer) -> None:
    rows = case_lists.page(sight.tx, viewer, limit=len(sight.known)).rows
    visible = _seen_in_python(sight, viewer)
    assert {row.case_id for row in rows} == visible
    for row in rows:
        seen = sight.known[row.case_id]
        told = Disclosure.LISTED in disclosures_for(viewer, seen)
        assert (row.konfliktrad, row.coordinator) == ((seen.konfliktrad, seen.coordinator) if told else (None, None))


def _seen_in_sql(sight: Sight, viewer: Viewer) -> set[UUID]:
    return set(sight.tx.scalars(select(case_current.c.case_id).where(case_queries.visible_to(viewer))))


def _seen_in_python(sight: Sight, viewer: Viewer) -> set[UUID]:
    return {case_id for case_id, seen in sight.known.items() if may_see(viewer, seen)}


# --- real histories -----------------------------------------------------------------------------------------


def told(office: str, opener: str, length: int, facts: list[tuple[E, d.Details]], undone: bool) -> list[Event]:
    """A history: opened, brought so far, then what changes who sees it; the last of that undone by a correction."""
    story = cases.told(length, konfliktrad=office).events
    story[0] = replace(story[0], subject=opener)
    for kind, details in facts:
        story = _with(story, kind, details)
    annulled = Corrected(corrects=len(story), reason=d.CorrectionReason.NEVER_HAPPENED, replacement=None)
    return _with(story, E.CORRECTED, annulled) if undone else story


def _with(story: list[Event], kind: E, details: d.Details) -> list[Event]:
    """The history with one more event, where that can be told."""
    longer = [*story, cases.event(len(story) + 1, kind, details)]
    try:
        fold(cases.YOUTH, longer)
    except IllegalHistory:
        return story
    return longer


names = st.sampled_from(SUBJECTS)
steps = st.one_of(
    st.builds(lambda name: (E.ASSIGNED, d.Assigned(coordinator=name)), names),
    st.builds(lambda name: (E.TEAM_MEMBER_JOINED, d.MemberJoined(member=name, agency=d.Attendee.SCHOOL)), names),
    st.builds(lambda name: (E.TEAM_MEMBER_LEFT, d.MemberLeft(member=name)), names),
    st.builds(
        lambda to: (
            E.TRANSFER_DECIDED,
            d.TransferDecided(to=to, parties_heard=True, prosecution_told_on=cases.FIRST_DAY),
        ),
        st.sampled_from(OFFICES),
    ),
    st.just((E.TRANSFER_ACCEPTED, d.TransferAccepted())),
    st.just((E.TRANSFER_DECLINED, d.Details())),
)
histories = st.builds(
    told,
    office=st.sampled_from(OFFICES),
    opener=names,
    length=st.sampled_from([1, 3, 5, cases.ASSIGNED, cases.TEAM, cases.EXECUTING, cases.CLOSED]),
    facts=st.lists(steps, max_size=5),
    undone=st.booleans(),
)


levels = st.sampled_from(Protection)


@given(history=histories, level=levels, later=levels, asking=st.lists(viewers, min_size=20, max_size=40, unique=True))
@settings(max_examples=80)
def test_a_written_case_is_seen_by_the_same_people_in_sql_as_in_python(
    sight: Sight, history: list[Event], level: Protection, later: Protection, asking: list[Viewer]
) -> None:
    person = cases.somebody(sight.tx, protection=level)
    stored = _written(sight.tx, person, history)
    people.protect(sight.tx, person, later, cases.NOON, "test")

    found = journal.load(sight.tx, stored.case_id)
    assert found is not None
    assert found.protection is strictest(level, later)
    seen = found.access_facts(cases.folded(found))
    for viewer in asking:
        query = select(func.count()).where(case_current.c.case_id == stored.case_id, case_queries.visible_to(viewer))
        assert bool(sight.tx.scalar(query)) is may_see(viewer, seen), (viewer, seen)


def _written(tx: Connection, person: UUID, history: list[Event]) -> StoredCase:
    events = [replace(history[0], details=replace(history[0].details, person=person)), *history[1:]]
    new = replace(cases.told(1, person), events=[], version=0)
    whole = replace(new, events=events)
    journal.append_many(tx, [journal.EventBatch(new, events, cases.folded(whole))])
    return whole


# --- the coordinator of a protected youth ---------------------------------------------------------------------

TODAY = datetime(2026, 6, 1, 9, tzinfo=UTC)
YESTERDAY, TOMORROW = date(2026, 5, 31), date(2026, 6, 2)


@pytest.mark.parametrize(
    ("changes", "cleared"),
    [
        ({}, True),
        ({"active_to": TODAY.date()}, True),
        ({"roles": (Role.LEADER,)}, True),
        ({"cleared": False}, False),
        ({"active_to": YESTERDAY}, False),
        ({"active_from": TOMORROW}, False),
        ({"konfliktrad": "ost"}, False),
        ({"roles": (Role.TEAM_MEMBER,)}, False),
    ],
    ids=lambda one: "-".join(map(str, one)) or "nothing" if isinstance(one, dict) else str(one),
)
def test_a_coordinator_is_cleared_who_works_there_today_and_is_cleared(
    db: Database, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], cleared: bool
) -> None:
    monkeypatch.setattr(clock, "now", lambda: TODAY)
    kari = Staff(
        subject="kari",
        konfliktrad="oslo",
        roles=(Role.COORDINATOR,),
        display_name="Kari",
        active_from=date(2020, 1, 1),
        cleared=True,
    )
    viewer = Viewer(Role.COORDINATOR, "kari", "oslo")
    with db.writing() as tx:
        reference.load(tx)
        staff_store.save_staff(tx, [replace(kari, **changes)])
        person = cases.somebody(tx, protection=Protection.STRICTLY_CONFIDENTIAL)
        whole = cases.told(cases.ASSIGNED, person)
        journal.append_many(tx, [journal.EventBatch(replace(whole, version=0), whole.events, cases.folded(whole))])
        found = journal.load(tx, whole.case_id)
        [in_many] = journal.load_many(tx, [whole.case_id])
        seen_now = case_queries.visible_case_ids(tx, viewer, [whole.case_id])

    assert found is not None
    assert (found.cleared, in_many.cleared, bool(seen_now)) == (cleared, cleared, cleared)
    seen = found.access_facts(cases.folded(found))
    assert may_see(viewer, seen) is cleared


# --- what it costs ------------------------------------------------------------------------------------------


def test_sight_of_one_case_reads_its_own_rows_by_key(sight: Sight) -> None:
    plan = _plan_of_sight(sight, case_current.c.case_id == next(iter(sight.known)))
    assert "pk_person" in plan or "sqlite_autoindex_person" in plan, plan
    assert "SCAN event" not in plan
    assert "Seq Scan on event" not in plan


def test_sight_of_many_cases_reads_who_is_protected_and_who_opened_them_by_index(sight: Sight) -> None:
    sight.tx.execute(text("SET LOCAL enable_seqscan = off")) if sight.tx.dialect.name == "postgresql" else None
    plan = _plan_of_sight(sight, true())
    for table, index in (("person", "ix_person_protection"), ("event", "ix_event_first_subject")):
        assert index in plan or f"sqlite_autoindex_{table}" in plan, plan
        assert f"SCAN {table}" not in plan


def _plan_of_sight(sight: Sight, which: ColumnElement[bool]) -> str:
    """How the database finds those of these cases that a coordinator sees."""
    query = select(case_current.c.case_id).where(
        case_queries.visible_to(Viewer(Role.COORDINATOR, "kari", "oslo")), which
    )
    written = query.compile(sight.tx, compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN" if sight.tx.dialect.name == "sqlite" else "EXPLAIN"
    return "\n".join(_words(row) for row in sight.tx.exec_driver_sql(f"{explain} {written}"))


def _words(row: Row[Any]) -> str:
    return " ".join(map(str, row))


# --- the substitute of an absent coordinator -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "substitute", "sees"),
    [
        (YESTERDAY, TOMORROW, {}, True),
        (TODAY.date(), TODAY.date(), {}, True),
        (YESTERDAY, YESTERDAY, {}, False),
        (TOMORROW, TOMORROW, {}, False),
        (YESTERDAY, TOMORROW, {"cleared": False}, False),
        (YESTERDAY, TOMORROW, {"active_to": YESTERDAY}, False),
        (YESTERDAY, TOMORROW, {"konfliktrad": "ost"}, False),
    ],
)
def test_a_cleared_substitute_sees_the_protected_cases_of_who_is_absent(  # a row of the table
    db: Database, monkeypatch: pytest.MonkeyPatch, first: date, last: date, substitute: dict[str, Any], sees: bool
) -> None:
    monkeypatch.setattr(clock, "now", lambda: TODAY)
    kari, per = (
        Staff(
            subject=who,
            konfliktrad="oslo",
            roles=(Role.COORDINATOR,),
            display_name=who,
            active_from=date(2020, 1, 1),
            cleared=True,
        )
        for who in ("kari", "per")
    )
    absence = Absence(
        absence_id=uuid4(),
        subject="kari",
        first_day=first,
        last_day=last,
        substitute="per",
        written_by="x",
        written_role=Role.LEADER,
        created_at=TODAY,
    )
    viewer = Viewer(Role.COORDINATOR, "per", "oslo")
    with db.writing() as tx:
        reference.load(tx)
        staff_store.save_staff(tx, [kari, replace(per, **substitute)])
        staff_store.add_absence(tx, absence)
        person = cases.somebody(tx, protection=Protection.STRICTLY_CONFIDENTIAL)
        whole = cases.told(cases.ASSIGNED, person)
        journal.append_many(tx, [journal.EventBatch(replace(whole, version=0), whole.events, cases.folded(whole))])
        found = journal.load(tx, whole.case_id)
        [in_many] = journal.load_many(tx, [whole.case_id])
        seen_now = case_queries.visible_case_ids(tx, viewer, [whole.case_id])

    assert found is not None
    assert found.access_facts(cases.folded(found)) == in_many.access_facts(cases.folded(in_many))
    assert may_see(viewer, found.access_facts(cases.folded(found))) is sees
    assert bool(seen_now) is sees
