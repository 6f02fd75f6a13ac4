"""The receipt (`kvittering`) for an official message with its texts, the same over HTTP and AMQP."""

from typing import Any
from uuid import UUID

from ungdom import texts
from ungdom.esas.receipt import ReceiptStatus, kvittering
from ungdom.intake.acknowledgements import RECEIVED, UNDER_WAY
from ungdom.intake.models import Reason
from ungdom.store import outbox
from ungdom.store.exchanges import ExchangeMessage

LANGUAGE: texts.Language = "nb"
"""The language of the exchange: its partners are Norwegian authorities."""


def receipt_of(exchanged: ExchangeMessage) -> dict[str, Any] | None:
    """The last receipt in the outbox for this message; None for a receipt of a partner, which is not answered."""
    if exchanged.receipts == 0:
        return None
    entry = outbox.receipt(exchanged.exchange_id, exchanged.receipts, "", exchanged.updated_at)
    return receipt_message(entry.message_id, exchanged.meldings_id, exchanged.status, exchanged.reason)


def receipt_message(message_id: UUID, ref: str, status: str, reason: str | None) -> dict[str, Any]:
    """A receipt with this id for the message `ref`, with the reason as text."""
    return kvittering(str(message_id), ref, ReceiptStatus(status), reason_text(status, reason))


def reason_text(status: str, reason: str | None) -> str | None:
    """The reason as text, without personal data; None for a status without a reason."""
    if reason is None or (status == UNDER_WAY and reason not in set(Reason)):
        return None
    if reason in set(Reason):
        parts = (texts.text(LANGUAGE, "decision_reason", f"{reason}.{part}") for part in ("message", "resolve"))
        return " ".join(parts) if status != RECEIVED else None
    return texts.text(LANGUAGE, "exchange_reason", reason)


def flag_text(language: texts.Language, code: str) -> str:
    """The sentence for a flag, a problem of the exchange, or a problem of the JSON shape."""
    sections = (texts.catalogue(language)[section] for section in ("exchange_flag", "exchange_problem"))
    return next((labels[code] for labels in sections if code in labels), None) or texts.invalid(language, code)
