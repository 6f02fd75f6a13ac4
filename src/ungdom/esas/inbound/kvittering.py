"""`KVITTERING` 1.0: the receipt of a partner for one of our messages."""

from ungdom.esas.inbound.official import OfficialReceipt
from ungdom.esas.inbound.values import EsasModel, MaybeText, MeldingsId, Text, Unread
from ungdom.esas.receipt import ReceiptStatus
from ungdom.workflow.errors import Problem

_STATUSES = {status.value: status for status in ReceiptStatus}


class Kvittering(EsasModel):
    """The message. The contract permits other fields as well."""

    meldingsId: MeldingsId
    meldingsIdRef: MeldingsId
    status: Text
    beskrivelse: MaybeText = None
    saksRef: Unread = None


def to_receipt(document: Kvittering) -> OfficialReceipt | Problem:
    """The receipt: the id of our message, and its status."""
    status = _STATUSES.get(document.status)
    if status is None:
        return Problem("/status", "enum", "is none of the contract's codes")
    return OfficialReceipt(document.meldingsIdRef, status, document.beskrivelse)
