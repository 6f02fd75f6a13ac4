"""Schemas of complaints and of the decisions that can be complained about."""

from datetime import date

from ungdom.api.http.schemas import AsOfOut, Output
from ungdom.workflow.payloads import ComplaintAbout, ComplaintOutcome, ReinstatementReason
from ungdom.workflow.vocabulary import Actor, EventType


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
