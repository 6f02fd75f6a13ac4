"""From spells to a probability: which curve applies, which fallback when data are few, and its estimate. Pure.

The probability is P(T > limit | T >= t), conditional Kaplan–Meier: of the cases that had waited as long on the same
stage, the share that passed its limit, had none of them left in another way (those that did are censored).

Curves count from a *landmark*, a number of days already spent on the stage, and hold only cases that were still there
then: a case that waits long in one stage is not compared with those that had moved on. The wait before the stage enters
only through the days that are left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from ungdom.analytics.forecast.durations import ClockSpell, ForecastQuery
from ungdom.analytics.survival import (
    CENSORED,
    ConditionalShare,
    Curve,
    Days,
    Spans,
    conditional_share,
    kaplan_meier,
)
from ungdom.lazy import lazy
from ungdom.workflow.vocabulary import Sanction, State

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazy("numpy")

CLOCK_STOPPED, CASE_ENDED = 1, 2
"""How a spell ended: the clock stopped, or the case closed or moved past the step without it."""

LANDMARKS = (0, 7, 14, 30, 60, 90, 120, 180, 270, 365)
"""Days on a stage from which curves count; a case is compared at the last one it has reached."""

WINDOW = timedelta(days=3 * 365)
"""Length of the history: earlier waiting is not counted, so that old practice loses its influence."""

FEWEST = 30
"""Minimum number of cases waiting at the time of the query; below it the next fallback level is tried, then no
forecast."""


class ForecastBasis(StrEnum):
    """Whose history an answer rests on: the rungs of the ladder, tried in this order."""

    OWN_OFFICE = "own_office"
    COUNTRY = "country"
    BOTH_SANCTIONS = "both_sanctions"


class ForecastStanding(StrEnum):
    """What kind of answer it is. `PASSED`: the limit lies behind; `TOO_FEW`: no rung holds enough cases."""

    FORECAST = "forecast"
    PASSED = "passed"
    TOO_FEW = "too_few"
    NOT_COMPUTED = "not_computed"


@dataclass(frozen=True, slots=True)
class CurveKey:
    """The key of a curve. `sanction` None: both; `konfliktrad` None: the whole country."""

    clock: str
    stage: State
    sanction: Sanction | None
    konfliktrad: str | None
    landmark: int


@dataclass(frozen=True, slots=True)
class FallbackLevel:
    """One fallback level: whether it is limited to the office, and to the sanction."""

    basis: ForecastBasis
    office: bool
    sanction: bool


FALLBACK_LEVELS = (
    FallbackLevel(ForecastBasis.OWN_OFFICE, office=True, sanction=True),
    FallbackLevel(ForecastBasis.COUNTRY, office=False, sanction=True),
    FallbackLevel(ForecastBasis.BOTH_SANCTIONS, office=False, sanction=False),
)
"""The fallback: the first level with `FEWEST` cases at risk whose observations reach the limit is used; then none."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The result of a forecast query. `basis` and `estimate` are None without a figure."""

    query: ForecastQuery
    standing: ForecastStanding
    basis: ForecastBasis | None = None
    estimate: ConditionalShare | None = None

    @property
    def probability(self) -> float | None:
        """Probability that the clock passes its limit; None without a forecast."""
        return self.estimate.share if self.estimate else None


Lookup = Callable[[CurveKey], Curve | None]


def predict(query: ForecastQuery, lookup: Lookup) -> Forecast:
    """The forecast from the first level with enough cases."""
    if query.days_left < 0:
        return Forecast(query, ForecastStanding.PASSED)
    for level, key in fallback_keys(query):
        curve = lookup(key)
        waited = query.stage_days - key.landmark
        estimate = conditional_share(curve, waited - 1, waited + query.days_left) if curve else None
        if estimate and estimate.at_risk >= FEWEST:
            return Forecast(query, ForecastStanding.FORECAST, level.basis, estimate)
    return Forecast(query, ForecastStanding.TOO_FEW)


