"""What official messages get wrong, or say in more than one way: each is read as far as it can be, and flagged."""

import csv
import json
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from importlib.resources import files
from typing import Any

import pytest

from tests.esas import official
from tests.esas.official import (
    BORN,
    NUMBER,
    accused,
    domsavgjoerelse,
    fullbyrdelsesordre,
    kind_and_value,
    kvittering,
    overfoere_sak,
    rekvisisjon,
    retur,
    sanction,
    siktelse_tiltale,
)
from ungdom.esas import inbound
from ungdom.esas.inbound import BadOfficial, FlagCode, MessageType, OfficialFlag, OfficialMessage, guess, read
from ungdom.esas.inbound.offices import OFFICES, office_of
from ungdom.message import Person

F, T = FlagCode, MessageType
Json = dict[str, Any]

SENT = "/forsendelse/sendtTid"


def said(body: Json) -> OfficialMessage:
    return read(guess(body), None, body)


def refused(body: Json, kind: MessageType | None = None) -> BadOfficial:
    with pytest.raises(BadOfficial) as found:
        read(kind or guess(body), None, body)
    return found.value


def at(found: OfficialMessage, code: FlagCode) -> list[str]:
    return [flag.pointer for flag in found.flags if flag.code is code]


def youth_of(body: Json) -> Person:
    person = said(body).messages[0].person
    assert person is not None
    return person


def changed(change: Callable[[Json], object], body: Json | None = None) -> Json:
    """A copy of the message, changed; of `overfoereSak` unless another is given."""
    copy = deepcopy(body or overfoere_sak())
    change(copy)
    return copy


def of_youth(**told: Any) -> Json:
    """`overfoereSak` with this told of the youth; None takes a field away."""

    def change(body: Json) -> None:
        person = body["siktet"]["person"]
        person |= told
        for name in [name for name, value in told.items() if value is None]:
            del person[name]

    return changed(change)


# --- days and hours ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "on", "odd"),
    [
        ("2025-06-18T09:30:00+02:00", "2025-06-18", set()),
        ("2025-01-18T09:30:00+01:00", "2025-01-18", set()),
        ("2025-06-18T09:30:00.123+02:00", "2025-06-18", set()),
        ("2025-06-18 09:30:00+02:00", "2025-06-18", set()),
        # winter's offset in summer and summer's in winter: the day as written stands
        ("2023-05-01T00:00:00+01:00", "2023-05-01", {F.OFFSET_NOT_OSLO}),
        ("2022-01-01T00:00:00+02:00", "2022-01-01", {F.OFFSET_NOT_OSLO, F.DATE_WOULD_CHANGE}),
        ("2025-06-30T23:30:00-05:00", "2025-06-30", {F.OFFSET_NOT_OSLO, F.DATE_WOULD_CHANGE}),
        # in UTC no local day is written: it is the day in Oslo
        ("2025-06-30T21:59:59Z", "2025-06-30", {F.OFFSET_NOT_OSLO}),
        ("2025-06-30T22:00:00Z", "2025-07-01", {F.OFFSET_NOT_OSLO, F.DATE_WOULD_CHANGE}),
        ("2025-06-30T22:00:00z", "2025-07-01", {F.OFFSET_NOT_OSLO, F.DATE_WOULD_CHANGE}),
        ("2025-12-31T23:00:00+00:00", "2026-01-01", {F.OFFSET_NOT_OSLO, F.DATE_WOULD_CHANGE}),
        ("2025-06-18T09:30:00", "2025-06-18", {F.OFFSET_MISSING}),
        # the hour that comes twice, the hour that does not come
        ("2025-10-26T02:30:00+02:00", "2025-10-26", set()),
        ("2025-10-26T02:30:00+01:00", "2025-10-26", set()),
        ("2014-06-30T12:00:00+02:00", "2014-06-30", {F.BEFORE_THE_ACT}),
        ("2014-07-01T00:00:00+02:00", "2014-07-01", set()),
    ],
)
def test_the_day_of_an_instant(written: str, on: str, odd: set[FlagCode]) -> None:
    found = said(overfoere_sak(at=written))

    assert found.messages[0].occurred_on == date.fromisoformat(on)
    assert {flag.code for flag in found.flags if flag.pointer == SENT} == odd
    assert found.messages[0].sent_at == found.sent_at


