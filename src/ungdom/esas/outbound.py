"""The official status message (`oppdatertSaksstatus` 1.0) about a youth sanction.

Two variants are published; `maven` also has the day of the first restorative meeting beside the day of signing. Derived
values (planned end, total length) are not sent: the parties removed these fields from the contract in 2024.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from ungdom.esas import status
from ungdom.esas.status import ASSIGNED, SIGNED, TRANSFERRED
from ungdom.message.national_id import NationalIdFlag, Series, check_national_id
from ungdom.workflow.calendar import OSLO

VARIANTS = ("1.0", "maven")
WITH_MEETINGS = "maven"
"""The variant with the day of the first restorative meeting."""

CODES: dict[str, frozenset[str | None]] = {
    ASSIGNED: frozenset({None}),
    SIGNED: frozenset({None}),
    TRANSFERRED: frozenset({None}),
    status.STOP: frozenset(status.STOPS.values()) | frozenset(status.PETITIONS.values()),
    status.RESUME: frozenset(status.RESUMPTIONS.values()),
    status.CLOSE: status.CLOSINGS,
}
"""The reason codes of each part of the message; None for a part without codes."""

_SHORTEST_NUMBER, _LONGEST_NUMBER, _LONGEST_TELEPHONE, _ORGANISATION_DIGITS = 3, 30, 30, 9


class Incomplete(Exception):
    """The message cannot be sent yet. `missing`: codes of the missing facts."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(", ".join(missing))
        self.missing = missing


class NoSuchStatus(Exception):
    """The contract has no such variant, part or reason code: a programming error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """A legal entity: its number of nine digits, and the name of the office."""

    number: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Employee:
    """An employee of a konfliktråd, with contact details for the sector."""

    family_name: str
    given_name: str | None = None
    title: str | None = None
    telephones: tuple[str, ...] = ()
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusYouth:
    """The youth: names and identity number, never an address."""

    family_name: str | None
    given_name: str | None = None
    national_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusFacts:
    """The facts of a message; unknown facts are None. `part`, `code`: see `status.official_status`.

    `restorative_on`: day of the first restorative meeting. `other_office`, `other_coordinator`: who took over the case.
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
    youth: StatusYouth | None = None


def compose(facts: StatusFacts, variant: str) -> dict[str, Any]:
    """The message in this variant, with its fields in the order of the contract.

    Raises `Incomplete` with every missing fact, and `NoSuchStatus`.
    """
    if variant not in VARIANTS or facts.code not in CODES.get(facts.part, ()):
        raise NoSuchStatus(f"{variant}: {facts.part} {facts.code}")
    if missing := tuple(_missing(facts, variant)):
        raise Incomplete(missing)
    message = {
        "forsendelse": _sending(facts),
        "straffesaksnummer": facts.police_case_number,
        "statusOppdatering": {"ungdomsreaksjonStatus": {facts.part: _PARTS[facts.part](facts, variant)}},
    }
    siktet = _siktet(facts.youth)
    return {**message, "siktet": siktet} if siktet else message


def _missing(facts: StatusFacts, variant: str) -> Iterator[str]:
    number = facts.police_case_number or ""
    if not _is_identified(facts.own):
        yield "own_organisation"
    if not _is_identified(facts.receiver):
        yield "receiver"
    if not _SHORTEST_NUMBER <= len(number) <= _LONGEST_NUMBER:
        yield "police_case_number"
    if facts.youth and facts.youth.national_id and not _present(facts.youth.family_name):
        yield "family_name"
    yield from _missing_in_part(facts, variant)


def _missing_in_part(facts: StatusFacts, variant: str) -> Iterator[str]:
    """The missing facts of the part itself."""
    if facts.part == ASSIGNED and not _has_family_name(facts.coordinator):
        yield "coordinator_name"
    if facts.part == SIGNED and facts.signed_on is None:
        yield "signing_date"
    if facts.part == SIGNED and variant == WITH_MEETINGS and facts.restorative_on is None:
        yield "restorative_meeting_date"
    if facts.part == TRANSFERRED and not _is_identified(facts.other_office):
        yield "other_office"
    if facts.part == TRANSFERRED and not _has_family_name(facts.other_coordinator):
        yield "other_coordinator_name"


