"""T20: webhooks as their receivers meet them, read by the libraries that receivers use."""

import socket
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from standardwebhooks import Webhook as Reader
from standardwebhooks import WebhookVerificationError

from tests.exchange import wire, world
from tests.exchange.wire import Receiver, certificate, drip, raw, slow, status
from tests.exchange.world import KEYS, Told
from tests.notices.build import (
    COORDINATOR,
    MORNING,
    NIGHT,
    RAISED,
    WITH_TEAM,
    cured,
    header,
    hook,
    hours,
    keys_of,
    late,
    said,
    standings,
    work,
)
from tests.service import Clock
from ungdom.notices import address, delivery
from ungdom.notices import webhooks as hooks
from ungdom.notices.delivery import ATTEMPTS, deliver
from ungdom.store import deliveries, webhooks
from ungdom.store.session import Database
from ungdom.workflow.vocabulary import EventType


def now_clock() -> Clock:
    """The present, as receivers judge how old a message is."""
    return Clock(datetime.now(UTC))


# --- what comes ---------------------------------------------------------------------------------------------


def test_an_alert_comes_as_a_cloudevent_with_a_signature_that_holds(db: Database, receiver: Receiver) -> None:
    stored = late(db)
    _, secret = hook(db, receiver.url, kinds=RAISED)

    deliver(work(db, now_clock()))

    [got] = receiver.got
    assert Reader(secret).verify(got.body, got.headers)
    event = JSONFormat().read(CloudEvent, got.body)
    assert event.get_type() == "no.konfliktraadet.ungdom.alert.raised"
    assert (event.get_source(), event.get_subject()) == ("https://ungdom.test", stored.reference)
    data: Any = event.get_data()
    assert (data["code"], data["level"], data["waiting_for"]) == ("first_contact", "long_overdue", "konfliktrad")
    assert data["link"] == f"https://ungdom.test/v1/cases/{stored.case_id}"
    assert header(got, "content-type") == "application/cloudevents+json"
    assert set(data) == {*hooks._DATA["alert"], "reference", "link"}


def test_events_of_a_case_come_in_their_order_and_hold_no_person(db: Database, receiver: Receiver) -> None:
    late(db)
    hook(db, receiver.url)
    deliver(work(db))
    kinds = [said(one)["type"].removeprefix(hooks.TYPE) for one in receiver.got]
    assert kinds == ["case.event_recorded"] * 7 + ["alert.raised"]
    assert [said(one)["data"]["seq"] for one in receiver.got[:7]] == list(range(1, 8))
    everything = b"".join(one.body + repr(one.headers).encode() for one in receiver.got).decode()
    for hidden in ("Vimsete", "Vaffelpresse", world.NUMBER, "15434811", "Hemmeligveien", "teacher", "oslo", "2009"):
        assert hidden not in everything


def test_a_signature_of_another_secret_body_or_time_is_refused(db: Database, receiver: Receiver) -> None:
    late(db)
    _, secret = hook(db, receiver.url, kinds=RAISED)
    deliver(work(db, now_clock()))
    [got] = receiver.got

    with pytest.raises(WebhookVerificationError, match="No matching"):
        Reader(hooks.new_secret()).verify(got.body, got.headers)
    with pytest.raises(WebhookVerificationError, match="No matching"):
        Reader(secret).verify(got.body.replace(b"long_overdue", b"upcoming"), got.headers)
    old = hooks.signed_headers(header(got, "webhook-id"), got.body.decode(), [secret], datetime.now(UTC) - hours(0.1))
    with pytest.raises(WebhookVerificationError, match="too old"):
        Reader(secret).verify(got.body, old)