@pytest.mark.parametrize(
    "written",
    [
        "2025-06-18",
        "2025-06-18T09:30",
        "2025-06-31T09:30:00+02:00",
        "2025-06-18T25:30:00+02:00",
        "2025-06-18T09:30:00+0200",
        "2025-06-18T09:30:00+25:00",
        "20250618T093000+02:00",
        "0000-06-18T09:30:00+02:00",
        "0001-01-01T00:00:00+02:00",
        "i går",
        1750231800,
        True,
        None,
    ],
)
def test_what_is_no_instant_is_refused_as_broken(written: Any) -> None:
    error = refused(changed(lambda body: body["forsendelse"].update(sendtTid=written)))

    assert [problem.pointer for problem in error.problems] == [SENT]
    assert not error.missing


@pytest.mark.parametrize("written", ["2009-5-17", "2009-02-29", "17.05.2009", "2009-05-17T00:00:00+02:00", 20090517])
def test_what_is_no_day_is_refused_as_broken(written: Any) -> None:
    error = refused(of_youth(foedselsdato=written))

    assert [problem.pointer for problem in error.problems] == ["/siktet/person/foedselsdato"]
    assert not error.missing


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (overfoere_sak(at="1892-06-30T19:21:41.0Z"), SENT),
        (overfoere_sak(at="2200-01-01T00:00:00+01:00"), SENT),
        (of_youth(foedselsdato="1809-05-17"), "/siktet/person/foedselsdato"),
        (
            overfoere_sak(act=("1825-05-02T21:00:00+01:00", "2025-05-02T21:00:00+02:00")),
            "/saksinformasjon/hendelse/gjerningstidspunktFra",
        ),
        (domsavgjoerelse(on="1825-04-24"), "/avgjoerelse/avsagtDato"),
        (fullbyrdelsesordre(final_on="1825-05-09"), "/fullbyrdelsesordre/rettskraftigFraOgMed"),
    ],
)
def test_a_day_that_cannot_be_has_to_be_put_right_by_a_person(body: Json, pointer: str) -> None:
    error = refused(body)

    assert (pointer, "implausible") in [(problem.pointer, problem.kind) for problem in error.problems]
    assert error.missing


def test_a_step_before_there_were_youth_sanctions_is_flagged() -> None:
    found = said(fullbyrdelsesordre(final_on="2013-05-09"))

    assert at(found, F.BEFORE_THE_ACT) == ["/fullbyrdelsesordre/rettskraftigFraOgMed"]


# --- identity numbers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "born", "carried", "odd"),
    [
        ({"foedselsnummer": NUMBER}, BORN, NUMBER, {F.NUMBER_SYNTHETIC}),
        ({"foedselsnummer": "178509 98027"}, BORN, NUMBER, {F.NUMBER_SYNTHETIC}),
        ({"foedselsnummer": "17850998028"}, BORN, "17850998028", {F.NUMBER_SYNTHETIC, F.NUMBER_FAILS_CHECK}),
        ({"foedselsnummer": "12880994008"}, "2009-08-12", "12880994008", {F.NUMBER_SYNTHETIC, F.NUMBER_OF_2032}),
        ({"dNummer": "64810986989"}, "2009-01-24", "64810986989", {F.NUMBER_SYNTHETIC, F.D_NUMBER}),
        (
            {"foedselsnummer": "64810986989"},
            "2009-01-24",
            "64810986989",
            {F.NUMBER_SYNTHETIC, F.D_NUMBER, F.NUMBER_TYPE_DIFFERS},
        ),
        # month + 20, control digits wrong: no real number stands here
        ({"sspNummer": "17250900000"}, BORN, "17250900000", {F.SSP_NUMBER, F.NUMBER_FAILS_CHECK}),
        (
            {"sspNummer": NUMBER},
            BORN,
            NUMBER,
            {F.NUMBER_SYNTHETIC, F.NUMBER_TYPE_DIFFERS},
        ),
        (kind_and_value(NUMBER), BORN, NUMBER, {F.NUMBER_SYNTHETIC}),
        (kind_and_value(NUMBER, "DNUMMER"), BORN, NUMBER, {F.NUMBER_SYNTHETIC, F.NUMBER_TYPE_DIFFERS}),
        ({"foedselsnummer": NUMBER}, "2009-05-18", NUMBER, {F.NUMBER_SYNTHETIC, F.BIRTH_DATE_DIFFERS}),
        ({"foedselsnummer": "1785099802"}, BORN, None, {F.NUMBER_NOT_ELEVEN_DIGITS}),
        ({"foedselsnummer": "ukjent"}, BORN, None, {F.NUMBER_NOT_ELEVEN_DIGITS}),
        (
            {"foedselsnummer": NUMBER, "dNummer": "64810986989"},
            BORN,
            NUMBER,
            {F.NUMBER_SYNTHETIC, F.SEVERAL_NUMBERS},
        ),
    ],
)
def test_a_number_is_carried_along_and_flagged(told: Json, born: str, carried: str | None, odd: set[FlagCode]) -> None:
    body = of_youth(identitetsnummer=told, foedselsdato=born)
    pointer = "/siktet/person/identitetsnummer"

    assert youth_of(body).national_id == carried
    assert {flag.code for flag in said(body).flags if flag.pointer == pointer} == odd


