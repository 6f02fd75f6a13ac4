"""Each indicator on histories told in lines: what it counts, the days counted by hand."""

from dataclasses import replace
from datetime import date

import pytest

from tests.workflow.roads import case_at, events, lines, read, walked, youth_of
from ungdom.analytics.case_cache import summarise
from ungdom.analytics.case_facts import facts_of
from ungdom.analytics.contributions import CountContribution, DurationContribution
from ungdom.analytics.indicators import INDICATOR_BY_CODE, INDICATORS, FromAlerts
from ungdom.analytics.indicators.figures import FEWEST_SHOWN, Figure, IndicatorAccumulator, redact_country
from ungdom.workflow.case import Case

RUNNING = case_at("F R2", "plan_meeting_held")
COMPLETED = case_at("F R2", "plan_meeting_held", "2025-07-01 completed")
DEAD = case_at("F R2", "plan_meeting_held", "2025-04-10 lapsed {reason: death}")
WITHDRAWN = case_at("F R2", "assigned", "2025-02-25 consent_withdrawn {by: youth}")
LATER_WITHDRAWN = case_at("F R2", "plan_meeting_held", "2025-04-02 consent_withdrawn {by: youth}")
NO_PLAN = case_at("F R2", "assigned", "2025-03-01 plan_failed {reason: no_agreement}")
DROPPED = case_at("F R2", "suspect_set", "2025-02-10 other_outcome {outcome: dropped}")
RESUMED = case_at("F R2", None, "2025-05-01 prosecution_resumed")
NOT_RESUMED = case_at("F R2", None, "2025-05-01 prosecution_not_resumed")
COURT = case_at("S R2")
INTERIM = case_at("S R2 interim")
INTERRUPTED = case_at(
    "F R2",
    "plan_meeting_held",
    "2025-04-01 youth_heard {about: [interruption], how: spoken}",
    "2025-04-01 interrupted {reason: health}",
    "2025-04-11 resumed {reason: cause_gone}",
)
COORDINATED = case_at("F R2", None, "2025-02-12 coordination_meeting_held {suitable: true}")
LATE_MEETING = case_at(
    "S R2", "judgment_given", "2025-02-25 coordination_meeting_held {suitable: true}"
)  # told of late, held before the judgment
TEAM = case_at(
    "F R2",
    "plan_meeting_held",
    "2025-04-01 team_meeting_held {invited: [youth, police, school], present: [youth, school, health]}",
    "2025-05-06 team_meeting_held {invited: [police], present: [police]}",
)
INVESTIGATED = case_at("F R2", "suspect_set", "2025-01-24 pum_ordered", "2025-02-10 pum_returned {carried_out: true}")


def under_the_second_table(road: str, until: str, *more: str) -> Case:
    """The case of a history recorded before every date in a detail was checked."""
    history = events(road, [*lines(road, until), *map(read, more)])
    first = replace(history[0], details=replace(history[0].details, table="2026-11-25"))
    return walked(youth_of(road), [first, *history[1:]])


CONSENTED = under_the_second_table(
    "F R2",
    "coordination_requested",
    "2025-02-11 consent_given {by: youth, explained_by: anna, explained_on: 2025-02-10, form_version: v2, "
    "language: nb}",
    "2025-02-12 consent_given {by: guardian, explained_by: anna, explained_on: 2025-02-13, form_version: v2}",
)
MEASURES = case_at(
    "F R2",
    "plan_meeting_held",
    "2025-03-04 measure_requested {measure: m1}",
    "2025-03-04 measure_requested {measure: m2}",
    "2025-03-06 measure_requested {measure: m3}",
    "2025-03-14 measure_answered {measure: m1, answer: offered}",
    "2025-03-17 measure_answered {measure: m2, answer: refused}",
    "2025-03-24 measure_started {measure: m1}",
    "2025-04-03 plan_changed {load: lower}",
)
OFFENDED = case_at(
    "F R2",
    "plan_meeting_held",
    "2025-04-05 new_offence_recorded {offence_on: 2025-04-01, charged_on: 2025-04-04}",
    "2025-04-08 interrupted {reason: charged_with_new_offence, decided_by: prosecution}",
)


