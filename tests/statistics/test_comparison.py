"""Offices compared: the tests against other software, false flags on data without differences, planted ones found."""

import json
from collections.abc import Callable
from dataclasses import asdict
from fractions import Fraction
from math import comb

import numpy as np
import pytest
import scipy.stats
from lifelines.statistics import multivariate_logrank_test

from tests.statistics.test_survival import OTHER, STARTED, spans
from ungdom.analytics.comparison.case_mix import expected_shares
from ungdom.analytics.comparison.distributions import binomial, chi_squared_tail, mid_p
from ungdom.analytics.comparison.funnel import ControlReading, holm, share_limits
from ungdom.analytics.comparison.group_tests import gray, log_rank
from ungdom.analytics.comparison.offices import ComparedCases, compare_shares, compare_waits
from ungdom.analytics.survival import CENSORED, Spans

CLOSE = 1e-9
SIZES = (25, 40, 60, 60, 80, 90, 100, 120, 130, 150, 180, 220, 260)
"""Cases of thirteen offices."""
RUNS = 300
OUTSIDE = (ControlReading.OUTSIDE_INNER, ControlReading.OUTSIDE_OUTER)
Figure = Callable[[str], None]


def test_the_tails_are_those_of_scipy() -> None:
    for degrees in range(1, 16):
        for statistic in (0.0, 0.1, 3.0, 12.5, 60.0):
            assert chi_squared_tail(statistic, degrees) == pytest.approx(
                scipy.stats.chi2.sf(statistic, degrees), abs=1e-12
            )
    assert np.allclose(binomial(260, 0.31), scipy.stats.binom.pmf(np.arange(261), 260, 0.31), rtol=1e-9, atol=0)
    below, here = scipy.stats.binom.cdf(10, 60, 0.31), scipy.stats.binom.pmf(11, 60, 0.31)
    assert mid_p(11, 60, 0.31) == pytest.approx(2 * (below + here / 2))
    assert holm([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.09, 0.09, 0.5])


def test_the_log_rank_test_is_that_of_lifelines() -> None:
    cases = spans("plain")
    group = np.arange(len(cases.time)) % 3
    found = log_rank(cases, group, 3, STARTED)
    theirs = multivariate_logrank_test(cases.time, group, cases.ending == STARTED)
    assert found.statistic == pytest.approx(theirs.test_statistic, abs=CLOSE)
    assert (found.degrees, found.p) == (2, pytest.approx(theirs.p_value, abs=CLOSE))
    one_against_others = multivariate_logrank_test(cases.time, group == 1, cases.ending == STARTED)
    assert found.p_of(1) == pytest.approx(one_against_others.p_value, abs=CLOSE)
    assert found.observed.sum() == pytest.approx(found.expected.sum())


def test_grays_test_is_the_log_rank_test_of_those_who_never_start() -> None:
    """With another ending nobody can start: they stay at risk until the day of the count, and never start."""
    cases = spans("plain")
    group = (np.arange(len(cases.time)) % 4 > 0).astype(np.int64)
    alone = Spans(cases.entry, cases.time, np.where(cases.ending == OTHER, CENSORED, cases.ending))
    followed = cases.time + 400
    assert gray(alone, group, 2, STARTED, followed).statistic == log_rank(alone, group, 2, STARTED).statistic
    longer = np.where(cases.ending == OTHER, followed, cases.time)
    theirs = multivariate_logrank_test(longer, group, cases.ending == STARTED)
    assert gray(cases, group, 2, STARTED, followed).p == pytest.approx(theirs.p_value, abs=CLOSE)


def test_the_two_tests_ask_different_questions() -> None:
    """One office loses many cases early: of those that wait as many start a day, and fewer of all."""
    rng = np.random.default_rng(7)
    office = np.repeat([0, 1], 1_500)
    start, leave = rng.exponential(100, 3_000), rng.exponential(np.where(office == 1, 60, 600), 3_000)
    followed = np.full(3_000, 365)
    time = np.ceil(np.minimum(np.minimum(start, leave), 365)).astype(np.int64)
    ending = np.where(np.minimum(start, leave) > 365, CENSORED, np.where(start < leave, STARTED, OTHER))
    cases = Spans(np.full(3_000, -1), time, ending)
    assert log_rank(cases, office, 2, STARTED).p > 0.05
    assert gray(cases, office, 2, STARTED, followed).p < 1e-6


def test_strata_take_out_what_differs_between_them() -> None:
    """Sanctions differ in speed and offices in their sanctions: no office is quicker with like cases."""
    rng = np.random.default_rng(5)
    office = np.repeat([0, 1], 2_000)
    sanction = (rng.random(4_000) < np.where(office == 1, 0.8, 0.2)).astype(np.int64)
    time = np.ceil(rng.exponential(np.where(sanction == 1, 150, 60))).astype(np.int64)
    cases = Spans(np.full(4_000, -1), time, np.full(4_000, STARTED))
    assert log_rank(cases, office, 2, STARTED).p < 1e-6
    assert log_rank(cases, office, 2, STARTED, sanction).p > 0.05


