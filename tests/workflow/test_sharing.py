"""Who may learn what of a case: by law, or by the consent of everybody who must, on the day asked."""

from datetime import date

import pytest

from tests.workflow.roads import case_at
from ungdom.workflow.case import Youth
from ungdom.workflow.payloads import Attendee, Sharing
from ungdom.workflow.rules.sharing import (
    RULES,
    Ground,
    Matter,
    NotShared,
    decisions_for,
    may_learn,
)
from ungdom.workflow.vocabulary import Protection

A, M, N = Attendee, Matter, NotShared
DAY = date(2025, 6, 20)
TWO = Youth(born=date(2008, 3, 12), guardians=2)  # 18 on 2026-03-12
ALONE = Youth(born=date(2008, 3, 12), guardians=0)
YOUTH = "2025-06-05 sharing_consent_given {by: youth, scope: [progress, plan], recipients: [school, police]}"
FIRST = "2025-06-05 sharing_consent_given {by: guardian, guardian: g1, scope: [progress, plan], recipients: [school]}"
SECOND = "2025-06-06 sharing_consent_given {by: guardian, guardian: g2, scope: [progress, plan], recipients: [school]}"
NAMELESS = "2025-06-06 sharing_consent_given {by: guardian, scope: [progress, plan], recipients: [school]}"
UNTIL = "2025-06-06 sharing_consent_given {by: youth, scope: [progress], recipients: [school], until: 2025-06-19}"


def why(*lines: str, youth: Youth = TWO, day: date = DAY, matter: Matter = M.PROGRESS) -> NotShared | None:
    """Why the school may not learn how it goes in a youth sanction under way."""
    case = case_at("S R2", "plan_meeting_held", *lines, youth=youth)
    return may_learn(case, A.SCHOOL, matter, day).why_not


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((), N.YOUTH_HAS_NOT_CONSENTED),
        ((FIRST, SECOND), N.YOUTH_HAS_NOT_CONSENTED),
        ((YOUTH,), N.GUARDIAN_HAS_NOT_CONSENTED),
        ((YOUTH, FIRST), N.GUARDIAN_HAS_NOT_CONSENTED),
        ((YOUTH, FIRST, FIRST), N.GUARDIAN_HAS_NOT_CONSENTED),
        ((YOUTH, NAMELESS, NAMELESS), N.GUARDIAN_HAS_NOT_CONSENTED),
        ((YOUTH, FIRST, SECOND), None),
        ((YOUTH, FIRST, NAMELESS), None),
        ((YOUTH, FIRST, SECOND, "2025-06-10 sharing_consent_withdrawn {by: youth}"), N.YOUTH_HAS_WITHDRAWN),
        ((YOUTH, FIRST, SECOND, "2025-06-10 sharing_consent_withdrawn {by: youth, recipients: [health]}"), None),
        ((YOUTH, FIRST, SECOND, "2025-06-10 sharing_consent_withdrawn {by: guardian, guardian: g2}"),
         N.GUARDIAN_HAS_WITHDRAWN),
        ((YOUTH, FIRST, SECOND, "2025-06-10 sharing_consent_withdrawn {by: guardian}"), N.GUARDIAN_HAS_WITHDRAWN),
        ((YOUTH, FIRST, SECOND, "2025-06-10 sharing_consent_withdrawn {by: guardian, guardian: g3}"),
         N.GUARDIAN_HAS_WITHDRAWN),
        ((YOUTH, FIRST, SECOND, "2025-06-10 sharing_consent_withdrawn {by: guardian, guardian: g2}",
          SECOND.replace("06-06", "06-12")), None),
        ((UNTIL, FIRST, SECOND), N.YOUTH_CONSENT_HAS_RUN_OUT),
    ],
)  # fmt: skip
def test_everybody_who_must_has_consented(lines: tuple[str, ...], expected: NotShared | None) -> None:
    assert why(*lines) == expected


def test_a_consent_holds_until_and_with_its_last_day() -> None:
    assert why(UNTIL, FIRST, SECOND, day=date(2025, 6, 19)) is None
    assert why(UNTIL, FIRST, SECOND, day=date(2025, 6, 20)) is N.YOUTH_CONSENT_HAS_RUN_OUT


def test_a_consent_holds_from_the_day_it_was_given_and_an_earlier_day_is_told_as_it_was() -> None:
    gone = "2025-06-10 sharing_consent_withdrawn {by: youth}"
    days = [(2, N.YOUTH_HAS_NOT_CONSENTED), (5, N.GUARDIAN_HAS_NOT_CONSENTED), (6, None), (9, None)]
    for day, expected in [*days, (10, N.YOUTH_HAS_WITHDRAWN)]:
        assert why(YOUTH, FIRST, SECOND, gone, day=date(2025, 6, day)) == expected, day


def test_the_order_is_that_of_what_happened_not_of_what_was_recorded() -> None:
    again = YOUTH.replace("2025-06-05", "2025-06-12")
    late = "2025-06-10/2025-06-14 sharing_consent_withdrawn {by: youth}"
    assert why(YOUTH, FIRST, SECOND, again, late) is None


def test_from_18_the_youth_alone_consents_and_without_a_guardian_alone_as_well() -> None:
    assert why(YOUTH, day=date(2026, 3, 11)) is N.GUARDIAN_HAS_NOT_CONSENTED
    assert why(YOUTH, day=date(2026, 3, 12)) is None
    assert why(YOUTH, youth=ALONE) is None


