"""`REKVISISJON_PERSONUNDERSOEKELSE` 1.2 and `RETUR_PERSONUNDERSOEKELSE` 1.0: the order of an investigation, its return.

Police and kriminalomsorgen send them to each other; a konfliktråd gets copies. strpl § 161 a.
"""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from ungdom.esas.inbound.official import Flag, FlagCode, Mark, Other, Reading
from ungdom.esas.inbound.parts import Forsendelse, Hendelse, message
from ungdom.esas.inbound.people import (
    Navn,
    Siktet,
    grown_on,
    guardian_flags,
    person,
    person_flags,
    reach_flags,
    same,
)
from ungdom.esas.inbound.values import (
    CaseNumber,
    OfficialDay,
    OfficialMoment,
    Shape,
    Text,
    Unread,
    case_numbers,
    cut_flags,
    id_flags,
    number_flags,
    plain_id,
    table,
)
from ungdom.message import Kind
from ungdom.workflow import details as d
from ungdom.workflow.errors import Problem

F = FlagCode
FOR_MINORS = "MINDREAARIG"
TYPES = (FOR_MINORS, "NARKOTIKAPROGRAM", "RUSKJOERING", "FORVARING", "GENERELL_PERSONUNDERSOEKELSE")
RETURNS = {"UTFOERT_PERSONUNDERSOEKELSE": True, "RETURNERT_IKKE_UTFOERT": False}

_INFO = "/personundersoekelseInfo"
_SUBJECT = f"{_INFO}/personForPersonundersoekelse"
_CASES = f"{_INFO}/straffesaker"


class Samtykke(Shape):
    """What the accused or the guardians were told and agreed to."""

    informertOmAnmodningOmPersonundersoekelse: bool | None = None
    samtykketTilPersonundersoekelse: bool | None = None
    samtykketTilDelingAvOpplysningerIKoordineringsgruppen: bool | None = None


class Samtykker(Shape):
    """The same, of both."""

    siktede: Samtykke | None = None
    verger: Samtykke | None = None


class PersonEnkel(Shape):
    """The accused as the police case has it: name, and a day of birth where there is one."""

    navn: Navn
    foedselsdato: OfficialDay | None = None
    internId: Unread = None


class Involverte(Shape):
    """Those involved in a police case. Only the accused is read."""

    siktet: PersonEnkel | None = None
    medsiktede: Unread = None
    fornaermede: Unread = None
    vitne: Unread = None


class Detaljer(Shape):
    """When the act was done."""

    hendelse: Hendelse | None = None
    statistikkgruppe: Unread = None
    krimtype: Unread = None


class Straffesak(Shape):
    """A police case."""

    straffesaksnummer: CaseNumber
    detaljer: Detaljer | None = None
    involverte: Involverte | None = None
    siktelsesinfo: Unread = None


class Info(Shape):
    """What is to be investigated, and about whom."""

    personundersoekelseType: Text
    personForPersonundersoekelse: Siktet
    straffesaker: Annotated[list[Straffesak], Field(max_length=5_000)] = Field(default_factory=list)
    samtykkerOgInformering: Samtykker | None = None
    initiativtakerTilUndersoekelse: Unread = None
    tekstligUdypingAvFormaalet: Unread = None


class Prioritering(Shape):
    """What there is to hurry for."""

    oensketFristForFerdigPersonundersoekelse: OfficialMoment | None = None
    berammetDatoForHovedforhandling: OfficialMoment | None = None


class Rekvisisjon(Shape):
    """The order."""

    forsendelse: Forsendelse
    hovedStraffesaksnummer: CaseNumber
    rekvisisjonPersonundersoekelseId: Text
    personundersoekelseInfo: Info
    prioriteringsdetaljer: Prioritering | None = None
    pakkeId: Unread = None
    paagrepetTidspunkt: Unread = None
    paagrepetSted: Unread = None
    kontaktopplysningerAdvokater: Unread = None
    kontaktpersonerForInnhentingAvOpplysningerFraKilder: Unread = None
    dokumenter: Unread = None


class Retur(Shape):
    """The return. It names nobody: it answers the order, once."""

    forsendelse: Forsendelse
    hovedStraffesaksnummer: CaseNumber
    rekvisisjonPersonundersoekelseId: Text
    returPersonundersoekelseId: Text
    returPersonundersoekelseType: Text
    dokumenter: Unread = None


def ordered(said: Rekvisisjon, _mark: Mark | None) -> Reading:
    """The order, where it is of the investigation of a minor."""
    info = said.personundersoekelseInfo
    if info.personundersoekelseType != FOR_MINORS:
        odd = table(TYPES, info.personundersoekelseType, f"{_INFO}/personundersoekelseType")
        return Reading(other=Other.OTHER_INVESTIGATION, flags=(*odd, *_differing(info)))
    subject, wish = info.personForPersonundersoekelse, said.prioriteringsdetaljer
    wished = wish.oensketFristForFerdigPersonundersoekelse if wish else None
    one = message(
        said.forsendelse,
        Kind.PERSON_INVESTIGATION_ORDERED,
        plain_id(said.rekvisisjonPersonundersoekelseId),
        said.forsendelse.sendtTid.on,
        case_numbers(said.hovedStraffesaksnummer, _others(info)),
        d.PumOrdered(wished_by=wished.on if wished else None),
        person=person(subject, subject, subject.verger),
    )
    return Reading((one,), tuple(_flags(said)))


