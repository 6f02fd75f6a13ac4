"""The plan of a case: its versions with measures and load, and the state of each measure. krl § 25.

Derived from the events that had occurred by a given day.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import days_between
from ungdom.workflow.case import Case
from ungdom.workflow.events import Event
from ungdom.workflow.measure_list import load
from ungdom.workflow.payloads import Attended, MeasureAnswer, MeasureEnd, MeasureOutcome, PlannedMeasure
from ungdom.workflow.vocabulary import EventType

E = EventType

# --- versions ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """One version of the plan: the day and event that created it, its measures, and the day of approval.

    `measures`: empty while none are recorded. `load`: points, None without measures. `notified_on`: the day on
    which the youth was notified. `declared`: the load as declared by the coordinator. `superseded_on`: the day of
    the next version.
    """

    number: int
    made_on: date
    seq: int
    by: EventType
    measures: tuple[PlannedMeasure, ...] = ()
    load: int | None = None
    approved_on: date | None = None
    notified_on: date | None = None
    declared: d.PlanLoad | None = None
    superseded_on: date | None = None


_VERSION_EVENTS = (E.PLAN_MEETING_HELD, E.PLAN_SIGNED, E.PLAN_APPROVED, E.PLAN_CHANGED, E.REPLAN_MEETING_HELD)


def versions(case: Case, day: date) -> list[PlanVersion]:
    """Every version of the plan created by that day, in order.

    A meeting creates a version, and its approval completes it. A change by the coordinator creates a version that
    needs no approval. In R0 the signature creates the plan; in later regimes it follows the meeting and creates no
    version.
    """
    versions: list[PlanVersion] = []
    for event in case.until(day, *_VERSION_EVENTS):
        last = versions[-1] if versions else None
        if event.type is E.PLAN_SIGNED and last is not None:
            continue
        if event.type is E.PLAN_APPROVED and last is not None and last.approved_on is None:
            versions[-1] = _with_approval(last, event)
            continue
        if last is not None:
            versions[-1] = replace(last, superseded_on=event.occurred_on)
        new = PlanVersion(len(versions) + 1, event.occurred_on, event.seq, event.type)
        versions.append(_with_approval(new, event))
    return versions


def in_force(case: Case, day: date) -> PlanVersion | None:
    """The version in force on that day; None before the first one."""
    return next(reversed(versions(case, day)), None)


def planned_measures(case: Case, day: date) -> tuple[PlannedMeasure, ...]:
    """The measures of the last version by that day that lists any; empty if none does."""
    return next((version.measures for version in reversed(versions(case, day)) if version.measures), ())


def awaits_approval(case: Case, day: date) -> bool:
    """Whether the plan in force on that day has not been approved yet."""
    version = in_force(case, day)
    return version is not None and version.approved_on is None


def known_codes(case: Case) -> frozenset[tuple[str, str]]:
    """Number and code of every measure that was ever planned, requested or started."""
    payloads = (event.details for event in case.all(*_VERSION_EVENTS, E.MEASURE_REQUESTED, E.MEASURE_STARTED))
    return frozenset(
        (measure.measure, measure.code)
        for payload in payloads
        for measure in _measures_in(payload)
        if isinstance(measure, d.PlannedMeasure | d.Measure) and measure.code
    )


def _with_approval(version: PlanVersion, event: Event) -> PlanVersion:
    """The version after this event: approved, or changed by the coordinator, whose decision counts as the approval."""
    details, on = event.details, event.occurred_on
    if not isinstance(details, d.PlannedMeasureList):
        return version
    measures = details.measures or version.measures
    weight = load(measures, on) if measures else None
    notified_on = details.notified_on if isinstance(details, d.PlanApproved) else None
    declared = details.load if isinstance(details, d.PlanChanged) else None
    return replace(version, measures=measures, load=weight, approved_on=on, notified_on=notified_on, declared=declared)


# --- measures ---------------------------------------------------------------------------------------------------


class MeasureStatus(StrEnum):
    """Where a measure stands."""

    PLANNED = "planned"  # on the plan, not requested yet
    REQUESTED = "requested"
    OFFERED = "offered"
    WAITING_LIST = "waiting_list"
    REFUSED = "refused"
    RUNNING = "running"
    ENDED = "ended"
    DROPPED = "dropped"  # removed from the plan before it started


@dataclass(frozen=True, slots=True)
class MeasureState:
    """One measure of a case as of a day. `code`, `provider`: the last values recorded in the plan or a request.

    `planned`: its entry in the plan in force; None without one. `asked_on`: the day of the first request.
    `requested_on`: the day of the last request; `answered_on` and `answer`: the reply to that request.
    `started_on`: the first start.
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
    attendance: Mapping[Attended, int] = field(default_factory=dict)

    @property
    def status(self) -> MeasureStatus:
        """The state after the last event."""
        if self.started_on is not None:
            return MeasureStatus.RUNNING if self.ended_on is None else MeasureStatus.ENDED
        if self.answer is not None:
            return MeasureStatus(self.answer.value)
        if self.requested_on is not None:
            return MeasureStatus.REQUESTED
        return MeasureStatus.PLANNED if self.planned is not None else MeasureStatus.DROPPED

    @property
    def days_to_answer(self) -> int | None:
        """Calendar days from the request to its answer; None without an answer."""
        return _days(self.requested_on, self.answered_on)

    @property
    def days_to_start(self) -> int | None:
        """Calendar days from the first request to the start; None without a request or a start."""
        return _days(self.asked_on, self.started_on)

    @property
    def days_from_answer(self) -> int | None:
        """Calendar days from the answer to the start."""
        return _days(self.answered_on, self.started_on)

    def days_waited(self, day: date) -> int | None:
        """Calendar days from the first request to the start, or to that day if not started.

        None if it was refused or not requested.
        """
        if self.started_on is not None or self.status is MeasureStatus.REFUSED:
            return self.days_to_start
        return _days(self.asked_on, day)


