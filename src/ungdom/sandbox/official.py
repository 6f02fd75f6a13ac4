"""Official messages (ESAS) about one invented youth, as the contracts have them, which a sandbox sends or hands out.

Only what the service reads and what the contracts require is filled in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ungdom.sandbox.decisions import ACT, FINAL, INDICTED, JUDGED
from ungdom.sandbox.youths import InventedYouth

Json = dict[str, Any]

TRANSFERRED = timedelta(days=2)
"""How long before the start the police transferred the case."""
POLICE: Json = {"organisasjonsnummer": "983997953", "navn": "Oslo politidistrikt"}
COURT: Json = {"organisasjonsnummer": "926725939", "navn": "Oslo tingrett"}
OFFICE: Json = {"organisasjonsnummer": "986074465", "navn": "Konfliktrådet Oslo"}
CORRECTIONAL: Json = {"organisasjonsnummer": "911830868", "navn": "Oslo friomsorgskontor"}
STATISTICS: Json = {"kode": "0960", "navn": "Heleri"}
NORWAY: Json = {"kode": "NOR", "navn": "Norge"}
ADDRESS: Json = {"adresselinjer": ["Mosestien 4"], "postnummer": "0150", "poststed": "OSLO", "land": NORWAY}
STATUTE: Json = {"lovbud": [{"lovbudStreng": "Straffeloven § 321"}]}
LISTED_STATUTE: Json = {
    "lovbud": [
        {"lovbudId": "A1D0F6A9-D4C1-4F2D-A69E-039ACB090304", "lovbudStreng": "Straffeloven § 321", "gjengivelse": ""}
    ]
}
CLERK: Json = {"brukeridentifikasjon": "XYZ001", "etternavn": "Mosepute"}
LAWYER_NAME: Json = {"navn": {"fornavn": "Lodden", "etternavn": "Kongleklynge"}}
LAWYER: Json = {**LAWYER_NAME, "kontakt": {"epost": "jurist@politiet.example"}}
OFFICER: Json = {"navn": {"fornavn": "Lodden", "etternavn": "Kongleklynge"}, "tittel": "Politiadvokat"}
DOCUMENT: Json = {
    "overskrift": "Dokument",
    "skrevetDato": "2025-01-01",
    "kategori": {"kode": "DOM"},
    "forsendelse": {"mimeType": "application/pdf", "uri": "urn:uuid:0d9b1b0e", "sjekksum": "1a2eced0"},
}
REACTION: Json = {"ungdomsstraff": {"straff": {"antallMaaneder": 8}, "subsidaerFengselsstraff": {"antallMaaneder": 5}}}


def official_messages(youth: InventedYouth, start: date) -> dict[str, Json]:
    """The messages by name. The transfer opens the case.

    All of them are applied once the konfliktråd has recorded that the youth is a suspect, which no contract contains.
    """
    sector = _Sector(youth, start)
    kinds: dict[str, Callable[[], Json]] = {
        "official_transfer": sector.transfer,
        "official_indictment": sector.indictment,
        "official_judgment": sector.judgment,
        "official_order": sector.order,
    }
    return {name: build() for name, build in kinds.items()}


@dataclass(frozen=True)
class _Sector:
    """Police and court, who write about this youth."""

    youth: InventedYouth
    start: date

    def transfer(self) -> Json:
        """`overfoereSak`: the police transfer the case to the konfliktråd."""
        act_on = self.start - ACT
        act = {"gjerningstidspunktFra": _at(act_on), "gjerningstidspunktTil": _at(act_on)}
        guardians = [{"navn": _name_of(name)} for name in self.youth.guardians]
        person = {**self._person, "identitetsnummer": {"foedselsnummer": self.youth.national_id}, "verger": guardians}
        return {
            "forsendelse": self._sent("transfer", self.start - TRANSFERRED, POLICE, OFFICE, CLERK),
            "straffesaksnummer": self.youth.police_case_number,
            "siktet": {"person": person, "samtykke": True},
            "fornaermede": [],
            "saksinformasjon": {
                "sakstype": "US",
                "lovbud": {"lovbudStreng": "Straffeloven § 321"},
                "hendelse": {**act, "gjerningssted": ADDRESS},
                "dokumenter": [DOCUMENT],
            },
        }

    def indictment(self) -> Json:
        """`SIKTELSE_TILTALE`: the prosecution brings the case to the court."""
        on, number = self.start - INDICTED, self.youth.police_case_number
        counts = {
            "bokstav": "a",
            "straffesaksnummer": number,
            "prinsipalGrunnlag": {"grunnlagTekst": "I Oslo ..."},
            "basissaker": [{"basissakId": f"B-{number}", "personForetak": self._id("person")}],
            "inkluderteForhold": [],
        }
        act = {"gjerningstidspunktFra": _at(self.start - ACT), "gjerningstidspunktTil": _at(self.start - ACT)}
        charge = {
            "siktelsesId": self._id("charge"),
            "siktelsesType": "TILTALE",
            "poster": [{"nummer": "I", "prinsipalLovbud": LISTED_STATUTE, "straffbareForhold": [counts]}],
            "datoForSiktelse": on.isoformat(),
            "skrevetAv": LAWYER_NAME,
        }
        details = {
            "hendelse": {**act, "gjerningssted": {"adresse": ADDRESS}},
            "statistikkgruppe": STATISTICS,
        }
        return {
            "forsendelse": self._sent("indictment", on, POLICE, COURT, LAWYER),
            "pakkeId": self._id("package"),
            "hovedStraffesaksnummer": number,
            "begjaeringAnmodningReferanse": {"kravId": self._id("request")},
            "siktelseTiltale": charge,
            "siktedePersoner": [{"personForetakRef": self._id("person"), **self._identified}],
            "siktedeForetak": [],
            "straffesaker": [{"straffesaksnummer": number, "detaljer": details}],
            "dokumenter": [],
        }

    def judgment(self) -> Json:
        """`DOMSAVGJOERELSE`: the court sentences the youth."""
        on = self.start - JUDGED
        judge = {"etternavn": "Bekkesteinen", "fornavn": "Ærefull", "tittel": "Dommer"}
        names = {"fornavn": self.youth.given_name, "etternavn": self.youth.family_name}
        person = {
            **{name: value for name, value in self._identified.items() if name != "navn"},
            **names,
            "internId": self._id("person"),
            "tilleggsId": [],
            "statsborgerskap": [NORWAY],
        }
        result = {
            "basissakId": "1",
            "lovbudKombinert": STATUTE,
            "grunnlagstekst": "I Oslo ...",
            "resultatType": "SKYLDIG",
        }
        accused = {
            "personForetak": {"person": person},
            "resultat": [result],
            "forkynning": {"forkynt": True, "forkyntDato": on.isoformat(), "erklaeringsType": "BETENKNINGSTID"},
            "reaksjoner": REACTION,
        }
        return {
            "forsendelse": {
                "meldingsId": self._id("judgment-message"),
                "sendtTid": _at(on),
                "avsender": {"organisasjon": COURT},
                "mottaker": {"organisasjon": POLICE},
            },
            "aktoerer": {"dommer": judge, "saksbehandler": judge},
            "dokumenter": [{**DOCUMENT, "internId": "D1"}],
            "saksInformasjon": {
                "saksnummer": "25-045678MED-TOSL/01",
                "straffesaksnummer": self.youth.police_case_number,
                "rettsmoeter": [],
            },
            "avgjoerelse": {
                "avgjoerelseId": self._id("judgment"),
                "avsagtDato": on.isoformat(),
                "opprinneligKravId": self._id("request"),
                "avgjoerelsePrSiktetTiltalt": [accused],
            },
        }

    def order(self) -> Json:
        """`FULLBYRDELSESORDRE`: the judgment is final, and is to be carried out."""
        ordered_on = self.start - TRANSFERRED
        convicted = {
            "personForetakRef": self._id("person"),
            **self._identified,
            "statsborgerskap": [NORWAY],
            "tilleggsId": [],
        }
        judgment = {
            "domstol": COURT,
            "avgjoerelseId": self._id("judgment"),
            "saksnummer": "25-045678MED-TOSL/01",
            "avsagtDato": (self.start - JUDGED).isoformat(),
            "reaksjoner": REACTION,
            "straffbareForhold": [
                {
                    "lovbudKombinert": STATUTE,
                    "straffesak": {
                        "straffesaksnummer": self.youth.police_case_number,
                        "statistikkgruppe": STATISTICS,
                    },
                    "fornaermede": [],
                }
            ],
        }
        return {
            "forsendelse": self._sent("order", ordered_on, POLICE, CORRECTIONAL, OFFICER),
            "under18": True,
            "fullbyrdelsesordre": {
                "anmodningsId": self._id("order"),
                "paataleansvarlig": OFFICER,
                "besluttetAv": OFFICER,
                "domfelte": {
                    "person": convicted,
                    "personAdresse": {"adresse": ADDRESS},
                    "kontaktInfo": {},
                    "verger": [],
                },
                "avgjoerelse": judgment,
                "foregrepetSoning": False,
                "rettskraftigFraOgMed": (self.start - FINAL).isoformat(),
            },
            "beskrivelse": "",
            "hovedStraffesaksnummer": self.youth.police_case_number,
            "dokumenter": [DOCUMENT],
        }

    @cached_property
    def _person(self) -> Json:
        return {
            "navn": {"fornavn": self.youth.given_name, "etternavn": self.youth.family_name},
            "foedselsdato": self.youth.born.isoformat(),
            "kjoenn": "KVINNE" if self.youth.sex == "female" else "MANN",
        }

    @cached_property
    def _identified(self) -> Json:
        number = {"idType": "FOEDSELSNUMMER", "verdi": self.youth.national_id}
        return {**self._person, "identitetsnummer": number}

    def _id(self, what: str) -> str:
        """An id that the same message about the same youth has in every sandbox of the day."""
        return str(uuid5(NAMESPACE_URL, f"urn:ungdom:sandbox:{self.start}:{self.youth.number}:{what}"))

    def _sent(self, what: str, on: date, sender: Json, receiver: Json, person: Json) -> Json:
        return {
            "meldingsId": self._id(f"{what}-message"),
            "sendtTid": _at(on),
            "avsender": {"organisasjon": sender, "person": person},
            "mottakerOrganisasjon": receiver,
        }


def _at(day: date) -> str:
    return f"{day.isoformat()}T11:00:00Z"


def _name_of(full_name: str) -> Json:
    given, _, family = full_name.rpartition(" ")
    return {"fornavn": given, "etternavn": family}
