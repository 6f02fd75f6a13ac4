"""The timeline of a case: what happened, where it stood, who was waited for and what is due, in one order."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter, Response

from ungdom import texts
from ungdom.api.http.case_reading import read_case
from ungdom.api.http.context import ReadContext
from ungdom.api.http.responses import ApiResponse, etag, json_response
from ungdom.api.http.schemas import AsOfOut, Output
from ungdom.api.http.time_travel import AsOfParams, instant
from ungdom.store.session import Connection
from ungdom.workflow.rules.deadlines import DeadlineStatus
from ungdom.workflow.rules.permissions import Disclosure
from ungdom.workflow.views.timeline import Mark, TimelineEntry, timeline

router = APIRouter(tags=["cases"])


class EntryOut(Output):
    """One entry. `until`: the last day of a span, null while it runs. `days`: of a span, or late after a due day.

    `known_late`: days from when an event happened until it was recorded. `to_come`: lies after the day asked.
    """

    on: date
    mark: Mark
    code: str
    label: str
    until: date | None
    days: int | None
    seq: int | None
    status: DeadlineStatus | None
    known_late: int | None
    law: str | None
    to_come: bool


class Timeline(Output):
    """The timeline as of a day. Those outside office and authorities are told of stages, clocks and days only."""

    as_of: AsOfOut
    items: list[EntryOut]


@router.get("/v1/cases/{case_id}/timeline", response_model=Timeline, summary="Everything on one line of time")
def get_timeline(context: ReadContext, case_id: UUID, as_of: AsOfParams) -> Response:
    """Stages, waits, events and clocks of a case by day, what is to come at the end."""

    def operation(tx: Connection) -> ApiResponse:
        read = read_case(tx, context, case_id, as_of)
        entries = timeline(read.case, read.on)
        visible = (
            entries
            if Disclosure.PERSON in read.disclosures
            else [x for x in entries if x.mark in (Mark.STAGE, Mark.DEADLINE)]
        )
        items = [_entry_out(entry, context.language) for entry in visible]
        body = Timeline(as_of=AsOfOut(on=read.on, known_at=instant(as_of.known_at)), items=items)
        return json_response(body, ETag=etag(read.stored.version))

    return context.read(operation)


def _entry_out(entry: TimelineEntry, language: texts.Language) -> EntryOut:
    return EntryOut(
        on=entry.on,
        mark=entry.mark,
        code=entry.code,
        label=_label(entry, language),
        until=entry.until,
        days=entry.days,
        seq=entry.seq,
        status=entry.status,
        known_late=entry.known_late,
        law=entry.law,
        to_come=entry.to_come,
    )


def _label(entry: TimelineEntry, language: texts.Language) -> str:
    if entry.mark is Mark.DEADLINE:
        return texts.text(language, "deadline", entry.code)
    if entry.mark in (Mark.COMES_OF_AGE, Mark.TERM_ENDS):
        return texts.label(language, entry.mark)
    return texts.label(language, entry.code)
