"""Questions of identity after a change of name, birth date or identity number: whether it is another stored person.

A changed record is compared with the stored people as one on which a case is opened: docs/persons.md.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from ungdom.intake import IntakeContext
from ungdom.intake.identity import match_person
from ungdom.intake.wait_keys import lock_keys_for_case, lock_keys_of_person
from ungdom.message import Person
from ungdom.store import identity, journal, named_locks, records
from ungdom.store.people import StoredPerson
from ungdom.store.personalia import Personalia
from ungdom.store.schema.cases import NumberKind
from ungdom.store.session import Connection

IDENTITY = frozenset({"given_name", "family_name", "born", "national_id"})
"""The fields of a record by which people are compared."""


def lock(tx: Connection, stored: StoredPerson, values: Mapping[str, Any]) -> None:
    """Locks what other changes and openings would find this record by, if these values change who it is.

    Taken before the row of the person, and in one call, as where a case is opened.
    """
    if IDENTITY.intersection(values):
        named_locks.lock(tx, lock_keys(stored.youth.born, stored.personalia, values))


def lock_keys(born: date, known: Personalia | None, values: Mapping[str, Any]) -> list[str]:
    """The keys by which a record with these values is found."""
    given = _given(born, known, values)
    return [*lock_keys_for_case((), given.national_id), *lock_keys_of_person(given)]


def raise_about(tx: Connection, context: IntakeContext, changed: StoredPerson, by: str) -> None:
    """Raises a question for each other stored person whom the changed record may be about.

    They are shown to those who may see both. None for a pair that was asked about before.
    """
    of_person = journal.cases_of_person(tx, changed.person_id)
    of_cases = [pair for case_id in of_person for pair in journal.numbers_of(tx, case_id)]
    numbers = [number for kind, number in of_cases if kind is NumberKind.POLICE]
    given = _given(changed.youth.born, changed.personalia, {})
    match = match_person(tx, context.keys, given, numbers, None)
    others = [
        doubt
        for doubt in match.doubts
        if doubt.known_id != changed.person_id
        and identity.rejected_between(tx, changed.person_id, doubt.known_id) is None
    ]
    by_case = records.records_by_case(tx, changed.person_id)
    opened_on_it = [case_id for case_id in of_person if by_case[case_id] == changed.person_id]
    case_id = next(iter([*opened_on_it, *of_person]))
    identity.raise_questions(tx, changed.person_id, others, case_id, by, context.now)


def _given(born: date, personalia: Personalia | None, values: Mapping[str, Any]) -> Person:
    """The record with these values, as it is compared."""
    known = personalia or Personalia()
    return Person(
        born=values.get("born", born),
        family_name=values.get("family_name", known.family_name),
        given_name=values.get("given_name", known.given_name),
        national_id=values.get("national_id", known.national_id),
    )
