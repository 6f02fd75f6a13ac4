"""Webhook messages: CloudEvents 1.0 with a signature as in Standard Webhooks.

A message holds ids, a type, days and a link. Authorised recipients read the case from the service.
"""

import json
import secrets
import ssl
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from standardwebhooks import Webhook as Signer

from ungdom import links
from ungdom.delivery import http_post
from ungdom.delivery.engine import NotDelivered
from ungdom.delivery.http_post import HttpPost
from ungdom.notices import address
from ungdom.notices.address import IpNetwork
from ungdom.store.notices import UserNotice
from ungdom.store.outbox import OutboxMessage

CONTENT_TYPE = "application/cloudevents+json"
TYPE = "no.konfliktraadet.ungdom."
"""Prefix of the CloudEvents type; the kind of the message follows."""
OLD_SECRET_VALID_FOR = timedelta(hours=24)
"""How long the previous secret signs beside the newest one."""
TOTAL_TIMEOUT = 15.0
"""Longest duration of one webhook call in seconds, whatever the recipient does."""

_DATA = {
    "alert": ("alert_id", "case_id", "n", "code", "level", "due", "days", "waiting_for", "for_date", "because"),
    "case": ("case_id", "seq", "type", "occurred_on", "recorded_at"),
}
"""The payload fields that are sent, by the first word of the kind."""
_SECRET_BYTES = 32

WebhookSend = Callable[[str, str, dict[str, str], Sequence[IpNetwork], ssl.SSLContext, float], None]
"""As `send`: URL, body, headers, networks that are allowed, certificates that are trusted, longest duration."""


def new_secret() -> str:
    """A new signing secret in the format of Standard Webhooks."""
    return f"whsec_{b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"


def link_of(public_url: str, notice: UserNotice) -> str:
    """The page of what a notice is about: the case, and for a standing contact, who cannot open it, the alert.

    Of an emergency access: the list in which it is reviewed.
    """
    if notice.of_emergency:
        return links.emergency_accesses(public_url)
    if notice.of_standing_contact:
        return links.alert_page(public_url, notice.alert_id)
    return links.case_page(public_url, notice.case_id)


def event_body(public_url: str, message: OutboxMessage, reference: str) -> str:
    """The CloudEvent of this message as JSON, the same text at each attempt. `reference`: of the case."""
    payload = json.loads(message.payload)
    data: dict[str, Any] = {name: payload[name] for name in _DATA[message.kind.partition(".")[0]]}
    event = {
        "specversion": "1.0",
        "id": str(message.message_id),
        "source": public_url,
        "type": f"{TYPE}{message.kind}",
        "subject": reference,
        "time": message.created_at.isoformat(),
        "datacontenttype": "application/json",
        "data": {**data, "reference": reference, "link": links.case_resource(public_url, message.case_id)},
    }
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def test_body(public_url: str, key: UUID, now: datetime) -> str:
    """A CloudEvent of the type `test`, which says nothing but that webhooks arrive."""
    event = {
        "specversion": "1.0",
        "id": str(key),
        "source": public_url,
        "type": f"{TYPE}test",
        "time": now.isoformat(),
        "datacontenttype": "application/json",
        "data": {},
    }
    return json.dumps(event, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class SignedTest:
    """An event that says nothing but that webhooks arrive, signed. Raises `ValueError` for a bad secret."""

    key: UUID
    body: str
    headers: dict[str, str]

    @classmethod
    def of(cls, public_url: str, valid: Sequence[str], now: datetime) -> "SignedTest":
        """A new one, signed at that instant with each of these secrets."""
        key = uuid4()
        body = test_body(public_url, key, now)
        return cls(key, body, signed_headers(str(key), body, valid, now))

    def send(self, url: str, allowed: Sequence[IpNetwork], sender: WebhookSend | None = None) -> None:
        """Send it, with `sender` where one is given. Raises `NotDelivered`."""
        (sender or send)(url, self.body, self.headers, allowed, ssl.create_default_context(), TOTAL_TIMEOUT)


def signed_headers(key: str, text: str, valid: Sequence[str], now: datetime) -> dict[str, str]:
    """The headers: the stable key, the timestamp, and a signature per valid secret."""
    return {
        "Content-Type": CONTENT_TYPE,
        "User-Agent": "ungdom",
        "webhook-id": key,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Signer(secret).sign(key, now, text) for secret in valid),
    }


def send(
    url: str,
    text: str,
    headers: dict[str, str],
    allowed: Sequence[IpNetwork],
    trust: ssl.SSLContext,
    total_timeout: float,
) -> None:
    """Send the message to the address that was checked. Raises `NotDelivered`."""
    try:
        target = address.resolve_target(url, allowed)
    except address.Forbidden as error:
        raise NotDelivered(error.code, retryable=False) from None
    except address.HostLookupFailed:
        raise NotDelivered("unknown_host", retryable=True) from None
    http_post.send_post(
        HttpPost(
            url=target.url,
            body=text,
            headers={**headers, "Host": target.host},
            trust=trust if target.tls else None,
            total_timeout=total_timeout,
            extensions={"sni_hostname": target.server_name} if target.tls else None,
            retry_all_failures=True,
        )
    )
