"""What each official message about a youth becomes in our own words."""

import json
from datetime import date
from typing import Any

import pytest

from tests.esas import official
from tests.esas.official import (
    CASE_NUMBER,
    COURT_NUMBER,
    DECISION,
    FAMILY,
    INVESTIGATION,
    NUMBER,
    ORDER,
    RETURN,
    accused,
    domsavgjoerelse,
    fullbyrdelsesordre,
    overfoere_sak,
    rekvisisjon,
    retur,
    sanction,
    served,
    siktelse_tiltale,
)
from ungdom.esas.inbound import BadOfficial, FlagCode, IgnoredReason, OfficialMessage, guess, read
from ungdom.message import Kind, OtherOutcomeTerms, plain
from ungdom.message import read as read_ours
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import Length
from ungdom.workflow.vocabulary import Sanction

F, K = FlagCode, Kind
YEAR, HALF = Length(years=1), Length(months=6)


def said(body: dict[str, Any]) -> OfficialMessage:
    return read(guess(body), None, body)


def codes(found: OfficialMessage) -> set[str]:
    return {flag.code for flag in found.flags}


def at(found: OfficialMessage, code: FlagCode) -> list[str]:
    return [flag.pointer for flag in found.flags if flag.code is code]


# --- overfoereSak -----------------------------------------------------------------------------------------------


def test_a_case_brought_for_follow_up_is_dispatched_and_delivered() -> None:
    found = said(overfoere_sak("UO"))

    assert [plain(message) for message in found.messages] == [
        {
            "kind": "dispatched",
            "decision_id": f"overfoereSak:{CASE_NUMBER}:UO",
            "version": 1,
            "sent_at": "2025-06-18T09:30:00+02:00",
            "occurred_on": "2025-06-18",
            "police_case_numbers": [CASE_NUMBER],
            "person": {
                "born": "2009-05-17",
                "family_name": FAMILY,
                "given_name": "Prikkete",
                "national_id": NUMBER,
                "sex": "female",
                "contact": "99999999; prikkete@lyngtue.example; Mosestien 4, 0150 OSLO",
                "guardians": [{"name": "Rutete Lyngtue", "contact": "88888888; Mosestien 4, 0150 OSLO"}],
            },
            "opening": {
                "sanction": "youth_follow_up",
                "registered_on": "2025-05-02",
                "offences": [{"on": "2025-05-02"}],
                "konfliktrad": "oslo",
            },
            "terms": {"delivered": True},
        }
    ]
    assert codes(found) == {F.NUMBER_SYNTHETIC, F.CONSENT_TOLD, F.REGISTRATION_IMPLIED}
    assert at(found, F.REGISTRATION_IMPLIED) == ["/saksinformasjon/hendelse/gjerningstidspunktTil"]
    assert (found.sender_number, found.sender_name) == ("983997953", "Oslo politidistrikt")
    assert found.receiver_name == "Konfliktrådet Oslo"


def test_a_case_brought_for_ungdomsstraff_opens_one_of_the_court() -> None:
    (message,) = said(overfoere_sak("US")).messages

    assert message.opening is not None
    assert message.opening.sanction is Sanction.YOUTH_SANCTION
    assert message.decision_id == f"overfoereSak:{CASE_NUMBER}:US"


def test_an_act_that_lasted_keeps_both_its_days() -> None:
    (message,) = said(overfoere_sak(act=("2025-05-01T21:00:00+02:00", "2025-05-03T01:00:00+02:00"))).messages

    assert message.opening is not None
    assert message.opening.offences == (d.Offence(on=date(2025, 5, 1), until=date(2025, 5, 3)),)


def test_an_act_that_ends_before_it_begins_is_turned_round() -> None:
    found = said(overfoere_sak(act=("2025-05-03T01:00:00+02:00", "2025-05-01T21:00:00+02:00")))

    assert found.messages[0].opening is not None
    assert found.messages[0].opening.offences == (d.Offence(on=date(2025, 5, 1), until=date(2025, 5, 3)),)
    assert at(found, F.PERIOD_REVERSED) == ["/saksinformasjon/hendelse"]


