"""Receipts for official messages (`KVITTERING` 1.0)."""

from enum import StrEnum
from typing import Any


class ReceiptStatus(StrEnum):
    """How far a message has come. After `MOTTATT` nothing more is said about it.

    On `FEILET_AVSENDER_MANGLER` a person at the sender completes the message and sends it whole, under a new id.
    """

    UNDER_MOTTAK = "UNDER_MOTTAK"  # received, not processed yet
    MOTTATT = "MOTTATT"  # processed
    FEILET_AVSENDER_TEKNISK = "FEILET_AVSENDER_TEKNISK"  # an error of the sender's system
    FEILET_AVSENDER_MANGLER = "FEILET_AVSENDER_MANGLER"  # incomplete; the sender has to complete it
    FEILET_MOTTAKER = "FEILET_MOTTAKER"  # an error of ours


def kvittering(meldings_id: str, ref: str, status: ReceiptStatus, description: str | None) -> dict[str, Any]:
    """A receipt with the id `meldings_id` for the message `ref`. `description`: the reason, without personal data."""
    body = {"meldingsId": meldings_id, "meldingsIdRef": ref, "status": status.value}
    return {**body, "beskrivelse": description} if description else body
