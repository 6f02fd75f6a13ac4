"""From spells to a probability: which curve is asked, which one when data are few, and what it answers. Pure.

The probability is P(T > limit | T >= t), conditional Kaplan–Meier: of the cases that had waited as long on the same
stage, the share that passed its limit, had none of them left in another way (those that did are censored).

Curves count from a *landmark*, a number of days already spent on the stage, and hold only cases that were still there
then: a case that waits long in one stage is not compared with those that had moved on. What a case waited before it
came to the stage enters only through the days that are left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from ungdom.lazy import lazy
from ungdom.statistics.spells import Question, Spell
from ungdom.statistics.survival import CENSORED, Conditional, Curve, Days, Spans, conditional, kaplan_meier
from ungdom.workflow.vocabulary import Sanction, State

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazy("numpy")

STOPPED, ENDED = 1, 2
"""How a spell ended: the clock stopped, or the case closed or moved past the step without it."""

LANDMARKS = (0, 7, 14, 30, 60, 90, 120, 180, 270, 365)
"""Days on a stage from which curves count; a case is held against the last one it has reached."""

WINDOW = timedelta(days=3 * 365)
"""How far back the history reaches: waiting before that is not counted, so that old practice fades out."""

FEWEST = 30
"""Cases waiting at the time asked about, below which the next rung is tried. Nothing is said of fewer."""


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
class Key:
    """Which curve. `sanction` None: both; `konfliktrad` None: the whole country."""

    clock: str
    stage: State
    sanction: Sanction | None
    konfliktrad: str | None
    landmark: int


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung: whether it keeps to the office, and to the sanction."""

    basis: ForecastBasis
    office: bool
    sanction: bool


LADDER = (
    Rung(ForecastBasis.OWN_OFFICE, office=True, sanction=True),
    Rung(ForecastBasis.COUNTRY, office=False, sanction=True),
    Rung(ForecastBasis.BOTH_SANCTIONS, office=False, sanction=False),
)
"""The fallback: the first rung with `FEWEST` cases at risk whose observations reach the limit answers; then none."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The answer to a question. `basis` and `found` are None without a figure."""

    asked: Question
    standing: ForecastStanding
    basis: ForecastBasis | None = None
    found: Conditional | None = None

    @property
    def probability(self) -> float | None:
        """That the clock passes its limit; None where nothing is foretold."""
        return self.found.share if self.found else None


Lookup = Callable[[Key], Curve | None]


def foretell(asked: Question, lookup: Lookup) -> Forecast:
    """The answer from the first rung that holds enough."""
    if asked.days_left < 0:
        return Forecast(asked, ForecastStanding.PASSED)
    for rung, key in rungs(asked):
        curve = lookup(key)
        waited = asked.stage_days - key.landmark
        found = conditional(curve, waited - 1, waited + asked.days_left) if curve else None
        if found and found.at_risk >= FEWEST:
            return Forecast(asked, ForecastStanding.FORECAST, rung.basis, found)
    return Forecast(asked, ForecastStanding.TOO_FEW)


def rungs(asked: Question) -> Iterator[tuple[Rung, Key]]:
    """The curves to try, in order; not that of the office where the office must not be told."""
    landmark = max(mark for mark in LANDMARKS if mark <= asked.stage_days)
    for rung in LADDER:
        if asked.konfliktrad is not None or not rung.office:
            office = asked.konfliktrad if rung.office else None
            sanction = asked.sanction if rung.sanction else None
            yield rung, Key(asked.clock, asked.stage, sanction, office, landmark)


# --- the history ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Stays:
    """The spells of one clock on one stage as known on one day. `stay`: days on the stage, so far or in all."""

    sanction: NDArray[np.str_]
    konfliktrad: NDArray[np.str_]
    stay: Days
    spans: Spans

    def curve(self, key: Key) -> Curve | None:
        """The curve of the cases still there on the morning of the landmark; None with fewer than `FEWEST` of them."""
        kept = (self.stay >= key.landmark) & (self.spans.time >= key.landmark)
        if key.sanction is not None:
            kept &= self.sanction == str(key.sanction)
        if key.konfliktrad is not None:
            kept &= self.konfliktrad == key.konfliktrad
        if np.count_nonzero(kept) < FEWEST:
            return None
        entry = np.maximum(self.spans.entry[kept] - key.landmark, -1)
        return kaplan_meier(Spans(entry, self.spans.time[kept] - key.landmark, self.spans.ending[kept]), STOPPED)


History = dict[tuple[str, State], Stays]


def history(found: Iterable[Spell], day: date) -> History:
    """What was known at the end of that day, by clock and stage: every spell until then, those that run censored."""
    rows: defaultdict[tuple[str, State], list[tuple[str, str, int, int, int, int]]] = defaultdict(list)
    for spell in found:
        if spell.since <= day and (spell.over is None or spell.over > day - WINDOW):
            rows[spell.clock, spell.stage].append(_row(spell, day))
    return {key: _stays(of) for key, of in rows.items()}


def _row(spell: Spell, day: date) -> tuple[str, str, int, int, int, int]:
    """Sanction, office, then days since the spell began: on the stage, at entry, when seen last; and how it ended.

    At risk from the morning after it became known; without an end, until the end of `day`.
    """
    since = spell.since.toordinal()
    until = (spell.over or day).toordinal() - since
    stay = min((spell.left or day).toordinal() - since, until)
    entry = max(spell.known, day - WINDOW).toordinal() - since
    ending = STOPPED if spell.stopped else ENDED if spell.ended else CENSORED
    return spell.sanction, spell.konfliktrad, stay, entry, until, ending


def _stays(rows: list[tuple[str, str, int, int, int, int]]) -> Stays:
    sanctions, offices, *numbers = zip(*rows, strict=True)
    stay, entry, until, ending = (np.array(column, dtype=np.int64) for column in numbers)
    return Stays(np.array(sanctions), np.array(offices), stay, Spans(entry, until, ending))


def counted(known: History) -> Lookup:
    """Curves counted from the history as they are asked for, each of them once."""
    made: dict[Key, Curve | None] = {}

    def lookup(key: Key) -> Curve | None:
        if key not in made:
            stays = known.get((key.clock, key.stage))
            made[key] = stays.curve(key) if stays else None
        return made[key]

    return lookup


def every_key(known: History) -> Iterator[Key]:
    """Every curve that the history could give."""
    for (clock, stage), stays in known.items():
        offices = [None, *np.unique(stays.konfliktrad).tolist()]
        for landmark in LANDMARKS:
            for office in offices:
                yield from (Key(clock, stage, sanction, office, landmark) for sanction in Sanction)
            yield Key(clock, stage, None, None, landmark)