def returned(said: Retur, _mark: Mark | None) -> Reading:
    """The return, which answers the order by its id."""
    done = RETURNS.get(said.returPersonundersoekelseType)
    if done is None:
        return Reading(problems=(Problem("/returPersonundersoekelseType", "enum", "is none of the contract's codes"),))
    one = message(
        said.forsendelse,
        Kind.PERSON_INVESTIGATION_RETURNED,
        plain_id(said.returPersonundersoekelseId),
        said.forsendelse.sendtTid.on,
        (said.hovedStraffesaksnummer,),
        d.PumReturned(carried_out=done),
        refers_to=plain_id(said.rekvisisjonPersonundersoekelseId),
    )
    odd = (
        *id_flags(said.rekvisisjonPersonundersoekelseId, "/rekvisisjonPersonundersoekelseId"),
        *id_flags(said.returPersonundersoekelseId, "/returPersonundersoekelseId"),
        *number_flags(said.hovedStraffesaksnummer, "/hovedStraffesaksnummer"),
    )
    return Reading((one,), odd)


def _others(info: Info) -> list[str]:
    return [case.straffesaksnummer for case in info.straffesaker]


def _flags(said: Rekvisisjon) -> Iterator[Flag]:
    info, sent = said.personundersoekelseInfo, said.forsendelse.sendtTid.on
    subject = info.personForPersonundersoekelse
    yield from id_flags(said.rekvisisjonPersonundersoekelseId, "/rekvisisjonPersonundersoekelseId")
    yield from number_flags(said.hovedStraffesaksnummer, "/hovedStraffesaksnummer")
    yield from cut_flags(_CASES, said.hovedStraffesaksnummer, _others(info))
    yield from person_flags(subject, _SUBJECT)
    yield from reach_flags(subject, _SUBJECT)
    yield from guardian_flags(subject.verger, subject.foedselsdato.on, sent, f"{_SUBJECT}/verger")
    if subject.tolk and subject.tolk.behov:
        yield Flag(F.INTERPRETER_NEEDED, f"{_SUBJECT}/tolk")
    yield from _age(info)
    yield from _differing(info)
    yield from _consents(info.samtykkerOgInformering)
    if said.prioriteringsdetaljer and said.prioriteringsdetaljer.berammetDatoForHovedforhandling:
        yield Flag(F.HEARING_DAY_TOLD, "/prioriteringsdetaljer/berammetDatoForHovedforhandling")


def _age(info: Info) -> Iterator[Flag]:
    acts = [case.detaljer.hendelse for case in info.straffesaker if case.detaljer and case.detaljer.hendelse]
    born = info.personForPersonundersoekelse.foedselsdato.on
    if acts and grown_on(born, [act.gjerningstidspunktFra.on for act in acts]):
        yield Flag(F.NOT_A_YOUTH, f"{_SUBJECT}/foedselsdato")


def _differing(info: Info) -> Iterator[Flag]:
    """Places where the accused of a police case is told to be somebody else than who is to be investigated."""
    subject = info.personForPersonundersoekelse
    for place, case in enumerate(info.straffesaker):
        accused = case.involverte.siktet if case.involverte else None
        if accused and not _one_person(subject, accused):
            yield Flag(F.PERSON_DIFFERS, f"{_CASES}/{place}/involverte/siktet")


def _one_person(subject: Siktet, accused: PersonEnkel) -> bool:
    names = ((subject.navn.etternavn, accused.navn.etternavn), (subject.navn.fornavn, accused.navn.fornavn))
    born = accused.foedselsdato is None or accused.foedselsdato.on == subject.foedselsdato.on
    return born and all(same(one, other) for one, other in names)


def _consents(told: Samtykker | None) -> Iterator[Flag]:
    """What is told of consent and information: neither when nor by whom, so it is never a consent on record."""
    for whose in ("siktede", "verger"):
        given: Samtykke | None = getattr(told, whose, None)
        for name in Samtykke.model_fields if given else ():
            yield from _consent(name, getattr(given, name), f"{_INFO}/samtykkerOgInformering/{whose}/{name}")


def _consent(name: str, told: Any, pointer: str) -> Iterator[Flag]:
    if told is None:
        return
    codes = (F.INFORMATION_MISSING, F.INFORMATION_TOLD)
    if name.startswith("samtykket"):
        codes = (F.CONSENT_MISSING, F.CONSENT_TOLD)
    yield Flag(codes[told], pointer)
