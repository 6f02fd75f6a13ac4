"""The synthetic histories: legal walks, recorded as an office records, and like what has been published."""

from collections import Counter
from collections.abc import Callable
from datetime import date, time
from itertools import pairwise

import pytest

from ungdom.demo import case_generator, parameters
from ungdom.demo.case_generator import GeneratedCase
from ungdom.demo.load import generate_cases
from ungdom.demo.summary import Summary, summarise
from ungdom.workflow import engine, legality
from ungdom.workflow.calendar import OSLO, is_working_day, oslo_date
from ungdom.workflow.derived.endings import ended_by_closing
from ungdom.workflow.events import Event, plain_details, read_details
from ungdom.workflow.rules.permissions import acts_for
from ungdom.workflow.vocabulary import CLOSED, Actor, EventType, Regime, State

E = EventType
TODAY = date(2026, 11, 20)
SEED = 1


@pytest.fixture(scope="module")
def some() -> list[GeneratedCase]:
    return list(generate_cases(300, SEED, TODAY))


@pytest.fixture(scope="module")
def load() -> Summary:
    return summarise(generate_cases(4_000, SEED, TODAY))


# --- legal ------------------------------------------------------------------------------------------------------


def test_every_history_folds_and_is_a_legal_walk(some: list[GeneratedCase]) -> None:
    assert len(some) == 300
    for told in some:
        assert legality.first_illegal_step(told.case.youth, told.events) is None
        assert engine.fold(told.case.youth, told.events) == told.case


def test_a_story_told_again_is_the_same(some: list[GeneratedCase]) -> None:
    assert list(generate_cases(300, SEED, TODAY))[::29] == some[::29]


def test_details_have_the_shape_that_is_asked_of_everybody(some: list[GeneratedCase]) -> None:
    assert len(some) == 300
    for told in some:
        for event in told.events:
            assert read_details(event.type, plain_details(event.type, event.details)) == event.details


def test_events_are_numbered_and_recorded_in_order_and_never_after_today(some: list[GeneratedCase]) -> None:
    assert len(some) == 300
    for told in some:
        assert [event.seq for event in told.events] == list(range(1, len(told.events) + 1))
        ended = ended_by_closing(told.case)  # in one step with the event before
        for before, after in pairwise(told.events):
            assert before.recorded_at == after.recorded_at if after in ended else before.recorded_at < after.recorded_at
        assert oslo_date(told.events[-1].recorded_at) <= TODAY


def test_things_are_recorded_on_working_days_in_office_hours_after_they_happened(some: list[GeneratedCase]) -> None:
    assert len(some) == 300
    for told in some:
        for event in told.events:
            local = event.recorded_at.astimezone(OSLO)
            assert is_working_day(local.date())
            assert time(8) <= local.time() < time(17)
            assert event.occurred_on <= local.date()


def test_everybody_records_only_what_their_role_may(some: list[GeneratedCase]) -> None:
    own = [event for told in some for event in told.events if event not in ended_by_closing(told.case)]
    assert {event.actor in acts_for(event.role) for event in own} == {True}


def test_what_a_closing_ends_is_recorded_last_in_the_name_of_the_system_by_whom_recorded_before(
    some: list[GeneratedCase],
) -> None:
    ending = [told for told in some if ended_by_closing(told.case)]
    assert len(ending) > 100
    for told in ending:
        ended = ended_by_closing(told.case)
        assert list(told.events[-len(ended) :]) == ended
        assert {event.actor for event in ended} == {Actor.SYSTEM}
        assert {_by(event) for event in ended} == {_by(told.events[-len(ended) - 1])}


def _by(event: Event) -> tuple[str, str, str]:
    return event.role, event.subject, event.source


def test_every_open_state_has_something_that_comes_next() -> None:
    assert set(case_generator.STAGES) == set(State) - CLOSED


# --- when they begin --------------------------------------------------------------------------------------------


def test_cases_begin_in_order_from_july_2014_until_today() -> None:
    days = [oslo_date(case_generator.registration(number, 500, TODAY)) for number in range(500)]

    assert days == sorted(days)
    assert days[0] >= parameters.FIRST_DAY
    assert days[-1] <= TODAY


@pytest.mark.parametrize("cases", [1, 2, 60, 500])
def test_no_case_begins_after_today_even_on_a_sunday(cases: int) -> None:
    sunday = date(2026, 11, 22)
    assert max(oslo_date(case_generator.registration(n, cases, sunday)) for n in range(cases)) <= sunday


def test_years_keep_their_shares_whatever_the_number() -> None:
    few, many = (Counter(case_generator.registration(n, of, TODAY).year for n in range(of)) for of in (1_000, 4_000))
    assert max(abs(many[year] / 4_000 - few[year] / 1_000) for year in many) < 0.004


# --- like the country -------------------------------------------------------------------------------------------


def test_lead_times_are_as_published(load: Summary, figure: Callable[[str], None]) -> None:
    figure(f"synthetic load: P1 mean {load.p1.mean:.0f} (published 190), P2 mean {load.p2.mean:.0f} (published 68-76)")
    assert 150 <= load.p1.mean <= 240
    assert 50 <= load.p2.mean <= 95


def test_about_two_thirds_complete(load: Summary, figure: Callable[[str], None]) -> None:
    figure(f"synthetic load: {load.completion_share:.1%} of {load.started_and_closed} completed (published 65-68 %)")
    assert 0.58 <= load.completion_share <= 0.75


def test_youth_sanctions_are_about_an_eighth(load: Summary) -> None:
    assert 0.10 <= load.sanctions_received / load.p1.cases <= 0.16


def test_every_state_and_regime_is_reached(load: Summary) -> None:
    assert load.entered == set(State)
    assert load.regimes == set(Regime)


def test_nearly_everything_that_can_happen_happens(load: Summary, figure: Callable[[str], None]) -> None:
    rare = {
        E.APPEALED,
        E.TRANSFER_ACCEPTED,
        E.CORRECTED,
        E.CONVERSION_FINAL,
        E.ELECTRONIC_CONTROL_ORDERED,
        E.REOPENED,
        E.INTERIM_CONDITIONS_STARTED,
        E.LAPSED,
    }
    figure(
        f"synthetic load: {len(load.event_types)} of {len(E)} event types in {load.cases} cases, {load.refused} refused"
    )
    assert rare <= load.event_types
    assert set(E) - load.event_types <= {
        E.NOTE_ADDED,
        E.RULES_MIGRATED,
    }  # no text is invented; a load begins under the newest


def test_offices_differ_as_published() -> None:
    assert min(office.p1 for office in parameters.OFFICES) == 72
    assert max(office.p1 for office in parameters.OFFICES) == 438
    assert sum(office.share for office in parameters.OFFICES) == pytest.approx(1)
