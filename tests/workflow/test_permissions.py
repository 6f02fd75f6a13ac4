"""Who may see a case, what they learn of it, who may read cases at all, and in whose name a role acts."""

from dataclasses import replace
from itertools import product

import pytest

from ungdom.workflow.rules.permissions import (
    ACCESS_RULES,
    ANY,
    PROSECUTION_SEES,
    CaseAccessFacts,
    Disclosure,
    Relation,
    Viewer,
    access_rules_for,
    acts_for,
    disclosures_for,
    may_read_cases,
    may_see,
    may_settle_messages,
)
from ungdom.workflow.vocabulary import PHASE, Actor, Phase, Protection, Role, State

R, S, P, F = Role, State, Protection, Disclosure
CASE = CaseAccessFacts(
    konfliktrad="oslo",
    state=S.EXECUTING,
    team=frozenset({"m1"}),
    coordinator="kari",
    opened_by="per",
    protection=P.NONE,
    cleared=True,
)
EVERYTHING = {F.PERSON, F.OFFICE, F.LISTED, F.REACH}


def case(protection: Protection, **changes: object) -> CaseAccessFacts:
    return replace(CASE, protection=protection, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("role", "office", "subject", "state", "sees"),
    [
        (R.COORDINATOR, "oslo", "a", S.EXECUTING, True),
        (R.COORDINATOR, "vest", "a", S.EXECUTING, False),
        (R.COORDINATOR, "vest", "kari", S.EXECUTING, False),  # who had it before it was transferred
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
        (R.TEAM_MEMBER, "oslo", "kari", S.EXECUTING, False),
        (R.ANALYST, None, "m1", S.EXECUTING, False),
        (R.AUDITOR, None, "m1", S.EXECUTING, False),
        (R.ADMIN, None, "m1", S.EXECUTING, False),
    ],
)
def test_a_case_is_seen_by(role: Role, office: str | None, subject: str, state: State, sees: bool) -> None:
    for protection in (P.NONE, P.CONFIDENTIAL):  # the office sees the case of a confidential address
        assert may_see(Viewer(role, subject, office), case(protection, state=state)) is sees


@pytest.mark.parametrize(
    ("role", "office", "subject", "assigned", "state", "sees"),
    [
        (R.COORDINATOR, "oslo", "kari", "kari", S.EXECUTING, True),
        (R.COORDINATOR, "oslo", "a", "kari", S.EXECUTING, False),
        (R.COORDINATOR, "vest", "kari", "kari", S.EXECUTING, False),
        (R.COORDINATOR, "oslo", "per", None, S.REGISTERED, True),  # who opened it goes on until it is assigned
        (R.COORDINATOR, "oslo", "per", "kari", S.EXECUTING, False),
        (R.COORDINATOR, "oslo", "kari", None, S.REGISTERED, False),
        (R.COORDINATOR, "vest", "per", None, S.REGISTERED, False),
        (R.LEADER, "oslo", "a", None, S.REGISTERED, True),
        (R.LEADER, "oslo", "a", "kari", S.EXECUTING, True),
        (R.LEADER, "vest", "a", "kari", S.EXECUTING, False),
        (R.SECRETARIAT, None, "a", "kari", S.EXECUTING, True),
        (R.SYSTEM, None, "a", "kari", S.EXECUTING, True),
        (R.TEAM_MEMBER, None, "m1", "kari", S.EXECUTING, True),
        (R.TEAM_MEMBER, None, "m2", "kari", S.EXECUTING, False),
        (R.PROSECUTION, "oslo", "a", None, S.REGISTERED, False),
        (R.PROSECUTION, "oslo", "per", None, S.REGISTERED, True),  # its own
        (R.PROSECUTION, "vest", "per", None, S.REGISTERED, False),
        (R.PROSECUTION, "oslo", "per", "kari", S.INTERRUPTED, False),
        (R.PROSECUTION, "oslo", "per", None, S.RECEIVED, False),
        (R.ANALYST, None, "kari", "kari", S.EXECUTING, False),
        (R.AUDITOR, None, "kari", "kari", S.EXECUTING, False),
        (R.ADMIN, None, "kari", "kari", S.EXECUTING, False),
    ],
)
def test_a_case_with_a_strictly_confidential_address_is_seen_by(
    role: Role, office: str | None, subject: str, assigned: str | None, state: State, sees: bool
) -> None:
    seen = case(P.STRICTLY_CONFIDENTIAL, coordinator=assigned, state=state)
    assert may_see(Viewer(role, subject, office), seen) is sees


