"""Comparing the person in a message or a form with the stored people, for every way in which a case is opened.

`match_person` serves cases opened by hand, pushed decisions and official messages. It matches nobody with a person whom
the sender may not see: their case is opened on a new record, and a question of identity is raised instead.

Identity number, day of birth, family name and given names are weighed together (office norm, docs/persons.md). A part
that is missing neither agrees nor contradicts. A police case number confirms, and alone decides nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum, auto
from uuid import UUID

from ungdom.message import Person
from ungdom.message.names import Agreement, NameComparison, compare_names
from ungdom.message.names import normalised_name as normalised_name  # noqa: PLC0414  # part of the interface
from ungdom.message.national_id import check_national_id, normalise
from ungdom.store import people, person_candidates
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.identity import PossibleMatch
from ungdom.store.inbox import MessageVisibility
from ungdom.store.people import StoredPerson as Known
from ungdom.store.person_candidates import Particulars, PersonCandidate
from ungdom.store.schema.identity import Resemblance
from ungdom.store.session import Connection
from ungdom.workflow.vocabulary import Protection


class Likeness(Enum):
    """How a given person compares with a stored one.

    `CONTRADICTS`: probably the same, with a contradiction, so a message is parked. `RESEMBLES`: too much is equal to
    pass it over, so a question is raised, but the case is opened.
    """

    SAME = auto()
    CONTRADICTS = auto()
    RESEMBLES = auto()
    OTHER = auto()


class IdentityPart(StrEnum):
    """A part of what is given that contradicts what is stored."""

    NATIONAL_ID = "national_id"
    BORN = "born"
    FAMILY_NAME = "family_name"
    GIVEN_NAME = "given_name"
    NAMES_SWAPPED = "names_swapped"
    NOT_ENOUGH = "not_enough"  # nothing contradicts, but too little is given to tell


@dataclass(frozen=True, slots=True)
class PersonComparison:
    """How each part of a given person compares with a stored one. `names`: None if the stored person is erased.

    `number_proves`: the numbers are different, both well-formed and of one kind, so that they name two people.
    """

    number: Agreement
    born: Agreement
    names: NameComparison | None
    number_proves: bool = False

    @property
    def contradictions(self) -> tuple[IdentityPart, ...]:
        """The parts that contradict, in the order of their weight; `NOT_ENOUGH` if none does."""
        names = self.names
        family = names is not None and names.family in (Agreement.NEAR, Agreement.DIFFERENT)
        given = names is not None and names.given in (Agreement.NEAR, Agreement.DIFFERENT)
        parts = (
            (IdentityPart.NATIONAL_ID, self.number is Agreement.DIFFERENT),
            (IdentityPart.BORN, self.born is not Agreement.EQUAL),
            (IdentityPart.FAMILY_NAME, family),
            (IdentityPart.GIVEN_NAME, given),
            (IdentityPart.NAMES_SWAPPED, names is not None and names.swapped),
        )
        return tuple(part for part, holds in parts if holds) or (IdentityPart.NOT_ENOUGH,)


@dataclass(frozen=True, slots=True)
class Resembling:
    """A stored person, and how the given person compares with the nearest of their records.

    `contradictions`: the parts of that record that contradict. `by_number`: its identity number is the given one.
    `confirmed`: they have a case on a police case number that was given. `offices`, `protection`: of the stored person,
    for those who answer questions of identity.
    """

    person_id: UUID
    how: Likeness
    seen: bool
    offices: tuple[str, ...]
    protection: Protection
    contradictions: tuple[IdentityPart, ...] = ()
    by_number: bool = False
    confirmed: bool = False


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
    tx: Connection, keys: EncryptionKeys, given: Person, numbers: Iterable[str], sees: MessageVisibility | None
) -> PersonMatch:
    """The match of a person among those who share an identity number, a day of birth, a name or a police case number.

    `sees`: condition on `case_current` for the cases in which the sender may learn who the youth is; None: in no case,
    so that nobody is known. One statement, whatever is stored.
    """
    particulars = Particulars(given.national_id, given.born, given.given_name, given.family_name)
    candidates = person_candidates.candidates(tx, keys, particulars, sorted(set(numbers)), sees)
    near = tuple(person for person in _resembling(given, candidates) if person.how is not Likeness.OTHER)
    known = _known(near)
    doubts = (
        PossibleMatch(person.person_id, Resemblance.AGREES if person.how is Likeness.SAME else Resemblance.CONTRADICTS)
        for person in near
    )
    return PersonMatch(known, () if known else tuple(doubts), near)


def _known(near: Sequence[Resembling]) -> UUID | None:
    """The person it is, of those whom the sender may see.

    Of several that agree, the one with the identity number, stored first; without it the only one, or the only one on
    a given police case number.
    """
    same = [person for person in near if person.seen and person.how is Likeness.SAME]
    numbered = [person for person in same if person.by_number]
    confirmed = [person for person in same if person.confirmed]
    if numbered:
        return numbered[0].person_id
    return next((people[0].person_id for people in (same, confirmed) if len(people) == 1), None)


def _resembling(given: Person, candidates: Sequence[PersonCandidate]) -> list[Resembling]:
    """One per person, in the order of the candidates."""
    records: dict[UUID, list[PersonCandidate]] = {}
    for candidate in candidates:
        records.setdefault(candidate.canonical_id, []).append(candidate)
    return [_resembling_person(given, person_id, of_person) for person_id, of_person in records.items()]


def _resembling_person(given: Person, person_id: UUID, records: Sequence[PersonCandidate]) -> Resembling:
    main = records[0]
    compared = [compare_parts(given, record.person) for record in records]
    how, nearest = min(((weighed_likeness(parts, main.confirmed), parts) for parts in compared), key=_distance)
    return Resembling(
        person_id=person_id,
        how=how,
        seen=main.visible,
        offices=main.offices,
        protection=Protection(main.person.protection),
        contradictions=nearest.contradictions if how is not Likeness.SAME else (),
        by_number=any(parts.number is Agreement.EQUAL for parts in compared),
        confirmed=main.confirmed,
    )


def _distance(weighed: tuple[Likeness, PersonComparison]) -> int:
    return list(Likeness).index(weighed[0])


def compare(tx: Connection, keys: EncryptionKeys, given: Person, person_id: UUID) -> tuple[Likeness, PersonComparison]:
    """How the given person compares with the stored person of a case that the message is said to be about."""
    records = people.read_records(tx, keys, person_id)
    weighed = ((weighed_likeness(parts, True), parts) for parts in (compare_parts(given, record) for record in records))
    return min(weighed, key=_distance)


def compare_parts(given: Person, known: Known) -> PersonComparison:
    """Each part of two people compared: identity number with its history, day of birth, names."""
    theirs, born = known.personalia, _compare_days(given.born, known.youth.born)
    if theirs is None:
        return PersonComparison(Agreement.MISSING, born, None)
    own = normalise(given.national_id or "")
    numbers = {normalise(number) for number in _numbers_of(known)}
    number = Agreement.MISSING if not own or not numbers else Agreement.DIFFERENT
    names = compare_names((given.given_name, given.family_name), (theirs.given_name, theirs.family_name))
    if own in numbers:
        return PersonComparison(Agreement.EQUAL, born, names)
    return PersonComparison(number, born, names, number is Agreement.DIFFERENT and _name_two_people(own, numbers))


def _numbers_of(known: Known) -> tuple[str, ...]:
    """Every identity number that this record has or has had."""
    theirs = known.personalia
    if theirs is None:
        return ()
    numbers = (theirs.national_id, *(former.number for former in theirs.former_numbers))
    return tuple(number for number in numbers if number)


def _name_two_people(own: str, numbers: Iterable[str]) -> bool:
    """Whether a number and all of these are well-formed and of one kind: a D-number is followed by a birth number."""
    checks = [check_national_id(number) for number in (own, *numbers) if number]
    return all(check.is_well_formed for check in checks) and len({check.d_number for check in checks}) == 1


def _compare_days(left: date, right: date) -> Agreement:
    """Near: two of day, month and year are equal, day and month are swapped, or one is 1 January of the same year.

    1 January is registered where the day is not known.
    """
    if left == right:
        return Agreement.EQUAL
    same_year = left.year == right.year
    equal = same_year + (left.month == right.month) + (left.day == right.day)
    swapped = same_year and (left.day, left.month) == (right.month, right.day)
    placeholder = same_year and (1, 1) in ((left.month, left.day), (right.month, right.day))
    return Agreement.NEAR if equal == _ALL_BUT_ONE or swapped or placeholder else Agreement.DIFFERENT


_ALL_BUT_ONE = 2


# --- weighing -----------------------------------------------------------------------------------------------


def weighed_likeness(parts: PersonComparison, confirmed: bool) -> Likeness:
    """The parts weighed together. `confirmed`: a police case number is the same as well."""
    names = parts.names
    if names is None:  # erased: only the day of birth is left, which many people share
        return Likeness.CONTRADICTS if confirmed and parts.born is Agreement.EQUAL else Likeness.OTHER
    if parts.number is Agreement.EQUAL:
        agrees = parts.born is Agreement.EQUAL and not names.contradicts
        return Likeness.SAME if agrees else Likeness.CONTRADICTS
    if parts.born is Agreement.EQUAL:
        return _weighed_names(parts, names, confirmed)
    if parts.born is Agreement.NEAR and names.resembles:
        apart = parts.number is Agreement.DIFFERENT and not confirmed
        return Likeness.RESEMBLES if apart else Likeness.CONTRADICTS
    whole = names.is_whole or names.swapped
    return Likeness.CONTRADICTS if confirmed and whole else Likeness.OTHER


def _weighed_names(parts: PersonComparison, names: NameComparison, confirmed: bool) -> Likeness:
    """The names of people born on one day whose identity numbers are missing or different."""
    if names.is_whole and parts.number is Agreement.MISSING:
        return Likeness.SAME
    if names.resembles or (confirmed and (names.share_a_part or names.is_missing)):
        return Likeness.CONTRADICTS
    if names.family is Agreement.EQUAL or (names.share_a_part and not parts.number_proves):
        return Likeness.RESEMBLES  # twins share family name and day; so does who changes number and given name at once
    return Likeness.OTHER
