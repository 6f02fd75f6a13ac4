"""Complaints: which decisions of a case can be complained about and until when, and what became of each complaint."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter, Response

from ungdom import texts
from ungdom.api import rights
from ungdom.api import schemas as s
from ungdom.api.cases import AsOf
from ungdom.api.deps import ReadCall
from ungdom.casework import Read
from ungdom.workflow import complaints
from ungdom.workflow import details as d
from ungdom.workflow.case import Case
from ungdom.workflow.complaints import Complainable, Complaint
from ungdom.workflow.details import ComplaintAbout, ComplaintOutcome, ReinstatementReason
from ungdom.workflow.vocabulary import Actor, EventType

router = APIRouter(tags=["cases"])


class ComplainableOut(s.Output):
    """A decision that can be complained about, to whom, until and with `last_day`. `open`: that day has not passed."""

    seq: int
    type: EventType
    label: str
    about: ComplaintAbout
    about_label: str
    decided_on: date
    notified_on: date
    last_day: date
    open: bool
    complained_on: date | None
    to: Actor
    law: str


class ComplaintOut(s.Output):
    """A complaint. `decision`: the number of the decision it is about. `undone_by`: the event that undid that."""

    about: ComplaintAbout
    about_label: str
    filed_on: date
    decision: int | None
    last_day: date | None
    late: bool
    to: Actor
    decided_on: date | None
    outcome: ComplaintOutcome | None
    outcome_label: str | None
    reinstated: ReinstatementReason | None
    undone_by: int | None
    advice: str | None


class ComplaintsOut(s.Output):
    """Decisions and complaints on a day. `advice`: what is left to do by hand after one that was upheld."""

    as_of: s.AsOfOut
    decisions: list[ComplainableOut]
    items: list[ComplaintOut]


@router.get("/v1/cases/{case_id}/complaints", response_model=ComplaintsOut, summary="Decisions and complaints")
def get_complaints(call: ReadCall, case_id: UUID, as_of: AsOf) -> Response:
    """Every decision that can be complained about with its last day, and every complaint with what became of it."""
    return rights.shown(call, case_id, as_of, lambda read, then: complaints_out(read, then, call.language))


def complaints_out(read: Read, then: s.AsOfOut, language: texts.Language) -> ComplaintsOut:
    """The decisions and the complaints as they stand on the day."""
    case = read.case
    return ComplaintsOut(
        as_of=then,
        decisions=[_decision_out(case, one, read.on, language) for one in complaints.decisions(case)],
        items=[_complaint_out(case, one, language) for one in complaints.of(case)],
    )


def _decision_out(case: Case, one: Complainable, day: date, language: texts.Language) -> ComplainableOut:
    return ComplainableOut(
        seq=one.event.seq,
        type=one.event.type,
        label=texts.label(language, one.event.type),
        about=one.rule.about,
        about_label=texts.label(language, one.rule.about),
        decided_on=one.event.occurred_on,
        notified_on=one.notified_on,
        last_day=one.last_day,
        open=day <= one.last_day,
        complained_on=complaints.filed_over(case, one),
        to=one.rule.to,
        law=one.rule.law,
    )


def _complaint_out(case: Case, one: Complaint, language: texts.Language) -> ComplaintOut:
    said = one.decided.details if one.decided else None
    decided = said if isinstance(said, d.ComplaintDecided) else None
    undone, left = complaints.undone_by(case, one), complaints.left_to_do(case, one)
    return ComplaintOut(
        about=one.about,
        about_label=texts.label(language, one.about),
        filed_on=one.filed.occurred_on,
        decision=one.decision.event.seq if one.decision else None,
        last_day=one.decision.last_day if one.decision else None,
        late=one.late,
        to=complaints.DECIDES[one.about],
        decided_on=one.decided.occurred_on if one.decided else None,
        outcome=decided.outcome if decided else None,
        outcome_label=texts.label(language, decided.outcome) if decided else None,
        reinstated=decided.reinstated if decided else None,
        undone_by=undone.seq if undone else None,
        advice=texts.label(language, left) if left else None,
    )