def on(text: str) -> date:
    return date.fromisoformat(text)


def known(code: str) -> str:
    assert code in INDICATOR_BY_CODE, f"INDICATORS in src/ungdom/analytics/indicators/__init__.py has no row {code}"
    return code


def counts(code: str, case: Case) -> list[tuple[str, bool | None, str]]:
    """The counted ones: day, in the numerator, part."""
    marks = INDICATOR_BY_CODE[known(code)].contributions(case, facts_of(case, date.max))
    return [
        (str(mark.period_day), mark.in_numerator, str(mark.part))
        for mark in marks
        if isinstance(mark, CountContribution)
    ]


def days(code: str, case: Case) -> list[tuple[str, int | None, bool]]:
    """The waits: the day that places them, their days, and whether what was waited for came."""
    found = [
        span
        for span in INDICATOR_BY_CODE[known(code)].contributions(case, facts_of(case, date.max))
        if isinstance(span, DurationContribution)
    ]
    return [(str(span.period_day), span.ended_on and (span.ended_on - span.since).days, span.ended) for span in found]


SHARES: list[tuple[str, Case, list[tuple[str, bool | None, str]]]] = [
    ("completed_of_received", RUNNING, [("2025-02-17", False, "")]),
    ("completed_of_received", COMPLETED, [("2025-02-17", True, "")]),
    ("completed_of_received", DEAD, [("2025-02-17", None, "")]),
    ("completed_of_received", DROPPED, []),
    ("completed_of_started", COMPLETED, [("2025-03-03", True, "")]),
    ("completed_of_started", WITHDRAWN, []),
    ("completed_of_started", DEAD, [("2025-03-03", None, "")]),
    ("completed_of_closed", RUNNING, []),
    ("completed_of_closed", COMPLETED, [("2025-07-01", True, "")]),
    ("completed_of_closed", NO_PLAN, [("2025-03-01", False, "")]),
    ("completed_of_closed", DROPPED, []),
    ("coordinated_before_decision", RUNNING, [("2025-02-12", False, "")]),
    ("coordinated_before_decision", COORDINATED, [("2025-02-12", True, "")]),
    ("coordinated_before_decision", LATE_MEETING, [("2025-04-24", True, "")]),
    (
        "team_attendance",
        TEAM,
        [
            ("2025-04-01", False, "police"),
            ("2025-04-01", False, ""),
            ("2025-04-01", True, "school"),
            ("2025-04-01", True, ""),
            ("2025-05-06", True, "police"),
            ("2025-05-06", True, ""),
        ],
    ),
    (
        "consent_recorded",
        CONSENTED,
        [
            ("2025-02-11", True, "who"),
            ("2025-02-11", True, "when"),
            ("2025-02-11", True, "form"),
            ("2025-02-11", True, "language"),
            ("2025-02-11", True, ""),
            ("2025-02-12", True, "who"),
            ("2025-02-12", False, "when"),  # explained the day after
            ("2025-02-12", True, "form"),
            ("2025-02-12", False, "language"),
            ("2025-02-12", False, ""),
        ],
    ),
    ("withdrawn_before_start", WITHDRAWN, [("2025-02-17", True, "")]),
    ("withdrawn_before_start", LATER_WITHDRAWN, [("2025-02-17", False, "")]),
    ("withdrawn_after_start", LATER_WITHDRAWN, [("2025-03-03", True, "")]),
    ("withdrawn_after_start", COMPLETED, [("2025-03-03", False, "")]),
    (
        "measure_answers",
        MEASURES,
        [
            ("2025-03-14", True, "offered"),
            ("2025-03-14", False, "waiting_list"),
            ("2025-03-14", False, "refused"),
            ("2025-03-17", False, "offered"),
            ("2025-03-17", False, "waiting_list"),
            ("2025-03-17", True, "refused"),
        ],
    ),
    (
        "plan_changes",
        MEASURES,
        [("2025-04-03", True, "lower"), ("2025-04-03", False, "equal"), ("2025-04-03", False, "higher")],
    ),
    ("plan_adapted", MEASURES, [("2025-03-03", True, "")]),
    ("plan_adapted", RUNNING, [("2025-03-03", False, "")]),
    ("conditions_set", COURT, [("2025-09-10", True, "")]),
    ("conditions_set", RESUMED, [("2025-03-25", False, "")]),
    ("prosecution_resumed", RESUMED, [("2025-05-01", True, "")]),
    ("prosecution_resumed", NOT_RESUMED, [("2025-05-01", False, "")]),
    ("execution_went_on", INTERRUPTED, [("2025-04-01", True, "")]),
    ("execution_went_on", OFFENDED, []),  # it is not over
    ("new_offence", OFFENDED, [("2025-03-03", True, "")]),
    ("new_offence", RUNNING, [("2025-03-03", False, "")]),
]

