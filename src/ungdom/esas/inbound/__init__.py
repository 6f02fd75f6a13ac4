"""Tolerant parsing of received official messages: required values must be present, deviations are flagged.

An official message is converted to decision messages of `ungdom.message`, each validated by the parser of that format.
"""

import re
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from ungdom.esas.inbound import domsavgjoerelse, fullbyrdelsesordre, overfoere_sak, rekvisisjon, siktelse_tiltale
from ungdom.esas.inbound.kvittering import Kvittering, to_receipt
from ungdom.esas.inbound.numbers import identity_number_flags
from ungdom.esas.inbound.official import (
    BadOfficial,
    FlagCode,
    IgnoredReason,
    MessageType,
    OfficialFlag,
    OfficialMessage,
    OfficialReceipt,
    Pseudonymiser,
    Reading,
)
from ungdom.esas.inbound.parts import sending_flags
from ungdom.esas.inbound.values import EsasModel, value_flags
from ungdom.message import BadMessage, DecisionMessage, plain
from ungdom.message import read as read_ours
from ungdom.message.text import is_printable
from ungdom.workflow.errors import Problem
from ungdom.workflow.events import problems_of

__all__ = [
    "SUPPORTED",
    "BadOfficial",
    "FlagCode",
    "IgnoredReason",
    "MessageType",
    "OfficialFlag",
    "OfficialMessage",
    "OfficialReceipt",
    "Pseudonymiser",
    "guess",
    "read",
]

T, F = MessageType, FlagCode

SUPPORTED: dict[MessageType, tuple[str, ...]] = {
    T.OVERFOERE_SAK: ("1.0",),
    T.DOMSAVGJOERELSE: ("1.2",),
    T.FULLBYRDELSESORDRE: ("1.2",),
    T.REKVISISJON: ("1.2",),
    T.RETUR: ("1.0",),
    T.SIKTELSE_TILTALE: ("1.3",),
    T.KVITTERING: ("1.0",),
}
"""The supported versions of each contract. Others of the same major version are read with a flag."""

MOST_FLAGS = 200
MOST_PROBLEMS = 100

_MARKERS: dict[str, MessageType] = {
    "saksinformasjon": T.OVERFOERE_SAK,
    "avgjoerelse": T.DOMSAVGJOERELSE,
    "fullbyrdelsesordre": T.FULLBYRDELSESORDRE,
    "personundersoekelseInfo": T.REKVISISJON,
    "returPersonundersoekelseId": T.RETUR,
    "siktelseTiltale": T.SIKTELSE_TILTALE,
    "meldingsIdRef": T.KVITTERING,
}
"""The field that identifies each contract: required in it, and at the top level of no other."""

_READERS: dict[MessageType, tuple[type[EsasModel], Callable[[Any, Pseudonymiser | None], Reading]]] = {
    T.OVERFOERE_SAK: (overfoere_sak.OverfoereSak, overfoere_sak.to_messages),
    T.DOMSAVGJOERELSE: (domsavgjoerelse.Domsavgjoerelse, domsavgjoerelse.to_messages),
    T.FULLBYRDELSESORDRE: (fullbyrdelsesordre.Fullbyrdelsesordre, fullbyrdelsesordre.to_messages),
    T.REKVISISJON: (rekvisisjon.Rekvisisjon, rekvisisjon.order_to_messages),
    T.RETUR: (rekvisisjon.Retur, rekvisisjon.return_to_messages),
    T.SIKTELSE_TILTALE: (siktelse_tiltale.SiktelseTiltale, siktelse_tiltale.to_messages),
}

_COMPLETABLE = frozenset({"missing", "string_too_short", "too_short", "implausible"})
"""Kinds of problems that a person at the sender can correct: a value is missing, blank or implausible."""

_VERSION = re.compile(r"v?(\d{1,4})(?:\.(\d{1,4}))?(?:\.\d{1,4})?", re.ASCII)


def read(
    message_type: str, schema_version: str | None, body: Mapping[str, Any], pseudonymise: Pseudonymiser | None = None
) -> OfficialMessage:
    """The parsed message. `message_type`, `schema_version`: as in the headers, in any letter case.

    `pseudonymise` gives ids that distinguish the people of a message without naming them. Without it the refs of the
    message are used, and two youths of one police case have the same id in `overfoereSak`. Raises `BadOfficial`.
    """
    kind = _type_of(message_type)
    version_flags = _version_flags(kind, schema_version)
    if kind is T.KVITTERING:
        return _receipt(schema_version, version_flags, body)
    model, to_messages = _READERS[kind]
    document: Any = _validated(model, body)
    reading = to_messages(document, pseudonymise)
    general = (sending_flags(document.forsendelse), identity_number_flags(body), value_flags(document, body))
    flags = tuple(dict.fromkeys([*version_flags, *reading.flags, *chain(*general)]))
    problems = list(reading.problems)
    if reading.messages:  # a message that leads to events must not contain an implausible day
        days = (flag.pointer for flag in flags if flag.code is F.IMPLAUSIBLE_YEAR)
        problems += [Problem(pointer, "implausible", "is too far away") for pointer in days]
    if problems:
        raise _bad_official(problems, body)
    messages = _revalidated(reading.messages, body)
    if len(flags) > MOST_FLAGS:
        flags = (*flags[:MOST_FLAGS], OfficialFlag(F.MORE_FLAGS, ""))
    return _official_message(kind, schema_version, document, Reading(messages, flags, reading.other))


