"""Importing running cases from another system or from paper, each with its whole history.

Every event is decided by the engine, as if it had been recorded by hand: a history that is no legal walk is refused.
All of a case is written in one transaction, or nothing. Its events have the day on which they happened and the present
instant as the time at which they were recorded. Partners are not told what happened before the import: the office told
them then.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from ungdom import cases
from ungdom.cases import EventEntry, Recorder
from ungdom.intake import retry
from ungdom.intake.models import IntakeContext
from ungdom.intake.opening import CaseOpening, OpenedCase, open_by_hand
from ungdom.store import case_imports, journal, notes, outbox, reference
from ungdom.store.ids import reference_of
from ungdom.store.journal import EventBatch, StoredCase
from ungdom.store.notes import Note
from ungdom.store.session import Connection
from ungdom.workflow.case import Case
from ungdom.workflow.events import Event
from ungdom.workflow.payloads import NoteAdded
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import EventType, Role, State

IMPORTER = "import"
"""The subject in whose name cases are imported."""
BY_A_LEADER = frozenset({EventType.RECEIVED, EventType.ASSIGNED})
"""The events that are imported as recorded by a leader of the office that has the case."""


@dataclass(frozen=True, slots=True)
class ImportedEvent:
    """An event of the history, with the text of its note. `youth_may_read`: the note."""

    entry: EventEntry
    note: str | None = None
    youth_may_read: bool = False


@dataclass(frozen=True, slots=True)
class ImportedCase:
    """A case of another system. `key`: of the case there. `content`: what was read, to see whether it has changed."""

    key: str
    opening: CaseOpening
    events: tuple[ImportedEvent, ...]
    content: str


class ImportOutcome(StrEnum):
    """What came of one case of a file."""

    IMPORTED = "imported"
    IMPORTABLE = "importable"  # a dry run: it would be imported
    ALREADY = "already"  # by an earlier run, from the same content
    CHANGED = "changed"  # by an earlier run, from other content: nothing was written
    REPEATED = "repeated"  # its key occurs earlier in the file
    INVALID = "invalid"  # fields are wrong or missing
    REFUSED = "refused"  # the history is no legal walk


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The imported case. `state`: None where an earlier run had imported it."""

    outcome: ImportOutcome
    case_id: UUID
    state: State | None = None

    @property
    def reference(self) -> str:
        """The reference of the case."""
        return reference_of(self.case_id)


class EventNotImported(Exception):
    """An event cannot be recorded where it stands. `number`: its place in the history, from 0; `cause`: why."""

    def __init__(self, number: int, event: EventType, cause: cases.CaseworkError) -> None:
        super().__init__(number, event)
        self.number = number
        self.event = event
        self.cause = cause


def import_case(tx: Connection, context: IntakeContext, source: str, imported: ImportedCase) -> ImportResult:
    """Open the case and record its history, unless it was imported before. `source`: the other system.

    Raises `EventNotImported`, or what `cases.open_case` raises; the caller then rolls everything back.
    """
    earlier = case_imports.find(tx, source, imported.key)
    if earlier is not None:
        same = earlier.is_of(tx, context.keys, imported.content)
        return ImportResult(ImportOutcome.ALREADY if same else ImportOutcome.CHANGED, earlier.case_id)
    system = Recorder(Viewer(Role.SYSTEM, IMPORTER, None), source)
    opening = imported.opening
    office = opening.konfliktrad or reference.konfliktrad_of(tx, opening.municipality or "")
    opened = open_by_hand(tx, context, system, opening, Viewer(Role.LEADER, IMPORTER, office))
    stored, case = _record_history(tx, context, system, opened, imported.events)
    case_imports.add(tx, context.keys, source, imported.key, stored.case_id, imported.content, context.now)
    retry.retry_parked_for_case(tx, context, stored.case_id, opening.police_case_numbers, opening.person.national_id)
    return ImportResult(ImportOutcome.IMPORTED, stored.case_id, case.state)


def _record_history(
    tx: Connection, context: IntakeContext, system: Recorder, opened: OpenedCase, history: Sequence[ImportedEvent]
) -> tuple[StoredCase, Case]:
    """Decide each event after those before it, then write all of them together."""
    first = replace(opened.result.stored, version=opened.result.version, protection=opened.person.protection)
    stored, case = first, opened.result.after
    for number, imported in enumerate(history):
        recorder = _recorder_of(system, imported.entry, case)
        try:
            result = cases.record_loaded(tx, recorder, stored, case, imported.entry, context.now, cases.write_nothing)
        except cases.CaseworkError as error:
            raise EventNotImported(number, imported.entry.type, error) from error
        stored, case = result.stored_after, result.after
    events = stored.events[len(first.events) :]
    messages = [outbox.event_message(first.case_id, event) for event in events]
    if events:
        journal.append_many(tx, [EventBatch(first, events, case, messages)])
    _write_notes(tx, context, first.case_id, events, history)
    return stored, case


def _recorder_of(system: Recorder, entry: EventEntry, case: Case) -> Recorder:
    """The system; for receipt and assignment of a case the leader of its office.

    A leader sees other cases of the same person there, and decides who has the case of a protected youth.
    """
    if entry.type not in BY_A_LEADER:
        return system
    return Recorder(Viewer(Role.LEADER, IMPORTER, case.konfliktrad), system.source)


def _write_notes(
    tx: Connection, context: IntakeContext, case_id: UUID, events: Sequence[Event], history: Sequence[ImportedEvent]
) -> None:
    texts = {
        imported.entry.details.note: imported for imported in history if isinstance(imported.entry.details, NoteAdded)
    }
    for event in events:
        imported = texts.get(event.details.note) if isinstance(event.details, NoteAdded) else None
        if imported is not None and isinstance(event.details, NoteAdded):
            written = Note(event.details.note, case_id, imported.note, context.now, IMPORTER, imported.youth_may_read)
            notes.write_note(tx, context.keys, written)
