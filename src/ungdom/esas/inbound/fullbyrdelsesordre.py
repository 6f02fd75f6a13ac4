"""`FULLBYRDELSESORDRE` 1.2: the prosecution orders the execution of a judgment, with the day on which it became final.

It is addressed to kriminalomsorgen; a konfliktråd that executes ungdomsstraff gets a copy. strpl § 455.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from ungdom.esas.inbound.official import FlagCode, IgnoredReason, OfficialFlag, Pseudonymiser, Reading
from ungdom.esas.inbound.parts import Forsendelse, build_message
from ungdom.esas.inbound.people import (
    PersonUtenAdresse,
    Reachable,
    Verge,
    contact_flags,
    guardian_flags,
    person,
    person_flags,
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
    court_flags,
    court_number,
    dropped_number_flags,
    id_flags,
    plain_id,
)
from ungdom.esas.inbound.verdicts import Reaksjoner
from ungdom.message import DecisionMessage, DispatchTerms, Kind
from ungdom.workflow import payloads as d
from ungdom.workflow.errors import Problem

F = FlagCode
_ORDER = "/fullbyrdelsesordre"
_CONVICTED = f"{_ORDER}/domfelte"


class Domfelte(Reachable):
    """The convicted, with address and guardians."""

    person: PersonUtenAdresse
    verger: list[Verge] | None = None


class FullbyrdelsesordreStraffesak(EsasModel):
    """A police case."""

    straffesaksnummer: CaseNumber
    statistikkgruppe: Unread = None
    krimtype: Unread = None


class Forhold(EsasModel):
    """One of the acts."""

    straffesak: FullbyrdelsesordreStraffesak
    basissakId: Unread = None
    lovbudKombinert: Unread = None
    fornaermede: Unread = None


class FullbyrdelsesordreAvgjoerelse(EsasModel):
    """The judgment to be carried out."""

    avgjoerelseId: Text
    reaksjoner: Reaksjoner
    avsagtDato: StepDay | None = None
    saksnummer: MaybeText = None
    straffbareForhold: Annotated[list[Forhold], Field(max_length=5_000)] = Field(default_factory=list)
    straffesakDomsnummer: Unread = None
    domstol: Unread = None


class Ordre(EsasModel):
    """The order."""

    anmodningsId: Text
    domfelte: Domfelte
    avgjoerelse: FullbyrdelsesordreAvgjoerelse
    foregrepetSoning: bool
    rettskraftigFraOgMed: StepDay | None = None
    paataleansvarlig: Unread = None
    besluttetAv: Unread = None


class Fullbyrdelsesordre(EsasModel):
    """The message."""

    forsendelse: Forsendelse
    hovedStraffesaksnummer: CaseNumber
    fullbyrdelsesordre: Ordre
    under18: bool | None = None
    beskrivelse: Unread = None
    dokumenter: Unread = None


def to_messages(document: Fullbyrdelsesordre, _pseudonymise: Pseudonymiser | None) -> Reading:
    """Messages that the judgment became final and was dispatched."""
    order = document.fullbyrdelsesordre
    if order.avgjoerelse.reaksjoner.ungdomsstraff is None:
        return Reading(other=IgnoredReason.OTHER_SANCTION)
    undated = Problem(f"{_ORDER}/rettskraftigFraOgMed", "missing", "is needed unless it is carried out early")
    problems = () if order.rettskraftigFraOgMed or order.foregrepetSoning else (undated,)
    return Reading(tuple(_messages(document)), tuple(_flags(document)), problems=problems)


def _messages(document: Fullbyrdelsesordre) -> Iterator[DecisionMessage]:
    order, sent = document.fullbyrdelsesordre, document.forsendelse
    convicted, order_id = order.domfelte, plain_id(order.anmodningsId)
    numbers = case_numbers(document.hovedStraffesaksnummer, _act_numbers(order))
    about = {
        "person": person(convicted.person, convicted, convicted.verger),
        "court_case_number": court_number(order.avgjoerelse.saksnummer),
        "refers_to": plain_id(order.avgjoerelse.avgjoerelseId),
    }
    if order.rettskraftigFraOgMed:
        final = d.BecameFinal(set_by_prosecution=True)
        on = order.rettskraftigFraOgMed.on
        yield build_message(sent, Kind.BECAME_FINAL, f"{order_id}/final", on, numbers, final, **about)
    on, terms = sent.sendtTid.on, DispatchTerms(delivered=False)
    yield build_message(sent, Kind.DISPATCHED, f"{order_id}/dispatch", on, numbers, terms, **about)


def _act_numbers(order: Ordre) -> list[str]:
    return [act.straffesak.straffesaksnummer for act in order.avgjoerelse.straffbareForhold]


def _flags(document: Fullbyrdelsesordre) -> Iterator[OfficialFlag]:
    order, sent = document.fullbyrdelsesordre, document.forsendelse.sendtTid.on
    convicted = order.domfelte
    yield from id_flags(order.anmodningsId, f"{_ORDER}/anmodningsId")
    yield from id_flags(order.avgjoerelse.avgjoerelseId, f"{_ORDER}/avgjoerelse/avgjoerelseId")
    yield from case_number_flags(document.hovedStraffesaksnummer, "/hovedStraffesaksnummer")
    yield from dropped_number_flags(
        f"{_ORDER}/avgjoerelse/straffbareForhold", document.hovedStraffesaksnummer, _act_numbers(order)
    )
    yield from court_flags(order.avgjoerelse.saksnummer, f"{_ORDER}/avgjoerelse/saksnummer")
    yield from person_flags(convicted.person, f"{_CONVICTED}/person")
    yield from contact_flags(convicted, _CONVICTED)
    yield from guardian_flags(convicted.verger, convicted.person.foedselsdato.on, sent, f"{_CONVICTED}/verger")
    if document.under18 is False:
        yield OfficialFlag(F.UNDER_18_CONTRADICTS, "/under18")
    if order.foregrepetSoning:
        yield OfficialFlag(F.EARLY_EXECUTION, f"{_ORDER}/foregrepetSoning")
