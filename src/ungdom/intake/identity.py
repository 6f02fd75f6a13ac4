"""Who somebody is that a message or a form tells of: the one place where people are compared with those stored.

A case opened by hand, a pushed decision and an official message all ask `who`. Nobody is matched with a person whom the
one who tells of them may not see: their case is opened on a new record, and a question is raised instead.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from uuid import UUID

from ungdom.message import Person
from ungdom.message.national_id import normal
from ungdom.message.text import BLANK, SELECTORS
from ungdom.store import people
from ungdom.store.identity import Doubt
from ungdom.store.identity_tables import Resemblance
from ungdom.store.inbox import May
from ungdom.store.people import Candidate
from ungdom.store.people import Person as Known
from ungdom.store.sealing import Keys
from ungdom.store.session import Connection
from ungdom.store.tables import Protection


class Likeness(Enum):
    """How the person told of stands to a person known."""

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
class Match:
    """`known`: the person it is, if whoever tells of it may see that one. `doubts`: the people it may be as well."""

    known: UUID | None
    doubts: tuple[Doubt, ...]
    all: tuple[Resembling, ...]

    @property
    def hidden(self) -> tuple[Resembling, ...]:
        """The stored people it may be, and of whom whoever tells of it may learn nothing."""
        return tuple(one for one in self.all if not one.seen)


def who(tx: Connection, keys: Keys, given: Person, numbers: Iterable[str], sees: May) -> Match:
    """The stored person that is given, among those with the same identity number or on one of these case numbers.

    `sees`: said of `case_current`, the cases in which whoever gives the person may learn who the youth is. Of several
    that agree the one stored first is chosen. One statement, whatever is stored.
    """
    found = people.candidates(tx, keys, given.national_id, sorted(set(numbers)), sees)
    near = tuple(one for one in _nearest(given, found) if one.how is not Likeness.OTHER)
    known = next((one.person_id for one in near if one.seen and one.how is Likeness.SAME), None)
    return Match(known, tuple(_doubt(one) for one in near if one.person_id != known), near)


def _nearest(given: Person, found: Sequence[Candidate]) -> list[Resembling]:
    """One for each person: of several records of one person the nearest decides."""
    order = list(Likeness)
    best: dict[UUID, Resembling] = {}
    for one in found:
        how = likeness(given, one.person)
        new = Resembling(one.counts, how, one.seen, one.offices, Protection(one.person.protection))
        before = best.get(one.counts)
        if before is None or order.index(how) < order.index(before.how):
            best[one.counts] = new
    return list(best.values())


def _doubt(one: Resembling) -> Doubt:
    return Doubt(one.person_id, Resemblance.AGREES if one.how is Likeness.SAME else Resemblance.CONTRADICTS)


def likeness(said: Person, known: Known) -> Likeness:
    """Whether these are one person. Without a number on both sides the name and the day of birth have to agree."""
    theirs, born = known.personalia, said.born == known.youth.born
    if theirs is None:  # erased: only the day of birth is left, and it tells nobody apart
        return _judged(False, born, True)
    if said.national_id and theirs.national_id:
        equal = normal(said.national_id) == normal(theirs.national_id)
        return _judged(equal, born, equal or _alike(said.family_name, theirs.family_name))
    name = _alike(said.family_name, theirs.family_name) and _fits(said.given_name, theirs.given_name)
    both = bool(said.given_name and theirs.given_name)  # twins share the family name and the day
    return _judged(name and both, born, name)


def _judged(equal: bool, born: bool, near: bool) -> Likeness:
    if equal and born:
        return Likeness.SAME
    return Likeness.CONTRADICTS if (equal or (born and near)) else Likeness.OTHER


def _alike(one: str | None, other: str | None) -> bool:
    """A name that has no letter or digit is no name: it is like no other, and not like itself."""
    mine = bare(one)
    return bool(mine) and mine == bare(other)


def _fits(one: str | None, other: str | None) -> bool:
    """Given names: the shorter telling is enough where all of it stands in the longer."""
    mine, theirs = set(bare(one).split()), set(bare(other).split())
    absent = (not one) or (not other)
    return absent or (bool(mine) and bool(theirs) and (mine <= theirs or theirs <= mine))


def bare(name: str | None) -> str:
    """The name without what is spelled now one way, now another: case, hyphens, apostrophes, accents; å, ä, ö stay."""
    spelled = unicodedata.normalize("NFKD", (name or "").casefold())
    kept = "".join(" " if letter in _HYPHENS else letter for letter in spelled if letter not in _LEFT_OUT)
    bare = (one for one in unicodedata.normalize("NFC", kept) if not unicodedata.combining(one))
    words = "".join(bare).split()
    return " ".join(word for word in words if any(letter.isalnum() for letter in word))


_HYPHENS = frozenset("-\u2010\u2011\u2012\u2013")
_LEFT_OUT = frozenset("'\u2019\u02bc`\u0300\u0301\u0302\u0303\u0304\u030c\u0327") | BLANK | SELECTORS
"""Apostrophes; grave, acute, circumflex, tilde, macron, caron and cedilla; what is drawn as nothing."""