def test_after_a_change_of_the_secret_both_hold_for_a_day(db: Database, receiver: Receiver) -> None:
    first = late(db)
    hook_id, old = hook(db, receiver.url, kinds=RAISED)
    new, clock = hooks.new_secret(), now_clock()
    with db.writing() as tx:
        found = webhooks.find(tx, KEYS, hook_id)
        assert found
        webhooks.rotate_secret(tx, KEYS, found, new, clock() + hooks.OLD_SECRET_VALID_FOR)
    deliver(work(db, clock))
    [got] = receiver.got
    assert Reader(old).verify(got.body, got.headers) == Reader(new).verify(got.body, got.headers)

    clock.instant += hooks.OLD_SECRET_VALID_FOR
    with db.writing() as tx:
        deliveries.replay(tx, since=first.opened_at)
    deliver(work(db, clock))
    assert len(header(receiver.got[1], "webhook-signature").split()) == 1
    assert keys_of(receiver)[0] == keys_of(receiver)[1]


# --- where it may lead --------------------------------------------------------------------------------------

FORBIDDEN = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104  # nothing listens there
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "[::1]",
    "[::]",
    "[fe80::1]",
    "[fc00::1]",
    "[ff02::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:8.8.8.8]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[2001:db8::1]",
]


@pytest.mark.parametrize("host", FORBIDDEN)
def test_what_is_not_of_the_public_internet_is_refused(host: str) -> None:
    with pytest.raises(address.Forbidden, match="not_public"):
        address.check(f"https://{host}/inn", ())


@pytest.mark.parametrize("written", ["0x7f000001", "2130706433", "127.1", "localhost", "0177.0.0.1"])
def test_other_ways_of_writing_this_machine_are_refused_where_they_lead(written: str) -> None:
    with pytest.raises(address.Forbidden):
        address.resolve_target(f"https://{written}/inn", ())


@pytest.mark.parametrize(
    "url",
    ["", "inn", "ftp://a.no/", "https://", "https://user:secret@a.no/", "https://a.no/#x", "https://a.no/a b",
     "https://a.no/\n", "http://a.no/", "javascript:alert(1)", "https://a.no/" + "x" * 500],
)  # fmt: skip
def test_what_is_no_https_address_is_refused(url: str) -> None:
    with pytest.raises(address.Forbidden):
        address.check(url, ())


def test_public_addresses_and_allowed_networks_are_reached() -> None:
    address.check("https://8.8.8.8/inn", ())
    address.check("https://[2606:4700::1111]/inn", ())
    inside = address.networks(["10.0.0.0/8"])
    address.check("http://10.1.2.3/inn", inside)
    with pytest.raises(address.Forbidden, match="not_https"):
        address.check("http://8.8.8.8/inn", inside)
    with pytest.raises(address.Forbidden, match="not_public"):
        address.check("https://192.168.1.1/inn", inside)


def test_a_name_with_one_private_address_is_refused_and_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    answers = [["8.8.8.8"], ["8.8.8.8", "127.0.0.1"]]

    def getaddrinfo(name: str, port: int, **_more: Any) -> list[Any]:
        asked.append(name)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in answers[len(asked) - 1]]

    monkeypatch.setattr(address.socket, "getaddrinfo", getaddrinfo)
    place = address.resolve_target("https://hook.example:8443/inn?a=1", ())
    assert (place.url, place.host) == ("https://8.8.8.8:8443/inn?a=1", "hook.example:8443")
    assert place.server_name == "hook.example"
    with pytest.raises(address.Forbidden, match="not_public"):
        address.resolve_target("https://hook.example/inn", ())
    assert len(asked) == 2


def test_nothing_is_sent_to_this_machine_unless_it_is_allowed(db: Database, receiver: Receiver) -> None:
    late(db)
    hook(db, receiver.url.replace("http:", "https:"), kinds=RAISED)
    assert deliver(work(db, allowed=())).dead == 1
    assert (receiver.got, standings(db)) == ([], ["dead.not_public"])


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_redirect_is_never_followed(db: Database, receiver: Receiver, other_receiver: Receiver, code: int) -> None:
    receiver.say = status(code, Location=other_receiver.url)
    late(db)
    hook(db, receiver.url, kinds=RAISED)
    assert deliver(work(db)).dead == 1
    assert (len(receiver.got), other_receiver.got, standings(db)) == (1, [], ["dead.redirect"])