WAITS: list[tuple[str, Case, list[tuple[str, int | None, bool]]]] = [
    ("offence_to_receipt", RUNNING, [("2025-01-18", 30, True)]),
    ("offence_to_receipt", DROPPED, [("2025-01-18", 23, False)]),
    ("offence_to_receipt", COURT, [("2025-01-18", 116, True)]),
    ("receipt_to_start", RUNNING, [("2025-02-17", 14, True)]),
    ("receipt_to_start", WITHDRAWN, [("2025-02-17", 8, False)]),
    ("receipt_to_start", INTERIM, []),  # the conditions began before receipt
    ("offence_to_start", RUNNING, [("2025-01-18", 44, True)]),
    ("offence_to_start", INTERIM, [("2025-01-18", 97, True)]),
    ("offence_to_start", NO_PLAN, [("2025-01-18", 42, False)]),
    (
        "measure_answer_days",
        MEASURES,
        [("2025-03-04", 10, True), ("2025-03-04", 13, True), ("2025-03-06", None, False)],
    ),
    ("measure_wait_days", MEASURES, [("2025-03-04", 20, True), ("2025-03-04", 13, False), ("2025-03-06", None, False)]),
    ("person_investigation_days", INVESTIGATED, [("2025-01-24", 17, True)]),
    ("first_measure_days", MEASURES, [("2025-03-03", 21, True)]),
    ("first_measure_days", COMPLETED, [("2025-03-03", 120, False)]),
    ("breach_to_talk", COURT, [("2025-09-01", 2, True), ("2025-10-01", 7, False)]),
    ("talk_ordered_to_held", COURT, [("2025-09-03", 7, True)]),
    ("conditions_to_referral", COURT, [("2025-09-10", 28, True)]),
    ("referral_to_petition", COURT, [("2025-10-08", 12, True)]),
    ("petition_to_judgment", COURT, [("2025-10-20", 14, True)]),
    ("referral_to_resumption", RESUMED, [("2025-04-08", 23, True)]),
    ("new_offence_to_reaction", OFFENDED, [("2025-04-05", 3, True)]),
]


@pytest.mark.parametrize(("code", "case", "expected"), SHARES, ids=lambda x: x if isinstance(x, str) else "")
def test_what_is_counted_in_a_share(code: str, case: Case, expected: list[tuple[str, bool | None, str]]) -> None:
    assert counts(code, case) == expected


@pytest.mark.parametrize(("code", "case", "expected"), WAITS, ids=lambda x: x if isinstance(x, str) else "")
def test_what_is_counted_in_a_wait(code: str, case: Case, expected: list[tuple[str, int | None, bool]]) -> None:
    assert days(code, case) == expected


