"""Recording and correcting an event by a form: previewed before it is saved, refused with what was typed kept."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from starlette.responses import RedirectResponse

from ungdom import cases, texts
from ungdom.api.cases.routes import case_detail
from ungdom.api.cases.schemas import CaseOut
from ungdom.api.events.forms import form_of
from ungdom.api.events.present import events_out, options_out, redacted_events
from ungdom.api.events.routes import check_plausible, correct_in_case, record_in_case
from ungdom.api.events.schemas import CorrectionIn, EventIn, EventList, EventOut, OptionList, OptionOut
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.inputs import AsOf
from ungdom.api.http.redact import redacted
from ungdom.api.http.responses import ApiResponse, etag, json_response
from ungdom.api.http.tokens import WRITE
from ungdom.cases import CaseView, NotVisible
from ungdom.store import case_sights, web_drafts
from ungdom.store.session import Connection
from ungdom.store.web_drafts import FormDraft
from ungdom.web.forms import SchemaForm, at_controls, entered_from, integer_or_text, labels_of
from ungdom.web.page import answer, data_of, language_of, with_access
from ungdom.web.submitting import RefusedForm, SentForm, attempt, key_refused, sent_form, validated, write_context
from ungdom.workflow.events import plain_details
from ungdom.workflow.payloads import CorrectionReason
from ungdom.workflow.vocabulary import EventType

router = APIRouter(include_in_schema=False)

PREVIEW, ANNUL, ANNUL_NOW = "preview", "annul", "annul_now"
KEEP, DISCARD = "keep", "discard"
"""What a button does beside saving. `KEEP`: as a draft. An annulment is shown first, and saved by a second button."""
OUR_FIELDS = ("occurred_on", "on_behalf_of", "note", "youth_may_read", "reason", "after_seq")
"""The controls beside those of the details."""


class DraftOut(BaseModel):
    """What the person has typed into the form before, and when; `deleted_at`: unless it is changed again."""

    entered: dict[str, list[str]]
    saved_at: datetime
    deleted_at: datetime


class RecordingAtAGlance(BaseModel):
    """What the page of a form shows of the case: where it stands, the step, and the event that is corrected.

    `history`: the events after which a forgotten one may be put in; empty for other forms. `draft`: of the reader.
    """

    case: CaseOut
    option: OptionOut | None
    event: EventOut | None
    history: list[EventOut]
    draft: DraftOut | None


class InsertionAtAGlance(BaseModel):
    """What may be put in afterwards."""

    case: CaseOut
    options: OptionList


@dataclass(frozen=True, slots=True)
class FormSubject:
    """What a form is about: a type of event to record, or to put in afterwards; or the number of one to correct."""

    kind: EventType | None = None
    seq: int | None = None
    inserts: bool = False

    @property
    def name(self) -> str:
        """The name of the form among those of the case: the end of its address."""
        if self.seq is not None:
            return f"correct/{self.seq}"
        return f"{'insert' if self.inserts else 'record'}/{self.kind}"


@router.get("/cases/{case_id}/record/{kind}", response_model=RecordingAtAGlance)
def record_form(request: Request, context: ReadContext, case_id: UUID, kind: EventType) -> Response:
    """The form of a step."""
    return _form_page(request, context, case_id, FormSubject(kind), SentForm())


@router.post("/cases/{case_id}/record/{kind}", response_model=RecordingAtAGlance)
@guarded(requires(WRITE))
def record(request: Request, case_id: UUID, kind: EventType) -> Response:
    """Record the event of the form, or show what it would change."""
    return _submitted(request, case_id, FormSubject(kind))


@router.get("/cases/{case_id}/correct/{seq}", response_model=RecordingAtAGlance)
def correct_form(request: Request, context: ReadContext, case_id: UUID, seq: int) -> Response:
    """The form of an event that is to be corrected, as it now reads."""
    return _form_page(request, context, case_id, FormSubject(seq=seq), SentForm())


@router.post("/cases/{case_id}/correct/{seq}", response_model=RecordingAtAGlance)
@guarded(requires(WRITE))
def correct(request: Request, case_id: UUID, seq: int) -> Response:
    """Correct or annul the event, or show what that would change."""
    return _submitted(request, case_id, FormSubject(seq=seq))


@router.get("/cases/{case_id}/insert", response_model=InsertionAtAGlance)
def choose_forgotten(request: Request, context: ReadContext, case_id: UUID) -> Response:
    """The types of events that may be put in afterwards."""
    page = data_of(context.read(lambda tx: _insertable(tx, context, case_id)))
    return answer(request, "insert.html", page)


@router.get("/cases/{case_id}/insert/{kind}", response_model=RecordingAtAGlance)
def insert_form(request: Request, context: ReadContext, case_id: UUID, kind: EventType) -> Response:
    """The form of a forgotten event."""
    return _form_page(request, context, case_id, FormSubject(kind, inserts=True), SentForm())


@router.post("/cases/{case_id}/insert/{kind}", response_model=RecordingAtAGlance)
@guarded(requires(WRITE))
def insert(request: Request, case_id: UUID, kind: EventType) -> Response:
    """Put the forgotten event in where it happened, or show what that would change."""
    return _submitted(request, case_id, FormSubject(kind, inserts=True))


def _submitted(request: Request, case_id: UUID, subject: FormSubject) -> Response:
    sent = sent_form(request)
    context = write_context(request, sent)
    if context is None:
        return key_refused(request)
    if sent.first("action") in (KEEP, DISCARD):
        stored = _keep(request, case_id, subject, sent)
        by_script = "hx-request" in request.headers
        return stored if by_script else RedirectResponse(f"/cases/{case_id}/{subject.name}", 303)
    preview = sent.first("action") in (PREVIEW, ANNUL)
    response = attempt(request, lambda: _written(context, case_id, subject, sent, preview))
    if preview or isinstance(response, RefusedForm):
        attempt(request, lambda: _keep(request, case_id, subject, sent))
    if isinstance(response, RefusedForm):
        shown = SentForm(sent.entered, response.problem)
        return _form_page(request, context, case_id, subject, shown, response.status)
    done = data_of(response)
    if preview:
        return _form_page(request, context, case_id, subject, SentForm(sent.entered, None, done))
    return RedirectResponse(f"/cases/{case_id}?saved={done['seq']}", 303)


def _keep(request: Request, case_id: UUID, subject: FormSubject, sent: SentForm) -> Response:
    """Keep what was typed as a draft of this person, or discard it. Raises `NotVisible` without the form.

    What a browser still saves of a form after it was recorded is not kept.
    """
    context = RequestContext(request, None, None, language_of(request))  # without a key: no result is stored
    whose = context.principal.viewer.subject
    entered = {name: values for name, values in sent.entered.items() if name not in ("key", "action")}

    def operation(tx: Connection) -> ApiResponse:
        _about(tx, context, case_id, subject)
        if sent.first("action") == DISCARD:
            web_drafts.remove(tx, whose, case_id, subject.name)
        elif not context.has_response(tx, sent.first("key") or ""):
            sight = case_sights.sights(tx, context.principal.viewer, [case_id])[case_id]
            web_drafts.save(tx, context.keys, FormDraft(whose, case_id, subject.name, entered, context.now, sight))
        return ApiResponse(204, b"", {})

    return context.write(operation)


def _recorded(
    context: RequestContext,
    case_id: UUID,
    subject: FormSubject,
    dry_run: bool,
    write: Callable[[Connection], ApiResponse],
) -> Response:
    """The answer of the interface; what is recorded ends the draft of its form."""

    def operation(tx: Connection) -> ApiResponse:
        response = write(tx)
        if not dry_run:
            web_drafts.remove(tx, context.principal.viewer.subject, case_id, subject.name)
        return response

    return context.write(operation, commit=not dry_run)


def _written(context: RequestContext, case_id: UUID, subject: FormSubject, sent: SentForm, dry_run: bool) -> Response:
    """The answer of the interface to the form. Raises what the interface answers as a problem."""
    kind, seq = subject.kind, subject.seq
    if seq is not None or subject.inserts:
        event = data_of(context.read(lambda tx: _about(tx, context, case_id, subject)))["event"]
        body = _correction(event, context.language, sent) if event else _insertion(subject, context.language, sent)
        correction = validated(CorrectionIn, body)
        check_plausible(correction)
        return _recorded(
            context, case_id, subject, dry_run, lambda tx: correct_in_case(tx, context, case_id, correction, dry_run)
        )
    step = validated(EventIn, _event(EventType(str(kind)), context.language, sent))
    entry = step.as_entry()
    return _recorded(
        context, case_id, subject, dry_run, lambda tx: record_in_case(tx, context, case_id, entry, step, dry_run)
    )


def _event(kind: EventType, language: texts.Language, sent: SentForm) -> dict[str, Any]:
    """The event of the form as the interface takes it."""
    body = {
        "type": kind,
        "occurred_on": sent.first("occurred_on"),
        "details": SchemaForm(form_of(kind, language), sent.entered).details(),
        "on_behalf_of": sent.first("on_behalf_of"),
        "note": sent.first("note"),
        "youth_may_read": sent.first("youth_may_read") is not None,
    }
    return {name: value for name, value in body.items() if value is not None}


def _correction(event: dict[str, Any], language: texts.Language, sent: SentForm) -> dict[str, Any]:
    """The correction of the form as the interface takes it: a replacement, or none for an event that is annulled."""
    replacement = None
    if sent.first("action") not in (ANNUL, ANNUL_NOW):
        form = SchemaForm(form_of(EventType(event["type"]), language), sent.entered)
        details = {**form.without_control(event["details"]), **form.details()}
        replacement = {"occurred_on": sent.first("occurred_on"), "details": details}
    return {"seq": event["seq"], "reason": sent.first("reason"), "replacement": replacement}


def _insertion(subject: FormSubject, language: texts.Language, sent: SentForm) -> dict[str, Any]:
    """The forgotten event of the form as the interface takes it. Without `after_seq` its day is its place."""
    event: dict[str, Any] = {"type": subject.kind, **sent.values("occurred_on", "on_behalf_of")}
    event["details"] = SchemaForm(form_of(EventType(str(subject.kind)), language), sent.entered).details()
    place = sent.first("after_seq") or ""
    return {"reason": sent.first("reason"), "insert": event} | ({"after_seq": integer_or_text(place)} if place else {})


def _pointer(pointer: str) -> str:
    """Where the form has what a fault of its body is about."""
    return pointer.removeprefix("/replacement").removeprefix("/insert")


def _form_page(
    request: Request, context: RequestContext, case_id: UUID, subject: FormSubject, sent: SentForm, status: int = 200
) -> Response:
    """The form, with what was typed, what is wrong with it, and what it would change."""
    page = data_of(context.read(lambda tx: _about(tx, context, case_id, subject)))
    kind = EventType(subject.kind or page["event"]["type"])
    draft = page["draft"] if not sent.entered else None
    sent = SentForm(draft["entered"]) if draft else sent
    language, event, version = context.language, page["event"], sent.first("version") or etag(page["case"]["version"])
    entered = sent.entered or _as_typed(event, str(context.today))
    problem = sent.problem or {}
    form = SchemaForm(form_of(kind, language), entered)
    faults = {_pointer(error["pointer"]): error["detail"] for error in problem.get("errors", ())}
    errors = at_controls(faults, dict(labels_of(form.controls())))
    controls = replace(form, errors=errors).controls()
    values = {
        **page,
        "kind": str(kind),
        "label": texts.label(language, kind),
        "controls": controls,
        "draft": draft,
        "named": dict(labels_of(controls)),
        "entered": {name: (entered.get(name) or [""])[0] for name in OUR_FIELDS},
        "errors": errors,
        "problem": problem or None,
        "since": problem.get("events_since") or [],
        "preview": sent.preview,
        "annulling": sent.preview is not None and sent.first("action") == ANNUL,
        "version": problem.get("current_etag") or version,
        "inserting": subject.inserts,
        "history": page["history"],
        "takes_note": kind is EventType.NOTE_ADDED and event is None and not subject.inserts,
        "reasons": [str(reason) for reason in CorrectionReason],
    }
    return answer(request, "record.html", values, status)


def _as_typed(event: dict[str, Any] | None, today: str) -> dict[str, list[str]]:
    if event is None:
        return {"occurred_on": [today]}
    return {"occurred_on": [event["occurred_on"]], **entered_from(event["details"])}


def _about(tx: Connection, context: RequestContext, case_id: UUID, subject: FormSubject) -> ApiResponse:
    """The case and the step, or the event. Raises `NotVisible`, also for an event that the reader may not correct."""
    read, options = cases.options(tx, context.recorder, case_id, context.now)
    kind, seq = subject.kind, subject.seq
    offered = redacted(options_out(options, context.language), read).items
    option = next((x for x in offered if x.type is kind), None)
    event = _as_it_reads(context, read, seq) if seq is not None else None
    if (option is None and event is None) or (subject.inserts and kind in cases.NOT_INSERTED):
        raise NotVisible
    case = redacted(case_detail(tx, context, read, AsOf()), read)
    step = option.model_copy(update={"details_schema": {}}) if option else None
    history = redacted(redacted_events(events_out(read.stored, context.language), read), read).items
    shown = [x for x in history if x.corrected_by is None] if subject.inserts else []
    draft = _draft_of(tx, context, case_id, subject)
    page = RecordingAtAGlance(case=case, option=step, event=event, history=shown, draft=draft)
    return with_access(json_response(page), read)


def _draft_of(tx: Connection, context: RequestContext, case_id: UUID, subject: FormSubject) -> DraftOut | None:
    """The reader's draft of the form; None without one, and where they may learn less of the case than then."""
    viewer = context.principal.viewer
    draft = web_drafts.find(tx, context.keys, viewer.subject, case_id, subject.name, context.now)
    if draft is None or not draft.may_be_shown(case_sights.sights(tx, viewer, [case_id]).get(case_id)):
        return None
    return DraftOut(entered=draft.entered, saved_at=draft.saved_at, deleted_at=draft.deleted_at)


