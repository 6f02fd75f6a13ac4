"""Lists of cases: filters, pages without gaps or repeats, and what of a protected youth does not stand in them."""

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection

from tests.store import cases
from ungdom.store import case_lists, case_queries, journal
from ungdom.store import staff as staff_store
from ungdom.store.case_lists import SORTS, sorted_by
from ungdom.store.case_queries import Filters
from ungdom.store.schema.cases import NumberKind
from ungdom.store.session import Database
from ungdom.store.staff import Staff
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Party, Phase, Protection, Role, Sanction, State

ALL = Viewer(Role.SECRETARIAT, "sec", None)
KARI = Staff(
    subject="kari",
    konfliktrad="oslo",
    roles=(Role.COORDINATOR,),
    display_name="K",
    active_from=date(2020, 1, 1),
    cleared=True,
)
DAY = date(2026, 1, 5)
OFFICES = ("oslo", "ost")


@pytest.fixture
def listed(db: Database) -> Iterator[Connection]:
    """23 cases: a third without a due date, many of the same day."""
    with db.writing() as tx:
        person = cases.somebody(tx)
        for n in range(23):
            due = None if n % 3 == 0 else DAY + timedelta(days=n % 4)
            office = OFFICES[n % 2]
            registered = DAY + timedelta(days=n % 5)
            recorded = cases.NOON + timedelta(hours=n % 7)
            days = {"next_due_on": due, "registered_on": registered, "updated_at": recorded}
            cases.standing(tx, person, n, State.EXECUTING, konfliktrad=office, **days)
        yield tx


@pytest.mark.parametrize("limit", [1, 4, 23])
def test_pages_follow_each_other_without_gap_or_repeat(listed: Connection, limit: int) -> None:
    assert SORTS
    for sort in (sign + name for name in SORTS for sign in ("", "-")):
        whole = case_lists.page(listed, ALL, order=sorted_by(sort), limit=100, count=True)
        assert (len(whole.rows), whole.previous, whole.following, whole.total) == (23, None, None, 23)
        assert list(_paged(listed, sort, limit)) == whole.rows, sort


def _paged(tx: Connection, sort: str, limit: int) -> Iterator[case_queries.CaseCurrentRow]:
    """Every row, page by page; each page has been reached from the one after it as well."""
    order = sorted_by(sort)
    page = case_lists.page(tx, ALL, order=order, limit=limit)
    yield from page.rows
    while page.following is not None:
        before, position = page, case_lists.read_position(order, str(page.following))
        page = case_lists.page(tx, ALL, order=order, position=position, limit=limit)
        assert page.previous is not None
        back = case_lists.read_position(order, str(page.previous))
        again = case_lists.page(tx, ALL, order=order, position=back, limit=limit)
        assert (again.rows, again.previous, again.following) == (before.rows, before.previous, before.following)
        yield from page.rows


def test_the_order_is_by_value_with_the_missing_last(listed: Connection) -> None:
    for sort in ("next_due_on", "-next_due_on"):
        found = [row.next_due_on for row in case_lists.page(listed, ALL, order=sorted_by(sort), limit=100).rows]
        known = [day for day in found if day]

        assert len(known) == 15
        assert found[:15] == sorted(known, reverse=sort.startswith("-"))


def test_another_sort_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot sort by person_id"):
        sorted_by("person_id")


def test_filters_ask_together(db: Database) -> None:
    with db.writing() as tx:
        person = cases.somebody(tx)
        late = cases.standing(
            tx, person, 1, State.EXECUTING, next_due_on=DAY, coordinator="kari", waiting_for=Party.COURT
        )
        done = cases.standing(tx, person, 2, State.COMPLETED, next_due_on=DAY, closed_on=DAY, konfliktrad="ost")
        whole = cases.told(1, cases.somebody(tx))
        journal.open_case(tx, whole, cases.folded(whole), [(NumberKind.POLICE, "15000001")])

        def ids(**asked: object) -> set[UUID]:
            return {row.case_id for row in case_lists.page(tx, ALL, Filters(**asked)).rows}  # type: ignore[arg-type]

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
        row = case_queries.read_case(tx, stored.case_id)

        assert row is not None
        assert row.state is State.EXECUTING
        assert case_queries.read_cases(tx, [stored.case_id, uuid4()]) == {stored.case_id: row}
        assert case_queries.read_case(tx, uuid4()) is None


Place = tuple[str | None, str | None]


@pytest.mark.parametrize(
    ("viewer", "protection", "shown"),
    [
        (ALL, Protection.NONE, ("oslo", "kari")),
        (ALL, Protection.CONFIDENTIAL, (None, None)),
        (ALL, Protection.STRICTLY_CONFIDENTIAL, (None, None)),
        (Viewer(Role.LEADER, "leader", "oslo"), Protection.STRICTLY_CONFIDENTIAL, ("oslo", "kari")),
        (Viewer(Role.COORDINATOR, "kari", "oslo"), Protection.STRICTLY_CONFIDENTIAL, ("oslo", "kari")),
        (Viewer(Role.COORDINATOR, "other", "oslo"), Protection.CONFIDENTIAL, (None, None)),
        (Viewer(Role.COORDINATOR, "other", "oslo"), Protection.NONE, ("oslo", "kari")),
    ],
)
def test_a_list_says_where_a_protected_youth_belongs_only_to_those_who_may_learn_it(
    db: Database, viewer: Viewer, protection: Protection, shown: Place
) -> None:
    with db.writing() as tx:
        staff_store.save_staff(tx, [KARI])
        person = cases.somebody(tx, protection=protection)
        case = cases.standing(tx, person, 1, State.EXECUTING, coordinator="kari")

        def found(**asked: str) -> list[tuple[UUID, Place]]:
            rows = case_lists.page(tx, viewer, Filters(**asked)).rows  # type: ignore[arg-type]
            return [(row.case_id, (row.konfliktrad, row.coordinator)) for row in rows]

        assert found() == [(case, shown)]
        hidden = shown == (None, None)
        assert found(konfliktrad="oslo") == found(coordinator="kari") == ([] if hidden else [(case, shown)])
        assert found(konfliktrad="ost") == []


def test_a_list_of_a_mixed_office_hides_only_what_is_protected(db: Database) -> None:
    with db.writing() as tx:
        open_, kept = cases.somebody(tx), cases.somebody(tx, protection=Protection.CONFIDENTIAL)
        for number, person in enumerate([open_, kept, open_]):
            cases.standing(tx, person, number, State.EXECUTING, coordinator="kari")
        rows = case_lists.page(tx, ALL, order=sorted_by("reference")).rows
        assert [row.konfliktrad for row in rows] == ["oslo", None, "oslo"]
        assert len(case_lists.page(tx, ALL, Filters(konfliktrad="oslo")).rows) == 2