def test_a_closed_case_counts_in_the_way_it_was_closed_and_death_is_a_way_of_its_own() -> None:
    ways = {part: hit for _, hit, part in counts("closed_as", DEAD)}
    assert [part for part, hit in ways.items() if hit] == ["lapsed"]
    assert sum(hit is True for hit in ways.values()) == 1
    assert {part for _, hit, part in counts("closed_as", NO_PLAN) if hit} == {"no_plan"}


def test_every_indicator_of_cases_has_its_history_here() -> None:
    told = {code for code, *_ in SHARES} | {code for code, *_ in WAITS} | {"closed_as"}
    of_cases = {one.code for one in INDICATORS if one.counting and not isinstance(one.counting, FromAlerts)}
    assert {one.code for one in INDICATORS if one.counting} - of_cases == {"lead_time_alerts_outside"}  # in a story
    assert told == of_cases, "a row per indicator in SHARES or WAITS of tests/statistics/test_indicators.py"


# --- figures ------------------------------------------------------------------------------------------------

MADE = (RUNNING, COMPLETED, DEAD, WITHDRAWN, LATER_WITHDRAWN, NO_PLAN, DROPPED, RESUMED, COURT, INTERIM)


def counted(
    cases: tuple[Case, ...] = MADE, since: str = "2025-01-01", until: str = "2025-12-31", day: str = "2025-12-31"
) -> IndicatorAccumulator:
    period = IndicatorAccumulator(on(since), on(until), on(day))
    for case in cases:
        period.add(summarise(case))
    return period


def of(period: IndicatorAccumulator, code: str, place: str | None = None, part: str = "") -> Figure:
    (found,) = [one for one in period.figures([place]) if (one.indicator.code, one.part) == (code, part)]
    return found


def test_the_three_denominators_of_completion_stand_side_by_side() -> None:
    period = counted()
    # Ten cases: one was dropped before receipt, one died (apart). Received: 8; started: 6; closed and received: 5.
    for code, numerator, denominator in (
        ("completed_of_received", 1, 8),
        ("completed_of_started", 1, 6),
        ("completed_of_closed", 1, 5),
    ):
        found = of(period, code)
        assert (found.numerator, found.denominator, found.apart) == (numerator, denominator, 1), code
        assert found.value == pytest.approx(numerator / denominator)


def test_only_what_falls_into_the_period_counts_and_both_its_days_belong_to_it() -> None:
    for since, until, expected in (
        ("2025-02-17", "2025-02-17", 6),
        ("2025-02-18", "2025-05-13", 0),
        ("2025-05-14", "2025-05-14", 2),
    ):
        assert of(counted(since=since, until=until), "completed_of_received").denominator == expected, since


def test_a_median_counts_those_that_still_wait_and_the_naive_mean_does_not() -> None:
    preparing = case_at("F R2", "assigned")
    found = of(counted((RUNNING, RUNNING, preparing, preparing, preparing), day="2025-03-20"), "receipt_to_start")
    assert found.wait
    # Two of five began after 14 days, three still wait after 31: the curve stays at 3/5, the median is not reached.
    assert (found.numerator, found.denominator, found.value) == (2, 5, None)
    assert (found.wait.waiting, found.wait.left, found.wait.mean_of_ended) == (3, 0, 14.0)
    sooner = of(counted((RUNNING, RUNNING, preparing), day="2025-03-20"), "receipt_to_start")
    assert sooner.value == 14


def test_who_left_in_another_way_is_censored() -> None:
    # After 8 days one of three withdraws: of the two left one begins after 14 days and one still waits then.
    found = of(counted((RUNNING, WITHDRAWN, case_at("F R2", "assigned")), day="2025-03-20"), "receipt_to_start")
    assert found.wait
    assert (found.numerator, found.wait.left, found.wait.waiting) == (1, 1, 1)
    assert found.value == 14  # one of two at risk: the curve is at one half from that day


