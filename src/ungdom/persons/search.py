"""Searching persons by name, birth date or identity number, among those whose identity the searcher may learn."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ungdom.intake.identity import normalised_name
from ungdom.persons.sight import PersonSight, sight_of
from ungdom.store import people, person_search
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.people import StoredPerson
from ungdom.store.personalia import Personalia
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import Viewer


@dataclass(frozen=True, slots=True)
class PersonCriteria:
    """What is searched by; at least one is given, and all that are given have to hold. `limit`: of persons."""

    name: str | None
    born: date | None
    national_id: str | None
    limit: int

    @property
    def names(self) -> str:
        """The names of the criteria that are given, separated by blanks."""
        given = {"name": self.name, "born": self.born, "national_id": self.national_id}
        return " ".join(name for name, value in given.items() if value is not None)


@dataclass(frozen=True, slots=True)
class PersonHits:
    """The persons found, each with what the searcher may learn; `more`: there are others, so search more narrowly."""

    people: tuple[tuple[StoredPerson, PersonSight], ...]
    more: bool


def search(tx: Connection, keys: EncryptionKeys, viewer: Viewer, criteria: PersonCriteria) -> PersonHits:
    """The persons who fit, the newest first."""
    person_ids: list[UUID] = []
    for record in person_search.records_visible_to(tx, keys, viewer, criteria.born, criteria.national_id):
        fits = criteria.name is None or _fits(criteria.name, record.personalia)
        if fits and record.canonical_id not in person_ids:
            person_ids.append(record.canonical_id)
        if len(person_ids) > criteria.limit:
            break
    shown = person_ids[: criteria.limit]
    stored = (people.read_person(tx, keys, canonical_id) for canonical_id in shown)
    pairs = tuple((person, sight_of(tx, viewer, person.person_id)) for person in stored if person is not None)
    return PersonHits(pairs, len(person_ids) > criteria.limit)


def _fits(name: str, personalia: Personalia | None) -> bool:
    """Whether each word of the name begins a word of the given or family name, without regard to form."""
    if personalia is None:
        return False
    words = normalised_name(f"{personalia.given_name or ''} {personalia.family_name or ''}").split()
    wanted = normalised_name(name).split()
    return bool(wanted) and all(any(word.startswith(part) for word in words) for part in wanted)
