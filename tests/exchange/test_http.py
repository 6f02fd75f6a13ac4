"""Sending over HTTP: what counts as delivered, what is tried again, what is given up."""

import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.exchange.test_amqp import parcel
from tests.exchange.wire import Receiver, Say, certificate, drip, raw, slow, status
from ungdom.delivery.engine import NotDelivered
from ungdom.exchange.http import HttpTransport

QUICK = httpx.Timeout(0.5)


def send(receiver: Receiver, longest: float = 5) -> None:
    HttpTransport(receiver.url, timeouts=QUICK, total_timeout=longest).send(parcel())


def refused(receiver: Receiver, say: Say, longest: float = 5) -> NotDelivered:
    receiver.say = say
    with pytest.raises(NotDelivered) as caught:
        send(receiver, longest)
    return caught.value


def test_a_message_is_posted_with_the_headers_of_the_exchange(receiver: Receiver) -> None:
    send(receiver)

    [got] = receiver.got
    assert (got.path, got.body) == ("/inn", b"a.b.c")
    assert got.headers["Content-Type"] == "application/jose"
    said = {name: got.headers[name] for name in ("messageId", "SchemaName", "SchemaVersion", "senderOrganization")}
    assert said == parcel().headers


@pytest.mark.parametrize("code", [200, 201, 202, 204])
def test_every_2xx_is_delivered(receiver: Receiver, code: int) -> None:
    receiver.say = status(code)
    send(receiver)


@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 451])
def test_a_refusal_is_not_tried_again(receiver: Receiver, code: int) -> None:
    error = refused(receiver, status(code, Retry_After="5"))
    assert (error.reason, error.retryable, error.retry_after) == (f"status_{code}", False, None)


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 504, 599])
def test_what_may_pass_is_tried_again(receiver: Receiver, code: int) -> None:
    error = refused(receiver, status(code))
    assert (error.reason, error.retryable, error.retry_after) == (f"status_{code}", True, None)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(receiver: Receiver, other_receiver: Receiver, code: int) -> None:
    error = refused(receiver, status(code, Location=other_receiver.url))
    assert (error.reason, error.retryable) == ("redirect", False)
    assert other_receiver.got == []


NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        (f"{NOW + timedelta(minutes=5):%a, %d %b %Y %H:%M:%S} GMT", 300.0),
        (f"{NOW - timedelta(minutes=5):%a, %d %b %Y %H:%M:%S} GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("9" * 40, 999_999_999.0),
    ],
)
def test_retry_after_is_read_by_the_receivers_own_clock(receiver: Receiver, asked: str, seconds: float | None) -> None:
    date = f"{NOW:%a, %d %b %Y %H:%M:%S} GMT"
    said = f"HTTP/1.1 503 Busy\r\nDate: {date}\r\nRetry-After: {asked}\r\nContent-Length: 0\r\n\r\n"
    assert refused(receiver, raw(said.encode())).retry_after == seconds


def test_a_slow_answer_is_waited_for(receiver: Receiver) -> None:
    receiver.say = slow(0.2, status(200))
    send(receiver)
    assert len(receiver.got) == 1


def test_a_receiver_that_hangs_is_left(receiver: Receiver) -> None:
    begun = time.monotonic()
    error = refused(receiver, slow(2, status(200)))
    assert (error.reason, error.retryable) == ("timeout", True)
    assert time.monotonic() - begun < 1.8


def test_a_receiver_that_drips_is_cut_off(receiver: Receiver) -> None:
    begun = time.monotonic()
    error = refused(receiver, drip, longest=1)
    assert (error.reason, error.retryable) == ("unreachable", True)
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    "said", [b"", b"\x00\xff" * 40, b"AMQP\x00\x00\x09\x01", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200"]
)
def test_garbage_is_no_answer(receiver: Receiver, said: bytes) -> None:
    error = refused(receiver, raw(said))
    assert (error.reason, error.retryable) == ("unreachable", True)


def test_a_large_answer_is_not_read(receiver: Receiver) -> None:
    receiver.say = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" + b"x" * 1000)
    begun = time.monotonic()
    send(receiver)
    assert time.monotonic() - begun < 1


def test_nobody_there_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(NotDelivered) as caught:
        HttpTransport(f"http://127.0.0.1:{port}/", timeouts=QUICK).send(parcel())
    assert (caught.value.reason, caught.value.retryable) == ("unreachable", True)


def test_no_proxy_of_the_environment_is_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    send(receiver)
    assert len(receiver.got) == 1


def test_a_road_is_trusted_by_the_certificates_given_for_it_and_by_no_others(tmp_path: Path) -> None:
    file, server = certificate(tmp_path)
    with Receiver(trust=server) as receiver:
        HttpTransport(receiver.url, file, QUICK).send(parcel())
        with pytest.raises(NotDelivered, match="unreachable"):
            HttpTransport(receiver.url, timeouts=QUICK).send(parcel())
    assert len(receiver.got) == 1
