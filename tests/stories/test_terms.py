"""A term that runs out while a breach case is open: the night records it, whoever forgot the case."""

from datetime import date

from tests.service import Service
from tests.stories.test_endings import Story
from ungdom.jobs.terms import expire_terms

ENDS = date(2026, 6, 3)


def night(service: Service, day: date) -> dict[str, int]:
    service.clock.turn_to(day)
    return expire_terms(service.db, day, service.clock())


def test_the_night_records_that_the_term_is_over_once_and_not_before(served: Service) -> None:
    story = Story(served, "S R2", "referred_for_breach")

    before = night(served, date(2026, 6, 2))
    then = night(served, ENDS)
    again = night(served, date(2026, 6, 4))

    assert (before, then, again) == ({}, {"expired": 1}, {})
    assert story.shown()["state"] == "term_expired"
    *_, last = story.coordinator.get(f"/v1/cases/{story.id}/events").json()["items"]
    assert (last["type"], last["occurred_on"], last["role"]) == ("term_expired", "2026-06-03", "system")


def test_a_night_that_comes_late_dates_it_on_the_day_the_term_ended(one: Service) -> None:
    story = Story(one, "F R2", "referred_for_resumption")

    assert night(one, date(2025, 7, 20)) == {"expired": 1}

    *_, last = story.coordinator.get(f"/v1/cases/{story.id}/events").json()["items"]
    assert last["occurred_on"] == "2025-07-01"


def test_a_case_without_an_open_breach_case_is_left_to_the_coordinator(one: Service) -> None:
    story = Story(one, "F R2", "plan_meeting_held")

    assert night(one, date(2026, 9, 1)) == {}
    assert story.shown()["state"] == "executing"


def test_while_the_court_has_it_the_term_stands_still(one: Service) -> None:
    story = Story(one, "S R2", "referred_for_breach").on("2025-10-20", "petition_sent", **{"for": "serve_prison"})

    assert night(one, date(2026, 9, 1)) == {}
    assert story.shown()["state"] == "breach_in_court"
