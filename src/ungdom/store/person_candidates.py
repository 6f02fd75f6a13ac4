"""The stored records that a given person may be: found by identity number, day of birth, name or police case number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, exists, false, func, select, union

from ungdom.message.names import name_key
from ungdom.message.national_id import normalise
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.people import StoredPerson, name_to_digest, newest_version, person_of_row
from ungdom.store.prepared import Prepared
from ungdom.store.records import CANONICAL_ID, canonical_id_of, record, records_of
from ungdom.store.schema.cases import NumberKind, case_current, case_number
from ungdom.store.schema.persons import person, person_number, person_version


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonCandidate:
    """A stored record that may be of a given person. `canonical_id`: the canonical record of its person.

    `visible`: the viewer may know who this person is. `offices`: the konfliktråd that have a case of the person.
    `confirmed`: the person has a case on a police case number that was given.
    """

    person: StoredPerson
    canonical_id: UUID
    visible: bool
    offices: tuple[str, ...]
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Particulars:
    """What a person may be found by."""

    national_id: str | None
    born: date
    given_name: str | None
    family_name: str | None


def candidates(
    tx: Connection,
    keys: EncryptionKeys,
    given: Particulars,
    numbers: Sequence[str],
    disclosable: ColumnElement[bool] | None,
) -> list[PersonCandidate]:
    """The records of people with this identity number, day of birth or name, or a case on one of these numbers.

    Oldest first, in one statement whose text does not depend on the stored data. `disclosable`: condition on
    `case_current`, the cases whose youth the viewer may know; None: no case.
    """
    name = name_key(given.given_name, given.family_name)
    parameters = {
        "digests": keys.digests(normalise(given.national_id)) if given.national_id else [],
        "names": keys.digests(name_to_digest(name)) if name else [],
        "born": given.born,
        "numbers": list(numbers),
    }
    rows = _candidates_query(false() if disclosable is None else disclosable).rows(tx, parameters)
    return [
        PersonCandidate(
            person=person_of_row(keys, row),
            canonical_id=row.counts,
            visible=bool(row.seen),
            offices=tuple(sorted(set((row.offices or "").split()))),
            confirmed=bool(row.confirmed),
        )
        for row in rows
    ]


@lru_cache(maxsize=64)
def _candidates_query(disclosable: ColumnElement[bool]) -> Prepared:
    current, main = case_current, person.alias("main")
    numbered, theirs = person.alias("numbered"), case_current.alias("theirs")
    digested = numbered.c.number_hash.in_(bindparam("digests", expanding=True))
    same_identity = select(canonical_id_of(numbered)).where(digested)
    former = person_number.c.number_hash.in_(bindparam("digests", expanding=True))
    same_former = select(canonical_id_of(numbered)).join(person_number).where(former)
    same_case = select(theirs.c.person_id).join(case_number, case_number.c.case_id == theirs.c.case_id)
    same_case = same_case.where(
        case_number.c.kind == NumberKind.POLICE, case_number.c.number.in_(bindparam("numbers", expanding=True))
    )
    named, versions = person.alias("named_alike"), person_version.alias("versions")
    same_name = select(canonical_id_of(named)).where(named.c.name_hash.in_(bindparam("names", expanding=True)))
    same_day = select(canonical_id_of(named)).join(versions, versions.c.person_id == named.c.person_id)
    same_day = same_day.where(versions.c.born == bindparam("born"), named.c.sealed.is_not(None))
    resembling = select(union(same_identity, same_former, same_case, same_name, same_day).subquery().c[0])
    same_person = current.c.person_id == CANONICAL_ID
    offices = select(func.aggregate_strings(current.c.konfliktrad, " "))
    return Prepared(
        select(
            *record.c["person_id", "sealed", "created_at", "updated_at", "revision", "review_protection", "erased_at"],
            main.c.protection,
            CANONICAL_ID.label("counts"),
            *person_version.c["version", "born", "guardians", "guardian_changes"],
            exists().where(same_person, disclosable).correlate(record).label("seen"),
            offices.where(same_person).correlate(record).scalar_subquery().label("offices"),
            CANONICAL_ID.in_(same_case).label("confirmed"),
        )
        .select_from(record)
        .join(main, main.c.person_id == CANONICAL_ID)
        .join(person_version, person_version.c.person_id == record.c.person_id)
        .where(person_version.c.version == newest_version(record), record.c.person_id.in_(records_of(resembling)))
        .order_by(main.c.created_at, CANONICAL_ID, record.c.person_id)
    )