@pytest.mark.parametrize("told", [None, {}, {"foedselsnummer": ""}, {"foedselsnummer": "  "}])
def test_a_number_that_is_not_told_is_missing(told: Json | None) -> None:
    body = of_youth(identitetsnummer=told)

    assert youth_of(body).national_id is None
    assert at(said(body), F.NUMBER_MISSING) == ["/siktet/person"]


@pytest.mark.parametrize(
    ("told", "sex", "unknown"), [("KVINNE", "female", []), ("MANN", "male", []), (None, "unknown", [])]
)
def test_sex_is_what_the_message_says_and_never_what_the_number_says(
    told: str | None, sex: str, unknown: list[str]
) -> None:
    body = of_youth(kjoenn=told)

    assert youth_of(body).sex == sex
    assert at(said(body), F.UNKNOWN_VALUE) == unknown


def test_a_sex_that_the_contract_does_not_have_is_unknown_and_flagged() -> None:
    body = of_youth(kjoenn="UKJENT")

    assert youth_of(body).sex == "unknown"
    assert at(said(body), F.UNKNOWN_VALUE) == ["/siktet/person/kjoenn"]


def test_the_day_of_birth_is_what_the_message_says() -> None:
    assert youth_of(of_youth(foedselsdato="2008-01-02")).born == date(2008, 1, 2)


def test_two_people_with_one_number_are_both_flagged_and_one_person_told_twice_is_not() -> None:
    victim = {"person": {"navn": official.name("Lodden", "Mosepute"), "foedselsdato": BORN, "verger": []}}
    victim["person"]["identitetsnummer"] = {"foedselsnummer": NUMBER}
    same = {"person": deepcopy(overfoere_sak()["siktet"]["person"])}
    same["person"]["navn"]["etternavn"] = same["person"]["navn"]["etternavn"].upper()

    shared = said(changed(lambda body: body["fornaermede"].append(victim)))
    again = said(changed(lambda body: body["fornaermede"].append(same)))

    assert at(shared, F.SHARED_NUMBER) == [
        "/siktet/person/identitetsnummer",
        "/fornaermede/0/person/identitetsnummer",
    ]
    assert at(again, F.SHARED_NUMBER) == []


def test_somebody_grown_at_the_act_is_flagged_and_a_youth_the_day_before_is_not() -> None:
    act = ("2027-05-16T23:59:59+02:00", "2027-05-17T00:00:00+02:00")
    grown = ("2027-05-17T00:00:00+02:00", "2027-05-17T00:00:00+02:00")

    assert at(said(overfoere_sak(act=act)), F.NOT_A_YOUTH) == []
    assert at(said(overfoere_sak(act=grown)), F.NOT_A_YOUTH) == ["/siktet/person/foedselsdato"]


def test_somebody_grown_at_every_act_is_no_youth_in_an_order_of_an_investigation_either() -> None:
    def born(day: str) -> list[str]:
        body = rekvisisjon()
        body["personundersoekelseInfo"]["personForPersonundersoekelse"]["foedselsdato"] = day
        return at(said(body), F.NOT_A_YOUTH)

    assert born("2007-01-19") == []
    assert len(born("2007-01-18")) == 1


