"""Values of the law over time, and the versions in which a row holds."""

from dataclasses import FrozenInstanceError
from datetime import date

import pytest

from ungdom.workflow import law
from ungdom.workflow.calendar import Length


def test_a_value_holds_from_its_day_and_the_first_one_before() -> None:
    value = law.Dated(((date(2020, 1, 1), 1), (date(2021, 1, 1), 2)), "days", "example")
    days = [date(2000, 1, 1), date(2020, 1, 1), date(2020, 12, 31), date(2021, 1, 1)]

    assert [value.on(day) for day in days] == [1, 1, 1, 2]


def test_the_act_was_in_force_from_july_2014_and_its_amendments_from_their_days() -> None:
    assert (
        date(2014, 7, 1),
        date(2024, 9, 1),
        date(2024, 12, 1),
    ) == (law.FIRST, law.SEPTEMBER_2024, law.DECEMBER_2024)


def test_a_follow_up_had_to_last_a_day_before_september_2024_and_120_days_since() -> None:
    assert law.FOLLOW_UP_MIN.on(date(2024, 8, 31)) == Length(days=1)
    assert law.FOLLOW_UP_MIN.on(date(2024, 9, 1)) == Length(days=120)


def test_a_row_holds_from_its_first_version_and_from_until_on_no_more() -> None:
    held = [law.holds(version, "b", "d") for version in "abcde"]

    assert held == [False, True, True, False, False]
    assert law.holds("e", "b", None)


def test_a_settled_choice_is_not_changed_at_run_time() -> None:
    with pytest.raises(FrozenInstanceError):
        law.CHOICES.move_term_end = True  # type: ignore[misc]