@pytest.mark.parametrize("sakstype", ["ST", "SH", "HS", "OK"])
def test_a_case_of_another_type_is_named_and_gives_nothing(sakstype: str) -> None:
    found = said(overfoere_sak(sakstype))

    assert (found.messages, found.other) == ((), IgnoredReason.OTHER_CASE_TYPE)
    assert F.UNKNOWN_VALUE not in codes(found)


def test_a_case_of_a_type_that_the_contract_does_not_have_is_flagged() -> None:
    found = said(overfoere_sak("XX"))

    assert found.other is IgnoredReason.OTHER_CASE_TYPE
    assert at(found, F.UNKNOWN_VALUE) == ["/saksinformasjon/sakstype"]


@pytest.mark.parametrize(
    ("sakstype", "at_", "consent", "code"),
    [
        ("UO", "2025-06-18T09:30:00+02:00", True, F.CONSENT_TOLD),
        ("UO", "2025-06-18T09:30:00+02:00", False, F.CONSENT_MISSING),
        ("US", "2025-06-18T09:30:00+02:00", True, F.CONSENT_NOT_ASKED),
        ("US", "2024-09-01T00:00:00+02:00", False, F.CONSENT_NOT_ASKED),
        ("US", "2024-08-31T23:59:59+02:00", False, F.CONSENT_MISSING),
        ("US", "2024-08-31T23:59:59+02:00", True, F.CONSENT_TOLD),
    ],
)
def test_the_consent_of_the_message_is_a_flag_by_the_rules_of_its_day(
    sakstype: str, at_: str, consent: bool, code: FlagCode
) -> None:
    found = said(overfoere_sak(sakstype, at=at_, consent=consent))

    consents = {F.CONSENT_TOLD, F.CONSENT_MISSING, F.CONSENT_NOT_ASKED}
    assert codes(found) & consents == {code}
    assert at(found, code) == ["/siktet/samtykke"]
    assert len(found.messages) == 1


def test_a_consent_that_is_not_told_is_missing() -> None:
    body = overfoere_sak()
    del body["siktet"]["samtykke"]

    assert F.CONSENT_MISSING in codes(said(body))


def test_two_youths_of_one_police_case_are_told_apart_by_a_mark_only() -> None:
    one, other = overfoere_sak(), overfoere_sak()
    other["siktet"]["person"] |= {"navn": official.name("Stripete", "Multemyr"), "foedselsdato": "2010-11-03"}
    seen: list[str] = []

    def mark(who: str) -> str:
        seen.append(who)
        return f"mark{len(seen)}"

    ids = [read("overfoereSak", "1.0", body, mark).messages[0].decision_id for body in (one, other)]

    assert ids == [f"overfoereSak:{CASE_NUMBER}:UO:mark1", f"overfoereSak:{CASE_NUMBER}:UO:mark2"]
    assert seen == ["2009-05-17 prikkete lyngtue", "2010-11-03 stripete multemyr"]
    assert said(one).messages[0].decision_id == said(other).messages[0].decision_id


def test_a_long_mark_is_cut_so_that_the_id_stays_one() -> None:
    message = read("overfoereSak", "1.0", overfoere_sak(number="1" * 30), lambda _who: "a" * 64).messages[0]

    assert message.decision_id == f"overfoereSak:{'1' * 30}:UO:{'a' * 32}"


# --- DOMSAVGJOERELSE --------------------------------------------------------------------------------------------


def test_a_judgment_to_ungdomsstraff() -> None:
    found = said(domsavgjoerelse())

    assert [plain(message) for message in found.messages] == [
        {
            "kind": "judgment_given",
            "decision_id": DECISION,
            "version": 1,
            "sent_at": "2025-04-24T14:10:00+02:00",
            "occurred_on": "2025-04-24",
            "police_case_numbers": [CASE_NUMBER],
            "court_case_number": COURT_NUMBER,
            "person": {
                "born": "2009-05-17",
                "family_name": FAMILY,
                "given_name": "Prikkete",
                "national_id": NUMBER,
                "sex": "female",
            },
            "terms": {
                "length": {"years": 1},
                "subsidiary_prison": {"months": 6},
                "served_on": "2025-04-24",
                "suitable_reaction": True,
                "lives_in_norway": True,
            },
        }
    ]
    assert codes(found) == {F.NUMBER_SYNTHETIC, F.IMPLIED_BY_JUDGMENT}


