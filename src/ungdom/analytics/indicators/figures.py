"""From contributions to figures: per konfliktråd and for the country, in a period, as known on a day. Pure.

Waits that have not ended are censored on that day, and those that ended in another way on the day they did: the median
is the Kaplan–Meier estimate, with cases first known by their receipt at risk from there. The mean of those that ended
is reported beside it under its own name, because it has been published as the lead time: it excludes whoever still
waits.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from ungdom.analytics.case_summaries import CaseSummary
from ungdom.analytics.contributions import CountContribution, DurationContribution
from ungdom.analytics.durations import entry
from ungdom.analytics.indicators import INDICATORS, Indicator
from ungdom.analytics.survival import CENSORED, Spans, kaplan_meier, quantile
from ungdom.store.notices import AlertReach
from ungdom.workflow.calendar import after, days_between

ENDED, LEFT = 1, 2

WHOLE = ""
"""The part that is the whole of an indicator."""

ALERTS_OUTSIDE = "lead_time_alerts_outside"
"""The indicator that is counted from stored alerts."""

FEWEST_SHOWN = 5
"""Nonzero counts of others below this number are not shown to an office."""


@dataclass(frozen=True, slots=True)
class WithinNorm:
    """Number that ended within the norm, of those whose last day within it has come and that had not left before it."""

    norm: str
    numerator: int
    denominator: int


@dataclass(frozen=True, slots=True)
class MedianDetail:
    """Details of a wait beside its median. `low`, `high`: the 95 % limits of the median.

    `waiting`: not ended yet; `left`: ended in another way; both are censored. `mean_of_ended`: the naive mean, of those
    that ended only.
    """

    low: float | None
    high: float | None
    waiting: int
    left: int
    mean_of_ended: float | None
    within: WithinNorm | None


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `konfliktrad` None: the country. `value` None: nothing to count, or the median is not reached.

    `apart`: in neither count. `hidden`: suppressed, because small counts of other offices could be derived
    from it; all counts are then 0.
    """

    indicator: Indicator
    konfliktrad: str | None
    part: str
    numerator: int
    denominator: int
    value: float | None
    apart: int = 0
    wait: MedianDetail | None = None
    hidden: bool = False

    @property
    def counts(self) -> tuple[int, ...]:
        """Every number of cases that the figure discloses."""
        numbers = [self.numerator, self.denominator, self.denominator - self.numerator, self.apart]
        if self.wait:
            numbers += [self.wait.waiting, self.wait.left]
            if within := self.wait.within:
                numbers += [within.numerator, within.denominator, within.denominator - within.numerator]
        return tuple(numbers)


@dataclass(slots=True)
class _ShareCount:
    numerator: int = 0
    denominator: int = 0
    apart: int = 0

    def add(self, contribution: CountContribution) -> None:
        self.numerator += contribution.in_numerator is True
        self.denominator += contribution.in_numerator is not None
        self.apart += contribution.in_numerator is None


@dataclass(slots=True)
class _DurationCount:
    days: list[tuple[int, int, int]] = field(default_factory=list)
    within: int = 0
    due: int = 0

    def add(self, indicator: Indicator, duration: DurationContribution, day: date) -> None:
        ended_on = duration.ended_on if duration.ended_on is not None and duration.ended_on <= day else None
        ending = CENSORED if ended_on is None else ENDED if duration.ended else LEFT
        entry_day = entry(duration.since, duration.observed_from or duration.since)
        self.days.append((entry_day, days_between(duration.since, ended_on or max(day, duration.since)), ending))
        if indicator.norm:
            limit = after(duration.since, indicator.norm.on(duration.since))
            left = ending == LEFT and ended_on is not None and ended_on <= limit
            self.due += limit <= day and not left
            self.within += limit <= day and ending == ENDED and ended_on is not None and ended_on <= limit


