"""Receipts for official messages (`KVITTERING` 1.0): what each status promises, and the message itself."""

from enum import StrEnum
from typing import Any


class ReceiptStatus(StrEnum):
    """How far a message has come. After `MOTTATT` nothing more is said about it.

    On `FEILET_AVSENDER_MANGLER` a person at the sender completes the message and sends it whole, under a new id.
    """

    UNDER_MOTTAK = "UNDER_MOTTAK"  # it is here, and not settled yet
    MOTTATT = "MOTTATT"  # taken
    FEILET_AVSENDER_TEKNISK = "FEILET_AVSENDER_TEKNISK"  # the sender's system is at fault
    FEILET_AVSENDER_MANGLER = "FEILET_AVSENDER_MANGLER"  # something is missing that the sender has to add
    FEILET_MOTTAKER = "FEILET_MOTTAKER"  # we are at fault


def kvittering(meldings_id: str, ref: str, status: ReceiptStatus, description: str | None) -> dict[str, Any]:
    """A receipt with the id `meldings_id` for the message `ref`. `description`: why it failed, and nobody's data."""
    body = {"meldingsId": meldings_id, "meldingsIdRef": ref, "status": status.value}
    return {**body, "beskrivelse": description} if description else body
