"""`KVITTERING` 1.0: what somebody answers to a message of ours."""

from ungdom.esas.inbound.official import OfficialReceipt
from ungdom.esas.inbound.values import EsasModel, MaybeText, MeldingsId, Text, Unread
from ungdom.esas.receipt import ReceiptStatus
from ungdom.workflow.errors import Problem

_STATUSES = {status.value: status for status in ReceiptStatus}


class Kvittering(EsasModel):
    """The message. The contract lets it hold other fields as well."""

    meldingsId: MeldingsId
    meldingsIdRef: MeldingsId
    status: Text
    beskrivelse: MaybeText = None
    saksRef: Unread = None


def to_receipt(document: Kvittering) -> OfficialReceipt | Problem:
    """The answer: to which message, and how it fared."""
    status = _STATUSES.get(document.status)
    if status is None:
        return Problem("/status", "enum", "is none of the contract's codes")
    return OfficialReceipt(document.meldingsIdRef, status, document.beskrivelse)
