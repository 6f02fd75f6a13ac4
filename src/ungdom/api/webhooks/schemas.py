"""Schemas of webhooks and their deliveries."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from ungdom.api.http.inputs import Input
from ungdom.api.http.pagination import PageQuery
from ungdom.api.http.schemas import Output
from ungdom.message.text import Printable
from ungdom.notices import address
from ungdom.notices.subscriptions import WebhookKind
from ungdom.workflow.vocabulary import Role

Kind = WebhookKind

DeliveryState = Literal["delivered", "waiting", "dead", "withdrawn"]


class WebhookIn(Input):
    """A new webhook: where to, and of which kinds it wants to be told."""

    url: Annotated[str, Printable(address.LONGEST_URL, exact=True)]
    kinds: Annotated[list[Kind], Field(min_length=1, max_length=20)]


class WebhookOut(Output):
    """A webhook. `url` is shown to its owner, the host to administrators as well.

    `disabled_because`: `gone` (410), or `key_lost`: its address can no longer be read; delete it and make a new one.
    """

    id: UUID
    url: str | None
    host: str
    kinds: list[Kind]
    owner: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None
    disabled_because: str | None


class NewWebhookOut(WebhookOut):
    """A webhook with a new secret, shown once; it and the address are null when the same request is answered again.

    `old_secret_until`: until when the one before it signs as well.
    """

    secret: str | None
    old_secret_until: datetime | None


class WebhookList(Output):
    """A page of webhooks, in the order in which they were made."""

    items: list[WebhookOut]
    next: str | None


class WebhookChangeIn(Input):
    """What to change; what is left out stays as it is."""

    url: Annotated[str, Printable(address.LONGEST_URL, exact=True)] | None = None
    kinds: Annotated[list[Kind], Field(min_length=1, max_length=20)] | None = None


class DeliveryOut(Output):
    """One message for this webhook. `id` is sent as webhook-id, however often. `held`: what came of the last try."""

    id: UUID
    message_id: UUID
    kind: str
    state: DeliveryState
    held: str | None
    attempts: int
    created_at: datetime
    next_try_at: datetime | None
    delivered_at: datetime | None


class DeliveryList(Output):
    """A page of deliveries, the last promised first."""

    items: list[DeliveryOut]
    next: str | None


class DeliveryQuery(PageQuery):
    """Which deliveries; `dead`: the dead letters."""

    state: DeliveryState | None = None


class WebhookTestOut(Output):
    """What became of a test message. `id`: its webhook-id; `reason`: why it was not delivered."""

    id: UUID
    delivered: bool
    reason: str | None


class ReplayIn(Input):
    """What to send again: the dead letters; with `since` everything promised since then, under the same keys."""

    since: AwareDatetime | None = None


class ReplayOut(Output):
    """How many messages start again."""

    replayed: int
