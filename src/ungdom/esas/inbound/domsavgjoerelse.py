"""`DOMSAVGJOERELSE` 1.2: a judgment, told by the court for each of the accused.

The contract tells neither interim conditions nor whether the youth was found to live in Norway; a court that gave
ungdomsstraff found what the law asks for. strl § 52 a.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from ungdom.esas.inbound import verdicts
from ungdom.esas.inbound.lengths import length
from ungdom.esas.inbound.official import LONGEST_MARK, Flag, FlagCode, Mark, Other, Reading
from ungdom.esas.inbound.parts import Forsendelse, message
from ungdom.esas.inbound.people import Identitet, identity_flags, national_id, sex, who
from ungdom.esas.inbound.values import (
    CaseNumber,
    DayOfStep,
    MaybeText,
    OfficialDay,
    Shape,
    Text,
    Unread,
    court_flags,
    court_number,
    id_flags,
    number_flags,
    plain_id,
    plain_ref,
    told_apart,
)
from ungdom.esas.inbound.verdicts import Forkynning, Reaksjoner, Resultat, Verdict
from ungdom.message import Kind, Message, Person
from ungdom.workflow import details as d
from ungdom.workflow.errors import Problem

F = FlagCode
_EACH = "/avgjoerelse/avgjoerelsePrSiktetTiltalt"


class Privatperson(Shape):
    """The accused. The day of birth may be absent in the contract; here nobody is told apart without it."""

    etternavn: Text
    foedselsdato: OfficialDay
    fornavn: MaybeText = None
    internId: MaybeText = None
    identitetsnummer: Identitet | None = None
    kjoenn: MaybeText = None
    tilleggsId: Unread = None
    statsborgerskap: Unread = None


class PersonForetak(Shape):
    """A person or a company."""

    person: Privatperson | None = None
    foretak: Unread = None


class PrSiktet(Shape):
    """What was decided about one of the accused."""

    personForetak: PersonForetak
    resultat: Annotated[list[Resultat], Field(min_length=1, max_length=5_000)]
    forkynning: Forkynning
    reaksjoner: Reaksjoner | None = None


class Avgjoerelse(Shape):
    """The decision. Its id stays the same when it is corrected."""

    avgjoerelseId: Text
    avsagtDato: DayOfStep
    avgjoerelsePrSiktetTiltalt: Annotated[list[PrSiktet], Field(min_length=1, max_length=200)]
    avgjoerelseIdForrigeInstans: MaybeText = None
    kravId: Unread = None
    opprinneligKravId: Unread = None


class SaksInformasjon(Shape):
    """The case numbers of court and police."""

    straffesaksnummer: CaseNumber
    saksnummer: MaybeText = None
    rettsmoeter: Unread = None


class Domsavgjoerelse(Shape):
    """The message."""

    forsendelse: Forsendelse
    saksInformasjon: SaksInformasjon
    avgjoerelse: Avgjoerelse
    aktoerer: Unread = None
    dokumenter: Unread = None


@dataclass(frozen=True, slots=True)
class Accused:
    """One of the accused who is a person: the place in the message, what was decided, and the id of that decision."""

    place: int
    said: PrSiktet
    who: Privatperson
    decision_id: str


def told(said: Domsavgjoerelse, mark: Mark | None) -> Reading:
    """A message for each of the accused, and one for an appeal declared when the judgment was served."""
    people = _people(said, mark)
    messages = tuple(one for accused in people for one in _of(said, accused))
    other = (Other.NO_REACTION if people else Other.NO_PERSON) if not messages else None
    return Reading(messages, tuple(_flags(said)), other, tuple(_problems(people)))


def _people(said: Domsavgjoerelse, mark: Mark | None) -> list[Accused]:
    """The accused who are people. The decision's id is completed by whom it is about where there are several."""
    everybody = enumerate(said.avgjoerelse.avgjoerelsePrSiktetTiltalt)
    found = [(place, each, each.personForetak.person) for place, each in everybody if each.personForetak.person]
    base = plain_id(said.avgjoerelse.avgjoerelseId)
    words = told_apart([_word(one, mark) for _, _, one in found])
    ids = [f"{base}:{word}" for word in words] if len(found) > 1 else [base]
    return [Accused(*one, decision_id) for one, decision_id in zip(found, ids, strict=False)]


