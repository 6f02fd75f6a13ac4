"""Pushed messages as schemas."""

from typing import Any

from ungdom import texts
from ungdom.api.decisions import schemas as shapes
from ungdom.intake import Reason, receipts
from ungdom.store.concerns import Concern
from ungdom.store.inbox import InboundMessage


def decision_row(
    message: InboundMessage, concern: Concern | None, listed: bool, language: texts.Language
) -> shapes.DecisionRow:
    """A message in a list. `listed`: whether the viewer may learn the konfliktråd in lists; otherwise it is null."""
    hidden = {} if listed else {"konfliktrad": None}
    return shapes.DecisionRow(**decision_values(message, concern, language) | hidden)


def decision_values(message: InboundMessage, concern: Concern | None, language: texts.Language) -> dict[str, Any]:
    """The fields of `DecisionRow`. `concern`: why the message waits, as the viewer's office knows it."""
    names = ("source", "decision_id", "version", "kind", "sent_at", "received_at", "updated_at", "outcome", "case_id")
    reason = concern.reason if concern else message.reason
    return {
        **{name: getattr(message, name) for name in names},
        "id": message.message_id,
        "reason": receipts.reason(language, Reason(reason) if reason else None),
        "konfliktrad": message.konfliktrad or (concern.konfliktrad if concern else None) or None,
    }
