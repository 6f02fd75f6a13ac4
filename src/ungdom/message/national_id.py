"""Checks national identity numbers (fødselsnummer, D-nummer, SSP-nummer). A number is flagged, never rejected.

A number is never a key, and age is never derived from it: the day of birth is a separate field. From 2032 a number
contains neither century nor sex. Both rules of control digits are supported, because nobody changes number. Source:
folkeregisterforskriften (FOR-2017-07-14-1201) § 2-2; Skatteetaten's description of numbers from 2032; the sector's
contracts for SSP numbers, which the police's central register assigns to people without another number.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

_K1 = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
_K2 = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_OLD, _NEW = {0}, {0, 1, 2, 3}
_DIGITS = 11
_D_NUMBER_ADDS = 40


class Series(StrEnum):
    """The population a number comes from, by the number added to the month."""

    ORDINARY = "ordinary"
    TENOR = "tenor"  # Skatteetaten's Test-Norge: month + 80
    DOLLY = "dolly"  # NAV's Dolly: month + 40; a health helper number looks the same
    NHN = "nhn"  # Norsk helsenett: month + 65; 66 to 72 may be NPID's + 60 as well
    SSP_OR_NPID = "ssp_or_npid"  # month + 20: the police's central register, or NAV's own; indistinguishable
    NPID = "npid"  # NAV's own, synthetic: month + 60
    UNKNOWN = "unknown"


class NationalIdFlag(StrEnum):
    """A finding about a number, to be checked by a person."""

    NOT_ELEVEN_DIGITS = "not_eleven_digits"
    NO_SUCH_DATE = "no_such_date"
    WRONG_CONTROL_DIGITS = "wrong_control_digits"
    RULE_OF_2032 = "rule_of_2032"  # valid, by the rule for numbers issued from 2032
    SYNTHETIC = "synthetic"
    OTHER_BIRTH_DATE = "other_birth_date"  # day, month or two-digit year differ from the day of birth given


_ADDED = (
    (range(1, 13), 0, Series.ORDINARY),
    (range(21, 33), 20, Series.SSP_OR_NPID),
    (range(41, 53), 40, Series.DOLLY),
    (range(61, 66), 60, Series.NPID),
    (range(66, 78), 65, Series.NHN),
    (range(81, 93), 80, Series.TENOR),
)
_REAL = {Series.ORDINARY, Series.SSP_OR_NPID, Series.UNKNOWN}
_WRONG = {NationalIdFlag.NOT_ELEVEN_DIGITS, NationalIdFlag.NO_SUCH_DATE, NationalIdFlag.WRONG_CONTROL_DIGITS}


@dataclass(frozen=True, slots=True)
class NationalIdCheck:
    """The result of a check: digits, series, whether it is a D-number, and flags."""

    digits: str
    series: Series
    d_number: bool
    flags: frozenset[NationalIdFlag]

    @property
    def is_well_formed(self) -> bool:
        """Whether it has eleven digits, an existing date and correct control digits; not whether it was ever issued."""
        return not self.flags & _WRONG

    @property
    def may_be_real(self) -> bool:
        """Whether it is well formed and of no synthetic series: somebody may have it."""
        return self.is_well_formed and NationalIdFlag.SYNTHETIC not in self.flags


def normalise(number: str) -> str:
    """The number without spaces, hyphens and colons."""
    return re.sub(r"[\s:\-]", "", number)


def check_national_id(number: str, born: date | None = None) -> NationalIdCheck:
    """The result of checking a number and, if a day of birth is given, of comparing the two."""
    digits = normalise(number)
    if len(digits) != _DIGITS or not (digits.isascii() and digits.isdigit()):
        return NationalIdCheck(digits, Series.UNKNOWN, False, frozenset({NationalIdFlag.NOT_ELEVEN_DIGITS}))
    day, month = int(digits[:2]), int(digits[2:4])
    d_number = day > _D_NUMBER_ADDS
    matches = ((month - added, series) for months, added, series in _ADDED if month in months)
    month, series = next(matches, (0, Series.UNKNOWN))
    flags = _control_digit_flags(digits)
    flags |= _date_flags(day - _D_NUMBER_ADDS if d_number else day, month, int(digits[4:6]), born)
    flags |= set() if series in _REAL else {NationalIdFlag.SYNTHETIC}
    return NationalIdCheck(digits, series, d_number, frozenset(flags))


def _date_flags(day: int, month: int, year: int, born: date | None) -> set[NationalIdFlag]:
    # Without a century the year is read as 20YY, as Skatteetaten does: the leap days are the same but for 1900.
    if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(2000 + year, month)[1]:  # noqa: PLR2004  # months
        return {NationalIdFlag.NO_SUCH_DATE}
    differs = born is not None and (born.day, born.month, born.year % 100) != (day, month, year)
    return {NationalIdFlag.OTHER_BIRTH_DATE} if differs else set()


def _control_digit_flags(digits: str) -> set[NationalIdFlag]:
    first, second = _remainder(digits, _K1), _remainder(digits, _K2)
    if second != 0 or first not in _NEW:
        return {NationalIdFlag.WRONG_CONTROL_DIGITS}
    return set() if first in _OLD else {NationalIdFlag.RULE_OF_2032}


def _remainder(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False)) % 11
