"""The youth as shown to those who may know: who it is, and to fewer how they and their guardians are reached."""

from datetime import date
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel

from ungdom.store import people
from ungdom.store.people import Person, Personalia
from ungdom.workflow.permissions import Fact


class PersonContactOut(BaseModel):
    """How somebody is reached."""

    telephone: str | None
    email: str | None
    address: str | None
    language: str | None

    @classmethod
    def of(cls, known: people.Contact) -> Self:
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
            GuardianOut(reference=one.reference, name=one.name, contact=PersonContactOut.of(one.contact))
            for one in known.guardians
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


def person_out(person: Person, learns: frozenset[Fact]) -> PersonOut | None:
    """The person as far as it may be learnt; the identity number itself never goes out, only what is odd about it."""
    if Fact.PERSON not in learns:
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
        reach=ReachOut.of(known) if known and Fact.REACH in learns else None,
    )


def as_learnt(message: dict[str, Any], learns: frozenset[Fact]) -> dict[str, Any] | None:
    """What a message said, as far as it may be learnt: not where the youth is found, by whom, or by which number."""
    if Fact.PERSON not in learns:
        return None
    return message if Fact.REACH in learns else {name: _unreached(value) for name, value in message.items()}


_REACH = frozenset({"contact", "municipality", "national_id"})


def _unreached(value: Any) -> Any:
    if isinstance(value, list):
        return [_unreached(one) for one in value]
    if isinstance(value, dict):
        return {name: _unreached(inner) for name, inner in value.items() if name not in _REACH}
    return value
