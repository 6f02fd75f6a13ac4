"""A changed set of clocks, to be tried out: what `deadlines` is asked with in place of `RULES`. Nothing is kept.

A change is a length, or how many days before the due date a warning goes out. What starts and stops a clock, whether
it binds, and whether it moves off holidays is not the office's to change, nor anybody's without changing the code.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations
from typing import TypeVar

from ungdom.workflow.daycount import Length
from ungdom.workflow.deadlines import Rule
from ungdom.workflow.errors import BadChanges, Problem
from ungdom.workflow.law import FIRST, Dated
from ungdom.workflow.vocabulary import Regime, Sanction

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One clock as it might be. None leaves a value as it is.

    `length`: for the clocks that begin on `since` or later, for all of them when that is None; it replaces the lengths
    that the law lists for later days. `warn_days`: days before the due date, for all. `sanctions`, `regimes`: in which
    of them; the clock stays as it is in the others.
    """

    code: str
    length: Length | None = None
    since: date | None = None
    warn_days: int | None = None
    sanctions: tuple[Sanction, ...] = tuple(Sanction)
    regimes: tuple[Regime, ...] = tuple(Regime)


def changed(rules: Sequence[Rule], changes: Sequence[Change]) -> tuple[Rule, ...]:
    """The rules with these changes made. Raises `BadChanges` that names every place, as `/changes/0/code`."""
    problems = [problem for at, change in enumerate(changes) for problem in _problems(rules, change, f"/changes/{at}")]
    problems += _overlaps(changes)
    if problems:
        raise BadChanges(problems)
    found = tuple(rules)
    for change in changes:
        found = tuple(piece for rule in found for piece in _pieces(rule, change))
    return found


def _pieces(rule: Rule, change: Change) -> Iterator[Rule]:
    """The rule, in the parts that the change leaves: the changed one first."""
    if not _selects(rule, change):
        yield rule
        return
    sanctions = _in(rule.sanctions, change.sanctions)
    regimes = _in(rule.regimes, change.regimes)
    warn = rule.warn_days if change.warn_days is None else change.warn_days
    yield replace(rule, sanctions=sanctions, regimes=regimes, length=_length(rule, change), warn_days=warn)
    if others := _out(rule.sanctions, change.sanctions):
        yield replace(rule, sanctions=others)
    if left := _out(rule.regimes, change.regimes):
        yield replace(rule, sanctions=sanctions, regimes=left)


def _selects(rule: Rule, change: Change) -> bool:
    return rule.code == change.code and _meet(rule, change)


def _meet(one: Rule | Change, other: Change) -> bool:
    """Whether there is a sanction and a regime that both speak of."""
    return not (set(one.sanctions).isdisjoint(other.sanctions) or set(one.regimes).isdisjoint(other.regimes))


def _length(rule: Rule, change: Change) -> Dated[Length] | None:
    if change.length is None or rule.length is None:
        return rule.length
    since = change.since or FIRST
    kept = tuple((day, value) for day, value in rule.length.values if day < since)
    return replace(rule.length, values=(*kept, (since, change.length)))


def _problems(rules: Sequence[Rule], change: Change, place: str) -> Iterator[Problem]:
    if not any(rule.code == change.code for rule in rules):
        codes = tuple(sorted({rule.code for rule in rules}))
        yield Problem(f"{place}/code", "unknown_clock", change.code, codes)
        return
    selected = [rule for rule in rules if _selects(rule, change)]
    if not selected:
        yield Problem(place, "selects_nothing", change.code)
    if change.length is not None and any(rule.length is None for rule in selected):
        yield Problem(f"{place}/length", "clock_without_length", change.code)
    if change.length is None and change.since is not None:
        yield Problem(f"{place}/length", "missing", change.code)
    elif change.length is None and change.warn_days is None:
        yield Problem(place, "changes_nothing", change.code)


def _overlaps(changes: Sequence[Change]) -> Iterator[Problem]:
    for (_, one), (at, other) in combinations(enumerate(changes), 2):
        if one.code == other.code and _meet(one, other):
            yield Problem(f"/changes/{at}", "overlapping_changes", other.code)


def _in(these: tuple[T, ...], chosen: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(one for one in these if one in chosen)


def _out(these: tuple[T, ...], chosen: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(one for one in these if one not in chosen)
