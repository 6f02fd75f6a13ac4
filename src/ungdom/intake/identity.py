"""Who somebody is that a message or a form tells of: the one place where people are compared with those stored.

A case opened by hand, a pushed decision and an official message all ask `match_person`. Nobody is matched with a person
whom the one who tells of them may not see: their case is opened on a new record, and a question is raised instead.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from uuid import UUID

from ungdom.message import Person
from ungdom.message.national_id import normalise
from ungdom.message.text import BLANK, SELECTORS
from ungdom.store import people
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.identity import PossibleMatch
from ungdom.store.inbox import MessageVisibility
from ungdom.store.people import PersonCandidate
from ungdom.store.people import StoredPerson as Known
from ungdom.store.schema.identity import Resemblance
from ungdom.store.session import Connection
from ungdom.workflow.vocabulary import Protection


class Likeness(Enum):
    """How the person given stands to a person known."""

    SAME = auto()
    OTHER = auto()
    CONTRADICTS = auto()


@dataclass(frozen=True, slots=True)
class Resembling:
    """A stored person, with how the person given compares with the record of it that is nearest.

    `offices`, `protection`: of the stored person, for whoever may be asked about it.
    """

    person_id: UUID
    how: Likeness
    seen: bool
    offices: tuple[str, ...]
    protection: Protection


@dataclass(frozen=True, slots=True)
class PersonMatch:
    """`known`: the person it is, if whoever tells of it may see that one. `resembling`: every person it may be.

    `doubts`: the people of whom it is asked whether the new record is of them; none where no record is made.
    """

    known: UUID | None
    doubts: tuple[PossibleMatch, ...]
    resembling: tuple[Resembling, ...]

    @property
    def hidden(self) -> tuple[Resembling, ...]:
        """The stored people it may be, and of whom whoever tells of it may learn nothing."""
        return tuple(person for person in self.resembling if not person.seen)


def match_person(
    tx: Connection, keys: EncryptionKeys, given: Person, numbers: Iterable[str], sees: MessageVisibility
) -> PersonMatch:
    """The stored person that is given, among those with the same identity number or on one of these case numbers.

    `sees`: said of `case_current`, the cases in which whoever gives the person may learn who the youth is. Of several
    that agree the one stored first is chosen. One statement, whatever is stored.
    """
    candidates = people.candidates(tx, keys, given.national_id, sorted(set(numbers)), sees)
    near = tuple(person for person in _resembling(given, candidates) if person.how is not Likeness.OTHER)
    known = next((person.person_id for person in near if person.seen and person.how is Likeness.SAME), None)
    return PersonMatch(known, () if known else tuple(map(_doubt, near)), near)


def _resembling(given: Person, candidates: Sequence[PersonCandidate]) -> list[Resembling]:
    """One for each person, in the order of the candidates."""
    records: dict[UUID, list[PersonCandidate]] = {}
    for candidate in candidates:
        records.setdefault(candidate.canonical_id, []).append(candidate)
    return [_resemblance(given, person_id, person_records) for person_id, person_records in records.items()]


def _resemblance(given: Person, person_id: UUID, records: Sequence[PersonCandidate]) -> Resembling:
    first = records[0]
    how = nearest(given, [record.person for record in records])
    return Resembling(person_id, how, first.visible, first.offices, Protection(first.person.protection))


def _doubt(person: Resembling) -> PossibleMatch:
    how = Resemblance.AGREES if person.how is Likeness.SAME else Resemblance.CONTRADICTS
    return PossibleMatch(person.person_id, how)


def compare(tx: Connection, keys: EncryptionKeys, given: Person, person_id: UUID) -> Likeness:
    """How the person given stands to the stored person for whom this id counts."""
    return nearest(given, people.read_records(tx, keys, person_id))


def nearest(given: Person, records: Sequence[Known]) -> Likeness:
    """How the person given stands to a person with these records: the one that is nearest decides."""
    return min((likeness(given, record) for record in records), key=list(Likeness).index)


def likeness(given: Person, known: Known) -> Likeness:
    """Whether these are one person. Without a number on both sides the name and the day of birth have to agree."""
    theirs, born = known.personalia, given.born == known.youth.born
    if theirs is None:  # erased: only the day of birth is left, and it tells nobody apart
        return _likeness_from(False, born, True)
    if given.national_id and theirs.national_id:
        equal = normalise(given.national_id) == normalise(theirs.national_id)
        return _likeness_from(equal, born, equal or _same_name(given.family_name, theirs.family_name))
    name = _same_name(given.family_name, theirs.family_name) and _given_names_fit(given.given_name, theirs.given_name)
    both = bool(given.given_name and theirs.given_name)  # twins share the family name and the day
    return _likeness_from(name and both, born, name)


def _likeness_from(equal: bool, born: bool, near: bool) -> Likeness:
    if equal and born:
        return Likeness.SAME
    return Likeness.CONTRADICTS if (equal or (born and near)) else Likeness.OTHER


def _same_name(given: str | None, known: str | None) -> bool:
    """A name that has no letter or digit is no name: it is like no other, and not like itself."""
    name = normalised_name(given)
    return bool(name) and name == normalised_name(known)


def _given_names_fit(given: str | None, known: str | None) -> bool:
    """Given names: the shorter telling is enough where all of it stands in the longer."""
    if not given or not known:
        return True
    shorter, longer = sorted((set(normalised_name(given).split()), set(normalised_name(known).split())), key=len)
    return bool(shorter) and shorter <= longer


def normalised_name(name: str | None) -> str:
    """The name without what is spelled now one way, now another: case, hyphens, apostrophes, accents; å, ä, ö stay."""
    spelled = unicodedata.normalize("NFKD", (name or "").casefold())
    separated = "".join(" " if letter in _HYPHENS else letter for letter in spelled if letter not in _LEFT_OUT)
    letters = (letter for letter in unicodedata.normalize("NFC", separated) if not unicodedata.combining(letter))
    words = "".join(letters).split()
    return " ".join(word for word in words if any(letter.isalnum() for letter in word))


_HYPHENS = frozenset("-\u2010\u2011\u2012\u2013")
_LEFT_OUT = frozenset("'\u2019\u02bc`\u0300\u0301\u0302\u0303\u0304\u030c\u0327") | BLANK | SELECTORS
"""Apostrophes; grave, acute, circumflex, tilde, macron, caron and cedilla; what is drawn as nothing."""
