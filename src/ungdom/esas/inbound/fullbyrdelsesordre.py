"""`FULLBYRDELSESORDRE` 1.2: the prosecution has a judgment carried out, and says from when it is final.

It is addressed to kriminalomsorgen; a konfliktråd that executes ungdomsstraff gets a copy. strpl § 455.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from ungdom.esas.inbound.official import Flag, FlagCode, Mark, Other, Reading
from ungdom.esas.inbound.parts import Forsendelse, message
from ungdom.esas.inbound.people import Enkel, Reachable, Verge, guardian_flags, person, person_flags, reach_flags
from ungdom.esas.inbound.values import (
    CaseNumber,
    DayOfStep,
    MaybeText,
    Shape,
    Text,
    Unread,
    case_numbers,
    court_flags,
    court_number,
    cut_flags,
    id_flags,
    number_flags,
    plain_id,
)
from ungdom.esas.inbound.verdicts import Reaksjoner
from ungdom.message import DispatchTerms, Kind, Message
from ungdom.workflow import details as d
from ungdom.workflow.errors import Problem

F = FlagCode
_ORDER = "/fullbyrdelsesordre"
_CONVICTED = f"{_ORDER}/domfelte"


class Domfelte(Reachable):
    """The convicted, with address and guardians."""

    person: Enkel
    verger: list[Verge] | None = None


class Straffesak(Shape):
    """A police case."""

    straffesaksnummer: CaseNumber
    statistikkgruppe: Unread = None
    krimtype: Unread = None


class Forhold(Shape):
    """One of the acts."""

    straffesak: Straffesak
    basissakId: Unread = None
    lovbudKombinert: Unread = None
    fornaermede: Unread = None


class Avgjoerelse(Shape):
    """The judgment to be carried out."""

    avgjoerelseId: Text
    reaksjoner: Reaksjoner
    avsagtDato: DayOfStep | None = None
    saksnummer: MaybeText = None
    straffbareForhold: Annotated[list[Forhold], Field(max_length=5_000)] = Field(default_factory=list)
    straffesakDomsnummer: Unread = None
    domstol: Unread = None


class Ordre(Shape):
    """The order."""

    anmodningsId: Text
    domfelte: Domfelte
    avgjoerelse: Avgjoerelse
    foregrepetSoning: bool
    rettskraftigFraOgMed: DayOfStep | None = None
    paataleansvarlig: Unread = None
    besluttetAv: Unread = None


class Fullbyrdelsesordre(Shape):
    """The message."""

    forsendelse: Forsendelse
    hovedStraffesaksnummer: CaseNumber
    fullbyrdelsesordre: Ordre
    under18: bool | None = None
    beskrivelse: Unread = None
    dokumenter: Unread = None


def told(said: Fullbyrdelsesordre, _mark: Mark | None) -> Reading:
    """When it became final, and that it was dispatched."""
    if said.fullbyrdelsesordre.avgjoerelse.reaksjoner.ungdomsstraff is None:
        return Reading(other=Other.OTHER_SANCTION)
    return Reading(tuple(_messages(said)), tuple(_flags(said)), problems=tuple(_problems(said)))


def _messages(said: Fullbyrdelsesordre) -> Iterator[Message]:
    order, sent = said.fullbyrdelsesordre, said.forsendelse
    convicted, order_id = order.domfelte, plain_id(order.anmodningsId)
    numbers = case_numbers(said.hovedStraffesaksnummer, _others(order))
    about = {
        "person": person(convicted.person, convicted, convicted.verger),
        "court_case_number": court_number(order.avgjoerelse.saksnummer),
        "refers_to": plain_id(order.avgjoerelse.avgjoerelseId),
    }
    if order.rettskraftigFraOgMed:
        final = d.BecameFinal(set_by_prosecution=True)
        on = order.rettskraftigFraOgMed.on
        yield message(sent, Kind.BECAME_FINAL, f"{order_id}/final", on, numbers, final, **about)
    on, terms = sent.sendtTid.on, DispatchTerms(delivered=False)
    yield message(sent, Kind.DISPATCHED, f"{order_id}/dispatch", on, numbers, terms, **about)


def _others(order: Ordre) -> list[str]:
    return [act.straffesak.straffesaksnummer for act in order.avgjoerelse.straffbareForhold]


def _problems(said: Fullbyrdelsesordre) -> Iterator[Problem]:
    order = said.fullbyrdelsesordre
    if order.rettskraftigFraOgMed is None and not order.foregrepetSoning:
        yield Problem(f"{_ORDER}/rettskraftigFraOgMed", "missing", "is needed unless it is carried out early")


def _flags(said: Fullbyrdelsesordre) -> Iterator[Flag]:
    order, sent = said.fullbyrdelsesordre, said.forsendelse.sendtTid.on
    convicted = order.domfelte
    yield from id_flags(order.anmodningsId, f"{_ORDER}/anmodningsId")
    yield from id_flags(order.avgjoerelse.avgjoerelseId, f"{_ORDER}/avgjoerelse/avgjoerelseId")
    yield from number_flags(said.hovedStraffesaksnummer, "/hovedStraffesaksnummer")
    yield from cut_flags(f"{_ORDER}/avgjoerelse/straffbareForhold", said.hovedStraffesaksnummer, _others(order))
    yield from court_flags(order.avgjoerelse.saksnummer, f"{_ORDER}/avgjoerelse/saksnummer")
    yield from person_flags(convicted.person, f"{_CONVICTED}/person")
    yield from reach_flags(convicted, _CONVICTED)
    yield from guardian_flags(convicted.verger, convicted.person.foedselsdato.on, sent, f"{_CONVICTED}/verger")
    if said.under18 is False:
        yield Flag(F.UNDER_18_CONTRADICTS, "/under18")
    if order.foregrepetSoning:
        yield Flag(F.EARLY_EXECUTION, f"{_ORDER}/foregrepetSoning")
