"""T9: how time is counted, against dates worked out by hand and checked by a second, independent computation."""

import calendar
import csv
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import holidays
import pytest

from ungdom.workflow.calendar import (
    OSLO,
    Length,
    after,
    birthday,
    days_between,
    is_working_day,
    next_working_day,
    oslo_date,
)


class Row(NamedTuple):
    """One term: where it starts, how long it is, its plain end, and that end moved off days that are not worked."""

    group: str
    start: date
    length: Length
    plain_end: date
    moved_end: date
    note: str


def rows() -> list[Row]:
    with (Path(__file__).parent / "deadline_dates.csv").open(encoding="utf-8") as file:
        return [_row(raw) for raw in csv.DictReader(file)]


def _row(raw: dict[str, str]) -> Row:
    start, plain, moved = (date.fromisoformat(raw[name]) for name in ("start", "plain_end", "moved_end"))
    return Row(raw["group"], start, Length(**{raw["unit"]: int(raw["count"])}), plain, moved, raw["note"])


ROWS = rows()
GROUPS = sorted({row.group for row in ROWS})


def test_the_holidays_are_those_of_the_library_for_norway() -> None:
    known = holidays.country_holidays("NO", years=range(2010, 2045))
    days = [date(2010, 1, 1) + timedelta(days=number) for number in range(35 * 365 + 9)]
    assert (days[-1], len(known) > 400) == (date(2044, 12, 31), True)
    assert [day for day in days if is_working_day(day)] == [
        day for day in days if day.weekday() < calendar.SATURDAY and day not in known
    ]


@pytest.mark.parametrize("group", GROUPS)
def test_every_hand_checked_date_is_right(group: str) -> None:
    of_group = [row for row in ROWS if row.group == group]

    found = [(row, after(row.start, row.length), next_working_day(row.plain_end)) for row in of_group]

    assert found == [(row, row.plain_end, row.moved_end) for row in of_group]


def test_the_list_holds_every_kind_of_trap_and_more_than_200_dates(figure: Callable[[str], None]) -> None:
    wrong = [row for row in ROWS if next_working_day(after(row.start, row.length)) != row.moved_end]

    assert len(ROWS) >= 200
    assert not wrong
    assert set(GROUPS) >= {"easter", "may", "ascension", "whit_monday", "leap_day", "clock_change", "christmas"}
    figure(f"T9: {len(ROWS)} dates in {len(GROUPS)} groups, {len(wrong)} wrong")


# --- clock changes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [date(2025, 3, 30), date(2025, 10, 26), date(2024, 3, 31), date(2024, 10, 27)])
def test_120_days_are_120_dates_whatever_the_clocks_do(change: date) -> None:
    starts = [change - timedelta(days=n) for n in range(121)]

    ends = [after(start, Length(days=120)) for start in starts]

    assert [days_between(start, end) for start, end in zip(starts, ends, strict=True)] == [120] * 121
    assert [end - start for start, end in zip(starts, ends, strict=True)] == [timedelta(days=120)] * 121


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2025-06-30T21:59:59Z", date(2025, 6, 30)),  # one second to midnight, summer time
        ("2025-06-30T22:00:00Z", date(2025, 7, 1)),
        ("2025-06-30T22:30:00Z", date(2025, 7, 1)),
        ("2025-06-30T23:30:00Z", date(2025, 7, 1)),
        ("2025-12-31T22:30:00Z", date(2025, 12, 31)),  # winter time: still the old year
        ("2025-12-31T22:59:59Z", date(2025, 12, 31)),
        ("2025-12-31T23:00:00Z", date(2026, 1, 1)),
        ("2025-12-31T23:30:00Z", date(2026, 1, 1)),
        ("2025-03-29T22:59:59Z", date(2025, 3, 29)),  # the night the clocks go forward
        ("2025-03-29T23:00:00Z", date(2025, 3, 30)),
        ("2025-03-30T21:59:59Z", date(2025, 3, 30)),
        ("2025-03-30T22:00:00Z", date(2025, 3, 31)),
        ("2025-10-25T21:59:59Z", date(2025, 10, 25)),  # the night they go back: the day has 25 hours
        ("2025-10-25T22:00:00Z", date(2025, 10, 26)),
        ("2025-10-26T00:30:00Z", date(2025, 10, 26)),  # 02:30 for the first time
        ("2025-10-26T01:30:00Z", date(2025, 10, 26)),  # 02:30 for the second time
        ("2025-10-26T22:59:59Z", date(2025, 10, 26)),
        ("2025-10-26T23:00:00Z", date(2025, 10, 27)),
    ],
)
def test_the_date_is_the_one_on_the_wall_in_oslo(instant: str, day: date) -> None:
    assert oslo_date(datetime.fromisoformat(instant)) == day


def test_the_night_the_clocks_go_back_has_twenty_five_hours_of_one_date() -> None:
    midnight = datetime(2025, 10, 26, tzinfo=OSLO).astimezone(UTC)

    hours = [oslo_date(midnight + timedelta(hours=n)) for n in range(26)]

    assert hours == [date(2025, 10, 26)] * 25 + [date(2025, 10, 27)]


# --- lengths, birthdays, working days ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("born", "age", "day"),
    [
        (date(2008, 2, 29), 15, date(2023, 2, 28)),
        (date(2008, 2, 29), 16, date(2024, 2, 29)),
        (date(2008, 2, 29), 18, date(2026, 2, 28)),
        (date(2008, 3, 1), 18, date(2026, 3, 1)),
        (date(2008, 2, 28), 18, date(2026, 2, 28)),
    ],
)
def test_a_birthday_on_a_leap_day_falls_on_the_last_of_february(born: date, age: int, day: date) -> None:
    assert birthday(born, age) == day


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (Length(), "0 days"),
        (Length(days=1), "1 day"),
        (Length(days=120), "120 days"),
        (Length(years=1, months=6), "1 year 6 months"),
        (Length(weeks=3, days=2), "3 weeks 2 days"),
    ],
)
def test_a_length_reads_as_the_law_writes_it(length: Length, text: str) -> None:
    assert str(length) == text


def test_months_come_before_weeks_and_days() -> None:
    assert after(date(2026, 1, 31), Length(months=1, days=1)) == date(2026, 3, 1)
    assert after(date(2023, 12, 31), Length(years=1, months=2, weeks=1)) == date(2025, 3, 7)


@pytest.mark.parametrize("day", [date(2026, 5, 1), date(2027, 5, 17), date(2026, 4, 2), date(2026, 12, 25)])
def test_public_holidays_are_no_working_days(day: date) -> None:
    assert not is_working_day(day)
    assert is_working_day(next_working_day(day))


def test_christmas_eve_and_new_years_eve_are_working_days() -> None:
    assert next_working_day(date(2025, 12, 24)) == date(2025, 12, 24)
    assert next_working_day(date(2025, 12, 31)) == date(2025, 12, 31)
