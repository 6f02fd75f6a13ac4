"""How each consent stands on a day, who is missing, and that what may be shared follows from the same."""

from datetime import date

import pytest

from tests.workflow.build import event
from tests.workflow.roads import case_at
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.derived import consents
from ungdom.workflow.derived.consents import ConsentKind, ConsentStatus, RecordedConsent
from ungdom.workflow.payloads import Attendee, By, Sharing, SharingPurpose
from ungdom.workflow.rules import sharing
from ungdom.workflow.rules.sharing import Matter, NotShared

TWO = Youth(born=date(2008, 3, 12), guardians=2)  # 18 on 2026-03-12
ROAD, UNTIL = "F R2", "investigation_closed"


def at(*lines: str, youth: Youth = TWO) -> Case:
    return case_at(ROAD, UNTIL, *lines, youth=youth)


def standing(case: Case, day: date) -> list[tuple[str, str | None, str, date | None]]:
    return [(one.by, one.guardian, one.status, one.ended_on) for one in consents.sanction_consents(case, day)]


def missing(case: Case, day: date) -> list[tuple[str, str | None, str]]:
    return [(one.by, one.guardian, one.why) for one in consents.missing_consents(case, day)]


EVERYBODY = (
    "2025-02-11 consent_given {by: youth, until: 2025-03-31}",
    "2025-02-11 consent_given {by: guardian, guardian: g1, temporary: true}",
    "2025-02-12 consent_given {by: guardian, guardian: g2}",
)


def test_each_person_has_one_consent_and_the_last_word_counts() -> None:
    case = at(*EVERYBODY, "2025-02-14 consent_revoked {by: guardian, guardian: g2}")

    assert standing(case, date(2025, 2, 20)) == [
        ("youth", None, "valid", None),
        ("guardian", "g1", "valid", None),
        ("guardian", "g2", "withdrawn", date(2025, 2, 14)),
    ]
    assert missing(case, date(2025, 2, 20)) == [("guardian", "g2", "withdrawn")]
    assert [one.temporary for one in consents.sanction_consents(case, date(2025, 2, 20))] == [False, True, False]


@pytest.mark.parametrize(
    ("day", "youth", "guardian"),
    [
        (date(2025, 3, 31), "valid", "valid"),
        (date(2025, 4, 1), "expired", "valid"),
        (date(2026, 3, 11), "expired", "valid"),
        (date(2026, 3, 12), "expired", "ended_at_18"),  # the 18th birthday
    ],
)
def test_a_consent_ends_with_its_last_day_and_a_guardians_at_18(day: date, youth: str, guardian: str) -> None:
    case = at(*EVERYBODY)

    assert [one.status for one in consents.sanction_consents(case, day)] == [youth, guardian, guardian]


def test_who_is_missing_follows_the_day() -> None:
    case = at(*EVERYBODY[:2])

    assert missing(case, date(2025, 3, 31)) == [("guardian", None, "not_given")]
    assert missing(case, date(2025, 4, 1)) == [("youth", None, "expired"), ("guardian", None, "not_given")]
    assert missing(case, date(2026, 3, 12)) == [("youth", None, "expired")]  # from 18 no guardian is missing


def test_a_refusal_that_names_no_guardian_is_of_all_of_them() -> None:
    case = at(*EVERYBODY, "2025-02-14 consent_refused {by: guardian}")

    assert missing(case, date(2025, 2, 20)) == [("guardian", "g1", "refused"), ("guardian", "g2", "refused")]


def test_what_was_explained_after_it_was_given_does_not_hold() -> None:
    late = "2025-02-11/2025-02-12 consent_given {by: youth, explained_on: 2025-02-12}"
    same_day = "2025-02-12 consent_given {by: youth, explained_on: 2025-02-12}"

    assert missing(at(late, *EVERYBODY[1:]), date(2025, 2, 20)) == [("youth", None, "not_informed")]
    assert missing(at(late, *EVERYBODY[1:], same_day), date(2025, 2, 20)) == []


def test_a_guardian_who_consents_twice_under_two_references_is_no_gap_for_another_that_ran_out() -> None:
    case = at(
        EVERYBODY[0],
        "2025-02-11 consent_given {by: guardian, guardian: g1, until: 2025-02-12}",
        "2025-02-11 consent_given {by: guardian, guardian: g2}",
        "2025-02-12 consent_revoked {by: guardian, guardian: g1}",
        "2025-02-13/2025-02-14 consent_given {by: guardian, guardian: g3, explained_on: 2025-02-14, temporary: true}",
    )

    assert missing(case, date(2025, 2, 20)) == [("guardian", "g1", "withdrawn"), ("guardian", "g3", "not_informed")]


def test_a_guardian_who_came_later_consents_as_the_next_one() -> None:
    grown = Youth(born=date(2008, 3, 12), guardians=1, guardian_changes=((date(2025, 2, 11), 2),))
    first = ("2025-02-11 consent_given {by: youth}", "2025-02-10 consent_given {by: guardian}")
    second = "2025-02-12 consent_given {by: guardian, guardian: g2}"

    assert missing(at(*first, youth=grown), date(2025, 2, 12)) == [("guardian", None, "not_given")]
    assert standing(at(*first, second, youth=grown), date(2025, 2, 12)) == [
        ("youth", None, "valid", None),
        ("guardian", "g1", "valid", None),
        ("guardian", "g2", "valid", None),
    ]
    assert missing(at(*first, second, youth=grown), date(2025, 2, 12)) == []


