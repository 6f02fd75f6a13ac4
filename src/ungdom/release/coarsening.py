"""Makes tables coarser beside which a count of a release cannot be protected, core counts last. Pure.

Core counts are those that a release always shows: of the country by year, and of a konfliktråd over three years.
"""

from collections.abc import Iterable, Sequence, Set

from ungdom.analytics.cubes import TOTAL, Cube
from ungdom.analytics.dimensions import PERIOD, StatisticDimension
from ungdom.release.cells import identity
from ungdom.release.disclosure import Id, Policy, ProtectionResult
from ungdom.release.disclosure.constraint_system import ConstraintSystem
from ungdom.release.plan import ENDING, FigureGroup, Finest, coarser_cube

D = StatisticDimension
LOSES_CORE_COUNTS = 2
"""The rank of a table that loses core counts when it is made coarser."""
NamedTable = tuple[FigureGroup, Cube]
NamedTables = list[NamedTable]
"""Every table to be released, with the row of the plan that it is of."""


def core_counts(tables: NamedTables, policy: Policy) -> frozenset[Id]:
    """The counts, of so many persons, that are always shown: of the country by year, of a konfliktråd by three."""
    results = set()
    for group, cube in tables:
        if not is_core(group, cube):
            continue
        codes = [dimension.code for dimension in cube.dimensions]
        shortest = Finest.SPAN if D.KONFLIKTRAD in codes else Finest.YEAR
        for key, cell in cube.cells.items():
            period = key[codes.index(PERIOD)]
            shown_days = key[-1] == group.core and (period == TOTAL or shortest.value.fullmatch(period) is not None)
            if shown_days and cell.total >= policy.core_from:
                results.add(identity(group, cube, key))
    return frozenset(results)


def is_core(group: FigureGroup, cube: Cube) -> bool:
    """Whether there is always such a table: a core figure of the country, or of each konfliktråd."""
    by = [dimension.code for dimension in cube.dimensions if dimension.code not in (PERIOD, ENDING)]
    return group.core is not None and by in ([], [D.KONFLIKTRAD])


def coarser_tables(tables: NamedTables, result: ProtectionResult, policy: Policy) -> tuple[NamedTables, NamedTables]:
    """The tables, those coarser by one step beside which a count cannot be protected; and those now left out."""
    names = [{identity(group, cube, key) for key in cube.keys()} for group, cube in tables]  # noqa: SIM118 - a method
    coarser = [coarser_cube(cube, group, is_core(group, cube), policy.threshold) for group, cube in tables]
    ranks = [_rank(table, cube, policy) for table, cube in zip(tables, coarser, strict=True)]
    chosen = {n for number in result.unprotected for n in _tables_of_count(number, tables, names, ranks, result)}
    remaining: NamedTables = []
    out: NamedTables = []
    for n, (group, cube) in enumerate(tables):
        changed = coarser[n] if n in chosen else cube
        (out if changed is None else remaining).append((group, cube if changed is None else changed))
    return remaining, out


def _rank(table: NamedTable, coarser: Cube | None, policy: Policy) -> int:
    """In which order tables are made coarser: 0 others, 1 core tables that keep their core counts then, 2 the rest."""
    if not is_core(*table):
        return 0
    remaining = core_counts([] if coarser is None else [(table[0], coarser)], policy)
    return 1 if core_counts([table], policy) <= remaining else LOSES_CORE_COUNTS


def _tables_of_count(
    number: int, tables: NamedTables, names: Sequence[set[Id]], ranks: Sequence[int], result: ProtectionResult
) -> set[int]:
    """The tables to make coarser because of this count: those that have it, unless all of them would lose core counts.

    In place of these the tables with counts that bound it, if they lose none.
    The count may be of a figure that an earlier release alone has; without a count that bounds it, other figures
    determine it. Without any such table, no table can be released beside it.
    """
    system = result.system
    cells = system.unknowns[number].cells
    having = _having(names, cells)
    bounding = _having(names, _cells_of(system, result.bounded_by.get(number) or system.beside({number})))
    if not having | bounding:
        figures = {str(name).partition("|")[0] for name in cells}
        having = {n for n, (group, cube) in enumerate(tables) if figures & {cube.figure, group.population}}
    near, before = {number}, set[int]()
    while not having | bounding and near != before:
        near, before = system.beside(near), near
        bounding = _having(names, _cells_of(system, near))
    having = having if having | bounding else {*range(len(tables))}
    for group in (having, bounding):
        ranked = {n for n in group if ranks[n] < LOSES_CORE_COUNTS}
        if ranked:
            return {n for n in ranked if ranks[n] == min(ranks[n] for n in ranked)}
    return having or bounding


def _having(names: Sequence[set[Id]], cells: Set[Id]) -> set[int]:
    """The places of the tables that have one of these cells."""
    return {n for n, own in enumerate(names) if not own.isdisjoint(cells)}


def _cells_of(system: ConstraintSystem, numbers: Iterable[int]) -> set[Id]:
    return {cell for number in numbers for cell in system.unknowns[system.root(number)].cells}
