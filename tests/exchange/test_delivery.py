"""From the outbox to the partners: in order, at least once under one id, each partner for itself."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.exchange import world
from tests.exchange.wire import Receiver, slow, status
from tests.exchange.world import Told, case, over_http, partner, standing, standings, work, write
from tests.service import Clock
from ungdom.delivery import engine
from ungdom.exchange import delivery
from ungdom.exchange.delivery import ExchangeDeliveryContext, ExchangeDeliveryCounts, deliver
from ungdom.exchange.transport import SignedMessage
from ungdom.store import outbox
from ungdom.store.session import Database

DAY = timedelta(days=1)
PARTS = [
    "tildeltSaksansvarlig", "ungdomsplanSignert", "stansUngdomsreaksjon", "oppstartEtterStans",
    "overfoertAnnetKonfliktraad", "tildeltSaksansvarlig", "avsluttetUngdomsreaksjon",
]  # fmt: skip


def told(receiver: Receiver) -> list[dict[str, Any]]:
    """The messages that the receiver got, the signatures checked."""
    return [world.opened(got.body) for got in receiver.got]


def part(body: dict[str, Any]) -> str:
    [found] = body["statusOppdatering"]["ungdomsreaksjonStatus"]
    return str(found)


def one_partner(folder: Path, receiver: Receiver, variant: str = "1.0", more: str = "") -> Path:
    return write(folder, partner("oslo", over_http(receiver.url), variant), more=more)


def two_partners(folder: Path, oslo: Receiver, ost: Receiver) -> Path:
    second = partner("ost", over_http(ost.url), "1.0", ("p02",))
    return write(folder, partner("oslo", over_http(oslo.url)), second)


def last_try(db: Database, message_id: str) -> outbox.OutboxEntry:
    with db.reading() as tx:
        found = outbox.find(tx, UUID(message_id))
    assert found is not None
    return found


# --- the whole way ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", ["1.0", "maven"])
def test_everything_that_is_promised_is_told_in_order_signed_and_as_the_contract_has_it(
    both: Database, receiver: Receiver, tmp_path: Path, variant: str, figure: Callable[[str], None]
) -> None:
    case(both)
    run = work(both, one_partner(tmp_path, receiver, variant))

    assert deliver(run) == ExchangeDeliveryCounts(sent=7)

    bodies = told(receiver)
    assert [part(body) for body in bodies] == PARTS
    for got, body in zip(receiver.got, bodies, strict=True):
        world.keeps(f"oppdatertSaksstatus {variant}", body)
        assert got.headers["messageId"] == body["forsendelse"]["meldingsId"]
        assert (got.headers["SchemaName"], got.headers["SchemaVersion"]) == ("oppdatertSaksstatus", "1.0")
        assert got.headers["senderOrganization"] == "KONFLIKTRAAD"
    assert set(standing(both).values()) == {"delivered"}
    assert deliver(run) == ExchangeDeliveryCounts()
    assert len(receiver.got) == 7
    figure(f"status messages, variant {variant}, {both.reader.dialect.name}: 7 of 7 valid and in order")


def test_an_event_that_gives_two_parts_is_told_in_two_messages_in_order(
    both: Database, receiver: Receiver, tmp_path: Path
) -> None:
    lines = (world.ASSIGNED, world.PLAN_HELD, world.SIGNED, world.BREACHED, world.REFERRED, world.PROSECUTED)
    case(both, Told(lines))
    deliver(work(both, one_partner(tmp_path, receiver)))

    bodies = told(receiver)
    assert [part(body) for body in bodies][-2:] == ["stansUngdomsreaksjon", "avsluttetUngdomsreaksjon"]
    for body in bodies:
        world.keeps("oppdatertSaksstatus 1.0", body)
    assert len({body["forsendelse"]["meldingsId"] for body in bodies}) == len(bodies)


def test_many_cases_are_told_to_many_partners_and_each_to_its_own(
    db: Database, receiver: Receiver, other_receiver: Receiver, tmp_path: Path
) -> None:
    oslo = [case(db, Told((world.ASSIGNED,))) for _ in range(3)]
    there = Told((world.ASSIGNED_THERE,), konfliktrad="ost")
    ost = [case(db, there) for _ in range(2)]

    assert deliver(work(db, two_partners(tmp_path, receiver, other_receiver))).sent == 5

    ids = {str(outbox.event_message(one.case_id, one.events[-1], "esas.status").message_id) for one in oslo}
    assert set(receiver.ids) == ids
    assert len(other_receiver.ids) == len(ost)


def test_a_case_that_was_transferred_is_still_told_where_its_charge_is(
    db: Database, receiver: Receiver, other_receiver: Receiver, tmp_path: Path
) -> None:
    case(db)
    deliver(work(db, two_partners(tmp_path, receiver, other_receiver)))
    assert (len(receiver.got), len(other_receiver.got)) == (7, 0)


# --- in vain ------------------------------------------------------------------------------------------------


def test_a_later_message_of_a_case_waits_for_the_earlier_one(
    both: Database, receiver: Receiver, tmp_path: Path
) -> None:
    case(both)
    clock = world.later()
    run = work(both, one_partner(tmp_path, receiver), clock)
    receiver.say = status(503)

    assert deliver(run) == ExchangeDeliveryCounts(again=1)
    assert deliver(run) == ExchangeDeliveryCounts()
    receiver.say = status(200)
    clock.instant += timedelta(seconds=31)

    assert deliver(run).sent == 7
    assert receiver.ids[0] == receiver.ids[1]
    assert [part(body) for body in told(receiver)[1:]] == PARTS


def test_a_failing_case_holds_up_no_other(db: Database, receiver: Receiver, tmp_path: Path) -> None:
    bad, *good = [case(db, Told((world.ASSIGNED, world.PLAN_HELD, world.SIGNED))) for _ in range(4)]
    poisoned = str(outbox.event_message(bad.case_id, bad.events[5], "esas.status").message_id)
    receiver.say = lambda request: status(500 if request.headers["messageId"] == poisoned else 200)(request)

    counts = deliver(work(db, one_partner(tmp_path, receiver)))

    assert counts == ExchangeDeliveryCounts(sent=2 * len(good), again=1)


def test_a_partner_that_hangs_holds_up_no_other(
    db: Database, receiver: Receiver, other_receiver: Receiver, tmp_path: Path
) -> None:
    for _ in range(4):
        case(db, Told((world.ASSIGNED,)))
        case(db, Told((world.ASSIGNED_THERE,), konfliktrad="ost"))
    answered: list[bool] = []
    all_there = threading.Event()

    def hang(request: BaseHTTPRequestHandler) -> None:
        answered.append(all_there.wait(8))
        status(503)(request)

    def take(request: BaseHTTPRequestHandler) -> None:
        status(200)(request)
        if len(other_receiver.got) == 4:
            all_there.set()

    receiver.say, other_receiver.say = hang, take

    counts = deliver(work(db, two_partners(tmp_path, receiver, other_receiver)))

    assert answered == [True, True, True]
    assert counts == ExchangeDeliveryCounts(sent=4, again=3)


def test_a_partner_that_fails_three_times_in_a_row_is_left_alone(
    db: Database, receiver: Receiver, tmp_path: Path
) -> None:
    for _ in range(8):
        case(db, Told((world.ASSIGNED,)))
    clock = world.later()
    run = work(db, one_partner(tmp_path, receiver), clock)
    receiver.say = status(500)

    assert deliver(run).again == 3
    assert len(receiver.got) == 3
    assert standings(db) == ["again.status_500"] * 8
    receiver.say = status(200)
    clock.instant += timedelta(seconds=31)
    assert deliver(run).sent == 8


def test_the_wait_doubles_up_to_an_hour_and_chance_shortens_it_to_no_less_than_half() -> None:
    waits = [engine.retry_delay(n, None, 1.0).total_seconds() for n in (1, 2, 3, 7, 8, 100)]
    assert waits == [30, 60, 120, 1920, 3600, 3600]
    assert engine.retry_delay(3, None, 0.0).total_seconds() == 60
    assert engine.retry_delay(1, 300.0, 0.0).total_seconds() == 300
    assert engine.retry_delay(9, 300.0, 1.0).total_seconds() == 3600
    assert engine.retry_delay(1, 1e9, 0.0) == DAY


def test_a_receiver_that_asks_to_be_left_alone_is(both: Database, receiver: Receiver, tmp_path: Path) -> None:
    for _ in range(3):
        case(both, Told((world.ASSIGNED,)))
    clock = world.later()
    run = work(both, one_partner(tmp_path, receiver), clock)
    receiver.say = status(429, Retry_After="600")

    assert deliver(run).again == 1
    receiver.say = status(200)
    clock.instant += timedelta(seconds=590)
    assert deliver(run) == ExchangeDeliveryCounts()
    clock.instant += timedelta(seconds=20)
    assert deliver(run).sent == 3
    assert len(receiver.got) == 4


def test_after_so_many_tries_a_message_is_given_up_and_can_be_started_again(
    both: Database, receiver: Receiver, tmp_path: Path
) -> None:
    case(both, Told((world.ASSIGNED, world.PLAN_HELD, world.SIGNED)))
    clock = world.later()
    run = work(both, one_partner(tmp_path, receiver, more="[delivery]\nattempts = 3\n"), clock)
    receiver.say = status(500)
    for _ in range(5):
        deliver(run)
        clock.instant += timedelta(hours=1)

    assert standing(both) == {"6 status": "dead.status_500", "8 status": "waiting"}
    assert len(receiver.got) == 3
    assert (delivery.backlog(run).dead, delivery.backlog(run).waiting) == (1, 2)

    receiver.say = status(200)
    with both.writing() as tx:
        for one in outbox.dead_letters(tx):
            outbox.replay(tx, one)
    assert deliver(run).sent == 2
    assert len(set(receiver.ids)) == 2


def test_what_is_refused_is_given_up_at_once_and_can_be_withdrawn(
    both: Database, receiver: Receiver, tmp_path: Path
) -> None:
    case(both, Told((world.ASSIGNED, world.PLAN_HELD, world.SIGNED)))
    run = work(both, one_partner(tmp_path, receiver))
    receiver.say = status(422)
    assert deliver(run) == ExchangeDeliveryCounts(dead=1)
    assert standing(both) == {"6 status": "dead.status_422", "8 status": "waiting"}

    receiver.say = status(200)
    with both.writing() as tx:
        [one] = outbox.dead_letters(tx)
        assert outbox.withdraw(tx, one)

    assert deliver(run) == ExchangeDeliveryCounts(sent=1)
    assert standing(both) == {"6 status": "withdrawn.by_hand", "8 status": "delivered"}
    assert delivery.backlog(run).waiting == 0


def test_a_message_that_the_partner_answered_as_failed_is_sent_anew_under_another_id(
    both: Database, receiver: Receiver, tmp_path: Path
) -> None:
    case(both, Told((world.ASSIGNED,)))
    run = work(both, one_partner(tmp_path, receiver))
    deliver(run)
    [first] = receiver.ids
    with both.writing() as tx:
        assert outbox.record_failure_answer(tx, UUID(first), "FEILET_AVSENDER_MANGLER")
        assert not outbox.record_failure_answer(tx, UUID(int=1), "FEILET_MOTTAKER")
    assert standing(both) == {"6 status": "dead.answer_feilet_avsender_mangler"}
    assert deliver(run) == ExchangeDeliveryCounts()

    with both.writing() as tx:
        [dead] = outbox.dead_letters(tx)
        outbox.replay(tx, dead)

    assert deliver(run).sent == 1
    assert len(set(receiver.ids)) == 2
    assert last_try(both, first).held == "withdrawn.sent_anew"
    with both.writing() as tx:
        assert not outbox.record_failure_answer(tx, UUID(first), "FEILET_AVSENDER_MANGLER")


# --- at least once, under one id ----------------------------------------------------------------------------


class Dies(BaseException):
    """The process ends here."""


class Dying:
    """A road on which the process ends: before the message is sent, or right after."""

    def __init__(self, run: ExchangeDeliveryContext, after: bool) -> None:
        self.run, self.after = run, after

    def send(self, parcel: SignedMessage) -> None:
        if self.after:
            [there] = self.run.partners.partner
            world.transport_for(self.run.partners, there).send(parcel)
        raise Dies

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("after", [False, True])
def test_a_message_in_hand_when_the_process_ends_is_sent_again_with_the_same_id(
    both: Database, receiver: Receiver, tmp_path: Path, after: bool
) -> None:
    case(both)
    clock = world.later()
    run = work(both, one_partner(tmp_path, receiver), clock)
    with pytest.raises(Dies):
        deliver(replace(run, open_transport=lambda *_: Dying(run, after)))

    assert deliver(run) == ExchangeDeliveryCounts()
    clock.instant += engine.LEASE + timedelta(seconds=1)
    assert deliver(run).sent == 7

    assert len(receiver.got) == 7 + after
    assert len(set(receiver.ids)) == 7
    assert [part(body) for body in told(receiver)][after:] == PARTS


def test_a_message_that_ends_every_process_is_given_up_one_day(
    db: Database, receiver: Receiver, tmp_path: Path
) -> None:
    case(db, Told((world.ASSIGNED,)))
    clock = world.later()
    run = work(db, one_partner(tmp_path, receiver, more="[delivery]\nattempts = 3\n"), clock)
    for _ in range(2):
        with pytest.raises(Dies):
            deliver(replace(run, open_transport=lambda *_: Dying(run, after=False)))
        clock.instant += engine.LEASE + timedelta(seconds=1)
    receiver.say = status(500)
    assert deliver(run) == ExchangeDeliveryCounts(dead=1)


def test_what_was_sent_again_tells_the_same_event(db: Database, receiver: Receiver, tmp_path: Path) -> None:
    case(db, Told((world.ASSIGNED,)))
    clock = world.later()
    run = work(db, one_partner(tmp_path, receiver), clock)
    receiver.say = status(500)
    for _ in range(3):
        deliver(run)
        clock.instant += timedelta(hours=2)

    first, *others = [{**body, "forsendelse": body["forsendelse"] | {"sendtTid": ""}} for body in told(receiver)]
    assert others == [first, first]


def test_any_number_of_workers_send_each_message_once_and_in_order(
    postgresql: Database, receiver: Receiver, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    workers = 4
    told_of = [case(postgresql) for _ in range(8)]
    path = one_partner(tmp_path, receiver)
    receiver.say = slow(0.002, status(200))
    start = threading.Barrier(workers)
    counts: list[ExchangeDeliveryCounts] = []

    def go() -> None:
        run = work(postgresql, path)
        start.wait()
        counts.append(deliver(run))

    threads = [threading.Thread(target=go, daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    deliver(work(postgresql, path))

    wanted = 7 * len(told_of)
    assert len(receiver.ids) == len(set(receiver.ids)) == wanted
    for one in told_of:
        mine = [str(outbox.event_message(one.case_id, event, "esas.status").message_id) for event in one.events]
        came = [found for found in receiver.ids if found in mine]
        assert came == [found for found in mine if found in came]
        assert len(came) == 7
    figure(f"{workers} workers, {wanted} messages: each sent once, in order a case")


def test_two_workers_on_one_file_send_each_message_once(db: Database, receiver: Receiver, tmp_path: Path) -> None:
    for _ in range(6):
        case(db, Told((world.ASSIGNED, world.PLAN_HELD, world.SIGNED)))
    path = one_partner(tmp_path, receiver)
    threads = [threading.Thread(target=lambda: deliver(work(db, path)), daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    deliver(work(db, path))
    assert len(receiver.ids) == len(set(receiver.ids)) == 12


# --- what is not complete -----------------------------------------------------------------------------------


def test_without_partners_everything_is_kept_and_goes_out_when_there_are_some(
    both: Database, receiver: Receiver, tmp_path: Path
) -> None:
    case(both)
    assert deliver(work(both, None)) == ExchangeDeliveryCounts(lacks=1)
    assert standing(both)["6 status"] == "lacks.no_receiver"

    assert deliver(work(both, one_partner(tmp_path, receiver))).sent == 7


def test_what_lacks_something_is_looked_at_when_its_case_moves_and_every_hour(
    both: Database, receiver: Receiver, tmp_path: Path
) -> None:
    stored = case(both, Told((world.ASSIGNED, world.PLAN_HELD, world.SIGNED)))
    clock = Clock(stored.events[-1].recorded_at + timedelta(hours=1))
    run = work(both, one_partner(tmp_path, receiver, "maven"), clock)
    assert deliver(run) == ExchangeDeliveryCounts(sent=1, lacks=1)
    assert standing(both)["8 status"] == "lacks.restorative_meeting_date"
    assert deliver(run, since=clock.instant) == ExchangeDeliveryCounts()

    clock.instant += timedelta(hours=1, seconds=1)
    assert deliver(run, since=clock.instant) == ExchangeDeliveryCounts(lacks=1)

    before = clock.instant
    world.go_on(both, stored, world.MET)
    clock.instant = stored.opened_at + timedelta(weeks=9)
    assert deliver(run, since=before).sent == 1
    [_, signed] = told(receiver)
    said = signed["statusOppdatering"]["ungdomsreaksjonStatus"]["ungdomsplanSignert"]
    assert said == {"datoSignering": "2026-02-23", "datoGjenopprettendeMoete": "2026-03-02"}


def test_a_case_that_lacks_something_holds_up_no_other(db: Database, receiver: Receiver, tmp_path: Path) -> None:
    case(db, Told((world.ASSIGNED,), numbers=()))
    case(db, Told((world.ASSIGNED,)))
    assert deliver(work(db, one_partner(tmp_path, receiver))) == ExchangeDeliveryCounts(sent=1, lacks=1)
    assert standings(db) == ["delivered", "lacks.police_case_number"]


def test_a_message_that_cannot_be_composed_is_held_and_told_and_holds_up_no_other(
    db: Database, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = case(db, Told((world.ASSIGNED,)))
    case(db, Told((world.ASSIGNED,)))
    compose = delivery.compose

    def failing(*given: Any) -> Any:
        if given[3].message.case_id == bad.case_id:
            raise KeyError("a fault of ours")
        return compose(*given)

    monkeypatch.setattr(delivery, "compose", failing)
    run = work(db, one_partner(tmp_path, receiver))
    assert deliver(run) == ExchangeDeliveryCounts(sent=1, lacks=1)
    assert standings(db) == ["delivered", "lacks.repair"]

    monkeypatch.undo()
    assert deliver(run).sent == 1


def test_a_road_that_cannot_be_opened_is_left_until_it_can(
    db: Database, receiver: Receiver, other_receiver: Receiver, tmp_path: Path
) -> None:
    case(db, Told((world.ASSIGNED,)))
    case(db, Told((world.ASSIGNED_THERE,), konfliktrad="ost"))
    run = work(db, two_partners(tmp_path, receiver, other_receiver))

    def road(partners: Any, there: Any) -> Any:
        if there.name.startswith("Oslo"):
            raise OSError("no such certificates")
        return world.transport_for(partners, there)

    assert deliver(replace(run, open_transport=road)) == ExchangeDeliveryCounts(sent=1, again=1)
    assert standings(db) == ["again.settings", "delivered"]


def test_a_wait_that_is_too_long_is_counted(db: Database) -> None:
    stored = case(db, Told((world.ASSIGNED,), numbers=()))
    clock = Clock(stored.events[-1].recorded_at + timedelta(hours=71))
    run = work(db, None, clock)
    deliver(run)
    assert delivery.backlog(run).late == 0
    clock.instant += timedelta(hours=2)
    assert (delivery.backlog(run).late, delivery.backlog(run).dead) == (1, 0)


def test_a_run_that_is_told_to_stop_ends_after_the_message_in_hand(
    db: Database, receiver: Receiver, tmp_path: Path
) -> None:
    case(db)
    run = work(db, one_partner(tmp_path, receiver))
    assert deliver(replace(run, stop=lambda: len(receiver.got) == 2)).sent == 2
    assert deliver(run).sent == 5
