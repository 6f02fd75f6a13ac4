"""What a move costs by the length of its history, counted in calls of functions, which do not drift with a machine."""

import sys
from collections.abc import Callable
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path
from types import FrameType
from typing import Any
from uuid import UUID

import ungdom
from tests.store import cases
from ungdom.cases import EventEntry, Precondition, Recorder, options, read, record
from ungdom.store import journal
from ungdom.store.journal import EventBatch, StoredCase
from ungdom.store.session import Database
from ungdom.workflow import payloads as d
from ungdom.workflow.events import Event
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import EventType, Party, Role

KARI = Recorder(Viewer(Role.COORDINATOR, "kari", "oslo"), "tests")
MORE: tuple[tuple[EventType, d.Details], ...] = (
    (EventType.POSTPONED, d.Postponed(reason=d.PostponementReason.HEALTH)),
    (EventType.POSTPONEMENT_ENDED, d.Details()),
    (EventType.NOTE_ADDED, d.NoteAdded(note=UUID(int=1))),
    (EventType.WAIT_STARTED, d.WaitStarted(party=Party.YOUTH, reason=d.WaitReason.ILLNESS)),
    (EventType.WAIT_ENDED, d.WaitEnded(party=Party.YOUTH)),
)
FIRST = (
    *cases.STORY[:5],
    (EventType.FIRST_CONTACT, d.Details()),
    *(2 * ((EventType.NOTE_ADDED, d.NoteAdded(note=UUID(int=1))),)),
    (EventType.TEAM_MEMBER_JOINED, d.MemberJoined(member="school-1", agency=d.Attendee.SCHOOL)),
)
SHORT, LONG = 10, 75
PACKAGE = str(Path(ungdom.__file__).parent)


def with_history(db: Database, length: int) -> StoredCase:
    with db.writing() as tx:
        stored = cases.told(1, cases.somebody(tx))
        more = enumerate(islice((*FIRST, *islice(cycle(MORE), LONG)), length - 1), start=2)
        events = [*stored.events, *(cases.event(seq, *line) for seq, line in more)]
        whole = StoredCase(stored.case_id, stored.reference, stored.person_id, stored.youth, events, length, cases.NOON)
        new = StoredCase(stored.case_id, stored.reference, stored.person_id, stored.youth, [], 0, cases.NOON)
        journal.append_many(tx, [EventBatch(new, events, cases.folded(whole))])
    return whole


def moved(db: Database, stored: StoredCase, last: Event) -> Event:
    """Out of `preparing`, a day after the last event, through everything that a request does in its transaction."""
    now = last.recorded_at + timedelta(days=1)
    kind, details = MORE[0] if last.type is not EventType.POSTPONED else MORE[1]
    entry = EventEntry(kind, now.date(), details)
    with db.writing() as tx:
        return record(tx, KARI, stored.case_id, Precondition(frozenset({last.seq})), entry, now).event


def calls(work: Callable[[], Any]) -> int:
    """The number of functions of this program that are called."""
    count = 0

    def seen(frame: FrameType, kind: str, _argument: object) -> None:
        nonlocal count
        count += kind == "call" and frame.f_code.co_filename.startswith(PACKAGE)

    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def test_a_move_with_75_events_costs_little_more_than_with_10(db: Database, figure: Callable[[str], None]) -> None:
    cost = {}
    for length in (SHORT, LONG):
        stored = with_history(db, length)
        last = moved(db, stored, moved(db, stored, stored.events[-1]))
        cost[length] = calls(lambda stored=stored, last=last: moved(db, stored, last))  # type: ignore[misc]  # bound now

    figure(f"calls of a move, {db.writer.dialect.name}: {cost}, ratio {cost[LONG] / cost[SHORT]:.2f}")
    assert cost[LONG] <= 1.6 * cost[SHORT]


def test_what_was_asked_before_is_not_worked_out_again(db: Database) -> None:
    stored = with_history(db, LONG)
    now = stored.events[-1].recorded_at + timedelta(days=1)

    def asked() -> None:
        with db.reading() as tx:
            options(tx, KARI, stored.case_id, now)
            read(tx, KARI.viewer, stored.case_id, now, None, None)

    first, again = calls(asked), calls(asked)

    assert again < first / 5
