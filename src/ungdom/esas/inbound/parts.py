"""What the contracts have in common: the sending (forsendelse), and the message of ours that is made of it."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from ungdom.esas.inbound.official import Flag, FlagCode
from ungdom.esas.inbound.values import (
    MaybeText,
    MeldingsId,
    MomentOfStep,
    OfficialMoment,
    Shape,
    Text,
    Unread,
    id_flags,
)
from ungdom.message import Kind, Message

F = FlagCode
_ORGANISATION_DIGITS = 9

FIRST_VERSION = 1
"""The contracts have no version of a decision: whoever receives it counts, in the order they come."""


class Organisasjon(Shape):
    """An organisation: a police district, a court, a konfliktråd."""

    organisasjonsnummer: Text
    navn: MaybeText = None


class Avsender(Shape):
    """Who sends: the organisation counts; who pressed the button is not read."""

    organisasjon: Organisasjon
    person: Unread = None


class Mottaker(Shape):
    """Who receives, in a judgment."""

    organisasjon: Organisasjon


class Forsendelse(Shape):
    """The sending: its id, when, from whom, to whom."""

    meldingsId: MeldingsId
    sendtTid: MomentOfStep
    avsender: Avsender
    mottakerOrganisasjon: Organisasjon | None = None
    mottaker: Mottaker | None = None
    kontakt: Unread = None

    @property
    def receiver(self) -> str | None:
        """The name of the receiver."""
        found = self.mottaker.organisasjon if self.mottaker else self.mottakerOrganisasjon
        return found.navn if found else None


class Hendelse(Shape):
    """When and where an act was done. Where is not read."""

    gjerningstidspunktFra: OfficialMoment
    gjerningstidspunktTil: OfficialMoment
    gjerningssted: Unread = None


def sending_flags(sent: Forsendelse) -> Iterator[Flag]:
    """What is odd about the sending, beside its values."""
    yield from id_flags(sent.meldingsId, "/forsendelse/meldingsId")
    number = sent.avsender.organisasjon.organisasjonsnummer
    if len(number) != _ORGANISATION_DIGITS or not (number.isascii() and number.isdigit()):
        yield Flag(F.ODD_ORGANISATION_NUMBER, "/forsendelse/avsender/organisasjon/organisasjonsnummer")


def message(
    sent: Forsendelse, kind: Kind, decision_id: str, on: date, numbers: tuple[str, ...], terms: Any, **more: Any
) -> Message:
    """A message in our own words. `more`: person, opening, refers_to, court_case_number."""
    return Message(
        kind=kind,
        decision_id=decision_id,
        version=FIRST_VERSION,
        sent_at=sent.sendtTid.at,
        occurred_on=on,
        police_case_numbers=numbers,
        terms=terms,
        **more,
    )
