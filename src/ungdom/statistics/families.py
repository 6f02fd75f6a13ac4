"""What is released: one list of figures and breakdowns, told apart by coarser endings than the exact answers have.

Fewer endings leave fewer small counts to hide. The endings are a dimension of the released table, so that each count
is shown or hidden by itself. Whoever adds a figure adds a row to `LIST`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from ungdom.statistics import completions, lead_times
from ungdom.statistics.cubes import TOTAL, Cell, Cube, Dimension, Key
from ungdom.statistics.definitions import COMPLETION_BY_CODE, LEAD_TIME_BY_CODE, RECIDIVISM_BY_CODE
from ungdom.statistics.frames import BY, PERIOD, StatisticDimension, Subject
from ungdom.statistics.gathering import Known, gathering
from ungdom.statistics.lead_times import QUANTILES
from ungdom.statistics.outcomes import APART, OPEN
from ungdom.statistics.passages import ENDED, UNSEEN, WAITING
from ungdom.statistics.recidivism import cubes as relapses
from ungdom.statistics.recidivism.rules import Relapse
from ungdom.statistics.recidivism.spells import Spell
from ungdom.workflow.vocabulary import State

SINCE = date(2022, 1, 1)
"""Tables begin here. It stays: a total over periods then means the same in every release, with a period more."""

ENDING = "ending"
CASES = "cases"
LEFT, APARTS = "left", "apart"
HAS_RELAPSED, NOT_FOLLOWED = "has_relapsed", "not_followed"
TO_START = {ENDED: ENDED, WAITING: WAITING, UNSEEN: ENDED}
"""An exact ending, and the one it is released as; any other as `LEFT`."""
COMPLETION = {State.COMPLETED.value: State.COMPLETED.value, OPEN: OPEN, **dict.fromkeys(APART, APARTS)}
RELAPSE: Mapping[str, str] = {
    **dict.fromkeys((Relapse.RELAPSED, Relapse.RELAPSED_EARLY), HAS_RELAPSED),
    Relapse.NOT_RELAPSED: Relapse.NOT_RELAPSED.value,
    Relapse.WINDOW_OPEN: Relapse.WINDOW_OPEN.value,
    **dict.fromkeys((Relapse.PENDING, Relapse.DIED, Relapse.EMIGRATED), NOT_FOLLOWED),
}

Breakdowns = tuple[tuple[str, ...], ...]

BREAKDOWNS: Breakdowns = ((PERIOD,), *((PERIOD, code) for code in BY))
"""What the main figures are told apart by, each as a table of its own."""
FEW: Breakdowns = ((PERIOD,), (PERIOD, StatisticDimension.SANCTION))
"""What each stage and each party waited for is told apart by."""


@dataclass(frozen=True, slots=True)
class Material:
    """What is counted: every case, and every spell of recidivism with the sex of the person, as known then."""

    subjects: list[Subject]
    spells: list[tuple[Spell, str]]


Cubes = Callable[[Material, date, Known, Breakdowns], Iterator[Cube]]


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures that count the same people: a total of one is the total of another. `endings`: exact to released.

    `rests_on`: the endings that an estimate can be counted back to, beside all of them. `by`: a table each.
    """

    codes: tuple[str, ...]
    cubes: Cubes
    endings: Mapping[str, str]
    rests_on: Callable[[str], tuple[str, ...]]
    by: Breakdowns = BREAKDOWNS

    @property
    def population(self) -> str:
        """The name that their totals go by."""
        return self.codes[0]

    def released(self, material: Material, day: date, known: Known) -> Iterator[Cube]:
        """Every table, its endings coarser and as its last dimension."""
        for cube in self.cubes(material, day, known, self.by):
            yield coarser(cube, self.endings)


def coarser(cube: Cube, endings: Mapping[str, str]) -> Cube:
    """The same table with endings as a dimension; estimates stand at the total of it."""
    names = tuple(dict.fromkeys(endings.get(one, LEFT) for one in cube.outcomes))
    cells: dict[Key, Cell] = {}
    for key, cell in cube.cells.items():
        found = dict.fromkeys(names, 0)
        for one, count in cell.counts.items():
            found[endings.get(one, LEFT)] += count
        cells |= {(*key, name): Cell({CASES: count}) for name, count in found.items()}
        cells[*key, TOTAL] = Cell({CASES: cell.all}, cell.estimates)
    dimensions = (*cube.dimensions, Dimension(ENDING, names))
    return Cube(cube.figure, cube.version, dimensions, (CASES,), cube.estimates, cells)


def _lead_times(*codes: str) -> Cubes:
    def cubes(material: Material, day: date, known: Known, breakdowns: Breakdowns) -> Iterator[Cube]:
        made = gathering([LEAD_TIME_BY_CODE[code] for code in codes], BY, day, (SINCE, day), known)
        _fill(made.add, material.subjects)
        yield from (lead_times.table(made, code, by) for code in codes for by in breakdowns)

    return cubes


def _completions(*codes: str) -> Cubes:
    def cubes(material: Material, day: date, known: Known, breakdowns: Breakdowns) -> Iterator[Cube]:
        made = gathering([COMPLETION_BY_CODE[code] for code in codes], BY, day, (SINCE, day), known)
        _fill(made.add, material.subjects)
        yield from (completions.table(made, code, by) for code in codes for by in breakdowns)

    return cubes


def _relapses(code: str) -> Cubes:
    def cubes(material: Material, day: date, known: Known, breakdowns: Breakdowns) -> Iterator[Cube]:
        made = relapses.gather(BY, [RECIDIVISM_BY_CODE[code]], known)[code]
        for spell, sex in material.spells:
            if spell.definition == code and SINCE <= spell.origin <= day:
                made.add(spell, sex)
        yield from (relapses.table(made, by, day, (SINCE, day)) for by in breakdowns)

    return cubes


def _fill(add: Callable[[Subject], None], subjects: Iterable[Subject]) -> None:
    for one in subjects:
        add(one)


def _days(name: str) -> tuple[str, ...]:
    """Quantiles and the naive mean are days of those that ended; others can be counted back to every ending."""
    return (ENDED,) if name.split("_", maxsplit=1)[0] in (*QUANTILES, "mean") else (ENDED, WAITING, LEFT)


def _share(_name: str) -> tuple[str, ...]:
    return (State.COMPLETED, OPEN, LEFT, APARTS)


def _relapsed(_name: str) -> tuple[str, ...]:
    return (HAS_RELAPSED, Relapse.NOT_RELAPSED, Relapse.WINDOW_OPEN, NOT_FOLLOWED)


PASSAGES = ("p1", "p2", "p3")

LIST: tuple[Figures, ...] = (
    Figures(("p1", "p3"), _lead_times("p1", "p3"), TO_START, _days),
    Figures(("p2",), _lead_times("p2"), TO_START, _days),
    *(
        Figures((code,), _completions(code), COMPLETION, _share)
        for code in ("completion.received", "completion.started", "completion.closed")
    ),
    *(Figures((code,), _relapses(code), RELAPSE, _relapsed) for code in RECIDIVISM_BY_CODE),
    *(Figures((code,), _lead_times(code), TO_START, _days, FEW) for code in LEAD_TIME_BY_CODE if code not in PASSAGES),
)

RELEASED_ENDINGS = tuple(dict.fromkeys([*(str(end) for one in LIST for end in one.endings.values()), LEFT]))
"""Every ending that a released table may have."""