def test_nobody_who_was_grown_before_there_were_youth_sanctions_is_a_youth() -> None:
    def born(day: str) -> list[str]:
        body = domsavgjoerelse()
        body["avgjoerelse"]["avgjoerelsePrSiktetTiltalt"][0]["personForetak"]["person"]["foedselsdato"] = day
        return at(said(body), F.NOT_A_YOUTH)

    assert born("1996-07-02") == []
    assert len(born("1996-07-01")) == 1


def test_an_accused_without_a_day_of_birth_has_to_be_completed() -> None:
    body = domsavgjoerelse()
    del body["avgjoerelse"]["avgjoerelsePrSiktetTiltalt"][0]["personForetak"]["person"]["foedselsdato"]
    error = refused(body)

    place = "/avgjoerelse/avgjoerelsePrSiktetTiltalt/0/personForetak/person/foedselsdato"
    assert [problem.pointer for problem in error.problems] == [place]
    assert error.missing


def test_a_person_told_in_two_ways_is_flagged() -> None:
    def change(body: Json) -> None:
        body["personundersoekelseInfo"]["straffesaker"][0]["involverte"]["siktet"]["foedselsdato"] = "2009-05-18"

    found = said(changed(change, rekvisisjon()))

    assert at(found, F.PERSON_DIFFERS) == ["/personundersoekelseInfo/straffesaker/0/involverte/siktet"]
    assert at(said(rekvisisjon()), F.PERSON_DIFFERS) == []


# --- guardians --------------------------------------------------------------------------------------------------


def test_no_guardian_and_guardians_not_told_are_two_things() -> None:
    none, not_told = of_youth(verger=[]), of_youth(verger=None)

    assert youth_of(none).guardians == youth_of(not_told).guardians == ()
    assert at(said(none), F.MINOR_WITHOUT_GUARDIAN) == ["/siktet/person/verger"]
    assert at(said(none), F.GUARDIANS_NOT_TOLD) == []
    assert at(said(not_told), F.GUARDIANS_NOT_TOLD) == ["/siktet/person/verger"]
    assert at(said(not_told), F.MINOR_WITHOUT_GUARDIAN) == []


def test_from_18_on_nobody_misses_a_guardian() -> None:
    def change(body: Json) -> None:
        body["siktet"]["person"]["verger"] = []

    def missed(on: str) -> list[str]:
        return at(said(changed(change, overfoere_sak(at=f"{on}T12:00:00+02:00"))), F.MINOR_WITHOUT_GUARDIAN)

    assert len(missed("2027-05-16")) == 1
    assert missed("2027-05-17") == []


def test_a_guardian_without_a_name_has_to_be_completed() -> None:
    error = refused(of_youth(verger=[{"navn": {"etternavn": " "}}]))

    assert [problem.pointer for problem in error.problems] == ["/siktet/person/verger/0/navn/etternavn"]
    assert error.missing


def test_what_the_reader_of_our_own_form_does_not_take_is_refused_here_as_well() -> None:
    error = refused(of_youth(verger=[{"navn": official.name("Rutete")}] * 9))

    assert [(problem.pointer, problem.kind) for problem in error.problems] == [("", "too_long")]
    assert not error.missing


# --- protected addresses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "protection", "odd"),
    [
        ({"personAdresse": {"gradering": "FORTROLIG"}}, "confidential", set()),
        ({"personAdresse": None, "adresseGradering": "FORTROLIG"}, "confidential", set()),
        ({"personAdresse": {"gradering": "KLIENT_ADRESSE"}}, "confidential", {F.CLIENT_ADDRESS}),
        (
            {"personAdresse": {"gradering": "STRENGT_FORTROLIG", "adresse": official.address("SOT6")}},
            "strictly_confidential",
            {F.ADDRESS_OF_PROTECTED},
        ),
        (
            {"personAdresse": {"gradering": "FORTROLIG"}, "adresseGradering": "STRENGT_FORTROLIG"},
            "strictly_confidential",
            {F.GRADING_DIFFERS},
        ),
        ({"personAdresse": {"gradering": "HEMMELIG"}}, "strictly_confidential", {F.UNKNOWN_VALUE}),
        ({"personAdresse": {"adresse": official.address()}}, "none", set()),
        ({"personAdresse": None}, "none", set()),
    ],
)
def test_a_grading_is_read_in_either_place_and_no_address_goes_with_it(
    told: Json, protection: str, odd: set[FlagCode]
) -> None:
    body = of_youth(**told)
    youth = youth_of(body)
    protective = {F.CLIENT_ADDRESS, F.ADDRESS_OF_PROTECTED, F.GRADING_DIFFERS, F.UNKNOWN_VALUE}

    assert youth.protection == protection
    assert {flag.code for flag in said(body).flags} & protective == odd
    reached = [youth.contact, *(guardian.contact for guardian in youth.guardians)]
    assert youth.contact is not None
    assert (protection == "none") or not any("Mosestien" in (one or "") or "SOT6" in (one or "") for one in reached)


