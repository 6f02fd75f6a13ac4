"""The notes of a case, for the office that wrote them. They are written with the event `note_added`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from ungdom.api.http import inputs as i
from ungdom.api.http.case_reading import read_case
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.present import from_source
from ungdom.api.http.responses import ApiResponse, etag, json_response
from ungdom.api.http.schemas import AsOfOut
from ungdom.api.http.time_travel import instant
from ungdom.api.notes.schemas import NoteList, NoteOut
from ungdom.store import notes
from ungdom.store.notes import Note
from ungdom.store.session import Connection
from ungdom.workflow import engine, redaction
from ungdom.workflow.events import Event
from ungdom.workflow.payloads import NoteAdded
from ungdom.workflow.rules.permissions import may_list_views

router = APIRouter(tags=["events"])


class NotesQuery(i.AsOf):
    """Which notes: all, or only those that the youth may read, or may not."""

    youth_may_read: bool | None = None


@router.get("/v1/cases/{case_id}/notes", response_model=NoteList, summary="The notes of a case")
def list_notes(context: ReadContext, case_id: UUID, query: Annotated[NotesQuery, Query()]) -> Response:
    """Every note of the case, the oldest first; those that the youth may read are marked.

    For office and secretariat. None for those who may not know who the youth is, and, where the address of the youth is
    protected, none for those who may not know it: a note is free text.
    """
    return context.read(lambda tx: _notes(tx, context, case_id, query), may=may_list_views)


def _notes(tx: Connection, context: RequestContext, case_id: UUID, query: NotesQuery) -> ApiResponse:
    read = read_case(tx, context, case_id, query)
    may_read = redaction.may_read_notes(read, read.stored.protection)
    known = {note.note_id: note for note in notes.notes_of(tx, context.keys, case_id)} if may_read else {}
    standing = {event.seq for event in engine.effective(read.stored.events)}
    events = [event for event in read.stored.events if query.valid_at is None or event.occurred_on <= query.valid_at]
    lines = [
        _note_out(event, known[event.details.note], event.seq in standing)
        for event in events
        if isinstance(event.details, NoteAdded) and event.details.note in known
    ]
    items = [line for line in lines if query.youth_may_read in (None, line.youth_may_read)]
    as_of = AsOfOut(on=read.on, known_at=instant(query.known_at))
    return json_response(NoteList(as_of=as_of, items=items), ETag=etag(read.stored.version))


def _note_out(event: Event, note: Note, current: bool) -> NoteOut:
    times = {"seq": event.seq, "occurred_on": event.occurred_on, "recorded_at": event.recorded_at}
    return from_source(NoteOut, note, id=note.note_id, recorded_by=note.created_by, annulled=not current, **times)
