"""Simulates a case: checks every step with the engine, records what it allows, and stops when today is reached."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from heapq import heappop, heappush
from itertools import count

from ungdom.demo import parameters
from ungdom.demo.parameters import Spread
from ungdom.demo.people import coordinators, leader
from ungdom.demo.random_draws import RandomDraws, working
from ungdom.workflow import engine, legality
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import OSLO, oslo_date
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.derived.endings import endings
from ungdom.workflow.events import NOTHING, Event
from ungdom.workflow.guards.core import ProposedEvent
from ungdom.workflow.vocabulary import Actor, EventType, Role, Sanction, State

E = EventType
OFFICE_HOURS = 26_000
"""Office hours: seconds after eight o'clock during which events are recorded."""
OURS, POLICE, COURT, PROBATION = "ungdom", "police", "court", "correctional-service"


class HistoryEnded(Exception):
    """The simulation ends: the case is closed, or the next step is after today."""


@dataclass(frozen=True, slots=True)
class DemoEvent:
    """An event to be recorded. `states`: only in these states; None: wherever the engine allows it."""

    kind: EventType
    on: date
    details: d.Details = NOTHING
    actor: Actor | None = None
    states: frozenset[State] | None = None


PlannedAction = Callable[["CaseSimulator"], object]


class CaseSimulator:
    """One case under simulation. `agenda`: planned actions by day of occurrence; `late`: by day of recording.

    `consents_answered_on`: the day by which everybody whose consent is required has answered; None: not requested yet.
    `clock`: when the last event was recorded. `pace`: how slow the steps before receipt are, relative to the mean.
    """

    __slots__ = (
        "_order",
        "agenda",
        "case",
        "clock",
        "consents_answered_on",
        "coordinator",
        "draws",
        "events",
        "flags",
        "late",
        "pace",
        "refused",
        "today",
        "youth",
    )

    def __init__(self, youth: Youth, first: Event, draws: RandomDraws, today: date, pace: float) -> None:
        self.youth, self.draws, self.today, self.pace = youth, draws, today, pace
        self.events = [first]
        self.case: Case = engine.fold(youth, self.events)
        self.clock = first.recorded_at
        self.coordinator = draws.rng.choice(coordinators(self.case.konfliktrad))
        self.flags: set[str] = set()
        self.consents_answered_on: date | None = None
        self.refused = 0
        self.agenda: list[tuple[date, int, PlannedAction]] = []
        self.late: list[tuple[date, int, PlannedAction]] = []
        self._order = count()

    # --- reading -------------------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """The state of the case."""
        return self.case.state

    @property
    def since(self) -> date:
        """The day on which it entered that state."""
        return self.case.entered_on

    @property
    def sanction(self) -> Sanction:
        """The sanction of the case."""
        return self.case.sanction

    def happens(self, share: float) -> bool:
        """True with this probability."""
        return self.draws.happens(share)

    def later(self, spread: Spread, pace: float = 1.0, since: date | None = None) -> date:
        """A working day that long after the case entered its state, or after `since`."""
        return self.draws.later(since or self.since, spread, pace)

    def once(self, flag: str) -> bool:
        """True at the first call with this flag."""
        if flag in self.flags:
            return False
        self.flags.add(flag)
        return True

    # --- planning -----------------------------------------------------------------------------------------------

    def plan(self, on: date, what: PlannedAction) -> None:
        """Run the action when the simulation reaches that day."""
        heappush(self.agenda, (on, next(self._order), what))

    def plan_fact(self, planned: DemoEvent, prompt: bool = False) -> None:
        """Record a fact when the simulation reaches its day."""
        self.plan(planned.on, lambda simulator: simulator.fact(planned, prompt))

    def plan_late(self, known: date, what: PlannedAction) -> None:
        """Run the action when the recording time reaches that day, or the first working day after it."""
        heappush(self.late, (working(known), next(self._order), what))

    def catch_up(self, on: date) -> None:
        """Run every action that is planned until that day."""
        until = min(on, self.today)
        while self.agenda and self.agenda[0][0] <= until:
            heappop(self.agenda)[2](self)

    # --- recording ----------------------------------------------------------------------------------------------

    def move(self, kind: EventType, on: date, details: d.Details = NOTHING, actor: Actor | None = None) -> bool:
        """Record a transition after every action planned until then. False when it was refused, or the state changed.

        Raises `HistoryEnded` when it lies after today, or closes the case.
        """
        state = self.state
        self.catch_up(on)
        if self.state is not state:
            return False
        known = self._known(on)
        if known > self.today:
            raise HistoryEnded
        done = self._record(DemoEvent(kind, on, details, actor), known)
        if self.case.is_closed:
            raise HistoryEnded
        return done

    def fact(self, planned: DemoEvent, prompt: bool = False) -> bool:
        """Record a fact within days or, sometimes, much later. True when it was recorded at once."""
        if not self._fits(planned):
            return False
        if not prompt and self.happens(parameters.LATE_RECORDING):
            known = working(planned.on + timedelta(days=self.draws.days(parameters.LATE_BY)))
            self.plan_late(known, lambda simulator: simulator._record_late(planned))
            return False
        return self._record(planned, self._known(planned.on))

    def correct(self, details: d.Details) -> bool:
        """Record a correction at the current recording time if the corrected history is legal; whether it was."""
        day = oslo_date(self.clock)
        event = self._event(DemoEvent(E.CORRECTED, day, details, Actor.COORDINATOR), self._instant(day))
        if legality.first_illegal_step(self.youth, [*self.events, event]) is not None:
            self.refused += 1
            return False
        self.events.append(event)
        self.clock = event.recorded_at
        self.case = engine.fold(self.youth, self.events)
        return True

    def finish(self) -> None:
        """Record the late facts that become known by today."""
        self._flush(self.today)

    def end_what_runs(self) -> None:
        """Record what the closing of the case ends, once the office has recorded its own ends."""
        if self.case.is_closed:
            for event in endings(self.case, self.events[-1]):
                self.events.append(event)
                self.case = engine.apply(self.case, event)

    def _fits(self, planned: DemoEvent) -> bool:
        if planned.on > self.today:
            return False
        return planned.states is None or not planned.states.isdisjoint(self.case.states_on(planned.on))

    def _record_late(self, planned: DemoEvent) -> None:
        if self._fits(planned) and planned.on <= oslo_date(self.clock):
            self._record(planned, oslo_date(self.clock))

    def _known(self, on: date) -> date:
        lag = self.draws.days(parameters.PROMPT_BY) if self.happens(parameters.NOT_THE_SAME_DAY) else 0
        return max(working(on + timedelta(days=lag)), oslo_date(self.clock))

    def _flush(self, day: date) -> None:
        while self.late and self.late[0][0] <= day:
            known, _, what = heappop(self.late)
            self.clock = max(self.clock, _opening_time(known))
            what(self)

    def _record(self, planned: DemoEvent, known: date) -> bool:
        if known > self.today:
            return False
        if self.late:
            self._flush(known)
        event = self._event(planned, self._instant(known))
        step = ProposedEvent(planned.kind, planned.on, known, planned.details, event.role, event.subject)
        if engine.decide(self.case, step).unmet:
            self.refused += 1
            return False
        self.events.append(event)
        self.case = engine.apply(self.case, event)
        self.clock = event.recorded_at
        return True

    def _instant(self, day: date) -> datetime:
        drawn = _opening_time(day) + timedelta(seconds=int(self.draws.rng.random() * OFFICE_HOURS))
        return drawn if drawn > self.clock else self.clock + timedelta(seconds=20 + int(self.draws.rng.random() * 90))

    def _event(self, planned: DemoEvent, at: datetime) -> Event:
        actor = planned.actor or engine.actors_of(self.sanction, planned.kind)[0]
        role, subject, source = self._by(actor)
        return Event(
            seq=len(self.events) + 1,
            type=planned.kind,
            occurred_on=planned.on,
            recorded_at=at,
            actor=actor,
            role=role,
            subject=subject,
            source=source,
            details=planned.details,
        )

    def _by(self, actor: Actor) -> tuple[Role, str, str]:
        if actor in (Actor.COORDINATOR, Actor.PARTY):
            return Role.COORDINATOR, self.coordinator, OURS
        if actor is Actor.LEADER:
            return Role.LEADER, leader(self.case.konfliktrad), OURS
        if actor in (Actor.POLICE, Actor.PROSECUTION):
            return Role.PROSECUTION, f"prosecution-{self.case.konfliktrad}", POLICE
        return _ELSEWHERE[actor]


_ELSEWHERE: dict[Actor, tuple[Role, str, str]] = {
    Actor.COURT: (Role.SYSTEM, COURT, COURT),
    Actor.CORRECTIONAL_SERVICE: (Role.SYSTEM, PROBATION, PROBATION),
    Actor.SECRETARIAT: (Role.SECRETARIAT, "secretariat-1", OURS),
    Actor.SYSTEM: (Role.SYSTEM, OURS, OURS),
}


@lru_cache(maxsize=8192)
def _opening_time(day: date) -> datetime:
    return datetime.combine(day, time(8), OSLO).astimezone(UTC)
