"""Checks of every identity number in a message. Only flags, that is codes and places, leave this module.

The numbers of people who are not part of the case are checked as well, since a number that two people share only shows
when both are compared.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from ungdom.esas.inbound.official import FlagCode, OfficialFlag
from ungdom.esas.inbound.values import field_pointer
from ungdom.message.national_id import NationalIdCheck, Series, check_national_id, normalise
from ungdom.message.national_id import NationalIdFlag as Odd

F = FlagCode
_FIELD = "identitetsnummer"
_KINDS = {
    "foedselsnummer": "FOEDSELSNUMMER",
    "dNummer": "DNUMMER",
    "sspNummer": "SSPNUMMER",
}
_LOOKS = {
    Odd.NOT_ELEVEN_DIGITS: F.NUMBER_NOT_ELEVEN_DIGITS,
    Odd.NO_SUCH_DATE: F.NUMBER_FAILS_CHECK,
    Odd.WRONG_CONTROL_DIGITS: F.NUMBER_FAILS_CHECK,
    Odd.RULE_OF_2032: F.NUMBER_OF_2032,
    Odd.SYNTHETIC: F.NUMBER_SYNTHETIC,
    Odd.OTHER_BIRTH_DATE: F.BIRTH_DATE_DIFFERS,
}


@dataclass(frozen=True, slots=True)
class IdentityNumberEntry:
    """An identity number: its place, its value, its stated kind, and name and day of birth of its holder."""

    pointer: str
    number: str
    kind: str | None
    name: tuple[str, ...]
    born: date | None
    several: bool = False


def identity_number_flags(body: object) -> Iterator[OfficialFlag]:
    """The flags of the identity numbers in this message."""
    entries = list(_entries(body))
    for entry in entries:
        parsed = check_national_id(entry.number, entry.born)
        yield from (OfficialFlag(code, entry.pointer) for code in _flag_codes(entry, parsed))
    shared = _shared_numbers(entries)
    yield from (OfficialFlag(F.SHARED_NUMBER, entry.pointer) for entry in entries if normalise(entry.number) in shared)


def _shared_numbers(entries: list[IdentityNumberEntry]) -> set[str]:
    """The numbers with more than one name or more than one day of birth."""
    names: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
    days: defaultdict[str, set[date]] = defaultdict(set)
    for entry in entries:
        names[normalise(entry.number)].add(entry.name)
        days[normalise(entry.number)] |= {entry.born} if entry.born else set()
    return {number for number in names if len(names[number]) > 1 or len(days[number]) > 1}


def _flag_codes(entry: IdentityNumberEntry, parsed: NationalIdCheck) -> Iterator[FlagCode]:
    is_ssp = parsed.series is Series.SSP_OR_NPID
    yield from dict.fromkeys(code for odd, code in _LOOKS.items() if odd in parsed.flags)
    if parsed.d_number:
        yield F.D_NUMBER
    if is_ssp:
        yield F.SSP_NUMBER
    kind = "DNUMMER" if parsed.d_number else "SSPNUMMER" if is_ssp else "FOEDSELSNUMMER"
    if entry.kind not in (None, kind) and Odd.NOT_ELEVEN_DIGITS not in parsed.flags:
        yield F.NUMBER_TYPE_DIFFERS
    if entry.several:
        yield F.SEVERAL_NUMBERS


def _entries(body: object) -> Iterator[IdentityNumberEntry]:
    """Every identity number, in the order of the message. Iterative, because the sender chooses the depth."""
    todo: list[tuple[str, Any]] = [("", body)]
    while todo:
        pointer, node = todo.pop()
        if isinstance(node, dict):
            entry = _entry(node, pointer)
            if entry is not None:
                yield entry
            todo += reversed([(field_pointer(pointer, name), inner) for name, inner in node.items()])
        elif isinstance(node, list):
            todo += reversed([(f"{pointer}/{place}", inner) for place, inner in enumerate(node)])


def _entry(node: dict[str, Any], pointer: str) -> IdentityNumberEntry | None:
    identity = node.get(_FIELD)
    if not isinstance(identity, dict):
        return None
    by_field = ((kind, _text(identity.get(field))) for field, kind in _KINDS.items())
    by_value = (_text(identity.get("idType")), _text(identity.get("verdi")))
    numbers = [(kind, number) for kind, number in (*by_field, by_value) if number]
    if not numbers:
        return None
    kind, number = numbers[0]
    born = _born(node.get("foedselsdato"))
    named = node["navn"] if isinstance(node.get("navn"), dict) else node
    # Refs are not compared: in the samples, two people share one.
    name = tuple((_text(named.get(part)) or "").casefold() for part in ("fornavn", "etternavn"))
    return IdentityNumberEntry(f"{pointer}/{_FIELD}", number, kind, name, born, several=len(numbers) > 1)


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _born(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
