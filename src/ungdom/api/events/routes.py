"""What happened in a case: the history, what may come next, recording, correcting."""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from ungdom import cases, intake
from ungdom.api.events.present import events_out, options_out, recorded_out, redacted_events
from ungdom.api.events.schemas import CorrectionIn, EventIn, EventList, OptionList, RecordedOut, ReplacementIn
from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.case_reading import case_response
from ungdom.api.http.context import CaseWriteContext, ReadContext, RequestContext
from ungdom.api.http.inputs import plausible
from ungdom.api.http.redact import case_answer, redacted
from ungdom.api.http.responses import AccessNote, ApiResponse, etag, json_response
from ungdom.api.http.schemas import AsOfOut
from ungdom.api.http.time_travel import AsOfParams
from ungdom.api.http.tokens import WRITE
from ungdom.cases import CaseView, Correction, EventEntry, ForgottenEvent, RecordResult
from ungdom.store import notes
from ungdom.store.notes import Note
from ungdom.store.replaying import current_case
from ungdom.store.session import Connection
from ungdom.workflow.vocabulary import EventType

router = APIRouter(tags=["events"])

DRY_RUN_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "A dry run: what would change", "model": RecordedOut}
}

DryRunParams = Annotated[i.DryRun, Query()]


@router.get("/v1/cases/{case_id}/events", response_model=EventList, summary="The history")
def list_events(context: ReadContext, case_id: UUID, as_of: AsOfParams) -> Response:
    """Every event in the order it was recorded, corrections included; until a day, as known at an instant."""

    def view(read: CaseView, _then: AsOfOut) -> EventList:
        now = current_case(read.stored) if as_of.valid_at is None and as_of.known_at is None else None
        return redacted_events(events_out(read.stored, context.language, as_of.valid_at, now), read)

    return case_response(context, case_id, as_of, view)


@router.get("/v1/cases/{case_id}/options", response_model=OptionList, summary="What may come next, and why not")
def list_options(context: ReadContext, case_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Every event type this viewer may record: enabled or not, every unmet condition, and the shape of its details."""

    def operation(tx: Connection) -> ApiResponse:
        read, options = cases.options(tx, context.recorder, case_id, context.now)
        return case_answer(options_out(options, context.language), read)

    return context.read(operation)


@router.post(
    "/v1/cases/{case_id}/events",
    status_code=201,
    response_model=RecordedOut,
    responses=DRY_RUN_RESPONSES,
    summary="Record an event",
)
@guarded(requires(WRITE))
def record_event(context: CaseWriteContext, case_id: UUID, body: EventIn, query: DryRunParams) -> Response:
    """Record one event. Needs `If-Match`. With `dry_run` it answers with what would change and writes nothing."""
    entry = body.as_entry()
    return context.write(
        lambda tx: record_in_case(tx, context, case_id, entry, body, query.dry_run), commit=not query.dry_run
    )


@router.post(
    "/v1/cases/{case_id}/corrections",
    status_code=201,
    response_model=RecordedOut,
    responses=DRY_RUN_RESPONSES,
    summary="Correct an event",
)
@guarded(requires(WRITE))
def correct_event(context: CaseWriteContext, case_id: UUID, body: CorrectionIn, query: DryRunParams) -> Response:
    """Correct or annul an event, or insert a forgotten one. Accepted only if the whole history is then a legal walk.

    Needs `If-Match`. A refusal names each event in the way.
    """
    check_plausible(body)
    return context.write(
        lambda tx: correct_in_case(tx, context, case_id, body, query.dry_run), commit=not query.dry_run
    )


def record_in_case(
    tx: Connection, context: RequestContext, case_id: UUID, entry: EventEntry, body: EventIn, dry_run: bool
) -> ApiResponse:
    """Record the event, with its note. Raises what `cases.record` raises."""
    result = cases.record(tx, context.recorder, case_id, context.expected, entry, context.now, dry_run)
    note_id = getattr(result.event.details, "note", None)
    if body.note is not None and not dry_run and isinstance(note_id, UUID):
        author = context.recorder.viewer.subject
        notes.write_note(tx, context.keys, Note(note_id, case_id, body.note, context.now, author, body.youth_may_read))
    if not dry_run:
        intake.retry_parked_for_case(tx, context.intake, case_id)
    return _recorded_response(context, case_id, result, dry_run)


def check_plausible(body: CorrectionIn) -> None:
    """Returns when the details of the correction may be right. Raises `BadDetails`."""
    if body.replacement and body.replacement.details:
        plausible(EventType.CORRECTED, body.replacement.details)
    if body.insert:
        plausible(body.insert.type, body.insert.details)


def correct_in_case(
    tx: Connection, context: RequestContext, case_id: UUID, body: CorrectionIn, dry_run: bool
) -> ApiResponse:
    """Correct the event, annul it, or insert a forgotten one. Raises what `cases.correct` raises."""
    new = body.replacement or ReplacementIn()
    annul = body.replacement is None and body.insert is None
    forgotten = body.insert
    insert = (
        ForgottenEvent(forgotten.type, forgotten.occurred_on, forgotten.details, body.after_seq, forgotten.on_behalf_of)
        if forgotten
        else None
    )
    correction = Correction(body.seq or 0, body.reason, annul, new.type, new.occurred_on, new.details, insert)
    result = cases.correct(tx, context.recorder, case_id, context.expected, correction, context.now, dry_run)
    if not dry_run:
        intake.retry_parked_for_case(tx, context.intake, case_id)
    return _recorded_response(context, case_id, result, dry_run)


def _recorded_response(context: RequestContext, case_id: UUID, result: RecordResult, dry_run: bool) -> ApiResponse:
    version = result.stored.version if dry_run else result.version
    read = cases.view_for(context.recorder.viewer, result.stored, result.after, context.today)
    body = redacted(recorded_out(case_id, result, read, dry_run, context.language), read)
    response = json_response(body, 200 if dry_run else 201, ETag=etag(version))
    return response if dry_run else replace(response, access=AccessNote(loaded=result.stored.record_by_case))
