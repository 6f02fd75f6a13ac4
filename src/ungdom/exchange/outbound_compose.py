"""Composition of an official message from its outbox entry: content, recipient and variant.

An outbox entry names a case and an event; everything else is looked up when the message is sent. A retry has the same
id and reports the same event, from the history and with the names of that time. An event that was annulled before it
was reported is not reported.

After a correction the same part gets a new outbox entry (`cases.outgoing_messages`). It is sent if it differs from the
last report to the partner. If the partner was told of an event that has been annulled, a person has to inform them: the
contract has no message for that.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ungdom import cases
from ungdom.esas import outbound, status
from ungdom.esas.outbound import Incomplete
from ungdom.esas.status import OfficialStatus, Steps
from ungdom.exchange import answers, facts
from ungdom.exchange.partners import OwnOrganisation, Partner, Partners
from ungdom.store import journal, outbox, people
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import CannotOpen
from ungdom.store.outbox import INCOMPLETE, RECEIPT_KIND, STATUS_KINDS, WITHDRAWN, OutboxEntry
from ungdom.store.schema.cases import NumberKind
from ungdom.store.session import Connection

STATUS_SCHEMA, RECEIPT_SCHEMA, SCHEMA_VERSION = "oppdatertSaksstatus", "KVITTERING", "1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposedMessage:
    """A composed message, not signed yet.

    `version`: of the case that it was composed from. `status_line`: its content, see `esas.status.status_lines`.
    """

    entry: OutboxEntry
    partner: Partner
    schema_name: str
    body: dict[str, Any] = field(repr=False)
    version: int | None = None
    status_line: str | None = None

    @property
    def attempts(self) -> int:
        """Number of attempts so far."""
        return self.entry.attempts


class NotSendable(Exception):
    """The message cannot be sent now, or ever. `code`: the status of the outbox entry."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def compose(
    tx: Connection, keys: EncryptionKeys, partners: Partners, entry: OutboxEntry, now: datetime
) -> ComposedMessage:
    """The message of this outbox entry. Raises `NotSendable`."""
    if partners.own is None:
        raise NotSendable(f"{INCOMPLETE}no_receiver")
    if entry.message.kind == RECEIPT_KIND:
        return _compose_receipt(partners, entry)
    try:
        return _compose_status(tx, keys, partners, partners.own, entry, now)
    except Incomplete as error:
        raise NotSendable(INCOMPLETE + ",".join(error.missing)) from None
    except CannotOpen:
        raise NotSendable(f"{INCOMPLETE}key_of_people") from None


def _compose_receipt(partners: Partners, entry: OutboxEntry) -> ComposedMessage:
    payload = json.loads(entry.message.payload)
    receivers = [partner for partner in partners.called(payload["receiver"]) if partner.transport is not None]
    if not receivers and payload.get("by_token"):
        raise NotSendable(f"{WITHDRAWN}read_by_sender")
    if len(receivers) != 1:
        raise NotSendable(f"{INCOMPLETE}{'ambiguous_receiver' if receivers else 'no_receiver'}")
    body = answers.receipt_message(entry.message.message_id, payload["ref"], payload["status"], payload["reason"])
    return ComposedMessage(entry=entry, partner=receivers[0], schema_name=RECEIPT_SCHEMA, body=body)


def _compose_status(
    tx: Connection, keys: EncryptionKeys, partners: Partners, own: OwnOrganisation, entry: OutboxEntry, now: datetime
) -> ComposedMessage:
    stored = journal.load(tx, entry.message.case_id)
    if stored is None:
        raise NotSendable(f"{INCOMPLETE}case")
    steps = cases.replay_events(stored.youth, stored.events)
    place, part = _promised_part(tx, entry, steps)
    partner = partners.of_district(facts.district_of(steps))
    if partner is None or partner.status_variant is None:
        raise NotSendable(f"{INCOMPLETE}no_receiver")
    status_line = status.status_lines(steps, place, partner.status_variant == outbound.WITH_MEETINGS)[part.part]
    _, part_name = outbox.event_and_part(entry.message)
    if part_name is not None and outbox.last_reported_status(tx, entry) == status_line:
        raise NotSendable(f"{WITHDRAWN}told_already")  # only a correction can make it the same as the last report
    numbers = journal.numbers_of(tx, entry.message.case_id)  # that of the main case (hovedstraffesak) is the first
    status_event = facts.StatusEvent(
        steps=steps,
        place=place,
        part=part,
        police_case_number=next((number for kind, number in numbers if kind is NumberKind.POLICE), None),
        person=people.read_person(tx, keys, stored.person_id),
    )
    status_facts = facts.status_facts(tx, own, partner, status_event, str(entry.message.message_id), now)
    return ComposedMessage(
        entry=entry,
        partner=partner,
        schema_name=STATUS_SCHEMA,
        body=outbound.compose(status_facts, partner.status_variant),
        version=stored.version,
        status_line=status_line,
    )


def _promised_part(tx: Connection, entry: OutboxEntry, steps: Steps) -> tuple[int, OfficialStatus]:
    """Index of the event in the history, and the part to report. Raises `NotSendable` if it has no such part now."""
    seq, part_name = outbox.event_and_part(entry.message)
    place = next((n for n, (event, _) in enumerate(steps) if event.seq == seq), None)
    if place is None:
        raise _no_longer_sendable(tx, entry, "annulled")
    event, case = steps[place]
    if status.was_closed_in_error(steps, place):
        raise _no_longer_sendable(tx, entry, "reopened")
    parts = status.official_status(case, event)
    nth = STATUS_KINDS.index(entry.message.kind)
    official_part = (
        next((candidate for candidate in parts if candidate.part == part_name), None)
        if part_name
        else dict(enumerate(parts)).get(nth)
    )
    if official_part is None:
        raise _no_longer_sendable(tx, entry, "corrected")
    return place, official_part


def _no_longer_sendable(tx: Connection, entry: OutboxEntry, why: str) -> NotSendable:
    """The error for an event that must not be reported; a person informs a partner who was told of it."""
    _, part_name = outbox.event_and_part(entry.message)
    was_sent = part_name is not None and outbox.last_reported_status(tx, entry) is not None
    return NotSendable(f"{INCOMPLETE}message_for_{why}" if was_sent else f"{WITHDRAWN}{why}")
