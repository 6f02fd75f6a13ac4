"""What a member of the team is shown of a case: by law or consent what `sharing` lets them learn, and no more.

The reference, where the case stands, for whom it waits and what is due next is told to everybody on the team: notices
of delay say as much (office norm). Whoever learns by their office is shown everything here.
"""

from typing import Any

from ungdom.api.cases import schemas as s
from ungdom.api.events.schemas import EventList
from ungdom.cases import CaseView
from ungdom.workflow.rules.sharing import Matter, matter_of

HIDDEN_FIELDS: dict[Matter, tuple[str, ...]] = {
    Matter.SANCTION: ("sanction", "sanction_label", "regimes", "length"),
    Matter.OFFENCE: ("first_offence", "last_offence", "lead_time_days"),
    Matter.PROGRESS: ("breaches",),
    Matter.STAGE_DATES: (
        "registered_on",
        "received_on",
        "closed_on",
        "start",
        "start_dates",
        "planned_end",
        "adjusted_end",
        "interrupted_days",
        "served_days",
        "served_days_before_interruption",
        "finality",
        "lead_time_days",
        "completion",
    ),
}
"""By matter what is left out of a case for those who may not learn it."""

MEETING_CLOCKS = frozenset({"plan_meeting", "team_meeting"})
"""The clocks of meetings, told to everybody who is asked to them."""

HIDDEN_IN_LISTS = (
    "sanction",
    "registered_on",
    "last_offence",
    "received_on",
    "started_on",
    "adjusted_end",
    "closed_on",
)
"""What a list does not tell the team: the case itself tells each member what they may learn."""


def redact_case(read: CaseView, case_out: s.CaseOut) -> s.CaseOut:
    """The case as far as it may be learnt."""
    hidden: dict[str, Any] = {
        name: None for matter, names in HIDDEN_FIELDS.items() if not read.may_learn(matter) for name in names
    }
    return case_out.model_copy(update=hidden)


def redact_events(read: CaseView, event_list: EventList) -> EventList:
    """The events whose name tells nothing that may not be learnt, without what is said to others of them."""
    items = [event for event in event_list.items if read.may_learn(matter_of(event.type))]
    if not read.may_learn(Matter.STAGE_DATES):
        items = [event.model_copy(update={"state_after": None, "official_status": []}) for event in items]
    return EventList(items=items)


def redact_deadlines(read: CaseView, deadline_list: s.DeadlineList) -> s.DeadlineList:
    """The clocks that may be learnt of: all of them, or those of the meetings."""
    visible = [
        deadline
        for deadline in deadline_list.items
        if read.may_learn(Matter.STAGE_DATES) or deadline.code in MEETING_CLOCKS
    ]
    return deadline_list.model_copy(update={"items": visible})


def redact_row(case_row: s.CaseRow) -> s.CaseRow:
    """A case in a list, as the team is shown it."""
    return case_row.model_copy(update=dict.fromkeys(HIDDEN_IN_LISTS))
