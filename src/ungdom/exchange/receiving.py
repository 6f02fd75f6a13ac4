"""Official messages as they come in: kept, read, handed to intake, and answered by receipts.

The message itself is kept as it came, so that nothing is lost whatever becomes of it. It is known by its sender and its
`meldingsId`: sent again it gets the receipt that stands, and changes nothing. Another content under a used id is a
message of its own, and flagged.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from ungdom import intake
from ungdom.esas import inbound
from ungdom.esas.inbound.official import BadOfficial, Mark, MessageType, Official, Other
from ungdom.esas.receipt import ReceiptStatus
from ungdom.intake import Desk, Sender, answering
from ungdom.message import Message, read
from ungdom.message.sound import read_sound
from ungdom.message.text import is_printable
from ungdom.store import exchanges, inbox, outbox
from ungdom.store.exchanges import Exchanged
from ungdom.store.inbox import SETTLED, Arrival
from ungdom.store.sealing import Keys
from ungdom.store.session import Connection


@dataclass(frozen=True, slots=True)
class Letter:
    """An official message as it came: its content, and what was said of it outside, where something was.

    `kinds`: the types of message that this sender may send; None: any, for it is no partner. `by_token`: over HTTP,
    from a sender with a token.
    """

    raw: bytes
    type: str | None = None
    version: str | None = None
    kinds: frozenset[str] | None = None
    by_token: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """How an official message stands. `repeated`: it had come before."""

    kept: Exchanged
    repeated: bool = False


class Unreadable(Exception):
    """Not even the id of the message can be read: there is nobody to send a receipt to."""


def take(tx: Connection, desk: Desk, sender: Sender, letter: Letter) -> Received:
    """Take an official message in. What it changes, its receipts and the message itself are written together.

    Raises `Unreadable`, or the store's `Stale` when somebody else moved the case meanwhile: ask again.
    """
    body = _body(letter)
    meldings_id = _id(body)
    inbox.lock(tx, [f"exchange:{sender.source}/{meldings_id}"])
    known = exchanges.called(tx, sender.source, meldings_id)
    before = next((one for one in known if _is(tx, desk, one, body)), None)
    if before is not None:
        return Received(before, repeated=True)
    kept = Exchanged(
        exchange_id=exchanges.exchange_id_of(sender.source, meldings_id, len(known) + 1),
        sender=sender.source,
        meldings_id=meldings_id,
        n=len(known) + 1,
        type=letter.type or "",
        schema_version=letter.version,
        status=answering.UNDER_WAY,
        received_at=desk.now,
        updated_at=desk.now,
        by_token=letter.by_token,
    )
    return Received(_read(tx, desk, sender, kept, letter, body))


def _is(tx: Connection, desk: Desk, kept: Exchanged, body: dict[str, Any]) -> bool:
    """The same content. The official samples themselves give one id to several messages: none of them may be lost."""
    raw = exchanges.content(tx, desk.keys, kept.exchange_id)
    return raw is None or json.loads(raw) == body


def _body(letter: Letter) -> dict[str, Any]:
    """The JSON object. Raises `Unreadable`, also for what readers could differ about: a name that stands twice."""
    try:
        body = read_sound(letter.raw)
    except ValueError:
        raise Unreadable from None
    if not isinstance(body, dict):
        raise Unreadable
    return body


def _id(body: Mapping[str, Any]) -> str:
    """The `meldingsId`, which stands in `forsendelse`, in a receipt at the top. Raises `Unreadable`.

    One that holds characters that cannot be seen is no id: no receipt could refer to it, and no database keep it.
    """
    shipped = body.get("forsendelse")
    found = shipped.get("meldingsId") if isinstance(shipped, dict) else body.get("meldingsId")
    if not isinstance(found, str) or not found.strip() or not is_printable(found):
        raise Unreadable
    return found.strip()[:200]


def _read(
    tx: Connection, desk: Desk, sender: Sender, kept: Exchanged, letter: Letter, body: dict[str, Any]
) -> Exchanged:
    try:
        official = inbound.read(letter.type or inbound.guess(body), letter.version, body, _mark(desk.keys))
    except BadOfficial as error:
        flags = [{"code": one.kind, "pointer": one.pointer} for one in error.problems]
        failed = replace(kept, flags=_text(flags))
        return _failed(tx, desk, failed, letter, answering.INCOMPLETE if error.missing else answering.TECHNICAL)
    if not _agreed(letter, official.type):
        return _failed(tx, desk, replace(kept, type=official.type), letter, answering.TECHNICAL, "kind_not_agreed")
    reused = [{"code": "id_reused", "pointer": "/forsendelse/meldingsId"}] if kept.n > 1 else []
    flags = [*reused, *({"code": one.code, "pointer": one.pointer} for one in official.flags)]
    kept = replace(kept, type=official.type, schema_version=official.version, flags=_text(flags))
    exchanges.add(tx, desk.keys, kept, letter.raw)
    return _handed_on(tx, desk, sender, kept, official)


def _agreed(letter: Letter, kind: MessageType) -> bool:
    """Whether the sender may send this; receipts for messages of ours always."""
    agreed = {one.replace("_", "").casefold() for one in letter.kinds or ()}
    return letter.kinds is None or kind is MessageType.KVITTERING or kind.replace("_", "").casefold() in agreed


def _mark(keys: Keys) -> Mark:
    """Makes a word that stands for a person, and that nobody can read back without the key."""
    return lambda who: keys.digest(who).hex()[:16]


def _text(flags: Sequence[Mapping[str, str]]) -> str:
    return json.dumps(flags, separators=(",", ":"))


def _failed(
    tx: Connection, desk: Desk, kept: Exchanged, letter: Letter, status: str, reason: str = "not_as_agreed"
) -> Exchanged:
    exchanges.add(tx, desk.keys, kept, letter.raw)
    return answering.promise(tx, kept, status, reason, desk.now)


def _handed_on(tx: Connection, desk: Desk, sender: Sender, kept: Exchanged, official: Official) -> Exchanged:
    """What the message says is handed to intake; a receipt of theirs is not answered by one of ours."""
    if official.other is Other.RECEIPT:
        return _answer_of_theirs(tx, desk, kept, official)
    kept = answering.promise(tx, kept, answering.UNDER_WAY, None, desk.now)
    if not official.messages:
        return answering.promise(tx, kept, answering.RECEIVED, official.other or "nothing_for_us", desk.now)
    for message in official.messages:
        _one(tx, desk, sender, message, kept.exchange_id)
    return answering.answer(tx, kept.exchange_id, desk.now) or kept


def _answer_of_theirs(tx: Connection, desk: Desk, kept: Exchanged, official: Official) -> Exchanged:
    """A receipt for a message of ours: a failure brings that message back to those who look after it."""
    told = official.receipt
    if told is not None and told.status not in (ReceiptStatus.UNDER_MOTTAK, ReceiptStatus.MOTTATT):
        with suppress(ValueError):
            outbox.answered(tx, UUID(told.ref), told.status)
    exchanges.answered(tx, kept.exchange_id, answering.RECEIVED, Other.RECEIPT, 0, desk.now)
    return replace(kept, status=answering.RECEIVED, reason=Other.RECEIPT)


def _one(tx: Connection, desk: Desk, sender: Sender, message: Message, exchange_id: UUID) -> None:
    """One decision of the message. The contracts number no versions: another content is the next version.

    What was sent before the newest one known, and says something else, no longer counts: it is kept as it came.
    """
    inbox.lock(tx, intake.names_of(sender, message))
    known = inbox.lineage(tx, sender.source, message.decision_id)
    before = _said_before(tx, desk, known, message)
    if before is not None:
        inbox.link_exchange(tx, before.message_id, exchange_id)
        return
    newest = known[-1] if known else None
    if newest is not None and newest.outcome in SETTLED and message.sent_at < newest.sent_at:
        return
    numbered = replace(message, version=newest.version + 1 if newest else 1)
    intake.receive(tx, desk, sender, numbered, exchange_id, locked=True)


def _said_before(tx: Connection, desk: Desk, known: Sequence[Arrival], message: Message) -> Arrival | None:
    """The version that says the same, sent again under another id."""
    for one in reversed(known):
        raw = inbox.content(tx, desk.keys, one.message_id)
        if raw is not None and intake.same_content(read(raw), replace(message, version=one.version)):
            return one
    return None