def test_the_address_of_the_youth_is_that_of_a_protected_guardian() -> None:
    guardian = {"navn": official.name("Rutete"), "personAdresse": {"gradering": "FORTROLIG"}}
    body = of_youth(verger=[guardian])
    youth = youth_of(body)

    assert (youth.protection, youth.contact) == ("none", "99999999; prikkete@lyngtue.example")
    assert at(said(body), F.GUARDIAN_PROTECTED) == ["/siktet/person/verger/0"]


def test_gradings_are_read_in_orders_and_requisitions_as_well() -> None:
    order = changed(
        lambda body: body["fullbyrdelsesordre"]["domfelte"].update(adresseGradering="FORTROLIG"), fullbyrdelsesordre()
    )
    wish = changed(
        lambda body: body["personundersoekelseInfo"]["personForPersonundersoekelse"].update(
            adresseGradering="STRENGT_FORTROLIG"
        ),
        rekvisisjon(),
    )

    assert [youth_of(body).protection for body in (order, wish)] == ["confidential", "strictly_confidential"]
    assert [youth_of(body).contact for body in (order, wish)] == ["99999999", "99999999; prikkete@lyngtue.example"]


def test_as_much_is_carried_along_of_how_somebody_is_reached_as_there_is_room_for() -> None:
    telephones = [f"+47 99 99 99 {place:02}" for place in range(30)]
    body = of_youth(kontaktInfo={"telefonnummer": telephones})
    contact = youth_of(body).contact

    assert contact is not None
    assert contact == "; ".join(telephones[: len(contact.split("; "))])
    assert 170 < len(contact) <= 200
    assert at(said(body), F.CUT) == ["/siktet/person"]


# --- ids and numbers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "plain", "odd"),
    [
        (official.DECISION, official.DECISION, set()),
        (official.DECISION.upper(), official.DECISION, set()),
        ("0D9B1b0e-7a1C-4a52-9d0e-5f3f4f9c1a01", official.DECISION, set()),
        (f"{{{official.DECISION}}}", official.DECISION, {F.ID_IN_BRACES}),
        ("C5E8E429-2B8E-48A9-A9D3-FDAA5F9BE2", "C5E8E429-2B8E-48A9-A9D3-FDAA5F9BE2", {F.ID_NOT_GUID}),
        ("42", "42", {F.ID_NOT_GUID}),
    ],
)
def test_an_id_has_one_spelling(written: str, plain: str, odd: set[FlagCode]) -> None:
    found = said(domsavgjoerelse(decision=written))

    assert found.messages[0].decision_id == plain
    assert {flag.code for flag in found.flags if flag.pointer == "/avgjoerelse/avgjoerelseId"} == odd


@pytest.mark.parametrize("written", ["dom nr. 4 æøå", "{x}{y}", "-1", "a" * 500, "a/b", "x:y"])
def test_an_id_that_fits_no_id_of_ours_stands_for_itself_alone(written: str) -> None:
    one = said(domsavgjoerelse(decision=written)).messages[0].decision_id
    other = said(domsavgjoerelse(decision=f"{written}."[-500:] if len(written) < 500 else "b" * 500))

    assert one == said(domsavgjoerelse(decision=written)).messages[0].decision_id
    assert one != other.messages[0].decision_id
    assert len(one) == 36


def test_the_id_of_the_message_is_kept_as_it_is_written() -> None:
    written = " {C5E8E429-2B8E} "
    found = said(changed(lambda body: body["forsendelse"].update(meldingsId=written)))

    assert found.meldings_id == written


