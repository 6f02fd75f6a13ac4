"""What an attacker has before them: every count of every release, what is known of each, and how they add up. Pure.

A count that stays the same from one release to the next is one unknown, not two: the attacker is granted to know of
every count whether it grew, fell or stayed. Counts that must be equal (a total with one part that is not zero) are one
unknown as well. Nothing is granted that a true answer would contradict.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

Id = Hashable
MANY = 10**6
"""No count is as large."""


@dataclass(frozen=True, slots=True)
class Release:
    """What is told at once. `counts`: exact, by id. `small`, `others`: hidden for itself, and beside them."""

    counts: Mapping[Id, int]
    sums: Sequence[tuple[Id, tuple[Id, ...]]]
    small: frozenset[Id] = frozenset()
    others: frozenset[Id] = frozenset()


@dataclass(slots=True)
class Unknown:
    """A count as the attacker meets it. `low`, `high`: what is known of it as long as it is hidden.

    `told`: it stands in an earlier release. `ids`: those of the release to come that have it, each with what hiding it
    costs. `hidden`: it is kept back. `counted`: False of what one count grew or fell by.
    """

    value: int
    low: int
    high: int
    told: bool = False
    hidden: bool = False
    ids: list[Id] = field(default_factory=list)
    cost: float = 0.0
    counted: bool = True

    @property
    def free(self) -> bool:
        """Whether it may take another value, now or when it is hidden as well."""
        return not self.told and self.low < self.high and (self.hidden or bool(self.ids))


Row = dict[int, int]
"""By unknown: how often it is counted; together they come to a known number."""


class System:
    """All unknowns, and the rows that bind them. `of`: the unknown of each id, of the release to come."""

    def __init__(self, threshold: int, cost: Mapping[Id, float], before: Sequence[Release], now: Release) -> None:
        self.threshold = threshold
        self.unknowns: list[Unknown] = []
        self._same: list[int] = []
        self._rows: list[list[tuple[int, int]]] = []
        last: dict[Id, int] = {}
        small: set[Id] = set()
        for release in before:
            self._add(release, last, small)
        self._add(now, last, small, cost)
        self.of = {i: self.root(number) for i, number in last.items()}
        self.rows = list(self._merged())
        self.touching: dict[int, list[int]] = defaultdict(list)
        for place, row in enumerate(self.rows):
            for number in row:
                self.touching[number].append(place)

    def root(self, number: int) -> int:
        """The unknown that this one is equal to."""
        while self._same[number] != number:
            number = self._same[number]
        return number

    def hide(self, number: int) -> None:
        """Keep this one back."""
        self.unknowns[number].hidden = True

    # --- one release after the other --------------------------------------------------------------------------

    def _add(
        self, release: Release, last: dict[Id, int], small: set[Id], cost: Mapping[Id, float] | None = None
    ) -> None:
        here = {}
        for i, count in release.counts.items():
            before = self.root(last[i]) if i in last else None
            here[i] = self._meet(count, before, i in small)
            self._know(self.unknowns[here[i]], i, release, small, cost)
        last |= here
        small |= release.small
        for total, parts in release.sums:
            self._bind(here[total], [here[part] for part in parts])

    def _meet(self, count: int, before: int | None, was_small: bool) -> int:
        if before is not None and self.unknowns[before].value == count:
            return before
        low = 0 if was_small or count < self.threshold else self.threshold
        high = MANY if was_small or count >= self.threshold else self.threshold - 1
        number = self._new(Unknown(count, low, high))
        if before is not None:  # it grew or fell, by at least one
            step = count - self.unknowns[before].value
            grown = self._new(Unknown(abs(step), 1, MANY, hidden=True, counted=False))
            self._rows.append([(number, 1), (before, -1), (grown, -1 if step > 0 else 1)])
        return number

    def _new(self, unknown: Unknown) -> int:
        self.unknowns.append(unknown)
        self._same.append(len(self._same))
        return len(self._same) - 1

    def _know(self, one: Unknown, i: Id, release: Release, small: set[Id], cost: Mapping[Id, float] | None) -> None:
        """What this release, or the rule by which it is to hide, tells of a count."""
        hidden = i in release.small or i in release.others
        if i in release.small and i not in small:
            one.high = min(one.high, self.threshold - 1)
        if i in release.others:
            one.low = max(one.low, self.threshold)
        one.hidden = one.hidden or hidden
        if cost is None or not (hidden or i in cost):
            one.told = one.told or not hidden
            return
        one.ids.append(i)
        one.cost += cost.get(i, 1.0)

    def _bind(self, total: int, parts: list[int]) -> None:
        some = [part for part in parts if not self._nothing(part)]
        if len(some) == 1 and not self._nothing(total):
            self._merge(total, some[0])
        elif some:
            self._rows.append([(total, -1), *((part, 1) for part in some)])

    def _nothing(self, number: int) -> bool:
        one = self.unknowns[self.root(number)]
        return one.told and one.value == 0

    def _merge(self, one: int, other: int) -> None:
        a, b = self.root(one), self.root(other)
        if a == b:
            return
        kept, gone = self.unknowns[a], self.unknowns[b]
        self._same[b] = a
        kept.low, kept.high = max(kept.low, gone.low), min(kept.high, gone.high)
        kept.told, kept.hidden = kept.told or gone.told, kept.hidden or gone.hidden
        kept.ids += gone.ids
        kept.cost += gone.cost

    def _merged(self) -> Iterator[Row]:
        """Each row once, of unknowns that may take another value."""
        seen = set()
        for row in self._rows:
            counted: Row = defaultdict(int)
            for number, times in row:
                counted[self.root(number)] += times
            kept = {n: times for n, times in counted.items() if times and self.unknowns[n].free}
            mark = frozenset(kept.items())
            if kept and mark not in seen and frozenset((n, -times) for n, times in kept.items()) not in seen:
                seen.add(mark)
                yield kept
