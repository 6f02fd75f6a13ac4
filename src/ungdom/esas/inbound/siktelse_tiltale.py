"""`SIKTELSE_TILTALE` 1.3: a charge, an indictment or a fine offered, with one message per accused."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import Field

from ungdom.esas.inbound.official import FlagCode, IgnoredReason, OfficialFlag, Pseudonymiser, Reading
from ungdom.esas.inbound.parts import Forsendelse, Hendelse, build_message
from ungdom.esas.inbound.people import (
    PersonUtenAdresse,
    adult_on_all,
    given_name,
    person,
    person_flags,
    pseudonym,
)
from ungdom.esas.inbound.values import (
    CaseNumber,
    EsasModel,
    MaybeText,
    StepDay,
    Text,
    Unread,
    case_number_flags,
    case_numbers,
    code_flags,
    decision_ids,
    dropped_number_flags,
    id_flags,
    plain_id,
    plain_ref,
)
from ungdom.message import ChargeTerms, DecisionMessage, Kind, OtherOutcomeTerms
from ungdom.workflow import payloads as d

F = FlagCode
KINDS = {
    "SIKTELSE": Kind.NEW_CHARGE,
    "TILLEGGSSIKTELSE": Kind.NEW_CHARGE,
    "TILTALE": Kind.INDICTED,
    "TILLEGGSTILTALE": Kind.INDICTED,
    "FORELEGG": Kind.OTHER_OUTCOME,
}
OTHER_TYPES = ("PAAGRIPELSE_BESLUTNING", "FOERERKORT_BESLUTNING")

_CHARGE = "/siktelseTiltale"
_TYPE = f"{_CHARGE}/siktelsesType"


class Basissak(EsasModel):
    """One act of one of the accused."""

    personForetak: MaybeText = None
    basissakId: Unread = None


class StraffbartForhold(EsasModel):
    """An act, and whose it is."""

    straffesaksnummer: CaseNumber
    basissaker: Annotated[list[Basissak], Field(max_length=200)] = Field(default_factory=list)
    inkluderteForhold: Annotated[list[CaseNumber], Field(max_length=5_000)] | None = None
    bokstav: Unread = None
    prinsipalGrunnlag: Unread = None
    subsidiaerLovbudGrunnlag: Unread = None


class SiktelsePost(EsasModel):
    """A count of the charge."""

    straffbareForhold: Annotated[list[StraffbartForhold], Field(max_length=5_000)] = Field(default_factory=list)
    nummer: Unread = None
    prinsipalLovbud: Unread = None


class Siktelse(EsasModel):
    """The charge. The person writing it is not read."""

    siktelsesId: Text
    siktelsesType: Text
    datoForSiktelse: StepDay
    poster: Annotated[list[SiktelsePost], Field(max_length=500)] = Field(default_factory=list)
    skrevetAv: Unread = None
    dokumentRef: Unread = None


class SiktelseDetaljer(EsasModel):
    """When an act was done."""

    hendelse: Hendelse
    statistikkgruppe: Unread = None
    krimtype: Unread = None


class SiktelseStraffesak(EsasModel):
    """A police case."""

    straffesaksnummer: CaseNumber
    detaljer: SiktelseDetaljer
    fornaermede: Unread = None


class SiktelseTiltale(EsasModel):
    """The message."""

    forsendelse: Forsendelse
    hovedStraffesaksnummer: CaseNumber
    siktelseTiltale: Siktelse
    siktedePersoner: Annotated[list[PersonUtenAdresse], Field(max_length=200)]
    straffesaker: Annotated[list[SiktelseStraffesak], Field(min_length=1, max_length=5_000)]
    siktedeForetak: list[Any] | None = None
    pakkeId: Unread = None
    begjaeringAnmodningReferanse: Unread = None
    dokumenter: Unread = None


@dataclass(frozen=True, slots=True)
class ChargedPerson:
    """One of the accused: index in the message, id of the decision, police case numbers, and days of the acts.

    `linked`: whether the message states which acts are those of this person.
    """

    place: int
    who: PersonUtenAdresse
    decision_id: str
    numbers: tuple[str, ...]
    first_days: tuple[date, ...]
    last_day: date
    linked: bool


def to_messages(document: SiktelseTiltale, pseudonymise: Pseudonymiser | None) -> Reading:
    """A message per accused."""
    kind = KINDS.get(document.siktelseTiltale.siktelsesType)
    if kind is None:
        return Reading(
            other=IgnoredReason.OTHER_KIND, flags=code_flags(OTHER_TYPES, document.siktelseTiltale.siktelsesType, _TYPE)
        )
    people = _charged_people(document, pseudonymise)
    messages = tuple(_charge_message(document, kind, charged) for charged in people)
    return Reading(messages, tuple(_flags(document, kind, people)), None if people else IgnoredReason.NO_PERSON)


def _charged_people(document: SiktelseTiltale, pseudonymise: Pseudonymiser | None) -> list[ChargedPerson]:
    words = [
        pseudonym(pseudonymise, accused.foedselsdato.on, accused.navn.etternavn, given_name(accused.navn))
        if pseudonymise
        else plain_ref(accused.personForetakRef)
        for accused in document.siktedePersoner
    ]
    ids = decision_ids(document.siktelseTiltale.siktelsesId, words)
    numbers = _numbers_by_ref(document)
    theirs = [numbers.get(plain_id(accused.personForetakRef or ""), {}) for accused in document.siktedePersoner]
    return [
        _charged_person(document, place, accused, theirs[place], ids[place])
        for place, accused in enumerate(document.siktedePersoner)
    ]


def _charged_person(
    document: SiktelseTiltale, place: int, accused: PersonUtenAdresse, numbers: Mapping[str, None], decision_id: str
) -> ChargedPerson:
    theirs = [case for case in document.straffesaker if case.straffesaksnummer in numbers]
    acts = [case.detaljer.hendelse for case in theirs or document.straffesaker]
    return ChargedPerson(
        place=place,
        who=accused,
        decision_id=decision_id,
        numbers=tuple(numbers or (case.straffesaksnummer for case in document.straffesaker)),
        first_days=tuple(min(act.gjerningstidspunktFra.on, act.gjerningstidspunktTil.on) for act in acts),
        last_day=max(max(act.gjerningstidspunktFra.on, act.gjerningstidspunktTil.on) for act in acts),
        linked=bool(theirs),
    )


def _numbers_by_ref(document: SiktelseTiltale) -> dict[str, dict[str, None]]:
    """Police case numbers per ref of a person, in the order of the charge."""
    numbers: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for act in (act for post in document.siktelseTiltale.poster for act in post.straffbareForhold):
        for ref in {plain_id(basissak.personForetak) for basissak in act.basissaker if basissak.personForetak}:
            numbers[ref] |= dict.fromkeys((act.straffesaksnummer, *(act.inkluderteForhold or ())))
    return dict(numbers)


def _charge_message(document: SiktelseTiltale, kind: Kind, charged: ChargedPerson) -> DecisionMessage:
    numbers = case_numbers(document.hovedStraffesaksnummer, charged.numbers)
    on = document.siktelseTiltale.datoForSiktelse.on
    terms = _terms(kind, charged, document.forsendelse.sendtTid.on)
    return build_message(
        document.forsendelse, kind, charged.decision_id, on, numbers, terms, person=person(charged.who)
    )


def _terms(kind: Kind, charged: ChargedPerson, sent: date) -> Any:
    """The terms of the message. An indictment counts as received on the day of sending, which the contract has."""
    if kind is Kind.NEW_CHARGE:
        return ChargeTerms(offence_on=charged.last_day)
    if kind is Kind.INDICTED:
        return d.Indicted(court_received_on=sent)
    return OtherOutcomeTerms(outcome=d.OtherOutcome.FINE, offence_on=charged.last_day)


def _flags(document: SiktelseTiltale, kind: Kind, people: list[ChargedPerson]) -> Iterator[OfficialFlag]:
    yield from id_flags(document.siktelseTiltale.siktelsesId, f"{_CHARGE}/siktelsesId")
    yield from case_number_flags(document.hovedStraffesaksnummer, "/hovedStraffesaksnummer")
    if kind is Kind.INDICTED:
        yield OfficialFlag(F.IMPLIED_BY_SENDING, _TYPE)
    if kind is Kind.OTHER_OUTCOME:
        yield OfficialFlag(F.FINE_OFFERED, _TYPE)
    if document.siktedeForetak:
        yield OfficialFlag(F.COMPANY, "/siktedeForetak")
    for place, case in enumerate(document.straffesaker):
        act = case.detaljer.hendelse
        if act.gjerningstidspunktTil.on < act.gjerningstidspunktFra.on:
            yield OfficialFlag(F.PERIOD_REVERSED, f"/straffesaker/{place}/detaljer/hendelse")
    for charged in people:
        yield from _person_flags(document, charged)


def _person_flags(document: SiktelseTiltale, charged: ChargedPerson) -> Iterator[OfficialFlag]:
    pointer = f"/siktedePersoner/{charged.place}"
    yield from person_flags(charged.who, pointer)
    yield from dropped_number_flags(pointer, document.hovedStraffesaksnummer, charged.numbers)
    if not charged.linked:
        yield OfficialFlag(F.ACTS_NOT_LINKED, pointer)
    if adult_on_all(charged.who.foedselsdato.on, charged.first_days):
        yield OfficialFlag(F.NOT_A_YOUTH, f"{pointer}/foedselsdato")
