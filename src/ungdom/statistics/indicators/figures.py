"""From marks to figures: what is counted of each konfliktråd and of the country, in a period, as known on a day. Pure.

Waits that have not ended are censored on that day, and those that ended in another way on the day they did: the median
is Kaplan–Meier's, cases first known by their receipt at risk from there. The mean of those that ended stands beside it
under its own name, for it has been published as the lead time: it leaves out whoever still waits.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from ungdom.statistics.digests import Digest
from ungdom.statistics.indicators import INDICATORS, Indicator
from ungdom.statistics.indicators.marks import Count, Span
from ungdom.statistics.passages import entry
from ungdom.statistics.survival import CENSORED, Spans, kaplan_meier, quantile
from ungdom.workflow.daycount import after, days_between

ENDED, LEFT = 1, 2

WHOLE = ""
"""The part of an indicator that is all of it."""

FEWEST_SHOWN = 5
"""Counts of others below it, other than none, are not shown to an office."""


@dataclass(frozen=True, slots=True)
class Within:
    """How many ended within the norm, of those for which its last day has come and that had not left before it."""

    norm: str
    numerator: int
    denominator: int


@dataclass(frozen=True, slots=True)
class Wait:
    """What a wait comes to beside its median. `low`, `high`: the 95 % limits of the median.

    `waiting`: not ended yet; `left`: ended in another way; both are censored. `mean_of_ended`: the naive mean, of those
    that ended only.
    """

    low: float | None
    high: float | None
    waiting: int
    left: int
    mean_of_ended: float | None
    within: Within | None


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `konfliktrad` None: the country. `value` None: nothing to count, or the median is not reached.

    `apart`: in neither count. `hidden`: not shown, because few of other offices could be told from it; all counts are
    then 0.
    """

    indicator: Indicator
    konfliktrad: str | None
    part: str
    numerator: int
    denominator: int
    value: float | None
    apart: int = 0
    wait: Wait | None = None
    hidden: bool = False

    @property
    def counts(self) -> tuple[int, ...]:
        """Every number of cases that can be read from it."""
        told = [self.numerator, self.denominator, self.denominator - self.numerator, self.apart]
        if self.wait:
            told += [self.wait.waiting, self.wait.left]
            if within := self.wait.within:
                told += [within.numerator, within.denominator, within.denominator - within.numerator]
        return tuple(told)


@dataclass(slots=True)
class _Shares:
    hit: int = 0
    all: int = 0
    apart: int = 0

    def add(self, mark: Count) -> None:
        self.hit += mark.hit is True
        self.all += mark.hit is not None
        self.apart += mark.hit is None


@dataclass(slots=True)
class _Waits:
    days: list[tuple[int, int, int]] = field(default_factory=list)
    within: int = 0
    due: int = 0

    def add(self, one: Indicator, span: Span, day: date) -> None:
        over = span.over if span.over is not None and span.over <= day else None
        ending = CENSORED if over is None else ENDED if span.ended else LEFT
        seen = entry(span.since, span.seen or span.since)
        self.days.append((seen, days_between(span.since, over or max(day, span.since)), ending))
        if one.norm:
            limit = after(span.since, one.norm.on(span.since))
            left = ending == LEFT and over is not None and over <= limit
            self.due += limit <= day and not left
            self.within += limit <= day and ending == ENDED and over is not None and over <= limit


@dataclass(slots=True)
class Period:
    """A period, both days in it, and what was counted in it so far. `day`: open waits are censored at its end."""

    since: date
    until: date
    day: date
    shares: dict[str | None, dict[tuple[str, str], _Shares]] = field(default_factory=dict)
    waits: dict[str | None, dict[str, _Waits]] = field(default_factory=dict)
    cases: int = 0

    def add(self, one: Digest) -> None:
        """Count what falls into the period of one more case: for its konfliktråd, and once for the country."""
        self.cases += 1
        for indicator in INDICATORS:
            for mark in one.counts.get(indicator.code, ()):
                if self.since <= mark.on <= self.until:
                    self._share(one.konfliktrad, indicator, mark)
            for span in one.spans.get(indicator.code, ()):
                if self.since <= span.on <= self.until:
                    self._wait(one.konfliktrad, indicator, span)

    def _share(self, konfliktrad: str, one: Indicator, mark: Count) -> None:
        for place in (konfliktrad, None):
            found = self.shares.setdefault(place, defaultdict(_Shares))
            found[one.code, mark.part].add(mark)

    def _wait(self, konfliktrad: str, one: Indicator, span: Span) -> None:
        for place in (konfliktrad, None):
            self.waits.setdefault(place, defaultdict(_Waits))[one.code].add(one, span, self.day)

    def figures(self, places: Iterable[str | None]) -> Iterator[Figure]:
        """Every indicator counted from cases, for these konfliktråd; also where nothing was counted."""
        for place in places:
            for one in INDICATORS:
                if one.counts:
                    yield from self._of(place, one)

    def _of(self, place: str | None, one: Indicator) -> Iterator[Figure]:
        shares, waits = self.shares.get(place, {}), self.waits.get(place, {})
        if one.unit == "days":
            yield _wait_figure(one, place, waits.get(one.code) or _Waits())
            return
        parts = sorted(part for code, part in shares if code == one.code) or [WHOLE]
        for part in parts:
            yield _share_figure(one, place, part, shares.get((one.code, part)) or _Shares())


def _share_figure(one: Indicator, place: str | None, part: str, found: _Shares) -> Figure:
    value = found.hit / found.all if found.all else None
    return Figure(one, place, part, found.hit, found.all, value, found.apart)


def _wait_figure(one: Indicator, place: str | None, found: _Waits) -> Figure:
    ended = [days for _, days, ending in found.days if ending == ENDED]
    median = quantile(kaplan_meier(Spans.of(found.days), ENDED), 0.5)
    norm = one.norm.values[-1][1] if one.norm else None
    wait = Wait(
        low=median.low,
        high=median.high,
        waiting=sum(ending == CENSORED for *_, ending in found.days),
        left=sum(ending == LEFT for *_, ending in found.days),
        mean_of_ended=sum(ended) / len(ended) if ended else None,
        within=Within(str(norm), found.within, found.due) if norm else None,
    )
    return Figure(one, place, WHOLE, len(ended), len(found.days), median.days, wait=wait)


def shown_to(own: Iterable[Figure], country: Iterable[Figure]) -> list[Figure]:
    """The figures of the country as an office may see them, beside its own exact ones.

    Own figures taken from those of the country give those of the others: where any of these counts is 1 to 4, the
    indicator is hidden with all its parts, so that none can be found by subtraction.
    """
    mine = {(one.indicator.code, one.part): one for one in own}
    told = list(country)
    few = {one.indicator.code for one in told if _few_others(one, mine.get((one.indicator.code, one.part)))}
    return [hidden(one) if one.indicator.code in few else one for one in told]


def hidden(one: Figure) -> Figure:
    """The figure without its numbers."""
    return replace(one, numerator=0, denominator=0, value=None, apart=0, wait=None, hidden=True)


def _few_others(country: Figure, own: Figure | None) -> bool:
    mine = own.counts if own else (0,) * len(country.counts)
    mine += (0,) * (len(country.counts) - len(mine))
    return any(0 < whole - part < FEWEST_SHOWN for whole, part in zip(country.counts, mine, strict=True))
