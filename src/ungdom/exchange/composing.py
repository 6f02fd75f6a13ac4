"""From a promise in the outbox to the finished message: what is told, to whom, in which shape.

A promise names a case and an event and nothing else; the rest is looked up when the message is sent. Sent again it has
the same id and tells the same event, read from the history as it now stands and with the names that are right by then.
An event that was annulled before it was told is not told.

After a correction the same part is promised anew (`casework.promising`). It goes out when it says something else than
the partner was told last; when the partner was told of something that never was, a person has to tell it, as the
contract has no message for that.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ungdom import casework
from ungdom.esas import outbound, status
from ungdom.esas.outbound import Incomplete
from ungdom.esas.status import OfficialStatus, Steps
from ungdom.exchange import answers, facts
from ungdom.exchange.partners import Own, Partner, Partners
from ungdom.store import journal, outbox, people
from ungdom.store.errors import CannotOpen
from ungdom.store.outbox import LACKS, RECEIPT_KIND, STATUS_KINDS, WITHDRAWN, Promise
from ungdom.store.sealing import Keys
from ungdom.store.session import Connection
from ungdom.store.tables import NumberKind

STATUS_SCHEMA, RECEIPT_SCHEMA, SCHEMA_VERSION = "oppdatertSaksstatus", "KVITTERING", "1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A finished message, not signed yet.

    `version`: of the case that it was composed from; `told`: what it says of it (see `esas.status.said`).
    """

    promise: Promise
    partner: Partner
    schema_name: str
    body: dict[str, Any] = field(repr=False)
    version: int | None = None
    told: str | None = None


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
    if not found and said.get("by_token"):
        raise Held(f"{WITHDRAWN}read_by_sender")
    if len(found) != 1:
        raise Held(f"{LACKS}{'ambiguous_receiver' if found else 'no_receiver'}")
    body = answers.written(promise.message.message_id, said["ref"], said["status"], said["reason"])
    return Letter(promise=promise, partner=found[0], schema_name=RECEIPT_SCHEMA, body=body)


def _status(tx: Connection, keys: Keys, partners: Partners, own: Own, promise: Promise, now: datetime) -> Letter:
    stored = journal.load(tx, promise.message.case_id)
    if stored is None:
        raise Held(f"{LACKS}case")
    steps = casework.steps(stored.youth, stored.events)
    place, part = _part(tx, promise, steps)
    partner = partners.of_district(facts.district_of(steps))
    if partner is None or partner.status_variant is None:
        raise Held(f"{LACKS}no_receiver")
    line = _news(tx, promise, status.said(steps, place, partner.status_variant == outbound.WITH_MEETINGS)[part.part])
    moment = facts.Moment(
        steps=steps,
        place=place,
        part=part,
        police_case_number=_police_number(tx, promise),
        person=people.read_person(tx, keys, stored.person_id),
    )
    told = facts.told(tx, own, partner, moment, str(promise.message.message_id), now)
    body = outbound.compose(told, partner.status_variant)
    version = stored.version
    return Letter(promise=promise, partner=partner, schema_name=STATUS_SCHEMA, body=body, version=version, told=line)


def _part(tx: Connection, promise: Promise, steps: Steps) -> tuple[int, OfficialStatus]:
    """Where the event stands in the history, and the part that was promised, if it still gives that one."""
    seq, named = outbox.about(promise.message)
    place = next((n for n, (event, _) in enumerate(steps) if event.seq == seq), None)
    if place is None:
        raise _gone(tx, promise, "annulled")
    event, case = steps[place]
    if status.taken_back(steps, place):
        raise _gone(tx, promise, "reopened")
    parts = status.official_status(case, event)
    nth = STATUS_KINDS.index(promise.message.kind)
    found = next((one for one in parts if one.part == named), None) if named else dict(enumerate(parts)).get(nth)
    if found is None:
        raise _gone(tx, promise, "corrected")
    return place, found


def _gone(tx: Connection, promise: Promise, why: str) -> Held:
    """What was promised is not to be told. Where the partner was told it, a person has to say that it never was."""
    _, named = outbox.about(promise.message)
    told = named is not None and outbox.last_told(tx, promise) is not None
    return Held(f"{LACKS}message_for_{why}" if told else f"{WITHDRAWN}{why}")


def _news(tx: Connection, promise: Promise, line: str) -> str:
    """The line, if the partner was not told the very same last. Only a correction can repeat what was told."""
    _, named = outbox.about(promise.message)
    if named is not None and outbox.last_told(tx, promise) == line:
        raise Held(f"{WITHDRAWN}told_already")
    return line


def _police_number(tx: Connection, promise: Promise) -> str | None:
    """The number of the police's case, of several that of the main case (hovedstraffesak)."""
    numbers = journal.numbers_of(tx, promise.message.case_id)
    return next((number for kind, number in numbers if kind is NumberKind.POLICE), None)