def _is_identified(organisation: Organisation | None) -> bool:
    if organisation is None or len(organisation.number) != _ORGANISATION_DIGITS or not _present(organisation.name):
        return False
    return organisation.number.isascii() and organisation.number.isdigit()


def _has_family_name(employee: Employee | None) -> bool:
    return employee is not None and _present(employee.family_name)


def _present(text: str | None) -> bool:
    return bool(text and text.strip())


def _sending(facts: StatusFacts) -> dict[str, Any]:
    sender = {"organisasjon": _organisation(facts.own)}
    if facts.sender is not None and _has_family_name(facts.sender):
        sender["person"] = _employee(facts.sender)
    return {
        "meldingsId": facts.meldings_id,
        "sendtTid": facts.sent_at.astimezone(OSLO).isoformat(timespec="seconds"),
        "avsender": sender,
        "mottakerOrganisasjon": _organisation(cast(Organisation, facts.receiver)),
    }


def _organisation(organisation: Organisation) -> dict[str, Any]:
    return {"organisasjonsnummer": organisation.number, "navn": organisation.name.strip()}


def _employee(employee: Employee) -> dict[str, Any]:
    telephones = [number.strip() for number in employee.telephones if 1 <= len(number.strip()) <= _LONGEST_TELEPHONE]
    contact = {"epost": employee.email, "telefonnummer": telephones}
    fields = {
        "tittel": employee.title,
        "fornavn": employee.given_name,
        "etternavn": employee.family_name,
        "kontakt": _without_blanks(contact),
    }
    return _without_blanks(fields)


def _without_blanks(values: dict[str, Any]) -> dict[str, Any]:
    """The values without None and blank texts. Empty lists are kept: the contract requires them."""
    stripped = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    return {name: value for name, value in stripped.items() if value not in (None, "")}


def _siktet(youth: StatusYouth | None) -> dict[str, Any] | None:
    """The youth, if there is an identity number: the contract has the field optional, and requires the number in it."""
    if youth is None or not youth.national_id:
        return None
    parsed = check_national_id(youth.national_id)
    if NationalIdFlag.NOT_ELEVEN_DIGITS in parsed.flags:
        return None
    kind = "sspNummer" if parsed.series is Series.SSP_OR_NPID else "foedselsnummer"
    number = {"dNummer" if parsed.d_number else kind: parsed.digits}
    return {
        "navn": _without_blanks({"fornavn": youth.given_name, "etternavn": youth.family_name}),
        "identitetsnummer": number,
    }


def _reason(facts: StatusFacts, _variant: str) -> dict[str, Any]:
    return {"aarsak": facts.code}


def _signed(facts: StatusFacts, variant: str) -> dict[str, Any]:
    days = {"datoSignering": facts.signed_on, "datoGjenopprettendeMoete": facts.restorative_on}
    included = days if variant == WITH_MEETINGS else {"datoSignering": facts.signed_on}
    return {name: day.isoformat() for name, day in included.items() if day}


def _transferred(facts: StatusFacts, _variant: str) -> dict[str, Any]:
    office, coordinator = cast(Organisation, facts.other_office), cast(Employee, facts.other_coordinator)
    return {"konfliktraad": _organisation(office), "nySaksansvarlig": _employee(coordinator)}


_PARTS: dict[str, Callable[[StatusFacts, str], dict[str, Any]]] = {
    ASSIGNED: lambda facts, _variant: _employee(cast(Employee, facts.coordinator)),
    SIGNED: _signed,
    status.STOP: _reason,
    status.RESUME: _reason,
    status.CLOSE: _reason,
    TRANSFERRED: _transferred,
}
