"""Lists of cases: filters, pages without gaps or repeats, and the same sight in SQL as in Python."""

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select

from tests import pg
from tests.store import cases
from tests.store.conftest import upgrade
from ungdom.store import journal, reading, tables
from ungdom.store.reading import SORTS, Filters
from ungdom.store.session import Database
from ungdom.store.tables import NumberKind
from ungdom.workflow.permissions import Seen, Viewer, may_see
from ungdom.workflow.vocabulary import PHASE, Party, Phase, Role, Sanction, State

ALL = Viewer(Role.SECRETARIAT, "sec", None)
DAY = date(2026, 1, 5)
OFFICES, MEMBERS = ("oslo", "ost"), ("a", "b")


def standing(tx: Connection, person: UUID, number: int, state: State, **changes: object) -> UUID:
    """A current row of its own, without events behind it."""
    case_id, reference = uuid4(), f"R{number:03}"
    tx.execute(
        insert(tables.case_file),
        {"case_id": case_id, "reference": reference, "person_id": person, "opened_at": cases.NOON},
    )
    row = {
        "case_id": case_id, "reference": reference, "person_id": person, "version": 1, "konfliktrad": "oslo",
        "sanction": Sanction.YOUTH_FOLLOW_UP, "state": state, "phase": PHASE[state], "registered_on": DAY,
        "first_offence": DAY, "last_offence": DAY, "turns_18_on": DAY, "updated_at": cases.NOON,
    }  # fmt: skip
    tx.execute(insert(tables.case_current), row | changes)
    return case_id


@pytest.fixture
def listed(db: Database) -> Iterator[Connection]:
    """23 cases: a third without a due date, many of the same day."""
    with db.writing() as tx:
        person = cases.somebody(tx)
        for n in range(23):
            due = None if n % 3 == 0 else DAY + timedelta(days=n % 4)
            office = OFFICES[n % 2]
            registered = DAY + timedelta(days=n % 5)
            standing(tx, person, n, State.EXECUTING, next_due_on=due, konfliktrad=office, registered_on=registered,
                     updated_at=cases.NOON + timedelta(hours=n % 7))  # fmt: skip
        yield tx


@pytest.mark.parametrize("limit", [1, 4, 23])
def test_pages_follow_each_other_without_gap_or_repeat(listed: Connection, limit: int) -> None:
    for sort in (sign + name for name in SORTS for sign in ("", "-")):
        whole, nothing = reading.list_cases(listed, ALL, sort=sort, limit=100)
        assert (len(whole), nothing) == (23, None)
        assert list(_paged(listed, sort, limit)) == whole, sort


def _paged(tx: Connection, sort: str, limit: int) -> Iterator[reading.CaseRow]:
    page, after = reading.list_cases(tx, ALL, sort=sort, limit=limit)
    yield from page
    while after is not None:
        page, after = reading.list_cases(tx, ALL, sort=sort, after=reading.read_key(sort, str(after)), limit=limit)
        yield from page


def test_the_order_is_by_value_with_the_missing_last(listed: Connection) -> None:
    for sort in ("next_due_on", "-next_due_on"):
        found = [row.next_due_on for row in reading.list_cases(listed, ALL, sort=sort, limit=100)[0]]
        known = [day for day in found if day]

        assert len(known) == 15
        assert found[:15] == sorted(known, reverse=sort.startswith("-"))


def test_another_sort_is_refused(listed: Connection) -> None:
    with pytest.raises(ValueError, match="cannot sort by person_id"):
        reading.list_cases(listed, ALL, sort="person_id")


def test_filters_ask_together(db: Database) -> None:
    with db.writing() as tx:
        person = cases.somebody(tx)
        late = standing(tx, person, 1, State.EXECUTING, next_due_on=DAY, coordinator="kari", waiting_for=Party.COURT)
        done = standing(tx, person, 2, State.COMPLETED, next_due_on=DAY, closed_on=DAY, konfliktrad="ost")
        whole = cases.told(1, cases.somebody(tx))
        journal.open_case(tx, whole, cases.folded(whole), [(NumberKind.POLICE, "15000001")])

        def ids(**asked: object) -> set[UUID]:
            return {row.case_id for row in reading.list_cases(tx, ALL, Filters(**asked))[0]}  # type: ignore[arg-type]

        assert ids() == {late, done, whole.case_id}
        assert ids(state=State.EXECUTING) == ids(phase=Phase.EXECUTION) == ids(coordinator="kari") == {late}
        assert ids(waiting_for=Party.COURT) == ids(q="r001") == {late}
        assert ids(overdue_on=DAY + timedelta(days=1)) == {late}
        assert ids(overdue_on=DAY) == set()
        assert ids(closed=True) == ids(konfliktrad="ost") == ids(konfliktrad="ost", closed=True) == {done}
        assert ids(closed=False, person_id=person) == {late}
        assert ids(q="15000001") == ids(q=whole.reference.lower()) == {whole.case_id}
        assert ids(q="R00%") == ids(sanction=Sanction.YOUTH_SANCTION) == set()


def test_one_case_and_several_are_read_by_id(db: Database) -> None:
    with db.writing() as tx:
        stored = cases.opened(tx, cases.EXECUTING)
        row = reading.read_case(tx, stored.case_id)

        assert row is not None
        assert row.state is State.EXECUTING
        assert reading.read_cases(tx, [stored.case_id, uuid4()]) == {stored.case_id: row}
        assert reading.read_case(tx, uuid4()) is None


Sight = tuple[Connection, dict[UUID, Seen]]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def sight(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sight]:
    """A case in every state, in two offices, with every team of two."""
    databases: pg.Databases = request.getfixturevalue("pg_databases")
    libpq = databases.create(upgrade)
    folder = tmp_path_factory.mktemp("sight")
    url = pg.sqlite_url(folder) if request.param == "sqlite" else pg.sqlalchemy_url(libpq)
    db = Database.open(url)
    if request.param == "sqlite":
        db.upgrade()
    with db.writing() as tx:
        yield tx, _every_kind(tx)
    db.close()
    databases.drop(libpq)


def _every_kind(tx: Connection) -> dict[UUID, Seen]:
    person = cases.somebody(tx)
    known: dict[UUID, Seen] = {}
    kinds = [(s, o, t) for s in State for o in OFFICES for t in (set(), {"a"}, {"b"}, {"a", "b"})]
    for number, (state, office, team) in enumerate(kinds):
        case_id = standing(tx, person, number, state, konfliktrad=office)
        if team:
            tx.execute(insert(tables.case_team), [{"case_id": case_id, "member": member} for member in team])
        known[case_id] = Seen(office, state, frozenset(team))
    return known


viewers = st.builds(
    Viewer,
    role=st.sampled_from(Role),
    subject=st.sampled_from([*MEMBERS, "c", ""]),
    konfliktrad=st.sampled_from([*OFFICES, "elsewhere", None]),
)


@given(viewer=viewers)
def test_who_sees_what_is_the_same_in_sql_and_in_python(sight: Sight, viewer: Viewer) -> None:
    tx, known = sight
    found = set(tx.scalars(select(tables.case_current.c.case_id).where(reading.visible_to(viewer))))

    assert found == {case_id for case_id, seen in known.items() if may_see(viewer, seen)}