@pytest.mark.parametrize(
    ("role", "office", "subject", "none", "confidential", "strict"),
    [
        (R.COORDINATOR, "oslo", "kari", EVERYTHING, EVERYTHING, EVERYTHING),
        (R.COORDINATOR, "oslo", "a", EVERYTHING, {F.PERSON, F.OFFICE}, set()),
        (R.LEADER, "oslo", "a", EVERYTHING, EVERYTHING, EVERYTHING),
        (R.SECRETARIAT, None, "a", EVERYTHING - {F.REACH}, {F.PERSON, F.OFFICE}, {F.PERSON, F.OFFICE}),
        (R.TEAM_MEMBER, None, "m1", {F.OFFICE, F.LISTED}, set(), set()),
        (R.PROSECUTION, "oslo", "a", EVERYTHING - {F.REACH}, {F.PERSON, F.OFFICE}, set()),
        (R.SYSTEM, None, "a", EVERYTHING, EVERYTHING, EVERYTHING),
        (R.COORDINATOR, "vest", "kari", set(), set(), set()),
        (R.LEADER, "vest", "a", set(), set(), set()),
        (R.AUDITOR, None, "a", set(), set(), set()),
    ],
)
def test_what_is_learnt_of_a_case(
    role: Role,
    office: str | None,
    subject: str,
    none: set[Disclosure],
    confidential: set[Disclosure],
    strict: set[Disclosure],
) -> None:
    viewer = Viewer(role, subject, office)
    told = [disclosures_for(viewer, case(protection, state=S.INTERRUPTED)) for protection in Protection]
    assert told == [none, confidential, strict]


def test_who_opens_a_case_does_not_learn_by_that_how_a_protected_youth_is_reached() -> None:
    opener = Viewer(R.COORDINATOR, "per", "oslo")
    for protection in (P.CONFIDENTIAL, P.STRICTLY_CONFIDENTIAL):
        told = disclosures_for(opener, case(protection, coordinator=None))
        assert told == EVERYTHING - {F.REACH}


def test_a_closer_kept_address_never_shows_a_case_to_more_people_or_more_of_it() -> None:
    viewers = [Viewer(r, s, o) for r, s, o in product(Role, ("kari", "per", "m1", "x"), ("oslo", "vest", None))]
    for viewer, state, coordinator in product(viewers, State, ("kari", None)):
        cases = [case(protection, state=state, coordinator=coordinator) for protection in Protection]
        sees = [may_see(viewer, one) for one in cases]
        told = [disclosures_for(viewer, one) for one in cases]
        assert sees == sorted(sees, reverse=True), (viewer, state)
        assert told[0] >= told[1] >= told[2], (viewer, state)


def test_the_table_of_sight_says_each_thing_once() -> None:
    keys = [(row.role, level, row.relations) for row in ACCESS_RULES for level in row.protection]
    assert len(set(keys)) == len(keys)
    assert {level for row in ACCESS_RULES for level in row.protection} == set(ANY)
    assert {tie for row in ACCESS_RULES for tie in row.relations} == set(Relation)


def test_how_a_youth_is_reached_is_learnt_only_with_who_it_is() -> None:
    assert all(
        F.PERSON in row.discloses and F.OFFICE in row.discloses for row in ACCESS_RULES if F.REACH in row.discloses
    )
    assert {row.role for row in ACCESS_RULES if F.REACH in row.discloses} == {R.COORDINATOR, R.LEADER, R.SYSTEM}


@pytest.mark.parametrize("role", Role)
def test_only_roles_that_work_with_cases_read_them(role: Role) -> None:
    assert may_read_cases(role) is (role not in (R.ANALYST, R.AUDITOR, R.ADMIN))
    assert bool(access_rules_for(role)) is may_read_cases(role)


@pytest.mark.parametrize("role", Role)
def test_a_reader_who_is_not_told_the_person_is_the_team(role: Role) -> None:
    assert (may_read_cases(role) and not access_rules_for(role, F.PERSON)) is (role is R.TEAM_MEMBER)


@pytest.mark.parametrize("role", Role)
def test_messages_that_wait_are_settled_by_the_office_and_the_secretariat(role: Role) -> None:
    assert may_settle_messages(role) is (role in (R.COORDINATOR, R.LEADER, R.SECRETARIAT))


def test_the_prosecution_sees_nothing_of_planning_and_execution() -> None:
    assert not {PHASE[state] for state in PROSECUTION_SEES} & {Phase.PLAN, Phase.EXECUTION}


def test_nobody_but_the_system_acts_for_the_system_and_readers_act_for_nobody() -> None:
    assert [role for role in Role if Actor.SYSTEM in acts_for(role)] == [R.SYSTEM]
    assert {role for role in Role if not acts_for(role)} == {R.TEAM_MEMBER, R.ANALYST, R.AUDITOR, R.ADMIN}


@pytest.mark.parametrize("protection", [P.CONFIDENTIAL, P.STRICTLY_CONFIDENTIAL])
def test_an_assignment_shows_a_protected_address_to_the_cleared_only(protection: Protection) -> None:
    kari = Viewer(R.COORDINATOR, "kari", "oslo")
    assert F.REACH in disclosures_for(kari, case(protection))
    assert disclosures_for(kari, case(protection, cleared=False)) == disclosures_for(
        Viewer(R.COORDINATOR, "other", "oslo"), case(protection)
    )