def _insertable(tx: Connection, context: RequestContext, case_id: UUID) -> ApiResponse:
    """The case, and the types of events that its reader may put in. Raises `NotVisible`, also where there is none."""
    read, options = cases.options(tx, context.recorder, case_id, context.now)
    offered = redacted(options_out(options, context.language), read).items
    kinds = [x.model_copy(update={"details_schema": {}}) for x in offered if x.type not in cases.NOT_INSERTED]
    if not kinds:
        raise NotVisible
    case = redacted(case_detail(tx, context, read, AsOf()), read)
    return with_access(json_response(InsertionAtAGlance(case=case, options=OptionList(items=kinds))), read)


def _as_it_reads(context: RequestContext, read: CaseView, seq: int) -> EventOut | None:
    """The event as the history now reads, an annulled one as recorded. None for one that the reader may not correct."""
    current = cases.correctable_events(context.recorder, read).get(seq)
    if current is None:
        return None
    changes = {
        "type": current.type,
        "label": texts.label(context.language, current.type),
        "occurred_on": current.occurred_on,
        "details": plain_details(current.type, current.details),
    }
    recorded = (event for event in events_out(read.stored, context.language).items if event.seq == seq)
    history = EventList(items=[event.model_copy(update=changes) for event in recorded])
    return next(iter(redacted(redacted_events(history, read), read).items), None)
