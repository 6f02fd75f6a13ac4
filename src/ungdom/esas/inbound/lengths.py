"""Lengths of punishments in judgments, and the part of a prison sentence that is not suspended."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from ungdom.esas.inbound.official import FlagCode, OfficialFlag
from ungdom.esas.inbound.values import EsasModel, Unread
from ungdom.workflow.calendar import Length

F = FlagCode
_MONTHS_A_YEAR = 12
_DAYS_A_MONTH = 30

Aar = Annotated[int, Field(ge=0, le=21)]
Maaneder = Annotated[int, Field(ge=0, le=99)]
Dager = Annotated[int, Field(ge=0, le=999)]


class Lengde(EsasModel):
    """A length of time: years, months, days, hours."""

    antallAar: Aar | None = None
    antallMaaneder: Maaneder | None = None
    antallDager: Dager | None = None
    antallTimer: Dager | None = None


class Fengsel(EsasModel):
    """Prison. `betinget`: how much of it is suspended."""

    straff: Lengde
    betinget: Lengde | None = None
    proevetid: Unread = None
    saervilkaar: Unread = None
    fradrag: Lengde | None = None


def length(lengde: Lengde | None) -> Length | None:
    """The length in years, months and days; None without any of them. Hours are ignored."""
    if lengde is None:
        return None
    total = Length(years=lengde.antallAar or 0, months=lengde.antallMaaneder or 0, days=lengde.antallDager or 0)
    return total if total != Length() else None


def unconditional(prison: Fengsel) -> Length | None:
    """The sentence minus the suspended part; None when nothing remains.

    2 years 4 months with 6 months suspended: 1 year 10 months. If the units differ, a month counts as thirty days: 1
    year with 120 days suspended is 8 months.
    """
    months, days = _remaining(prison)
    if months < 0 or days < 0:
        months, days = divmod(max(months * _DAYS_A_MONTH + days, 0), _DAYS_A_MONTH)
    remaining = Length(years=months // _MONTHS_A_YEAR, months=months % _MONTHS_A_YEAR, days=days)
    return remaining if remaining != Length() else None


def _remaining(prison: Fengsel) -> tuple[int, int]:
    """Remaining months and days; either may be negative."""
    whole, part = length(prison.straff) or Length(), length(prison.betinget) or Length()
    months = (whole.years - part.years) * _MONTHS_A_YEAR + whole.months - part.months
    return months, whole.days - part.days


def prison_flags(prison: Fengsel, pointer: str) -> Iterator[OfficialFlag]:
    """Flags of a prison sentence."""
    yield from hours_flags(prison.straff, f"{pointer}/straff")
    yield from hours_flags(prison.betinget, f"{pointer}/betinget")
    months, days = _remaining(prison)
    if months * _DAYS_A_MONTH + days < 0:
        yield OfficialFlag(F.LENGTHS_CONTRADICT, pointer)
    elif months < 0 or days < 0:
        yield OfficialFlag(F.MONTH_AS_THIRTY_DAYS, pointer)
    if length(prison.fradrag):
        yield OfficialFlag(F.CUSTODY_CREDIT, f"{pointer}/fradrag")
    if prison.saervilkaar:
        yield OfficialFlag(F.CONDITIONS_IN_TEXT, f"{pointer}/saervilkaar")


def hours_flags(lengde: Lengde | None, pointer: str) -> Iterator[OfficialFlag]:
    """A flag for hours in a length, which only community sentences have."""
    if lengde is not None and lengde.antallTimer:
        yield OfficialFlag(F.HOURS_NOT_CARRIED, f"{pointer}/antallTimer")
