"""Overrides of clocks for simulations: `with_overrides` returns the rules for `deadlines` to use instead of `RULES`.

An override changes a length, or how many days before the due date a warning is sent. What starts and stops a clock,
whether it is binding, and whether it moves off holidays can only be changed in code.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations
from typing import TypeVar

from ungdom.workflow.calendar import Length
from ungdom.workflow.errors import BadChanges, Problem
from ungdom.workflow.law import FIRST, Dated
from ungdom.workflow.rules.deadlines import DeadlineRule
from ungdom.workflow.vocabulary import Regime, Sanction

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOverride:
    """Other values for one clock; None keeps the value of the rule.

    `length`: for clocks that start on `since` or later, for all of them if `since` is None; it replaces the lengths
    that the law lists for later days. `warn_days`: days before the due date, for all. `sanctions`, `regimes`: where
    the override applies; elsewhere the clock is unchanged.
    """

    code: str
    length: Length | None = None
    since: date | None = None
    warn_days: int | None = None
    sanctions: tuple[Sanction, ...] = tuple(Sanction)
    regimes: tuple[Regime, ...] = tuple(Regime)


def with_overrides(rules: Sequence[DeadlineRule], overrides: Sequence[RuleOverride]) -> tuple[DeadlineRule, ...]:
    """The rules with these overrides applied. Raises `BadChanges` with the place of each problem: `/changes/0/code`."""
    problems = [
        problem for at, override in enumerate(overrides) for problem in _problems(rules, override, f"/changes/{at}")
    ]
    problems += [
        Problem(f"/changes/{at}", "overlapping_changes", second.code)
        for (_, first), (at, second) in combinations(enumerate(overrides), 2)
        if first.code == second.code and _scopes_overlap(first, second)
    ]
    if problems:
        raise BadChanges(problems)
    result = tuple(rules)
    for override in overrides:
        result = tuple(piece for rule in result for piece in _split_rule(rule, override))
    return result


def _split_rule(rule: DeadlineRule, override: RuleOverride) -> Iterator[DeadlineRule]:
    """The rule, split into the part that the override changes, which comes first, and the unchanged parts."""
    if not _selects(rule, override):
        yield rule
        return
    sanctions = _common(rule.sanctions, override.sanctions)
    regimes = _common(rule.regimes, override.regimes)
    warn = rule.warn_days if override.warn_days is None else override.warn_days
    yield replace(rule, sanctions=sanctions, regimes=regimes, length=_length(rule, override), warn_days=warn)
    if others := _remaining(rule.sanctions, override.sanctions):
        yield replace(rule, sanctions=others)
    if left := _remaining(rule.regimes, override.regimes):
        yield replace(rule, sanctions=sanctions, regimes=left)


def _selects(rule: DeadlineRule, override: RuleOverride) -> bool:
    return rule.code == override.code and _scopes_overlap(rule, override)


def _scopes_overlap(first: DeadlineRule | RuleOverride, second: RuleOverride) -> bool:
    """Whether both apply to at least one common sanction and at least one common regime."""
    return not (set(first.sanctions).isdisjoint(second.sanctions) or set(first.regimes).isdisjoint(second.regimes))


def _length(rule: DeadlineRule, override: RuleOverride) -> Dated[Length] | None:
    if override.length is None or rule.length is None:
        return rule.length
    since = override.since or FIRST
    earlier = tuple((day, value) for day, value in rule.length.values if day < since)
    return replace(rule.length, values=(*earlier, (since, override.length)))


def _problems(rules: Sequence[DeadlineRule], override: RuleOverride, place: str) -> Iterator[Problem]:
    if not any(rule.code == override.code for rule in rules):
        codes = tuple(sorted({rule.code for rule in rules}))
        yield Problem(f"{place}/code", "unknown_clock", override.code, codes)
        return
    selected = [rule for rule in rules if _selects(rule, override)]
    if not selected:
        yield Problem(place, "selects_nothing", override.code)
    if override.length is not None and any(rule.length is None for rule in selected):
        yield Problem(f"{place}/length", "clock_without_length", override.code)
    if override.length is None and override.since is not None:
        yield Problem(f"{place}/length", "missing", override.code)
    elif override.length is None and override.warn_days is None:
        yield Problem(place, "changes_nothing", override.code)


def _common(these: tuple[T, ...], chosen: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(value for value in these if value in chosen)


def _remaining(these: tuple[T, ...], chosen: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(value for value in these if value not in chosen)
