"""Complaints and decisions as schemas."""

from ungdom import texts
from ungdom.api.complaints.schemas import ComplainableOut, ComplaintOut, ComplaintsOut
from ungdom.api.http.schemas import AsOfOut
from ungdom.cases import CaseView
from ungdom.workflow import payloads as d
from ungdom.workflow import redaction
from ungdom.workflow.derived import complaints
from ungdom.workflow.derived.complaints import Complainable, Complaint


def complaints_out(read: CaseView, then: AsOfOut, language: texts.Language) -> ComplaintsOut:
    """The decisions and the complaints as they stand on the day."""
    case = read.case
    return ComplaintsOut(
        as_of=then,
        decisions=[
            _decision_out(read, item, language)
            for item in complaints.decisions(case)
            if redaction.may_learn_event(read, item.event.type)
        ],
        items=[_complaint_out(read, item, language) for item in complaints.complaints_in(case)],
    )


def _decision_out(read: CaseView, decision: Complainable, language: texts.Language) -> ComplainableOut:
    case, day = read.case, read.on
    return ComplainableOut(
        seq=read.numbers[decision.event.seq],
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


def _complaint_out(read: CaseView, complaint: Complaint, language: texts.Language) -> ComplaintOut:
    case, numbers = read.case, read.numbers
    about = complaint.decision
    decision = about if about and redaction.may_learn_event(read, about.event.type) else None
    details = complaint.decided.details if complaint.decided else None
    decided = details if isinstance(details, d.ComplaintDecided) else None
    undone, left = complaints.undone_by(case, complaint), complaints.remaining_action(case, complaint)
    return ComplaintOut(
        about=complaint.about,
        about_label=texts.label(language, complaint.about),
        filed_on=complaint.filed.occurred_on,
        decision=numbers.get(decision.event.seq) if decision else None,
        last_day=decision.last_day if decision else None,
        late=complaint.late,
        to=complaints.DECIDES[complaint.about],
        decided_on=complaint.decided.occurred_on if complaint.decided else None,
        outcome=decided.outcome if decided else None,
        outcome_label=texts.label(language, decided.outcome) if decided else None,
        reinstated=decided.reinstated if decided else None,
        undone_by=numbers.get(undone.seq) if undone else None,
        advice=texts.label(language, left) if left else None,
    )
