"""Comparing the person in a message or a form with the stored people, for every way in which a case is opened.

`match_person` serves cases opened by hand, pushed decisions and official messages. It matches nobody with a person whom
the sender may not see: their case is opened on a new record, and a question of identity is raised instead.
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
    """How a given person compares with a stored one."""

    SAME = auto()
    OTHER = auto()
    CONTRADICTS = auto()


@dataclass(frozen=True, slots=True)
class Resembling:
    """A stored person, and how the given person compares with the nearest of their records.

    `offices`, `protection`: of the stored person, for those who answer questions of identity.
    """

    person_id: UUID
    how: Likeness
    seen: bool
    offices: tuple[str, ...]
    protection: Protection


@dataclass(frozen=True, slots=True)
class PersonMatch:
    """`known`: the matched person, whom the sender may see. `resembling`: every person it may be.

    `doubts`: the people for whom a question of identity is raised; none where the person is known.
    """

    known: UUID | None
    doubts: tuple[PossibleMatch, ...]
    resembling: tuple[Resembling, ...]

    @property
    def hidden(self) -> tuple[Resembling, ...]:
        """The stored people it may be and whom the sender may not see."""
        return tuple(person for person in self.resembling if not person.seen)


def match_person(
    tx: Connection, keys: EncryptionKeys, given: Person, numbers: Iterable[str], sees: MessageVisibility
) -> PersonMatch:
    """The match of a person among those with the same identity number or with a case on one of these numbers.

    `sees`: condition on `case_current` for the cases in which the sender may learn who the youth is. Of several people
    that agree the one stored first is chosen. One statement, whatever is stored.
    """
    candidates = people.candidates(tx, keys, given.national_id, sorted(set(numbers)), sees)
    near = tuple(person for person in _resembling(given, candidates) if person.how is not Likeness.OTHER)
    known = next((person.person_id for person in near if person.seen and person.how is Likeness.SAME), None)
    doubts = (
        PossibleMatch(person.person_id, Resemblance.AGREES if person.how is Likeness.SAME else Resemblance.CONTRADICTS)
        for person in near
    )
    return PersonMatch(known, () if known else tuple(doubts), near)


def _resembling(given: Person, candidates: Sequence[PersonCandidate]) -> list[Resembling]:
    """One per person, in the order of the candidates."""
    records: dict[UUID, list[PersonCandidate]] = {}
    for candidate in candidates:
        records.setdefault(candidate.canonical_id, []).append(candidate)
    return [
        Resembling(
            person_id=person_id,
            how=nearest(given, [candidate.person for candidate in of_person]),
            seen=of_person[0].visible,
            offices=of_person[0].offices,
            protection=Protection(of_person[0].person.protection),
        )
        for person_id, of_person in records.items()
    ]


def compare(tx: Connection, keys: EncryptionKeys, given: Person, person_id: UUID) -> Likeness:
    """How the given person compares with the stored person of this id."""
    return nearest(given, people.read_records(tx, keys, person_id))


def nearest(given: Person, records: Sequence[Known]) -> Likeness:
    """How the given person compares with a person of these records: the nearest record decides."""
    return min((likeness(given, record) for record in records), key=list(Likeness).index)


def likeness(given: Person, known: Known) -> Likeness:
    """How two people compare. Without an identity number on both sides, name and day of birth have to agree."""
    theirs, born = known.personalia, given.born == known.youth.born
    if theirs is None:  # erased: only the day of birth is left, which many people share
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
    """Whether the names are equal. A name without letter or digit is no name, and equals none, not even itself."""
    name = normalised_name(given)
    return bool(name) and name == normalised_name(known)


def _given_names_fit(given: str | None, known: str | None) -> bool:
    """Whether all given names of the shorter list are in the longer one; also true where one is missing."""
    if not given or not known:
        return True
    shorter, longer = sorted((set(normalised_name(given).split()), set(normalised_name(known).split())), key=len)
    return bool(shorter) and shorter <= longer


def normalised_name(name: str | None) -> str:
    """The name without case, hyphens, apostrophes and accents; å, ä and ö stay."""
    spelled = unicodedata.normalize("NFKD", (name or "").casefold())
    separated = "".join(" " if letter in _HYPHENS else letter for letter in spelled if letter not in _LEFT_OUT)
    letters = (letter for letter in unicodedata.normalize("NFC", separated) if not unicodedata.combining(letter))
    words = "".join(letters).split()
    return " ".join(word for word in words if any(letter.isalnum() for letter in word))


_HYPHENS = frozenset("-\u2010\u2011\u2012\u2013")
_LEFT_OUT = frozenset("'\u2019\u02bc`\u0300\u0301\u0302\u0303\u0304\u030c\u0327") | BLANK | SELECTORS
"""Apostrophes; grave, acute, circumflex, tilde, macron, caron and cedilla; characters without a glyph."""