def fallback_keys(query: ForecastQuery) -> Iterator[tuple[FallbackLevel, CurveKey]]:
    """The curves to try, in order; without that of the office where the office must not be disclosed."""
    landmark = max(mark for mark in LANDMARKS if mark <= query.stage_days)
    for level in FALLBACK_LEVELS:
        if query.konfliktrad is not None or not level.office:
            office = query.konfliktrad if level.office else None
            sanction = query.sanction if level.sanction else None
            yield level, CurveKey(query.clock, query.stage, sanction, office, landmark)


# --- the history ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class StageDurations:
    """The spells of one clock on one stage as known on one day.

    `days_on_stage`: days on the stage, so far or in total.
    """

    sanction: NDArray[np.str_]
    konfliktrad: NDArray[np.str_]
    days_on_stage: Days
    spans: Spans

    def curve(self, key: CurveKey) -> Curve | None:
        """The curve of the cases still there on the morning of the landmark; None with fewer than `FEWEST` of them."""
        mask = (self.days_on_stage >= key.landmark) & (self.spans.time >= key.landmark)
        if key.sanction is not None:
            mask &= self.sanction == str(key.sanction)
        if key.konfliktrad is not None:
            mask &= self.konfliktrad == key.konfliktrad
        if np.count_nonzero(mask) < FEWEST:
            return None
        entry = np.maximum(self.spans.entry[mask] - key.landmark, -1)
        return kaplan_meier(Spans(entry, self.spans.time[mask] - key.landmark, self.spans.ending[mask]), CLOCK_STOPPED)


History = dict[tuple[str, State], StageDurations]


def history(waits: Iterable[ClockSpell], day: date) -> History:
    """What was known at the end of that day, by clock and stage: every spell until then, open ones censored."""
    rows: defaultdict[tuple[str, State], list[tuple[str, str, int, int, int, int]]] = defaultdict(list)
    for spell in waits:
        if spell.since <= day and (spell.over is None or spell.over > day - WINDOW):
            rows[spell.clock, spell.stage].append(_duration_row(spell, day))
    known: History = {}
    for key, values in rows.items():
        sanctions, offices, *numbers = zip(*values, strict=True)
        stay, entry, until, ending = (np.array(column, dtype=np.int64) for column in numbers)
        known[key] = StageDurations(np.array(sanctions), np.array(offices), stay, Spans(entry, until, ending))
    return known


def _duration_row(spell: ClockSpell, day: date) -> tuple[str, str, int, int, int, int]:
    """Sanction, office, then days since the spell began: on the stage, at entry, when last observed; and how it ended.

    At risk from the morning after it became known; without an end, until the end of `day`.
    """
    since = spell.since.toordinal()
    until = (spell.over or day).toordinal() - since
    stay = min((spell.left or day).toordinal() - since, until)
    entry = max(spell.known, day - WINDOW).toordinal() - since
    ending = CLOCK_STOPPED if spell.stopped else CASE_ENDED if spell.ended else CENSORED
    return spell.sanction, spell.konfliktrad, stay, entry, until, ending


def curve_lookup(known_durations: History) -> Lookup:
    """A look-up that computes each curve of the history on first use."""
    cache: dict[CurveKey, Curve | None] = {}

    def lookup(key: CurveKey) -> Curve | None:
        if key not in cache:
            durations = known_durations.get((key.clock, key.stage))
            cache[key] = durations.curve(key) if durations else None
        return cache[key]

    return lookup


def all_keys(known_durations: History) -> Iterator[CurveKey]:
    """Every curve that the history can provide."""
    for (clock, stage), durations in known_durations.items():
        offices = [None, *np.unique(durations.konfliktrad).tolist()]
        for landmark in LANDMARKS:
            for office in offices:
                yield from (CurveKey(clock, stage, sanction, office, landmark) for sanction in Sanction)
            yield CurveKey(clock, stage, None, None, landmark)
