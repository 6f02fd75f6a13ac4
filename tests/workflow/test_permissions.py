"""Who may see a case, who may read cases at all, and in whose name a role acts."""

import pytest

from ungdom.workflow.permissions import (
    PROSECUTION_SEES,
    Seen,
    Viewer,
    acts_for,
    may_know_the_person,
    may_read_cases,
    may_see,
)
from ungdom.workflow.vocabulary import PHASE, Actor, Phase, Role, State

R, S = Role, State


@pytest.mark.parametrize(
    ("role", "office", "subject", "state", "sees"),
    [
        (R.COORDINATOR, "oslo", "a", S.EXECUTING, True),
        (R.COORDINATOR, "vest", "a", S.EXECUTING, False),
        (R.COORDINATOR, None, "a", S.EXECUTING, False),
        (R.LEADER, "oslo", "a", S.COMPLETED, True),
        (R.LEADER, "vest", "a", S.COMPLETED, False),
        (R.SECRETARIAT, None, "a", S.EXECUTING, True),
        (R.SYSTEM, None, "a", S.EXECUTING, True),
        (R.PROSECUTION, "oslo", "a", S.IN_COURT, True),
        (R.PROSECUTION, "vest", "a", S.IN_COURT, False),
        (R.PROSECUTION, "oslo", "a", S.EXECUTING, False),  # how the youth gets on in between
        (R.PROSECUTION, "oslo", "a", S.INTERRUPTED, True),
        (R.TEAM_MEMBER, "oslo", "m1", S.EXECUTING, True),
        (R.TEAM_MEMBER, None, "m1", S.EXECUTING, True),
        (R.TEAM_MEMBER, "oslo", "m2", S.EXECUTING, False),
        (R.ANALYST, None, "m1", S.EXECUTING, False),
        (R.AUDITOR, None, "m1", S.EXECUTING, False),
        (R.ADMIN, None, "m1", S.EXECUTING, False),
    ],
)
def test_a_case_is_seen_by(role: Role, office: str | None, subject: str, state: State, sees: bool) -> None:
    assert may_see(Viewer(role, subject, office), Seen("oslo", state, frozenset({"m1"}))) is sees


@pytest.mark.parametrize("role", Role)
def test_only_roles_that_work_with_cases_read_them(role: Role) -> None:
    assert may_read_cases(role) is (role not in (R.ANALYST, R.AUDITOR, R.ADMIN))


@pytest.mark.parametrize("role", Role)
def test_a_reader_who_is_not_told_the_person_is_the_team(role: Role) -> None:
    assert (may_read_cases(role) and not may_know_the_person(role)) is (role is R.TEAM_MEMBER)


def test_the_prosecution_sees_nothing_of_planning_and_execution() -> None:
    assert not {PHASE[state] for state in PROSECUTION_SEES} & {Phase.PLAN, Phase.EXECUTION}


def test_nobody_but_the_system_acts_for_the_system_and_readers_act_for_nobody() -> None:
    assert [role for role in Role if Actor.SYSTEM in acts_for(role)] == [R.SYSTEM]
    assert {role for role in Role if not acts_for(role)} == {R.TEAM_MEMBER, R.ANALYST, R.AUDITOR, R.ADMIN}
