"""The official status message (`oppdatertSaksstatus` 1.0): what the sector is told of a youth sanction.

Two variants are published. `maven` also asks for the day of the first restorative meeting beside the day of signing.
What is derived (planned end, total length) stays here: the parties took such fields out of the contract in 2024.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from ungdom.esas import status
from ungdom.esas.status import ASSIGNED, SIGNED, TRANSFERRED
from ungdom.message.national_id import Flag, Series, look
from ungdom.workflow.daycount import OSLO

VARIANTS = ("1.0", "maven")
WITH_MEETINGS = "maven"
"""The variant that tells of the first restorative meeting."""

CODES: dict[str, frozenset[str | None]] = {
    ASSIGNED: frozenset({None}),
    SIGNED: frozenset({None}),
    TRANSFERRED: frozenset({None}),
    status.STOP: frozenset(status.STOPS.values()) | frozenset(status.PETITIONS.values()),
    status.RESUME: frozenset(status.RESUMPTIONS.values()),
    status.CLOSE: status.CLOSINGS,
}
"""The reason codes that each part of the message takes; None where it takes none."""

_SHORTEST_NUMBER, _LONGEST_NUMBER, _LONGEST_TELEPHONE, _ORGANISATION_DIGITS = 3, 30, 30, 9


class Incomplete(Exception):
    """The message cannot be sent yet. `missing`: the codes of what it lacks."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(", ".join(missing))
        self.missing = missing


class NoSuchStatus(Exception):
    """The contract has no such variant, part or reason code: a fault in the program, not in the case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """A legal entity: nine digits, and the name of the office."""

    number: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Employee:
    """Somebody who works at a konfliktråd, as the sector may reach them."""

    family_name: str
    given_name: str | None = None
    title: str | None = None
    telephones: tuple[str, ...] = ()
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Youth:
    """Who the case is about: names and number, never an address."""

    family_name: str | None
    given_name: str | None = None
    national_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a message tells. `part`, `code`: see `status.official_status`. Anything that is not known is None.

    `restorative_on`: the first restorative meeting. `other_office`, `other_coordinator`: who took the case over.
    """

    meldings_id: str
    sent_at: datetime
    own: Organisation
    part: str
    receiver: Organisation | None
    police_case_number: str | None
    code: str | None = None
    sender: Employee | None = None
    signed_on: date | None = None
    restorative_on: date | None = None
    coordinator: Employee | None = None
    other_office: Organisation | None = None
    other_coordinator: Employee | None = None
    youth: Youth | None = None


def compose(told: Told, variant: str) -> dict[str, Any]:
    """The message in that variant, in the contract's own order.

    Raises `Incomplete` with everything that is missing; `NoSuchStatus` for what the contract does not have.
    """
    if variant not in VARIANTS or told.code not in CODES.get(told.part, ()):
        raise NoSuchStatus(f"{variant}: {told.part} {told.code}")
    if missing := tuple(_missing(told, variant)):
        raise Incomplete(missing)
    message = {
        "forsendelse": _sending(told),
        "straffesaksnummer": told.police_case_number,
        "statusOppdatering": {"ungdomsreaksjonStatus": {told.part: _PARTS[told.part](told, variant)}},
    }
    siktet = _siktet(told.youth)
    return {**message, "siktet": siktet} if siktet else message


def _missing(told: Told, variant: str) -> Iterator[str]:
    number = told.police_case_number or ""
    if not _named(told.own):
        yield "own_organisation"
    if not _named(told.receiver):
        yield "receiver"
    if not _SHORTEST_NUMBER <= len(number) <= _LONGEST_NUMBER:
        yield "police_case_number"
    if told.youth and told.youth.national_id and not _present(told.youth.family_name):
        yield "family_name"
    yield from _missing_in(told, variant)


def _missing_in(told: Told, variant: str) -> Iterator[str]:
    """What the part itself asks for."""
    if told.part == ASSIGNED and not _known(told.coordinator):
        yield "coordinator_name"
    if told.part == SIGNED and told.signed_on is None:
        yield "signing_date"
    if told.part == SIGNED and variant == WITH_MEETINGS and told.restorative_on is None:
        yield "restorative_meeting_date"
    if told.part == TRANSFERRED and not _named(told.other_office):
        yield "other_office"
    if told.part == TRANSFERRED and not _known(told.other_coordinator):
        yield "other_coordinator_name"


def _named(one: Organisation | None) -> bool:
    return one is not None and _is_organisation_number(one.number) and _present(one.name)


def _is_organisation_number(number: str) -> bool:
    return len(number) == _ORGANISATION_DIGITS and number.isascii() and number.isdigit()


def _known(one: Employee | None) -> bool:
    return one is not None and _present(one.family_name)


def _present(text: str | None) -> bool:
    return bool(text and text.strip())


def _sending(told: Told) -> dict[str, Any]:
    sender = {"organisasjon": _organisation(told.own)}
    if told.sender is not None and _known(told.sender):
        sender["person"] = _employee(told.sender)
    return {
        "meldingsId": told.meldings_id,
        "sendtTid": told.sent_at.astimezone(OSLO).isoformat(timespec="seconds"),
        "avsender": sender,
        "mottakerOrganisasjon": _organisation(cast(Organisation, told.receiver)),
    }


def _organisation(one: Organisation) -> dict[str, Any]:
    return {"organisasjonsnummer": one.number, "navn": one.name.strip()}


def _employee(one: Employee) -> dict[str, Any]:
    telephones = [number.strip() for number in one.telephones if 1 <= len(number.strip()) <= _LONGEST_TELEPHONE]
    reached = {"epost": one.email, "telefonnummer": telephones}
    told = {"tittel": one.title, "fornavn": one.given_name, "etternavn": one.family_name, "kontakt": _said(reached)}
    return _said(told)


def _said(values: dict[str, Any]) -> dict[str, Any]:
    """Without what is not known or blank. An empty list is said: the contract asks for it."""
    bare = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    return {name: value for name, value in bare.items() if value not in (None, "")}


def _siktet(youth: Youth | None) -> dict[str, Any] | None:
    """Who it is about, where there is a number: the contract takes nobody without one, and does not ask for anybody."""
    if youth is None or not youth.national_id:
        return None
    found = look(youth.national_id)
    if Flag.NOT_ELEVEN_DIGITS in found.flags:
        return None
    kind = "sspNummer" if found.series is Series.SSP_OR_NPID else "foedselsnummer"
    number = {"dNummer" if found.d_number else kind: found.digits}
    return {"navn": _said({"fornavn": youth.given_name, "etternavn": youth.family_name}), "identitetsnummer": number}


def _reason(told: Told, _variant: str) -> dict[str, Any]:
    return {"aarsak": told.code}


def _signed(told: Told, variant: str) -> dict[str, Any]:
    days = {"datoSignering": told.signed_on, "datoGjenopprettendeMoete": told.restorative_on}
    asked = days if variant == WITH_MEETINGS else {"datoSignering": told.signed_on}
    return {name: day.isoformat() for name, day in asked.items() if day}


def _transferred(told: Told, _variant: str) -> dict[str, Any]:
    office, coordinator = cast(Organisation, told.other_office), cast(Employee, told.other_coordinator)
    return {"konfliktraad": _organisation(office), "nySaksansvarlig": _employee(coordinator)}


_PARTS: dict[str, Callable[[Told, str], dict[str, Any]]] = {
    ASSIGNED: lambda told, _variant: _employee(cast(Employee, told.coordinator)),
    SIGNED: _signed,
    status.STOP: _reason,
    status.RESUME: _reason,
    status.CLOSE: _reason,
    TRANSFERRED: _transferred,
}
