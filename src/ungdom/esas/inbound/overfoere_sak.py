"""`overfoereSak` 1.0: the police transfers a case to the konfliktråd. Both published variants are treated alike.

The contract has no id of the decision, no length of the sanction, and no day of a consent.
"""

from collections.abc import Iterator

from ungdom.esas.inbound.offices import office_of
from ungdom.esas.inbound.official import FlagCode, IgnoredReason, OfficialFlag, Pseudonymiser, Reading
from ungdom.esas.inbound.parts import Forsendelse, Hendelse, build_message
from ungdom.esas.inbound.people import (
    Siktet,
    adult_on_all,
    contact_flags,
    given_name,
    guardian_flags,
    person,
    person_flags,
    pseudonym,
)
from ungdom.esas.inbound.values import CaseNumber, EsasModel, Text, Unread, case_number_flags
from ungdom.message import DecisionMessage, DispatchTerms, Kind, Opening
from ungdom.workflow import law
from ungdom.workflow import payloads as d
from ungdom.workflow.vocabulary import Regime, Sanction

F = FlagCode
SANCTIONS = {"US": Sanction.YOUTH_SANCTION, "UO": Sanction.YOUTH_FOLLOW_UP}
OTHER_CASE_TYPES = ("ST", "SH", "HS", "OK")
"""Mediation, dropped case (the list of codes and its description spell it differently), oppfølging i konfliktråd."""

_ACT = "/saksinformasjon/hendelse"


class SiktetMedSamtykke(EsasModel):
    """The accused, and whether consent was given."""

    person: Siktet
    samtykke: bool | None = None


class Saksinformasjon(EsasModel):
    """The case type and the act."""

    sakstype: Text
    hendelse: Hendelse
    lovbud: Unread = None
    kommentar: Unread = None
    dokumenter: Unread = None


class OverfoereSak(EsasModel):
    """The message."""

    forsendelse: Forsendelse
    straffesaksnummer: CaseNumber
    siktet: SiktetMedSamtykke
    saksinformasjon: Saksinformasjon
    fornaermede: Unread = None


def to_messages(document: OverfoereSak, pseudonymise: Pseudonymiser | None) -> Reading:
    """The messages that the case was dispatched and delivered."""
    case_type = document.saksinformasjon.sakstype
    if case_type not in SANCTIONS:
        odd = () if case_type in OTHER_CASE_TYPES else (OfficialFlag(F.UNKNOWN_VALUE, "/saksinformasjon/sakstype"),)
        return Reading(other=IgnoredReason.OTHER_CASE_TYPE, flags=odd)
    return Reading(messages=(_dispatch_message(document, pseudonymise),), flags=tuple(_flags(document)))


def _dispatch_message(document: OverfoereSak, pseudonymise: Pseudonymiser | None) -> DecisionMessage:
    on, act = document.forsendelse.sendtTid.on, document.saksinformasjon.hendelse
    first, last = sorted((act.gjerningstidspunktFra.on, act.gjerningstidspunktTil.on))
    return build_message(
        document.forsendelse,
        Kind.DISPATCHED,
        _decision_id(document, pseudonymise),
        on,
        (document.straffesaksnummer,),
        DispatchTerms(delivered=True),
        person=person(document.siktet.person, document.siktet.person, document.siktet.person.verger),
        opening=Opening(
            sanction=SANCTIONS[document.saksinformasjon.sakstype],
            registered_on=last,  # the earliest day on which it can have been registered: what happened is in between
            offences=(d.Offence(on=first, until=last if last != first else None),),
            konfliktrad=office_of(document.forsendelse.receiver),
        ),
    )


def _decision_id(document: OverfoereSak, pseudonymise: Pseudonymiser | None) -> str:
    """Derived from police case number, case type and, if available, pseudonym: several youths may share a case."""
    number = document.straffesaksnummer.replace(" ", "_")
    derived = f"overfoereSak:{number}:{document.saksinformasjon.sakstype}"
    accused = document.siktet.person
    if pseudonymise is None:
        return derived
    who = pseudonym(pseudonymise, accused.foedselsdato.on, accused.navn.etternavn, given_name(accused.navn))
    return f"{derived}:{who}"


def _flags(document: OverfoereSak) -> Iterator[OfficialFlag]:
    sent, accused, act = document.forsendelse.sendtTid.on, document.siktet.person, document.saksinformasjon.hendelse
    yield from case_number_flags(document.straffesaksnummer, "/straffesaksnummer")
    yield from person_flags(accused, "/siktet/person")
    yield from contact_flags(accused, "/siktet/person")
    yield from guardian_flags(accused.verger, accused.foedselsdato.on, sent, "/siktet/person/verger")
    if adult_on_all(accused.foedselsdato.on, [act.gjerningstidspunktFra.on, act.gjerningstidspunktTil.on]):
        yield OfficialFlag(F.NOT_A_YOUTH, "/siktet/person/foedselsdato")
    if act.gjerningstidspunktTil.on < act.gjerningstidspunktFra.on:
        yield OfficialFlag(F.PERIOD_REVERSED, _ACT)
    if office_of(document.forsendelse.receiver) is None:
        yield OfficialFlag(F.RECEIVER_UNKNOWN, "/forsendelse/mottakerOrganisasjon")
    yield OfficialFlag(F.REGISTRATION_IMPLIED, f"{_ACT}/gjerningstidspunktTil")
    yield OfficialFlag(_consent_flag(document), "/siktet/samtykke")


def _consent_flag(document: OverfoereSak) -> FlagCode:
    """The flag for the consent in the message, which never counts as a recorded consent. krl § 11."""
    rests = document.saksinformasjon.sakstype == "UO" or law.REGIME.on(document.forsendelse.sendtTid.on) is Regime.R0
    if not rests:
        return F.CONSENT_NOT_ASKED
    return F.CONSENT_TOLD if document.siktet.samtykke else F.CONSENT_MISSING
