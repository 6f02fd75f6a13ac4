"""Recidivism as tables: outcomes of persons, and the share that has relapsed after a number of months. Pure.

The share is the Kaplan–Meier estimate: a person not observed for the whole window counts for the time observed and is
not dropped; a person who dies or leaves is censored on that day. Beside it are the share with death as competing event
(Aalen–Johansen), and the plain share among those whose window was over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import ceil, floor, isnan
from types import MappingProxyType
from typing import TYPE_CHECKING

from ungdom.analytics import dimensions as frames
from ungdom.analytics.cohort_columns import KnownValues, dimension_columns
from ungdom.analytics.cubes import Cube, CubeCell, Dimension, Key
from ungdom.analytics.dimensions import DIMENSION_READERS, PERIOD, DimensionColumn, RowIndices, Subject
from ungdom.analytics.recidivism.definitions import RecidivismDefinition
from ungdom.analytics.recidivism.rules import Relapse
from ungdom.analytics.recidivism.spells import RecidivismSpell
from ungdom.analytics.survival import CENSORED, Curve, Spans, aalen_johansen, kaplan_meier
from ungdom.lazy import lazy

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazy("numpy")

MONTHS = (12, 24, 36, 60)
"""Months after which the share that has relapsed is reported, as far as the window reaches."""
A_MONTH = 365.25 / 12
RELAPSE, DEATH = 1, 2
NO_KNOWN_VALUES: KnownValues = MappingProxyType({})

MATURED = (Relapse.RELAPSED, Relapse.NOT_RELAPSED, Relapse.PENDING)
"""Persons whose window was over, and who were observed until then or until they relapsed."""


def estimates(definition: RecidivismDefinition) -> tuple[str, ...]:
    """The names of the estimates: shares after 12, 24 … months with limits, with death competing, of the matured."""
    names = [f"km_{months}{end}" for months in MONTHS if months <= definition.months for end in ("", "_low", "_high")]
    return (*names, f"aj_{definition.months}", "share_of_matured")


@dataclass(slots=True)
class SpellColumns:
    """The spells of one definition in columns, one index per spell.

    `risk`: the index of the spell for each interval at risk.
    """

    definition: RecidivismDefinition
    outcomes: list[str] = field(default_factory=list)
    index_dates: list[date] = field(default_factory=list)
    columns: dict[str, DimensionColumn] = field(default_factory=dict)
    spell_index: list[int] = field(default_factory=list)
    risk: list[tuple[int, int, int]] = field(default_factory=list)

    def add(self, spell: RecidivismSpell, sex: str) -> None:
        """Add one more spell."""
        place, subject = len(self.outcomes), Subject(spell.facts, sex)
        self.outcomes.append(spell.outcome)
        self.index_dates.append(spell.index_date)
        for code, column in self.columns.items():
            column.add(DIMENSION_READERS[code](subject))
        ending = RELAPSE if spell.relapsed_on is not None else DEATH if spell.outcome is Relapse.DIED else CENSORED
        for n, (since, until) in enumerate(spell.at_risk, start=1):
            self.spell_index.append(place)
            self.risk.append((since, until, ending if n == len(spell.at_risk) else CENSORED))


def spell_columns(
    by: Iterable[str], definitions: Iterable[RecidivismDefinition], known: KnownValues = NO_KNOWN_VALUES
) -> dict[str, SpellColumns]:
    """Empty columns for these dimensions, by code of the definition."""
    codes = tuple(by)
    return {
        definition.code: SpellColumns(definition, columns=dimension_columns(codes, known)) for definition in definitions
    }


def table(
    columns: SpellColumns,
    by: Sequence[str],
    day: date,
    period: tuple[date, date] | None = None,
    years_together: int = 0,
) -> Cube:
    """One definition grouped by these dimensions: persons by outcome, and the estimates.

    `period`: the first and the last day of the requested index dates; None: from the first there is until `day`.
    `years_together`: of the spans of years that periods have as well; 0: they have none.
    """
    span = period or (min(columns.index_dates, default=day), day)
    named: list[tuple[Dimension, RowIndices]] = []
    for code in by:
        if code == PERIOD:
            dimension = frames.periods(*span, years_together)
            known = {value: place for place, value in enumerate(dimension.values)}
            halves = [known[frames.half_year(index_date)] for index_date in columns.index_dates]
            named.append((dimension, np.array(halves, dtype=np.int64)))
        else:
            named.append(columns.columns[code].indexed())
    dimensions = tuple(dimension for dimension, _ in named)
    order = list(Relapse)
    outcomes = np.array([order.index(Relapse(outcome)) for outcome in columns.outcomes], dtype=np.int64)
    risk, spell_index = Spans.of(columns.risk), np.array(columns.spell_index, dtype=np.int64)
    cells: dict[Key, CubeCell] = {}
    for key, members in frames.cells(dimensions, [places for _, places in named], len(columns.outcomes)):
        counted = np.bincount(outcomes[members], minlength=len(Relapse))
        counts = {str(outcome): int(n) for outcome, n in zip(Relapse, counted, strict=True)}
        mask = np.isin(spell_index, members)
        spans = Spans(risk.entry[mask], risk.time[mask], risk.ending[mask])
        cells[key] = CubeCell(counts, dict(_estimates(columns.definition, spans, counts)))
    return Cube(
        columns.definition.code,
        columns.definition.version,
        dimensions,
        columns.definition.outcomes,
        estimates(columns.definition),
        cells,
    )


def _estimates(
    definition: RecidivismDefinition, spans: Spans, counts: Mapping[str, int]
) -> Iterator[tuple[str, float | None]]:
    curve = kaplan_meier(spans, RELAPSE)
    for months in MONTHS:
        if months <= definition.months:
            yield from _share_after(curve, months)
    competing: float | None = None  # by the end of the window, of all: a person who has died cannot relapse any more
    if _observed_for(curve, definition.months):
        shares = aalen_johansen(spans).ended.get(RELAPSE)
        competing = float(shares[-1]) if shares is not None and len(shares) else 0.0
    yield f"aj_{definition.months}", competing
    matured = sum(counts[outcome] for outcome in MATURED)
    yield "share_of_matured", counts[Relapse.RELAPSED] / matured if matured else None


def _share_after(curve: Curve, months: int) -> Iterator[tuple[str, float | None]]:
    """The share that has relapsed after these months, with its limits; None where nobody was observed so long."""
    share: float | None = None
    low: float | None = None
    high: float | None = None
    if _observed_for(curve, months):
        place, share = curve.after(last_day(months)), 0.0
        if place > 0:
            share = 1 - float(curve.survival[place - 1])
            waiting = (float(line[place - 1]) for line in curve.limits())
            high, low = (None if isnan(limit) else 1 - limit for limit in waiting)
    yield f"km_{months}", share
    yield f"km_{months}_low", low
    yield f"km_{months}_high", high


def last_day(months: int) -> int:
    """The maximum number of days in that many months: 366 for 12."""
    return ceil(months * A_MONTH)


def _observed_for(curve: Curve, months: int) -> bool:
    """Whether anybody was observed so long, or nobody is left who has not relapsed."""
    gone = len(curve.days) > 0 and float(curve.survival[-1]) == 0
    return gone or curve.last >= floor(months * A_MONTH)