def test_a_sanction_over_two_years_implies_that_prison_would_have_exceeded_them() -> None:
    def exceeds(**length: int) -> bool:
        (message,) = said(domsavgjoerelse(accused({"ungdomsstraff": sanction(**length)}))).messages
        return bool(message.terms.prison_would_exceed_two_years)

    assert [exceeds(antallAar=2), exceeds(antallMaaneder=24), exceeds(antallAar=2, antallDager=1)] == [
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("prison", "served_", "odd"),
    [
        ({"straff": {"antallMaaneder": 6}}, HALF, None),
        ({"straff": {"antallAar": 1}, "betinget": {"antallMaaneder": 6}}, HALF, None),
        (
            {"straff": {"antallAar": 2, "antallMaaneder": 4}, "betinget": {"antallMaaneder": 6}},
            Length(years=1, months=10),
            None,
        ),
        ({"straff": {"antallDager": 120}, "betinget": {"antallDager": 90}}, Length(days=30), None),
        ({"straff": {"antallAar": 1}, "betinget": {"antallAar": 1}}, None, None),
        ({"straff": {"antallAar": 1}, "betinget": {"antallDager": 120}}, Length(months=8), F.MONTH_AS_THIRTY_DAYS),
        ({"straff": {"antallDager": 90}, "betinget": {"antallMaaneder": 1}}, Length(months=2), F.MONTH_AS_THIRTY_DAYS),
        ({"straff": {"antallMaaneder": 6}, "betinget": {"antallAar": 1}}, None, F.LENGTHS_CONTRADICT),
        ({"straff": {"antallAar": 1}, "betinget": {}}, YEAR, None),
    ],
)
def test_prison_beside_it_is_what_is_not_suspended(
    prison: dict[str, Any], served_: Length | None, odd: FlagCode | None
) -> None:
    found = said(domsavgjoerelse(accused({"ungdomsstraff": sanction(), "fengsel": prison})))

    assert found.messages[0].terms.unconditional_prison == served_
    assert codes(found) & {F.MONTH_AS_THIRTY_DAYS, F.LENGTHS_CONTRADICT} == ({odd} if odd else set())


@pytest.mark.parametrize(
    ("reactions", "results", "kind", "outcome"),
    [
        (None, ("FRIKJENT",), K.ACQUITTED, None),
        (None, ("FRIKJENT", "FRIKJENT"), K.ACQUITTED, None),
        (None, ("FRAFALT", "FRAFALT"), K.DROPPED, None),
        (None, ("FRIKJENT", "FRAFALT"), K.ACQUITTED, None),
        ({"inndragning": []}, ("FRIKJENT",), K.ACQUITTED, None),
        ({"fengsel": {"straff": {"antallMaaneder": 6}}}, ("SKYLDIG",), K.OTHER_OUTCOME, "prison"),
        (
            {"fengsel": {"straff": {"antallMaaneder": 6}, "betinget": {"antallMaaneder": 6}}},
            ("SKYLDIG", "FRAFALT"),
            K.OTHER_OUTCOME,
            "suspended_sentence",
        ),
        ({"samfunnsstraff": {"straff": {"antallTimer": 60}}}, ("SKYLDIG",), K.OTHER_OUTCOME, "community_sentence"),
        (
            {"samfunnsstraff": {"straff": {"antallTimer": 60}}, "bot": {"beloep": 5000}},
            ("SKYLDIG",),
            K.OTHER_OUTCOME,
            "community_sentence",
        ),
        ({"bot": {"beloep": 5000}}, ("SKYLDIG",), K.OTHER_OUTCOME, "fine"),
        ({"annet": {"tekst": "Overføring til tvungen omsorg"}}, ("SKYLDIG",), K.OTHER_OUTCOME, "other"),
    ],
)
def test_a_judgment_without_ungdomsstraff_says_what_came_instead(
    reactions: dict[str, Any] | None, results: tuple[str, ...], kind: Kind, outcome: str | None
) -> None:
    (message,) = said(domsavgjoerelse(accused(reactions, results))).messages

    assert message.kind is kind
    assert getattr(message.terms, "outcome", None) == outcome


