"""Official messages that come in, read tolerantly: what is needed has to be there, what is odd is flagged.

An official message never becomes an event here. It becomes messages in our own words (`ungdom.message`), each of which
the reader of those would take as well.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from ungdom.esas.inbound import domsavgjoerelse, fullbyrdelsesordre, overfoere_sak, rekvisisjon, siktelse_tiltale
from ungdom.esas.inbound.kvittering import Kvittering, receipt
from ungdom.esas.inbound.numbers import number_flags
from ungdom.esas.inbound.official import (
    BadOfficial,
    Flag,
    FlagCode,
    Mark,
    MessageType,
    Official,
    Other,
    Reading,
    Receipt,
)
from ungdom.esas.inbound.parts import sending_flags
from ungdom.esas.inbound.values import Shape, value_flags
from ungdom.message import BadMessage, Message, plain
from ungdom.message import read as read_ours
from ungdom.message.text import is_printable
from ungdom.workflow.errors import Problem
from ungdom.workflow.events import problems_of

__all__ = [
    "SUPPORTED",
    "BadOfficial",
    "Flag",
    "FlagCode",
    "Mark",
    "MessageType",
    "Official",
    "Other",
    "Receipt",
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
"""The versions of each contract that are read as they stand. Others of the same major version are read with a flag."""

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
"""The field by which each contract is told: it is required there, and stands in no other at the top."""

_READERS: dict[MessageType, tuple[type[Shape], Callable[[Any, Mark | None], Reading]]] = {
    T.OVERFOERE_SAK: (overfoere_sak.OverfoereSak, overfoere_sak.told),
    T.DOMSAVGJOERELSE: (domsavgjoerelse.Domsavgjoerelse, domsavgjoerelse.told),
    T.FULLBYRDELSESORDRE: (fullbyrdelsesordre.Fullbyrdelsesordre, fullbyrdelsesordre.told),
    T.REKVISISJON: (rekvisisjon.Rekvisisjon, rekvisisjon.ordered),
    T.RETUR: (rekvisisjon.Retur, rekvisisjon.returned),
    T.SIKTELSE_TILTALE: (siktelse_tiltale.SiktelseTiltale, siktelse_tiltale.told),
}

_COMPLETABLE = frozenset({"missing", "string_too_short", "too_short", "implausible"})
"""Problems that a person at the sender can put right: something is absent, blank, or cannot be true."""

_VERSION = re.compile(r"v?(\d{1,4})(?:\.(\d{1,4}))?(?:\.\d{1,4})?", re.ASCII)


def read(message_type: str, schema_version: str | None, body: Mapping[str, Any], mark: Mark | None = None) -> Official:
    """What an official message says. `message_type`, `schema_version`: as in the headers, spelled in any case.

    `mark` makes ids that tell the people of a message apart without naming them; without it the message's own refs do,
    and the id of an `overfoereSak` does not tell two youths of one police case apart. Raises `BadOfficial`.
    """
    kind = _type_of(message_type)
    odd = _version_flags(kind, schema_version)
    if kind is T.KVITTERING:
        return _receipt(schema_version, odd, body)
    shape, told = _READERS[kind]
    said: Any = _shaped(shape, body)
    reading = told(said, mark)
    flags = list(dict.fromkeys([*odd, *reading.flags, *_anywhere(said, body)]))
    problems = [*reading.problems, *(_implausible(flags) if reading.messages else ())]
    if problems:
        raise _bad(problems, body)
    messages = _checked(reading.messages, body)
    return _official(kind, schema_version, said, Reading(messages, tuple(_listed(flags)), reading.other))


def guess(body: object) -> MessageType:
    """Which message this is, told by its shape. Raises `BadOfficial` when it is none of them, or more than one."""
    found = [kind for marker, kind in _MARKERS.items() if isinstance(body, Mapping) and marker in body]
    if len(found) != 1:
        raise _bad([Problem("", "unknown_type", "is not the shape of one of the known messages")], body)
    return found[0]


def _type_of(message_type: str) -> MessageType:
    told = re.sub(r"[_\W]", "", message_type).casefold()
    found = next((kind for kind in T if kind.replace("_", "").casefold() == told), None)
    if found is None:
        raise BadOfficial([Problem("", "unknown_type", "is no message that is read here")], missing=False)
    return found


def _version_flags(kind: MessageType, told: str | None) -> tuple[Flag, ...]:
    if told is None or told in SUPPORTED[kind]:
        return ()
    known, found = _version(SUPPORTED[kind][-1]), _version(told)
    if known is None or found is None or found[0] != known[0]:
        raise BadOfficial([Problem("", "unknown_version", "is no version that is read here")], missing=False)
    if found == known:
        return ()
    return (Flag(F.NEWER_VERSION if found > known else F.OLDER_VERSION, ""),)


def _version(told: str) -> tuple[int, int] | None:
    found = _VERSION.fullmatch(told.strip())
    return (int(found[1]), int(found[2] or 0)) if found else None


def _shaped(shape: type[Shape], body: object) -> Shape:
    try:
        return shape.model_validate(body)
    except ValidationError as error:
        raise _bad(problems_of(error), body) from None


def _receipt(version: str | None, odd: tuple[Flag, ...], body: Mapping[str, Any]) -> Official:
    said: Any = _shaped(Kvittering, body)
    found = receipt(said)
    if isinstance(found, Problem):
        raise _bad([found], body)
    flags = (*odd, *(flag for flag in value_flags(said, body) if flag.code is not F.UNKNOWN_FIELD))
    return Official(
        type=T.KVITTERING,
        version=version,
        meldings_id=said.meldingsId,
        flags=flags,
        other=Other.RECEIPT,
        receipt=found,
    )


def _official(kind: MessageType, version: str | None, said: Any, reading: Reading) -> Official:
    sent = said.forsendelse
    believed = Flag(F.IMPLAUSIBLE_YEAR, "/forsendelse/sendtTid") not in reading.flags
    return Official(
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


def _anywhere(said: Any, body: Mapping[str, Any]) -> Iterator[Flag]:
    """What is odd about the sending, about identity numbers, and about any value."""
    yield from sending_flags(said.forsendelse)
    yield from number_flags(body)
    yield from value_flags(said, body)


def _listed(flags: list[Flag]) -> Iterator[Flag]:
    """As many flags as anybody looks at."""
    yield from flags[:MOST_FLAGS]
    if len(flags) > MOST_FLAGS:
        yield Flag(F.MORE_FLAGS, "")


def _implausible(flags: Iterable[Flag]) -> Iterator[Problem]:
    """Days that cannot be right, in a message that would have something done."""
    return (
        Problem(flag.pointer, "implausible", "is too far away") for flag in flags if flag.code is F.IMPLAUSIBLE_YEAR
    )


def _checked(messages: tuple[Message, ...], body: object) -> tuple[Message, ...]:
    """The messages as the reader of our own form takes them. What it does not take is refused here as well."""
    try:
        return tuple(read_ours(to_json(plain(one))) for one in messages)
    except BadMessage as error:
        raise _bad([Problem("", problem.kind, problem.message) for problem in error.problems], body) from None


def _bad(problems: list[Problem], body: object) -> BadOfficial:
    completable = all(problem.kind in _COMPLETABLE for problem in problems)
    told = problems[:MOST_PROBLEMS]
    return BadOfficial(told, completable, _written(body, _IDS), _written(body, _SENDERS))


_IDS = (("forsendelse", "meldingsId"), ("meldingsId",))
_SENDERS = (("forsendelse", "avsender", "organisasjon", "organisasjonsnummer"),)
_LONGEST_ID = 200


def _written(body: object, places: tuple[tuple[str, ...], ...]) -> str | None:
    """The text in the first of these places that has one, in a message that could not be read."""
    found = (_at(body, place) for place in places)
    texts = (text for text in found if isinstance(text, str) and 0 < len(text) <= _LONGEST_ID and is_printable(text))
    return next(texts, None)


def _at(body: object, place: tuple[str, ...]) -> object:
    for name in place:
        body = body.get(name) if isinstance(body, Mapping) else None
    return body
