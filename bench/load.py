"""The load that is measured: cases standing in `preparing`, and the two moves that lead out of it and back.

Every case has the same ten events, walked through the engine; only its person differs. The ids are numbered, so that
pgbench can name a case as well as the service can.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from ungdom.settings import Settings
from ungdom.store import journal, people, reference
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.ids import reference_of, uuid7
from ungdom.store.journal import EventBatch, StoredCase
from ungdom.store.people import NewPerson, Personalia
from ungdom.store.reference import Staff
from ungdom.store.session import Database
from ungdom.workflow import engine, legality
from ungdom.workflow.case import Youth
from ungdom.workflow.events import Event, read_details
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Actor, EventType, Role

OFFICE = "oslo"
COORDINATORS = tuple(f"coordinator-{OFFICE}-{number}" for number in range(1, 13))
OPENED_AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
ID_PREFIX = f"{str(uuid7(OPENED_AT, 0))[:24]}"
"""What all the ids have in common; the number follows in twelve hexadecimal digits."""
MOVED_ON = date(2026, 3, 2)
MOVES = (("postponed", {"reason": "health"}), ("postponement_ended", {}))
"""Out of `preparing` and back: two real moves with their guards."""
BATCH = 500

_YOUTH = Youth(date(2009, 3, 12), guardians=1)
_REGISTERED = {"sanction": "youth_follow_up", "konfliktrad": OFFICE, "offences": [{"on": "2026-01-02"}]}
_HISTORY: tuple[tuple[str, date, Actor, dict[str, Any]], ...] = (
    ("case_registered", date(2026, 1, 5), Actor.POLICE, _REGISTERED),
    ("suspect_set", date(2026, 1, 6), Actor.POLICE, {}),
    ("consent_given", date(2026, 1, 20), Actor.COORDINATOR, {"by": "youth"}),
    ("consent_given", date(2026, 1, 20), Actor.COORDINATOR, {"by": "guardian", "guardian": "g1"}),
    ("investigation_closed", date(2026, 1, 26), Actor.POLICE, {}),
    ("transferred_to_follow_up", date(2026, 2, 2), Actor.PROSECUTION, {"length": {"months": 6}, "guilt_proven": True}),
    ("dispatched", date(2026, 2, 4), Actor.PROSECUTION, {}),
    ("received", date(2026, 2, 6), Actor.COORDINATOR, {}),
    ("assigned", date(2026, 2, 9), Actor.LEADER, {"coordinator": COORDINATORS[0]}),
    ("first_contact", date(2026, 2, 10), Actor.COORDINATOR, {}),
)
EVENTS = len(_HISTORY)
"""Events of a case before anything is measured."""


def case_id(number: int) -> UUID:
    """The id of the case with this number."""
    return uuid7(OPENED_AT, number)


def fill(url: str, settings: Settings, cases: int) -> None:
    """Schema, reference data, staff, and that many cases, at this address."""
    db = Database.open(url)
    db.upgrade()
    keys = EncryptionKeys(settings.people_keys)
    with db.writing() as tx:
        reference.save_staff(tx, _staff())
    numbers = iter(range(cases))
    while batch := [_chapter(number) for number in islice(numbers, BATCH)]:
        with db.writing() as tx:
            people.create_people(tx, keys, [_newcomer(chapter.stored.person_id) for chapter in batch], OPENED_AT)
            journal.append_many(tx, batch)
    db.close()


def viewers() -> list[Viewer]:
    """The coordinators who record the moves."""
    return [Viewer(Role.COORDINATOR, subject, OFFICE) for subject in COORDINATORS]


def _staff() -> list[Staff]:
    return [
        Staff(
            subject=subject,
            konfliktrad=OFFICE,
            role=Role.COORDINATOR,
            display_name=subject,
            active_from=date(2025, 1, 1),
        )
        for subject in COORDINATORS
    ]


def _newcomer(person: UUID) -> NewPerson:
    personalia = Personalia(given_name="Vimsete", family_name="Vaffelpresse")
    return NewPerson(person_id=person, personalia=personalia, born=_YOUTH.born, guardians=_YOUTH.guardians)


def _chapter(number: int) -> EventBatch:
    who, what = uuid7(OPENED_AT, 1 << 40 | number), case_id(number)
    events = list(_events(who))
    assert number or legality.first_illegal_step(_YOUTH, events) is None
    stored = StoredCase(what, reference_of(what), who, _YOUTH, [], 0, OPENED_AT)
    return EventBatch(stored, events, engine.fold(_YOUTH, events))


def _events(person: UUID) -> Iterator[Event]:
    for seq, (kind, on, actor, said) in enumerate(_HISTORY, start=1):
        told = {**said, "person": str(person)} if seq == 1 else said
        yield Event(
            seq=seq,
            type=EventType(kind),
            occurred_on=on,
            recorded_at=datetime(on.year, on.month, on.day, 11, tzinfo=UTC) + timedelta(seconds=seq),
            actor=actor,
            role=Role.LEADER if actor is Actor.LEADER else Role.COORDINATOR,
            subject=COORDINATORS[0],
            source="api",
            details=read_details(EventType(kind), told),
        )
