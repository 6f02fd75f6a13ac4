"""From the outbox to the receivers: who is told, once, and what happens when a night's alert is cured by morning."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from tests.exchange import world
from tests.exchange.world import KEYS, Told
from tests.notices.build import (
    COORDINATOR,
    LEADER,
    LONG_AGO,
    MORNING,
    NIGHT,
    RAISED,
    TEACHER,
    WITH_TEAM,
    cured,
    hook,
    late,
    raise_alerts,
    reached,
    standings,
    told,
)
from ungdom.notices import dispatch as fanout
from ungdom.notices.dispatch import dispatch
from ungdom.store import outbox
from ungdom.store import staff as staff_store
from ungdom.store.schema import notices
from ungdom.store.schema.outbox import outbox as outbox_table
from ungdom.store.schema.staff import staff
from ungdom.store.session import Database
from ungdom.store.staff import Staff
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Protection, Role

BOTH = [("coordinator-oslo", "long_overdue"), ("teacher-7", "long_overdue")]
SECRETARIAT = Viewer(Role.SECRETARIAT, "secretariat-7", None)


def counted(db: Database) -> dict[str, int]:
    with db.reading() as tx:
        tables = (notices.delivery, notices.notice)
        return {one.name: tx.scalar(select(func.count()).select_from(one)) or 0 for one in tables}


def owed(db: Database) -> set[str]:
    """The kinds of messages in the outbox that nobody has been given."""
    with db.reading() as tx:
        return set(tx.scalars(select(outbox_table.c.kind).where(outbox_table.c.delivered_at.is_(None))))


def clear(db: Database, cleared: bool) -> None:
    """Whether the coordinator may have the cases of people whose address is protected."""
    with db.writing() as tx:
        tx.execute(update(staff).where(staff.c.subject == COORDINATOR.subject).values(cleared=cleared))


def test_a_message_becomes_one_row_for_each_receiver_and_official_ones_are_left_alone(both: Database) -> None:
    late(both)
    hook(both, "https://system.test/inn")
    hook(both, "https://another.test/inn", kinds=RAISED)

    dispatch(both, KEYS, MORNING)
    once = counted(both)
    dispatch(both, KEYS, MORNING)

    assert once == counted(both) == {"delivery": 7 + 1 + 1, "notice": 2}
    assert told(both) == BOTH
    assert owed(both) == set(outbox.STATUS_KINDS[:1])


def test_a_run_that_ends_in_the_middle_has_done_nothing_and_the_next_gives_the_same(
    both: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    late(both)
    hook(both, "https://system.test/inn")

    def fails(*_given: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(fanout.outbox, "mark_delivered", fails)
        with pytest.raises(KeyboardInterrupt):
            dispatch(both, KEYS, MORNING)
    assert counted(both) == {"delivery": 0, "notice": 0}

    dispatch(both, KEYS, MORNING)
    assert counted(both) == {"delivery": 8, "notice": 2}


def test_while_nobody_is_assigned_the_leader_is_told(db: Database) -> None:
    late(db, Told(()), day=date(2026, 2, 11))
    dispatch(db, KEYS, MORNING)
    assert told(db) == [("leader-oslo", "overdue")]


def test_a_coordinator_who_has_left_is_not_told_and_the_leader_is(db: Database) -> None:
    late(db)
    gone = Staff(
        subject="coordinator-oslo",
        konfliktrad="oslo",
        roles=(Role.COORDINATOR,),
        display_name="Stripete Brødrister",
        active_from=date(2014, 7, 1),
        active_to=NIGHT - timedelta(days=1),
    )
    with db.writing() as tx:
        staff_store.save_staff(tx, [gone])

    dispatch(db, KEYS, MORNING)
    assert ("leader-oslo", "long_overdue") in told(db)
    assert "coordinator-oslo" not in {subject for subject, _ in told(db)}


@pytest.mark.parametrize(
    ("protection", "cleared", "receiver"),
    [
        (Protection.CONFIDENTIAL, False, "coordinator-oslo"),  # the colleagues see the case, without the address
        (Protection.STRICTLY_CONFIDENTIAL, True, "coordinator-oslo"),
        (Protection.STRICTLY_CONFIDENTIAL, False, "leader-oslo"),
    ],
)
def test_a_clock_reaches_the_coordinator_who_may_see_the_case_and_otherwise_the_leader(
    both: Database, protection: Protection, cleared: bool, receiver: str
) -> None:
    """The protection may have come after the assignment, and the clearance may have gone since."""
    late(both, Told((world.ASSIGNED,), protection=protection))
    clear(both, cleared)

    dispatch(both, KEYS, MORNING)
    assert {subject for subject, _ in told(both)} == {receiver}


def test_the_ladder_ends_with_leader_and_secretariat(db: Database) -> None:
    reached(db, SECRETARIAT)
    late(db, day=date(2026, 4, 7))
    dispatch(db, KEYS, MORNING)
    said = told(db)
    assert {subject for subject, level in said if level == "long_overdue"} == {
        "coordinator-oslo",  # told for the first time: the fact was recorded late
        "leader-oslo",
        "secretariat-7",
    }


def test_nobody_is_told_of_a_case_that_they_may_not_see(db: Database) -> None:
    """A strictly protected youth: the colleague and the secretariat's webhooks hear nothing of what is not theirs."""
    colleague = Viewer(Role.COORDINATOR, "coordinator-oslo-2", "oslo")
    elsewhere = Viewer(Role.LEADER, "leader-troms", "troms")
    clear(db, True)
    late(db, Told(WITH_TEAM, protection=Protection.STRICTLY_CONFIDENTIAL))
    for owner in (COORDINATOR, LEADER, colleague, elsewhere, TEACHER, Viewer(Role.PROSECUTION, "system:bl", "oslo")):
        hook(db, f"https://{owner.subject.replace(':', '-')}.test/inn", owner, RAISED)

    dispatch(db, KEYS, MORNING)

    assert told(db) == BOTH
    with db.reading() as tx:
        assert len(list(tx.scalars(select(notices.delivery.c.receiver)))) == 3