def test_the_name_of_the_receiver_is_verified_though_its_address_is_connected_to(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ca, server = certificate(tmp_path)
    trust = wire.ssl.create_default_context(cafile=str(ca))
    with Receiver(trust=server) as there:
        port = there.url.split(":")[2].split("/")[0]
        late(db)
        hook(db, there.url, kinds=RAISED)
        assert deliver(work(db, trust=trust)).sent == 1
        monkeypatch.setattr(address.socket, "getaddrinfo", lambda *_a, **_k: [(2, 1, 6, "", ("127.0.0.1", int(port)))])
        hook(db, f"https://another.example:{port}/inn", kinds=RAISED)
        late(db)
        came = deliver(work(db, trust=trust))
    assert (came.sent, came.again) == (1, 1)
    assert sorted(standings(db)) == ["again.unreachable", "delivered", "delivered"]


# --- a receiver that is not well ----------------------------------------------------------------------------

ILL = {
    "hangs": (slow(1, status(200)), "again.timeout again.unreachable"),
    "drips": (drip, "again.unreachable"),
    "garbage": (raw(b"\x00\x01garbage\r\n\r\n"), "again.unreachable"),
    "closes": (raw(b""), "again.unreachable"),
    "fails": (status(500), "again.status_500"),
    "unknown": (status(404), "again.status_404"),
}


@pytest.mark.parametrize("how", ILL)
def test_a_receiver_that_is_ill_is_tried_again_under_the_same_key(db: Database, receiver: Receiver, how: str) -> None:
    receiver.say, codes = ILL[how]
    late(db)
    hook(db, receiver.url, kinds=RAISED)
    clock = Clock(MORNING)

    assert deliver(work(db, clock, total_timeout=0.5)).again == 1
    assert standings(db)[0] in codes.split()
    receiver.say = status(204)
    assert deliver(work(db, clock)).sent == 0
    clock.instant += timedelta(seconds=31)
    assert deliver(work(db, clock)).sent == 1
    assert len(set(keys_of(receiver))) == 1


def test_a_large_answer_is_not_read(db: Database, receiver: Receiver) -> None:
    read: list[int] = []

    def endless(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        for n in range(200):
            request.wfile.write(b"x" * 100_000)
            read.append(n)

    receiver.say = endless
    late(db)
    hook(db, receiver.url, kinds=RAISED)
    assert deliver(work(db)).sent == 1
    assert len(read) < 200


def test_a_receiver_is_left_alone_as_long_as_it_asks(db: Database, receiver: Receiver) -> None:
    receiver.say = status(503, Retry_After="7200")
    late(db)
    hook(db, receiver.url, kinds=RAISED)
    clock = Clock(MORNING)
    deliver(work(db, clock))
    receiver.say = status(200)
    clock.instant += hours(1.9)
    assert deliver(work(db, clock)).sent == 0
    clock.instant += hours(0.2)
    assert deliver(work(db, clock)).sent == 1


def test_a_receiver_that_is_gone_is_told_nothing_more(db: Database, receiver: Receiver) -> None:
    receiver.say = status(410)
    late(db)
    hook_id, _ = hook(db, receiver.url)
    deliver(work(db))
    late(db)
    deliver(work(db))
    assert len(receiver.got) == 1
    assert standings(db) == ["withdrawn.gone"] * 8
    with db.reading() as tx:
        found = webhooks.find(tx, KEYS, hook_id)
    assert found
    assert found.disabled_because == "gone"


def test_a_message_that_never_arrives_becomes_a_dead_letter_steps_aside_and_can_be_replayed(
    db: Database, receiver: Receiver
) -> None:
    late(db)
    hook(db, receiver.url)
    clock = Clock(MORNING)
    first: list[str] = []

    def refuses_the_first(request: BaseHTTPRequestHandler) -> None:
        first.append(request.headers["webhook-id"])
        status(500 if request.headers["webhook-id"] == first[0] else 200)(request)

    receiver.say = refuses_the_first
    for _ in range(ATTEMPTS):
        deliver(work(db, clock))
        clock.instant += hours(1.1)

    assert standings(db) == ["dead.status_500", *["delivered"] * 7]
    assert keys_of(receiver)[:ATTEMPTS] == [first[0]] * ATTEMPTS
    receiver.say = status(200)
    with db.writing() as tx:
        assert deliveries.replay(tx) == 1
    assert deliver(work(db, clock)).sent == 1
    assert keys_of(receiver)[-1] == first[0]
    assert set(standings(db)) == {"delivered"}


def test_a_failure_holds_back_the_later_messages_of_that_receiver_only(
    db: Database, receiver: Receiver, other_receiver: Receiver
) -> None:
    receiver.say = status(500)
    late(db)
    hook(db, receiver.url)
    hook(db, other_receiver.url)
    clock = Clock(MORNING)
    deliver(work(db, clock))
    assert (len(receiver.got), len(other_receiver.got)) == (1, 8)

    receiver.say = status(200)
    clock.instant += hours(1)
    deliver(work(db, clock))
    assert [said(one)["id"] for one in receiver.got[1:]] == [said(one)["id"] for one in other_receiver.got]


def test_while_one_receiver_hangs_another_gets_what_is_promised_meanwhile(
    db: Database, receiver: Receiver, other_receiver: Receiver
) -> None:
    free, stop = threading.Event(), threading.Event()

    def hangs(request: BaseHTTPRequestHandler) -> None:
        free.wait(20)
        status(200)(request)

    receiver.say = hangs
    hook(db, receiver.url, kinds=RAISED)
    hook(db, other_receiver.url, kinds=RAISED)
    late(db)
    run = work(db, total_timeout=20, stop=stop.is_set)
    thread = threading.Thread(target=delivery.run_until_stopped, args=(run, stop, 0.05), daemon=True)
    thread.start()
    try:
        until(lambda: len(other_receiver.got) == 1 and len(receiver.got) == 1)
        late(db)
        until(lambda: len(other_receiver.got) == 2)
        assert len(receiver.got) == 1
        free.set()
        until(lambda: len(receiver.got) == 2)
    finally:
        free.set()
        stop.set()
        thread.join(30)
    assert standings(db).count("delivered") == 4


def until(holds: Any) -> None:
    pause = threading.Event()
    for _ in range(600):
        if holds():
            return
        pause.wait(0.05)
    raise AssertionError("it did not come about")


# --- what has changed meanwhile -----------------------------------------------------------------------------


def test_an_owner_who_lost_sight_of_the_case_is_not_told(db: Database, receiver: Receiver) -> None:
    receiver.say = status(500)
    stored = late(db, Told(WITH_TEAM))
    hook(db, receiver.url, COORDINATOR, kinds=RAISED)
    clock = Clock(MORNING)
    deliver(work(db, clock))
    receiver.say = status(200)
    world.go_on(db, stored, world.LEAVES, (EventType.TRANSFER_ACCEPTED, world.d.TransferAccepted()))
    clock.instant += hours(1)
    assert deliver(work(db, clock)).withdrawn == 1
    assert (len(receiver.got), standings(db)) == (1, ["withdrawn.not_seen"])


def test_that_an_alert_was_cured_follows_what_may_have_arrived(db: Database, receiver: Receiver) -> None:
    receiver.say = status(500)
    stored = late(db)
    hook(db, receiver.url, kinds=("alert.raised", "alert.cleared"))
    clock = Clock(MORNING)
    deliver(work(db, clock))
    cured(db, stored, NIGHT + timedelta(days=1))
    receiver.say = status(200)
    clock.instant += hours(48)
    deliver(work(db, clock))
    kinds = [said(one)["type"].rpartition(".")[2] for one in receiver.got]
    assert kinds == ["raised", "raised", "cleared"]
    assert said(receiver.got[2])["data"]["because"] == "overtaken"
