"""`KVITTERING` 1.0: what somebody answers to a message of ours."""

from ungdom.esas.inbound.official import Receipt
from ungdom.esas.inbound.values import MaybeText, MeldingsId, Shape, Text, Unread
from ungdom.esas.receipt import ReceiptStatus
from ungdom.workflow.errors import Problem

_STATUSES = {status.value: status for status in ReceiptStatus}


class Kvittering(Shape):
    """The message. The contract lets it hold other fields as well."""

    meldingsId: MeldingsId
    meldingsIdRef: MeldingsId
    status: Text
    beskrivelse: MaybeText = None
    saksRef: Unread = None


def receipt(said: Kvittering) -> Receipt | Problem:
    """The answer: to which message, and how it fared."""
    status = _STATUSES.get(said.status)
    if status is None:
        return Problem("/status", "enum", "is none of the contract's codes")
    return Receipt(said.meldingsIdRef, status, said.beskrivelse)
