"""Schemas of official messages and their receipts."""

from datetime import datetime
from uuid import UUID

from ungdom.api.http.inputs import DEFAULT_LIMIT, Input, Limit
from ungdom.api.http.schemas import Output
from ungdom.esas.receipt import ReceiptStatus
from ungdom.message.text import CursorText, ReferenceText


class ReceiptMessage(Output):
    """KVITTERING 1.0: how far the message has come. The id of the message it is for stands in `meldingsIdRef`."""

    meldingsId: str  # noqa: N815  # the contract's names
    meldingsIdRef: str  # noqa: N815
    status: ReceiptStatus
    beskrivelse: str | None = None


class FlagOut(Output):
    """Something odd in the message, and where. `message`: that in words, in the caller's language."""

    code: str
    pointer: str
    message: str


class OfficialRow(Output):
    """One official message in a list: how it stands, nothing of what it says."""

    id: UUID
    sender: str
    meldings_id: str
    type: str
    schema_version: str | None
    status: ReceiptStatus
    reason: str | None
    reason_text: str | None
    received_at: datetime
    updated_at: datetime


class OfficialList(Output):
    """A page of official messages, the newest first."""

    items: list[OfficialRow]
    next: str | None


class OfficialOut(OfficialRow):
    """One official message: what was odd about it, the last receipt, the decisions it was read as."""

    flags: list[FlagOut]
    receipt: ReceiptMessage | None
    decisions: list[UUID]


class OfficialQuery(Input):
    """Which official messages."""

    status: ReceiptStatus | None = None
    reason: ReferenceText | None = None
    limit: Limit = DEFAULT_LIMIT
    cursor: CursorText | None = None
