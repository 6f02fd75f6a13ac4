"""Webhooks and their deliveries as schemas."""

from typing import TYPE_CHECKING

from ungdom.api.webhooks.schemas import DeliveryOut, WebhookOut
from ungdom.lazy import lazy
from ungdom.store.deliveries import Delivery
from ungdom.store.webhooks import Webhook

if TYPE_CHECKING:
    import httpx
else:
    httpx = lazy("httpx")


def webhook_out(webhook: Webhook, with_url: bool) -> WebhookOut:
    return WebhookOut.model_validate(
        {
            "id": webhook.webhook_id,
            "url": webhook.credentials.url if with_url else None,
            "host": httpx.URL(webhook.credentials.url).host,
            "kinds": webhook.kinds,
            "owner": webhook.owner.subject,
            "role": webhook.owner.role,
            "created_at": webhook.created_at,
            "disabled_at": webhook.disabled_at,
            "disabled_because": webhook.disabled_because,
        }
    )


def delivery_out(delivery: Delivery) -> DeliveryOut:
    return DeliveryOut.model_validate(
        {
            "id": delivery.delivery_id,
            "message_id": delivery.message_id,
            "kind": delivery.kind,
            "state": delivery.state,
            "held": delivery.held,
            "attempts": delivery.attempts,
            "created_at": delivery.created_at,
            "next_try_at": delivery.next_try_at,
            "delivered_at": delivery.delivered_at,
        }
    )
