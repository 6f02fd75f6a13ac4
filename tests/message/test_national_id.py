"""National identity numbers: synthetic vectors only."""

from datetime import date

import pytest

from ungdom.message.national_id import NationalIdFlag, Series, check_national_id

S, N = NationalIdFlag.SYNTHETIC, NationalIdFlag.RULE_OF_2032

VECTORS = [
    ("17850998027", Series.TENOR, False, {S}),
    ("03911077581", Series.TENOR, False, {S}),
    ("29820865020", Series.TENOR, False, {S}),
    ("12880994008", Series.TENOR, False, {S, N}),
    ("12880994016", Series.TENOR, False, {S, N}),
    ("12880994024", Series.TENOR, False, {S, N}),
    ("64810986989", Series.TENOR, True, {S}),
    ("46860832070", Series.TENOR, True, {S}),
    ("08430991044", Series.DOLLY, False, {S}),
    ("48430991038", Series.DOLLY, True, {S}),
    ("08680991090", Series.NHN, False, {S}),
    ("17850998028", Series.TENOR, False, {S, NationalIdFlag.WRONG_CONTROL_DIGITS}),
    ("30820896013", Series.TENOR, False, {S, NationalIdFlag.NO_SUCH_DATE}),
]


@pytest.mark.parametrize(("number", "series", "d_number", "flags"), VECTORS)
def test_the_published_vectors(number: str, series: Series, d_number: bool, flags: set[NationalIdFlag]) -> None:
    found = check_national_id(number)

    assert (found.series, found.d_number, found.flags) == (series, d_number, flags)
    assert found.is_well_formed is not bool(flags - {S, N})


@pytest.mark.parametrize("number", ["", "1785099802", "178509980277", "1785099802x", "١٧٨٥٠٩٩٨٠٢٧"])
def test_what_is_not_eleven_digits(number: str) -> None:
    assert check_national_id(number).flags == {NationalIdFlag.NOT_ELEVEN_DIGITS}


def test_spaces_hyphens_and_colons_are_no_part_of_it() -> None:
    assert check_national_id("178509 98027").digits == check_national_id("178509-98027").digits == "17850998027"


@pytest.mark.parametrize("month", [0, 13, 20, 33, 40, 53, 60, 78, 80, 93, 99])
def test_a_month_of_no_series_is_no_date(month: int) -> None:
    found = check_national_id(f"17{month:02}0998027")

    assert found.series is Series.UNKNOWN
    assert NationalIdFlag.NO_SUCH_DATE in found.flags
    assert NationalIdFlag.SYNTHETIC not in found.flags


@pytest.mark.parametrize(
    ("month", "series", "synthetic"),
    [(5, Series.ORDINARY, False), (25, Series.SSP_OR_NPID, False), (65, Series.NPID, True), (66, Series.NHN, True)],
)
def test_the_month_tells_the_series(month: int, series: Series, synthetic: bool) -> None:
    found = check_national_id(f"17{month:02}0900000")  # control digits are wrong: no real number stands here

    assert found.series is series
    assert (NationalIdFlag.SYNTHETIC in found.flags) is synthetic


def test_the_day_of_birth_is_compared_by_day_month_and_two_digit_year() -> None:
    assert NationalIdFlag.OTHER_BIRTH_DATE not in check_national_id("17850998027", date(2009, 5, 17)).flags
    assert NationalIdFlag.OTHER_BIRTH_DATE not in check_national_id("17850998027", date(1909, 5, 17)).flags
    assert NationalIdFlag.OTHER_BIRTH_DATE in check_national_id("17850998027", date(2009, 5, 18)).flags
    assert NationalIdFlag.OTHER_BIRTH_DATE not in check_national_id("64810986989", date(2009, 1, 24)).flags