def test_guilt_without_a_reaction_closes_nothing() -> None:
    found = said(domsavgjoerelse(accused(None, ("SKYLDIG",))))

    assert (found.messages, found.other) == ((), IgnoredReason.NO_REACTION)
    assert F.NO_REACTION in codes(found)


def test_a_reaction_without_guilt_is_told_and_flagged() -> None:
    found = said(domsavgjoerelse(accused({"ungdomsstraff": sanction()}, ("FRIKJENT",))))

    assert [message.kind for message in found.messages] == [K.JUDGMENT_GIVEN]
    assert F.RESULT_CONTRADICTS in codes(found)


def test_an_appeal_declared_when_it_was_served_is_a_message_of_its_own() -> None:
    found = said(domsavgjoerelse(accused({"ungdomsstraff": sanction()}, service=served("2025-04-25", "ANKET"))))
    judgment, appeal = found.messages

    assert (judgment.kind, judgment.terms.served_on) == (K.JUDGMENT_GIVEN, date(2025, 4, 25))
    assert (appeal.kind, appeal.terms) == (K.APPEALED, d.Appealed(by=d.AppealBy.YOUTH))
    assert (appeal.decision_id, appeal.refers_to) == (f"{DECISION}/appeal", DECISION)
    assert appeal.occurred_on == date(2025, 4, 25)
    assert appeal.person == judgment.person


def test_an_appeal_without_a_day_of_service_is_of_the_day_of_the_judgment() -> None:
    service = {"forkynt": True, "erklaeringsType": "ANKET"}
    found = said(domsavgjoerelse(accused({"ungdomsstraff": sanction()}, service=service)))

    assert found.messages[1].occurred_on == date(2025, 4, 24)
    assert {F.APPEAL_DAY_IMPLIED, F.SERVED_WITHOUT_DATE} <= codes(found)


def test_acceptance_makes_nothing_final() -> None:
    found = said(domsavgjoerelse(accused({"ungdomsstraff": sanction()}, service=served(declared="VEDTATT"))))

    assert [message.kind for message in found.messages] == [K.JUDGMENT_GIVEN]
    assert F.ACCEPTED in codes(found)


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ({"forkynt": False, "forkyntDato": "2025-04-24"}, F.SERVED_CONTRADICTS),
        ({"forkynt": True}, F.SERVED_WITHOUT_DATE),
        (
            {
                "forkynt": True,
                "forkyntDato": "2025-04-24",
                "erklaeringsType": "ANKET",
                "korrigeringKreverForkynning": False,
            },
            F.SERVICE_AS_BEFORE,
        ),
    ],
)
def test_a_service_that_is_not_clear_gives_no_day_and_no_appeal(service: dict[str, Any], code: FlagCode) -> None:
    found = said(domsavgjoerelse(accused({"ungdomsstraff": sanction()}, service=service)))

    assert [message.terms.served_on for message in found.messages] == [None]
    assert code in codes(found)


def test_a_corrected_judgment_that_needs_new_service_tells_of_it() -> None:
    service = {**served("2025-05-02"), "korrigeringKreverForkynning": True}
    (message,) = said(domsavgjoerelse(accused({"ungdomsstraff": sanction()}, service=service))).messages

    assert message.terms.served_on == date(2025, 5, 2)


def test_the_judgment_of_a_court_of_appeal_answers_the_earlier_one() -> None:
    found = said(domsavgjoerelse(on="2025-06-27", earlier=ORDER.upper()))
    (message,) = found.messages

    assert (message.kind, message.refers_to) == (K.APPEAL_DECIDED, ORDER)
    assert message.terms.outcome is d.AppealOutcome.CHANGED
    assert message.terms.terms.length == YEAR
    assert (message.terms.served_on, message.terms.terms.served_on) == (date(2025, 4, 24), None)
    assert F.OUTCOME_NOT_COMPARED in codes(found)


def test_another_sanction_on_appeal_replaces_it_and_an_acquittal_is_one() -> None:
    prison = {"fengsel": {"straff": {"antallMaaneder": 6}}}
    (replaced,) = said(domsavgjoerelse(accused(prison), earlier=ORDER)).messages
    (acquitted,) = said(domsavgjoerelse(accused(None, ("FRIKJENT",)), earlier=ORDER)).messages

    assert (replaced.kind, replaced.terms.outcome) == (K.APPEAL_DECIDED, d.AppealOutcome.REPLACED)
    assert (acquitted.kind, acquitted.refers_to) == (K.ACQUITTED, ORDER)


