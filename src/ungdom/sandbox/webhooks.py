"""The webhooks of a sandbox: delivered as everywhere, with the faults that are ordered.

A message is signed at the present instant, however far the clock of the sandbox is ahead: the receiver judges its age
by a clock of its own. Retries are due by the clock of the sandbox, so that moving it brings them forward.
"""

import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from ungdom import clock
from ungdom.delivery.engine import NotDelivered
from ungdom.notices import delivery, webhooks
from ungdom.notices.address import IpNetwork
from ungdom.notices.delivery import NoticeDeliveryContext
from ungdom.sandbox.faults import OrderedFault
from ungdom.sandbox.state import Sandbox
from ungdom.settings import Settings
from ungdom.store.session import Database


class FaultyWebhooks:
    """Sends webhooks with the faults that are ordered in this sandbox: a `WebhookSend`."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def __call__(
        self,
        url: str,
        text: str,
        headers: dict[str, str],
        allowed: Sequence[IpNetwork],
        trust: ssl.SSLContext,
        total_timeout: float,
    ) -> None:
        """Send the message, late, not at all, or twice. Raises `NotDelivered`."""
        faults = self._sandbox.faults
        if self._sandbox.ending.wait(faults.webhook_delay_seconds):
            raise NotDelivered("unreachable", retryable=True)
        fault = faults.next_webhook_fault()
        if fault is OrderedFault.UNAVAILABLE:
            raise NotDelivered("status_503", retryable=True)
        if fault is OrderedFault.DUPLICATE:
            with suppress(NotDelivered):
                webhooks.send(url, text, headers, allowed, trust, total_timeout)
        webhooks.send(url, text, headers, allowed, trust, total_timeout)


def delivery_context(config: Settings, db: Database, sandbox: Sandbox) -> NoticeDeliveryContext:
    """What the delivery of webhooks needs in this sandbox. Raises `BadSettings`."""
    return replace(
        delivery.from_settings(config, db, sandbox.ending.is_set),
        now=sandbox.clock,
        signed_at=clock.now,
        send_webhook=FaultyWebhooks(sandbox),
    )
