"""The timeline of a case: what happened, where it stood, who was waited for and what is due, in one order."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter, Response

from ungdom import texts
from ungdom.api import schemas as s
from ungdom.api import views
from ungdom.api.cases import AsOf, answer, instant, read_case
from ungdom.api.deps import Answer, ReadCall
from ungdom.store.session import Connection
from ungdom.workflow.deadlines import DeadlineStatus
from ungdom.workflow.permissions import Fact
from ungdom.workflow.timeline import Entry, Mark, timeline

router = APIRouter(tags=["cases"])


class EntryOut(s.Output):
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


class Timeline(s.Output):
    """The timeline as of a day. Those outside office and authorities are told of stages, clocks and days only."""

    as_of: s.AsOfOut
    items: list[EntryOut]


@router.get("/v1/cases/{case_id}/timeline", response_model=Timeline, summary="Everything on one line of time")
def get_timeline(call: ReadCall, case_id: UUID, as_of: AsOf) -> Response:
    """Stages, waits, events and clocks of a case by day, what is to come at the end."""

    def asked(tx: Connection) -> Answer:
        read = read_case(tx, call, case_id, as_of)
        told = timeline(read.case, read.on)
        shown = told if Fact.PERSON in read.learns else [x for x in told if x.mark in (Mark.STAGE, Mark.DEADLINE)]
        items = [_entry_out(entry, call.language) for entry in shown]
        body = Timeline(as_of=s.AsOfOut(on=read.on, known_at=instant(as_of.known_at)), items=items)
        return answer(body, ETag=views.etag(read.stored.version))

    return call.read(asked)


def _entry_out(entry: Entry, language: texts.Language) -> EntryOut:
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


def _label(entry: Entry, language: texts.Language) -> str:
    if entry.mark is Mark.DEADLINE:
        return texts.text(language, "deadline", entry.code)
    if entry.mark in (Mark.COMES_OF_AGE, Mark.TERM_ENDS):
        return texts.label(language, entry.mark)
    return texts.label(language, entry.code)
