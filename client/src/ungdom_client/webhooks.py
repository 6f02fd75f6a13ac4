"""Webhooks, verified as Standard Webhooks has it: signature and age."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import cast

from ungdom_client import models
from ungdom_client.problems import ClientError

TOLERANCE = 300
"""Seconds that a message may be old, or the clocks apart."""


class NotVerified(ClientError):
    """The message was not sent by the service, was changed on its way, or is too old."""


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: float | None = None) -> models.ChangeOut:
    """The event in a message that was signed with this secret (`whsec_…`). Raises `NotVerified`.

    The same message may come again, with the same header `webhook-id`. Answer with 2xx, and process it afterwards.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        key, sent_at, signatures = given["webhook-id"], given["webhook-timestamp"], given["webhook-signature"].split()
        age = (time.time() if now is None else now) - int(sent_at)
        raw = b64decode(secret.removeprefix("whsec_"), validate=True)
    except (KeyError, ValueError):
        raise NotVerified("the headers of a webhook are missing or broken, or the secret is none") from None
    if abs(age) > TOLERANCE:
        raise NotVerified(f"the message is {age:.0f} seconds old")
    digest = hmac.new(raw, f"{key}.{sent_at}.".encode() + body, hashlib.sha256).digest()
    expected = f"v1,{b64encode(digest).decode()}".encode()
    if not any(hmac.compare_digest(expected, signature.encode()) for signature in signatures):
        raise NotVerified("the signature is not that of this secret")
    return cast("models.ChangeOut", json.loads(body))
