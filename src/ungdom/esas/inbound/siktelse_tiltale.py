"""`SIKTELSE_TILTALE` 1.3: a charge, an indictment or a fine offered, told of each of the accused."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import Field

from ungdom.esas.inbound.official import LONGEST_MARK, Flag, FlagCode, Mark, Other, Reading
from ungdom.esas.inbound.parts import Forsendelse, Hendelse, message
from ungdom.esas.inbound.people import Enkel, given_name, grown_on, person, person_flags, who
from ungdom.esas.inbound.values import (
    CaseNumber,
    DayOfStep,
    MaybeText,
    Shape,
    Text,
    Unread,
    case_numbers,
    cut_flags,
    id_flags,
    number_flags,
    plain_id,
    plain_ref,
    table,
    told_apart,
)
from ungdom.message import ChargeTerms, Kind, Message, OtherOutcomeTerms
from ungdom.workflow import details as d

F = FlagCode
KINDS = {
    "SIKTELSE": Kind.NEW_CHARGE,
    "TILLEGGSSIKTELSE": Kind.NEW_CHARGE,
    "TILTALE": Kind.INDICTED,
    "TILLEGGSTILTALE": Kind.INDICTED,
    "FORELEGG": Kind.OTHER_OUTCOME,
}
OTHERS = ("PAAGRIPELSE_BESLUTNING", "FOERERKORT_BESLUTNING")

_CHARGE = "/siktelseTiltale"
_TYPE = f"{_CHARGE}/siktelsesType"


class Basissak(Shape):
    """One act of one of the accused."""

    personForetak: MaybeText = None
    basissakId: Unread = None


class StraffbartForhold(Shape):
    """An act, and whose it is."""

    straffesaksnummer: CaseNumber
    basissaker: Annotated[list[Basissak], Field(max_length=200)] = Field(default_factory=list)
    inkluderteForhold: Annotated[list[CaseNumber], Field(max_length=5_000)] | None = None
    bokstav: Unread = None
    prinsipalGrunnlag: Unread = None
    subsidiaerLovbudGrunnlag: Unread = None


class Post(Shape):
    """A count of the charge."""

    straffbareForhold: Annotated[list[StraffbartForhold], Field(max_length=5_000)] = Field(default_factory=list)
    nummer: Unread = None
    prinsipalLovbud: Unread = None


class Siktelse(Shape):
    """The charge. The person writing it is not read."""

    siktelsesId: Text
    siktelsesType: Text
    datoForSiktelse: DayOfStep
    poster: Annotated[list[Post], Field(max_length=500)] = Field(default_factory=list)
    skrevetAv: Unread = None
    dokumentRef: Unread = None


class Detaljer(Shape):
    """When an act was done."""

    hendelse: Hendelse
    statistikkgruppe: Unread = None
    krimtype: Unread = None


class Straffesak(Shape):
    """A police case."""

    straffesaksnummer: CaseNumber
    detaljer: Detaljer
    fornaermede: Unread = None


class SiktelseTiltale(Shape):
    """The message."""

    forsendelse: Forsendelse
    hovedStraffesaksnummer: CaseNumber
    siktelseTiltale: Siktelse
    siktedePersoner: Annotated[list[Enkel], Field(max_length=200)]
    straffesaker: Annotated[list[Straffesak], Field(min_length=1, max_length=5_000)]
    siktedeForetak: list[Any] | None = None
    pakkeId: Unread = None
    begjaeringAnmodningReferanse: Unread = None
    dokumenter: Unread = None


@dataclass(frozen=True, slots=True)
class Charged:
    """One of the accused: the place in the message, the police cases, the days they were done, the decision's id.

    `linked`: the message tells which acts are this person's.
    """

    place: int
    who: Enkel
    decision_id: str
    numbers: tuple[str, ...]
    first_days: tuple[date, ...]
    last_day: date
    linked: bool


def told(said: SiktelseTiltale, mark: Mark | None) -> Reading:
    """A message for each of the accused."""
    kind = KINDS.get(said.siktelseTiltale.siktelsesType)
    if kind is None:
        return Reading(other=Other.OTHER_KIND, flags=table(OTHERS, said.siktelseTiltale.siktelsesType, _TYPE))
    people = _people(said, mark)
    messages = tuple(_message(said, kind, one) for one in people)
    return Reading(messages, tuple(_flags(said, kind, people)), None if people else Other.NO_PERSON)


def _people(said: SiktelseTiltale, mark: Mark | None) -> list[Charged]:
    base = plain_id(said.siktelseTiltale.siktelsesId)
    words = told_apart([_word(one, mark) for one in said.siktedePersoner])
    ids = [f"{base}:{word}" for word in words] if len(words) > 1 else [base]
    numbers = _numbers_by_ref(said)
    theirs = [numbers.get(plain_id(one.personForetakRef or ""), {}) for one in said.siktedePersoner]
    return [_charged(said, place, one, theirs[place], ids[place]) for place, one in enumerate(said.siktedePersoner)]


def _word(accused: Enkel, mark: Mark | None) -> str:
    if mark is None:
        return plain_ref(accused.personForetakRef)
    return mark(who(accused.foedselsdato.on, accused.navn.etternavn, given_name(accused.navn)))[:LONGEST_MARK]


def _charged(
    said: SiktelseTiltale, place: int, accused: Enkel, numbers: Mapping[str, None], decision_id: str
) -> Charged:
    theirs = [case for case in said.straffesaker if case.straffesaksnummer in numbers]
    acts = [case.detaljer.hendelse for case in theirs or said.straffesaker]
    return Charged(
        place=place,
        who=accused,
        decision_id=decision_id,
        numbers=tuple(numbers or (case.straffesaksnummer for case in said.straffesaker)),
        first_days=tuple(min(act.gjerningstidspunktFra.on, act.gjerningstidspunktTil.on) for act in acts),
        last_day=max(max(act.gjerningstidspunktFra.on, act.gjerningstidspunktTil.on) for act in acts),
        linked=bool(theirs),
    )


def _numbers_by_ref(said: SiktelseTiltale) -> dict[str, dict[str, None]]:
    """The police cases of each person's acts, in the order of the charge, by the message's own ref of the person."""
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for act in (act for post in said.siktelseTiltale.poster for act in post.straffbareForhold):
        for ref in {plain_id(one.personForetak) for one in act.basissaker if one.personForetak}:
            found[ref] |= dict.fromkeys((act.straffesaksnummer, *(act.inkluderteForhold or ())))
    return dict(found)


def _message(said: SiktelseTiltale, kind: Kind, one: Charged) -> Message:
    numbers = case_numbers(said.hovedStraffesaksnummer, one.numbers)
    on = said.siktelseTiltale.datoForSiktelse.on
    terms = _terms(kind, one, said.forsendelse.sendtTid.on)
    return message(said.forsendelse, kind, one.decision_id, on, numbers, terms, person=person(one.who))


def _terms(kind: Kind, one: Charged, sent: date) -> Any:
    """The contract does not tell when the court received an indictment: it is sent to the court with this message."""
    if kind is Kind.NEW_CHARGE:
        return ChargeTerms(offence_on=one.last_day)
    if kind is Kind.INDICTED:
        return d.Indicted(court_received_on=sent)
    return OtherOutcomeTerms(outcome=d.OtherOutcome.FINE, offence_on=one.last_day)


def _flags(said: SiktelseTiltale, kind: Kind, people: list[Charged]) -> Iterator[Flag]:
    yield from id_flags(said.siktelseTiltale.siktelsesId, f"{_CHARGE}/siktelsesId")
    yield from number_flags(said.hovedStraffesaksnummer, "/hovedStraffesaksnummer")
    if kind is Kind.INDICTED:
        yield Flag(F.IMPLIED_BY_SENDING, _TYPE)
    if kind is Kind.OTHER_OUTCOME:
        yield Flag(F.FINE_OFFERED, _TYPE)
    if said.siktedeForetak:
        yield Flag(F.COMPANY, "/siktedeForetak")
    for place, case in enumerate(said.straffesaker):
        act = case.detaljer.hendelse
        if act.gjerningstidspunktTil.on < act.gjerningstidspunktFra.on:
            yield Flag(F.PERIOD_REVERSED, f"/straffesaker/{place}/detaljer/hendelse")
    for one in people:
        yield from _person_flags(said, one)


def _person_flags(said: SiktelseTiltale, one: Charged) -> Iterator[Flag]:
    pointer = f"/siktedePersoner/{one.place}"
    yield from person_flags(one.who, pointer)
    yield from cut_flags(pointer, said.hovedStraffesaksnummer, one.numbers)
    if not one.linked:
        yield Flag(F.ACTS_NOT_LINKED, pointer)
    if grown_on(one.who.foedselsdato.on, one.first_days):
        yield Flag(F.NOT_A_YOUTH, f"{pointer}/foedselsdato")
