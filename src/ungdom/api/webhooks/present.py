"""Webhooks and their deliveries as schemas."""

from typing import TYPE_CHECKING, cast

from ungdom.api.http.present import from_source
from ungdom.api.webhooks.schemas import DeliveryOut, Kind, WebhookOut
from ungdom.lazy import lazy
from ungdom.store.deliveries import Delivery
from ungdom.store.webhooks import Webhook

if TYPE_CHECKING:
    import httpx
else:
    httpx = lazy("httpx")


def webhook_out(webhook: Webhook, with_url: bool) -> WebhookOut:
    return WebhookOut(
        id=webhook.webhook_id,
        kinds=[cast(Kind, kind) for kind in webhook.kinds],
        created_at=webhook.created_at,
        disabled_at=webhook.disabled_at,
        disabled_because="key_lost" if webhook.lost_key else webhook.disabled_because,
        url=(webhook.credentials.url or None) if with_url else None,
        host=httpx.URL(webhook.credentials.url).host,
        owner=webhook.owner.subject,
        role=webhook.owner.role,
    )


def delivery_out(delivery: Delivery) -> DeliveryOut:
    return from_source(DeliveryOut, delivery, id=delivery.delivery_id)
