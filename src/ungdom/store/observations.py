"""Observations of people: later charges and decisions, death, moving abroad and back. Rows are only added.

An observation is told several times: each telling has the next number `n`, and the highest one counts, also when it
says that there is nothing to observe (`withdrawn`). What was known at an instant is the highest one recorded by then.
An observation hangs on the internal id of a person and stays when the person is erased.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, bindparam, insert, select

from ungdom.store import bulk
from ungdom.store.records import CANONICAL_ID, people_by_id, record, records_of
from ungdom.store.schema.observations import observation
from ungdom.workflow.vocabulary import ObservationKind

_NAMESPACE = UUID("0c6f6a1e-93a3-4bb5-8d0e-6a4b8f0d52a7")
_ALWAYS = datetime(9999, 12, 31, tzinfo=UTC)
BY_HAND = (ObservationKind.DEATH, ObservationKind.EMIGRATION, ObservationKind.IMMIGRATION)
"""What people record. The others come with messages only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One telling. `occurred_on`: of the charge, of the decision, of what happened; `offence_on`: of the act.

    `matter_id`: shared by a charge and what became of it. `message_id`: the message that told of it.
    """

    observation_id: UUID
    n: int
    person_id: UUID
    kind: ObservationKind
    occurred_on: date
    recorded_at: datetime
    source: str
    subject: str
    offence_on: date | None = None
    matter_id: UUID | None = None
    simplified_fine: bool = False
    withdrawn: bool = False
    message_id: UUID | None = None


def id_of(source: str, decision_id: str) -> UUID:
    """The id of what this decision of this system is an observation of, in all of its versions."""
    return uuid5(_NAMESPACE, f"{source}\n{decision_id}")


def add(tx: Connection, new: Observation) -> None:
    """Write one telling. Raises `DuplicateKey` when somebody wrote the same number meanwhile."""
    tx.execute(insert(observation), {name: getattr(new, name) for name in new.__slots__})


def add_many(tx: Connection, new: Sequence[Observation]) -> None:
    """Many at once."""
    bulk.add(tx, observation, [{name: getattr(version, name) for name in version.__slots__} for version in new])


def latest(tx: Connection, observation_id: UUID) -> Observation | None:
    """The telling that counts, withdrawn or not; None when there has been none."""
    row = tx.execute(_LATEST, {"observation_id": observation_id}).mappings().one_or_none()
    return Observation(**row) if row is not None else None


def of_people(
    tx: Connection, person_ids: Sequence[UUID], known_at: datetime | None = None
) -> dict[UUID, list[Observation]]:
    """What is known of these people, or was at that instant: by person, in the order of days; withdrawn left out."""
    by_person: defaultdict[UUID, list[Observation]] = defaultdict(list)
    parameters = {"person_ids": list(person_ids), "known_at": known_at or _ALWAYS}
    wanted = set(person_ids)
    for version in _latest_versions(map(_observation, tx.execute(_OF_PEOPLE, parameters).mappings())):
        if version.person_id in wanted:  # another telling may have been about somebody else
            by_person[version.person_id].append(version)
    return {person_id: sorted(versions, key=_sort_key) for person_id, versions in by_person.items()}


def by_hand(tx: Connection, person_id: UUID) -> list[Observation]:
    """Every telling of what people have recorded of this person, in the order recorded."""
    rows = tx.execute(_BY_HAND, {"person_ids": [person_id]}).mappings()
    return [_observation(row) for row in rows]


def _latest_versions(versions: Iterable[Observation]) -> Iterable[Observation]:
    """Of each observation the telling that counts. They come in the order of their numbers."""
    last = {version.observation_id: version for version in versions}
    return (version for version in last.values() if not version.withdrawn)


def _observation(row: Any) -> Observation:
    return Observation(**row)


def _sort_key(version: Observation) -> tuple[date, UUID]:
    return version.occurred_on, version.observation_id


C = observation.c
_SELECT_VERSIONS = select(*(column for column in C if column is not C.person_id), CANONICAL_ID.label("person_id")).join(
    record, record.c.person_id == C.person_id
)
"""Each telling, with the record that counts of the person it is of."""
_LATEST = _SELECT_VERSIONS.where(C.observation_id == bindparam("observation_id")).order_by(C.n.desc()).limit(1)
_RECORDS = records_of(people_by_id(bindparam("person_ids", expanding=True)))
_OBSERVATION_IDS = select(C.observation_id).where(C.person_id.in_(_RECORDS))
_OF_PEOPLE = _SELECT_VERSIONS.where(
    C.observation_id.in_(_OBSERVATION_IDS), C.recorded_at <= bindparam("known_at")
).order_by(C.observation_id, C.n)
_BY_HAND = _SELECT_VERSIONS.where(C.person_id.in_(_RECORDS), C.kind.in_(BY_HAND)).order_by(
    C.recorded_at, C.observation_id, C.n
)
