"""Released tables as they are written and read: counts, suppressed ones without a number, and estimates. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from ungdom.analytics import completions
from ungdom.analytics.cubes import TOTAL, CellStatus, Cube, CubeCell, Dimension, Key
from ungdom.release.disclosure import Id, Policy
from ungdom.release.plan import CASES, FigureGroup
from ungdom.workflow.vocabulary import State


def identity(group: FigureGroup, cube: Cube, key: Key) -> Id:
    """Identifies the same people in every table: figure, version, and the values that are not totals."""
    values = sorted(zip((dimension.code for dimension in cube.dimensions), key, strict=True))
    parts = [f"{code}={value}" for code, value in values if value != TOTAL]
    whole = key[-1] == TOTAL
    return "|".join([group.population if whole else cube.figure, str(cube.version), *map(str, parts)])


def released_table_of(group: FigureGroup, cube: Cube, hidden: frozenset[Id], policy: Policy) -> dict[str, Any]:
    """One table as released: every nonzero combination, and every suppressed one."""
    named = ((key, identity(group, cube, key)) for key in cube.keys())  # noqa: SIM118 - a method
    rows = [
        _released_row(group, cube, key, hidden, policy) for key, name in named if name in hidden or cube.at(key).total
    ]
    return {
        "figure": cube.figure,
        "definition": cube.version,
        "dimensions": [{"code": str(o.code), "values": [*o.values], "under": dict(o.parents)} for o in cube.dimensions],
        "estimates": [*cube.estimates],
        "cells": rows,
    }


def _released_row(group: FigureGroup, cube: Cube, key: Key, hidden: frozenset[Id], policy: Policy) -> list[Any]:
    cell = cube.at(key)
    if identity(group, cube, key) in hidden:
        return [*map(str, key), None, {}]
    return [*map(str, key), policy.rounded(cell.total), _released_estimates(group, cube, key, hidden, policy)]


def _released_estimates(
    group: FigureGroup, cube: Cube, key: Key, hidden: frozenset[Id], policy: Policy
) -> dict[str, Any]:
    """Estimates over enough cases from which no suppressed count can be derived; whole days, whole per cent.

    Days are no counts: a quantile that is reached fixes none. One that is not reached tells how many have not ended at
    the least, and is left out where an ending is suppressed, or the table has none.
    """
    cell = cube.at(key)
    shown: dict[str, Any] = {}
    endings = [(*key[:-1], ending) for ending in cube.dimensions[-1].values]
    ended = sum(cell.total for at, cell in cube.cells.items() if at == (*key[:-1], group.estimated))
    enough = cell.total >= policy.estimates_from and (not endings or ended >= policy.threshold)
    all_shown = bool(endings) and not any(identity(group, cube, ending) in hidden for ending in endings)
    for name, value in cell.estimates.items():
        safe = all_shown or (group.is_in_days(name) and value is not None)
        if enough and safe and (not group.share_without or _share_is_safe(cube, key, name, policy)):
            shown[name] = None if value is None else round(value) if value > 1 else round(value, 2)
    return shown


def _share_is_safe(cube: Cube, key: Key, name: str, policy: Policy) -> bool:
    """Whether a share says nothing of the few that it leaves out, who are in no ending of their own.

    With every small number of them it must have the same whole per cent.
    """
    completed, whole = cube.at((*key[:-1], State.COMPLETED.value)).total, cube.at(key).total
    place = completions.ESTIMATES.index(name)
    shown_days = {round(completions.wilson(completed, whole - few)[place] or 0.0, 2) for few in range(policy.threshold)}
    return len(shown_days) == 1


def cube_of(table: Mapping[str, Any]) -> Cube:
    """A released table as a cube: a suppressed count has no number, and the reason for suppression is not disclosed."""
    dimensions = tuple(Dimension(o["code"], tuple(o["values"]), o["under"]) for o in table["dimensions"])
    size, cells = len(dimensions), {}
    for row in table["cells"]:
        cells[tuple(row[:size])] = _cell_of(row[size], row[size + 1], row[size - 1], table["estimates"])
    return Cube(table["figure"], table["definition"], dimensions, (CASES,), tuple(table["estimates"]), cells)


def _cell_of(count: int | None, estimates: Mapping[str, Any], ending: str, names: Sequence[str]) -> CubeCell:
    """Estimates belong to the total of the endings; one that is absent was withheld."""
    if count is None:
        return CubeCell(status=CellStatus.PRIMARY)
    withheld = frozenset(names) - set(estimates) if ending == TOTAL else frozenset()
    return CubeCell({CASES: count}, estimates, withheld=withheld)