def test_several_accused_give_a_message_each_under_an_id_of_their_own() -> None:
    two = domsavgjoerelse(accused({"ungdomsstraff": sanction()}), accused(None, ("FRIKJENT",), second=True))
    first, second = said(two).messages

    assert (first.kind, second.kind) == (K.JUDGMENT_GIVEN, K.ACQUITTED)
    assert first.decision_id == f"{DECISION}:{official.PERSON_REF}"
    assert second.decision_id == f"{DECISION}:{official.SECOND_REF}"
    assert [one.person.given_name for one in (first, second) if one.person] == ["Prikkete", "Stripete"]


def test_with_a_mark_the_accused_of_a_corrected_judgment_keep_their_ids_under_other_refs() -> None:
    two = domsavgjoerelse(accused({"ungdomsstraff": sanction()}), accused(None, ("FRIKJENT",), second=True))
    again = domsavgjoerelse(accused(None, ("FRIKJENT",), second=True), accused({"ungdomsstraff": sanction()}))
    for place, one in enumerate(again["avgjoerelse"]["avgjoerelsePrSiktetTiltalt"]):
        one["personForetak"]["person"]["internId"] = f"new-{place}"

    def ids(body: dict[str, Any]) -> set[tuple[str, str]]:
        messages = read("DOMSAVGJOERELSE", "1.2", body, lambda who: who.replace(" ", ".")).messages
        return {(message.kind, message.decision_id) for message in messages}

    assert ids(two) == ids(again)
    assert len(ids(two)) == 2


def test_a_ref_that_may_be_an_identity_number_is_never_part_of_an_id() -> None:
    two = domsavgjoerelse(accused({"ungdomsstraff": sanction()}), accused(None, ("FRIKJENT",), second=True))
    two["avgjoerelse"]["avgjoerelsePrSiktetTiltalt"][0]["personForetak"]["person"]["internId"] = NUMBER

    assert [message.decision_id for message in said(two).messages] == [
        f"{DECISION}:1",
        f"{DECISION}:{official.SECOND_REF}",
    ]


def test_two_accused_under_one_ref_are_told_apart_by_their_place() -> None:
    two = domsavgjoerelse(accused({"ungdomsstraff": sanction()}), accused(None, ("FRIKJENT",)))

    assert [message.decision_id for message in said(two).messages] == [f"{DECISION}:1", f"{DECISION}:2"]


def test_a_company_among_the_accused_is_left_out() -> None:
    company = {
        **accused({"bot": {"beloep": 1}}),
        "personForetak": {"foretak": {"internId": "F", "navn": "Multemyr AS"}},
    }
    found = said(domsavgjoerelse(company, accused({"ungdomsstraff": sanction()})))
    alone = said(domsavgjoerelse(company))

    assert [message.decision_id for message in found.messages] == [DECISION]
    assert at(found, F.COMPANY) == ["/avgjoerelse/avgjoerelsePrSiktetTiltalt/0/personForetak"]
    assert (alone.messages, alone.other) == ((), IgnoredReason.NO_PERSON)


@pytest.mark.parametrize("length", [{}, {"antallTimer": 60}, {"antallAar": 0}])
def test_a_sanction_without_a_length_has_to_be_completed(length: dict[str, int]) -> None:
    body = domsavgjoerelse(accused({"ungdomsstraff": {"straff": length}}))

    with pytest.raises(BadOfficial) as refused:
        said(body)

    pointer = "/avgjoerelse/avgjoerelsePrSiktetTiltalt/0/reaksjoner/ungdomsstraff/straff"
    assert [(problem.pointer, problem.kind) for problem in refused.value.problems] == [(pointer, "missing")]
    assert refused.value.missing