def test_the_youth_sanction_rests_on_consent_only_before_september_2024() -> None:
    assert missing(case_at("S R0", "indicted"), date(2023, 2, 1)) == []
    assert consents.rests_on_consent(case_at("S R0", "indicted"), date(2023, 2, 1))
    assert not consents.rests_on_consent(case_at("S R2", "indicted"), date(2025, 3, 5))
    assert missing(case_at("S R2", "indicted"), date(2025, 3, 5)) == []


def test_a_consent_renewed_while_the_follow_up_runs_holds_again() -> None:
    told = ("2025-02-12 transferred_to_follow_up {length: {days: 120}, guilt_proven: true}", "2025-02-14 dispatched")
    ran_out = at(*EVERYBODY, *told)
    renewed = at(*EVERYBODY, *told, "2025-04-10 consent_given {by: youth, until: 2025-06-30}")

    assert missing(ran_out, date(2025, 4, 10)) == [("youth", None, "expired")]
    assert missing(renewed, date(2025, 4, 10)) == []


def test_a_consent_withdrawn_in_execution_ends_it() -> None:
    case = case_at("F R2", "plan_meeting_held", "2025-04-01 consent_withdrawn {by: guardian}")

    assert [(o.by, o.status, o.ended_on) for o in consents.sanction_consents(case, date(2025, 4, 2))] == [
        (By.YOUTH, ConsentStatus.VALID, None),
        (By.GUARDIAN, ConsentStatus.WITHDRAWN, date(2025, 4, 1)),
    ]


def test_what_is_not_recorded_of_the_information_is_named() -> None:
    told = "2025-02-11 consent_given {by: youth, explained_by: anna, explained_on: 2025-02-10, questions_asked: true}"

    [one] = consents.sanction_consents(at(told), date(2025, 2, 20))

    assert one.informed is not None
    assert (one.informed.by, one.informed.on, one.informed.questions_asked) == ("anna", date(2025, 2, 10), True)
    assert [str(what) for what in one.informed.missing] == ["form_version", "language"]


def test_what_an_authority_tells_in_its_own_name_counts_as_explained_by_it() -> None:
    case = at()
    told = event(9, "consent_given", date(2025, 2, 11), {"by": "youth"}, role="prosecution")

    [one] = consents.sanction_consents(case_with(case, told), date(2025, 2, 20))

    assert one.informed is not None
    assert (one.informed.by, one.informed.missing) == ("prosecution", ())


def case_with(case: Case, told: object) -> Case:
    from dataclasses import replace  # noqa: PLC0415

    return replace(case, events=(*case.events, told))  # type: ignore[arg-type]


SHARED = (
    "2025-02-11 sharing_consent_given {by: youth, scope: [plan], recipients: [school, health], purpose: schooling}",
    "2025-02-11 sharing_consent_given {by: guardian, guardian: g1, scope: [plan], recipients: [school]}",
    "2025-02-11 sharing_consent_given {by: guardian, guardian: g2, scope: [plan], recipients: [school], until: "
    "2025-03-31}",
)


def test_a_consent_to_share_stands_for_each_recipient_and_scope() -> None:
    case = at(*SHARED, "2025-03-01 sharing_consent_withdrawn {by: youth, recipients: [health]}")

    found = consents.sharing_consents(case, date(2025, 4, 1))

    assert [(o.recipient, o.scope, o.by, o.guardian, o.status) for o in found] == [
        (Attendee.SCHOOL, Sharing.PLAN, By.YOUTH, None, ConsentStatus.VALID),
        (Attendee.SCHOOL, Sharing.PLAN, By.GUARDIAN, "g1", ConsentStatus.VALID),
        (Attendee.SCHOOL, Sharing.PLAN, By.GUARDIAN, "g2", ConsentStatus.EXPIRED),
        (Attendee.HEALTH, Sharing.PLAN, By.YOUTH, None, ConsentStatus.WITHDRAWN),
    ]
    assert found[0].purpose is SharingPurpose.SCHOOLING
    assert "purpose" in lacks(found[1])
    assert "purpose" not in lacks(found[0])
    assert {one.kind for one in found} == {ConsentKind.SHARING}


def lacks(consent: RecordedConsent) -> list[str]:
    return [str(what) for what in consent.informed.missing] if consent.informed else []


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2025, 3, 31), None),
        (date(2025, 4, 1), NotShared.GUARDIAN_CONSENT_HAS_RUN_OUT),
        (date(2026, 3, 12), None),  # 18: only the youth is asked
    ],
)
def test_what_may_be_learnt_follows_from_how_the_consents_stand(day: date, why: NotShared | None) -> None:
    assert sharing.may_learn(at(*SHARED), Attendee.SCHOOL, Matter.OWN_MEASURES, day).why_not is why
