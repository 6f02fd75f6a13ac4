"""A workflow as a drawing: its states from top to bottom, each move an arc; on the right forward, on the left back.

Geometry alone: the states and moves are those of the interface, in the order in which it names the states.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, ROW, BOX = 1_000, 34, 24
BOX_LEFT, BOX_RIGHT = 350, 650
REACH = 300
"""Width of the longest arc; a shorter one is narrower in proportion."""


@dataclass(frozen=True, slots=True)
class Box:
    """A state. `is_end`: no move leads on from it."""

    state: str
    y: int
    is_end: bool


@dataclass(frozen=True, slots=True)
class Arc:
    """Every move from one state to another. `moves`: the rows of the interface. `is_back`: to an earlier state."""

    path: str
    is_back: bool
    into_end: bool
    moves: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class MachineDrawing:
    """The whole drawing."""

    boxes: Sequence[Box]
    arcs: Sequence[Arc]
    height: int
    width: int = WIDTH
    box: int = BOX
    box_left: int = BOX_LEFT
    box_width: int = BOX_RIGHT - BOX_LEFT


def draw_machine(states: Sequence[str], moves: Sequence[Mapping[str, Any]]) -> MachineDrawing:
    """The drawing of these states and moves. A move that comes back to where the case was before has no arc."""
    places = {state: place for place, state in enumerate(states)}
    joined: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for move in moves:
        for source in move["sources"]:
            if move["to"] in places and source in places and source != move["to"]:
                joined.setdefault((source, move["to"]), []).append(move)
    left_from = {source for source, _ in joined}
    boxes = [Box(state, place * ROW, state not in left_from) for state, place in places.items()]
    arcs = [
        _arc(places[source], places[target], len(states), target not in left_from, rows)
        for (source, target), rows in joined.items()
    ]
    return MachineDrawing(boxes, arcs, len(states) * ROW)


def _arc(source: int, target: int, count: int, into_end: bool, moves: Sequence[Mapping[str, Any]]) -> Arc:
    is_back = target < source
    edge = BOX_LEFT if is_back else BOX_RIGHT
    bow = max(24, round(REACH * abs(target - source) / count))
    control = edge - bow * 4 // 3 if is_back else edge + bow * 4 // 3
    start, end = source * ROW + BOX // 2 + 4, target * ROW + BOX // 2 - 4
    return Arc(f"M{edge} {start}C{control} {start} {control} {end} {edge} {end}", is_back, into_end, moves)
