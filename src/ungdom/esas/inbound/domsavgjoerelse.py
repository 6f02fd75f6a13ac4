"""`DOMSAVGJOERELSE` 1.2: a judgment, with one decision per accused.

The contract contains neither interim conditions nor whether the youth lives in Norway; a court that imposed
ungdomsstraff has found that the conditions of the law are met. strl § 52 a.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from ungdom.esas.inbound import verdicts
from ungdom.esas.inbound.lengths import length
from ungdom.esas.inbound.official import FlagCode, IgnoredReason, OfficialFlag, Pseudonymiser, Reading
from ungdom.esas.inbound.parts import Forsendelse, build_message
from ungdom.esas.inbound.people import Identitet, identity_flags, national_id, pseudonym, sex
from ungdom.esas.inbound.values import (
    CaseNumber,
    EsasModel,
    MaybeText,
    OfficialDay,
    StepDay,
    Text,
    Unread,
    case_number_flags,
    court_flags,
    court_number,
    decision_ids,
    id_flags,
    plain_id,
    plain_ref,
)
from ungdom.esas.inbound.verdicts import AccusedVerdict, Forkynning, Reaksjoner, Resultat
from ungdom.message import DecisionMessage, Kind, Person
from ungdom.workflow import payloads as d
from ungdom.workflow.errors import Problem

F = FlagCode
_EACH = "/avgjoerelse/avgjoerelsePrSiktetTiltalt"


class Privatperson(EsasModel):
    """The accused. The day of birth, optional in the contract, is required here to distinguish people."""

    etternavn: Text
    foedselsdato: OfficialDay
    fornavn: MaybeText = None
    internId: MaybeText = None
    identitetsnummer: Identitet | None = None
    kjoenn: MaybeText = None
    tilleggsId: Unread = None
    statsborgerskap: Unread = None


class PersonForetak(EsasModel):
    """A person or a company."""

    person: Privatperson | None = None
    foretak: Unread = None


class PrSiktet(EsasModel):
    """The decision about one of the accused."""

    personForetak: PersonForetak
    resultat: Annotated[list[Resultat], Field(min_length=1, max_length=5_000)]
    forkynning: Forkynning
    reaksjoner: Reaksjoner | None = None


class DomsavgjoerelseAvgjoerelse(EsasModel):
    """The decision. Its id stays the same when it is corrected."""

    avgjoerelseId: Text
    avsagtDato: StepDay
    avgjoerelsePrSiktetTiltalt: Annotated[list[PrSiktet], Field(min_length=1, max_length=200)]
    avgjoerelseIdForrigeInstans: MaybeText = None
    kravId: Unread = None
    opprinneligKravId: Unread = None


class SaksInformasjon(EsasModel):
    """The case numbers of court and police."""

    straffesaksnummer: CaseNumber
    saksnummer: MaybeText = None
    rettsmoeter: Unread = None


class Domsavgjoerelse(EsasModel):
    """The message."""

    forsendelse: Forsendelse
    saksInformasjon: SaksInformasjon
    avgjoerelse: DomsavgjoerelseAvgjoerelse
    aktoerer: Unread = None
    dokumenter: Unread = None


@dataclass(frozen=True, slots=True)
class Accused:
    """One of the accused who is a person: index in the message, decision, and the id of that decision."""

    place: int
    decision: PrSiktet
    who: Privatperson
    decision_id: str


def to_messages(document: Domsavgjoerelse, pseudonymise: Pseudonymiser | None) -> Reading:
    """A message per accused, and one for an appeal declared at the service."""
    people = _accused_people(document, pseudonymise)
    messages = tuple(converted for accused in people for converted in _messages_of(document, accused))
    other = (IgnoredReason.NO_REACTION if people else IgnoredReason.NO_PERSON) if not messages else None
    return Reading(messages, tuple(_flags(document)), other, tuple(_problems(people)))


def _accused_people(document: Domsavgjoerelse, pseudonymise: Pseudonymiser | None) -> list[Accused]:
    """The accused who are people. With several, the id of each decision has a suffix for the person."""
    everybody = enumerate(document.avgjoerelse.avgjoerelsePrSiktetTiltalt)
    entries = [(place, each, each.personForetak.person) for place, each in everybody if each.personForetak.person]
    words = [
        pseudonym(pseudonymise, who.foedselsdato.on, who.etternavn, who.fornavn)
        if pseudonymise
        else plain_ref(who.internId)
        for _, _, who in entries
    ]
    ids = decision_ids(document.avgjoerelse.avgjoerelseId, words)
    return [Accused(*item, decision_id) for item, decision_id in zip(entries, ids, strict=True)]


def _problems(people: list[Accused]) -> Iterator[Problem]:
    """Problems of sanctions without a length."""
    for accused in people:
        sanction = accused.decision.reaksjoner.ungdomsstraff if accused.decision.reaksjoner else None
        if sanction and length(sanction.straff) is None:
            yield Problem(f"{_EACH}/{accused.place}/reaksjoner/ungdomsstraff/straff", "missing", "tells no length")


def _messages_of(document: Domsavgjoerelse, accused: Accused) -> Iterator[DecisionMessage]:
    converted = verdicts.kind_and_terms(_verdict(document, accused.decision))
    if converted is None:
        return
    kind, terms = converted
    earlier, on = document.avgjoerelse.avgjoerelseIdForrigeInstans, document.avgjoerelse.avsagtDato.on
    numbers = (document.saksInformasjon.straffesaksnummer,)
    about = {"person": _person(accused.who), "court_case_number": court_number(document.saksInformasjon.saksnummer)}
    answers = plain_id(earlier) if earlier else None
    yield build_message(document.forsendelse, kind, accused.decision_id, on, numbers, terms, refers_to=answers, **about)
    if verdicts.is_appealed(accused.decision.forkynning):
        day, by = verdicts.served_on(accused.decision.forkynning) or on, d.Appealed(by=d.AppealBy.YOUTH)
        own = f"{accused.decision_id}/appeal"
        yield build_message(
            document.forsendelse, Kind.APPEALED, own, day, numbers, by, refers_to=accused.decision_id, **about
        )


def _verdict(document: Domsavgjoerelse, each: PrSiktet) -> AccusedVerdict:
    on_appeal = document.avgjoerelse.avgjoerelseIdForrigeInstans is not None
    reactions = each.reaksjoner or Reaksjoner()
    return AccusedVerdict(document.avgjoerelse.avsagtDato.on, on_appeal, each.resultat, reactions, each.forkynning)


def _person(accused: Privatperson) -> Person:
    return Person(
        born=accused.foedselsdato.on,
        family_name=accused.etternavn,
        given_name=accused.fornavn,
        national_id=national_id(accused.identitetsnummer),
        sex=sex(accused.kjoenn),
    )


def _flags(document: Domsavgjoerelse) -> Iterator[OfficialFlag]:
    yield from case_number_flags(document.saksInformasjon.straffesaksnummer, "/saksInformasjon/straffesaksnummer")
    yield from court_flags(document.saksInformasjon.saksnummer, "/saksInformasjon/saksnummer")
    yield from id_flags(document.avgjoerelse.avgjoerelseId, "/avgjoerelse/avgjoerelseId")
    if document.avgjoerelse.avgjoerelseIdForrigeInstans:
        yield from id_flags(
            document.avgjoerelse.avgjoerelseIdForrigeInstans, "/avgjoerelse/avgjoerelseIdForrigeInstans"
        )
    for place, each in enumerate(document.avgjoerelse.avgjoerelsePrSiktetTiltalt):
        accused = each.personForetak.person
        if accused is None:
            yield OfficialFlag(F.COMPANY, f"{_EACH}/{place}/personForetak")
        else:
            pointer = f"{_EACH}/{place}/personForetak/person"
            yield from identity_flags(accused.foedselsdato.on, accused.kjoenn, accused.identitetsnummer, pointer)
            yield from verdicts.flags(_verdict(document, each), f"{_EACH}/{place}")