def test_what_a_judgment_tells_and_is_not_carried_along_is_flagged() -> None:
    told = {
        "straff": {"antallAar": 1, "antallTimer": 5},
        "fradrag": {"antallDager": 12},
        "subsidaerFengselsstraff": {"antallMaaneder": 6},
    }
    found = said(domsavgjoerelse(accused({"ungdomsstraff": told})))

    assert {F.HOURS_NOT_CARRIED, F.CUSTODY_CREDIT} <= codes(found)
    assert found.messages[0].terms.length == YEAR


def test_subsidiary_prison_is_read_in_either_spelling() -> None:
    right = {"straff": {"antallAar": 1}, "subsidiaerFengselsstraff": {"antallMaaneder": 6}}
    both = {**sanction(), "subsidiaerFengselsstraff": {"antallMaaneder": 7}}
    found, twice, none = (
        said(domsavgjoerelse(accused({"ungdomsstraff": told}))) for told in (right, both, {"straff": {"antallAar": 1}})
    )

    assert [one.messages[0].terms.subsidiary_prison for one in (found, twice, none)] == [HALF, HALF, None]
    assert codes(found) & {F.SPELLING, F.LENGTHS_CONTRADICT} == {F.SPELLING}
    assert codes(twice) & {F.SPELLING, F.LENGTHS_CONTRADICT} == {F.SPELLING, F.LENGTHS_CONTRADICT}
    assert F.SUBSIDIARY_MISSING in codes(none)


# --- FULLBYRDELSESORDRE -----------------------------------------------------------------------------------------


def test_an_order_tells_when_it_became_final_and_that_it_was_dispatched() -> None:
    final, dispatched = said(fullbyrdelsesordre()).messages

    assert (final.kind, final.occurred_on) == (K.BECAME_FINAL, date(2025, 5, 9))
    assert final.terms == d.BecameFinal(set_by_prosecution=True)
    assert (dispatched.kind, dispatched.occurred_on) == (K.DISPATCHED, date(2025, 5, 12))
    assert dispatched.terms.delivered is False
    assert [final.decision_id, dispatched.decision_id] == [f"{ORDER}/final", f"{ORDER}/dispatch"]
    assert {final.refers_to, dispatched.refers_to} == {DECISION}
    assert final.police_case_numbers == (CASE_NUMBER, "16001235")
    assert final.court_case_number == COURT_NUMBER
    assert final.person is not None
    assert final.person.contact == "99999999; Mosestien 4, 0150 OSLO"
    assert [guardian.name for guardian in final.person.guardians] == ["Rutete Lyngtue"]


def test_an_order_to_be_carried_out_early_is_not_final() -> None:
    found = said(fullbyrdelsesordre(final_on=None, early=True))

    assert [message.kind for message in found.messages] == [K.DISPATCHED]
    assert F.EARLY_EXECUTION in codes(found)


def test_an_order_without_a_day_of_finality_has_to_be_completed() -> None:
    with pytest.raises(BadOfficial) as refused:
        said(fullbyrdelsesordre(final_on=None))

    assert [problem.pointer for problem in refused.value.problems] == ["/fullbyrdelsesordre/rettskraftigFraOgMed"]
    assert refused.value.missing


def test_an_order_of_another_sanction_is_not_ours() -> None:
    found = said(fullbyrdelsesordre(reactions={"fengsel": {"straff": {"antallAar": 1}}}))

    assert (found.messages, found.other) == ((), IgnoredReason.OTHER_SANCTION)


def test_an_order_that_says_nobody_was_under_18_contradicts_itself() -> None:
    body = {**fullbyrdelsesordre(), "under18": False}

    assert at(said(body), F.UNDER_18_CONTRADICTS) == ["/under18"]


# --- personundersøkelse -----------------------------------------------------------------------------------------


def test_an_investigation_is_ordered_with_the_day_it_is_wished_by() -> None:
    found = said(rekvisisjon())
    (message,) = found.messages

    assert (message.kind, message.decision_id) == (K.PERSON_INVESTIGATION_ORDERED, INVESTIGATION)
    assert (message.occurred_on, message.terms.wished_by) == (date(2025, 1, 24), date(2025, 2, 21))
    assert message.police_case_numbers == (CASE_NUMBER,)
    assert message.person is not None
    assert message.person.national_id == NUMBER
    told = "/personundersoekelseInfo/samtykkerOgInformering"
    assert at(found, F.CONSENT_TOLD) == [
        f"{told}/{who}/samtykketTilPersonundersoekelse" for who in ("siktede", "verger")
    ]
    assert len(at(found, F.INFORMATION_TOLD)) == 2


