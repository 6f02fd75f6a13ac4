"""From a promise in the outbox to the finished message: what is told, to whom, in which shape.

A promise names a case and an event and nothing else; the rest is looked up when the message is sent. Sent again it has
the same id and tells the same event, read from the history as it now stands and with the names that are right by then.
An event that was annulled before it was told is not told.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ungdom import casework
from ungdom.esas import outbound
from ungdom.esas.outbound import Incomplete
from ungdom.esas.status import OfficialStatus, official_status
from ungdom.exchange import answers, facts
from ungdom.exchange.partners import Own, Partner, Partners
from ungdom.store import journal, people
from ungdom.store.errors import CannotOpen
from ungdom.store.outbox import LACKS, RECEIPT_KIND, STATUS_KINDS, WITHDRAWN, Promise
from ungdom.store.sealing import Keys
from ungdom.store.session import Connection
from ungdom.store.tables import NumberKind
from ungdom.workflow.case import Case
from ungdom.workflow.events import Event

STATUS_SCHEMA, RECEIPT_SCHEMA, SCHEMA_VERSION = "oppdatertSaksstatus", "KVITTERING", "1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A finished message, not signed yet."""

    promise: Promise
    partner: Partner
    schema_name: str
    body: dict[str, Any] = field(repr=False)


class Held(Exception):
    """The message cannot be sent now, or ever. `code`: as it stands beside the promise."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def compose(tx: Connection, keys: Keys, partners: Partners, promise: Promise, now: datetime) -> Letter:
    """The message that was promised. Raises `Held`."""
    if partners.own is None:
        raise Held(f"{LACKS}no_receiver")
    if promise.message.kind == RECEIPT_KIND:
        return _receipt(partners, promise)
    try:
        return _status(tx, keys, partners, partners.own, promise, now)
    except Incomplete as error:
        raise Held(LACKS + ",".join(error.missing)) from None
    except CannotOpen:
        raise Held(f"{LACKS}key_of_people") from None


def _receipt(partners: Partners, promise: Promise) -> Letter:
    said = json.loads(promise.message.payload)
    found = [one for one in partners.called(said["receiver"]) if one.transport is not None]
    if len(found) != 1:
        raise Held(f"{LACKS}{'ambiguous_receiver' if found else 'no_receiver'}")
    body = answers.written(promise.message.message_id, said["ref"], said["status"], said["reason"])
    return Letter(promise=promise, partner=found[0], schema_name=RECEIPT_SCHEMA, body=body)


def _status(tx: Connection, keys: Keys, partners: Partners, own: Own, promise: Promise, now: datetime) -> Letter:
    stored = journal.load(tx, promise.message.case_id)
    if stored is None:
        raise Held(f"{LACKS}case")
    steps = casework.steps(stored.youth, stored.events)
    place = next((n for n, (event, _) in enumerate(steps) if event.seq == promise.message.seq), None)
    if place is None:
        raise Held(f"{WITHDRAWN}annulled")
    part = _part(promise, *steps[place])
    partner = partners.of_district(facts.district_of(steps))
    if partner is None or partner.status_variant is None:
        raise Held(f"{LACKS}no_receiver")
    moment = facts.Moment(
        steps=steps,
        place=place,
        part=part,
        police_case_number=_police_number(tx, promise),
        person=people.read_person(tx, keys, stored.person_id),
    )
    told = facts.told(tx, own, partner, moment, str(promise.message.message_id), now)
    body = outbound.compose(told, partner.status_variant)
    return Letter(promise=promise, partner=partner, schema_name=STATUS_SCHEMA, body=body)


def _part(promise: Promise, event: Event, case: Case) -> OfficialStatus:
    """The part that was promised. A corrected event may no longer give it."""
    parts = official_status(case, event)
    wanted = STATUS_KINDS.index(promise.message.kind)
    if wanted >= len(parts):
        raise Held(f"{WITHDRAWN}corrected")
    return parts[wanted]


def _police_number(tx: Connection, promise: Promise) -> str | None:
    """The number of the police's case; of several the first one, for nobody has told which is the main case."""
    numbers = journal.numbers_of(tx, promise.message.case_id)
    return next((number for kind, number in numbers if kind is NumberKind.POLICE), None)
