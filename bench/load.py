"""The load of the benchmarks: cases in the state `preparing`, and the two transitions out of it and back.

Every case has the same ten events, checked by the engine; only the person differs. The ids contain a number, so that
pgbench can address a case as well as the service can.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import chain, cycle, islice
from typing import Any
from uuid import UUID

from ungdom.settings import Settings
from ungdom.store import journal, people
from ungdom.store import staff as staff_store
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.ids import reference_of, uuid7
from ungdom.store.journal import EventBatch, StoredCase
from ungdom.store.people import NewPerson, Personalia
from ungdom.store.projection import CaseIdentity, row_of
from ungdom.store.session import Database
from ungdom.store.staff import Staff
from ungdom.workflow import engine, legality
from ungdom.workflow.case import Youth
from ungdom.workflow.events import Event, read_details
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Actor, EventType, Role

OFFICE = "oslo"
COORDINATORS = tuple(f"coordinator-{OFFICE}-{number}" for number in range(1, 13))
OPENED_AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
ID_PREFIX = f"{str(uuid7(OPENED_AT, 0))[:24]}"
"""The common prefix of all ids; the number follows in twelve hexadecimal digits."""
MOVED_ON = date(2026, 3, 2)
MOVES: tuple[tuple[str, dict[str, Any]], ...] = (("postponed", {"reason": "health"}), ("postponement_ended", {}))
"""Out of `preparing` and back: two transitions with their guards."""
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
_MORE: tuple[tuple[str, dict[str, Any]], ...] = (
    *MOVES,
    ("note_added", {"note": str(uuid7(OPENED_AT, 2 << 40))}),
    ("wait_started", {"party": "youth", "reason": "illness"}),
    ("wait_ended", {"party": "youth"}),
)
_MORE_FROM = date(2026, 2, 11)
"""A long history has these events as well, in turn, a day each from the day after this one."""
EVENTS = len(_HISTORY)
"""Number of events of a case before the measurement."""


def case_id(number: int) -> UUID:
    """The id of the case with this number."""
    return uuid7(OPENED_AT, number)


def case_of_length(length: int, number: int) -> UUID:
    """The id of a case with a history of that length; the number of one with ten events stands for itself."""
    return case_id(number if length == EVENTS else length << 24 | number)


def moved_on(length: int) -> date:
    """The day of the first move that is measured: that of the last event before it, or a later one."""
    return MOVED_ON if length == EVENTS else _MORE_FROM + timedelta(days=length)


def fill(url: str, settings: Settings, cases: int, lengths: tuple[int, ...] = (EVENTS,)) -> None:
    """Create schema, reference data, staff and that many cases of each length in this database."""
    db = Database.open(url)
    db.upgrade()
    keys = EncryptionKeys(settings.people_keys)
    with db.writing() as tx:
        staff_store.save_staff(tx, _staff())
    for length in lengths:
        add_cases(db, keys, length, range(cases))
    db.close()


def add_cases(db: Database, keys: EncryptionKeys, length: int, numbers: Iterable[int]) -> None:
    """Create the cases of that length with these numbers."""
    rest = iter(numbers)
    while batch := [_event_batch(number, length) for number in islice(rest, BATCH)]:
        with db.writing() as tx:
            people.create_people(tx, keys, [(_person(item.stored.person_id), OPENED_AT) for item in batch])
            journal.append_many(tx, batch)


def viewers() -> list[Viewer]:
    """The coordinators who record the transitions."""
    return [Viewer(Role.COORDINATOR, subject, OFFICE) for subject in COORDINATORS]


def _staff() -> list[Staff]:
    return [
        Staff(
            subject=subject,
            konfliktrad=OFFICE,
            roles=(Role.COORDINATOR,),
            display_name=subject,
            active_from=date(2025, 1, 1),
        )
        for subject in COORDINATORS
    ]


def _person(person: UUID) -> NewPerson:
    personalia = Personalia(given_name="Vimsete", family_name="Vaffelpresse")
    return NewPerson(person_id=person, personalia=personalia, born=_YOUTH.born, guardians=_YOUTH.guardians)


def _event_batch(number: int, length: int = EVENTS) -> EventBatch:
    own_id = case_of_length(length, number)
    person_id = uuid7(OPENED_AT, 1 << 40 | own_id.int & 0xFFFFFFFFFF)
    events = list(islice(chain(_events(person_id), _more_events()), length))
    assert number or legality.first_illegal_step(_YOUTH, events) is None
    stored = StoredCase(own_id, reference_of(own_id), person_id, _YOUTH, [], 0, OPENED_AT)
    return EventBatch(stored, events, engine.fold(_YOUTH, events))


def _events(person: UUID, moves: int = 0) -> Iterator[Event]:
    moved = [(kind, MOVED_ON, Actor.COORDINATOR, details) for kind, details in MOVES[:moves]]
    for seq, (kind, on, actor, details) in enumerate((*_HISTORY, *moved), start=1):
        payload = {**details, "person": str(person)} if seq == 1 else details
        yield Event(
            seq=seq,
            type=EventType(kind),
            occurred_on=on,
            recorded_at=datetime(on.year, on.month, on.day, 11, tzinfo=UTC) + timedelta(seconds=seq),
            actor=actor,
            role=Role.LEADER if actor is Actor.LEADER else Role.COORDINATOR,
            subject=COORDINATORS[0],
            source="api",
            details=read_details(EventType(kind), payload),
        )


def _more_events() -> Iterator[Event]:
    """Endless: out of `preparing` and back, a note, a wait and its end, a day each."""
    for place, (kind, details) in enumerate(cycle(_MORE), start=1):
        on = _MORE_FROM + timedelta(days=place)
        yield Event(
            seq=EVENTS + place,
            type=EventType(kind),
            occurred_on=on,
            recorded_at=datetime(on.year, on.month, on.day, 11, tzinfo=UTC),
            actor=Actor.COORDINATOR,
            role=Role.COORDINATOR,
            subject=COORDINATORS[0],
            source="api",
            details=read_details(EventType(kind), details),
        )


DERIVED_COLUMNS = ("waiting_since", "look_on", "act_on", "dated_on", "undated_on", "duties", "task_kinds", "tasks")
"""The columns of the current row that a move changes beside state, version and party: deadlines and open tasks."""


def derived_columns(way: str) -> dict[str, str]:
    """Those columns after a move `out` of `preparing` or `back` to it, as text; `None` where there is none."""
    person = uuid7(OPENED_AT, 0)
    events = list(_events(person, moves=1 if way == "out" else len(MOVES)))
    row = row_of(CaseIdentity(case_id(0), "", person), engine.fold(_YOUTH, events), events[-1])
    return {name: str(row[name]) for name in DERIVED_COLUMNS}