@pytest.mark.parametrize("number", ["15434A11", "2025/123-4", "16 001 234"])
def test_a_police_case_number_may_have_letters(number: str) -> None:
    found = said(overfoere_sak(number=number))

    assert found.messages[0].police_case_numbers == (number,)
    assert at(found, F.LETTERS_IN_NUMBER) == ["/straffesaksnummer"]


@pytest.mark.parametrize(
    ("number", "missing"), [("", True), ("  ", True), ("12", False), ("Å123", False), ("1" * 41, False)]
)
def test_a_police_case_number_that_fits_none_is_refused(number: str, missing: bool) -> None:
    error = refused(overfoere_sak(number=number))

    assert [problem.pointer for problem in error.problems] == ["/straffesaksnummer"]
    assert error.missing is missing


def test_more_police_cases_than_are_carried_along_are_cut_after_the_main_one() -> None:
    body = fullbyrdelsesordre()
    case = body["fullbyrdelsesordre"]["avgjoerelse"]["straffbareForhold"][0]
    many = [{**case, "straffesak": {**case["straffesak"], "straffesaksnummer": f"1700{n:04}"}} for n in range(60)]
    body["fullbyrdelsesordre"]["avgjoerelse"]["straffbareForhold"] = many
    found = said(body)

    assert len(found.messages[0].police_case_numbers) == 50
    assert found.messages[0].police_case_numbers[:2] == (official.CASE_NUMBER, "17000000")
    assert at(found, F.CUT) == ["/fullbyrdelsesordre/avgjoerelse/straffbareForhold"]


def test_a_court_number_that_does_not_fit_is_left_out() -> None:
    found = said(changed(lambda body: body["saksInformasjon"].update(saksnummer="25-Ø45678"), domsavgjoerelse()))

    assert found.messages[0].court_case_number is None
    assert at(found, F.ODD_COURT_NUMBER) == ["/saksInformasjon/saksnummer"]


def test_an_organisation_number_that_is_none_is_kept_and_flagged() -> None:
    found = said(
        changed(lambda body: body["forsendelse"]["avsender"]["organisasjon"].update(organisasjonsnummer="NO1"))
    )

    assert found.sender_number == "NO1"
    assert at(found, F.ODD_ORGANISATION_NUMBER) == ["/forsendelse/avsender/organisasjon/organisasjonsnummer"]


# --- places -----------------------------------------------------------------------------------------------------


def test_the_offices_are_those_of_the_reference_data() -> None:
    text = (files("ungdom.store") / "reference_data" / "konfliktrad.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))

    assert {row["code"] for row in rows} == set(OFFICES.values())
    assert all(office_of(row[name]) == row["code"] for row in rows for name in ("name_nb", "name_nn"))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Konfliktrådet i Troms", "troms"),
        ("KONFLIKTRÅDET OSLO", "oslo"),
        ("Oslo konfliktråd", "oslo"),
        ("Konfliktraadet Soer-Oest", None),
        ("Konfliktraadet Oslo", "oslo"),
        ("Konfliktrådet Sør Øst", "sor-ost"),
        ("Konfliktrådet for Vest", "vest"),
        ("Konfliktrådet i Oslo og Viken", None),
        ("Oslo politidistrikt", None),
        ("", None),
        (None, None),
    ],
)
def test_an_office_is_known_by_its_name(name: str | None, code: str | None) -> None:
    assert office_of(name) == code


def test_a_receiver_that_is_no_office_leaves_the_place_open() -> None:
    found = said(overfoere_sak(receiver={"organisasjonsnummer": "986074465", "navn": "Konfliktrådet Atlantis"}))

    assert found.messages[0].opening is not None
    assert found.messages[0].opening.konfliktrad is None
    assert at(found, F.RECEIVER_UNKNOWN) == ["/forsendelse/mottakerOrganisasjon"]


# --- fields -----------------------------------------------------------------------------------------------------


def test_a_field_that_the_contract_does_not_have_is_ignored_and_flagged() -> None:
    def change(body: Json) -> None:
        body["prioritet"] = 1
        body["siktet"]["person"]["kallenavn"] = "Prikken"
        body["siktet"]["person"]["verger"][0]["navn"]["tittel"] = "Fru"

    found = said(changed(change))

    assert at(found, F.UNKNOWN_FIELD) == [
        "/prioritet",
        "/siktet/person/kallenavn",
        "/siktet/person/verger/0/navn/tittel",
    ]
    assert found.messages == said(overfoere_sak()).messages