def test_a_consent_is_for_its_recipient_and_its_scope() -> None:
    case = case_at("S R2", "plan_meeting_held", YOUTH, youth=ALONE)
    assert may_learn(case, A.SCHOOL, M.PROGRESS, DAY).allowed
    assert may_learn(case, A.SCHOOL, M.OWN_MEASURES, DAY).allowed
    assert may_learn(case, A.SCHOOL, M.ATTENDANCE, DAY).why_not is N.YOUTH_HAS_NOT_CONSENTED
    assert may_learn(case, A.HEALTH, M.PROGRESS, DAY).why_not is N.YOUTH_HAS_NOT_CONSENTED


WITHOUT_CONSENT = {
    A.SCHOOL: {M.CURRENT_STATUS, M.MEETING_DATES},
    A.HEALTH: {M.CURRENT_STATUS, M.MEETING_DATES},
    A.CHILD_WELFARE: {M.CURRENT_STATUS, M.MEETING_DATES},
    A.DEFENDER: {M.CURRENT_STATUS, M.MEETING_DATES},
    A.VICTIM: set(),
    A.PROSECUTION: {M.CURRENT_STATUS, M.STAGE_DATES, M.MEETING_DATES, M.SANCTION, M.IDENTITY, M.NAME_AND_BIRTH_YEAR,
                    M.OFFENCE, M.PERSON_INVESTIGATION, M.RIGHTS},
    A.YOUTH: set(Matter) - {M.RESTORATIVE},
    A.GUARDIAN: set(Matter) - {M.RESTORATIVE},
    A.KONFLIKTRAD: set(Matter) - {M.PERSON_INVESTIGATION},
}  # fmt: skip
"""The need-to-know matrix, by hand, where nobody has consented to anything."""
_AUTHORITY = WITHOUT_CONSENT[A.PROSECUTION] - {M.PERSON_INVESTIGATION, M.RIGHTS}
_IN_THE_TEAM = _AUTHORITY | {M.PLAN, M.OWN_MEASURES, M.PROGRESS, M.ATTENDANCE, M.DRUG_TESTS}


@pytest.mark.parametrize(("road", "police"), [("S R2", _IN_THE_TEAM), ("F R2", _AUTHORITY)])
def test_without_consent_the_law_alone_says_who_learns_what(road: str, police: set[Matter]) -> None:
    case, day = case_at(road, "plan_meeting_held"), date(2025, 6, 3)
    expected = {**WITHOUT_CONSENT, A.POLICE: police, A.CORRECTIONAL_SERVICE: police | {M.PERSON_INVESTIGATION}}
    for agency, matters in expected.items():
        assert {one.matter for one in decisions_for(case, agency, day) if one.allowed} == matters, agency


def test_the_prosecution_learns_of_the_plan_while_a_breach_is_dealt_with() -> None:
    before, while_open = case_at("S R2", "breach_recorded"), case_at("S R2", "breach_talk_ordered")
    assert may_learn(before, A.PROSECUTION, M.PLAN, date(2025, 9, 2)).why_not is N.ONLY_ON_BREACH
    assert may_learn(while_open, A.PROSECUTION, M.PLAN, date(2025, 9, 4)).allowed


def test_a_guardian_learns_nothing_from_the_day_the_youth_is_18() -> None:
    case = case_at("S R2", "plan_meeting_held")
    assert may_learn(case, A.GUARDIAN, M.PLAN, date(2026, 3, 11)).allowed
    assert may_learn(case, A.GUARDIAN, M.PLAN, date(2026, 3, 12)).why_not is N.YOUTH_IS_OF_AGE
    assert may_learn(case, A.YOUTH, M.PLAN, date(2026, 3, 12)).allowed


@pytest.mark.parametrize("agency", [one for one in A if one not in (A.YOUTH, A.GUARDIAN, A.KONFLIKTRAD)])
def test_nobody_outside_learns_the_address_whatever_is_consented(agency: Attendee) -> None:
    said = f"2025-06-05 sharing_consent_given {{by: youth, scope: [{', '.join(Sharing)}], recipients: [{agency}]}}"
    case = case_at("S R2", "plan_meeting_held", said, youth=ALONE)
    found = may_learn(case, agency, M.ADDRESS, DAY)
    assert (found.allowed, found.why_not, found.ground) == (False, N.NOT_NEEDED, None)


@pytest.mark.parametrize("protection", [Protection.CONFIDENTIAL, Protection.STRICTLY_CONFIDENTIAL])
def test_a_protected_address_is_shared_with_the_youth_alone(protection: Protection) -> None:
    case, day = case_at("S R2", "plan_meeting_held"), date(2025, 6, 3)
    for agency in (A.GUARDIAN, A.KONFLIKTRAD):
        assert may_learn(case, agency, M.ADDRESS, day).allowed
        kept = may_learn(case, agency, M.ADDRESS, day, protection)
        assert (kept.allowed, kept.why_not, kept.law) == (False, N.ADDRESS_IS_PROTECTED, "frl § 10-4")
    assert may_learn(case, A.YOUTH, M.ADDRESS, day, protection).allowed


def test_one_row_answers_for_each_agency_matter_and_sanction_and_every_row_has_its_law() -> None:
    keys = [
        (to, what, sanction) for r in RULES for to in r.recipients for what in r.matters for sanction in r.sanctions
    ]
    assert len(keys) == len(set(keys))
    assert all(rule.law for rule in RULES)
    assert all(bool(rule.scopes) is (rule.ground is Ground.CONSENT) for rule in RULES)
