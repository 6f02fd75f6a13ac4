"""Official messages about invented youths, made by hand: each is valid by its contract, and says what a test asks for.

The numbers are of Skatteetaten's synthetic series (month + 80). What the builders do not ask about is as the contracts
have it in their own samples, in short.
"""

from copy import deepcopy
from typing import Any

Json = dict[str, Any]

POLICE: Json = {"organisasjonsnummer": "983997953", "navn": "Oslo politidistrikt"}
COURT: Json = {"organisasjonsnummer": "926725939", "navn": "Oslo tingrett"}
CORRECTIONAL: Json = {"organisasjonsnummer": "911830868", "navn": "Oslo friomsorgskontor"}
OFFICE: Json = {"organisasjonsnummer": "986074465", "navn": "Konfliktrådet Oslo"}

CASE_NUMBER = "16001234"
COURT_NUMBER = "25-045678MED-TOSL/01"
DECISION = "0d9b1b0e-7a1c-4a52-9d0e-5f3f4f9c1a01"
ORDER = "0d9b1b0e-7a1c-4a52-9d0e-5f3f4f9c1a02"
CHARGE = "0d9b1b0e-7a1c-4a52-9d0e-5f3f4f9c1a03"
INVESTIGATION = "0d9b1b0e-7a1c-4a52-9d0e-5f3f4f9c1a04"
RETURN = "0d9b1b0e-7a1c-4a52-9d0e-5f3f4f9c1a05"
PERSON_REF = "0d9b1b0e-7a1c-4a52-9d0e-5f3f4f9c1b01"
SECOND_REF = "0d9b1b0e-7a1c-4a52-9d0e-5f3f4f9c1b02"
MESSAGE = "0d9b1b0e-7a1c-4a52-9d0e-5f3f4f9c1c01"

NUMBER, BORN = "17850998027", "2009-05-17"
OTHER_NUMBER, OTHER_BORN = "03911077581", "2010-11-03"
GIVEN, FAMILY = "Prikkete", "Lyngtue"
OTHER_GIVEN, OTHER_FAMILY = "Stripete", "Multemyr"
GUARDIAN = {"fornavn": "Rutete", "etternavn": FAMILY}

DOCUMENT: Json = {
    "overskrift": "Dom",
    "skrevetDato": "2025-04-24",
    "kategori": {"kode": "DOM"},
    "forsendelse": {"mimeType": "application/pdf", "uri": "urn:uuid:0d9b1b0e", "sjekksum": "1a2eced0"},
}
NORWAY: Json = {"kode": "NOR", "navn": "Norge"}
STATISTICS: Json = {"kode": "0960", "navn": "Heleri"}


def name(given: str = GIVEN, family: str = FAMILY) -> Json:
    """A name."""
    return {"fornavn": given, "etternavn": family}


def kind_and_value(number: str, kind: str = "FOEDSELSNUMMER") -> Json:
    """An identity number as most of the contracts have it."""
    return {"idType": kind, "verdi": number}


def address(*lines: str) -> Json:
    """A postal address."""
    return {"adresselinjer": list(lines or ("Mosestien 4",)), "postnummer": "0150", "poststed": "OSLO", "land": NORWAY}


def sent(at: str, sender: Json, receiver: Json, employee: Json, message_id: str = MESSAGE) -> Json:
    """The sending, as all contracts but the court's have it."""
    return {
        "meldingsId": message_id,
        "sendtTid": at,
        "avsender": {"organisasjon": sender, "person": employee},
        "mottakerOrganisasjon": receiver,
    }


def overfoere_sak(
    sakstype: str = "UO",
    at: str = "2025-06-18T09:30:00+02:00",
    consent: bool = True,
    act: tuple[str, str] = ("2025-05-02T21:00:00+02:00", "2025-05-02T21:30:00+02:00"),
    receiver: Json | None = None,
    number: str = CASE_NUMBER,
) -> Json:
    """The police brings the case of a youth to the konfliktråd."""
    return {
        "forsendelse": sent(
            at, POLICE, receiver or OFFICE, {"brukeridentifikasjon": "XYZ001", "etternavn": "Mosepute"}
        ),
        "straffesaksnummer": number,
        "siktet": {"person": youth(), "samtykke": consent},
        "fornaermede": [],
        "saksinformasjon": {
            "sakstype": sakstype,
            "lovbud": {"lovbudStreng": "Straffeloven § 271"},
            "hendelse": {
                "gjerningstidspunktFra": act[0],
                "gjerningstidspunktTil": act[1],
                "gjerningssted": address(),
            },
            "dokumenter": [deepcopy(DOCUMENT)],
        },
    }


