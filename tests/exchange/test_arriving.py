"""Official messages from a queue: taken from whom they say they are, once, and answered by receipts."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.esas import official
from tests.exchange import world
from tests.exchange.wire import Receiver
from tests.exchange.world import Told, case, over_http, partner, standings, work, write
from tests.service import Clock
from ungdom.esas import envelope
from ungdom.exchange import acknowledged
from ungdom.exchange import partners as files
from ungdom.exchange.acknowledged import handler
from ungdom.exchange.delivery import deliver
from ungdom.exchange.queues import MessageHandler, NeverHandled, QueueMessage
from ungdom.store import exchanges
from ungdom.store.errors import Stale, Unavailable
from ungdom.store.exchanges import ExchangeMessage
from ungdom.store.session import Database

HEADERS = {
    "messageId": official.MESSAGE,
    "SchemaName": "overfoereSak",
    "SchemaVersion": "1.0",
    "senderOrganization": "POLITIET",
}


@pytest.fixture
def path(tmp_path: Path, receiver: Receiver) -> Path:
    second = partner("ost", over_http("http://127.0.0.1:1/"), None)
    return write(tmp_path, partner("oslo", over_http(receiver.url)), second)


def desk(db: Database, path: Path) -> MessageHandler:
    return handler(db, world.KEYS, files.load(path), Clock())


def signed(body: dict[str, Any] | None = None, kid: str = "oslo-1") -> bytes:
    return envelope.sign(body or official.overfoere_sak(), world.key(kid), kid).encode()


def taken(body: bytes | None = None, headers: Mapping[str, str] = HEADERS) -> QueueMessage:
    return QueueMessage(headers, signed() if body is None else body, False)


def kept(db: Database) -> list[ExchangeMessage]:
    with db.reading() as tx:
        return list(exchanges.page(tx, exchanges.ExchangeMessageFilter(None, None, None, None, 10)))


def test_a_message_is_taken_and_its_receipts_go_to_whom_it_came_from_in_order(
    both: Database, receiver: Receiver, path: Path
) -> None:
    desk(both, path)(
        taken(signed(official.overfoere_sak("ST")))
    )  # a kind of case that is not for us: nothing to wait for

    [message] = kept(both)
    assert (message.sender, message.meldings_id, message.type) == (world.OSLO, official.MESSAGE, "overfoereSak")
    deliver(work(both, path))
    bodies = [world.opened(got.body) for got in receiver.got]
    for got, body in zip(receiver.got, bodies, strict=True):
        world.keeps("KVITTERING", body)
        assert (got.headers["SchemaName"], got.headers["messageId"]) == ("KVITTERING", body["meldingsId"])
    assert [(body["meldingsIdRef"], body["status"]) for body in bodies] == [
        (official.MESSAGE, "UNDER_MOTTAK"),
        (official.MESSAGE, "MOTTATT"),
    ]


def test_a_message_that_comes_again_changes_nothing(both: Database, receiver: Receiver, path: Path) -> None:
    handle = desk(both, path)
    for _ in range(3):
        handle(taken(signed(official.overfoere_sak("ST"))))
    deliver(work(both, path))
    assert len(kept(both)) == 1
    assert len(receiver.got) == 2


def test_each_partner_signs_with_its_own_key(db: Database, path: Path) -> None:
    handle = desk(db, path)
    handle(taken(signed(kid="ost-1")))
    assert [one.sender for one in kept(db)] == [world.OST]


NEVER: list[tuple[bytes | None, dict[str, str], str]] = [
    (None, {"senderOrganization": "DOMSTOLEN"}, "signed by no partner"),
    (None, {"senderOrganization": ""}, "signed by no partner"),
    (b"", {}, "signed by no partner"),
    (b"\xff\xfe" * 20, {}, "signed by no partner"),
    (json.dumps(official.overfoere_sak()).encode(), {}, "signed by no partner"),
]


@pytest.mark.parametrize(("body", "changed", "said"), NEVER)
def test_what_no_partner_signed_is_never_handled(
    db: Database, path: Path, body: bytes | None, changed: dict[str, str], said: str
) -> None:
    with pytest.raises(NeverHandled, match=said):
        desk(db, path)(taken(body, HEADERS | changed))
    assert kept(db) == []


def test_a_signature_of_somebody_else_is_never_handled(db: Database, path: Path) -> None:
    forged = envelope.sign(official.overfoere_sak(), world.key("ours-1"), "oslo-1").encode()
    with pytest.raises(NeverHandled, match="signed by no partner"):
        desk(db, path)(taken(forged))


def test_a_changed_message_is_never_handled(db: Database, path: Path) -> None:
    head, _, tail = signed().decode().split(".")
    other = signed(official.overfoere_sak(number="99999999")).decode().split(".")[1]
    with pytest.raises(NeverHandled, match="signed by no partner"):
        desk(db, path)(taken(f"{head}.{other}.{tail}".encode()))


def test_a_message_without_an_id_is_never_handled(db: Database, path: Path) -> None:
    body = official.overfoere_sak()
    del body["forsendelse"]["meldingsId"]
    with pytest.raises(NeverHandled, match="has no id"):
        desk(db, path)(taken(signed(body)))


def test_a_message_in_which_a_name_stands_twice_or_whose_id_is_no_text_is_never_handled(
    db: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = json.dumps(official.overfoere_sak())
    for content in (plain[:-1] + ', "forsendelse": {}}', plain.replace(official.MESSAGE, "a\\u0000b")):
        monkeypatch.setattr(envelope, "content_of", lambda _body, content=content: content.encode())
        with pytest.raises(NeverHandled, match="name stands in it twice"):
            desk(db, path)(taken(signed()))
    assert kept(db) == []


@pytest.mark.parametrize("name", ["SchemaName", "SchemaVersion"])
def test_a_header_that_is_no_text_is_never_handled(db: Database, path: Path, name: str) -> None:
    for value in ("a\x00b", "a\u202eb", "x" * 65):
        with pytest.raises(NeverHandled, match=f"header {name} is no text"):
            desk(db, path)(taken(headers={**HEADERS, name: value}))
    assert kept(db) == []


def test_what_a_partner_may_not_send_is_kept_and_answered(db: Database, receiver: Receiver, path: Path) -> None:
    headers = HEADERS | {"SchemaName": "DOMSAVGJOERELSE", "SchemaVersion": "1.2"}
    desk(db, path)(taken(signed(official.domsavgjoerelse()), headers))
    deliver(work(db, path))
    [body] = [world.opened(got.body) for got in receiver.got]
    assert body["status"] == "FEILET_AVSENDER_TEKNISK"


def test_a_partner_that_answers_that_it_failed_brings_the_message_back(
    both: Database, receiver: Receiver, path: Path
) -> None:
    case(both, Told((world.ASSIGNED,)))
    deliver(work(both, path))
    answer = official.kvittering("FEILET_AVSENDER_MANGLER", ref=receiver.ids[0])
    desk(both, path)(taken(signed(answer), HEADERS | {"SchemaName": "KVITTERING"}))
    assert standings(both) == ["dead.answer_feilet_avsender_mangler"]


@pytest.mark.parametrize("said", ["UNDER_MOTTAK", "MOTTATT"])
def test_a_partner_that_has_the_message_changes_nothing(
    db: Database, receiver: Receiver, path: Path, said: str
) -> None:
    case(db, Told((world.ASSIGNED,)))
    deliver(work(db, path))
    answer = official.kvittering(said, ref=receiver.ids[0])
    desk(db, path)(taken(signed(answer), HEADERS | {"SchemaName": "KVITTERING"}))
    assert standings(db) == ["delivered"]


def test_the_name_of_a_message_may_be_written_as_senders_do(db: Database, path: Path) -> None:
    desk(db, path)(taken(headers=HEADERS | {"SchemaName": "OVERFOERE_SAK"}))
    assert len(kept(db)) == 1


def test_somebody_who_moves_the_case_meanwhile_is_no_failure(
    db: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, moved = acknowledged.inbound.receive, [Stale(1, 2)] * 2

    def contested(*given: Any) -> Any:
        if moved:
            raise moved.pop()
        return take(*given)

    monkeypatch.setattr(acknowledged.inbound, "receive", contested)
    desk(db, path)(taken())
    assert len(kept(db)) == 1

    moved += [Stale(1, 2)] * 9
    with pytest.raises(Stale):
        desk(db, path)(taken())


def test_while_the_database_is_away_nothing_is_decided(
    db: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_given: Any) -> Any:
        raise Unavailable("connection_lost")

    monkeypatch.setattr(acknowledged.inbound, "receive", away)
    with pytest.raises(Unavailable):
        desk(db, path)(taken())
