"""Persons and questions of identity as schemas."""

from datetime import date

from ungdom.api.persons.schemas import ComparedOut, Comparison, GivenPersonOut, PersonOut, ReachOut
from ungdom.message.names import Agreement, compare_names
from ungdom.message.national_id import normalise
from ungdom.store.people import StoredPerson
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
    sides = (given.personalia, known.personalia)
    numbers = [normalise(who.national_id or "") if who else "" for who in sides]
    names = compare_names(*((who.given_name, who.family_name) if who else (None, None) for who in sides))
    return ComparedOut(
        national_id=_comparison(*numbers),
        born=Comparison.EQUAL if given.youth.born == known.youth.born else Comparison.DIFFERENT,
        family_name=Comparison.DIFFERENT if names.swapped else _COMPARISONS[names.family],
        given_name=Comparison.DIFFERENT if names.swapped else _COMPARISONS[names.given],
    )


_COMPARISONS = {
    Agreement.EQUAL: Comparison.EQUAL,
    Agreement.PARTIAL: Comparison.EQUAL,
    Agreement.NEAR: Comparison.DIFFERENT,
    Agreement.DIFFERENT: Comparison.DIFFERENT,
    Agreement.MISSING: Comparison.MISSING,
}


def _comparison(given: str, known: str) -> Comparison:
    if not given or not known:
        return Comparison.MISSING
    return Comparison.EQUAL if given == known else Comparison.DIFFERENT


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
    )