def test_a_webhook_is_told_nothing_from_before_it_was_made_or_after_its_owner_left(db: Database) -> None:
    stranger = Viewer(Role.COORDINATOR, "coordinator-nobody", "oslo")
    hook(db, "https://nobody.test/inn", stranger)
    late(db)
    hook(db, "https://new.test/inn")
    with db.writing() as tx:
        new = notices.webhook.c
        tx.execute(notices.webhook.update().where(new.subject == COORDINATOR.subject).values(created_at=MORNING))

    dispatch(db, KEYS, MORNING)
    assert counted(db)["delivery"] == 0


def test_what_is_cured_before_it_was_told_is_told_to_nobody(both: Database) -> None:
    stored = late(both)
    hook(both, "https://system.test/inn", kinds=("alert.raised", "alert.cleared"))
    cured(both, stored)

    dispatch(both, KEYS, MORNING)

    assert told(both) == []
    assert standings(both) == ["withdrawn.cleared"]


def test_what_was_promised_in_the_night_is_withdrawn_when_it_is_cured_in_the_morning(both: Database) -> None:
    stored = late(both)
    hook(both, "https://system.test/inn", kinds=("alert.raised", "alert.cleared"))
    dispatch(both, KEYS, MORNING)
    assert told(both) == BOTH

    cured(both, stored)
    dispatch(both, KEYS, MORNING)

    assert told(both) == []
    assert standings(both) == ["withdrawn.cleared"]


def test_an_alert_that_is_raised_again_after_it_was_cured_is_told(db: Database) -> None:
    stored = late(db)
    cured(db, stored)
    raise_alerts(db, stored, NIGHT + timedelta(days=1))
    dispatch(db, KEYS, MORNING + timedelta(days=1))
    assert told(db) == BOTH


def test_long_ago_is_before_everything() -> None:
    assert LONG_AGO < world.BEGUN
