"""Cases for the tests of the store: one youth follow-up told from registration to completion, in any length."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Table, insert, select

from ungdom.store import chain_changes, journal, outbox, people
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.journal import StoredCase
from ungdom.store.personalia import Personalia
from ungdom.store.schema.cases import case_current, case_file
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import Length
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.engine import fold
from ungdom.workflow.events import Event
from ungdom.workflow.vocabulary import PHASE, Actor, EventType, Protection, Role, Sanction, State

E = EventType
SECRET = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
KEYS = EncryptionKeys([SECRET])
YOUTH = Youth(date(2009, 5, 17), 2)
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
FIRST_DAY = date(2026, 1, 5)

STORY: tuple[tuple[EventType, d.Details], ...] = (
    (E.SUSPECT_SET, d.Details()),
    (E.INVESTIGATION_CLOSED, d.Details()),
    (E.TRANSFERRED_TO_FOLLOW_UP, d.TransferredToFollowUp(length=Length(months=8), guilt_proven=True)),
    (E.RECEIVED, d.Received()),
    (E.ASSIGNED, d.Assigned(coordinator="kari")),
    (E.TEAM_MEMBER_JOINED, d.MemberJoined(member="school-1", agency=d.Attendee.SCHOOL)),
    (E.PLAN_MEETING_HELD, d.PlanMeetingHeld(present=(d.Attendee.YOUTH, d.Attendee.GUARDIAN))),
    (E.TEAM_MEMBER_JOINED, d.MemberJoined(member="police-1", agency=d.Attendee.POLICE)),
    (E.TEAM_MEMBER_LEFT, d.MemberLeft(member="school-1")),
    (E.COMPLETED, d.Details()),
)
"""What happens after the registration, one event a week."""

ASSIGNED, TEAM, EXECUTING, CLOSED = 6, 7, 8, 11
"""How many events are needed to be assigned, to have a team, to execute, to be closed."""


def registration(person: UUID, konfliktrad: str = "oslo", first_day: date = FIRST_DAY) -> Event:
    offence = d.Offence(on=first_day - timedelta(days=30))
    details = d.CaseRegistered(
        sanction=Sanction.YOUTH_FOLLOW_UP, konfliktrad=konfliktrad, person=person, offences=(offence,)
    )
    return event(1, E.CASE_REGISTERED, details, first_day)


def event(seq: int, kind: EventType, details: d.Details | None = None, first_day: date = FIRST_DAY) -> Event:
    """The event with that number, a week after the one before it, recorded at noon of its day."""
    days = timedelta(weeks=seq - 1)
    return Event(
        seq=seq,
        type=kind,
        occurred_on=first_day + days,
        recorded_at=datetime.combine(first_day, NOON.timetz()) + days,
        actor=Actor.COORDINATOR,
        role=Role.COORDINATOR,
        subject="kari",
        source="tests",
        details=details or d.Details(),
    )


def told(length: int, person: UUID | None = None, konfliktrad: str = "oslo", first_day: date = FIRST_DAY) -> StoredCase:
    """A case with that many events of the story, not written anywhere."""
    who, case_id = person or uuid4(), uuid4()
    story = [event(seq, *line, first_day) for seq, line in enumerate(STORY[: length - 1], start=2)]
    events = [registration(who, konfliktrad, first_day), *story]
    return StoredCase(case_id, f"R-{case_id.hex[:10]}", who, YOUTH, events, length, NOON, Protection.NONE)


def folded(stored: StoredCase) -> Case:
    return fold(stored.youth, stored.events)


def somebody(
    tx: Connection, youth: Youth = YOUTH, at: datetime = NOON, protection: Protection = Protection.NONE
) -> UUID:
    """A new person without a name."""
    return people.create_person(tx, KEYS, Personalia(), youth, at, protection)


def standing(tx: Connection, person: UUID, number: int, state: State, **changes: object) -> UUID:
    """A current row of its own, without events behind it."""
    case_id, reference = uuid4(), f"R{number:03}"
    file = {"case_id": case_id, "reference": reference, "person_id": person, "opened_at": NOON}
    tx.execute(insert(case_file), file)
    chain_changes.record_new(tx, case_file, [file])
    row = {
        "case_id": case_id, "reference": reference, "person_id": person, "version": 1, "konfliktrad": "oslo",
        "sanction": Sanction.YOUTH_FOLLOW_UP, "state": state, "phase": PHASE[state], "registered_on": FIRST_DAY,
        "first_offence": FIRST_DAY, "last_offence": FIRST_DAY, "turns_18_on": FIRST_DAY, "updated_at": NOON,
    }  # fmt: skip
    tx.execute(insert(case_current), row | changes)
    return case_id


def opened(tx: Connection, length: int = 1, konfliktrad: str = "oslo", first_day: date = FIRST_DAY) -> StoredCase:
    """A case of that many events, written one by one."""
    whole = told(length, somebody(tx), konfliktrad, first_day)
    stored = start_of(whole)
    journal.open_case(tx, stored, folded(stored), messages=[outbox.event_message(stored.case_id, stored.events[0])])
    for new in whole.events[1:]:
        stored = moved(tx, stored, new)
    return stored


def start_of(whole: StoredCase) -> StoredCase:
    return replace(whole, events=whole.events[:1], version=1)


def moved(tx: Connection, stored: StoredCase, new: Event, append: Any = journal.append) -> StoredCase:
    """The case after one more event, written."""
    after = with_event(stored, new)
    append(tx, stored, new, folded(after), [outbox.event_message(stored.case_id, new)])
    return after


def with_event(stored: StoredCase, new: Event) -> StoredCase:
    return replace(stored, events=[*stored.events, new], version=new.seq)


def next_event(stored: StoredCase) -> Event:
    return event(stored.version + 1, *STORY[stored.version - 1])


def rows(tx: Connection, table: Table) -> Sequence[dict[str, Any]]:
    return [dict(row) for row in tx.execute(select(table).order_by(*table.primary_key)).mappings()]
