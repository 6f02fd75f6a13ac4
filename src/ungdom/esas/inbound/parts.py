"""Common parts of the contracts: the sending (forsendelse), and the resulting decision message."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from ungdom.esas.inbound.official import FlagCode, OfficialFlag
from ungdom.esas.inbound.values import (
    EsasModel,
    MaybeText,
    MeldingsId,
    OfficialInstant,
    StepInstant,
    Text,
    Unread,
    id_flags,
)
from ungdom.message import DecisionMessage, Kind

F = FlagCode
_ORGANISATION_DIGITS = 9

FIRST_VERSION = 1
"""The contracts have no version of a decision: the recipient numbers them in order of arrival."""


class Organisasjon(EsasModel):
    """An organisation: a police district, a court, a konfliktråd."""

    organisasjonsnummer: Text
    navn: MaybeText = None


class Avsender(EsasModel):
    """The sending organisation; the person is not read."""

    organisasjon: Organisasjon
    person: Unread = None


class Mottaker(EsasModel):
    """The recipient in a judgment."""

    organisasjon: Organisasjon


class Forsendelse(EsasModel):
    """The sending: its id, when, from whom, to whom."""

    meldingsId: MeldingsId
    sendtTid: StepInstant
    avsender: Avsender
    mottakerOrganisasjon: Organisasjon | None = None
    mottaker: Mottaker | None = None
    kontakt: Unread = None

    @property
    def receiver(self) -> str | None:
        """The name of the recipient."""
        organisation = self.mottaker.organisasjon if self.mottaker else self.mottakerOrganisasjon
        return organisation.navn if organisation else None


class Hendelse(EsasModel):
    """Time and place of an act; the place is not read."""

    gjerningstidspunktFra: OfficialInstant
    gjerningstidspunktTil: OfficialInstant
    gjerningssted: Unread = None


def sending_flags(sent: Forsendelse) -> Iterator[OfficialFlag]:
    """Flags of the sending, beside those of its values."""
    yield from id_flags(sent.meldingsId, "/forsendelse/meldingsId")
    number = sent.avsender.organisasjon.organisasjonsnummer
    if len(number) != _ORGANISATION_DIGITS or not (number.isascii() and number.isdigit()):
        yield OfficialFlag(F.ODD_ORGANISATION_NUMBER, "/forsendelse/avsender/organisasjon/organisasjonsnummer")


def build_message(
    sent: Forsendelse, kind: Kind, decision_id: str, on: date, numbers: tuple[str, ...], terms: Any, **more: Any
) -> DecisionMessage:
    """A decision message. `more`: person, opening, refers_to, court_case_number."""
    return DecisionMessage(
        kind=kind,
        decision_id=decision_id,
        version=FIRST_VERSION,
        sent_at=sent.sendtTid.at,
        occurred_on=on,
        police_case_numbers=numbers,
        terms=terms,
        **more,
    )