def youth(number: str = NUMBER, born: str = BORN) -> Json:
    """The youth of `overfoereSak`, with a guardian and an address."""
    return {
        "navn": name(),
        "foedselsdato": born,
        "kjoenn": "KVINNE",
        "identitetsnummer": {"foedselsnummer": number},
        "kontaktInfo": {"epost": "prikkete@lyngtue.example", "telefonnummer": ["99999999"]},
        "personAdresse": {"adresse": address()},
        "verger": [
            {
                "navn": dict(GUARDIAN),
                "kontaktInfo": {"telefonnummer": ["88888888"]},
                "personAdresse": {"adresse": address()},
            }
        ],
    }


def accused(
    reactions: Json | None = None,
    results: tuple[str, ...] = ("SKYLDIG",),
    service: Json | None = None,
    second: bool = False,
) -> Json:
    """What a judgment says of one of the accused; `second`: of another youth than the first."""
    person = {
        "internId": SECOND_REF if second else PERSON_REF,
        "fornavn": OTHER_GIVEN if second else GIVEN,
        "etternavn": OTHER_FAMILY if second else FAMILY,
        "foedselsdato": OTHER_BORN if second else BORN,
        "kjoenn": "MANN" if second else "KVINNE",
        "identitetsnummer": kind_and_value(OTHER_NUMBER if second else NUMBER),
        "tilleggsId": [],
        "statsborgerskap": [NORWAY],
    }
    of_acts = [
        {
            "basissakId": str(place),
            "lovbudKombinert": {"lovbud": [{"lovbudStreng": "Straffeloven § 327"}]},
            "grunnlagstekst": "Lørdag 18. januar 2025 i Oslo ...",
            "resultatType": result,
        }
        for place, result in enumerate(results, start=1)
    ]
    told = {"personForetak": {"person": person}, "resultat": of_acts, "forkynning": service or served()}
    return told if reactions is None else {**told, "reaksjoner": reactions}


def served(on: str = "2025-04-24", declared: str = "BETENKNINGSTID") -> Json:
    """Service in court, and what the accused declared."""
    return {"forkynt": True, "forkyntDato": on, "erklaeringsType": declared}


def sanction(**length: int) -> Json:
    """Ungdomsstraff of that length, one year unless said; six months of subsidiary prison."""
    return {"straff": length or {"antallAar": 1}, "subsidaerFengselsstraff": {"antallMaaneder": 6}}


def domsavgjoerelse(
    *people: Json, on: str = "2025-04-24", earlier: str | None = None, decision: str = DECISION
) -> Json:
    """A judgment: to ungdomsstraff for one youth, unless told otherwise. `earlier`: the judgment appealed against."""
    judge = {"etternavn": "Kongleklynge", "fornavn": "Lodden", "tittel": "Dommer"}
    decided = {
        "avgjoerelseId": decision,
        "avsagtDato": on,
        "opprinneligKravId": DECISION,
        "avgjoerelsePrSiktetTiltalt": list(people or (accused({"ungdomsstraff": sanction()}),)),
    }
    return {
        "forsendelse": {
            "meldingsId": MESSAGE,
            "sendtTid": f"{on}T14:10:00+02:00",
            "avsender": {"organisasjon": COURT},
            "mottaker": {"organisasjon": POLICE},
        },
        "aktoerer": {"dommer": judge, "saksbehandler": judge},
        "dokumenter": [{**deepcopy(DOCUMENT), "internId": "D1"}],
        "saksInformasjon": {"saksnummer": COURT_NUMBER, "straffesaksnummer": CASE_NUMBER, "rettsmoeter": []},
        "avgjoerelse": {**decided, "avgjoerelseIdForrigeInstans": earlier} if earlier else decided,
    }


