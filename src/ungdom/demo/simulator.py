"""Who tells a case: asks the engine before every step, records what it allows, and stops where today is reached."""

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
from ungdom.workflow.events import NOTHING, Event
from ungdom.workflow.guards.core import ProposedEvent
from ungdom.workflow.vocabulary import Actor, EventType, Role, Sanction, State

E = EventType
OFFICE_HOURS = 26_000
"""Seconds from eight o'clock in which things are recorded."""
OURS, POLICE, COURT, PROBATION = "ungdom", "police", "court", "correctional-service"


class HistoryEnded(Exception):
    """The story rests here: the case is closed, or what comes next lies after today."""


@dataclass(frozen=True, slots=True)
class DemoEvent:
    """One thing to be recorded. `states`: where it makes sense; None: anywhere the engine allows."""

    kind: EventType
    on: date
    details: d.Details = NOTHING
    actor: Actor | None = None
    states: frozenset[State] | None = None


PlannedAction = Callable[["CaseSimulator"], object]


class CaseSimulator:
    """One case being told. `agenda`: what is planned, by the day it happens; `late`: facts that are recorded later.

    `asked`: the day by which all who must consent have answered, once they have been asked.
    """

    __slots__ = (
        "_order",
        "agenda",
        "asked",
        "case",
        "chance",
        "clock",
        "coordinator",
        "events",
        "flags",
        "late",
        "pace",
        "refused",
        "today",
        "youth",
    )

    def __init__(self, youth: Youth, first: Event, chance: RandomDraws, today: date, pace: float) -> None:
        self.youth, self.chance, self.today, self.pace = youth, chance, today, pace
        self.events = [first]
        self.case: Case = engine.fold(youth, self.events)
        self.clock = first.recorded_at
        self.coordinator = chance.rng.choice(coordinators(self.case.konfliktrad))
        self.flags: set[str] = set()
        self.asked: date | None = None
        self.refused = 0
        self.agenda: list[tuple[date, int, PlannedAction]] = []
        self.late: list[tuple[date, int, PlannedAction]] = []
        self._order = count()

    # --- asking -------------------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """Where the case stands."""
        return self.case.state

    @property
    def since(self) -> date:
        """The day it came there."""
        return self.case.entered_on

    @property
    def sanction(self) -> Sanction:
        """Which of the two."""
        return self.case.sanction

    def happens(self, share: float) -> bool:
        """True in that share of the cases."""
        return self.chance.happens(share)

    def later(self, spread: Spread, pace: float = 1.0, since: date | None = None) -> date:
        """A working day that long after the case came where it is, or after `since`."""
        return self.chance.later(since or self.since, spread, pace)

    def once(self, flag: str) -> bool:
        """True the first time it is asked."""
        if flag in self.flags:
            return False
        self.flags.add(flag)
        return True

    # --- planning -----------------------------------------------------------------------------------------------

    def plan(self, on: date, what: PlannedAction) -> None:
        """To be done when the story comes to that day."""
        heappush(self.agenda, (on, next(self._order), what))

    def plan_fact(self, planned: DemoEvent, prompt: bool = False) -> None:
        """A fact to be recorded when the story comes to its day."""
        self.plan(planned.on, lambda simulator: simulator.fact(planned, prompt))

    def plan_late(self, known: date, what: PlannedAction) -> None:
        """To be recorded when the recording comes to that day, or the first working day after it."""
        heappush(self.late, (working(known), next(self._order), what))

    def catch_up(self, on: date) -> None:
        """Do all that is planned until that day."""
        until = min(on, self.today)
        while self.agenda and self.agenda[0][0] <= until:
            heappop(self.agenda)[2](self)

    # --- recording ----------------------------------------------------------------------------------------------

    def move(self, kind: EventType, on: date, details: d.Details = NOTHING, actor: Actor | None = None) -> bool:
        """A move, after all that was planned until then. False when it was refused, or something else came between.

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
        """A fact, recorded within days or, now and then, much later. True when it was recorded at once."""
        if not self._fits(planned):
            return False
        if not prompt and self.happens(parameters.LATE_RECORDING):
            known = working(planned.on + timedelta(days=self.chance.days(parameters.LATE_BY)))
            self.plan_late(known, lambda simulator: simulator._record_late(planned))
            return False
        return self._record(planned, self._known(planned.on))

    def correct(self, details: d.Details) -> bool:
        """A correction today by the recording clock, kept only when what remains is a legal walk."""
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
        """Record what was known late and is known by today."""
        self._flush(self.today)

    def _fits(self, planned: DemoEvent) -> bool:
        if planned.on > self.today:
            return False
        return planned.states is None or not planned.states.isdisjoint(self.case.states_on(planned.on))

    def _record_late(self, planned: DemoEvent) -> None:
        if self._fits(planned) and planned.on <= oslo_date(self.clock):
            self._record(planned, oslo_date(self.clock))

    def _known(self, on: date) -> date:
        lag = self.chance.days(parameters.PROMPT_BY) if self.happens(parameters.NOT_THE_SAME_DAY) else 0
        return max(working(on + timedelta(days=lag)), oslo_date(self.clock))

    def _flush(self, day: date) -> None:
        while self.late and self.late[0][0] <= day:
            known, _, what = heappop(self.late)
            self.clock = max(self.clock, _office_hour(known, 0))
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
        drawn = _office_hour(day, int(self.chance.rng.random() * OFFICE_HOURS))
        return drawn if drawn > self.clock else self.clock + timedelta(seconds=20 + int(self.chance.rng.random() * 90))

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
def _eight_o_clock(day: date) -> datetime:
    return datetime.combine(day, time(8), OSLO).astimezone(UTC)


def _office_hour(day: date, seconds: int) -> datetime:
    return _eight_o_clock(day) + timedelta(seconds=seconds)
