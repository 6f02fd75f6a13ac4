"""The plan of a case: its versions with measures and load, and how each measure has fared. krl § 25.

Everything is read from the events, as far as they had happened on the day asked.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from ungdom.workflow import deadlines
from ungdom.workflow import details as d
from ungdom.workflow.case import Case
from ungdom.workflow.daycount import days_between
from ungdom.workflow.details import Attended, Attendee, MeasureAnswer, MeasureEnd, MeasureOutcome, PlannedMeasure
from ungdom.workflow.events import Event
from ungdom.workflow.measure_list import AGENCY, load
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


_MAKES = (E.PLAN_MEETING_HELD, E.PLAN_SIGNED, E.PLAN_APPROVED, E.PLAN_CHANGED, E.REPLAN_MEETING_HELD)


def versions(case: Case, day: date) -> list[PlanVersion]:
    """Every version of the plan made by that day, the first one first.

    A meeting makes one, which its approval completes; a change by the coordinator makes one that needs no approval. In
    R0 the plan is made by being signed; later a signature follows it and makes nothing.
    """
    found = _versions(case, day)
    ends = [one.made_on for one in found[1:]]
    until = _complaints(case, day)
    return [
        replace(one, superseded_on=end, complaint_until=until.get(one.approved_on))
        for one, end in zip(found, [*ends, None], strict=False)
    ]


def in_force(case: Case, day: date) -> PlanVersion | None:
    """The version of that day; None before there is a plan."""
    made = versions(case, day)
    return made[-1] if made else None


def listed(case: Case, day: date) -> tuple[PlannedMeasure, ...]:
    """The measures of the plan on that day: of the last version that says them; empty while none does."""
    return next((one.measures for one in reversed(_versions(case, day)) if one.measures), ())


def awaits_approval(case: Case, day: date) -> bool:
    """Whether a plan was made by that day that nobody has approved yet."""
    made = _versions(case, day)
    return bool(made) and made[-1].approved_on is None


def known_codes(case: Case) -> frozenset[tuple[str, str]]:
    """Every measure that has been on the plan or asked for, by its number and code."""
    planned = {(one.measure, one.code) for event in case.all(*_MAKES) for one in _measures_of(event)}
    asked = (event.details for event in case.all(E.MEASURE_REQUESTED, E.MEASURE_STARTED))
    return frozenset(planned | {(one.measure, one.code) for one in asked if isinstance(one, d.Measure) and one.code})


def _versions(case: Case, day: date) -> list[PlanVersion]:
    found: list[PlanVersion] = []
    for event in sorted(case.all(*_MAKES), key=lambda one: (one.occurred_on, one.seq)):
        if event.occurred_on <= day:
            _take_in(found, event)
    return found


def _take_in(found: list[PlanVersion], event: Event) -> None:
    last = found[-1] if found else None
    if event.type is E.PLAN_SIGNED and last is not None:
        return
    if event.type is E.PLAN_APPROVED and last is not None and last.approved_on is None:
        found[-1] = _approved(last, event)
        return
    found.append(_approved(_made(len(found) + 1, event), event))


def _made(number: int, event: Event) -> PlanVersion:
    return PlanVersion(number, event.occurred_on, event.seq, event.type, (), None, None)


def _approved(one: PlanVersion, event: Event) -> PlanVersion:
    """The version as this event leaves it: approved, or changed by the coordinator, whose decision is the approval."""
    said, on = event.details, event.occurred_on
    if not isinstance(said, d.PlanList):
        return one
    measures = said.measures or one.measures
    weight = load(measures, on) if measures else None
    told = said.notified_on if isinstance(said, d.PlanApproved) else None
    declared = said.load if isinstance(said, d.PlanChanged) else None
    return replace(one, measures=measures, load=weight, approved_on=on, notified_on=told, declared=declared)


def _measures_of(event: Event) -> tuple[PlannedMeasure, ...]:
    return event.details.measures if isinstance(event.details, d.PlanList) else ()


def _complaints(case: Case, day: date) -> dict[date | None, date]:
    return {clock.begun_on: clock.due for clock in deadlines.deadlines(case, day) if clock.code in COMPLAINTS}


COMPLAINTS = frozenset({"complaint_plan", "complaint_plan_change"})
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
    found: dict[str, MeasureState] = {}
    for event in sorted(case.all(*_LIFE), key=lambda one: (one.occurred_on, one.seq)):
        for measure, change in _changes(event) if event.occurred_on <= day else ():
            known = found.get(measure, MeasureState(measure))
            found[measure] = change(known)
    now = {one.measure: one for one in listed(case, day)}
    return [replace(one, planned=now.get(one.measure)) for one in found.values()]


def is_overdue(one: MeasureState, case: Case, day: date) -> bool:
    """Whether a measure that runs should have ended: past its planned day, past the term, or the case is closed."""
    if one.status is not MeasureStatus.RUNNING:
        return False
    ends = (one.planned.until if one.planned else None, case.closed_on, case.adjusted_end(day))
    return any(end is not None and end < day for end in ends)


def days_to_first_measure(case: Case, day: date) -> int | None:
    """Calendar days from the start of execution to the first measure; 0 when one had begun; None while none has."""
    begun = [one.started_on for one in measures(case, day) if one.started_on is not None]
    if case.start is None or not begun:
        return None
    return max(0, days_between(case.start.on, min(begun)))


def own(states: Iterable[MeasureState], agency: Attendee, agencies: Mapping[str, str]) -> list[MeasureState]:
    """The measures that this agency carries out. `agencies`: the agency of each provider of the catalogue, by its id.

    A provider that is neither an agency nor in the catalogue is nobody's.
    """
    return [one for one in states if one.provider and AGENCY.get(agencies.get(one.provider, one.provider)) is agency]


Change = Callable[[MeasureState], MeasureState]

_LIFE = (
    E.PLAN_APPROVED,
    E.PLAN_CHANGED,
    E.MEASURE_REQUESTED,
    E.MEASURE_ANSWERED,
    E.MEASURE_STARTED,
    E.MEASURE_ATTENDED,
    E.MEASURE_ENDED,
)


def _changes(event: Event) -> list[tuple[str, Change]]:
    said = event.details
    if isinstance(said, d.PlanList):
        return [(one.measure, _named(one.code, one.provider)) for one in said.measures]
    if isinstance(said, d.Measure):
        return [(said.measure, _named(said.code, said.provider)), (said.measure, _BEGUN[event.type](event.occurred_on))]
    if isinstance(said, d.MeasureAnswered):
        return [(said.measure, _answered(event.occurred_on, said))]
    if isinstance(said, d.MeasureAttended):
        return [(said.measure, _attended(said.attended))]
    return [(said.measure, _ended(event.occurred_on, said))] if isinstance(said, d.MeasureEnded) else []


def _named(code: str | None, provider: str | None) -> Change:
    return lambda one: replace(one, code=code or one.code, provider=provider or one.provider)


def _requested(on: date) -> Change:
    return lambda one: replace(
        one, asked_on=one.asked_on or on, requested_on=on, answered_on=None, answer=None, available_from=None
    )


def _started(on: date) -> Change:
    return lambda one: replace(one, started_on=one.started_on or on, ended_on=None, reason=None, outcome=None)


_BEGUN: dict[EventType, Callable[[date], Change]] = {E.MEASURE_REQUESTED: _requested, E.MEASURE_STARTED: _started}


def _answered(on: date, said: d.MeasureAnswered) -> Change:
    return lambda one: replace(one, answered_on=on, answer=said.answer, available_from=said.available_from)


def _attended(how: Attended) -> Change:
    return lambda one: replace(one, attendance=Counter(one.attendance) + Counter({how: 1}))


def _ended(on: date, said: d.MeasureEnded) -> Change:
    return lambda one: replace(one, ended_on=on, reason=said.reason, outcome=said.outcome)


def _days(since: date | None, until: date | None) -> int | None:
    return None if since is None or until is None else days_between(since, until)
