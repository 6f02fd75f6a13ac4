"""T28: every official sample is read, and this is all it gives."""

from typing import Any

import pytest

from tests.esas.contracts import sample
from ungdom.esas.inbound import IgnoredReason, OfficialMessage, guess, read
from ungdom.message import plain

ACCUSED = "/avgjoerelse/avgjoerelsePrSiktetTiltalt"
INFO = "/personundersoekelseInfo"
ORDER = "/fullbyrdelsesordre"


def official(name: str) -> OfficialMessage:
    body = sample(name)
    return read(guess(body), None, body)


def flags(found: OfficialMessage) -> set[tuple[str, str]]:
    return {(flag.code, flag.pointer) for flag in found.flags}


def test_a_judgment_of_two_adults() -> None:
    found = official("domsavgjoerelse-1")
    first, second = (
        one["personForetak"]["person"]
        for one in sample("domsavgjoerelse-1")["avgjoerelse"]["avgjoerelsePrSiktetTiltalt"]
    )
    decided = {
        "version": 1,
        "sent_at": "2022-07-06T16:35:00+02:00",
        "occurred_on": "2022-07-05",
        "police_case_numbers": ["15434820"],
        "court_case_number": "22-025462ENE-TBUS/TDRA",
    }

    assert [plain(message) for message in found.messages] == [
        {
            **decided,
            "kind": "other_outcome",
            "decision_id": "a7972f79-0a35-4ec7-90a1-81e4efae1e31:5d516a2c-3283-4636-961a-456e1f26ceb0",
            "person": _person(first, "male"),
            "terms": {"outcome": "prison"},
        },
        {
            **decided,
            "kind": "acquitted",
            "decision_id": "a7972f79-0a35-4ec7-90a1-81e4efae1e31:948ca60c-6c7f-437d-a6a3-585cb8534280",
            "person": _person(second, "male"),
            "terms": {},
        },
    ]
    assert flags(found) == {
        ("not_a_youth", f"{ACCUSED}/0/personForetak/person/foedselsdato"),
        ("not_a_youth", f"{ACCUSED}/1/personForetak/person/foedselsdato"),
        ("number_synthetic", f"{ACCUSED}/0/personForetak/person/identitetsnummer"),
        ("custody_credit", f"{ACCUSED}/0/reaksjoner/fengsel/fradrag"),
        ("conditions_in_text", f"{ACCUSED}/0/reaksjoner/fengsel/saervilkaar"),
        ("accepted", f"{ACCUSED}/0/forkynning/erklaeringsType"),
    }
    assert (found.other, found.sender_name, found.receiver_name) == (
        None,
        "Buskerud tingrett",
        "Innlandet politidistrikt",
    )


def _person(told: dict[str, Any], sex: str) -> dict[str, Any]:
    return {
        "born": told["foedselsdato"],
        "family_name": told["etternavn"],
        "given_name": told["fornavn"],
        "national_id": told["identitetsnummer"]["verdi"],
        "sex": sex,
    }


def test_an_order_to_carry_out_prison_from_another_century() -> None:
    found = official("fullbyrdelsesordre-1")

    assert (found.messages, found.other, found.sent_at) == ((), IgnoredReason.OTHER_SANCTION, None)
    assert (found.sender_number, found.receiver_name) == ("983997953", "Kriminalomsorgen")
    assert found.meldings_id == "f449FBad-AF5C-C40C-7DE5-BfafD382CDd0"
    victim = f"{ORDER}/avgjoerelse/straffbareForhold/0/fornaermede/0/person/identitetsnummer"
    assert flags(found) == {
        ("offset_not_oslo", "/forsendelse/sendtTid"),
        ("implausible_year", "/forsendelse/sendtTid"),
        ("implausible_year", f"{ORDER}/domfelte/person/foedselsdato"),
        ("before_the_act", f"{ORDER}/avgjoerelse/avsagtDato"),
        ("before_the_act", f"{ORDER}/rettskraftigFraOgMed"),
        ("birth_date_differs", f"{ORDER}/domfelte/person/identitetsnummer"),
        ("shared_number", f"{ORDER}/domfelte/person/identitetsnummer"),
        ("birth_date_differs", victim),
        ("shared_number", victim),
    }


def test_a_case_for_mediation() -> None:
    found = official("overfoereSak-ST")

    assert (found.messages, found.other) == ((), IgnoredReason.OTHER_CASE_TYPE)
    assert str(found.sent_at) == "2022-11-03 10:19:55+02:00"
    assert flags(found) == {
        ("id_not_guid", "/forsendelse/meldingsId"),
        ("offset_not_oslo", "/forsendelse/sendtTid"),
        ("offset_not_oslo", "/saksinformasjon/hendelse/gjerningstidspunktFra"),
        ("date_would_change", "/saksinformasjon/hendelse/gjerningstidspunktFra"),
        ("offset_not_oslo", "/saksinformasjon/hendelse/gjerningstidspunktTil"),
        ("date_would_change", "/saksinformasjon/hendelse/gjerningstidspunktTil"),
        ("number_synthetic", "/siktet/person/identitetsnummer"),
        ("number_of_2032", "/fornaermede/0/person/identitetsnummer"),
        ("number_fails_check", "/fornaermede/0/person/verger/0/identitetsnummer"),
    }


