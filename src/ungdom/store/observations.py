"""Observations of people: later charges and decisions, death, moving abroad and back. Rows are only added.

An observation has versions numbered `n`; the highest counts, also if it is `withdrawn`. The version known at an instant
is the highest one recorded by then. Observations refer to the internal id of a person, and stay after its erasure.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID, uuid5

from sqlalchemy import Connection, bindparam, insert, select

from ungdom.store import bulk, chain_changes
from ungdom.store.records import CANONICAL_ID, people_by_id, record, records_of
from ungdom.store.schema.observations import observation
from ungdom.workflow.vocabulary import ObservationKind

_NAMESPACE = UUID("0c6f6a1e-93a3-4bb5-8d0e-6a4b8f0d52a7")
_ALWAYS = datetime(9999, 12, 31, tzinfo=UTC)
BY_HAND = (ObservationKind.DEATH, ObservationKind.EMIGRATION, ObservationKind.IMMIGRATION)
"""The kinds that people record. The others come only with messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One version. `occurred_on`: day of the charge, decision or event; `offence_on`: day of the offence.

    `matter_id`: shared by a charge and its outcome. `message_id`: the message that contained it.
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
    """The id of the observation from this decision of this system, the same for all versions."""
    return uuid5(_NAMESPACE, f"{source}\n{decision_id}")


def add(tx: Connection, new: Observation) -> None:
    """Writes one version. Raises `DuplicateKey` if the same number was written meanwhile."""
    row = {name: getattr(new, name) for name in new.__slots__}
    tx.execute(insert(observation), row)
    chain_changes.record(tx, observation, row)


def add_many(tx: Connection, new: Sequence[Observation]) -> None:
    """Writes many versions."""
    rows = [{name: getattr(version, name) for name in version.__slots__} for version in new]
    bulk.add(tx, observation, rows)
    chain_changes.record(tx, observation, *rows)


def latest(tx: Connection, observation_id: UUID) -> Observation | None:
    """The newest version, withdrawn or not; None if there is none."""
    row = tx.execute(_LATEST, {"observation_id": observation_id}).mappings().one_or_none()
    return Observation(**row) if row is not None else None


def of_people(
    tx: Connection, person_ids: Sequence[UUID], known_at: datetime | None = None
) -> dict[UUID, list[Observation]]:
    """The observations of these people, now or as known at that instant, by person and day; withdrawn ones left out."""
    parameters = {"person_ids": list(person_ids), "known_at": known_at or _ALWAYS}
    newest = {row["observation_id"]: Observation(**row) for row in tx.execute(_OF_PEOPLE, parameters).mappings()}
    wanted = set(person_ids)
    by_person: defaultdict[UUID, list[Observation]] = defaultdict(list)
    for version in sorted(newest.values(), key=lambda version: (version.occurred_on, version.observation_id)):
        if version.person_id in wanted and not version.withdrawn:  # an earlier version may name another person
            by_person[version.person_id].append(version)
    return dict(by_person)


def by_hand(tx: Connection, person_id: UUID) -> list[Observation]:
    """Every version that people have recorded of this person, in the order recorded."""
    rows = tx.execute(_BY_HAND, {"person_ids": [person_id]}).mappings()
    return [Observation(**row) for row in rows]


C = observation.c
_SELECT_VERSIONS = select(*(column for column in C if column is not C.person_id), CANONICAL_ID.label("person_id")).join(
    record, record.c.person_id == C.person_id
)
"""Every version, with the canonical id of its person."""
_LATEST = _SELECT_VERSIONS.where(C.observation_id == bindparam("observation_id")).order_by(C.n.desc()).limit(1)
_RECORDS = records_of(people_by_id(bindparam("person_ids", expanding=True)))
_OBSERVATION_IDS = select(C.observation_id).where(C.person_id.in_(_RECORDS))
_OF_PEOPLE = _SELECT_VERSIONS.where(
    C.observation_id.in_(_OBSERVATION_IDS), C.recorded_at <= bindparam("known_at")
).order_by(C.observation_id, C.n)
_BY_HAND = _SELECT_VERSIONS.where(C.person_id.in_(_RECORDS), C.kind.in_(BY_HAND)).order_by(
    C.recorded_at, C.observation_id, C.n
)
