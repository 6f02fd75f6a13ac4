"""`REKVISISJON_PERSONUNDERSOEKELSE` 1.2 and `RETUR_PERSONUNDERSOEKELSE` 1.0: the order of an investigation, its return.

Police and kriminalomsorgen send them to each other; a konfliktråd gets copies. strpl § 161 a.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from ungdom.esas.inbound.official import FlagCode, IgnoredReason, OfficialFlag, Pseudonymiser, Reading
from ungdom.esas.inbound.parts import Forsendelse, Hendelse, build_message
from ungdom.esas.inbound.people import (
    Navn,
    Siktet,
    adult_on_all,
    contact_flags,
    guardian_flags,
    person,
    person_flags,
    same_text,
)
from ungdom.esas.inbound.values import (
    CaseNumber,
    EsasModel,
    OfficialDay,
    OfficialInstant,
    Text,
    Unread,
    case_number_flags,
    case_numbers,
    code_flags,
    dropped_number_flags,
    id_flags,
    plain_id,
)
from ungdom.message import Kind
from ungdom.workflow import payloads as d
from ungdom.workflow.errors import Problem

F = FlagCode
FOR_MINORS = "MINDREAARIG"
TYPES = (FOR_MINORS, "NARKOTIKAPROGRAM", "RUSKJOERING", "FORVARING", "GENERELL_PERSONUNDERSOEKELSE")
RETURNS = {"UTFOERT_PERSONUNDERSOEKELSE": True, "RETURNERT_IKKE_UTFOERT": False}

_INFO = "/personundersoekelseInfo"
_SUBJECT = f"{_INFO}/personForPersonundersoekelse"
_CASES = f"{_INFO}/straffesaker"


class Samtykke(EsasModel):
    """Information given to, and consent of, the accused or the guardians."""

    informertOmAnmodningOmPersonundersoekelse: bool | None = None
    samtykketTilPersonundersoekelse: bool | None = None
    samtykketTilDelingAvOpplysningerIKoordineringsgruppen: bool | None = None


class Samtykker(EsasModel):
    """Information and consent of both."""

    siktede: Samtykke | None = None
    verger: Samtykke | None = None


class PersonEnkel(EsasModel):
    """The accused in a police case: name and optional day of birth."""

    navn: Navn
    foedselsdato: OfficialDay | None = None
    internId: Unread = None


class Involverte(EsasModel):
    """People involved in a police case; only the accused is read."""

    siktet: PersonEnkel | None = None
    medsiktede: Unread = None
    fornaermede: Unread = None
    vitne: Unread = None


class RekvisisjonDetaljer(EsasModel):
    """The time of the act."""

    hendelse: Hendelse | None = None
    statistikkgruppe: Unread = None
    krimtype: Unread = None


class RekvisisjonStraffesak(EsasModel):
    """A police case."""

    straffesaksnummer: CaseNumber
    detaljer: RekvisisjonDetaljer | None = None
    involverte: Involverte | None = None
    siktelsesinfo: Unread = None


class PersonundersoekelseInfo(EsasModel):
    """What is to be investigated, and about whom."""

    personundersoekelseType: Text
    personForPersonundersoekelse: Siktet
    straffesaker: Annotated[list[RekvisisjonStraffesak], Field(max_length=5_000)] = Field(default_factory=list)
    samtykkerOgInformering: Samtykker | None = None
    initiativtakerTilUndersoekelse: Unread = None
    tekstligUdypingAvFormaalet: Unread = None


class Prioritering(EsasModel):
    """Wished deadline and scheduled hearing."""

    oensketFristForFerdigPersonundersoekelse: OfficialInstant | None = None
    berammetDatoForHovedforhandling: OfficialInstant | None = None


class Rekvisisjon(EsasModel):
    """The order."""

    forsendelse: Forsendelse
    hovedStraffesaksnummer: CaseNumber
    rekvisisjonPersonundersoekelseId: Text
    personundersoekelseInfo: PersonundersoekelseInfo
    prioriteringsdetaljer: Prioritering | None = None
    pakkeId: Unread = None
    paagrepetTidspunkt: Unread = None
    paagrepetSted: Unread = None
    kontaktopplysningerAdvokater: Unread = None
    kontaktpersonerForInnhentingAvOpplysningerFraKilder: Unread = None
    dokumenter: Unread = None


class Retur(EsasModel):
    """The return. It refers to the order and names nobody."""

    forsendelse: Forsendelse
    hovedStraffesaksnummer: CaseNumber
    rekvisisjonPersonundersoekelseId: Text
    returPersonundersoekelseId: Text
    returPersonundersoekelseType: Text
    dokumenter: Unread = None


def order_to_messages(document: Rekvisisjon, _pseudonymise: Pseudonymiser | None) -> Reading:
    """The message of an order to investigate a minor; none for other orders."""
    info = document.personundersoekelseInfo
    if info.personundersoekelseType != FOR_MINORS:
        odd = code_flags(TYPES, info.personundersoekelseType, f"{_INFO}/personundersoekelseType")
        return Reading(other=IgnoredReason.OTHER_INVESTIGATION, flags=(*odd, *_differing_accused(info)))
    subject, wish = info.personForPersonundersoekelse, document.prioriteringsdetaljer
    wished = wish.oensketFristForFerdigPersonundersoekelse if wish else None
    order_message = build_message(
        document.forsendelse,
        Kind.PERSON_INVESTIGATION_ORDERED,
        plain_id(document.rekvisisjonPersonundersoekelseId),
        document.forsendelse.sendtTid.on,
        case_numbers(document.hovedStraffesaksnummer, _police_case_numbers(info)),
        d.PumOrdered(wished_by=wished.on if wished else None),
        person=person(subject, subject, subject.verger),
    )
    return Reading((order_message,), tuple(_flags(document)))


def return_to_messages(document: Retur, _pseudonymise: Pseudonymiser | None) -> Reading:
    """The message of the return, which refers to the order by its id."""
    carried_out = RETURNS.get(document.returPersonundersoekelseType)
    if carried_out is None:
        return Reading(problems=(Problem("/returPersonundersoekelseType", "enum", "is none of the contract's codes"),))
    return_message = build_message(
        document.forsendelse,
        Kind.PERSON_INVESTIGATION_RETURNED,
        plain_id(document.returPersonundersoekelseId),
        document.forsendelse.sendtTid.on,
        (document.hovedStraffesaksnummer,),
        d.PumReturned(carried_out=carried_out),
        refers_to=plain_id(document.rekvisisjonPersonundersoekelseId),
    )
    odd = (
        *id_flags(document.rekvisisjonPersonundersoekelseId, "/rekvisisjonPersonundersoekelseId"),
        *id_flags(document.returPersonundersoekelseId, "/returPersonundersoekelseId"),
        *case_number_flags(document.hovedStraffesaksnummer, "/hovedStraffesaksnummer"),
    )
    return Reading((return_message,), odd)


def _police_case_numbers(info: PersonundersoekelseInfo) -> list[str]:
    return [case.straffesaksnummer for case in info.straffesaker]


def _flags(document: Rekvisisjon) -> Iterator[OfficialFlag]:
    info, sent = document.personundersoekelseInfo, document.forsendelse.sendtTid.on
    subject = info.personForPersonundersoekelse
    yield from id_flags(document.rekvisisjonPersonundersoekelseId, "/rekvisisjonPersonundersoekelseId")
    yield from case_number_flags(document.hovedStraffesaksnummer, "/hovedStraffesaksnummer")
    yield from dropped_number_flags(_CASES, document.hovedStraffesaksnummer, _police_case_numbers(info))
    yield from person_flags(subject, _SUBJECT)
    yield from contact_flags(subject, _SUBJECT)
    yield from guardian_flags(subject.verger, subject.foedselsdato.on, sent, f"{_SUBJECT}/verger")
    if subject.tolk and subject.tolk.behov:
        yield OfficialFlag(F.INTERPRETER_NEEDED, f"{_SUBJECT}/tolk")
    yield from _age_flags(info)
    yield from _differing_accused(info)
    yield from _consent_flags(info.samtykkerOgInformering)
    if document.prioriteringsdetaljer and document.prioriteringsdetaljer.berammetDatoForHovedforhandling:
        yield OfficialFlag(F.HEARING_DAY_TOLD, "/prioriteringsdetaljer/berammetDatoForHovedforhandling")


def _age_flags(info: PersonundersoekelseInfo) -> Iterator[OfficialFlag]:
    acts = [case.detaljer.hendelse for case in info.straffesaker if case.detaljer and case.detaljer.hendelse]
    born = info.personForPersonundersoekelse.foedselsdato.on
    if acts and adult_on_all(born, [act.gjerningstidspunktFra.on for act in acts]):
        yield OfficialFlag(F.NOT_A_YOUTH, f"{_SUBJECT}/foedselsdato")


def _differing_accused(info: PersonundersoekelseInfo) -> Iterator[OfficialFlag]:
    """Flags of police cases whose accused differs from the person to be investigated."""
    subject = info.personForPersonundersoekelse
    for place, case in enumerate(info.straffesaker):
        accused = case.involverte.siktet if case.involverte else None
        if accused and not _is_same_person(subject, accused):
            yield OfficialFlag(F.PERSON_DIFFERS, f"{_CASES}/{place}/involverte/siktet")


def _is_same_person(subject: Siktet, accused: PersonEnkel) -> bool:
    names = ((subject.navn.etternavn, accused.navn.etternavn), (subject.navn.fornavn, accused.navn.fornavn))
    born = accused.foedselsdato is None or accused.foedselsdato.on == subject.foedselsdato.on
    return born and all(same_text(ours, theirs) for ours, theirs in names)


def _consent_flags(consents: Samtykker | None) -> Iterator[OfficialFlag]:
    """Flags of consent and information. Day and person are missing, so none counts as a recorded consent."""
    for whose in ("siktede", "verger"):
        given: Samtykke | None = getattr(consents, whose, None)
        for name in Samtykke.model_fields if given else ():
            codes = (F.INFORMATION_MISSING, F.INFORMATION_TOLD)
            if name.startswith("samtykket"):
                codes = (F.CONSENT_MISSING, F.CONSENT_TOLD)
            value = getattr(given, name)
            if value is not None:
                yield OfficialFlag(codes[value], f"{_INFO}/samtykkerOgInformering/{whose}/{name}")
