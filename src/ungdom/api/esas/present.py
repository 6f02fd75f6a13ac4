"""Official messages as schemas."""

from typing import Any

from ungdom import texts
from ungdom.intake.models import Reason
from ungdom.store.exchanges import ExchangeMessage


def official_values(message: ExchangeMessage, language: texts.Language) -> dict[str, Any]:
    same_fields = ("sender", "meldings_id", "type", "schema_version", "status", "reason", "received_at", "updated_at")
    return {
        **{name: getattr(message, name) for name in same_fields},
        "id": message.exchange_id,
        "reason_text": _reason_text(message, language),
    }


def _reason_text(message: ExchangeMessage, language: texts.Language) -> str | None:
    if message.reason is None:
        return None
    if message.reason in set(Reason):
        return texts.text(language, "decision_reason", f"{message.reason}.message")
    return texts.text(language, "exchange_reason", message.reason)
