"""Corrections of what the sector has been told: what is new goes out once, what never was is not passed over."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.exchange import world
from tests.exchange.test_delivery import one_partner, part, told
from tests.exchange.wire import Receiver, status
from tests.exchange.world import Told, case, correct, standing, work
from ungdom.exchange.delivery import ExchangeDeliveryContext, ExchangeDeliveryCounts, deliver
from ungdom.exchange.transports import transport_for
from ungdom.store import outbox
from ungdom.store.journal import StoredCase
from ungdom.store.session import Database
from ungdom.workflow import payloads as d
from ungdom.workflow.events import Replacement, plain_details
from ungdom.workflow.vocabulary import EventType

E = EventType
SIGNED = (world.ASSIGNED, world.PLAN_HELD, world.SIGNED)
STOPPED = (*SIGNED, world.STOPPED)
BOTH_CAUSES = (
    *SIGNED, world.BREACHED, (E.NEW_OFFENCE_RECORDED, d.NewOffenceRecorded(offence_on=date(2026, 3, 1))),
    world.REFERRED, world.PROSECUTED,
)  # fmt: skip


def last(stored: StoredCase, kind: EventType) -> int:
    """The number of the last event of this type."""
    return max(event.seq for event in stored.events if event.type is kind)


def reads(stored: StoredCase, seq: int, days: int = 0, **details: Any) -> Replacement:
    """That event, so many days later and with these details."""
    old = next(event for event in stored.events if event.seq == seq)
    said = plain_details(old.type, old.details) | details
    return Replacement(type=old.type, occurred_on=old.occurred_on + timedelta(days=days), details=said)


def parts(receiver: Receiver) -> list[Any]:
    """What has come: each part and what it says."""
    found = []
    for body in told(receiver):
        world.keeps("oppdatertSaksstatus 1.0", body)
        found.append((part(body), body["statusOppdatering"]["ungdomsreaksjonStatus"][part(body)]))
    return found


@pytest.fixture
def run(db: Database, receiver: Receiver, tmp_path: Path) -> ExchangeDeliveryContext:
    return work(db, one_partner(tmp_path, receiver))


# --- told anew ----------------------------------------------------------------------------------------------


def test_a_day_that_is_corrected_after_it_was_told_is_told_again_under_a_new_id(
    both: Database, receiver: Receiver, tmp_path: Path
) -> None:
    run = work(both, one_partner(tmp_path, receiver))
    stored = case(both, Told(SIGNED))
    deliver(run)
    after = correct(both, stored, 8, reads(stored, 8, days=1))

    assert deliver(run) == ExchangeDeliveryCounts(sent=1)
    assert deliver(run) == ExchangeDeliveryCounts()

    signed = [say for name, say in parts(receiver) if name == "ungdomsplanSignert"]
    assert signed == [{"datoSignering": "2026-02-23"}, {"datoSignering": "2026-02-24"}]
    assert len(set(receiver.ids)) == 3
    assert standing(both) == {"6 status": "delivered", "8 status": "delivered", f"{after.version} status": "delivered"}


def test_a_reason_that_is_corrected_is_told_again(
    db: Database, receiver: Receiver, run: ExchangeDeliveryContext
) -> None:
    stored = case(db, Told(STOPPED))
    deliver(run)
    correct(db, stored, 9, reads(stored, 9, reason="missed_talk"))
    deliver(run)

    assert [say for name, say in parts(receiver) if name == "stansUngdomsreaksjon"] == [
        {"aarsak": "UTSATT_GJENNOMFOERING"},
        {"aarsak": "BRUDD_PGA_VILKÅR"},
    ]


def test_a_coordinator_who_is_corrected_is_told_again(db: Database, run: ExchangeDeliveryContext) -> None:
    stored = case(db, Told((world.ASSIGNED,)))
    deliver(run)
    correct(db, stored, 6, reads(stored, 6, coordinator="nobody"))

    assert deliver(run) == ExchangeDeliveryCounts(lacks=1)
    assert standing(db)["7 status"] == "lacks.coordinator_name"


def test_a_correction_that_changes_nothing_of_what_is_told_promises_nothing(
    db: Database, run: ExchangeDeliveryContext
) -> None:
    stored = case(db, Told(STOPPED))
    deliver(run)
    stored = correct(db, stored, 9, reads(stored, 9, days=1))
    correct(db, stored, 7, reads(stored, 7, days=1))

    assert standing(db).keys() == {"6 status", "8 status", "9 status"}


def test_a_correction_of_one_event_changes_what_another_one_says(
    db: Database, receiver: Receiver, run: ExchangeDeliveryContext
) -> None:
    stored = case(db, Told(BOTH_CAUSES))
    deliver(run)
    correct(db, stored, last(stored, E.BREACH_RECORDED), None)

    assert deliver(run) == ExchangeDeliveryCounts(sent=2)
    assert parts(receiver)[-4:] == [
        ("stansUngdomsreaksjon", {"aarsak": "BRUDD_PGA_VILKÅR_OG_STRAFFBARE_FORHOLD"}),
        ("avsluttetUngdomsreaksjon", {"aarsak": "BRUDD_NYE_LOVBRUDD_OG_VILKAAR"}),
        ("stansUngdomsreaksjon", {"aarsak": "BRUDD_PGA_STRAFFBARE_FORHOLD"}),
        ("avsluttetUngdomsreaksjon", {"aarsak": "BRUDD_NYE_LOVBRUDD"}),
    ]
    assert len(set(receiver.ids)) == len(receiver.ids)


@pytest.mark.parametrize(("variant", "came", "held"), [("maven", 1, "delivered"), ("1.0", 0, "withdrawn.told_already")])
def test_the_first_restorative_meeting_is_told_again_where_it_is_told_at_all(
    db: Database, receiver: Receiver, tmp_path: Path, variant: str, came: int, held: str
) -> None:
    stored = case(db, Told((*SIGNED, world.MET)))
    run = work(db, one_partner(tmp_path, receiver, variant))
    deliver(run)
    correct(db, stored, 9, reads(stored, 9, days=1))

    assert deliver(run).sent == came
    assert standing(db)["10 status"] == held


# --- not told twice, and never out of date ------------------------------------------------------------------


def test_what_was_corrected_before_it_was_told_is_told_once_as_it_reads_now(
    both: Database, receiver: Receiver, tmp_path: Path
) -> None:
    stored = case(both, Told(SIGNED))
    correct(both, stored, 8, reads(stored, 8, days=1))

    assert deliver(work(both, one_partner(tmp_path, receiver))) == ExchangeDeliveryCounts(sent=2, withdrawn=1)
    assert parts(receiver)[1:] == [("ungdomsplanSignert", {"datoSignering": "2026-02-24"})]
    assert standing(both)["9 status"] == "withdrawn.told_already"


def test_what_is_corrected_to_and_fro_between_two_rounds_is_not_told_again(
    db: Database, receiver: Receiver, run: ExchangeDeliveryContext
) -> None:
    stored = case(db, Told(SIGNED))
    deliver(run)
    after = correct(db, stored, 8, reads(stored, 8, days=1))
    correct(db, after, 8, reads(stored, 8))

    assert deliver(run) == ExchangeDeliveryCounts(withdrawn=2)
    assert len(receiver.got) == 2


def test_a_message_whose_case_has_moved_since_it_was_composed_does_not_leave(
    both: Database, receiver: Receiver, tmp_path: Path
) -> None:
    stored = case(both, Told((world.ASSIGNED, world.PLAN_HELD)))
    path = one_partner(tmp_path, receiver)
    deliver(work(both, path))
    stored = world.go_on(both, stored, world.SIGNED)

    def meanwhile(*given: Any) -> Any:
        correct(both, stored, 8, reads(stored, 8, days=1))
        return transport_for(*given)

    assert deliver(work(both, path, open_transport=meanwhile)) == ExchangeDeliveryCounts()
    assert deliver(work(both, path)).sent == 1
    assert parts(receiver)[1:] == [("ungdomsplanSignert", {"datoSignering": "2026-02-24"})]


def test_what_may_have_arrived_before_the_correction_is_told_again_under_an_id_of_its_own(
    db: Database, receiver: Receiver, tmp_path: Path
) -> None:
    clock = world.later()
    run = work(db, one_partner(tmp_path, receiver), clock)
    stored = case(db, Told((world.ASSIGNED, world.PLAN_HELD)))
    deliver(run)
    stored = world.go_on(db, stored, world.SIGNED)
    receiver.say = status(503)
    deliver(run)
    correct(db, stored, 8, reads(stored, 8, days=1))
    receiver.say = status(202)
    clock.instant += timedelta(hours=1)

    assert deliver(run).sent == 2
    assert [say for name, say in parts(receiver) if name == "ungdomsplanSignert"] == [
        {"datoSignering": "2026-02-23"},
        {"datoSignering": "2026-02-24"},
        {"datoSignering": "2026-02-24"},
    ]
    assert (receiver.ids[1] == receiver.ids[2], receiver.ids[2] == receiver.ids[3]) == (True, False)


# --- what never was -----------------------------------------------------------------------------------------


def test_what_was_told_and_annulled_waits_for_a_person_and_so_does_all_that_follows(
    db: Database, receiver: Receiver, run: ExchangeDeliveryContext
) -> None:
    stored = case(db, Told(STOPPED))
    deliver(run)
    stored = correct(db, stored, 9, None)
    stored = world.go_on(db, stored, world.COMPLETED)

    assert deliver(run) == ExchangeDeliveryCounts(lacks=1)
    assert standing(db)["10 status"] == "lacks.message_for_annulled"
    assert standing(db)["11 status"] == "waiting"

    withdrawn(db, 10)
    assert deliver(run) == ExchangeDeliveryCounts(sent=1)
    assert parts(receiver)[-1] == ("avsluttetUngdomsreaksjon", {"aarsak": "FULLFOERT"})


def withdrawn(db: Database, seq: int) -> None:
    """A person has told the partner in another way, and withdraws the message."""
    with db.writing() as tx:
        [promise] = [one for one in outbox.undelivered(tx) if one.message.seq == seq]
        assert outbox.withdraw(tx, promise)


def test_what_was_annulled_before_it_was_told_is_nobodys_business(db: Database, run: ExchangeDeliveryContext) -> None:
    stored = case(db, Told(STOPPED))
    correct(db, stored, 9, None)

    assert deliver(run) == ExchangeDeliveryCounts(sent=2, withdrawn=2)
    assert [standing(db)[of] for of in ("9 status", "10 status")] == ["withdrawn.annulled"] * 2


def test_an_annulment_that_is_taken_back_before_anybody_told_it_is_settled(
    db: Database, run: ExchangeDeliveryContext
) -> None:
    stored = case(db, Told(STOPPED))
    deliver(run)
    annulled = correct(db, stored, 9, None)
    deliver(run)
    correct(db, annulled, 9, reads(stored, 9))

    assert deliver(run) == ExchangeDeliveryCounts(withdrawn=2)
    assert set(standing(db).values()) == {"delivered", "withdrawn.told_already"}


def test_an_annulment_that_is_taken_back_after_a_person_told_it_is_told_anew(
    db: Database, receiver: Receiver, run: ExchangeDeliveryContext
) -> None:
    stored = case(db, Told(STOPPED))
    deliver(run)
    annulled = correct(db, stored, 9, None)
    deliver(run)
    withdrawn(db, 10)
    correct(db, annulled, 9, reads(stored, 9))

    assert deliver(run) == ExchangeDeliveryCounts(sent=1)
    assert [name for name, _ in parts(receiver)][-2:] == ["stansUngdomsreaksjon"] * 2


def test_an_event_that_becomes_another_is_told_and_what_it_was_waits_for_a_person(
    db: Database, receiver: Receiver, run: ExchangeDeliveryContext
) -> None:
    stored = case(db, Told(STOPPED))
    deliver(run)
    other = Replacement(type=E.COMPLETED, occurred_on=stored.events[8].occurred_on, details={})
    correct(db, stored, 9, other)

    assert deliver(run) == ExchangeDeliveryCounts(sent=1, lacks=1)
    assert parts(receiver)[-1] == ("avsluttetUngdomsreaksjon", {"aarsak": "FULLFOERT"})
    with db.reading() as tx:
        [left] = outbox.undelivered(tx)
    assert (left.held, outbox.event_and_part(left.message)) == (
        "lacks.message_for_corrected",
        (9, "stansUngdomsreaksjon"),
    )


def test_what_was_told_before_this_was_kept_counts_as_told(
    db: Database, run: ExchangeDeliveryContext, forget: Callable[[Database], None]
) -> None:
    stored = case(db, Told(STOPPED))
    deliver(run)
    forget(db)
    correct(db, stored, 9, None)

    assert deliver(run) == ExchangeDeliveryCounts(lacks=1)


@pytest.fixture
def forget() -> Callable[[Database], None]:
    """What messages said is forgotten, as it is of those that were delivered before it was kept."""

    def forgotten(db: Database) -> None:
        with db.writing() as tx:
            tx.execute(outbox.outbox.update().values(told=None))

    return forgotten


# --- closed in error ----------------------------------------------------------------------------------------

APPROVED = (E.REOPENING_APPROVED, d.ReopeningApproved())
REOPENED = (E.REOPENED, d.Reopened(reason=d.ReopeningReason.CLOSED_IN_ERROR))


def test_a_closing_that_was_told_and_taken_back_waits_for_a_person(
    db: Database, receiver: Receiver, run: ExchangeDeliveryContext
) -> None:
    stored = case(db, Told((*SIGNED, world.COMPLETED)))
    deliver(run)
    assert parts(receiver)[-1] == ("avsluttetUngdomsreaksjon", {"aarsak": "FULLFOERT"})
    stored = world.go_on(db, stored, APPROVED, REOPENED)

    assert deliver(run) == ExchangeDeliveryCounts(lacks=1)
    assert standing(db)[f"{stored.version} status"] == "lacks.message_for_reopened"


def test_a_closing_that_was_taken_back_before_it_was_told_is_told_to_nobody(
    db: Database, receiver: Receiver, run: ExchangeDeliveryContext
) -> None:
    stored = case(db, Told((*SIGNED, world.COMPLETED)))
    closing = stored.version
    stored = world.go_on(db, stored, APPROVED, REOPENED)

    assert deliver(run) == ExchangeDeliveryCounts(sent=2, withdrawn=2)
    assert standing(db)[f"{closing} status"] == standing(db)[f"{stored.version} status"] == "withdrawn.reopened"
    assert "avsluttetUngdomsreaksjon" not in dict(parts(receiver))
