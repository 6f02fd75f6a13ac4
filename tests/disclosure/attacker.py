"""Somebody who takes everything that is published and reckons. Shares no code with what protects.

What they have: tables as they are told, counts that are null, combinations that are not there and so are zero; that
the values under a total add up to it; that the figures `p1` and `p3` count the same people, that a police district is
its konfliktråd, and what the definitions say of two figures side by side (`AT_MOST`, `EQUAL`, `LATER`). What they are
granted beyond that: which hidden counts are below the threshold, but not of those that were so when hidden before and
have changed since; which counts changed from one release to the next, and whether they grew or fell; and where two
counts that are nearly always equal are equal.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix, hstack, identity, lil_matrix
from scipy.sparse.csgraph import connected_components

Name = tuple[str, frozenset[tuple[str, str]]]
Side = tuple[str, str | None]
"""A figure and one of its endings; None: all of them."""
SAME = {"p3": "p1"}
THRESHOLD = 5
SMALL = range(1, THRESHOLD)
MOST = 10**5
"""No count is larger."""

RECEIVED, STARTED, CLOSED = "completion.received", "completion.started", "completion.closed"
CASELOAD = "caseload.open"
AT_MOST: list[tuple[Side, Side]] = [
    (("p3", "ended"), ("p1", "ended")),
    (("p1", "waiting"), ("p3", "waiting")),
    (("p1", "left"), ("p3", "left")),
    (("stage.registered", "waiting"), ("p1", "waiting")),
    (("wait.police", "waiting"), ("p1", "waiting")),
    (("p2", None), (RECEIVED, None)),
    (("p2", "waiting"), (RECEIVED, "open")),
    (("p2", "left"), (RECEIVED, "left")),
    (("stage.received", "waiting"), ("p2", "waiting")),
    (("nordic_2y", None), (STARTED, None)),
    (("stage.executing", "waiting"), (STARTED, "open")),
    (("withdrawn_before_start", "counted"), (RECEIVED, "left")),
    (("withdrawn_after_start", "counted"), (STARTED, "left")),
    (("first_measure_days", "waiting"), (STARTED, "open")),
    (("measure_wait_days", "ended"), ("measure_answer_days", "ended")),
    (("measure_answer_days", "waiting"), ("measure_wait_days", "waiting")),
    (("conditions_to_referral", None), ("conditions_set", "counted")),
]
STAGES = {
    "before_receipt": "registered investigation assessment awaiting_decision in_court judged appealed final dispatched",
    "preparing_plan": "received preparing interim_conditions postponed",
    "carried_out": (
        "executing electronic_control breach_talk tightened interrupted referred breach_in_court resumption_review "
        "term_expired"
    ),
}
TOGETHER: list[tuple[list[Side], list[Side], bool]] = [
    ([("p1", "waiting")], [(CASELOAD, "before_receipt")], True),
    ([("p3", "waiting")], [(CASELOAD, "before_receipt"), (CASELOAD, "preparing_plan")], True),
    ([(RECEIVED, "open")], [(CASELOAD, "preparing_plan"), (CASELOAD, "carried_out")], True),
    ([(STARTED, "open")], [(CASELOAD, "preparing_plan"), (CASELOAD, "carried_out")], False),
    *(([(f"stage.{stage}", "waiting") for stage in stages.split()], [(CASELOAD, part)], False)
      for part, stages in STAGES.items()),
]  # fmt: skip
"""Those of the first that a cell has are at most the second together; the last says whether nearly always equal."""
EQUAL: list[tuple[Side, Side]] = [
    (("completion_2y", None), (CLOSED, "completed")),
    (("stage.registered", None), ("p1", None)),
    (("wait.police", None), ("p1", None)),
    (("stage.received", None), ("p2", None)),
    (("stage.executing", None), (STARTED, None)),
    *(((code, None), (STARTED, None))
      for code in ("first_measure_days", "plan_adapted", "new_offence", "withdrawn_after_start")),
    (("withdrawn_before_start", None), (RECEIVED, None)),
    (("measure_answer_days", None), ("measure_wait_days", None)),
    *(((f"stage.{stage}", end), (f"wait.{party}", end))
      for stage, party in (("in_court", "court"), ("judged", "parties")) for end in (None, "ended", "waiting")),
]  # fmt: skip
"""Where they are not, the first is at most the second, or nothing is known."""
LATER: list[tuple[Side, Side]] = [
    (("p1", "ended"), (RECEIVED, None)),
    (("p3", "ended"), (STARTED, None)),
    (("p2", "ended"), (STARTED, None)),
    (("completion.received", "completed"), (CLOSED, "completed")),
    (("completion.started", "completed"), (CLOSED, "completed")),
    (("completion.received", "left"), (CLOSED, "left")),
    (("completion.started", "left"), (CLOSED, "left")),
    (("plan_adapted", "counted"), ("plan_changes", None)),
    (("breach_to_talk", "ended"), ("talk_ordered_to_held", None)),
    (("talk_ordered_to_held", "ended"), ("conditions_set", None)),
    (("referral_to_petition", "ended"), ("petition_to_judgment", None)),
    (("referral_to_resumption", "ended"), ("prosecution_resumed", None)),
    (("new_offence", "counted"), ("new_offence_to_reaction", None)),
]
"""The first at most the second, over all periods from one on: it happens to a case in the same period or later."""
LENGTHS = [re.compile(form) for form in (r"\d{4}H[12]", r"\d{4}", r"\d{4}-\d{4}")]


def name_of(figure: str, dimensions: list[str], key: tuple[str, ...], districts: dict[str, str]) -> Name:
    """The same count has the same name in every table."""
    values = {code: value for code, value in zip(dimensions, key, strict=True) if value != "_T"}
    if values.get("police_district") in districts:
        values["konfliktrad"] = districts[values.pop("police_district")]
    population = SAME.get(figure, figure) if "ending" not in values else figure
    return population, frozenset(values.items())


def counted(exact: Mapping[str, Any], districts: dict[str, str]) -> dict[Name, int]:
    """What was counted for a release, hidden or not: the answer sheet, and what the attacker is granted."""
    told: dict[Name, int] = {}
    for name, count in zip(exact["names"], exact["counts"], strict=True):
        figure, _version, *values = name.split("|")
        pairs = [value.split("=") for value in values]
        told[name_of(figure, [code for code, _ in pairs], tuple(value for _, value in pairs), districts)] = count
    return told


@dataclass
class Book:
    """What one release tells: `shown` by name, `hidden` names, and every sum, as a total and its parts."""

    shown: dict[Name, int] = field(default_factory=dict)
    hidden: set[Name] = field(default_factory=set)
    sums: list[tuple[Name, list[Name]]] = field(default_factory=list)

    @property
    def names(self) -> set[Name]:
        return self.hidden | self.shown.keys()


def read(content: dict[str, Any], districts: dict[str, str]) -> Book:
    """A release as a book. Fails where two tables say different things of one count.

    A table that stands as in an earlier release is in the book of that one.
    """
    book = Book()
    for part in content["figures"]:
        for table in part["tables"]:
            if table.get("stands") is None:
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
            for key in product(*rest) if parts else ():
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


# --- what the definitions say of two figures ------------------------------------------------------------------------

Terms = dict[Name, int]


def relations(book: Book, exact: Mapping[Name, int]) -> tuple[list[Terms], list[Terms]]:
    """What is zero, and what is not negative, by the definitions. `exact`: where nearly equal counts are equal."""
    cells = _cells(book)
    zero: list[Terms] = []
    positive: list[Terms] = []
    for less, more in (*AT_MOST, *EQUAL):
        for one, other in _pairs(cells, less, more):
            if (less, more) in EQUAL and exact[one] == exact[other]:
                zero.append({one: 1, other: -1})
            elif exact[one] <= exact[other]:
                positive.append({other: 1, one: -1})
    for terms, may_be_equal in _together(cells):
        much = sum(t * exact[name] for name, t in terms.items())
        if may_be_equal and not much:
            zero.append(terms)
        elif much >= 0:
            positive.append(terms)
    return zero, positive + [terms for terms in _later(cells) if sum(t * exact[one] for one, t in terms.items()) >= 0]


def _cells(book: Book) -> Mapping[Side, dict[frozenset[tuple[str, str]], Name]]:
    cells: dict[Side, dict[frozenset[tuple[str, str]], Name]] = defaultdict(dict)
    for name in book.names:
        ending = dict(name[1]).get("ending")
        cells[name[0], ending][frozenset(pair for pair in name[1] if pair[0] != "ending")] = name
    return cells


def _together(cells: Mapping[Side, dict[frozenset[tuple[str, str]], Name]]) -> Iterator[tuple[Terms, bool]]:
    for less, more, may_be_equal in TOGETHER:
        for values in set.intersection(*({*cells.get(side, {})} for side in more)):
            fewer = [cells[side][values] for side in less if values in cells.get(side, {})]
            if fewer:
                yield {cells[side][values]: 1 for side in more} | dict.fromkeys(fewer, -1), may_be_equal


def _later(cells: Mapping[Side, dict[frozenset[tuple[str, str]], Name]]) -> Iterator[Terms]:
    for less, more in LATER:
        for several in _from_a_period_on(_pairs(cells, less, more)):
            terms: Terms = {}
            for one, other in several:
                terms |= {other: 1, one: -1}
            yield terms


def _pairs(
    cells: Mapping[Side, dict[frozenset[tuple[str, str]], Name]], less: Side, more: Side
) -> list[tuple[Name, Name]]:
    sides = [(SAME.get(figure, figure) if end is None else figure, end) for figure, end in (less, more)]
    one, other = (cells.get(side, {}) for side in sides)
    return [(one[values], other[values]) for values in one if values in other]


def _from_a_period_on(pairs: list[tuple[Name, Name]]) -> Iterator[list[tuple[Name, Name]]]:
    ordered: dict[Any, dict[str, tuple[Name, Name]]] = defaultdict(dict)
    for one, other in pairs:
        values = {code: value for code, value in one[1] if code != "ending"}
        period = values.pop("period", None)
        if period is None:
            yield [(one, other)]
        else:
            length = next(n for n, form in enumerate(LENGTHS) if form.fullmatch(period))
            ordered[length, frozenset(values.items())][period] = (one, other)
    for by_period in ordered.values():
        places = [by_period[period] for period in sorted(by_period)]
        yield from (places[n:] for n in range(len(places)))


# --- the system of all of it ------------------------------------------------------------------------------------------

Which = tuple[int, Name]
"""A count of a release, by the place of the release."""


@dataclass
class System:
    """Everything that the unknown numbers must satisfy.

    `matrix` times them is `right`; `more` times them is at least `least`; each lies from `low` to `high`. `names`: the
    release and name of each; `truth`: the numbers themselves, which only the judge of the attack knows.
    """

    names: list[Which]
    matrix: csr_matrix
    right: np.ndarray
    more: csr_matrix
    least: np.ndarray
    low: np.ndarray
    high: np.ndarray
    truth: np.ndarray

    @property
    def small(self) -> list[int]:
        """The places of those from 1 to 4."""
        return [n for n, value in enumerate(self.truth) if value in SMALL]

    def determined(self) -> list[Which]:
        """The unknowns that the equations alone leave one value: those that no direction of the null space moves."""
        both = self.matrix.T @ self.matrix
        _, part_of = connected_components(both, directed=False)
        members: dict[int, list[int]] = defaultdict(list)
        for place, part in enumerate(part_of):
            members[part].append(place)
        found = []
        for places in members.values():
            own = both[places][:, places].toarray()
            values, vectors = np.linalg.eigh(own)
            null = vectors[:, values < 1e-8 * max(1.0, float(values.max(initial=0)))]
            moved = np.abs(null).max(axis=1) if null.size else np.zeros(len(places))
            found += [self.names[place] for place, much in zip(places, moved, strict=True) if much < 1e-7]
        return found

    def possible(self) -> dict[int, set[int]]:
        """For each count from 1 to 4 which of these numbers it can have: by whole numbers that satisfy everything."""
        seen: dict[int, set[int]] = {place: {int(self.truth[place])} for place in self.small}
        for place in self.small:
            for value in SMALL:
                if value not in seen[place] and (found := self.solution({place: value})) is not None:
                    for other in self.small:
                        seen[other].add(int(found[other]))
        return seen

    def solution(self, fixed: Mapping[int, int], aim: Mapping[int, float] | None = None) -> np.ndarray | None:
        """Whole numbers that satisfy everything, with these counts fixed; None: there are none."""
        low, high = self.low.copy(), self.high.copy()
        for place, value in fixed.items():
            if not low[place] <= value <= high[place]:
                return None
            low[place] = high[place] = value
        cost = np.zeros(len(low))
        for place, weight in (aim or {}).items():
            cost[place] = weight
        found = milp(
            cost, integrality=np.ones(len(low)), bounds=Bounds(low, high), constraints=self._constraints(),
            options={"presolve": True},
        )  # fmt: skip
        if found.status == 2:
            return None
        assert found.x is not None, found.message
        solution = np.rint(found.x)
        assert np.array_equal(self.matrix @ solution, self.right)
        assert (self.more @ solution >= self.least).all()
        return solution

    def _constraints(self) -> list[LinearConstraint]:
        parts = [LinearConstraint(self.matrix, self.right, self.right)] if self.matrix.shape[0] else []
        return parts + ([LinearConstraint(self.more, self.least, np.inf)] if self.more.shape[0] else [])

    def known_small_sums(self) -> list[list[Which]]:
        """Sets of unknowns whose sum follows exactly from the equations and is from 1 to 4.

        A set is a row of zeros and ones that is a combination of the rows of the matrix. Searched for in each part of
        the system on its own, until there is none without those found.
        """
        found: list[list[Which]] = []
        both = self.matrix.T @ self.matrix
        _, part_of = connected_components(both, directed=False)
        for part in {int(part_of[place]) for place in self.small}:
            places = np.flatnonzero(part_of == part)
            own = self.matrix[:, places]
            rows = np.flatnonzero(np.diff(own.indptr))
            found += self._sums_of_part(places, own[rows], self.right[rows])
        return found

    def _sums_of_part(self, places: np.ndarray, matrix: csr_matrix, right: np.ndarray) -> list[list[Which]]:
        size, count = len(places), matrix.shape[0]
        usable = (self.truth[places] < THRESHOLD).astype(float)
        equations = hstack([identity(size), -matrix.T]).tocsr()
        total = hstack([csr_matrix((1, size)), csr_matrix(right)]).tocsr()
        found: list[list[Which]] = []
        while True:
            answer = milp(
                np.concatenate([np.ones(size), np.zeros(count)]),
                integrality=np.concatenate([np.ones(size), np.zeros(count)]),
                bounds=Bounds(
                    np.concatenate([np.zeros(size), np.full(count, -9.0)]),
                    np.concatenate([usable, np.full(count, 9.0)]),
                ),
                constraints=[LinearConstraint(equations, 0, 0), LinearConstraint(total, 1, THRESHOLD - 1)],
            )
            if answer.x is None:
                return found
            chosen = np.flatnonzero(np.rint(answer.x[:size]))
            found.append([self.names[places[k]] for k in chosen])
            usable[chosen] = 0


def together(books: Sequence[Book], exact: Sequence[Mapping[Name, int]]) -> System:
    """All releases as one system. `exact`: what was counted."""
    same = [
        {name for name in later if name in before and before[name] == later[name]} for before, later in pairwise(exact)
    ]
    known, owner = _unknowns(books, same)
    names = sorted({one for one in owner.values() if one not in known}, key=str)
    place = {one: k for k, one in enumerate(names)}
    zero: list[dict[Which, int]] = []
    positive: list[dict[Which, int]] = []
    for n, book in enumerate(books):
        for total, parts in book.sums:
            terms: dict[Which, int] = defaultdict(int)
            for name, times in ((total, -1), *((part, 1) for part in parts)):
                terms[owner[n, name]] += times
            zero.append(terms)
        for own, told in zip((zero, positive), relations(book, exact[n]), strict=True):
            own += [{owner[n, name]: times for name, times in one.items()} for one in told]
        positive += _grown(n, owner, exact) if n else []
    truth = np.array([exact[n][name] for n, name in names], dtype=float)
    matrix, right = _rows(zero, known, place)
    more, least = _rows(positive, known, place)
    was_small = np.array([_was_small(books, exact, n, name) for n, name in names], dtype=bool)
    low = np.where(truth < THRESHOLD, 0.0, float(THRESHOLD))
    high = np.where((truth < THRESHOLD) & ~was_small, float(THRESHOLD - 1), float(MOST))
    return System(names, matrix, right, more, least, low, high, truth)


def _was_small(books: Sequence[Book], exact: Sequence[Mapping[Name, int]], n: int, name: Name) -> bool:
    return any(name in books[k].hidden and exact[k][name] < THRESHOLD for k in range(n))


def _grown(n: int, owner: Mapping[Which, Which], exact: Sequence[Mapping[Name, int]]) -> Iterator[dict[Which, int]]:
    """Each count that grew or fell from the release before is larger or smaller."""
    for (release, name), now in owner.items():
        before = owner.get((n - 1, name))
        if release == n and before and before != now and exact[n][name] != exact[n - 1][name]:
            sign = 1 if exact[n][name] > exact[n - 1][name] else -1
            yield {now: sign, before: -sign}


def _unknowns(books: Sequence[Book], same: list[set[Name]]) -> tuple[dict[Which, int], dict[Which, Which]]:
    """What is known, and for each count of each release the earliest one that is the same number."""
    known: dict[Which, int] = {}
    owner: dict[Which, Which] = {}
    for n, book in enumerate(books):
        for name in (*book.shown, *book.hidden):
            stays = n > 0 and name in same[n - 1] and (n - 1, name) in owner
            owner[n, name] = owner[n - 1, name] if stays else (n, name)
            if name in book.shown:
                known[owner[n, name]] = book.shown[name]
    return known, owner


def _rows(
    told: list[dict[Which, int]], known: Mapping[Which, int], place: Mapping[Which, int]
) -> tuple[csr_matrix, np.ndarray]:
    """Rows of what is unknown, and what that comes to; each once."""
    rows: dict[tuple[tuple[int, int], ...], int] = {}
    for terms in told:
        row = tuple(sorted((place[one], times) for one, times in terms.items() if one not in known and times))
        right = -sum(times * known[one] for one, times in terms.items() if one in known)
        if row:
            rows[row] = max(rows.get(row, right), right)
    matrix = lil_matrix((len(rows), len(place)))
    for k, row in enumerate(rows):
        for column, times in row:
            matrix[k, column] = times
    return matrix.tocsr(), np.array([*rows.values()], dtype=float)
