"""The restorative track beside the main one: the victim, its state, and the waits for the victim. krl § 24 a."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ungdom.workflow.calendar import days_between
from ungdom.workflow.case import Case
from ungdom.workflow.events import Event
from ungdom.workflow.rules.waits import WaitSpan, ledger
from ungdom.workflow.vocabulary import PHASE, EventType, Party, Phase

E = EventType


class TrackState(StrEnum):
    """Where the restorative track stands."""

    NOT_BEGUN = "not_begun"
    INVITED = "invited"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDREW = "withdrew"
    MET = "met"
    OTHER_PROCESS = "other_process"  # a restorative process without a meeting with the victim


LEADS_TO: dict[EventType, TrackState] = {
    E.VICTIM_INVITED: TrackState.INVITED,
    E.VICTIM_ACCEPTED: TrackState.ACCEPTED,
    E.VICTIM_DECLINED: TrackState.DECLINED,
    E.VICTIM_WITHDREW: TrackState.WITHDREW,
    E.RESTORATIVE_MEETING_HELD: TrackState.MET,
    E.OTHER_RESTORATIVE_PROCESS_HELD: TrackState.OTHER_PROCESS,
}
"""The state of the track after each of its events. None of these events moves the case."""

SETTLED = frozenset({TrackState.DECLINED, TrackState.WITHDREW, TrackState.MET, TrackState.OTHER_PROCESS})


@dataclass(frozen=True, slots=True)
class Track:
    """The track on a day. Days are calendar days, the first not counted.

    `days_open`: from receipt to the settlement, or to that day; None before receipt. `waits`: the spans of the
    wait ledger that belong to the victim. `days_before_start`: those of them between receipt and start, from R1 on 0.
    """

    state: TrackState
    since: date | None
    events: tuple[Event, ...]
    settled_on: date | None
    days_open: int | None
    waits: tuple[WaitSpan, ...]
    days_before_start: int


def track(case: Case, day: date) -> Track:
    """The restorative track as of that day. Its last event determines its state."""
    events = case.until(day, *LEADS_TO)
    state = LEADS_TO[events[-1].type] if events else TrackState.NOT_BEGUN
    settled = events[-1].occurred_on if state in SETTLED else None
    waits = tuple(wait for wait in ledger(case, day) if wait.party is Party.VICTIM)
    received = case.first(E.RECEIVED)
    return Track(
        state=state,
        since=events[-1].occurred_on if events else None,
        events=tuple(events),
        settled_on=settled,
        days_open=max(0, days_between(received.occurred_on, settled or day)) if received else None,
        waits=waits,
        days_before_start=sum(wait.days for wait in waits if PHASE[wait.state] is Phase.PLAN),
    )