# --- false flags and planted differences ----------------------------------------------------------------------------


def offices(covariates: tuple[np.ndarray, ...] = ()) -> ComparedCases:
    return ComparedCases(
        tuple(f"office{n:02}" for n in range(len(SIZES))), np.repeat(np.arange(len(SIZES)), SIZES), covariates
    )


def test_shares_false_flags_are_at_most_as_many_as_stated_and_planted_ones_are_found(figure: Figure) -> None:
    rng, cases = np.random.default_rng(1), offices()
    flagged = dict.fromkeys(ControlReading, 0)
    any_adjusted = low_p = found = 0
    for _ in range(RUNS):
        null = compare_shares(cases, rng.random(sum(SIZES)) < 0.7)
        for office in null.offices:
            flagged[office.reading] += 1
            low_p += office.p is not None and office.p < 0.05
        any_adjusted += any((office.p_adjusted or 0) < 0.05 for office in null.offices)
        planted = compare_shares(cases, rng.random(sum(SIZES)) < np.where(cases.office == 9, 0.5, 0.7))
        found += planted.offices[9].reading in OUTSIDE
    compared = RUNS * len(SIZES)
    outside = sum(flagged[reading] for reading in OUTSIDE) / compared
    outer = flagged[ControlReading.OUTSIDE_OUTER] / compared
    figure(
        f"shares of {len(SIZES)} offices, {RUNS} times without a difference: outside 95 % {outside:.1%}, outside "
        f"99.8 % {outer:.2%}, P < 0.05 {low_p / compared:.1%}, any office after Holm {any_adjusted / RUNS:.1%}; "
        f"50 % of 150 cases where 70 % was expected found {found / RUNS:.0%} of the times"
    )
    assert 0.03 < outside <= 0.05 + 3 * (0.05 * 0.95 / compared) ** 0.5
    assert outer <= 0.002 + 3 * (0.002 / compared) ** 0.5
    assert any_adjusted / RUNS <= 0.05 + 3 * (0.05 * 0.95 / RUNS) ** 0.5
    assert found / RUNS > 0.95


def drawn_waits(rng: np.random.Generator, pace: np.ndarray) -> tuple[Spans, np.ndarray]:
    """Waits with other endings and censoring; `pace`: days until a start on average, of each case."""
    count = len(pace)
    start, leave, followed = rng.exponential(pace), rng.exponential(500, count), rng.integers(30, 900, count)
    first = np.minimum(start, leave)
    time = np.ceil(np.minimum(first, followed)).astype(np.int64)
    ending = np.where(first > followed, CENSORED, np.where(start < leave, STARTED, OTHER))
    return Spans(np.full(count, -1), time, ending), followed


def test_waits_false_flags_are_as_many_as_stated_and_planted_ones_are_found(figure: Figure) -> None:
    rng, cases, runs = np.random.default_rng(2), offices(), RUNS // 5
    pace = np.full(sum(SIZES), 90.0)
    slow = np.where(cases.office == 9, 150.0, pace)
    outside = low_p = compared = any_adjusted = overall = grays = found = 0
    for _ in range(runs):
        drawn, followed = drawn_waits(rng, pace)
        null = compare_waits(cases, drawn, followed, STARTED, 180)
        outside += sum(office.reading in OUTSIDE for office in null.offices)
        low_p += sum((office.p or 1) < 0.05 for office in null.offices)
        compared += null.compared
        any_adjusted += any((office.p_adjusted or 1) < 0.05 for office in null.offices)
        overall += null.tests["log_rank"].p < 0.05
        grays += null.tests["gray"].p < 0.05
        drawn, followed = drawn_waits(rng, slow)
        found += compare_waits(cases, drawn, followed, STARTED, 180).offices[9].reading in OUTSIDE
    figure(
        f"waits of {len(SIZES)} offices, {runs} times without a difference: outside 95 % {outside / compared:.1%}, "
        f"log-rank P < 0.05 {low_p / compared:.1%}, any office after Holm {any_adjusted / runs:.1%}, all at once: "
        f"log-rank {overall / runs:.1%}, Gray {grays / runs:.1%}; 150 cases with a mean wait of 150 days where others "
        f"have 90 found {found / runs:.0%} of the times"
    )
    spread = 3 * (0.05 * 0.95 / compared) ** 0.5
    assert abs(outside / compared - 0.05) <= spread + 0.005  # the target is estimated from the same cases
    assert abs(low_p / compared - 0.05) <= spread + 0.005
    for share in (any_adjusted, overall, grays):
        assert share / runs <= 0.05 + 3 * (0.05 * 0.95 / runs) ** 0.5
    assert found / runs > 0.95


