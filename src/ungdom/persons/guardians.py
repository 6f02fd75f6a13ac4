"""The number of guardians over time, from the guardians on record with their days in office."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count

from ungdom.intake.identity import normalised_name
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


@dataclass(frozen=True, slots=True)
class NamedGuardian:
    """A guardian as the population register names them. `kind`, `contact` None: as known, or the ordinary kind."""

    name: str
    contact: str | None = None
    kind: GuardianKind | None = None


def guardians_from(
    named: Sequence[NamedGuardian], known: Sequence[PersonGuardian], day: date
) -> tuple[PersonGuardian, ...]:
    """The guardians when those named are the ones in office from that day on.

    Known ones who are in office in the same kind keep their reference. One whose days in office had ended, or who gets
    another kind, begins a new period under a new reference. Others who are in office end the day before. A period that
    begins later stays, or begins on the day if the guardian is named.
    """
    latest = {normalised_name(guardian.name): guardian for guardian in known}
    by_name = {normalised_name(guardian.name): guardian for guardian in named}
    periods = [_period(guardian, by_name.get(normalised_name(guardian.name)), day) for guardian in known]
    in_office = {normalised_name(guardian.name) for guardian in periods if guardian.acts_on(day)}
    new = (_new_period(guardian, latest.get(name), day) for name, guardian in by_name.items() if name not in in_office)
    return (*periods, *new)


def _period(known: PersonGuardian, named: NamedGuardian | None, day: date) -> PersonGuardian:
    """The known period of a guardian as it is after the change; `named` None: who is not guardian from that day on."""
    begins_later = known.since is not None and known.since > day
    if named is not None and named.kind in (None, known.kind):
        return replace(known, since=day) if begins_later else known
    return replace(known, until=day - timedelta(days=1)) if known.acts_on(day) else known


def _new_period(named: NamedGuardian, before: PersonGuardian | None, day: date) -> PersonGuardian:
    """A period from the day on, with what is known of the guardian from `before`, their last one."""
    known = before or PersonGuardian(reference="", name=named.name)
    kind = named.kind or known.kind
    return PersonGuardian(
        reference="",
        name=named.name,
        contact=replace(known.contact, telephone=named.contact) if named.contact else known.contact,
        kind=kind,
        since=day,
        in_place_of=known.in_place_of if kind is known.kind else (),
    )


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
