"""Somebody who takes everything that is published and reckons. Shares no code with what protects.

What they have: tables as they are told, counts that are null, combinations that are not there and so are zero; that
the values under a total add up to it; that the figures `p1` and `p3` count the same people, and that a police district
is its konfliktråd. What they are granted beyond that: which hidden counts are below the threshold, and which counts
changed from one release to the next, and whether they grew or fell.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

Name = tuple[str, frozenset[tuple[str, str]]]
SAME = {"p3": "p1"}


def name_of(figure: str, dimensions: list[str], key: tuple[str, ...], districts: dict[str, str]) -> Name:
    """The same count has the same name in every table."""
    values = {code: value for code, value in zip(dimensions, key, strict=True) if value != "_T"}
    if values.get("police_district") in districts:
        values["konfliktrad"] = districts[values.pop("police_district")]
    population = SAME.get(figure, figure) if "ending" not in values else figure
    return population, frozenset(values.items())


@dataclass
class Book:
    """What one release tells: `shown` by name, `hidden` names, and every sum, as a total and its parts."""

    shown: dict[Name, int] = field(default_factory=dict)
    hidden: set[Name] = field(default_factory=set)
    sums: list[tuple[Name, list[Name]]] = field(default_factory=list)


def read(content: dict[str, Any], districts: dict[str, str]) -> Book:
    """A release as a book. Fails where two tables say different things of one count."""
    book = Book()
    for part in content["figures"]:
        for table in part["tables"]:
            _read_table(book, table, districts)
    return book


def _read_table(book: Book, table: dict[str, Any], districts: dict[str, str]) -> None:
    codes = [one["code"] for one in table["dimensions"]]
    told = {tuple(row[: len(codes)]): row[len(codes)] for row in table["cells"]}
    for key in product(*([*one["values"], "_T"] for one in table["dimensions"])):
        name, count = name_of(table["figure"], codes, key, districts), told.get(key, 0)
        if count is None:
            book.hidden.add(name)
        else:
            assert book.shown.setdefault(name, count) == count
    for place, dimension in enumerate(table["dimensions"]):
        rest = [[*one["values"], "_T"] if n != place else [""] for n, one in enumerate(table["dimensions"])]
        for whole, parts in _levels(dimension):
            for key in product(*rest):
                names = [
                    name_of(table["figure"], codes, (*key[:place], value, *key[place + 1 :]), districts)
                    for value in (whole, *parts)
                ]
                book.sums.append((names[0], names[1:]))


def _levels(dimension: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    under = dimension["under"]
    yield "_T", [value for value in dimension["values"] if value not in under]
    for whole in dict.fromkeys(under.values()):
        yield whole, [part for part in dimension["values"] if under.get(part) == whole]


@dataclass
class System:
    """Rows of what is unknown: `matrix` times the unknown numbers is `right`. `names`: release and name of each."""

    names: list[tuple[int, Name]]
    matrix: np.ndarray
    right: np.ndarray

    def determined(self) -> list[tuple[int, Name]]:
        """The unknowns that the equations alone leave one value: those that no direction of the null space moves."""
        _, part_of = connected_components(csr_matrix(self.matrix.T) @ csr_matrix(self.matrix), directed=False)
        found = []
        for part in range(part_of.max(initial=-1) + 1):
            places = np.flatnonzero(part_of == part)
            own = self.matrix[:, places]
            values, vectors = np.linalg.eigh(own.T @ own)
            null = vectors[:, values < 1e-8 * max(1.0, float(values.max(initial=0)))]
            moved = np.abs(null).max(axis=1) if null.size else np.zeros(len(places))
            found += [self.names[place] for place, much in zip(places, moved, strict=True) if much < 1e-7]
        return found

    def interval(self, place: int, low: np.ndarray, high: np.ndarray) -> tuple[float, float]:
        """Between what the unknown must lie, when each is known to lie in its bounds."""
        ends = []
        for sign in (1, -1):
            aim = np.zeros(len(self.names))
            aim[place] = sign
            bounds = list(zip(low, np.where(np.isinf(high), None, high), strict=True))
            found = linprog(aim, A_eq=self.matrix, b_eq=self.right, bounds=bounds, method="highs")
            ends.append(sign * found.fun if found.status == 0 else -sign * np.inf)
        return ends[0], ends[1]


def together(books: list[Book], same: list[set[Name]]) -> System:
    """All releases as one system. `same[n]`: names whose count did not change from release n to the next."""
    known, owner = _unknowns(books, same)
    names = sorted({one for one in owner.values() if one not in known}, key=str)
    place = {one: k for k, one in enumerate(names)}
    rows: dict[tuple[tuple[int, float], ...], float] = {}
    for n, book in enumerate(books):
        for total, parts in book.sums:
            signed = [(owner[n, total], -1.0), *((owner[n, part], 1.0) for part in parts)]
            row, right = _row(signed, known, place)
            if row:
                rows[row] = right
    matrix = np.zeros((len(rows), len(names)))
    for k, row in enumerate(rows):
        for column, sign in row:
            matrix[k, column] = sign
    return System(names, matrix, np.array([*rows.values()]))


Which = tuple[int, Name]


def _unknowns(books: list[Book], same: list[set[Name]]) -> tuple[dict[Which, int], dict[Which, Which]]:
    """What is known, and for each count of each release the earliest one that is the same number."""
    known: dict[Which, int] = {}
    owner: dict[Which, Which] = {}
    for n, book in enumerate(books):
        for name in (*book.shown, *book.hidden):
            stays = n > 0 and name in same[n - 1]
            owner[n, name] = owner.get((n - 1, name), (n, name)) if stays else (n, name)
            if name in book.shown:
                known[owner[n, name]] = book.shown[name]
    return known, owner


def _row(
    signed: list[tuple[tuple[int, Name], float]], known: dict[tuple[int, Name], int], place: dict[tuple[int, Name], int]
) -> tuple[tuple[tuple[int, float], ...], float]:
    """A sum: what is unknown in it, and what that comes to."""
    row: dict[int, float] = {}
    for one, sign in signed:
        if one not in known:
            row[place[one]] = row.get(place[one], 0.0) + sign
    return tuple(sorted(row.items())), -sum(sign * known[one] for one, sign in signed if one in known)
