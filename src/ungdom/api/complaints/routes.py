"""Complaints: which decisions of a case can be complained about and until when, and what became of each complaint."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter, Response

from ungdom import texts
from ungdom.api.http.case_reading import case_view
from ungdom.api.http.context import ReadContext
from ungdom.api.http.schemas import AsOfOut, Output
from ungdom.api.http.time_travel import AsOfParams
from ungdom.cases import CaseView
from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.derived import complaints
from ungdom.workflow.derived.complaints import Complainable, Complaint
from ungdom.workflow.payloads import ComplaintAbout, ComplaintOutcome, ReinstatementReason
from ungdom.workflow.vocabulary import Actor, EventType

router = APIRouter(tags=["cases"])


class ComplainableOut(Output):
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


class ComplaintOut(Output):
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


class ComplaintsOut(Output):
    """Decisions and complaints on a day. `advice`: what is left to do by hand after one that was upheld."""

    as_of: AsOfOut
    decisions: list[ComplainableOut]
    items: list[ComplaintOut]


@router.get("/v1/cases/{case_id}/complaints", response_model=ComplaintsOut, summary="Decisions and complaints")
def get_complaints(context: ReadContext, case_id: UUID, as_of: AsOfParams) -> Response:
    """Every decision that can be complained about with its last day, and every complaint with what became of it."""
    return case_view(context, case_id, as_of, lambda read, then: complaints_out(read, then, context.language))


def complaints_out(read: CaseView, then: AsOfOut, language: texts.Language) -> ComplaintsOut:
    """The decisions and the complaints as they stand on the day."""
    case = read.case
    return ComplaintsOut(
        as_of=then,
        decisions=[_decision_out(case, item, read.on, language) for item in complaints.decisions(case)],
        items=[_complaint_out(case, item, language) for item in complaints.complaints_in(case)],
    )


def _decision_out(case: Case, decision: Complainable, day: date, language: texts.Language) -> ComplainableOut:
    return ComplainableOut(
        seq=decision.event.seq,
        type=decision.event.type,
        label=texts.label(language, decision.event.type),
        about=decision.rule.about,
        about_label=texts.label(language, decision.rule.about),
        decided_on=decision.event.occurred_on,
        notified_on=decision.notified_on,
        last_day=decision.last_day,
        open=day <= decision.last_day,
        complained_on=complaints.complaint_filed_on(case, decision),
        to=decision.rule.to,
        law=decision.rule.law,
    )


def _complaint_out(case: Case, complaint: Complaint, language: texts.Language) -> ComplaintOut:
    details = complaint.decided.details if complaint.decided else None
    decided = details if isinstance(details, d.ComplaintDecided) else None
    undone, left = complaints.undone_by(case, complaint), complaints.remaining_action(case, complaint)
    return ComplaintOut(
        about=complaint.about,
        about_label=texts.label(language, complaint.about),
        filed_on=complaint.filed.occurred_on,
        decision=complaint.decision.event.seq if complaint.decision else None,
        last_day=complaint.decision.last_day if complaint.decision else None,
        late=complaint.late,
        to=complaints.DECIDES[complaint.about],
        decided_on=complaint.decided.occurred_on if complaint.decided else None,
        outcome=decided.outcome if decided else None,
        outcome_label=texts.label(language, decided.outcome) if decided else None,
        reinstated=decided.reinstated if decided else None,
        undone_by=undone.seq if undone else None,
        advice=texts.label(language, left) if left else None,
    )