@pytest.mark.parametrize("name", ["Prikkete Lyngtue", NUMBER, "a/b", "", "navn~1"])
def test_the_name_of_such_a_field_is_not_told_where_it_may_hold_more(name: str) -> None:
    def change(body: Json) -> None:
        body["siktet"]["person"][name] = {"identitetsnummer": {"foedselsnummer": "x"}}

    found = said(changed(change))

    assert at(found, F.UNKNOWN_FIELD) == ["/siktet/person"]
    assert name == "" or name not in repr(found.flags)


def test_blank_texts_are_absent_where_they_may_be_and_missing_where_they_may_not() -> None:
    found = said(of_youth(navn={"fornavn": " ", "etternavn": " Lyngtue "}, kontaktInfo={"telefonnummer": ["", "9999"]}))
    error = refused(of_youth(navn={"fornavn": "Prikkete", "etternavn": "\t "}))

    assert found.messages[0].person is not None
    assert (found.messages[0].person.given_name, found.messages[0].person.family_name) == (None, "Lyngtue")
    assert set(at(found, F.BLANK)) == {"/siktet/person/navn/fornavn", "/siktet/person/kontaktInfo/telefonnummer/0"}
    assert ([problem.pointer for problem in error.problems], error.missing) == (["/siktet/person/navn/etternavn"], True)


@pytest.mark.parametrize("text", ["Lyng\x00tue", "Lyng\ntue", "\ud800"])
def test_text_that_no_database_holds_is_refused_as_broken(text: str) -> None:
    error = refused(of_youth(navn={"etternavn": text}))

    assert [problem.pointer for problem in error.problems] == ["/siktet/person/navn/etternavn"]
    assert not error.missing


def test_every_place_that_is_wrong_is_told_at_once_and_no_value() -> None:
    def change(body: Json) -> None:
        del body["straffesaksnummer"]
        body["siktet"]["person"]["navn"]["etternavn"] = ["Lyngtue"]
        body["forsendelse"]["sendtTid"] = "den 18. juni"

    error = refused(changed(change))

    assert [problem.pointer for problem in error.problems] == [
        SENT,
        "/straffesaksnummer",
        "/siktet/person/navn/etternavn",
    ]
    assert not error.missing
    assert (error.meldings_id, error.sender_number) == (official.MESSAGE, "983997953")
    assert "Lyngtue" not in repr(error.problems) + str(error)
    assert "juni" not in repr(error.problems) + str(error)


def test_what_is_only_absent_has_to_be_completed_by_a_person() -> None:
    def change(body: Json) -> None:
        del body["straffesaksnummer"]
        del body["siktet"]["person"]["foedselsdato"]

    assert refused(changed(change)).missing


def test_as_many_flags_are_told_as_anybody_looks_at() -> None:
    found = said({**overfoere_sak(), **{f"felt{place}": place for place in range(500)}})

    assert len(found.flags) == 201
    assert found.flags[-1] == OfficialFlag(F.MORE_FLAGS, "")


def test_a_day_that_cannot_be_is_seen_behind_any_number_of_flags() -> None:
    body = {**{f"felt{place}": place for place in range(500)}, **overfoere_sak(at="1892-06-30T19:21:41.0Z")}

    assert [problem.pointer for problem in refused(body).problems] == [SENT]


def test_depth_that_is_not_read_does_no_harm() -> None:
    deep: Any = []
    for _ in range(50_000):
        deep = [deep]
    found = said({**overfoere_sak(), "dyp": deep, "fornaermede": deep})
    while deep:  # taken apart from the outside: to let go of it whole is as deep
        deep = deep.pop()

    assert at(found, F.UNKNOWN_FIELD) == ["/dyp"]


# --- types and versions -----------------------------------------------------------------------------------------

BUILT = {
    T.OVERFOERE_SAK: overfoere_sak(),
    T.DOMSAVGJOERELSE: domsavgjoerelse(),
    T.FULLBYRDELSESORDRE: fullbyrdelsesordre(),
    T.REKVISISJON: rekvisisjon(),
    T.RETUR: retur(),
    T.SIKTELSE_TILTALE: siktelse_tiltale(),
    T.KVITTERING: kvittering(),
}


