"""Schemas of recording: events as sent in, the history, what may come next, and what a recorded event changed."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID, uuid4

from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from ungdom.api.http.inputs import CivilDay, Day, Input, day_of, plausible
from ungdom.api.http.schemas import Output, UnmetOut
from ungdom.cases import EventEntry, UseCorrections
from ungdom.message.text import NoteText
from ungdom.workflow.derived.complaints import Aftermath
from ungdom.workflow.events import read_details
from ungdom.workflow.payloads import CorrectionReason
from ungdom.workflow.vocabulary import Actor, EventType, Party, Phase, Regime, Role, State


class FollowedOut(BaseModel):
    """An event that another one brought with it, recorded in the same transaction."""

    seq: int
    type: EventType
    label: str
    occurred_on: date


class UndoingOut(BaseModel):
    """What an upheld complaint led to: undone, nothing left to undo, or to be followed up by hand."""

    outcome: Aftermath
    message: str


class OfficialStatusOut(Output):
    """The part of the sector's status message that an event gives, and its reason code."""

    part: str
    code: str | None


class EventOut(Output):
    """One event of the history. `standing`: current, corrected (see `corrected_by`) or annulled."""

    seq: int
    type: EventType
    label: str
    occurred_on: date
    occurred_at: datetime | None
    recorded_at: datetime
    actor: Actor
    role: Role
    subject: str | None
    source: str | None
    details: dict[str, Any]
    standing: str
    corrected_by: int | None
    state_after: State | None
    official_status: list[OfficialStatusOut]


class EventList(Output):
    """The history, corrections included, in the order it was recorded."""

    items: list[EventOut]


class CaseSnapshotOut(Output):
    """Where a case stands, before or after an event."""

    version: int
    state: State
    phase: Phase
    waiting_for: Party | None
    started_on: date | None
    planned_end: date | None
    adjusted_end: date | None
    next_due_on: date | None
    next_due_code: str | None


class RecordedOut(Output):
    """What an event did: which number it has, under which regime and law, and the case before and after.

    `followed_by`: the events it brought with it; `after` is the case after these. `undoing`: of a complaint decided.
    `official_status`: what the prosecution is told of them in the sector's status message, where one is sent.
    """

    case: UUID
    seq: int
    type: EventType
    dry_run: bool
    regime: Regime
    law: str
    before: CaseSnapshotOut | None
    after: CaseSnapshotOut
    followed_by: list[FollowedOut]
    undoing: UndoingOut | None
    official_status: list[OfficialStatusOut]


class OptionOut(Output):
    """An event type this viewer may record. `enabled` says whether it can be now, given details that fit its schema."""

    type: EventType
    label: str
    enabled: bool
    suggested: bool
    moves_to: State | None
    is_fact: bool
    regime: Regime
    law: str
    actors: list[Actor]
    unmet: list[UnmetOut]
    details_schema: dict[str, Any]


class OptionList(Output):
    """Everything this viewer may record in the case."""

    items: list[OptionOut]


class EventIn(Input):
    """One event: its type, the day it happened, and what that type asks for (`GET …/options` has the JSON Schema).

    `youth_may_read`: the youth may read the note that comes with it.
    """

    type: EventType
    occurred_on: Day
    details: dict[str, Any] = Field(default={})
    on_behalf_of: Actor | None = None
    note: NoteText | None = None
    youth_may_read: bool = False

    @model_validator(mode="after")
    def _note_with_its_event(self) -> Self:
        if (self.note is not None) != (self.type is EventType.NOTE_ADDED):
            both = "a note comes with note_added, and note_added with a note"
            raise PydanticCustomError("note_with_its_event", both, {"field": "note"})
        if self.youth_may_read and self.note is None:
            marked = "only a note is marked as one that the youth may read"
            raise PydanticCustomError("mark_with_its_note", marked, {"field": "youth_may_read"})
        return self

    def as_entry(self) -> EventEntry:
        """The event to record; a note without an id gets one. Raises `BadDetails` or `UseCorrections`."""
        day, moment = day_of(self.occurred_on)
        given = plausible(self.type, dict(self.details))
        if self.type is EventType.NOTE_ADDED:
            given.setdefault("note", str(uuid4()))
        if self.type in (EventType.CORRECTED, EventType.CASE_REGISTERED):
            raise UseCorrections(self.type)
        return EventEntry(self.type, day, read_details(self.type, given), moment, self.on_behalf_of)


class ReplacementIn(Input):
    """What the corrected event should have said. `type` is the same unless it was the wrong one."""

    type: EventType | None = None
    occurred_on: CivilDay | None = None
    details: dict[str, Any] | None = None


class InsertIn(Input):
    """A forgotten event, put in where it happened."""

    type: EventType
    occurred_on: CivilDay
    details: dict[str, Any] = Field(default={})
    on_behalf_of: Actor | None = None


class CorrectionIn(Input):
    """A correction of event number `seq`; `replacement` null annuls it.

    With `insert` instead of these, a forgotten event is put in: after event `after_seq` where several share its day.
    """

    seq: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    reason: CorrectionReason
    replacement: ReplacementIn | None = None
    insert: InsertIn | None = None
    after_seq: Annotated[int, Field(ge=1, le=1_000_000)] | None = None

    @model_validator(mode="after")
    def _corrects_or_inserts(self) -> Self:
        given = self.model_fields_set
        for name in ("seq", "replacement"):
            if self.insert is None and (name not in given or (name == "seq" and self.seq is None)):
                raise PydanticCustomError("missing", "is missing", {"field": name})
            if self.insert is not None and name in given:
                raise PydanticCustomError("corrects_or_inserts", "does not go with an insertion", {"field": name})
        if self.insert is None and self.after_seq is not None:
            raise PydanticCustomError("corrects_or_inserts", "goes with an insertion only", {"field": "after_seq"})
        return self
