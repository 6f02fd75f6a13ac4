"""A changed set of clocks: what a change makes of the rules, and which changes are refused, place by place."""

from datetime import date

import pytest

from tests.workflow.roads import case_at
from ungdom.workflow.calendar import Length
from ungdom.workflow.errors import BadChanges
from ungdom.workflow.law import FIRST
from ungdom.workflow.rules.deadlines import RULES, DeadlineRule, deadlines
from ungdom.workflow.rules.rule_overrides import RuleOverride, with_overrides
from ungdom.workflow.vocabulary import Regime, Sanction

S, F = Sanction.YOUTH_SANCTION, Sanction.YOUTH_FOLLOW_UP
R0, R1, R2 = Regime
FIVE_WEEKS = Length(weeks=5)


def rules(code: str, *changes: RuleOverride) -> list[DeadlineRule]:
    return [rule for rule in with_overrides(RULES, changes) if rule.code == code]


def lengths(rule: DeadlineRule) -> dict[date, str]:
    assert rule.length
    return {since: str(length) for since, length in rule.length.values}


def refused(*changes: RuleOverride) -> list[tuple[str, str]]:
    with pytest.raises(BadChanges) as caught:
        with_overrides(RULES, changes)
    return [(problem.pointer, problem.kind) for problem in caught.value.problems]


def test_without_changes_the_rules_are_those_in_force() -> None:
    assert with_overrides(RULES, []) == RULES


def test_a_length_holds_for_all_or_from_a_day_on() -> None:
    [always] = rules("plan_meeting", RuleOverride(code="plan_meeting", length=FIVE_WEEKS))
    [since] = rules("plan_meeting", RuleOverride(code="plan_meeting", length=FIVE_WEEKS, since=date(2026, 3, 1)))

    assert lengths(always) == {FIRST: "5 weeks"}
    assert lengths(since) == {FIRST: "60 days", date(2026, 3, 1): "5 weeks"}


def test_the_day_a_clock_begins_decides_which_length_it_has() -> None:
    case = case_at("F R2", "received")  # received on 17 February 2025
    due = {}
    for day in (date(2025, 2, 17), date(2025, 2, 18)):
        tried = rules("plan_meeting", RuleOverride(code="plan_meeting", length=FIVE_WEEKS, since=day))
        due[day] = deadlines(case, date(2025, 3, 1), tried)[0].due

    assert due == {date(2025, 2, 17): date(2025, 3, 24), date(2025, 2, 18): date(2025, 4, 18)}


def test_a_change_of_the_warning_leaves_the_length() -> None:
    [rule] = rules("plan_meeting", RuleOverride(code="plan_meeting", warn_days=3))

    assert (rule.warn_days, lengths(rule)) == (3, {FIRST: "60 days"})


def test_a_selection_changes_only_its_part_and_leaves_no_gap() -> None:
    parts = rules(
        "charge_decision", RuleOverride(code="charge_decision", length=FIVE_WEEKS, sanctions=(S,), regimes=(R2,))
    )

    told = {(one, regime): str(part.length.on(FIRST)) for part in parts if part.length
            for one in part.sanctions for regime in part.regimes}  # fmt: skip
    assert told == {
        **{(F, regime): "6 weeks" for regime in Regime},
        **{(S, regime): "6 weeks" for regime in (R0, R1)},
        (S, R2): "5 weeks",
    }
    assert sum(len(part.sanctions) * len(part.regimes) for part in parts) == len(told)


def test_both_rows_of_a_clock_that_is_law_in_some_regimes_are_changed() -> None:
    law, norm = rules("dispatch", RuleOverride(code="dispatch", length=Length(days=3)))

    assert (law.binding, norm.binding) == (True, False)
    assert lengths(law) == lengths(norm) == {FIRST: "3 days"}


def test_what_starts_stops_binds_and_moves_a_clock_is_left_as_it_is() -> None:
    [rule] = rules("charge_decision", RuleOverride(code="charge_decision", length=FIVE_WEEKS, warn_days=1))
    [now] = [rule for rule in RULES if rule.code == "charge_decision"]

    unchanged = (
        *("starts", "stops", "binding", "moves_off_holidays", "law", "who"),
        "moot",
        "delay",
        "sanctions",
        "regimes",
    )
    for name in unchanged:
        assert getattr(rule, name) == getattr(now, name), name


@pytest.mark.parametrize(
    ("change", "place", "kind"),
    [
        (RuleOverride(code="no_such_clock", warn_days=1), "/changes/0/code", "unknown_clock"),
        (RuleOverride(code="pum_wished", length=FIVE_WEEKS), "/changes/0/length", "clock_without_length"),
        (RuleOverride(code="term_end", length=FIVE_WEEKS), "/changes/0/length", "clock_without_length"),
        (RuleOverride(code="plan_meeting"), "/changes/0", "changes_nothing"),
        (RuleOverride(code="plan_meeting", warn_days=1, since=date(2026, 1, 1)), "/changes/0/length", "missing"),
        (RuleOverride(code="ec_review", warn_days=1, regimes=(R0,)), "/changes/0", "selects_nothing"),
        (RuleOverride(code="appeal", warn_days=1, sanctions=(F,)), "/changes/0", "selects_nothing"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused_at_its_place(change: RuleOverride, place: str, kind: str) -> None:
    assert refused(change) == [(place, kind)]


def test_two_changes_of_the_same_clock_may_not_meet() -> None:
    one = RuleOverride(code="plan_meeting", warn_days=1, sanctions=(S,))
    other = RuleOverride(code="plan_meeting", warn_days=2, sanctions=(F,))

    assert refused(one, other, RuleOverride(code="plan_meeting", warn_days=3, regimes=(R2,))) == [
        ("/changes/2", "overlapping_changes"),
        ("/changes/2", "overlapping_changes"),
    ]
    assert {rule.warn_days for rule in rules("plan_meeting", one, other)} == {1, 2}
    assert len(rules("plan_meeting", one, other)) == 2


def test_every_problem_is_named_at_once() -> None:
    found = refused(
        RuleOverride(code="x", warn_days=1),
        RuleOverride(code="term_end", length=FIVE_WEEKS),
        RuleOverride(code="appeal"),
    )

    assert found == [
        ("/changes/0/code", "unknown_clock"),
        ("/changes/1/length", "clock_without_length"),
        ("/changes/2", "changes_nothing"),
    ]
