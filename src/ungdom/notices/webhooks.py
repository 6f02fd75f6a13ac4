"""A message as a webhook gets it: a CloudEvent of version 1.0, thin, signed as Standard Webhooks has it.

Thin: ids, a type, days and a link. What the case holds is read from the service, by whoever may.
"""

import json
import secrets
import ssl
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from standardwebhooks import Webhook as Signer

from ungdom.delivery import http_post
from ungdom.delivery.engine import NotDelivered
from ungdom.delivery.http_post import HttpPost
from ungdom.notices import address
from ungdom.notices.address import IpNetwork
from ungdom.store.outbox import OutboxMessage

CONTENT_TYPE = "application/cloudevents+json"
TYPE = "no.konfliktraadet.ungdom."
"""What the type of every event begins with; the kind of the message follows."""
OLD_SECRET_VALID_FOR = timedelta(hours=24)
"""How long the secret before the newest one still signs as well."""
TOTAL_TIMEOUT = 15.0
"""Seconds for one message, whatever the receiver does meanwhile."""

_DATA = {
    "alert": ("alert_id", "case_id", "n", "code", "level", "due", "days", "waiting_for", "for_date", "because"),
    "case": ("case_id", "seq", "type", "occurred_on", "recorded_at"),
}
"""What is told, by the first word of the kind; nothing else of a message leaves."""
_SECRET_BYTES = 32


def new_secret() -> str:
    """A secret to sign with, as Standard Webhooks writes it."""
    return f"whsec_{b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"


def link_to(public_url: str, case_id: object) -> str:
    """Where the case is read."""
    return f"{public_url}/v1/cases/{case_id}"


def event_body(public_url: str, message: OutboxMessage, reference: str) -> str:
    """The event: the same whenever it is made of the same message. `reference`: of the case."""
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
        "data": {**data, "reference": reference, "link": link_to(public_url, message.case_id)},
    }
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def signed_headers(key: str, text: str, valid: Sequence[str], now: datetime) -> dict[str, str]:
    """The headers that go with it: the key that stays, the instant, and a signature by each secret that counts."""
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
    """Bring it there, to the address that was judged and no other. Raises `NotDelivered`."""
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
