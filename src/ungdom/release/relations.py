"""The relations of the definitions as relations of released counts: between the cells that a release has. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from ungdom.analytics.definitions import RECIDIVISM_BY_CODE, RELEASED_DEFINITIONS
from ungdom.analytics.dimensions import PERIOD
from ungdom.analytics.recidivism.rules import Relapse
from ungdom.analytics.relations import RELATIONS, Counted, FigureRelation, Holds
from ungdom.release.disclosure import Id
from ungdom.release.plan import ENDING, LEFT_OTHERWISE, SINCE, FigureGroup, days_of
from ungdom.workflow.calendar import after

Ids = tuple[Id, ...]
Values = frozenset[str]
"""The values of a cell, as `dimension=value`, without the ending."""
PERIODS_OF_ONE_LENGTH = (re.compile(r"\d{4}H[12]"), re.compile(r"\d{4}"), re.compile(r"\d{4}-\d{4}"))


class NotReleased(ValueError):
    """A relation names outcomes that a released ending has together with others."""


class ReleasedCounts:
    """The counts of a release by figure and cell. `groups`: the rows of the plan that were released."""

    def __init__(self, groups: Sequence[FigureGroup], counts: Mapping[Id, int]) -> None:
        self.counts = counts
        self.groups = {code: group for group in groups for code in group.codes}
        self.cells: dict[str, dict[Values, dict[str | None, Id]]] = defaultdict(lambda: defaultdict(dict))
        for name in counts:
            figure, _version, *parts = str(name).split("|")
            ending = next((part.partition("=")[2] for part in parts if part.startswith(f"{ENDING}=")), None)
            values = frozenset(part for part in parts if not part.startswith(f"{ENDING}="))
            self.cells[figure][values][ending] = name

    def cells_of(self, counted: Counted) -> Mapping[Values, Ids]:
        """For each cell the ids of these counts; none where the figure is not released."""
        group = self.groups.get(counted.figure)
        if group is None:
            return {}
        if not counted.outcomes:
            return {values: (ids[None],) for values, ids in self.cells[group.population].items() if None in ids}
        endings = released_endings(group, counted)
        cells = self.cells[counted.figure]
        return {values: tuple(ids[end] for end in endings) for values, ids in cells.items() if {*endings} <= {*ids}}

    def total(self, ids: Iterable[Id]) -> int:
        """The sum of these counts."""
        return sum(self.counts[name] for name in ids)


def released_endings(group: FigureGroup, counted: Counted) -> tuple[str, ...]:
    """The released endings that are these outcomes. Raises `NotReleased`."""
    outcomes = RELEASED_DEFINITIONS[counted.figure].outcomes
    by_ending: dict[str, set[str]] = defaultdict(set)
    for outcome in outcomes:
        by_ending[group.endings.get(outcome, LEFT_OTHERWISE)].add(str(outcome))
    named = tuple(sorted(end for end, own in by_ending.items() if own & counted.outcomes))
    if set().union(*(by_ending[end] for end in named)) != counted.outcomes & {*map(str, outcomes)}:
        raise NotReleased(f"{counted.figure}: {sorted(counted.outcomes)}")
    return named


def related(
    groups: Sequence[FigureGroup], counts: Mapping[Id, int], relations: Sequence[FigureRelation] = RELATIONS
) -> tuple[list[tuple[Id, Ids]], list[tuple[Ids, Ids]]]:
    """The counts that are known to be equal, and the sums that are known to be at most others."""
    released = ReleasedCounts(groups, counts)
    equal: dict[tuple[Id, Ids], None] = {}
    at_most: dict[tuple[Ids, Ids], None] = {}
    for relation in relations:
        for fewer, more in cells_of_relation(released, relation):
            less, much = released.total(fewer), released.total(more)
            if relation.mostly_equal and less == much and len(fewer) == 1:
                equal[fewer[0], more] = None
            elif relation.mostly_equal and less == much and len(more) == 1:
                equal[more[0], fewer] = None
            elif less <= much:
                at_most[fewer, more] = None
    return list(equal), list(at_most)


def cells_of_relation(released: ReleasedCounts, relation: FigureRelation) -> Iterator[tuple[Ids, Ids]]:
    """The cells of a release in which a relation holds: the counts of which the first are at most the second."""
    sides = [[released.cells_of(counted) for counted in side] for side in (relation.fewer, relation.more)]
    needed = [set.intersection(*map(set, side)) for side in sides]
    if relation.in_part:
        needed[0] = set().union(*sides[0])
    for values in sorted(_sums(relation, needed[0] & needed[1]), key=sorted_cells):
        fewer, more = (
            tuple(name for cells in side for item in values for name in cells.get(item, ())) for side in sides
        )
        yield fewer, more


def sorted_cells(cells: tuple[Values, ...]) -> list[list[str]]:
    """An order of sets of cells that is the same in every run."""
    return [sorted(values) for values in cells]


def _sums(relation: FigureRelation, common: Iterable[Values]) -> Iterator[tuple[Values, ...]]:
    """The cells in which the relation holds, one by one or added up over all periods from one to the last."""
    if relation.holds is Holds.EVERYWHERE:
        yield from ((values,) for values in common)
        return
    by_rest: dict[tuple[Values, int], dict[str, Values]] = defaultdict(dict)
    for values in common:
        period = next((part.partition("=")[2] for part in values if part.startswith(f"{PERIOD}=")), None)
        if period is None:
            yield (values,)
            continue
        length = next(n for n, form in enumerate(PERIODS_OF_ONE_LENGTH) if form.fullmatch(period))
        by_rest[values - {f"{PERIOD}={period}"}, length][period] = values
    for cells in by_rest.values():
        in_order = [cells[period] for period in sorted(cells)]
        yield from (tuple(in_order[n:]) for n in range(1, len(in_order)))


def impossible_counts(counts: Mapping[Id, int], day: date) -> frozenset[Id]:
    """Zeros that everybody knows to be zero on that day: a window that cannot be over yet."""
    return frozenset(name for name, count in counts.items() if count == 0 and _is_impossible(str(name), day))


def _is_impossible(name: str, day: date) -> bool:
    figure, _version, *parts = name.split("|")
    values = dict(part.split("=", 1) for part in parts)
    definition = RECIDIVISM_BY_CODE.get(figure)
    if definition is None:
        return False
    first = days_of(values[PERIOD])[0] if PERIOD in values else SINCE
    return values.get(ENDING) == Relapse.NOT_RELAPSED and after(first, definition.window) > day