@pytest.mark.parametrize("kind", T)
def test_a_message_is_known_by_its_shape(kind: MessageType) -> None:
    assert guess(BUILT[kind]) is kind


@pytest.mark.parametrize(
    "body", [{}, [], None, "overfoereSak", {"oppdatertSaksstatus": 1}, {**overfoere_sak(), "meldingsIdRef": "x"}]
)
def test_no_shape_and_two_shapes_are_refused(body: Any) -> None:
    with pytest.raises(BadOfficial) as error:
        guess(body)

    assert [problem.kind for problem in error.value.problems] == ["unknown_type"]
    assert not error.value.missing


@pytest.mark.parametrize("spelled", ["overfoereSak", "OVERFOERESAK", "overfoere_sak", "OVERFOERE_SAK", "Overfoere-Sak"])
def test_the_name_of_a_message_may_be_spelled_in_any_case(spelled: str) -> None:
    assert read(spelled, "1.0", overfoere_sak()).type is T.OVERFOERE_SAK


@pytest.mark.parametrize("kind", T)
def test_every_message_is_read_by_the_name_in_its_header_and_the_version_published(kind: MessageType) -> None:
    (version,) = inbound.SUPPORTED[kind]
    found = read(kind.lower(), version, BUILT[kind])

    assert (found.type, found.version) == (kind, version)
    assert not {F.NEWER_VERSION, F.OLDER_VERSION} & {flag.code for flag in found.flags}


@pytest.mark.parametrize("name", ["LUKK_SAK", "", "begjaeringDom", "oppdatertSaksstatus", "rekvisisjon"])
def test_a_message_that_is_not_read_here_is_refused(name: str) -> None:
    with pytest.raises(BadOfficial) as error:
        read(name, "1.0", overfoere_sak())

    assert [problem.kind for problem in error.value.problems] == ["unknown_type"]


@pytest.mark.parametrize(
    ("version", "code"),
    [
        ("1.2", None),
        ("v1.2", None),
        ("1.2.7", None),
        (None, None),
        ("1.3", F.NEWER_VERSION),
        ("1.10", F.NEWER_VERSION),
        ("1.1", F.OLDER_VERSION),
        ("1", F.OLDER_VERSION),
    ],
)
def test_another_minor_version_is_read_with_a_flag(version: str | None, code: FlagCode | None) -> None:
    found = read("DOMSAVGJOERELSE", version, domsavgjoerelse())

    assert [flag.code for flag in found.flags if flag.pointer == ""] == ([code] if code else [])
    assert len(found.messages) == 1


@pytest.mark.parametrize("version", ["2.0", "0.9", "arbeidsversjon", "", "1.x", "1.2-SNAPSHOT"])
def test_another_major_version_and_none_at_all_are_refused(version: str) -> None:
    with pytest.raises(BadOfficial) as error:
        read("DOMSAVGJOERELSE", version, domsavgjoerelse())

    assert [problem.kind for problem in error.value.problems] == ["unknown_version"]
    assert not error.value.missing


@pytest.mark.parametrize("body", [None, [], "x", 1, {"forsendelse": None}, {"forsendelse": {"meldingsId": 1}}])
@pytest.mark.parametrize("kind", T)
def test_what_is_no_such_message_is_refused_whatever_it_is(kind: MessageType, body: Any) -> None:
    assert refused(body, kind).problems


def test_a_reaction_that_the_contract_does_not_have_is_another_outcome() -> None:
    found = said(domsavgjoerelse(accused({"forvaring": {}})))

    assert found.messages[0].terms.outcome == "other"
    assert at(found, F.UNKNOWN_FIELD) == ["/avgjoerelse/avgjoerelsePrSiktetTiltalt/0/reaksjoner/forvaring"]


def test_no_flag_holds_a_value_of_the_message() -> None:
    body = domsavgjoerelse(accused({"ungdomsstraff": sanction()}), accused(None, ("FRIKJENT",), second=True))
    values = {
        text for text in json.dumps(body, ensure_ascii=False).split('"') if len(text) > 6 and text[0] not in ":,{["
    }
    told = {part for flag in said(body).flags for part in flag.pointer.split("/")}

    assert {"ungdomsstraff"} <= told
    assert {"FRIKJENT"} <= values
    assert not {text for text in values & told if not text.isidentifier()}
