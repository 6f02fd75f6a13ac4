"""Webhooks and their deliveries as schemas."""

from typing import TYPE_CHECKING

from ungdom.api.http.present import filled
from ungdom.api.webhooks.schemas import DeliveryOut, WebhookOut
from ungdom.lazy import lazy
from ungdom.store.deliveries import Delivery
from ungdom.store.webhooks import Webhook

if TYPE_CHECKING:
    import httpx
else:
    httpx = lazy("httpx")


def webhook_out(webhook: Webhook, with_url: bool) -> WebhookOut:
    return filled(
        WebhookOut,
        webhook,
        id=webhook.webhook_id,
        url=webhook.credentials.url if with_url else None,
        host=httpx.URL(webhook.credentials.url).host,
        owner=webhook.owner.subject,
        role=webhook.owner.role,
    )


def delivery_out(delivery: Delivery) -> DeliveryOut:
    return filled(DeliveryOut, delivery, id=delivery.delivery_id)