def _word(accused: Privatperson, mark: Mark | None) -> str:
    if mark is None:
        return plain_ref(accused.internId)
    return mark(who(accused.foedselsdato.on, accused.etternavn, accused.fornavn))[:LONGEST_MARK]


def _problems(people: list[Accused]) -> Iterator[Problem]:
    """A sanction without a length is none."""
    for one in people:
        sanction = one.said.reaksjoner.ungdomsstraff if one.said.reaksjoner else None
        if sanction and length(sanction.straff) is None:
            yield Problem(f"{_EACH}/{one.place}/reaksjoner/ungdomsstraff/straff", "missing", "tells no length")


def _of(said: Domsavgjoerelse, accused: Accused) -> Iterator[Message]:
    found = verdicts.told(_verdict(said, accused.said))
    if found is None:
        return
    kind, terms = found
    earlier, on = said.avgjoerelse.avgjoerelseIdForrigeInstans, said.avgjoerelse.avsagtDato.on
    numbers = (said.saksInformasjon.straffesaksnummer,)
    about = {"person": _person(accused.who), "court_case_number": court_number(said.saksInformasjon.saksnummer)}
    answers = plain_id(earlier) if earlier else None
    yield message(said.forsendelse, kind, accused.decision_id, on, numbers, terms, refers_to=answers, **about)
    if verdicts.is_appealed(accused.said.forkynning):
        day, by = verdicts.served_on(accused.said.forkynning) or on, d.Appealed(by=d.AppealBy.YOUTH)
        own = f"{accused.decision_id}/appeal"
        yield message(said.forsendelse, Kind.APPEALED, own, day, numbers, by, refers_to=accused.decision_id, **about)


def _verdict(said: Domsavgjoerelse, each: PrSiktet) -> Verdict:
    on_appeal = said.avgjoerelse.avgjoerelseIdForrigeInstans is not None
    reactions = each.reaksjoner or Reaksjoner()
    return Verdict(said.avgjoerelse.avsagtDato.on, on_appeal, each.resultat, reactions, each.forkynning)


def _person(accused: Privatperson) -> Person:
    return Person(
        born=accused.foedselsdato.on,
        family_name=accused.etternavn,
        given_name=accused.fornavn,
        national_id=national_id(accused.identitetsnummer),
        sex=sex(accused.kjoenn),
    )


def _flags(said: Domsavgjoerelse) -> Iterator[Flag]:
    yield from number_flags(said.saksInformasjon.straffesaksnummer, "/saksInformasjon/straffesaksnummer")
    yield from court_flags(said.saksInformasjon.saksnummer, "/saksInformasjon/saksnummer")
    yield from id_flags(said.avgjoerelse.avgjoerelseId, "/avgjoerelse/avgjoerelseId")
    if said.avgjoerelse.avgjoerelseIdForrigeInstans:
        yield from id_flags(said.avgjoerelse.avgjoerelseIdForrigeInstans, "/avgjoerelse/avgjoerelseIdForrigeInstans")
    for place, each in enumerate(said.avgjoerelse.avgjoerelsePrSiktetTiltalt):
        accused = each.personForetak.person
        if accused is None:
            yield Flag(F.COMPANY, f"{_EACH}/{place}/personForetak")
        else:
            yield from _person_flags(accused, f"{_EACH}/{place}/personForetak/person")
            yield from verdicts.flags(_verdict(said, each), f"{_EACH}/{place}")


def _person_flags(accused: Privatperson, pointer: str) -> Iterator[Flag]:
    return identity_flags(accused.foedselsdato.on, accused.kjoenn, accused.identitetsnummer, pointer)
