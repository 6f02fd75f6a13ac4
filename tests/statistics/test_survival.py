"""T11: the estimators against R's `survival`, and the conventions by hand."""

import csv
from statistics import NormalDist

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import restricted_mean_survival_time

from tests.data import SURVIVAL
from ungdom.analytics.survival import (
    Curve,
    Quantile,
    RiskSetCounts,
    Shares,
    Spans,
    aalen_johansen,
    conditional_share,
    kaplan_meier,
    quantile,
)
from ungdom.analytics.survival_errors import incidence_by, incidence_errors, restricted_mean

STARTED, OTHER = 1, 2
CLOSE = 1e-9

both_sets = pytest.mark.parametrize("name", ["plain", "late_entry"])


def table(name: str, file: str) -> dict[str, np.ndarray]:
    """The columns of a file; what is not a number there is none here."""
    with (SURVIVAL / name / f"{file}.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return {
        column: np.array([float(row[column]) if row[column] != "NA" else np.nan for row in rows]) for column in rows[0]
    }


def spans(name: str) -> Spans:
    cases = table(name, "cases")
    return Spans(*(cases[column].astype(np.int64) for column in ("entry_days", "time_days", "event")))


def furthest(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The greatest difference; no number on one side only counts as endless."""
    assert ours.shape == theirs.shape
    if not np.array_equal(np.isnan(ours), np.isnan(theirs)):
        return float("inf")
    return float(np.nanmax(np.abs(ours - theirs)))


def standard_error(curve: Curve) -> Shares:
    """Greenwood's, of the survival; NaN once nobody is left."""
    with np.errstate(invalid="ignore"):
        return curve.survival * np.sqrt(curve.hazard_variance)


@both_sets
def test_kaplan_meier_is_that_of_r(name: str, figure) -> None:  # type: ignore[no-untyped-def]
    theirs, ours = table(name, "kaplan_meier"), kaplan_meier(spans(name), STARTED)
    low, high = ours.limits()
    pairs = {
        "time_days": ours.days, "at_risk": ours.at_risk, "events": ours.ended, "survival": ours.survival,
        "std_err": standard_error(ours), "lower95": low, "upper95": high,
    }  # fmt: skip
    worst = max(furthest(np.asarray(column, dtype=float), theirs[key]) for key, column in pairs.items())
    figure(f"T11 Kaplan–Meier {name}: {len(ours.days)} days, greatest difference from R {worst:.0e}")
    assert worst <= CLOSE


@both_sets
def test_quantiles_are_those_of_r(name: str) -> None:
    theirs, curve = table(name, "kaplan_meier_quantiles"), kaplan_meier(spans(name), STARTED)
    rows = [*zip(*(theirs[key] for key in ("quantile", "days", "lower95", "upper95")), strict=True)]
    assert rows
    for share, *expected in rows:
        found = quantile(curve, share)
        assert [found.days, found.low, found.high] == expected


@both_sets
def test_aalen_johansen_is_that_of_r(name: str, figure) -> None:  # type: ignore[no-untyped-def]
    theirs, ours = table(name, "aalen_johansen"), aalen_johansen(spans(name))
    pairs = {
        "time_days": ours.days, "at_risk": ours.at_risk,
        "cif_started": ours.ended[STARTED], "cif_other": ours.ended[OTHER],
    }  # fmt: skip
    cases = spans(name)
    errors = {
        f"se_{way}": incidence_errors(cases, ours, code) for way, code in (("started", STARTED), ("other", OTHER))
    }
    worst = max(furthest(np.asarray(column, dtype=float), theirs[key]) for key, column in (pairs | errors).items())
    figure(f"T11 Aalen–Johansen {name}: {len(ours.days)} days, greatest difference from R {worst:.0e}")
    assert worst <= CLOSE


@both_sets
def test_limits_of_aalen_johansen_are_those_of_its_error(name: str) -> None:
    """On the scale of log(-log), as R computes them from estimate and error with `conf.type = "log-log"`."""
    theirs, cases = table(name, "aalen_johansen"), spans(name)
    place = int(np.searchsorted(theirs["time_days"], 180, side="right")) - 1
    share, error = theirs["cif_started"][place], theirs["se_started"][place]
    width = NormalDist().inv_cdf(0.975) * error / (share * abs(np.log(share)))
    found = incidence_by(cases, aalen_johansen(cases), STARTED, 180)
    expected = (share, error, share ** np.exp(width), share ** np.exp(-width))
    assert np.allclose((found.value, found.error, found.low, found.high), expected, rtol=0, atol=CLOSE)


@both_sets
@pytest.mark.filterwarnings("ignore::scipy.integrate.IntegrationWarning")
def test_the_restricted_mean_is_that_of_lifelines(name: str) -> None:
    cases = spans(name)
    found = restricted_mean(kaplan_meier(cases, STARTED), 365)
    assert found is not None
    theirs = KaplanMeierFitter().fit(cases.time, cases.ending == STARTED, entry=cases.entry)
    assert found.value == pytest.approx(restricted_mean_survival_time(theirs, t=365), abs=1e-6)
    assert found.low < found.value < found.high
    assert restricted_mean(kaplan_meier(Spans.of([(0, 5, 1), (0, 9, 0)])), 10) is None


def test_the_error_of_the_restricted_mean_by_hand() -> None:
    """Of four, one ends on day 2 and one on day 6: the areas to the right until day 10 are 5 and 2, of 7 in all."""
    found = restricted_mean(kaplan_meier(Spans.of([(-1, 2, 1), (-1, 6, 1), (-1, 10, 0), (-1, 10, 0)])), 10)
    assert found is not None
    assert found.value == pytest.approx(2 + 4 * 3 / 4 + 4 / 2)
    assert found.error == pytest.approx((5**2 / (4 * 3) + 2**2 / (3 * 2)) ** 0.5)


@pytest.mark.parametrize("cases", [3, 10, 30, 60])
def test_the_error_of_the_restricted_mean_is_finite_where_all_have_ended(cases: int) -> None:
    """One ends a day, all before the last: without censoring the error is that of the mean of the days."""
    days = np.arange(1, cases + 1)
    for until in (cases, cases + 7, 365):
        found = restricted_mean(kaplan_meier(Spans(days * 0 - 1, days, days * 0 + STARTED)), until)
        assert found is not None
        assert found.value == pytest.approx(days.mean())
        assert found.error == pytest.approx(days.std() / cases**0.5)


def test_both_sets_counted_as_groups_at_once_are_those_of_r() -> None:
    """The late entries as group 2, the others as group 5, rows of both in one another."""
    both = {2: spans("late_entry"), 5: spans("plain")}
    mixed = np.random.default_rng(3).permutation(sum(len(one.time) for one in both.values()))
    columns = [np.concatenate([getattr(one, name) for one in both.values()])[mixed] for name in Spans.__slots__]
    group = np.concatenate([np.full(len(one.time), code) for code, one in both.items()])[mixed]
    found = dict(RiskSetCounts.of(Spans(*columns), group).groups())
    assert list(found) == [2, 5]
    for code, name in ((2, "late_entry"), (5, "plain")):
        curve, cif = kaplan_meier(found[code], STARTED), aalen_johansen(found[code])
        assert furthest(curve.survival, table(name, "kaplan_meier")["survival"]) <= CLOSE
        assert furthest(standard_error(curve), table(name, "kaplan_meier")["std_err"]) <= CLOSE
        for way, column in ((STARTED, "cif_started"), (OTHER, "cif_other")):
            assert furthest(cif.ended[way], table(name, "aalen_johansen")[column]) <= CLOSE
        for share, days in zip(*(table(name, "kaplan_meier_quantiles")[k] for k in ("quantile", "days")), strict=True):
            assert quantile(curve, share).days == days


def test_counts_by_hand() -> None:
    """Of the first group one ends on day 5 and one is seen last then; the second has late entry; one is never seen."""
    told = Spans.of([(0, 5, 1), (0, 5, 0), (3, 7, 2), (-1, 0, 1), (7, 7, 1)])
    found = RiskSetCounts.of(told, np.array([0, 0, 1, 1, 1]))
    assert (found.group.tolist(), found.day.tolist()) == ([0, 0, 1, 1, 1, 1], [0, 5, -1, 0, 3, 7])
    assert (found.entered.tolist(), found.censored.tolist()) == ([2, 0, 1, 0, 1, 0], [0, 1, 0, 0, 0, 0])
    assert {code: ended.tolist() for code, ended in found.ended.items()} == {1: [0, 1, 0, 1, 0, 0], 2: [0] * 5 + [1]}
    assert found.at_risk.tolist() == [0, 2, 0, 1, 0, 1]


def test_the_ways_of_ending_and_waiting_make_one_whole() -> None:
    known = spans("late_entry")
    found = aalen_johansen(known)
    assert np.allclose(found.ended[STARTED] + found.ended[OTHER] + kaplan_meier(known).survival, 1, atol=CLOSE)


def test_an_exit_comes_before_a_censoring_of_the_same_day() -> None:
    curve = kaplan_meier(Spans.of([(0, 5, 1), (0, 5, 0)]))
    assert (curve.at_risk.tolist(), curve.survival.tolist()) == ([2], [0.5])


def test_who_enters_late_counts_from_the_day_after() -> None:
    curve = kaplan_meier(Spans.of([(0, 5, 1), (5, 9, 1), (4, 9, 0)]))
    assert (curve.days.tolist(), curve.at_risk.tolist()) == ([5, 9], [2, 2])


def test_who_ended_before_coming_into_view_was_never_at_risk() -> None:
    assert kaplan_meier(Spans.of([(5, 5, 1), (7, 3, 1)])).days.tolist() == []


def test_a_curve_that_lies_on_the_level_gives_the_middle_of_the_stretch() -> None:
    curve = kaplan_meier(Spans.of([(0, 2, 1), (0, 4, 1), (0, 8, 1), (0, 9, 1)]))
    assert quantile(curve, 0.5).days == 6


def test_a_curve_that_does_not_come_down_so_far_has_no_quantile() -> None:
    assert quantile(kaplan_meier(Spans.of([(0, 2, 1), (0, 4, 0), (0, 8, 0)])), 0.5) == Quantile(None, 2.0, None)


def test_a_conditional_share_by_hand() -> None:
    """Of four two end on day 10; of the two left one ends on day 20, one goes on until day 30."""
    curve = kaplan_meier(Spans.of([(0, 10, 1), (0, 10, 1), (0, 20, 1), (0, 30, 0)]))
    first, later = conditional_share(curve, 0, 15), conditional_share(curve, 15, 30)
    assert first is not None
    assert later is not None
    assert (first.share, first.at_risk, later.share, later.at_risk) == (0.5, 4, 0.5, 2)
    assert conditional_share(curve, 0, 31) is None


def test_nothing_more_can_end_once_all_have() -> None:
    done = conditional_share(kaplan_meier(Spans.of([(0, 10, 1)] * 3)), 0, 400)
    assert done is not None
    assert (done.share, done.at_risk) == (0, 3)


def test_a_conditional_share_is_the_quotient_of_two_values_of_the_curve() -> None:
    curve = kaplan_meier(spans("plain"), STARTED)
    line = dict(zip(curve.days.tolist(), curve.survival.tolist(), strict=True))
    first, last = curve.days.tolist()[20], curve.days.tolist()[90]
    found = conditional_share(curve, first, last)
    assert found is not None
    assert found.share == pytest.approx(line[last] / line[first], abs=CLOSE)
    assert found.low < found.share < found.high


@pytest.mark.parametrize("seed", range(5))
def test_t12_the_median_is_found_although_three_in_ten_have_not_ended(seed: int, figure) -> None:  # type: ignore[no-untyped-def]
    chance = np.random.default_rng(seed)
    shape, scale = 1.5, 220.0
    waits = np.ceil(scale * chance.weibull(shape, 20_000)).astype(np.int64)
    watched = np.ceil(chance.uniform(30, 600, waits.size)).astype(np.int64)
    ended = waits <= watched
    found = quantile(
        kaplan_meier(Spans(np.zeros_like(waits), np.minimum(waits, watched), np.where(ended, STARTED, 0))), 0.5
    )

    true, mean = scale * np.log(2) ** (1 / shape), float(waits.mean())
    naive = float(waits[ended].mean())
    assert found.days is not None
    assert 0.27 < 1 - ended.mean() < 0.33
    assert abs(found.days - true) / true < 0.02
    assert naive < 0.9 * mean
    figure(
        f"T12 seed {seed}: {1 - ended.mean():.0%} censored, median {found.days:.0f} days, in truth {true:.1f}; "
        f"the mean of those that have ended is {naive:.0f}, of all of them {mean:.0f}: {naive / mean - 1:+.0%}"
    )