def test_consent_and_information_that_were_not_given_are_flagged_for_each() -> None:
    body = rekvisisjon()
    told = dict.fromkeys(body["personundersoekelseInfo"]["samtykkerOgInformering"]["siktede"], False)
    body["personundersoekelseInfo"]["samtykkerOgInformering"] = {"siktede": told}
    found = said(body)

    assert {F.CONSENT_MISSING, F.INFORMATION_MISSING} <= codes(found)
    assert not {F.CONSENT_TOLD, F.INFORMATION_TOLD} & codes(found)
    assert len(found.messages) == 1


def test_an_order_without_a_wish_has_no_day() -> None:
    body = rekvisisjon()
    del body["prioriteringsdetaljer"]

    assert said(body).messages[0].terms == d.PumOrdered()


def test_an_interpreter_and_a_hearing_are_told_of_in_flags() -> None:
    body = rekvisisjon()
    body["personundersoekelseInfo"]["personForPersonundersoekelse"]["tolk"] = {"behov": True, "spraak": "SOM"}
    body["prioriteringsdetaljer"]["berammetDatoForHovedforhandling"] = "2025-04-22T09:00:00+02:00"

    assert {F.INTERPRETER_NEEDED, F.HEARING_DAY_TOLD} <= codes(said(body))


@pytest.mark.parametrize(
    ("outcome", "done"), [("UTFOERT_PERSONUNDERSOEKELSE", True), ("RETURNERT_IKKE_UTFOERT", False)]
)
def test_an_investigation_comes_back_done_or_not(outcome: str, done: bool) -> None:
    (message,) = said(retur(outcome)).messages

    assert (message.kind, message.decision_id) == (K.PERSON_INVESTIGATION_RETURNED, RETURN)
    assert (message.refers_to, message.person) == (INVESTIGATION, None)
    assert message.terms == d.PumReturned(carried_out=done)
    assert message.police_case_numbers == (CASE_NUMBER,)


def test_the_order_and_its_return_name_each_other_however_the_id_is_spelled() -> None:
    body = retur()
    body["rekvisisjonPersonundersoekelseId"] = f"{{{INVESTIGATION.upper()}}}"

    assert said(body).messages[0].refers_to == said(rekvisisjon()).messages[0].decision_id


def test_a_return_that_says_neither_is_refused_as_broken() -> None:
    with pytest.raises(BadOfficial) as refused:
        said(retur("KANSKJE"))

    assert [problem.pointer for problem in refused.value.problems] == ["/returPersonundersoekelseType"]
    assert not refused.value.missing


# --- SIKTELSE_TILTALE -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["SIKTELSE", "TILLEGGSSIKTELSE"])
def test_a_charge_tells_of_the_last_act(kind: str) -> None:
    body = siktelse_tiltale(kind)
    body["straffesaker"][0]["detaljer"]["hendelse"]["gjerningstidspunktFra"] = "2025-07-04T23:30:00+02:00"
    (message,) = said(body).messages

    assert (message.kind, message.occurred_on) == (K.NEW_CHARGE, date(2025, 7, 11))
    assert (message.terms.offence_on, message.terms.concerns) == (date(2025, 7, 5), ())
    assert message.police_case_numbers == ("16002000", "16002001")


@pytest.mark.parametrize("kind", ["TILTALE", "TILLEGGSTILTALE"])
def test_an_indictment_is_received_by_the_court_the_day_it_was_sent(kind: str) -> None:
    body = siktelse_tiltale(kind)
    body["forsendelse"]["sendtTid"] = "2025-07-14T10:00:00+02:00"
    found = said(body)
    (message,) = found.messages

    assert (message.kind, message.occurred_on) == (K.INDICTED, date(2025, 7, 11))
    assert message.terms == d.Indicted(court_received_on=date(2025, 7, 14))
    assert F.IMPLIED_BY_SENDING in codes(found)


