"""What a member of the team is shown of a case: by law or consent what `sharing` lets them learn, and no more.

The reference, where the case stands, for whom it waits and what is due next is told to everybody on the team: notices
of delay say as much (office norm). Whoever learns by their office is shown everything here.
"""

from typing import Any

from ungdom.api import schemas as s
from ungdom.casework import NotVisible, Read
from ungdom.workflow.sharing import Matter, matter_of

HIDDEN: dict[Matter, tuple[str, ...]] = {
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

MEETINGS = frozenset({"plan_meeting", "team_meeting"})
"""The clocks of meetings, told to everybody who is asked to them."""

ROW = ("sanction", "registered_on", "last_offence", "received_on", "started_on", "adjusted_end", "closed_on")
"""What a list does not tell the team: the case itself tells each member what they may learn."""


def case(read: Read, shown: s.CaseOut) -> s.CaseOut:
    """The case as far as it may be learnt."""
    hidden: dict[str, Any] = {name: None for matter, names in HIDDEN.items() if not read.lets(matter) for name in names}
    return shown.model_copy(update=hidden)


def events(read: Read, shown: s.EventList) -> s.EventList:
    """The events whose name tells nothing that may not be learnt, without what is said to others of them."""
    items = [one for one in shown.items if read.lets(matter_of(one.type))]
    if not read.lets(Matter.STAGE_DATES):
        items = [one.model_copy(update={"state_after": None, "official_status": []}) for one in items]
    return s.EventList(items=items)


def deadlines(read: Read, shown: s.DeadlineList) -> s.DeadlineList:
    """The clocks that may be learnt of: all of them, or those of the meetings."""
    known = [one for one in shown.items if read.lets(Matter.STAGE_DATES) or one.code in MEETINGS]
    return shown.model_copy(update={"items": known})


def row(shown: s.CaseRow) -> s.CaseRow:
    """A case in a list, as the team is shown it."""
    return shown.model_copy(update=dict.fromkeys(ROW))


def of_stages(read: Read) -> Read:
    """The case, for a view that is about where it stood and since when. Raises `NotVisible`."""
    if not read.lets(Matter.STAGE_DATES):
        raise NotVisible
    return read
