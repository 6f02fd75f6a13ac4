"""Sending over AMQP: delivered means that the broker has confirmed it."""

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.exchange.broker import Broker
from tests.exchange.queue import Line
from tests.exchange.wire import Cable, certificate
from ungdom.delivery.engine import NotDelivered
from ungdom.exchange import amqp
from ungdom.exchange.amqp import AmqpTransport, BrokerAddress
from ungdom.exchange.transport import SignedMessage
from ungdom.settings import BadSettings

PATIENCE = 1.0


def parcel(message_id: str = "m-1", said: str = "a.b.c") -> SignedMessage:
    return SignedMessage(
        message_id=message_id,
        schema_name="oppdatertSaksstatus",
        schema_version="1.0",
        sender="KONFLIKTRAAD",
        receiver="Oslo politidistrikt",
        token=said,
    )


def transport(line: Line, url: str | None = None, exchange: str | None = None, key: str = "key") -> AmqpTransport:
    return AmqpTransport(BrokerAddress(url or line.url), exchange or line.exchange, key, PATIENCE)


def through(cable: Cable) -> str:
    return f"amqp://guest:guest@127.0.0.1:{cable.port}/"


def refused(road: AmqpTransport) -> NotDelivered:
    with pytest.raises(NotDelivered) as caught:
        road.send(parcel())
    return caught.value


def test_a_message_arrives_whole_with_its_headers_and_stays_on_disk(
    line: Line, broker_kind: str, figure: Callable[[str], None]
) -> None:
    figure(f"AMQP tried with {broker_kind}")
    road = transport(line)
    road.send(parcel(said="hode.æøå-innhold.signatur"))
    road.close()

    [got] = line.took()
    assert (got.body if isinstance(got.body, str) else got.body.decode()) == "hode.æøå-innhold.signatur"
    assert got.properties["application_headers"] == {
        "messageId": "m-1",
        "SchemaName": "oppdatertSaksstatus",
        "SchemaVersion": "1.0",
        "senderOrganization": "KONFLIKTRAAD",
    }
    assert (got.properties["message_id"], got.properties["delivery_mode"]) == ("m-1", 2)
    assert got.properties["content_type"] == "application/jose"


def test_the_connection_is_kept_between_messages(line: Line, cable: Cable) -> None:
    road = transport(line, through(cable))
    for number in range(3):
        road.send(parcel(f"m-{number}"))
    road.close()

    assert cable.connections == 1
    assert [got.properties["message_id"] for got in line.took()] == ["m-0", "m-1", "m-2"]


def test_a_lost_connection_is_made_anew_for_the_next_message(line: Line, cable: Cable) -> None:
    road = transport(line, through(cable))
    road.send(parcel("m-1"))
    cable.cut()
    road.send(parcel("m-2"))
    road.close()

    assert cable.connections == 2
    assert [got.properties["message_id"] for got in line.took()] == ["m-1", "m-2"]


def test_a_message_that_no_queue_takes_is_not_delivered(line: Line) -> None:
    road = transport(line, key="nobody")
    error = refused(road)
    assert (error.reason, error.retryable) == ("unroutable", True)

    assert refused(road).reason == "unroutable"
    road.close()


def test_an_exchange_that_does_not_exist_is_told(line: Line) -> None:
    road = transport(line, exchange="no-such-exchange")
    error = refused(road)
    road.close()
    assert (error.reason, error.retryable) == ("not_found", True)


def test_a_queue_that_refuses_is_not_taken_for_delivered(line: Line) -> None:
    full = f"{line.name}-full"
    line.declare(full, {"x-max-length": 1, "x-overflow": "reject-publish"})
    line.channel.queue_bind(full, line.exchange, "full")
    road = transport(line, key="full")
    road.send(parcel("m-1"))

    error = refused(road)
    road.close()

    assert (error.reason, error.retryable) == ("nacked", True)
    assert [got.properties["message_id"] for got in line.took(full)] == ["m-1"]


def test_a_broker_that_never_confirms_is_not_waited_for_for_ever(line: Line, cable: Cable) -> None:
    road = transport(line, through(cable))
    road.send(parcel("m-1"))
    cable.freeze()
    begun = time.monotonic()

    error = refused(road)

    assert (error.reason, error.retryable) == ("timeout", True)
    assert time.monotonic() - begun < 8
    road.close()


def test_a_broker_that_lets_nobody_in_is_told(line: Line) -> None:
    road = transport(line, line.url.replace("guest:guest", "guest:wrong"))
    error = refused(road)
    assert (error.reason, error.retryable) == ("access_refused", True)


def test_a_broker_that_is_not_there_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    road = AmqpTransport(BrokerAddress(f"amqp://127.0.0.1:{port}/"), "x", "", PATIENCE)
    error = refused(road)
    assert (error.reason, error.retryable) == ("unreachable", True)


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00" * 64, b"AMQP\x00\x00\x09\x01", b"\xff" * 300]
)
def test_a_peer_that_speaks_no_amqp_is_told(said: bytes) -> None:
    server = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(8)
            connection.sendall(said)

    speaking = threading.Thread(target=answer, daemon=True)
    speaking.start()
    error = refused(AmqpTransport(BrokerAddress(f"amqp://127.0.0.1:{server.getsockname()[1]}/"), "x", "", PATIENCE))
    speaking.join(5)
    server.close()

    assert (error.reason in ("unreachable", "timeout"), error.retryable) == (True, True)


def test_without_the_library_a_broker_cannot_be_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amqp, "amqp", None)
    with pytest.raises(BadSettings, match=r"ungdom\[amqp\]"):
        AmqpTransport(BrokerAddress("amqp://127.0.0.1/"), "x", "")


def test_no_password_is_ever_shown() -> None:
    assert "hemmelig" not in repr(BrokerAddress("amqp://bruker:hemmelig@127.0.0.1/", "hemmelig"))


def test_a_broker_is_trusted_by_the_certificates_given_for_it_and_by_no_others(tmp_path: Path) -> None:
    file, server = certificate(tmp_path)
    own = Broker(server)
    with Line(own.url, ca_file=file) as line:
        road = AmqpTransport(BrokerAddress(own.url, ca_file=file), line.exchange, "key", PATIENCE)
        road.send(parcel())
        road.close()
        assert len(line.took()) == 1
    assert refused(AmqpTransport(BrokerAddress(own.url), "x", "key", PATIENCE)).reason == "unreachable"
    own.close()