def test_case_mix_explains_what_is_no_difference_between_offices(figure: Figure) -> None:
    """Half of the offices have mostly cases that seldom come out well; with like cases no office differs."""
    rng, cases = np.random.default_rng(3), offices()
    hard = (rng.random(sum(SIZES)) < np.where(cases.office % 2, 0.8, 0.2)).astype(np.int64)
    happened = rng.random(sum(SIZES)) < np.where(hard == 1, 0.45, 0.85)
    plain, adjusted = compare_shares(cases, happened), compare_shares(offices((hard,)), happened)
    flags = [sum(office.reading in OUTSIDE for office in one.offices) for one in (plain, adjusted)]
    ratio = [one.overdispersion or 0 for one in (plain, adjusted)]
    figure(f"case mix: {flags[0]} offices outside (variation {ratio[0]:.1f}), {flags[1]} adjusted ({ratio[1]:.1f})")
    assert flags[0] >= 6
    assert flags[1] <= 2
    assert ratio[0] > 3
    assert ratio[1] < 2
    expected = expected_shares(happened, (hard,))
    assert {*np.round(expected, 6)} == {round(float(happened[hard == value].mean()), 6) for value in (0, 1)}


def test_a_share_lies_outside_where_so_few_or_so_many_are_less_probable_than_the_level() -> None:
    """Against exact tail sums; shares as fractions, none of whose tails is a level itself."""
    for cases in (1, 2, 10, 17, 30):
        for target in (Fraction(1, 50), Fraction(3, 10), Fraction(1, 2), Fraction(9, 10), Fraction(97, 100)):
            limits = share_limits(float(target), cases)
            assert 0 <= limits.low_998 <= limits.low_95 < limits.high_95 <= limits.high_998 <= 1
            chances = [comb(cases, k) * target**k * (1 - target) ** (cases - k) for k in range(cases + 1)]
            for successes in range(cases + 1):
                tail = min(sum(chances[: successes + 1]), sum(chances[successes:]))
                outer, inner = tail < Fraction(1, 1000), tail < Fraction(1, 40)
                expected = OUTSIDE[1] if outer else OUTSIDE[0] if inner else ControlReading.WITHIN
                assert limits.reading(successes / cases) is expected, (cases, target, successes)
    assert share_limits(0.9, 10).reading(1.0) is ControlReading.WITHIN


def test_few_cases_and_certain_outcomes_are_not_compared() -> None:
    few = ComparedCases(("a", "b"), np.array([0] * 9 + [1] * 30), ())
    found = compare_shares(few, np.ones(39, bool))
    assert [office.reading for office in found.offices] == [ControlReading.TOO_FEW, ControlReading.WITHIN]
    assert (found.offices[0].value, found.compared) == (None, 1)
    assert share_limits(1.0, 30).reading(1.0) is ControlReading.WITHIN
    nobody = ComparedCases(("a",), np.empty(0, np.int64), ())
    assert compare_shares(nobody, np.empty(0, bool)).country is None
    assert compare_waits(nobody, Spans.of([]), np.empty(0, np.int64), STARTED, 60).compared == 0


def test_the_slowest_office_is_tested_and_one_where_all_have_started_has_limits() -> None:
    """Nobody starts within 60 days in office 0, everybody in 1, one a day; in 2 nobody is followed for so long."""
    cases = ComparedCases(("slow", "quick", "new", "few"), np.repeat([0, 1, 2, 3], (12, 60, 12, 9)), ())
    waits = ([90] * 12, range(1, 61), [30] * 12, [90] * 9)
    started = np.repeat([0, STARTED, 0, 0], (12, 60, 12, 9))
    time = np.concatenate([np.array(days) for days in waits])
    found = compare_waits(cases, Spans(np.full(93, -1), time, started), time, STARTED, 60)
    slow, quick, new, few = found.offices
    readings = [ControlReading.NOT_ESTIMABLE, ControlReading.OUTSIDE_OUTER, ControlReading.NOT_ESTIMABLE]
    assert [office.reading for office in found.offices] == [*readings, ControlReading.TOO_FEW]
    assert (slow.observed, slow.value, slow.limits, new.observed, few.p) == (0, None, None, 0, None)
    assert (slow.expected_count or 0) > 5
    assert (slow.p or 1) < 0.01
    assert slow.expected == pytest.approx(quick.expected)
    assert quick.value is not None
    assert quick.value.error == pytest.approx(np.arange(1, 61).std() / 60**0.5)
    assert (found.compared, found.by_chance["95"]) == (3, pytest.approx(0.05))
    assert found.tests["log_rank"].p < 1e-4
    json.dumps([asdict(found.tests[name]) for name in ("log_rank", "gray")], allow_nan=False)
    json.dumps([asdict(office) for office in found.offices], allow_nan=False)
