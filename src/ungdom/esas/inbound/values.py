"""Values of official messages: texts, days, instants, numbers and ids, each with its flags."""

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Annotated, Any
from uuid import UUID, uuid5

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainValidator, StringConstraints
from pydantic_core import PydanticCustomError

from ungdom.esas.inbound.official import FlagCode, OfficialFlag
from ungdom.message.text import ForeignId, Printable
from ungdom.workflow import law
from ungdom.workflow.calendar import OSLO, oslo_date
from ungdom.workflow.events import FIRST_YEAR, LAST_YEAR
from ungdom.workflow.patterns import holds_identity_number

F = FlagCode
MOST_NUMBERS = 50
"""Largest number of police case numbers that are kept of a message; the main one is the first."""

_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}", re.ASCII)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", re.ASCII)
_COURT_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./:-]{2,39}", re.ASCII)
_IDS = UUID("4b8f1d52-64ce-4a5c-9c0e-0d3b8b0e7a19")


class EsasModel(BaseModel):
    """An object of an official message. Its fields are named as the contract names them; others are flagged."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)


Unread = Any
"""A field of the contract that this product ignores."""


Text = Annotated[str, Printable(500)]
"""A required text."""
MaybeText = Annotated[
    Text | None, BeforeValidator(lambda raw: None if isinstance(raw, str) and not raw.strip() else raw)
]
"""An optional text; blank is None."""
CaseNumber = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=(
    r"^[A-Za-z0-9][A-Za-z0-9 ./:-]{2,39}$"
))]  # fmt: skip
"""A police case number (straffesaksnummer): mostly digits; letters are permitted."""
MeldingsId = ForeignId
"""The id of a message, exactly as written."""


# --- days and instants ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ParsedDay:
    """A day as written."""

    on: date
    odd: tuple[FlagCode, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedInstant:
    """An instant, and the local day that it denotes.

    The day is the written one, since senders use the offset of summer in winter and vice versa: the official sample
    `2022-01-01T00:00:00+02:00` means New Year's Day. For an instant in UTC it is the day in Oslo.
    """

    on: date
    at: datetime
    odd: tuple[FlagCode, ...] = ()


def parse_day(raw: object) -> ParsedDay:
    """The day in this text. Raises `PydanticCustomError`."""
    if not isinstance(raw, str) or not _DAY.fullmatch(raw.strip()):
        raise PydanticCustomError("date_parsing", "is no date (YYYY-MM-DD)")
    try:
        on = date.fromisoformat(raw.strip())
    except ValueError:
        raise PydanticCustomError("date_parsing", "is no day of the calendar") from None
    return ParsedDay(on, _implausible(on))


def parse_instant(raw: object) -> ParsedInstant:
    """The instant in this text, RFC 3339. Raises `PydanticCustomError`."""
    match = _INSTANT.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if match is None:
        raise PydanticCustomError("datetime_parsing", "is no date-time (RFC 3339)")
    try:
        instant = _instant_of(match[1], match[2], (match[3] or "").upper())
    except (ValueError, OverflowError):
        raise PydanticCustomError("datetime_parsing", "is no instant of the calendar") from None
    return replace(instant, odd=(*instant.odd, *_implausible(instant.on)))


def _instant_of(written_day: str, time: str, offset: str) -> ParsedInstant:
    wall = datetime.fromisoformat(f"{written_day}T{time}")
    if not offset:
        return ParsedInstant(wall.date(), wall.replace(tzinfo=OSLO), (F.OFFSET_MISSING,))
    at = datetime.fromisoformat(f"{written_day}T{time}{offset.replace('Z', '+00:00')}")
    in_oslo = oslo_date(at)
    on = in_oslo if at.utcoffset() == timedelta(0) else wall.date()
    in_force = {wall.replace(tzinfo=OSLO, fold=fold).utcoffset() for fold in (0, 1)}  # two during the repeated hour
    odd = [F.OFFSET_NOT_OSLO] if at.utcoffset() not in in_force else []
    changes = [F.DATE_WOULD_CHANGE] if in_oslo != wall.date() else []
    return ParsedInstant(on, at, (*odd, *changes))


def _implausible(on: date) -> tuple[FlagCode, ...]:
    if on.year > LAST_YEAR:
        raise PydanticCustomError("implausible", "is too far away")
    return () if on.year >= FIRST_YEAR else (F.IMPLAUSIBLE_YEAR,)


def _check_step_day(value: ParsedDay | ParsedInstant) -> Any:
    """A day on which a step was taken: none before the first youth sanctions. LOV-2014-06-20-49."""
    early = value.on < law.FIRST and F.IMPLAUSIBLE_YEAR not in value.odd
    return replace(value, odd=(*value.odd, F.BEFORE_THE_ACT)) if early else value


OfficialDay = Annotated[ParsedDay, PlainValidator(parse_day)]
OfficialInstant = Annotated[ParsedInstant, PlainValidator(parse_instant)]
StepDay = Annotated[ParsedDay, PlainValidator(parse_day), AfterValidator(_check_step_day)]
StepInstant = Annotated[ParsedInstant, PlainValidator(parse_instant), AfterValidator(_check_step_day)]


# --- ids and numbers --------------------------------------------------------------------------------------------


def plain_id(written: str) -> str:
    """The normalised id: a GUID in lower case without braces. Text that is no valid id gives a UUID derived from it."""
    bare = _without_braces(written)
    if _GUID.fullmatch(bare.lower()):
        return bare.lower()
    return bare if _PLAIN_ID.fullmatch(bare) else str(uuid5(_IDS, written.encode(errors="replace").hex()))


def id_flags(written: str, pointer: str) -> tuple[OfficialFlag, ...]:
    """Flags of an id that should be a GUID."""
    if not _GUID.fullmatch(_without_braces(written).lower()):
        return (OfficialFlag(F.ID_NOT_GUID, pointer),)
    return (OfficialFlag(F.ID_IN_BRACES, pointer),) if "{" in written else ()


def _without_braces(written: str) -> str:
    text = written.strip()
    return text[1:-1] if text.startswith("{") and text.endswith("}") else text


def decision_ids(written: str, words: Sequence[str]) -> list[str]:
    """The id of the decision about each of the accused: the written one, with a suffix if there are several accused.

    `words`: a word per accused; one that is blank or not unique is replaced by the place in the list.
    """
    base, times = plain_id(written), Counter(words)
    if len(words) == 1:
        return [base]
    return [f"{base}:{word if word and times[word] == 1 else place}" for place, word in enumerate(words, start=1)]


def plain_ref(ref: str | None) -> str:
    """The normalised ref of a person; blank if it may hold an identity number, which no id may contain."""
    return "" if not ref or holds_identity_number(ref) else plain_id(ref)


def case_numbers(main: str, *others: Iterable[str]) -> tuple[str, ...]:
    """The distinct police case numbers, the main one first, at most `MOST_NUMBERS`."""
    return tuple(islice(dict.fromkeys([main, *(number for group in others for number in group)]), MOST_NUMBERS))


def case_number_flags(number: str, pointer: str) -> tuple[OfficialFlag, ...]:
    """A flag for letters in a police case number: announced in the contracts, and rare."""
    return () if number.isdigit() else (OfficialFlag(F.LETTERS_IN_NUMBER, pointer),)


def dropped_number_flags(pointer: str, main: str, *others: Iterable[str]) -> tuple[OfficialFlag, ...]:
    """A flag for more than `MOST_NUMBERS` police case numbers."""
    distinct = {main, *(number for group in others for number in group)}
    return (OfficialFlag(F.CUT, pointer),) if len(distinct) > MOST_NUMBERS else ()


def court_number(number: str | None) -> str | None:
    """The court case number, if it is valid here; otherwise None."""
    return number if number and _COURT_NUMBER.fullmatch(number) else None


def court_flags(number: str | None, pointer: str) -> tuple[OfficialFlag, ...]:
    """A flag for an invalid court case number."""
    return (OfficialFlag(F.ODD_COURT_NUMBER, pointer),) if number and court_number(number) is None else ()


# --- flags of any value ---------------------------------------------------------------------------------------


def value_flags(model: EsasModel, raw: Mapping[str, Any], pointer: str = "") -> Iterator[OfficialFlag]:
    """Flags of the values of this object and of nested ones, compared with the raw object."""
    for name in model.model_extra or {}:
        yield OfficialFlag(F.UNKNOWN_FIELD, field_pointer(pointer, name))
    for name in type(model).model_fields:
        yield from _value_flags(getattr(model, name), raw.get(name), f"{pointer}/{name}")


def _value_flags(value: object, raw: Any, pointer: str) -> Iterator[OfficialFlag]:
    if isinstance(value, EsasModel):
        yield from value_flags(value, raw, pointer)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            if not isinstance(inner, list):  # no contract has lists of lists: unknown fields may have any depth
                yield from _value_flags(inner, raw[place], f"{pointer}/{place}")
    elif isinstance(value, ParsedDay | ParsedInstant):
        yield from (OfficialFlag(code, pointer) for code in value.odd)
    elif value is None and isinstance(raw, str):
        yield OfficialFlag(F.BLANK, pointer)


def field_pointer(pointer: str, name: str) -> str:
    """The pointer of an unknown field; that of its object if the name may hold data."""
    return f"{pointer}/{name}" if _FIELD.fullmatch(name) else pointer


def code_flags(codes: Container[str], code: str | None, pointer: str) -> tuple[OfficialFlag, ...]:
    """A flag for a code outside the list of the contract."""
    return (OfficialFlag(F.UNKNOWN_VALUE, pointer),) if code is not None and code not in codes else ()
