"""People in official messages: identity, contact details, and the protection of their address.

Sex and age come from the message, never from an identity number. An address is kept only if nobody in the household has
a protected address. folkeregisterloven § 10-4.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import accumulate, takewhile
from typing import Any, Literal

from ungdom.esas.inbound.official import MAX_PSEUDONYM, FlagCode, OfficialFlag, Pseudonymiser
from ungdom.esas.inbound.values import EsasModel, MaybeText, OfficialDay, Text, Unread, code_flags
from ungdom.message import Guardian, Person
from ungdom.message.national_id import NationalIdFlag as Odd
from ungdom.message.national_id import check_national_id
from ungdom.workflow import law
from ungdom.workflow.calendar import after

F = FlagCode
Sex = Literal["female", "male", "unknown"]
Protection = Literal["none", "confidential", "strictly_confidential"]

_SEX: dict[str, Sex] = {"KVINNE": "female", "MANN": "male"}
_GRADES: dict[str, Protection] = {
    "KLIENT_ADRESSE": "confidential",  # its meaning is not defined in the contracts yet
    "FORTROLIG": "confidential",
    "STRENGT_FORTROLIG": "strictly_confidential",
}
_STRICTNESS: tuple[Protection, ...] = ("none", "confidential", "strictly_confidential")
_LONGEST_CONTACT = 200


class Navn(EsasModel):
    """A name."""

    etternavn: Text
    fornavn: MaybeText = None
    mellomnavn: MaybeText = None


class Kontakt(EsasModel):
    """Telephone and e-mail."""

    telefonnummer: list[MaybeText] | None = None
    epost: MaybeText = None


class Adresse(EsasModel):
    """A postal address."""

    adresselinjer: list[MaybeText] | None = None
    postnummer: MaybeText = None
    poststed: MaybeText = None
    land: Unread = None


class PersonAdresse(EsasModel):
    """An address and its grading. With `FORTROLIG` the police sends no address, though the contract requires one."""

    gradering: MaybeText = None
    adresse: Adresse | None = None


class Identitet(EsasModel):
    """An identity number in either form of the contracts: one field per kind, or kind and value."""

    foedselsnummer: MaybeText = None
    sspNummer: MaybeText = None
    dNummer: MaybeText = None
    idType: MaybeText = None
    verdi: MaybeText = None


class Reachable(EsasModel):
    """A person with contact details; the grading is a field of the person or of the address."""

    kontaktInfo: Kontakt | None = None
    adresseGradering: MaybeText = None
    personAdresse: PersonAdresse | None = None


class Verge(Reachable):
    """A guardian."""

    navn: Navn
    foedselsdato: Unread = None
    kjoenn: Unread = None
    identitetsnummer: Unread = None
    statsborgerskap: Unread = None
    internId: Unread = None
    personForetakRef: Unread = None


class PersonUtenAdresse(EsasModel):
    """The accused in a charge or an order, without an address."""

    navn: Navn
    foedselsdato: OfficialDay
    kjoenn: MaybeText = None
    identitetsnummer: Identitet | None = None
    personForetakRef: MaybeText = None
    personStraffesakId: Unread = None
    statsborgerskap: Unread = None
    tilleggsId: Unread = None


class Tolk(EsasModel):
    """Whether an interpreter is needed."""

    behov: bool = False
    spraak: Unread = None


class Siktet(Reachable):
    """The accused with address and guardians."""

    navn: Navn
    foedselsdato: OfficialDay
    kjoenn: MaybeText = None
    identitetsnummer: Identitet | None = None
    verger: list[Verge] | None = None
    tolk: Tolk | None = None
    internId: Unread = None
    statsborgerskap: Unread = None
    tilleggsId: Unread = None


# --- conversion ---------------------------------------------------------------------------------------------


def person(
    who: Siktet | PersonUtenAdresse, at: Reachable | None = None, verger: Sequence[Verge] | None = None
) -> Person:
    """The person with guardians and contact details."""
    household = [*([at] if at else []), *(verger or ())]
    open_address = not any(_has_grading(member) for member in household)
    return Person(
        born=who.foedselsdato.on,
        family_name=who.navn.etternavn,
        given_name=given_name(who.navn),
        national_id=national_id(who.identitetsnummer),
        sex=sex(who.kjoenn),
        protection=protection(at),
        contact=_contact(at, open_address),
        guardians=tuple(
            Guardian(
                name=" ".join(part for part in (given_name(member.navn), member.navn.etternavn) if part),
                contact=_contact(member, open_address),
            )
            for member in verger or ()
        ),
    )


def given_name(name: Navn) -> str | None:
    """First and middle names."""
    return " ".join(part for part in (name.fornavn, name.mellomnavn) if part) or None


def sex(code: str | None) -> Sex:
    """The stated sex, or unknown."""
    return _SEX.get(code or "", "unknown")


def national_id(identity: Identitet | None) -> str | None:
    """The eleven digits of the first number, also if a check fails; None if there are not eleven."""
    number = next(iter(_numbers(identity)), None)
    parsed = check_national_id(number) if number else None
    return parsed.digits if parsed and Odd.NOT_ELEVEN_DIGITS not in parsed.flags else None


def _numbers(identity: Identitet | None) -> list[str]:
    if identity is None:
        return []
    return [
        number for number in (identity.foedselsnummer, identity.dNummer, identity.sspNummer, identity.verdi) if number
    ]


def protection(at: Reachable | None) -> Protection:
    """The strictest grading of this person; an unknown grading counts as the strictest."""
    grades = [_GRADES.get(grade, _STRICTNESS[-1]) for grade in _gradings(at)]
    return max(grades, key=_STRICTNESS.index, default="none")


def _gradings(at: Reachable | None) -> list[str]:
    beside = at.personAdresse.gradering if at and at.personAdresse else None
    return [grade for grade in (at.adresseGradering if at else None, beside) if grade]


def _has_grading(at: Reachable) -> bool:
    return protection(at) != "none"


def _contact(at: Reachable | None, open_address: bool) -> str | None:
    """Telephones, e-mail and address in one line, up to `_LONGEST_CONTACT` characters; whole parts only."""
    parts = _contact_parts(at, open_address)
    ends = accumulate(len(part) + len("; ") for part in parts)
    room = _LONGEST_CONTACT + len("; ")
    return "; ".join(part for part, _ in takewhile(lambda pair: pair[1] <= room, zip(parts, ends, strict=True))) or None


def _contact_parts(at: Reachable | None, open_address: bool) -> list[str]:
    info = at.kontaktInfo if at else None
    address = at.personAdresse.adresse if at and at.personAdresse and open_address else None
    channels = [*(info.telefonnummer or ()), info.epost] if info else []
    return [part for part in (*channels, _address_line(address)) if part]


def _address_line(address: Adresse | None) -> str | None:
    if address is None:
        return None
    place = " ".join(part for part in (address.postnummer, address.poststed) if part)
    return ", ".join(part for part in (*(address.adresselinjer or ()), place) if part) or None


# --- flags -------------------------------------------------------------------------------------


def person_flags(who: Siktet | PersonUtenAdresse, pointer: str) -> Iterator[OfficialFlag]:
    """Flags of the identity of a person. The module `numbers` checks the identity numbers of a message."""
    yield from identity_flags(who.foedselsdato.on, who.kjoenn, who.identitetsnummer, pointer)


def identity_flags(born: date, sex_code: str | None, numbers: Identitet | None, pointer: str) -> Iterator[OfficialFlag]:
    """Flags of sex, identity number and day of birth."""
    yield from code_flags(_SEX, sex_code, f"{pointer}/kjoenn")
    if not _numbers(numbers):
        yield OfficialFlag(F.NUMBER_MISSING, pointer)
    if not was_ever_a_youth(born):
        yield OfficialFlag(F.NOT_A_YOUTH, f"{pointer}/foedselsdato")


def was_ever_a_youth(born: date) -> bool:
    """Whether they were under 18 on any day since youth sanctions exist. strl § 52 a, strpl § 71 a."""
    return after(born, law.MAJORITY.on(law.FIRST)) > law.FIRST


def adult_on_all(born: date, days: Iterable[date]) -> bool:
    """Whether they were 18 or older on each of these days."""
    return all(after(born, law.MAJORITY.on(day)) <= day for day in days)


def contact_flags(at: Reachable, pointer: str) -> Iterator[OfficialFlag]:
    """Flags of the protection of an address."""
    grades = _gradings(at)
    for grade in dict.fromkeys(grades):
        yield from code_flags(_GRADES, grade, pointer)
    if "KLIENT_ADRESSE" in grades:
        yield OfficialFlag(F.CLIENT_ADDRESS, pointer)
    if len(set(grades)) > 1:
        yield OfficialFlag(F.GRADING_DIFFERS, pointer)
    if grades and at.personAdresse and at.personAdresse.adresse:
        yield OfficialFlag(F.ADDRESS_OF_PROTECTED, f"{pointer}/personAdresse/adresse")
    if len("; ".join(_contact_parts(at, not grades))) > _LONGEST_CONTACT:
        yield OfficialFlag(F.CUT, pointer)


def guardian_flags(verger: Sequence[Verge] | None, born: date, on: date, pointer: str) -> Iterator[OfficialFlag]:
    """Flags of the guardians of a person with this day of birth, as of the day `on`."""
    if verger is None:
        yield OfficialFlag(F.GUARDIANS_NOT_TOLD, pointer)
    elif not verger and not adult_on_all(born, [on]):
        yield OfficialFlag(F.MINOR_WITHOUT_GUARDIAN, pointer)
    for place, guardian in enumerate(verger or ()):
        yield from contact_flags(guardian, f"{pointer}/{place}")
        if _has_grading(guardian):
            yield OfficialFlag(F.GUARDIAN_PROTECTED, f"{pointer}/{place}")


def pseudonym(pseudonymise: Pseudonymiser, born: date, family_name: str, given: str | None) -> str:
    """The pseudonym of a person, of day of birth and name: identity numbers change more often."""
    return pseudonymise(" ".join(f"{born} {given or ''} {family_name}".casefold().split()))[:MAX_PSEUDONYM]


def same_text(first: Any, second: Any) -> bool:
    """Whether two texts or days are equal; None equals everything."""
    if first is None or second is None:
        return True
    return str(first).casefold().split() == str(second).casefold().split()
