"""Complaints and decisions as schemas."""

from datetime import date

from ungdom import texts
from ungdom.api.complaints.schemas import ComplainableOut, ComplaintOut, ComplaintsOut
from ungdom.api.http.schemas import AsOfOut
from ungdom.cases import CaseView
from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.derived import complaints
from ungdom.workflow.derived.complaints import Complainable, Complaint


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