def measures(case: Case, day: date) -> list[MeasureState]:
    """Every measure of the case as of that day, in the order in which they became known."""
    states: dict[str, MeasureState] = {}
    for event in case.until(day, *_MEASURE_EVENTS):
        for measure in _measures_in(event.details):
            state = states.get(measure.measure, MeasureState(measure.measure))
            states[measure.measure] = _state_after(state, event, measure)
    now = {measure.measure: measure for measure in planned_measures(case, day)}
    return [replace(state, planned=now.get(state.measure)) for state in states.values()]


_MEASURE_EVENTS = (
    E.PLAN_APPROVED,
    E.PLAN_CHANGED,
    E.MEASURE_REQUESTED,
    E.MEASURE_ANSWERED,
    E.MEASURE_STARTED,
    E.MEASURE_ATTENDED,
    E.MEASURE_ENDED,
)

MeasurePayload = d.PlannedMeasure | d.Measure | d.MeasureAnswered | d.MeasureAttended | d.MeasureEnded


def _measures_in(details: d.Details | None) -> Iterator[MeasurePayload]:
    if isinstance(details, d.PlannedMeasureList):
        yield from details.measures
    elif isinstance(details, MeasurePayload):
        yield details


def _state_after(state: MeasureState, event: Event, details: MeasurePayload) -> MeasureState:
    on = event.occurred_on
    if isinstance(details, d.MeasureAnswered):
        return replace(state, answered_on=on, answer=details.answer, available_from=details.available_from)
    if isinstance(details, d.MeasureAttended):
        times = state.attendance.get(details.attended, 0) + 1
        return replace(state, attendance={**state.attendance, details.attended: times})
    if isinstance(details, d.MeasureEnded):
        return replace(state, ended_on=on, reason=details.reason, outcome=details.outcome)
    state = replace(state, code=details.code or state.code, provider=details.provider or state.provider)
    if event.type is E.MEASURE_REQUESTED:
        first = state.asked_on or on
        return replace(state, asked_on=first, requested_on=on, answered_on=None, answer=None, available_from=None)
    if event.type is E.MEASURE_STARTED:
        return replace(state, started_on=state.started_on or on, ended_on=None, reason=None, outcome=None)
    return state


def _days(since: date | None, until: date | None) -> int | None:
    return None if since is None or until is None else days_between(since, until)