def fullbyrdelsesordre(
    final_on: str | None = "2025-05-09",
    at: str = "2025-05-12T08:00:00+02:00",
    reactions: Json | None = None,
    early: bool = False,
) -> Json:
    """The judgment is to be carried out: ungdomsstraff, unless told otherwise."""
    lawyer = {"navn": name("Ørliten Ærefull", "Bekkesteinen"), "tittel": "Politiadvokat"}
    order = {
        "anmodningsId": ORDER,
        "paataleansvarlig": lawyer,
        "besluttetAv": lawyer,
        "domfelte": convicted(),
        "avgjoerelse": {
            "domstol": COURT,
            "avgjoerelseId": DECISION,
            "saksnummer": COURT_NUMBER,
            "avsagtDato": "2025-04-24",
            "reaksjoner": reactions or {"ungdomsstraff": sanction()},
            "straffbareForhold": [
                {
                    "lovbudKombinert": {"lovbud": [{"lovbudStreng": "Straffeloven § 327"}]},
                    "straffesak": {"straffesaksnummer": "16001235", "statistikkgruppe": STATISTICS},
                    "fornaermede": [],
                }
            ],
        },
        "foregrepetSoning": early,
    }
    return {
        "forsendelse": sent(at, POLICE, CORRECTIONAL, lawyer),
        "under18": True,
        "fullbyrdelsesordre": {**order, "rettskraftigFraOgMed": final_on} if final_on else order,
        "beskrivelse": "",
        "hovedStraffesaksnummer": CASE_NUMBER,
        "dokumenter": [deepcopy(DOCUMENT)],
    }


def convicted() -> Json:
    """The youth of `FULLBYRDELSESORDRE`."""
    return {
        "person": {
            "personForetakRef": PERSON_REF,
            "navn": name(),
            "foedselsdato": BORN,
            "kjoenn": "KVINNE",
            "statsborgerskap": [NORWAY],
            "identitetsnummer": kind_and_value(NUMBER),
            "tilleggsId": [],
        },
        "personAdresse": {"adresse": address()},
        "kontaktInfo": {"telefonnummer": ["99999999"]},
        "verger": [{"personForetakRef": SECOND_REF, "navn": dict(GUARDIAN), "statsborgerskap": [NORWAY]}],
    }


def rekvisisjon(
    investigation: str = "MINDREAARIG",
    at: str = "2025-01-24T12:00:00+01:00",
    wished_by: str = "2025-02-21T12:00:00+01:00",
) -> Json:
    """An investigation of a minor is ordered."""
    person = {
        **youth(),
        "internId": "P1",
        "tilleggsId": [],
        "statsborgerskap": [NORWAY],
        "tolk": {"behov": False},
        "verger": [{"internId": "V1", "navn": dict(GUARDIAN), "statsborgerskap": [NORWAY]}],
    }
    consent = {"informertOmAnmodningOmPersonundersoekelse": True, "samtykketTilPersonundersoekelse": True}
    case = {
        "straffesaksnummer": CASE_NUMBER,
        "detaljer": {
            "hendelse": {
                "gjerningstidspunktFra": "2025-01-18T22:00:00+01:00",
                "gjerningstidspunktTil": "2025-01-18T22:15:00+01:00",
                "gjerningssted": address(),
            },
            "statistikkgruppe": STATISTICS,
        },
        "involverte": {
            "siktet": {"internId": "P1", "navn": name(), "foedselsdato": BORN},
            "medsiktede": [],
            "fornaermede": [],
            "vitne": [],
        },
    }
    return {
        "forsendelse": sent(at, POLICE, CORRECTIONAL, {"etternavn": "Mosepute", "kontakt": {"telefonnummer": []}}),
        "hovedStraffesaksnummer": CASE_NUMBER,
        "rekvisisjonPersonundersoekelseId": INVESTIGATION,
        "kontaktopplysningerAdvokater": {},
        "personundersoekelseInfo": {
            "personundersoekelseType": investigation,
            "personForPersonundersoekelse": person,
            "samtykkerOgInformering": {"siktede": dict(consent), "verger": dict(consent)},
            "straffesaker": [case],
        },
        "prioriteringsdetaljer": {"oensketFristForFerdigPersonundersoekelse": wished_by},
    }


