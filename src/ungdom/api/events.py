"""What happened in a case: the history, what may come next, recording, correcting."""

from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Response

from ungdom import casework, intake
from ungdom.api import inputs as i
from ungdom.api import need_to_know, views
from ungdom.api import schemas as s
from ungdom.api.cases import AsOf, answer, read_case
from ungdom.api.deps import Answer, Call, CaseWriteCall, ReadCall
from ungdom.api.inputs import plausible
from ungdom.casework import Correction, Entry, Recorded
from ungdom.store import notes
from ungdom.store.notes import Note
from ungdom.store.session import Connection
from ungdom.workflow.events import read_details
from ungdom.workflow.vocabulary import EventType

router = APIRouter(tags=["events"])

TRIED: dict[int | str, dict[str, Any]] = {200: {"description": "A dry run: what would change", "model": s.RecordedOut}}

DryRun = Annotated[i.DryRun, Query()]


@router.get("/v1/cases/{case_id}/events", response_model=s.EventList, summary="The history")
def list_events(call: ReadCall, case_id: UUID, as_of: AsOf) -> Response:
    """Every event in the order it was recorded, corrections included; until a day, as known at an instant."""
    return call.read(lambda tx: _history(tx, call, case_id, as_of))


@router.get("/v1/cases/{case_id}/options", response_model=s.OptionList, summary="What may come next, and why not")
def list_options(call: ReadCall, case_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Every event type this viewer may record: enabled or not, every unmet condition, and the shape of its details."""
    return call.read(lambda tx: _options(tx, call, case_id))


@router.post(
    "/v1/cases/{case_id}/events",
    status_code=201,
    response_model=s.RecordedOut,
    responses=TRIED,
    summary="Record an event",
)
def record_event(call: CaseWriteCall, case_id: UUID, body: i.EventIn, query: DryRun) -> Response:
    """Record one event. Needs `If-Match`. With `dry_run` it answers with what would change and writes nothing."""
    entry = _entry(body)
    return call.write(lambda tx: _recorded(tx, call, case_id, entry, body.note, query.dry_run), keep=not query.dry_run)


@router.post(
    "/v1/cases/{case_id}/corrections",
    status_code=201,
    response_model=s.RecordedOut,
    responses=TRIED,
    summary="Correct an event",
)
def correct_event(call: CaseWriteCall, case_id: UUID, body: i.CorrectionIn, query: DryRun) -> Response:
    """Correct or annul an event. Accepted only if the remaining history is still a legal walk. Needs `If-Match`."""
    if body.replacement and body.replacement.details:
        plausible(EventType.CORRECTED, body.replacement.details)
    return call.write(lambda tx: _corrected(tx, call, case_id, body, query.dry_run), keep=not query.dry_run)


def _history(tx: Connection, call: Call, case_id: UUID, as_of: i.AsOf) -> Answer:
    read = read_case(tx, call, case_id, as_of)
    shown = views.as_learnt(views.events_out(read.stored, call.language, as_of.valid_at), read.learns)
    return answer(need_to_know.events(read, shown), ETag=views.etag(read.stored.version))


def _options(tx: Connection, call: Call, case_id: UUID) -> Answer:
    read, found = casework.options(tx, call.who, case_id, call.now)
    return answer(views.options_out(found, call.language), ETag=views.etag(read.stored.version))


def _entry(body: i.EventIn) -> Entry:
    day, moment = i.day_of(body.occurred_on)
    given = plausible(body.type, dict(body.details))
    if body.type is EventType.NOTE_ADDED:
        given.setdefault("note", str(uuid4()))
    if body.type in (EventType.CORRECTED, EventType.CASE_REGISTERED):
        raise casework.UseCorrections(body.type)
    return Entry(body.type, day, read_details(body.type, given), moment, body.on_behalf_of)


def _recorded(tx: Connection, call: Call, case_id: UUID, entry: Entry, note: str | None, dry_run: bool) -> Answer:
    done = casework.record(tx, call.who, case_id, call.expected, entry, call.now, dry_run)
    if note is not None and not dry_run:
        _keep_note(tx, call, case_id, done, note)
    if not dry_run:
        intake.stir_for_case(tx, call.desk, case_id)
    return _done(call, case_id, done, dry_run)


def _keep_note(tx: Connection, call: Call, case_id: UUID, done: Recorded, text: str) -> None:
    said = getattr(done.event.details, "note", None)
    if isinstance(said, UUID):
        notes.write_note(tx, call.keys, Note(said, case_id, text, call.now, call.who.viewer.subject))


def _corrected(tx: Connection, call: Call, case_id: UUID, body: i.CorrectionIn, dry_run: bool) -> Answer:
    new = body.replacement or i.ReplacementIn()
    annul = body.replacement is None
    wish = Correction(body.seq, body.reason, annul, new.type, new.occurred_on, new.details)
    done = casework.correct(tx, call.who, case_id, call.expected, wish, call.now, dry_run)
    if not dry_run:
        intake.stir_for_case(tx, call.desk, case_id)
    return _done(call, case_id, done, dry_run)


def _done(call: Call, case_id: UUID, done: Recorded, dry_run: bool) -> Answer:
    version = done.stored.version if dry_run else done.version
    body = views.recorded(case_id, done, dry_run, call.language)
    return answer(body, 200 if dry_run else 201, ETag=views.etag(version))
