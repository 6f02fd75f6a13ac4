"""The identity numbers in a message: everybody's, looked at where they stand and not read any further.

Numbers of people that this product has no business with are looked at as well: that one number is given to two people
is only seen beside the other. What comes out are codes and places.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from ungdom.esas.inbound.official import Flag, FlagCode
from ungdom.esas.inbound.values import under
from ungdom.message.national_id import Flag as Odd
from ungdom.message.national_id import Look, Series, look, normal

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
class Numbered:
    """Somebody with a number: where it stands, the number, the kind it is told to be, and who has it."""

    pointer: str
    number: str
    kind: str | None
    name: tuple[str, ...]
    born: date | None
    several: bool = False


def number_flags(body: object) -> Iterator[Flag]:
    """What is odd about the numbers in this message."""
    found = list(_numbered(body))
    for one in found:
        seen = look(one.number, one.born)
        yield from (Flag(code, one.pointer) for code in _codes(one, seen))
    shared = _shared(found)
    yield from (Flag(F.SHARED_NUMBER, one.pointer) for one in found if normal(one.number) in shared)


def _shared(everybody: list[Numbered]) -> set[str]:
    """The numbers that stand beside more than one name, or more than one day of birth."""
    names: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
    days: defaultdict[str, set[date]] = defaultdict(set)
    for one in everybody:
        names[normal(one.number)].add(one.name)
        days[normal(one.number)] |= {one.born} if one.born else set()
    return {number for number in names if len(names[number]) > 1 or len(days[number]) > 1}


def _codes(one: Numbered, seen: Look) -> Iterator[FlagCode]:
    yield from dict.fromkeys(code for odd, code in _LOOKS.items() if odd in seen.flags)
    if seen.d_number:
        yield F.D_NUMBER
    if seen.series is Series.SSP_OR_NPID:
        yield F.SSP_NUMBER
    if one.kind is not None and Odd.NOT_ELEVEN_DIGITS not in seen.flags and one.kind != _kind(seen):
        yield F.NUMBER_TYPE_DIFFERS
    if one.several:
        yield F.SEVERAL_NUMBERS


def _kind(seen: Look) -> str:
    if seen.d_number:
        return "DNUMMER"
    return "SSPNUMMER" if seen.series is Series.SSP_OR_NPID else "FOEDSELSNUMMER"


def _numbered(body: object) -> Iterator[Numbered]:
    """Everybody with a number, in the order of the message. Without recursion: the depth is the sender's choice."""
    todo: list[tuple[str, Any]] = [("", body)]
    while todo:
        pointer, node = todo.pop()
        if isinstance(node, dict):
            one = _one(node, pointer)
            if one is not None:
                yield one
            todo += reversed([(under(pointer, name), inner) for name, inner in node.items()])
        elif isinstance(node, list):
            todo += reversed([(f"{pointer}/{place}", inner) for place, inner in enumerate(node)])


def _one(node: dict[str, Any], pointer: str) -> Numbered | None:
    told = node.get(_FIELD)
    if not isinstance(told, dict):
        return None
    found = [(kind, _text(told.get(name))) for name, kind in _KINDS.items()]
    numbers = [(kind, number) for kind, number in (*found, _kind_and_value(told)) if number]
    if not numbers:
        return None
    kind, number = numbers[0]
    born = _born(node.get("foedselsdato"))
    return Numbered(f"{pointer}/{_FIELD}", number, kind, _name(node), born, several=len(numbers) > 1)


def _kind_and_value(told: dict[str, Any]) -> tuple[str | None, str | None]:
    return _text(told.get("idType")), _text(told.get("verdi"))


def _name(node: dict[str, Any]) -> tuple[str, ...]:
    """Refs are not compared: they are the message's own, and two people have been given the same one."""
    name = node.get("navn")
    told = name if isinstance(name, dict) else node
    return tuple((_text(told.get(part)) or "").casefold() for part in ("fornavn", "etternavn"))


def _text(told: object) -> str | None:
    return told.strip() or None if isinstance(told, str) else None


def _born(told: object) -> date | None:
    try:
        return date.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        return None