def retur(outcome: str = "UTFOERT_PERSONUNDERSOEKELSE", at: str = "2025-02-21T15:00:00+01:00") -> Json:
    """The investigation comes back."""
    sender = {"etternavn": "Mosepute", "kontakt": {}}
    return {
        "forsendelse": sent(at, CORRECTIONAL, POLICE, sender),
        "hovedStraffesaksnummer": CASE_NUMBER,
        "rekvisisjonPersonundersoekelseId": INVESTIGATION,
        "returPersonundersoekelseId": RETURN,
        "returPersonundersoekelseType": outcome,
        "dokumenter": [],
    }


def siktelse_tiltale(kind: str = "SIKTELSE", on: str = "2025-07-11", second: bool = False) -> Json:
    """A charge or an indictment; with `second` of two youths, each for an act of their own."""
    lawyer = {"navn": name("Ørliten Ærefull", "Bekkesteinen"), "kontakt": {"epost": "jurist@politiet.example"}}
    people = [_charged(PERSON_REF, name(), BORN, NUMBER, "KVINNE")]
    acts = [_act("a", "16002001", PERSON_REF)]
    cases = [_case("16002001", "2025-07-05T23:30:00+02:00")]
    if second:
        people.append(_charged(SECOND_REF, name(OTHER_GIVEN, OTHER_FAMILY), OTHER_BORN, OTHER_NUMBER, "MANN"))
        acts.append(_act("b", "16002002", SECOND_REF))
        cases.append(_case("16002002", "2025-07-06T01:00:00+02:00"))
    return {
        "forsendelse": sent(f"{on}T10:00:00+02:00", POLICE, COURT, lawyer),
        "pakkeId": MESSAGE,
        "hovedStraffesaksnummer": "16002000",
        "begjaeringAnmodningReferanse": {"kravId": DECISION},
        "siktelseTiltale": {
            "siktelsesId": CHARGE,
            "siktelsesType": kind,
            "poster": [{"nummer": "I", "prinsipalLovbud": {"lovbud": [_statute()]}, "straffbareForhold": acts}],
            "datoForSiktelse": on,
            "skrevetAv": {"navn": name("Ørliten Ærefull", "Bekkesteinen")},
        },
        "siktedePersoner": people,
        "siktedeForetak": [],
        "straffesaker": cases,
        "dokumenter": [],
    }


def kvittering(status: str = "MOTTATT", ref: str = DECISION) -> Json:
    """An answer to a message of ours."""
    return {"meldingsId": MESSAGE, "meldingsIdRef": ref, "status": status}


def _charged(ref: str, called: Json, born: str, number: str, sex: str) -> Json:
    return {
        "personForetakRef": ref,
        "navn": called,
        "foedselsdato": born,
        "kjoenn": sex,
        "identitetsnummer": kind_and_value(number),
    }


def _statute() -> Json:
    return {"lovbudId": "A1D0F6A9-D4C1-4F2D-A69E-039ACB090304", "lovbudStreng": "Straffeloven § 321", "gjengivelse": ""}


def _act(letter: str, number: str, ref: str) -> Json:
    return {
        "bokstav": letter,
        "straffesaksnummer": number,
        "prinsipalGrunnlag": {"grunnlagTekst": "Lørdag 5. juli 2025 i Oslo ..."},
        "basissaker": [{"basissakId": f"B-{number}", "personForetak": ref}],
        "inkluderteForhold": [],
    }


def _case(number: str, at: str) -> Json:
    place = {"adresse": address()}
    act = {"gjerningstidspunktFra": at, "gjerningstidspunktTil": at, "gjerningssted": place}
    return {"straffesaksnummer": number, "detaljer": {"hendelse": act, "statistikkgruppe": STATISTICS}}
