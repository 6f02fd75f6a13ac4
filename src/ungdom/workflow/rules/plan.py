"""The plan of a case: its versions with measures and load, and how each measure has fared. krl § 25.

Everything is read from the events, as far as they had happened on the day asked.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import days_between
from ungdom.workflow.case import Case
from ungdom.workflow.events import Event
from ungdom.workflow.payloads import (
    Attended,
    Attendee,
    MeasureAnswer,
    MeasureEnd,
    MeasureOutcome,
    PlannedMeasure,
)
from ungdom.workflow.rules import deadlines
from ungdom.workflow.rules.measure_list import AGENCY, load
from ungdom.workflow.vocabulary import EventType

E = EventType

# --- versions ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """One version of the plan: the day it was made and by which event, its measures, and when it was approved.

    `measures`: empty while they have not been said. `load`: points, None without measures. `notified_on`: the day the
    youth was told. `complaint_until`: the last day for a complaint (three weeks, krl § 22 e), None where that clock
    does not run. `superseded_on`: the day the next version took its place.
    """

    number: int
    made_on: date
    seq: int
    by: EventType
    measures: tuple[PlannedMeasure, ...]
    load: int | None
    approved_on: date | None
    notified_on: date | None = None
    declared: d.PlanLoad | None = None
    complaint_until: date | None = None
    superseded_on: date | None = None


_VERSION_EVENTS = (E.PLAN_MEETING_HELD, E.PLAN_SIGNED, E.PLAN_APPROVED, E.PLAN_CHANGED, E.REPLAN_MEETING_HELD)


def versions(case: Case, day: date) -> list[PlanVersion]:
    """Every version of the plan made by that day, the first one first.

    A meeting makes one, which its approval completes; a change by the coordinator makes one that needs no approval. In
    R0 the plan is made by being signed; later a signature follows it and makes nothing.
    """
    unlinked = _unlinked_versions(case, day)
    ends = [version.made_on for version in unlinked[1:]]
    until = _complaint_deadlines(case, day)
    return [
        replace(version, superseded_on=end, complaint_until=until.get(version.approved_on))
        for version, end in zip(unlinked, [*ends, None], strict=False)
    ]


def in_force(case: Case, day: date) -> PlanVersion | None:
    """The version of that day; None before there is a plan."""
    all_versions = versions(case, day)
    return all_versions[-1] if all_versions else None


def planned_measures(case: Case, day: date) -> tuple[PlannedMeasure, ...]:
    """The measures of the plan on that day: of the last version that says them; empty while none does."""
    return next((version.measures for version in reversed(_unlinked_versions(case, day)) if version.measures), ())


def awaits_approval(case: Case, day: date) -> bool:
    """Whether a plan was made by that day that nobody has approved yet."""
    all_versions = _unlinked_versions(case, day)
    return bool(all_versions) and all_versions[-1].approved_on is None


def known_codes(case: Case) -> frozenset[tuple[str, str]]:
    """Every measure that has been on the plan or asked for, by its number and code."""
    planned = {
        (measure.measure, measure.code) for event in case.all(*_VERSION_EVENTS) for measure in _measures_of(event)
    }
    requested = (event.details for event in case.all(E.MEASURE_REQUESTED, E.MEASURE_STARTED))
    return frozenset(
        planned
        | {(measure.measure, measure.code) for measure in requested if isinstance(measure, d.Measure) and measure.code}
    )


def _unlinked_versions(case: Case, day: date) -> list[PlanVersion]:
    versions: list[PlanVersion] = []
    for event in sorted(case.all(*_VERSION_EVENTS), key=lambda e: (e.occurred_on, e.seq)):
        if event.occurred_on <= day:
            _apply_event(versions, event)
    return versions


def _apply_event(versions: list[PlanVersion], event: Event) -> None:
    last = versions[-1] if versions else None
    if event.type is E.PLAN_SIGNED and last is not None:
        return
    if event.type is E.PLAN_APPROVED and last is not None and last.approved_on is None:
        versions[-1] = _with_approval(last, event)
        return
    versions.append(_with_approval(_new_version(len(versions) + 1, event), event))


def _new_version(number: int, event: Event) -> PlanVersion:
    return PlanVersion(number, event.occurred_on, event.seq, event.type, (), None, None)


def _with_approval(version: PlanVersion, event: Event) -> PlanVersion:
    """The version as this event leaves it: approved, or changed by the coordinator, whose decision is the approval."""
    details, on = event.details, event.occurred_on
    if not isinstance(details, d.PlannedMeasureList):
        return version
    measures = details.measures or version.measures
    weight = load(measures, on) if measures else None
    notified_on = details.notified_on if isinstance(details, d.PlanApproved) else None
    declared = details.load if isinstance(details, d.PlanChanged) else None
    return replace(version, measures=measures, load=weight, approved_on=on, notified_on=notified_on, declared=declared)


def _measures_of(event: Event) -> tuple[PlannedMeasure, ...]:
    return event.details.measures if isinstance(event.details, d.PlannedMeasureList) else ()


def _complaint_deadlines(case: Case, day: date) -> dict[date | None, date]:
    return {clock.begun_on: clock.due for clock in deadlines.deadlines(case, day) if clock.code in COMPLAINT_CLOCKS}


COMPLAINT_CLOCKS = frozenset({"complaint_plan", "complaint_plan_change"})
"""The clocks of a complaint about a plan."""

# --- measures ---------------------------------------------------------------------------------------------------


class MeasureStatus(StrEnum):
    """Where a measure stands."""

    PLANNED = "planned"  # on the plan, nobody asked yet
    REQUESTED = "requested"
    OFFERED = "offered"
    WAITING_LIST = "waiting_list"
    REFUSED = "refused"
    RUNNING = "running"
    ENDED = "ended"
    DROPPED = "dropped"  # taken off the plan before it began


@dataclass(frozen=True, slots=True)
class MeasureState:
    """One measure of a case as it stands on a day. `code`, `provider`: as said last, in the plan or when asked for.

    `planned`: as the plan in force has it; None where it is not on it. `asked_on`: first asked for; `requested_on`:
    asked for last, which `answered_on` and `answer` answer. `started_on`: first begun.
    """

    measure: str
    code: str | None = None
    provider: str | None = None
    planned: PlannedMeasure | None = None
    asked_on: date | None = None
    requested_on: date | None = None
    answered_on: date | None = None
    answer: MeasureAnswer | None = None
    available_from: date | None = None
    started_on: date | None = None
    ended_on: date | None = None
    reason: MeasureEnd | None = None
    outcome: MeasureOutcome | None = None
    attendance: Mapping[Attended, int] = field(default_factory=Counter)

    @property
    def status(self) -> MeasureStatus:
        """Where it stands: what came last counts."""
        if self.started_on is not None:
            return MeasureStatus.RUNNING if self.ended_on is None else MeasureStatus.ENDED
        if self.answer is not None:
            return MeasureStatus(self.answer.value)
        if self.requested_on is not None:
            return MeasureStatus.REQUESTED
        return MeasureStatus.PLANNED if self.planned is not None else MeasureStatus.DROPPED

    @property
    def days_to_answer(self) -> int | None:
        """Calendar days from the request to its answer; None while there is none."""
        return _days(self.requested_on, self.answered_on)

    @property
    def days_to_start(self) -> int | None:
        """Calendar days from the first request to the start; None while it has not begun or was never asked for."""
        return _days(self.asked_on, self.started_on)

    @property
    def days_from_answer(self) -> int | None:
        """Calendar days from the answer to the start."""
        return _days(self.answered_on, self.started_on)

    def days_waited(self, day: date) -> int | None:
        """Calendar days waited until it began, or until that day while it has not; None where nobody waits."""
        if self.started_on is not None or self.status is MeasureStatus.REFUSED:
            return self.days_to_start
        return _days(self.asked_on, day)


def measures(case: Case, day: date) -> list[MeasureState]:
    """Every measure of the case, in the order they became known, each as it stood on that day."""
    by_number: dict[str, MeasureState] = {}
    for event in sorted(case.all(*_MEASURE_EVENTS), key=lambda item: (item.occurred_on, item.seq)):
        for measure, change in _updates(event) if event.occurred_on <= day else ():
            known = by_number.get(measure, MeasureState(measure))
            by_number[measure] = change(known)
    now = {item.measure: item for item in planned_measures(case, day)}
    return [replace(item, planned=now.get(item.measure)) for item in by_number.values()]


def is_overdue(measure: MeasureState, case: Case, day: date) -> bool:
    """Whether a measure that runs should have ended: past its planned day, past the term, or the case is closed."""
    if measure.status is not MeasureStatus.RUNNING:
        return False
    ends = (measure.planned.until if measure.planned else None, case.closed_on, case.adjusted_end(day))
    return any(end is not None and end < day for end in ends)


def days_to_first_measure(case: Case, day: date) -> int | None:
    """Calendar days from the start of execution to the first measure; 0 when one had begun; None while none has."""
    begun = [measure.started_on for measure in measures(case, day) if measure.started_on is not None]
    if case.start is None or not begun:
        return None
    return max(0, days_between(case.start.on, min(begun)))


def measures_of_agency(
    states: Iterable[MeasureState], agency: Attendee, agencies: Mapping[str, str]
) -> list[MeasureState]:
    """The measures that this agency carries out. `agencies`: the agency of each provider of the catalogue, by its id.

    A provider that is neither an agency nor in the catalogue is nobody's.
    """
    return [
        measure
        for measure in states
        if measure.provider and AGENCY.get(agencies.get(measure.provider, measure.provider)) is agency
    ]


MeasureUpdate = Callable[[MeasureState], MeasureState]

_MEASURE_EVENTS = (
    E.PLAN_APPROVED,
    E.PLAN_CHANGED,
    E.MEASURE_REQUESTED,
    E.MEASURE_ANSWERED,
    E.MEASURE_STARTED,
    E.MEASURE_ATTENDED,
    E.MEASURE_ENDED,
)


def _updates(event: Event) -> list[tuple[str, MeasureUpdate]]:
    details = event.details
    if isinstance(details, d.PlannedMeasureList):
        return [(measure.measure, _identified(measure.code, measure.provider)) for measure in details.measures]
    if isinstance(details, d.Measure):
        return [
            (details.measure, _identified(details.code, details.provider)),
            (details.measure, _UPDATES[event.type](event.occurred_on)),
        ]
    if isinstance(details, d.MeasureAnswered):
        return [(details.measure, _answered(event.occurred_on, details))]
    if isinstance(details, d.MeasureAttended):
        return [(details.measure, _attended(details.attended))]
    return [(details.measure, _ended(event.occurred_on, details))] if isinstance(details, d.MeasureEnded) else []


def _identified(code: str | None, provider: str | None) -> MeasureUpdate:
    return lambda state: replace(state, code=code or state.code, provider=provider or state.provider)


def _requested(on: date) -> MeasureUpdate:
    return lambda state: replace(
        state, asked_on=state.asked_on or on, requested_on=on, answered_on=None, answer=None, available_from=None
    )


def _started(on: date) -> MeasureUpdate:
    return lambda state: replace(state, started_on=state.started_on or on, ended_on=None, reason=None, outcome=None)


_UPDATES: dict[EventType, Callable[[date], MeasureUpdate]] = {
    E.MEASURE_REQUESTED: _requested,
    E.MEASURE_STARTED: _started,
}


def _answered(on: date, details: d.MeasureAnswered) -> MeasureUpdate:
    return lambda state: replace(state, answered_on=on, answer=details.answer, available_from=details.available_from)


def _attended(how: Attended) -> MeasureUpdate:
    return lambda state: replace(state, attendance=Counter(state.attendance) + Counter({how: 1}))


def _ended(on: date, details: d.MeasureEnded) -> MeasureUpdate:
    return lambda state: replace(state, ended_on=on, reason=details.reason, outcome=details.outcome)


def _days(since: date | None, until: date | None) -> int | None:
    return None if since is None or until is None else days_between(since, until)