def test_a_fine_that_was_offered_is_another_outcome() -> None:
    found = said(siktelse_tiltale("FORELEGG"))

    assert found.messages[0].terms == OtherOutcomeTerms(outcome=d.OtherOutcome.FINE, offence_on=date(2025, 7, 5))
    assert F.FINE_OFFERED in codes(found)


@pytest.mark.parametrize(("kind", "unknown"), [("PAAGRIPELSE_BESLUTNING", 0), ("FOERERKORT_BESLUTNING", 0), ("XX", 1)])
def test_another_kind_gives_nothing(kind: str, unknown: int) -> None:
    found = said(siktelse_tiltale(kind))

    assert (found.messages, found.other) == ((), IgnoredReason.OTHER_KIND)
    assert len(at(found, F.UNKNOWN_VALUE)) == unknown


def test_each_of_the_charged_has_their_own_acts() -> None:
    body = siktelse_tiltale(second=True)
    body["siktelseTiltale"]["poster"][0]["straffbareForhold"][0]["basissaker"][0]["personForetak"] = (
        official.PERSON_REF.upper()
    )
    first, second = said(body).messages

    assert [first.terms.offence_on, second.terms.offence_on] == [date(2025, 7, 5), date(2025, 7, 6)]
    assert first.police_case_numbers == ("16002000", "16002001")
    assert second.police_case_numbers == ("16002000", "16002002")
    assert first.decision_id.endswith(f":{official.PERSON_REF}")
    assert second.decision_id.endswith(f":{official.SECOND_REF}")


def test_acts_that_are_nobodys_are_everybodys() -> None:
    body = siktelse_tiltale(second=True)
    for act in body["siktelseTiltale"]["poster"][0]["straffbareForhold"]:
        act["basissaker"][0]["personForetak"] = official.MESSAGE
    found = said(body)

    assert [message.terms.offence_on for message in found.messages] == [date(2025, 7, 6)] * 2
    assert at(found, F.ACTS_NOT_LINKED) == ["/siktedePersoner/0", "/siktedePersoner/1"]


def test_a_charge_against_companies_only_names_nobody() -> None:
    body = {**siktelse_tiltale(), "siktedePersoner": [], "siktedeForetak": [{"personForetakRef": "x", "navn": "AS"}]}
    found = said(body)

    assert (found.messages, found.other) == ((), IgnoredReason.NO_PERSON)
    assert F.COMPANY in codes(found)


def test_with_a_mark_each_of_the_charged_is_told_apart_by_who_they_are() -> None:
    messages = read(
        "SIKTELSE_TILTALE", "1.3", siktelse_tiltale(second=True), lambda who: who.replace(" ", ".")
    ).messages

    assert [message.decision_id.rpartition(":")[2] for message in messages] == [
        "2009-05-17.prikkete.lyngtue",
        "2010-11-03.stripete.multemyr",
    ]


def test_an_act_of_a_charge_that_ends_before_it_begins_is_flagged_and_its_last_day_counts() -> None:
    body = siktelse_tiltale()
    body["straffesaker"][0]["detaljer"]["hendelse"]["gjerningstidspunktFra"] = "2025-07-08T23:30:00+02:00"
    found = said(body)

    assert found.messages[0].terms.offence_on == date(2025, 7, 8)
    assert at(found, F.PERIOD_REVERSED) == ["/straffesaker/0/detaljer/hendelse"]


# --- receipts, and both forms beside each other -----------------------------------------------------------------


def test_a_receipt_with_a_status_of_its_own_is_refused() -> None:
    with pytest.raises(BadOfficial) as refused:
        said(official.kvittering("KANSKJE"))

    assert not refused.value.missing
    assert refused.value.meldings_id == official.MESSAGE


def test_one_judgment_says_the_same_in_both_forms() -> None:
    told = {
        "kind": "judgment_given",
        "decision_id": "judgment-1",
        "version": 1,
        "sent_at": "2025-04-24T14:10:00+02:00",
        "occurred_on": "2025-04-24",
        "police_case_numbers": [CASE_NUMBER],
        "terms": {
            "length": {"years": 1},
            "subsidiary_prison": {"months": 6},
            "served_on": "2025-04-24",
            "suitable_reaction": True,
            "lives_in_norway": True,
        },
    }

    assert read_ours(json.dumps(told)).terms == said(domsavgjoerelse()).messages[0].terms
