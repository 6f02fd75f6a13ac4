"""People in official messages: who they are, how they are reached, and how their address is protected.

Sex and age come from the message, never from an identity number. An address is carried along only where nobody in the
message whose household it may be is protected. folkeregisterloven § 10-4.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import accumulate, takewhile
from typing import Any, Literal

from ungdom.esas.inbound.official import Flag, FlagCode
from ungdom.esas.inbound.values import MaybeText, OfficialDay, Shape, Text, Unread, table
from ungdom.message import Guardian, Person
from ungdom.message.national_id import Flag as Odd
from ungdom.message.national_id import look
from ungdom.workflow import law
from ungdom.workflow.daycount import after

F = FlagCode
Sex = Literal["female", "male", "unknown"]
Protection = Literal["none", "confidential", "strictly_confidential"]

_SEX: dict[str, Sex] = {"KVINNE": "female", "MANN": "male"}
_GRADES: dict[str, Protection] = {
    "KLIENT_ADRESSE": "confidential",  # the contracts do not say what it means yet
    "FORTROLIG": "confidential",
    "STRENGT_FORTROLIG": "strictly_confidential",
}
_STRICTNESS: tuple[Protection, ...] = ("none", "confidential", "strictly_confidential")
_LONGEST_CONTACT = 200


class Navn(Shape):
    """A name."""

    etternavn: Text
    fornavn: MaybeText = None
    mellomnavn: MaybeText = None


class Kontakt(Shape):
    """Telephone and e-mail."""

    telefonnummer: list[MaybeText] | None = None
    epost: MaybeText = None


class Adresse(Shape):
    """A postal address."""

    adresselinjer: list[MaybeText] | None = None
    postnummer: MaybeText = None
    poststed: MaybeText = None
    land: Unread = None


class PersonAdresse(Shape):
    """An address and its grading. With `FORTROLIG` the police sends no address, though the contract asks for one."""

    gradering: MaybeText = None
    adresse: Adresse | None = None


class Identitet(Shape):
    """An identity number in either form that the contracts have: one field for each kind, or kind and value."""

    foedselsnummer: MaybeText = None
    sspNummer: MaybeText = None
    dNummer: MaybeText = None
    idType: MaybeText = None
    verdi: MaybeText = None


class Reachable(Shape):
    """Somebody whose address may be told, and protected: beside the person, or beside the address."""

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


class Enkel(Shape):
    """The accused in a charge or an order: who, and no address."""

    navn: Navn
    foedselsdato: OfficialDay
    kjoenn: MaybeText = None
    identitetsnummer: Identitet | None = None
    personForetakRef: MaybeText = None
    personStraffesakId: Unread = None
    statsborgerskap: Unread = None
    tilleggsId: Unread = None


class Tolk(Shape):
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


# --- into our own words -----------------------------------------------------------------------------------------


def person(who: Siktet | Enkel, at: Reachable | None = None, verger: Sequence[Verge] | None = None) -> Person:
    """The person, with guardians and how they are reached."""
    open_address = not any(_graded(one) for one in _household(at, verger))
    return Person(
        born=who.foedselsdato.on,
        family_name=who.navn.etternavn,
        given_name=given_name(who.navn),
        national_id=national_id(who.identitetsnummer),
        sex=sex(who.kjoenn),
        protection=protection(at),
        contact=_contact(at, open_address),
        guardians=tuple(Guardian(name=_full(one.navn), contact=_contact(one, open_address)) for one in verger or ()),
    )


def given_name(name: Navn) -> str | None:
    """First and middle names."""
    return " ".join(part for part in (name.fornavn, name.mellomnavn) if part) or None


def sex(told: str | None) -> Sex:
    """As told; unknown where it is not."""
    return _SEX.get(told or "", "unknown")


def national_id(told: Identitet | None) -> str | None:
    """The eleven digits, right or wrong; None where there are not eleven. The first where several are told."""
    found = next(iter(_numbers(told)), None)
    seen = look(found) if found else None
    return seen.digits if seen and Odd.NOT_ELEVEN_DIGITS not in seen.flags else None


def _numbers(told: Identitet | None) -> list[str]:
    if told is None:
        return []
    return [one for one in (told.foedselsnummer, told.dNummer, told.sspNummer, told.verdi) if one]


def protection(at: Reachable | None) -> Protection:
    """The strictest grading told of this person; one that is not known counts as the strictest there is."""
    grades = [_GRADES.get(told, _STRICTNESS[-1]) for told in _gradings(at)]
    return max(grades, key=_STRICTNESS.index, default="none")


def _gradings(at: Reachable | None) -> list[str]:
    beside = at.personAdresse.gradering if at and at.personAdresse else None
    return [told for told in (at.adresseGradering if at else None, beside) if told]


def _graded(at: Reachable) -> bool:
    return protection(at) != "none"


def _household(at: Reachable | None, verger: Sequence[Verge] | None) -> list[Reachable]:
    return [*([at] if at else []), *(verger or ())]


def _full(name: Navn) -> str:
    return " ".join(part for part in (given_name(name), name.etternavn) if part)


def _contact(at: Reachable | None, open_address: bool) -> str | None:
    """Telephones, e-mail and address in one line, as many of them as there is room for."""
    parts = _ways(at, open_address)
    lengths = accumulate(len(part) + 2 for part in parts)
    return "; ".join(part for part, _ in takewhile(_fits, zip(parts, lengths, strict=True))) or None


def _fits(part: tuple[str, int]) -> bool:
    return part[1] - 2 <= _LONGEST_CONTACT


def _ways(at: Reachable | None, open_address: bool) -> list[str]:
    info = at.kontaktInfo if at else None
    address = at.personAdresse.adresse if at and at.personAdresse and open_address else None
    told = [*(info.telefonnummer or ()), info.epost] if info else []
    return [part for part in (*told, _line(address)) if part]


def _line(address: Adresse | None) -> str | None:
    if address is None:
        return None
    place = " ".join(part for part in (address.postnummer, address.poststed) if part)
    return ", ".join(part for part in (*(address.adresselinjer or ()), place) if part) or None


# --- what is odd about them -------------------------------------------------------------------------------------


def person_flags(who: Siktet | Enkel, pointer: str) -> Iterator[Flag]:
    """What is odd about who it is. The numbers of everybody in the message are looked at in `numbers`."""
    yield from identity_flags(who.foedselsdato.on, who.kjoenn, who.identitetsnummer, pointer)


def identity_flags(born: date, told_sex: str | None, numbers: Identitet | None, pointer: str) -> Iterator[Flag]:
    """What is odd about sex, number and day of birth."""
    yield from table(_SEX, told_sex, f"{pointer}/kjoenn")
    if not _numbers(numbers):
        yield Flag(F.NUMBER_MISSING, pointer)
    if not was_ever_a_youth(born):
        yield Flag(F.NOT_A_YOUTH, f"{pointer}/foedselsdato")


def was_ever_a_youth(born: date) -> bool:
    """Whether they were under 18 on any day since there have been youth sanctions. strl § 52 a, strpl § 71 a."""
    return after(born, law.MAJORITY.on(law.FIRST)) > law.FIRST


def grown_on(born: date, days: Iterable[date]) -> bool:
    """Whether they were 18 on each of these days of an act."""
    return all(after(born, law.MAJORITY.on(one)) <= one for one in days)


def reach_flags(at: Reachable, pointer: str) -> Iterator[Flag]:
    """What is odd about how somebody is protected."""
    told = _gradings(at)
    for grade in dict.fromkeys(told):
        yield from table(_GRADES, grade, pointer)
    if "KLIENT_ADRESSE" in told:
        yield Flag(F.CLIENT_ADDRESS, pointer)
    if len(set(told)) > 1:
        yield Flag(F.GRADING_DIFFERS, pointer)
    if told and at.personAdresse and at.personAdresse.adresse:
        yield Flag(F.ADDRESS_OF_PROTECTED, f"{pointer}/personAdresse/adresse")
    if len("; ".join(_ways(at, not told))) > _LONGEST_CONTACT:
        yield Flag(F.CUT, pointer)


def guardian_flags(verger: Sequence[Verge] | None, born: date, on: date, pointer: str) -> Iterator[Flag]:
    """What is odd about the guardians of somebody born that day, told of on that day."""
    if verger is None:
        yield Flag(F.GUARDIANS_NOT_TOLD, pointer)
    elif not verger and not grown_on(born, [on]):
        yield Flag(F.MINOR_WITHOUT_GUARDIAN, pointer)
    for place, one in enumerate(verger or ()):
        yield from reach_flags(one, f"{pointer}/{place}")
        if _graded(one):
            yield Flag(F.GUARDIAN_PROTECTED, f"{pointer}/{place}")


def who(born: date, family_name: str, given: str | None) -> str:
    """Who somebody is, in one text, for the mark that stands for them. Numbers change; these seldom do."""
    return " ".join(f"{born} {given or ''} {family_name}".casefold().split())


def same(one: Any, other: Any) -> bool:
    """Whether two texts or days say the same; what is not told contradicts nothing."""
    if one is None or other is None:
        return True
    return str(one).casefold().split() == str(other).casefold().split()
