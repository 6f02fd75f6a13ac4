"""Persons and questions of identity as schemas."""

from datetime import date

from ungdom.api.persons.schemas import ComparedOut, Comparison, GivenPersonOut, PersonOut, ReachOut
from ungdom.intake.identity import compare_parts
from ungdom.message import Person
from ungdom.message.names import Agreement, NameComparison
from ungdom.store.people import StoredPerson
from ungdom.store.personalia import Personalia
from ungdom.workflow.rules.permissions import Disclosure


def given_person_out(person: StoredPerson) -> GivenPersonOut:
    return GivenPersonOut(
        given_name=person.personalia.given_name if person.personalia else None,
        family_name=person.personalia.family_name if person.personalia else None,
        born=person.youth.born,
        guardians=person.youth.guardians,
        protection=person.protection,
    )


def comparison_out(given: StoredPerson, known: StoredPerson) -> ComparedOut:
    """The particulars as identity is decided on them: an identity number that the known person has had is equal."""
    own = given.personalia or Personalia()
    parts = compare_parts(
        Person(
            born=given.youth.born,
            family_name=own.family_name,
            given_name=own.given_name,
            national_id=own.national_id,
        ),
        known,
    )
    names = parts.names or NO_NAMES
    return ComparedOut(
        national_id=_COMPARISONS[parts.number],
        born=_COMPARISONS[parts.born],
        family_name=Comparison.DIFFERENT if names.swapped else _COMPARISONS[names.family],
        given_name=Comparison.DIFFERENT if names.swapped else _COMPARISONS[names.given],
    )


NO_NAMES = NameComparison(Agreement.MISSING, Agreement.MISSING)
"""Of an erased person."""

_COMPARISONS = {
    Agreement.EQUAL: Comparison.EQUAL,
    Agreement.PARTIAL: Comparison.EQUAL,
    Agreement.NEAR: Comparison.DIFFERENT,
    Agreement.DIFFERENT: Comparison.DIFFERENT,
    Agreement.MISSING: Comparison.MISSING,
}


def person_out(person: StoredPerson, learns: frozenset[Disclosure], day: date) -> PersonOut | None:
    """The person as far as the viewer may learn of it: never the identity number, only flags about it.

    `day`: on which the guardians are counted.
    """
    if Disclosure.PERSON not in learns:
        return None
    known = person.personalia
    number = person.number
    return PersonOut(
        id=person.person_id,
        given_name=(known and known.given_name) or "",
        family_name=(known and known.family_name) or "",
        birth_year=person.youth.born.year,
        born=person.youth.born,
        guardians=person.youth.guardians_on(day),
        protection=person.protection,
        flags=sorted(str(flag) for flag in number.flags) if number else [],
        reach=ReachOut.of(known) if known and Disclosure.REACH in learns else None,
        erased=known is None,
    )
