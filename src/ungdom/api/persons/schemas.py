"""The youth as shown to those who may know: who it is, and to fewer how they and their guardians are reached."""

from datetime import date
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel

from ungdom.store import people
from ungdom.store.people import Personalia, StoredPerson
from ungdom.workflow.rules.permissions import Disclosure


class PersonContactOut(BaseModel):
    """How somebody is reached."""

    telephone: str | None
    email: str | None
    address: str | None
    language: str | None

    @classmethod
    def of(cls, known: people.ContactDetails) -> Self:
        """As it is kept."""
        return cls(telephone=known.telephone, email=known.email, address=known.address, language=known.language)


class GuardianOut(BaseModel):
    """A guardian (verge). `reference`: the word by which consents tell guardians apart."""

    reference: str
    name: str
    contact: PersonContactOut


class ReachOut(BaseModel):
    """Where the youth lives, and how youth and guardians are reached."""

    municipality: str | None
    contact: PersonContactOut
    guardians: list[GuardianOut]

    @classmethod
    def of(cls, known: Personalia) -> Self:
        """As it is kept."""
        named = [
            GuardianOut(reference=guardian.reference, name=guardian.name, contact=PersonContactOut.of(guardian.contact))
            for guardian in known.guardians
        ]
        return cls(municipality=known.municipality, contact=PersonContactOut.of(known.contact), guardians=named)


class PersonOut(BaseModel):
    """The youth, for those who may know. `flags`: what is unusual about the identity number, if one is known.

    `reach`: null for those who may not know it, and once the person is erased. Guardians are graded with the child.
    """

    id: UUID
    given_name: str
    family_name: str
    born: date
    guardians: int
    protection: str
    flags: list[str]
    reach: ReachOut | None


def person_out(person: StoredPerson, learns: frozenset[Disclosure]) -> PersonOut | None:
    """The person as far as it may be learnt; the identity number itself never goes out, only what is odd about it."""
    if Disclosure.PERSON not in learns:
        return None
    known = person.personalia
    number = person.number
    return PersonOut(
        id=person.person_id,
        given_name=(known and known.given_name) or "",
        family_name=(known and known.family_name) or "",
        born=person.youth.born,
        guardians=person.youth.guardians,
        protection=person.protection,
        flags=sorted(str(flag) for flag in number.flags) if number else [],
        reach=ReachOut.of(known) if known and Disclosure.REACH in learns else None,
    )


def redact_message(message: dict[str, Any], learns: frozenset[Disclosure]) -> dict[str, Any] | None:
    """What a message said, as far as it may be learnt: not where the youth is found, by whom, or by which number."""
    if Disclosure.PERSON not in learns:
        return None
    return message if Disclosure.REACH in learns else {name: _without_reach(value) for name, value in message.items()}


_REACH_FIELDS = frozenset({"contact", "municipality", "national_id"})


def _without_reach(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_reach(item) for item in value]
    if isinstance(value, dict):
        return {name: _without_reach(inner) for name, inner in value.items() if name not in _REACH_FIELDS}
    return value