def test_an_investigation_that_is_not_of_a_minor() -> None:
    found = official("rekvisisjonPersonundersoekelse-1")
    act = f"{INFO}/straffesaker/0/detaljer/hendelse"
    subject = f"{INFO}/personForPersonundersoekelse/identitetsnummer"

    assert (found.messages, found.other) == ((), IgnoredReason.OTHER_INVESTIGATION)
    assert flags(found) == {
        ("id_not_guid", "/forsendelse/meldingsId"),
        ("offset_not_oslo", "/forsendelse/sendtTid"),
        ("person_differs", f"{INFO}/straffesaker/0/involverte/siktet"),
        ("number_synthetic", subject),
        ("birth_date_differs", subject),
        ("number_synthetic", f"{INFO}/straffesaker/0/involverte/medsiktede/0/person/identitetsnummer"),
        ("offset_not_oslo", f"{act}/gjerningstidspunktFra"),
        ("date_would_change", f"{act}/gjerningstidspunktFra"),
        ("offset_not_oslo", f"{act}/gjerningstidspunktTil"),
        ("date_would_change", f"{act}/gjerningstidspunktTil"),
        ("offset_not_oslo", "/prioriteringsdetaljer/oensketFristForFerdigPersonundersoekelse"),
        ("offset_not_oslo", "/prioriteringsdetaljer/berammetDatoForHovedforhandling"),
    }


def test_an_investigation_that_comes_back() -> None:
    found = official("returPersonundersoekelse-1")

    assert [plain(message) for message in found.messages] == [
        {
            "kind": "person_investigation_returned",
            "decision_id": "0322b3e2-b12b-40b6-1234-799c48706123",
            "version": 1,
            "sent_at": "2023-11-03T10:19:55+02:00",
            "occurred_on": "2023-11-03",
            "police_case_numbers": ["15434811"],
            "refers_to": "0322b3e2-b12b-40b6-8940-799c48706123",
            "terms": {"carried_out": True},
        }
    ]
    assert flags(found) == {
        ("id_not_guid", "/forsendelse/meldingsId"),
        ("offset_not_oslo", "/forsendelse/sendtTid"),
    }
    assert found.sender_name == "Akershus friomsorgskontor"


def test_a_charge() -> None:
    found = official("siktelseTiltale-1")

    assert [plain(message) for message in found.messages] == [
        {
            "kind": "new_charge",
            "decision_id": "57653cd7-ef0d-4fa5-b889-07ef90e9fcaf",
            "version": 1,
            "sent_at": "2024-04-17T22:45:38+02:00",
            "occurred_on": "2024-04-17",
            "police_case_numbers": ["15439560", "15439561"],
            "person": {
                "born": "1981-11-22",
                "family_name": "FABRIKKPIPE",
                "given_name": "Vokal",
                "national_id": "22918197870",
                "sex": "female",
            },
            "terms": {"offence_on": "2023-07-01"},
        }
    ]
    days = ("gjerningstidspunktFra", "gjerningstidspunktTil")
    assert flags(found) == {
        ("not_a_youth", "/siktedePersoner/0/foedselsdato"),
        ("number_synthetic", "/siktedePersoner/0/identitetsnummer"),
        *(("offset_not_oslo", f"/straffesaker/{place}/detaljer/hendelse/{day}") for place in (0, 1) for day in days),
    }


@pytest.mark.parametrize(
    ("name", "status", "described"),
    [
        ("feilet_avsender_menneskelig", "FEILET_AVSENDER_MANGLER", True),
        ("feilet_avsender_teknisk", "FEILET_AVSENDER_TEKNISK", True),
        ("feilet_mottaker", "FEILET_MOTTAKER", True),
        ("motatt", "MOTTATT", False),
        ("under_mottak", "UNDER_MOTTAK", False),
    ],
)
def test_a_receipt(name: str, status: str, described: bool) -> None:
    told = sample(f"kvittering-{name}")
    found = official(f"kvittering-{name}")

    assert (found.messages, found.other, found.flags) == ((), IgnoredReason.RECEIPT, ())
    assert found.meldings_id == told["meldingsId"]
    assert found.receipt is not None
    assert (found.receipt.ref, found.receipt.status) == (told["meldingsIdRef"], status)
    assert found.receipt.description == (told["beskrivelse"] if described else None)
