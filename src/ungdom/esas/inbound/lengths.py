"""Lengths of punishments in judgments, and what is left of a prison sentence when a part of it is suspended."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from ungdom.esas.inbound.official import Flag, FlagCode
from ungdom.esas.inbound.values import Shape, Unread
from ungdom.workflow.daycount import Length

F = FlagCode
_MONTHS_A_YEAR = 12
_DAYS_A_MONTH = 30

Aar = Annotated[int, Field(ge=0, le=21)]
Maaneder = Annotated[int, Field(ge=0, le=99)]
Dager = Annotated[int, Field(ge=0, le=999)]


class Lengde(Shape):
    """A length of time: years, months, days, hours."""

    antallAar: Aar | None = None
    antallMaaneder: Maaneder | None = None
    antallDager: Dager | None = None
    antallTimer: Dager | None = None


class Fengsel(Shape):
    """Prison. `betinget`: how much of it is suspended."""

    straff: Lengde
    betinget: Lengde | None = None
    proevetid: Unread = None
    saervilkaar: Unread = None
    fradrag: Lengde | None = None


def length(told: Lengde | None) -> Length | None:
    """The length in years, months and days; None where none of them is told. Hours are not carried along."""
    if told is None:
        return None
    found = Length(years=told.antallAar or 0, months=told.antallMaaneder or 0, days=told.antallDager or 0)
    return found if found != Length() else None


def unconditional(prison: Fengsel) -> Length | None:
    """What has to be served: the sentence less what is suspended; None when nothing is.

    2 years 4 months of which 6 months suspended: 1 year 10 months. Where the two are told in units that do not fit, a
    month counts thirty days: 1 year of which 120 days suspended is 8 months.
    """
    months, days = _left(prison)
    if months < 0 or days < 0:
        months, days = divmod(max(months * _DAYS_A_MONTH + days, 0), _DAYS_A_MONTH)
    found = Length(years=months // _MONTHS_A_YEAR, months=months % _MONTHS_A_YEAR, days=days)
    return found if found != Length() else None


def _left(prison: Fengsel) -> tuple[int, int]:
    """Months and days left, each on its own: either may be negative."""
    whole, part = length(prison.straff) or Length(), length(prison.betinget) or Length()
    months = (whole.years - part.years) * _MONTHS_A_YEAR + whole.months - part.months
    return months, whole.days - part.days


def prison_flags(prison: Fengsel, pointer: str) -> Iterator[Flag]:
    """What is odd about a prison sentence."""
    yield from hours_flags(prison.straff, f"{pointer}/straff")
    yield from hours_flags(prison.betinget, f"{pointer}/betinget")
    months, days = _left(prison)
    if months * _DAYS_A_MONTH + days < 0:
        yield Flag(F.LENGTHS_CONTRADICT, pointer)
    elif months < 0 or days < 0:
        yield Flag(F.MONTH_AS_THIRTY_DAYS, pointer)
    if length(prison.fradrag):
        yield Flag(F.CUSTODY_CREDIT, f"{pointer}/fradrag")
    if prison.saervilkaar:
        yield Flag(F.CONDITIONS_IN_TEXT, f"{pointer}/saervilkaar")


def hours_flags(told: Lengde | None, pointer: str) -> Iterator[Flag]:
    """Hours in a length: community sentences have them, what is carried along here does not."""
    if told is not None and told.antallTimer:
        yield Flag(F.HOURS_NOT_CARRIED, f"{pointer}/antallTimer")
