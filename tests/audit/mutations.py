"""What the owner of the database might do to what is linked: each with where it must be found."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from ungdom.audit.findings import AuditFinding
from ungdom.audit.links import FIRST, link

Line = dict[str, Any]
Row = list[Any]
"""Stream, position, link in hexadecimal, content: as in an export."""


@dataclass(frozen=True)
class Place:
    """Where a mutation must be found: the table, and the stream with the positions of its first bad row."""

    table: str
    positions: dict[str, range]

    def names(self, finding: AuditFinding) -> bool:
        """Whether the finding is at this place."""
        return finding.table == self.table and finding.position in self.positions.get(finding.stream, ())


def at(table: str, stream: str, first: int, last: int | None = None) -> Place:
    """One stream; the first bad row is this one, or one of those up to the last."""
    return Place(table, {stream: range(first, (last or first) + 1)})


class Copy:
    """A copy of an export in which rows can be changed."""

    def __init__(self, lines: list[Line], rng: Random) -> None:
        self.rng = rng
        self.table = rng.choice(["event", "event", "audit_change", "access_log"])
        kind = f"row:{self.table}"
        self.before = lines[: first_of(lines, kind)]
        self.rows: list[Row] = [copy.copy(line[kind]) for line in lines if kind in line]
        self.after = [line for line in lines[first_of(lines, kind) :] if kind not in line and "end" not in line]

    def text(self) -> list[str]:
        """The lines of the changed export, in the order in which a database gives them."""
        self.rows.sort(key=lambda row: (row[0], row[1]))
        lines = [*self.before, *({f"row:{self.table}": row} for row in self.rows), *self.after]
        return [json.dumps(line) for line in [*lines, {"end": len(lines)}]]

    def stream(self, least: int = 1) -> list[Row]:
        """The rows of a stream with at least so many."""
        streams: dict[str, list[Row]] = {}
        for row in self.rows:
            streams.setdefault(row[0], []).append(row)
        return self.rng.choice([rows for rows in streams.values() if len(rows) >= least])

    def place(self, row: Row, last: int | None = None) -> Place:
        return at(self.table, row[0], row[1], last)


def first_of(lines: list[Line], kind: str) -> int:
    return next(n for n, line in enumerate(lines) if kind in line)


def other(rng: Random, value: Any) -> Any:
    """Another value for a column."""
    if value is None:
        return "2026-01-01 00:00:00.000000"
    if isinstance(value, int):
        return value + rng.choice([-1, 1])
    return rng.choice([value + " ", value[1:], "", None, value.swapcase() + "x"])


def relinked(rows: list[Row]) -> None:
    """Computes the links of a whole stream anew, as the service would have."""
    previous = FIRST
    for row in rows:
        previous = link(previous, row[0], row[1], row[3].encode())
        row[2] = previous.hex()


def change_a_column(world: Copy) -> Place:
    row = world.rng.choice(world.rows)
    values = json.loads(row[3])
    n = world.rng.randrange(len(values))
    values[n] = other(world.rng, values[n])
    row[3] = json.dumps(values, separators=(",", ":"))
    return world.place(row)


def change_a_link(world: Copy) -> Place:
    row = world.rng.choice(world.rows)
    row[2] = world.rng.choice([None, world.rng.randbytes(32).hex()])
    return world.place(row)


def change_a_position(world: Copy) -> Place:
    rows = world.stream(2)
    n = world.rng.randrange(len(rows))
    place = world.place(rows[n])
    rows[n][1] = len(rows) + world.rng.randint(1, 3)
    return place


def delete_a_row(world: Copy) -> Place:
    rows = world.stream(2)
    row = world.rng.choice(rows)
    world.rows.remove(row)
    return world.place(row)


def cut_the_tail(world: Copy) -> Place:
    rows = world.stream(2)
    kept = world.rng.randrange(1, len(rows))
    for row in rows[kept:]:
        world.rows.remove(row)
    return world.place(rows[kept])


def delete_a_stream(world: Copy) -> Place:
    rows = world.stream()
    for row in rows:
        world.rows.remove(row)
    return world.place(rows[0])


def insert_a_row(world: Copy) -> Place:
    """A row between two others, well linked to the one before it; those after it move up."""
    rows = world.stream(2)
    n = world.rng.randrange(1, len(rows))
    new = [rows[n][0], rows[n][1], "", rows[0][3]]
    new[2] = link(bytes.fromhex(rows[n - 1][2]), new[0], new[1], new[3].encode()).hex()
    for row in rows[n:]:
        row[1] += 1
    world.rows.append(new)
    return at(world.table, new[0], 1, new[1] + 1)  # in a sealed place it is any row since the seal before


def insert_a_second(world: Copy) -> Place:
    row = world.rng.choice(world.rows)
    world.rows.append([row[0], row[1], row[2], world.rng.choice(world.rows)[3]])
    return world.place(row)


def insert_at_the_end(world: Copy) -> Place:
    rows = world.stream()
    new = [rows[-1][0], rows[-1][1] + 1, world.rng.choice([None, rows[-1][2]]), rows[-1][3]]
    world.rows.append(new)
    return world.place(new)


def insert_a_stream(world: Copy) -> Place:
    name = f"{world.rng.getrandbits(128):032x}"
    world.rows.append([name, 1, world.rng.randbytes(32).hex(), world.rows[0][3]])
    return at(world.table, name, 1)


def reorder(world: Copy) -> Place:
    """Two rows of a stream change places, with or without their links."""
    rows = world.stream(3)
    first, second = sorted(world.rng.sample(range(len(rows)), 2))
    columns = slice(2, 4) if world.rng.random() < 0.5 else slice(3, 4)
    rows[first][columns], rows[second][columns] = rows[second][columns], rows[first][columns]
    while rows[first][3] == rows[second][3]:  # the same twice: no change
        rows[first][3] = rows[first][3][:-1] + ",1]"
    return world.place(rows[first])


def swap_between_streams(world: Copy) -> Place:
    one, two = world.stream(), world.stream()
    while one[0][0] == two[0][0]:
        two = world.stream()
    n = world.rng.randrange(min(len(one), len(two)))
    one[n][2:], two[n][2:] = two[n][2:], one[n][2:]
    return Place(world.table, {rows[n][0]: range(n + 1, n + 2) for rows in (one, two)})


def rewrite_a_stream(world: Copy) -> Place:
    """A row is changed and the links of the whole stream are computed anew: found up to the changed row."""
    rows = world.stream()
    row = world.rng.choice(rows)
    row[3] = row[3][:-1] + ',"x"]' if world.table != "audit_change" else row[3].replace("{", '{\\"x\\": 1, ')
    relinked(rows)
    return at(world.table, row[0], 1, row[1])


def rewrite_and_shorten(world: Copy) -> Place:
    rows = world.stream(2)
    row = rows.pop(world.rng.randrange(len(rows)))
    world.rows.remove(row)
    for position, left in enumerate(rows, start=1):
        left[1] = position
    relinked(rows)
    return at(world.table, row[0], 1, len(rows) + 1)


MUTATIONS: tuple[Callable[[Copy], Place], ...] = (
    change_a_column,
    change_a_column,
    change_a_column,
    change_a_link,
    change_a_position,
    delete_a_row,
    cut_the_tail,
    delete_a_stream,
    insert_a_row,
    insert_a_second,
    insert_at_the_end,
    insert_a_stream,
    reorder,
    swap_between_streams,
    rewrite_a_stream,
    rewrite_and_shorten,
)
