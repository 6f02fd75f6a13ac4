"""The number of guardians over time, from the guardians on record with their days in office."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import count

from ungdom.persons.errors import UnknownGuardian
from ungdom.store.personalia import GuardianKind, PersonGuardian
from ungdom.workflow.case import Youth


def youth_of(born: date, guardians: Sequence[PersonGuardian]) -> Youth:
    """The facts for the rules: the number of guardians on each day.

    A temporary guardian (midlertidig verge) counts in place of those whom they replace. krl § 11 second paragraph,
    strpl § 83.
    """
    days = sorted(
        {guardian.since for guardian in guardians if guardian.since}
        | {guardian.until + timedelta(days=1) for guardian in guardians if guardian.until}
    )
    changes: list[tuple[date, int]] = []
    first = number = _in_office(guardians, date.min)
    for day in days:
        if (then := _in_office(guardians, day)) != number:
            number = then
            changes.append((day, number))
    return Youth(born, first, tuple(changes))


def with_references(given: Sequence[PersonGuardian], known: Sequence[PersonGuardian]) -> tuple[PersonGuardian, ...]:
    """The guardians, each with a reference: those without one get the next that nobody had. Raises `UnknownGuardian`.

    A reference is never given to another guardian: consents name guardians by it.
    """
    old = {guardian.reference for guardian in known}
    named = [guardian.reference for guardian in given if guardian.reference]
    for reference in named:
        if reference not in old or named.count(reference) > 1:
            raise UnknownGuardian(reference)
    free = (reference for number in count(1) if (reference := f"g{number}") not in old)
    complete = tuple(guardian if guardian.reference else replace(guardian, reference=next(free)) for guardian in given)
    references = {guardian.reference for guardian in complete}
    for guardian in complete:
        for replaced in guardian.in_place_of:
            if replaced not in references or replaced == guardian.reference:
                raise UnknownGuardian(replaced)
    return complete


def _in_office(guardians: Sequence[PersonGuardian], day: date) -> int:
    acting = [guardian for guardian in guardians if guardian.acts_on(day)]
    temporary = [guardian for guardian in acting if guardian.kind is GuardianKind.TEMPORARY]
    replaced = {reference for guardian in temporary for reference in guardian.in_place_of}
    everybody = any(not guardian.in_place_of for guardian in temporary)
    ordinary = [
        guardian
        for guardian in acting
        if guardian.kind is GuardianKind.GUARDIAN and not everybody and guardian.reference not in replaced
    ]
    return len(temporary) + len(ordinary)