def test_within_the_norm_counts_those_whose_last_day_has_come() -> None:
    preparing = case_at("F R2", "assigned")  # received on 17 February: the norm of 60 days ends on 18 April
    for day, expected in (("2025-04-17", (0, 0)), ("2025-04-18", (1, 2))):
        found = of(counted((RUNNING, preparing, WITHDRAWN), day=day), "receipt_to_start")
        assert found.wait
        assert found.wait.within
        assert (found.wait.within.numerator, found.wait.within.denominator) == expected
        assert found.wait.within.norm == "60 days"


def test_a_wait_of_no_days_is_a_wait() -> None:
    same_day = case_at(
        "F R2", "plan_meeting_held", "2025-03-17 breach_recorded {kind: plan}", "2025-03-17 breach_talk_ordered"
    )
    assert days("breach_to_talk", same_day) == [("2025-03-17", 0, True)]
    assert of(counted((same_day,)), "breach_to_talk").value == 0


def test_a_case_that_moved_is_counted_once_in_the_country_and_where_it_is() -> None:
    moved = case_at(
        "F R2",
        "received",
        "2025-02-18 transfer_decided {to: vest, parties_heard: true, prosecution_told_on: 2025-02-18}",
        "2025-02-20 transfer_accepted",
    )
    period = counted((moved, RUNNING))
    assert of(period, "completed_of_received").denominator == 2
    assert of(period, "completed_of_received", "vest").denominator == 1
    assert of(period, "completed_of_received", "oslo").denominator == 1


def test_nothing_counted_has_no_value() -> None:
    found = of(counted(()), "completed_of_received")
    assert (found.numerator, found.denominator, found.value) == (0, 0, None)


# --- the figures of others ----------------------------------------------------------------------------------


def elsewhere(case: Case, times: int) -> list[Case]:
    return [replace(case, konfliktrad="vest")] * times


def seen(others: list[Case], code: str) -> list[Figure]:
    period = counted((COMPLETED, NO_PLAN, *others))
    own, country = list(period.figures(["oslo"])), list(period.figures([None]))
    return [one for one in redact_country(own, country) if one.indicator.code == code]


@pytest.mark.parametrize("few", range(1, FEWEST_SHOWN))
def test_the_country_is_hidden_where_one_to_four_of_others_could_be_told_from_it(few: int) -> None:
    (found,) = seen(elsewhere(COMPLETED, few), "completed_of_received")
    assert (found.hidden, found.value, found.counts) == (True, None, (0, 0, 0, 0))


def test_the_country_is_shown_where_there_are_none_or_enough_of_others() -> None:
    assert [one.hidden for one in seen([], "completed_of_received")] == [False]
    (enough,) = seen(elsewhere(COMPLETED, FEWEST_SHOWN), "completed_of_received")
    assert (enough.hidden, enough.numerator, enough.denominator) == (False, 6, 7)


def test_few_outside_the_numerator_hide_as_well() -> None:
    (found,) = seen(elsewhere(COMPLETED, 9) + elsewhere(NO_PLAN, 1), "completed_of_received")
    assert found.hidden


def test_an_indicator_in_parts_is_hidden_whole() -> None:
    found = seen(elsewhere(COMPLETED, 9) + elsewhere(NO_PLAN, 1), "closed_as")
    assert len(found) > 1
    assert all(one.hidden for one in found)


def test_own_figures_are_never_hidden() -> None:
    assert {one.hidden for one in counted((COMPLETED,)).figures(["oslo"])} == {False}


def test_a_definition_says_what_it_is() -> None:
    assert INDICATORS
    for one in INDICATORS:
        assert one.version >= 1
        assert one.numerator
        assert one.denominator
        assert one.source
        assert (one.unit == "days") == (one.code in {code for code, *_ in WAITS})
