"""Recidivism as tables: how persons came out, and the share that has relapsed after so many months. Pure.

The share is that of Kaplan and Meier: who has not been seen for the whole window counts as long as they were seen, and
is not dropped; who dies or leaves is censored on that day. Beside it stand the share where death competes (Aalen and
Johansen), and the plain share among those whose window was over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import ceil, floor, isnan
from types import MappingProxyType
from typing import TYPE_CHECKING

from ungdom.lazy import lazy
from ungdom.statistics import frames
from ungdom.statistics.cubes import Cell, Cube, Dimension
from ungdom.statistics.definitions import Recidivism
from ungdom.statistics.frames import BY, PERIOD, Column, Places, Subject
from ungdom.statistics.gathering import Known
from ungdom.statistics.recidivism.rules import Relapse
from ungdom.statistics.recidivism.spells import Spell
from ungdom.statistics.survival import CENSORED, Curve, Spans, aalen_johansen, kaplan_meier

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazy("numpy")

MONTHS = (12, 24, 36, 60)
"""After how many months the share that has relapsed is told, as far as the window goes."""
A_MONTH = 365.25 / 12
RELAPSE, DEATH = 1, 2
NOTHING: Known = MappingProxyType({})

MATURED = (Relapse.RELAPSED, Relapse.NOT_RELAPSED, Relapse.PENDING)
"""Those whose window was over, and who were seen until then or until they relapsed."""


def estimates(definition: Recidivism) -> tuple[str, ...]:
    """The names of the estimates: shares after 12, 24 … months with limits, with death competing, of the matured."""
    told = [f"km_{months}{end}" for months in MONTHS if months <= definition.months for end in ("", "_low", "_high")]
    return (*told, f"aj_{definition.months}", "share_of_matured")


@dataclass(slots=True)
class Gathered:
    """The spells of one definition in columns, a place each; `risk`: the places of the spells at risk, span by span."""

    definition: Recidivism
    outcomes: list[str] = field(default_factory=list)
    origins: list[date] = field(default_factory=list)
    columns: dict[str, Column] = field(default_factory=dict)
    of: list[int] = field(default_factory=list)
    risk: list[tuple[int, int, int]] = field(default_factory=list)

    def add(self, spell: Spell, sex: str) -> None:
        """One more spell."""
        place, subject = len(self.outcomes), Subject(spell.row, sex)
        self.outcomes.append(spell.outcome)
        self.origins.append(spell.origin)
        for code, column in self.columns.items():
            column.add(BY[code](subject))
        for n, (since, until) in enumerate(spell.at_risk, start=1):
            self.of.append(place)
            self.risk.append((since, until, _ending(spell) if n == len(spell.at_risk) else CENSORED))


def _ending(spell: Spell) -> int:
    if spell.relapsed_on is not None:
        return RELAPSE
    return DEATH if spell.outcome is Relapse.DIED else CENSORED


def gather(by: Iterable[str], definitions: Iterable[Recidivism], known: Known = NOTHING) -> dict[str, Gathered]:
    """Empty columns for these dimensions, by code of the definition."""
    codes = [code for code in by if code != PERIOD]
    return {one.code: Gathered(one, columns={code: _column(code, known) for code in codes}) for one in definitions}


def _column(code: str, known: Known) -> Column:
    return Column(code, {value: place for place, value in enumerate(known.get(code, ()))})


def table(gathered: Gathered, by: Sequence[str], day: date, period: tuple[date, date] | None = None) -> Cube:
    """One definition told apart by these dimensions: persons by outcome, and the estimates.

    `period`: the first and the last day of origins that were asked for; None: from the first there is until `day`.
    """
    span = period or (min(gathered.origins, default=day), day)
    named = [_period(gathered, *span) if code == PERIOD else _dimension(gathered, code) for code in by]
    dimensions = tuple(dimension for dimension, _ in named)
    numbered = _numbers(gathered)
    made = frames.cells(dimensions, [places for _, places in named], len(gathered.outcomes))
    return Cube(
        gathered.definition.code,
        gathered.definition.version,
        dimensions,
        gathered.definition.outcomes,
        estimates(gathered.definition),
        {key: _cell(gathered.definition, numbered, members) for key, members in made},
    )


def _dimension(gathered: Gathered, code: str) -> tuple[Dimension, Places]:
    dimension = gathered.columns[code].dimension()
    return dimension, gathered.columns[code].places(dimension)


def _period(gathered: Gathered, first: date, last: date) -> tuple[Dimension, Places]:
    """The half-years of the origins."""
    dimension = frames.periods(first, last)
    known = {value: place for place, value in enumerate(dimension.values)}
    return dimension, np.array([known[frames.half_year(one)] for one in gathered.origins], dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Numbers:
    """What is counted with: the outcome of each spell, the spans at risk, and where those of each spell begin."""

    outcomes: Places
    spans: Spans
    of: Places


def _numbers(gathered: Gathered) -> _Numbers:
    order = list(Relapse)
    outcomes = np.array([order.index(Relapse(one)) for one in gathered.outcomes], dtype=np.int64)
    return _Numbers(outcomes, Spans.of(gathered.risk), np.array(gathered.of, dtype=np.int64))


def _cell(definition: Recidivism, numbers: _Numbers, members: Places) -> Cell:
    counted = np.bincount(numbers.outcomes[members], minlength=len(Relapse))
    counts = {str(one): int(n) for one, n in zip(Relapse, counted, strict=True)}
    kept = np.isin(numbers.of, members)
    spans = Spans(numbers.spans.entry[kept], numbers.spans.time[kept], numbers.spans.ending[kept])
    return Cell(counts, dict(_shares(definition, spans, counts)))


def _shares(definition: Recidivism, spans: Spans, counts: Mapping[str, int]) -> Iterator[tuple[str, float | None]]:
    curve = kaplan_meier(spans, RELAPSE)
    for months in MONTHS:
        if months <= definition.months:
            yield from _after(curve, months)
    yield f"aj_{definition.months}", _competing(spans, curve, definition.months)
    matured = sum(counts[one] for one in MATURED)
    yield "share_of_matured", counts[Relapse.RELAPSED] / matured if matured else None


def _after(curve: Curve, months: int) -> Iterator[tuple[str, float | None]]:
    """The share that has relapsed after so many months, with its limits; None where nobody was seen so long."""
    share: float | None = None
    low: float | None = None
    high: float | None = None
    if _reaches(curve, months):
        share, low, high = _relapsed(curve, curve.after(last_day(months)))
    yield f"km_{months}", share
    yield f"km_{months}_low", low
    yield f"km_{months}_high", high


def last_day(months: int) -> int:
    """The most days that so many months can have: 366 for 12."""
    return ceil(months * A_MONTH)


def _reaches(curve: Curve, months: int) -> bool:
    """Whether anybody was seen so long, or nobody is left who has not relapsed."""
    gone = len(curve.days) > 0 and float(curve.survival[-1]) == 0
    return gone or curve.last >= floor(months * A_MONTH)


def _relapsed(curve: Curve, place: int) -> tuple[float, float | None, float | None]:
    if place == 0:
        return 0.0, None, None
    low, high = (float(line[place - 1]) for line in curve.limits())
    share = 1 - float(curve.survival[place - 1])
    return share, (None if isnan(high) else 1 - high), (None if isnan(low) else 1 - low)


def _competing(spans: Spans, curve: Curve, months: int) -> float | None:
    """The share that has relapsed by the end of the window, of all; nobody who has died can relapse any more."""
    if not _reaches(curve, months):
        return None
    shares = aalen_johansen(spans).ended.get(RELAPSE)
    return float(shares[-1]) if shares is not None and len(shares) else 0.0
