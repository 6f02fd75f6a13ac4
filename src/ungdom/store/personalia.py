"""The personal data of a person, which is stored encrypted: names, identity numbers, contact, guardians."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from pydantic import TypeAdapter

from ungdom import message


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDetails:
    """Contact details of a person."""

    telephone: str | None = None
    email: str | None = None
    address: str | None = None
    language: str | None = None


class GuardianKind(StrEnum):
    """In what capacity somebody is guardian. krl § 11 second paragraph, strpl § 83."""

    GUARDIAN = "guardian"  # a parent with parental responsibility, or an appointed guardian (verge)
    TEMPORARY = "temporary_guardian"  # midlertidig verge, in place of guardians who cannot or will not act


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonGuardian:
    """A guardian (verge). `reference`: by which consents distinguish the guardians of a youth.

    `since`, `until`: first and last day in office; None: from birth, until further notice. `in_place_of`: the
    references of those whom a temporary guardian replaces; none: all others.
    """

    reference: str
    name: str
    contact: ContactDetails = ContactDetails()
    kind: GuardianKind = GuardianKind.GUARDIAN
    since: date | None = None
    until: date | None = None
    in_place_of: tuple[str, ...] = ()

    def acts_on(self, day: date) -> bool:
        """Whether they are in office on that day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerNumber:
    """An identity number that a person had before, such as a D-number. `until`: last day on which it was current."""

    number: str
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Personalia:
    """Personal data. Every field may be missing; the national identity number is never a key.

    `former_numbers`: earlier identity numbers, the oldest first. `interpreter`: the language in which an interpreter is
    needed, as a language code.
    """

    given_name: str | None = None
    family_name: str | None = None
    national_id: str | None = None
    sex: str | None = None
    municipality: str | None = None
    contact: ContactDetails = ContactDetails()
    guardians: tuple[PersonGuardian, ...] = ()
    former_numbers: tuple[FormerNumber, ...] = ()
    interpreter: str | None = None
    died_on: date | None = None


_GUARDIAN_CHANGES = TypeAdapter(tuple[tuple[date, int], ...])


def personalia_of(message_person: message.Person, municipality: str | None) -> Personalia:
    """The personal data of a message. Guardians get the references g1, g2 … in their order."""
    guardians = enumerate(message_person.guardians, start=1)
    return Personalia(
        given_name=message_person.given_name,
        family_name=message_person.family_name,
        national_id=message_person.national_id,
        sex=message_person.sex,
        municipality=municipality,
        contact=ContactDetails(telephone=message_person.contact),
        guardians=tuple(
            PersonGuardian(reference=f"g{n}", name=guardian.name, contact=ContactDetails(telephone=guardian.contact))
            for n, guardian in guardians
        ),
    )


def dump_guardian_changes(changes: tuple[tuple[date, int], ...]) -> str | None:
    """The column `guardian_changes` for this value of `Youth.guardian_changes`."""
    return _GUARDIAN_CHANGES.dump_json(changes).decode() if changes else None


def read_guardian_changes(stored_json: str | None) -> tuple[tuple[date, int], ...]:
    """The value of `Youth.guardian_changes` in this column. Raises `ValueError`."""
    return _GUARDIAN_CHANGES.validate_json(stored_json) if stored_json else ()