@dataclass(slots=True)
class IndicatorAccumulator:
    """A period, both ends included, and the counts in it so far. `day`: open waits are censored at its end."""

    since: date
    until: date
    day: date
    shares: dict[str | None, dict[tuple[str, str], _ShareCount]] = field(default_factory=dict)
    waits: dict[str | None, dict[str, _DurationCount]] = field(default_factory=dict)
    cases: int = 0

    def add(self, summary: CaseSummary) -> None:
        """Count the contributions of one more case in the period: for its konfliktråd, and once for the country."""
        self.cases += 1
        for indicator in INDICATORS:
            for contribution in summary.counts.get(indicator.code, ()):
                if self.since <= contribution.period_day <= self.until:
                    for place in (summary.konfliktrad, None):
                        shares = self.shares.setdefault(place, defaultdict(_ShareCount))
                        shares[indicator.code, contribution.part].add(contribution)
            for duration in summary.durations.get(indicator.code, ()):
                if self.since <= duration.period_day <= self.until:
                    for place in (summary.konfliktrad, None):
                        waits = self.waits.setdefault(place, defaultdict(_DurationCount))
                        waits[indicator.code].add(indicator, duration, self.day)

    def add_alert(self, reach: AlertReach) -> None:
        """Count an alert raised in the period: for its konfliktråd, and once for the country."""
        contribution = CountContribution(reach.raised_for, reach.outside)
        for place in (reach.konfliktrad, None):
            shares = self.shares.setdefault(place, defaultdict(_ShareCount))
            shares[ALERTS_OUTSIDE, WHOLE].add(contribution)

    def figures(self, places: Iterable[str | None]) -> Iterator[Figure]:
        """Every indicator counted from cases and alerts, for these konfliktråd; also where nothing was counted."""
        for place in places:
            shares, waits = self.shares.get(place, {}), self.waits.get(place, {})
            for indicator in INDICATORS:
                if indicator.counting and indicator.unit == "days":
                    yield _median_figure(indicator, place, waits.get(indicator.code) or _DurationCount())
                elif indicator.counting:
                    for part in sorted(part for code, part in shares if code == indicator.code) or [WHOLE]:
                        counted = shares.get((indicator.code, part)) or _ShareCount()
                        numerator, denominator = counted.numerator, counted.denominator
                        value = numerator / denominator if denominator else None
                        yield Figure(indicator, place, part, numerator, denominator, value, counted.apart)


def _median_figure(indicator: Indicator, place: str | None, counted: _DurationCount) -> Figure:
    ended = [days for _, days, ending in counted.days if ending == ENDED]
    median = quantile(kaplan_meier(Spans.of(counted.days), ENDED), 0.5)
    norm = indicator.norm.values[-1][1] if indicator.norm else None
    wait = MedianDetail(
        low=median.low,
        high=median.high,
        waiting=sum(ending == CENSORED for *_, ending in counted.days),
        left=sum(ending == LEFT for *_, ending in counted.days),
        mean_of_ended=sum(ended) / len(ended) if ended else None,
        within=WithinNorm(str(norm), counted.within, counted.due) if norm else None,
    )
    return Figure(indicator, place, WHOLE, len(ended), len(counted.days), median.days, wait=wait)


def redact_country(own: Iterable[Figure], country: Iterable[Figure]) -> list[Figure]:
    """The figures of the country as an office may see them, beside its own exact ones.

    The figures of the country minus the office's own are those of the others: where any of these counts is 1 to 4, the
    indicator is suppressed with all its parts, so that none can be derived by subtraction.
    """
    own_by_key = {(figure.indicator.code, figure.part): figure for figure in own}
    figures = list(country)
    few = {
        figure.indicator.code
        for figure in figures
        if _few_others(figure, own_by_key.get((figure.indicator.code, figure.part)))
    }
    return [without_numbers(figure) if figure.indicator.code in few else figure for figure in figures]


def without_numbers(figure: Figure) -> Figure:
    """The figure without its numbers."""
    return replace(figure, numerator=0, denominator=0, value=None, apart=0, wait=None, hidden=True)


def _few_others(country: Figure, own: Figure | None) -> bool:
    own_counts = own.counts if own else (0,) * len(country.counts)
    own_counts += (0,) * (len(country.counts) - len(own_counts))
    return any(0 < whole - part < FEWEST_SHOWN for whole, part in zip(country.counts, own_counts, strict=True))
