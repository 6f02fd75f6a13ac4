"""`overfoereSak` 1.0: the police brings a case to the konfliktråd. Both published variants say the same to us.

The contract has no id of the decision, no length of the sanction, and no day of a consent.
"""

from collections.abc import Iterator

from ungdom.esas.inbound.offices import office_of
from ungdom.esas.inbound.official import LONGEST_MARK, Flag, FlagCode, Mark, Other, Reading
from ungdom.esas.inbound.parts import Forsendelse, Hendelse, message
from ungdom.esas.inbound.people import (
    Siktet,
    given_name,
    grown_on,
    guardian_flags,
    person,
    person_flags,
    reach_flags,
    who,
)
from ungdom.esas.inbound.values import CaseNumber, Shape, Text, Unread, number_flags
from ungdom.message import DispatchTerms, Kind, Message, Opening
from ungdom.workflow import details as d
from ungdom.workflow import law
from ungdom.workflow.vocabulary import Regime, Sanction

F = FlagCode
OURS = {"US": Sanction.YOUTH_SANCTION, "UO": Sanction.YOUTH_FOLLOW_UP}
NOT_OURS = ("ST", "SH", "HS", "OK")
"""Mediation, dropped case (the list of codes and its description spell it differently), oppfølging i konfliktråd."""

_ACT = "/saksinformasjon/hendelse"


class SiktetMedSamtykke(Shape):
    """The accused, and whether consent was obtained."""

    person: Siktet
    samtykke: bool | None = None


class Saksinformasjon(Shape):
    """What kind of case it is, and the act."""

    sakstype: Text
    hendelse: Hendelse
    lovbud: Unread = None
    kommentar: Unread = None
    dokumenter: Unread = None


class OverfoereSak(Shape):
    """The message."""

    forsendelse: Forsendelse
    straffesaksnummer: CaseNumber
    siktet: SiktetMedSamtykke
    saksinformasjon: Saksinformasjon
    fornaermede: Unread = None


def told(said: OverfoereSak, mark: Mark | None) -> Reading:
    """The case as it is brought: dispatched, and delivered with this message."""
    case_type = said.saksinformasjon.sakstype
    if case_type not in OURS:
        odd = () if case_type in NOT_OURS else (Flag(F.UNKNOWN_VALUE, "/saksinformasjon/sakstype"),)
        return Reading(other=Other.OTHER_CASE_TYPE, flags=odd)
    return Reading(messages=(_brought(said, mark),), flags=tuple(_flags(said)))


def _brought(said: OverfoereSak, mark: Mark | None) -> Message:
    on = said.forsendelse.sendtTid.on
    return message(
        said.forsendelse,
        Kind.DISPATCHED,
        _decision_id(said, mark),
        on,
        (said.straffesaksnummer,),
        DispatchTerms(delivered=True),
        person=person(said.siktet.person, said.siktet.person, said.siktet.person.verger),
        opening=Opening(
            sanction=OURS[said.saksinformasjon.sakstype],
            registered_on=on,
            offences=(_offence(said.saksinformasjon.hendelse),),
            konfliktrad=office_of(said.forsendelse.receiver),
        ),
    )


def _decision_id(said: OverfoereSak, mark: Mark | None) -> str:
    """Of the police case number and the kind of case; with a mark also of who, for several youths may share a case."""
    number = said.straffesaksnummer.replace(" ", "_")
    derived = f"overfoereSak:{number}:{said.saksinformasjon.sakstype}"
    accused = said.siktet.person
    identity = who(accused.foedselsdato.on, accused.navn.etternavn, given_name(accused.navn))
    return f"{derived}:{mark(identity)[:LONGEST_MARK]}" if mark else derived


def _offence(act: Hendelse) -> d.Offence:
    first, last = sorted((act.gjerningstidspunktFra.on, act.gjerningstidspunktTil.on))
    return d.Offence(on=first, until=last if last != first else None)


def _flags(said: OverfoereSak) -> Iterator[Flag]:
    sent, accused, act = said.forsendelse.sendtTid.on, said.siktet.person, said.saksinformasjon.hendelse
    yield from number_flags(said.straffesaksnummer, "/straffesaksnummer")
    yield from person_flags(accused, "/siktet/person")
    yield from reach_flags(accused, "/siktet/person")
    yield from guardian_flags(accused.verger, accused.foedselsdato.on, sent, "/siktet/person/verger")
    if grown_on(accused.foedselsdato.on, [act.gjerningstidspunktFra.on, act.gjerningstidspunktTil.on]):
        yield Flag(F.NOT_A_YOUTH, "/siktet/person/foedselsdato")
    if act.gjerningstidspunktTil.on < act.gjerningstidspunktFra.on:
        yield Flag(F.PERIOD_REVERSED, _ACT)
    if office_of(said.forsendelse.receiver) is None:
        yield Flag(F.RECEIVER_UNKNOWN, "/forsendelse/mottakerOrganisasjon")
    yield Flag(_consent(said), "/siktet/samtykke")


def _consent(said: OverfoereSak) -> FlagCode:
    """What the consent in the message is worth: a flag, never a consent on record. krl § 11."""
    rests = said.saksinformasjon.sakstype == "UO" or law.REGIME.on(said.forsendelse.sendtTid.on) is Regime.R0
    if not rests:
        return F.CONSENT_NOT_ASKED
    return F.CONSENT_TOLD if said.siktet.samtykke else F.CONSENT_MISSING
