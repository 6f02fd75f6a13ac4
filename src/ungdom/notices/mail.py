"""E-mail by SMTP: one connection to the configured relay per message."""

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import parseaddr
from threading import Timer
from typing import Literal
from urllib.parse import unquote, urlsplit

from ungdom.delivery.engine import NotDelivered
from ungdom.settings import Settings

RESPONSE_TIMEOUT, TOTAL_TIMEOUT = 15.0, 60.0
"""Seconds for one response of the relay, and for the whole message."""

Security = Literal["starttls", "tls", "none"]
_SCHEMES: dict[str, tuple[Security, int]] = {
    "smtp": ("starttls", 587),
    "smtps": ("tls", 465),
    "smtp+plain": ("none", 25),
}
_PERMANENT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """The SMTP relay, and the sender of e-mails."""

    host: str
    port: int
    security: Security
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    trust: ssl.SSLContext | None = field(default=None, repr=False)
    total_timeout: float = TOTAL_TIMEOUT

    @property
    def domain(self) -> str:
        """The domain of Message-IDs."""
        return parseaddr(self.sender)[1].rpartition("@")[2]


def relay_of(settings: Settings) -> Relay | None:
    """The configured relay; None without one."""
    if settings.smtp_url is None:
        return None
    parts = urlsplit(settings.smtp_url)
    security, usual = _SCHEMES[parts.scheme]
    return Relay(
        host=parts.hostname or "",
        port=parts.port or usual,
        security=security,
        sender=settings.mail_from or "",
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def send(relay: Relay, message: EmailMessage) -> None:
    """Send the e-mail; returning means that the relay has it. Raises `NotDelivered`."""
    with _not_delivered(), _connected(relay) as smtp:
        smtp.send_message(message)


def reach(relay: Relay) -> None:
    """Connect and sign in to the relay, and send nothing. Raises `NotDelivered`."""
    with _not_delivered(), _connected(relay) as smtp:
        smtp.noop()


@contextmanager
def _not_delivered() -> Iterator[None]:
    """Errors of the connection and of the relay as `NotDelivered`."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise NotDelivered(f"refused_{max(codes)}", retryable=max(codes) < _PERMANENT) from None
    except smtplib.SMTPResponseException as error:
        raise NotDelivered(f"smtp_{error.smtp_code}", retryable=True) from None
    except (smtplib.SMTPException, OSError, ValueError):
        raise NotDelivered("unreachable", retryable=True) from None


@contextmanager
def _connected(relay: Relay) -> Iterator[smtplib.SMTP]:
    """A connection for one message, cut after `total_timeout` seconds."""
    trust = relay.trust or ssl.create_default_context()
    if relay.security == "tls":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(relay.host, relay.port, timeout=RESPONSE_TIMEOUT, context=trust)
    else:
        smtp = smtplib.SMTP(relay.host, relay.port, timeout=RESPONSE_TIMEOUT)
    guard = Timer(relay.total_timeout, _cut_connection, (smtp,))
    guard.start()
    try:
        with smtp:
            if relay.security == "starttls":
                smtp.starttls(context=trust)
            if relay.user is not None:
                smtp.login(relay.user, relay.password or "")
            yield smtp
    finally:
        guard.cancel()


def _cut_connection(smtp: smtplib.SMTP) -> None:
    if smtp.sock is not None:
        with suppress(OSError):
            smtp.sock.shutdown(socket.SHUT_RDWR)