def guess(body: object) -> MessageType:
    """The type of this message, from its fields. Raises `BadOfficial` if none or several types match."""
    matching = [kind for marker, kind in _MARKERS.items() if isinstance(body, Mapping) and marker in body]
    if len(matching) != 1:
        raise _bad_official([Problem("", "unknown_type", "is not the shape of one of the known messages")], body)
    return matching[0]


def _type_of(message_type: str) -> MessageType:
    name = re.sub(r"[_\W]", "", message_type).casefold()
    matched = next((kind for kind in T if kind.replace("_", "").casefold() == name), None)
    if matched is None:
        raise BadOfficial([Problem("", "unknown_type", "is no message that is read here")], missing=False)
    return matched


def _version_flags(kind: MessageType, version: str | None) -> tuple[OfficialFlag, ...]:
    if version is None or version in SUPPORTED[kind]:
        return ()
    known, given = _version_numbers(SUPPORTED[kind][-1]), _version_numbers(version)
    if known is None or given is None or given[0] != known[0]:
        raise BadOfficial([Problem("", "unknown_version", "is no version that is read here")], missing=False)
    if given == known:
        return ()
    return (OfficialFlag(F.NEWER_VERSION if given > known else F.OLDER_VERSION, ""),)


def _version_numbers(version: str) -> tuple[int, int] | None:
    match = _VERSION.fullmatch(version.strip())
    return (int(match[1]), int(match[2] or 0)) if match else None


def _validated(model: type[EsasModel], body: object) -> EsasModel:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise _bad_official(problems_of(error), body) from None


def _receipt(version: str | None, odd: tuple[OfficialFlag, ...], body: Mapping[str, Any]) -> OfficialMessage:
    document: Any = _validated(Kvittering, body)
    result = to_receipt(document)
    if isinstance(result, Problem):
        raise _bad_official([result], body)
    flags = (*odd, *(flag for flag in value_flags(document, body) if flag.code is not F.UNKNOWN_FIELD))
    return OfficialMessage(
        type=T.KVITTERING,
        version=version,
        meldings_id=document.meldingsId,
        flags=flags,
        other=IgnoredReason.RECEIPT,
        receipt=result,
    )


def _official_message(kind: MessageType, version: str | None, document: Any, reading: Reading) -> OfficialMessage:
    sent = document.forsendelse
    believed = OfficialFlag(F.IMPLAUSIBLE_YEAR, "/forsendelse/sendtTid") not in reading.flags
    return OfficialMessage(
        type=kind,
        version=version,
        meldings_id=sent.meldingsId,
        sent_at=sent.sendtTid.at if believed else None,
        sender_number=sent.avsender.organisasjon.organisasjonsnummer,
        sender_name=sent.avsender.organisasjon.navn,
        receiver_name=sent.receiver,
        messages=reading.messages,
        flags=reading.flags,
        other=reading.other,
    )


def _revalidated(messages: tuple[DecisionMessage, ...], body: object) -> tuple[DecisionMessage, ...]:
    """The messages as parsed by `ungdom.message`. Raises `BadOfficial` for anything that its parser refuses."""
    try:
        return tuple(read_ours(to_json(plain(message))) for message in messages)
    except BadMessage as error:
        raise _bad_official([Problem("", problem.kind, problem.message) for problem in error.problems], body) from None


def _bad_official(problems: list[Problem], body: object) -> BadOfficial:
    completable = all(problem.kind in _COMPLETABLE for problem in problems)
    listed = problems[:MOST_PROBLEMS]
    return BadOfficial(listed, completable, _first_text(body, _IDS), _first_text(body, _SENDERS))


_IDS = (("forsendelse", "meldingsId"), ("meldingsId",))
_SENDERS = (("forsendelse", "avsender", "organisasjon", "organisasjonsnummer"),)
_LONGEST_ID = 200


def _first_text(body: object, places: tuple[tuple[str, ...], ...]) -> str | None:
    """The first text at one of these places of a message that could not be parsed."""
    values = (_value_at(body, place) for place in places)
    texts = (text for text in values if isinstance(text, str) and 0 < len(text) <= _LONGEST_ID and is_printable(text))
    return next(texts, None)


def _value_at(body: object, place: tuple[str, ...]) -> object:
    for name in place:
        body = body.get(name) if isinstance(body, Mapping) else None
    return body
