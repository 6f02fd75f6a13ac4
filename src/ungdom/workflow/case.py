"""The state of one case, derived from its events. `engine.fold` builds it; guards, clocks and views read it."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, wraps
from itertools import chain
from typing import Any, TypeVar, TypeVarTuple
from uuid import UUID

from ungdom.workflow import law
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import after, birthday, days_between
from ungdom.workflow.case_parts import ExecutionStart as ExecutionStart  # noqa: PLC0414  # part of the interface
from ungdom.workflow.case_parts import SanctionInForce as SanctionInForce  # noqa: PLC0414
from ungdom.workflow.case_parts import StateInterval as StateInterval  # noqa: PLC0414
from ungdom.workflow.case_parts import Youth as Youth  # noqa: PLC0414
from ungdom.workflow.events import TYPES_WITH, Event
from ungdom.workflow.vocabulary import CLOSED, EventType, Regime, Sanction, State

E = EventType
D = TypeVar("D", bound=d.Details)
A = TypeVarTuple("A")
R = TypeVar("R")

REOPENED_AS_IT_STOOD = "2026-11-25"
"""First version of the table in which a term that was paused at the closing stays paused until the case is reopened."""
FURTHER_BREACH_BY_DAY = "2026-11-30"
"""First version of the table in which a further breach is told by its day alone."""


@dataclass(frozen=True)
class Case:
    """A case at one point of its history.

    `events`: in the order recorded, with corrections applied. `table`: the version of the table that the case runs
    under.
    """

    youth: Youth
    events: tuple[Event, ...]
    intervals: tuple[StateInterval, ...]
    sanction: Sanction
    konfliktrad: str
    person: UUID
    table: str
    start: ExecutionStart | None = None
    sanction_in_force: SanctionInForce | None = None
    regime_overrides: tuple[tuple[date, Regime], ...] = ()
    offences: tuple[d.Offence, ...] = ()

    # --- current state ------------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """The current state."""
        return self.intervals[-1].state

    def states_on(self, day: date) -> tuple[State, ...]:
        """Every state of the case on that day, the latest first. The day of a transition has both states."""
        until = [interval.since for interval in self.intervals[1:]] + [date.max]
        states = [
            state_interval.state
            for state_interval, end in zip(self.intervals, until, strict=True)
            if state_interval.since <= day <= end
        ]
        return tuple(reversed(states))

    @property
    def entered_on(self) -> date:
        """The day on which the case entered its current state. No move may be dated before it."""
        return self.intervals[-1].since

    @property
    def is_closed(self) -> bool:
        """Whether the case is in one of the closed states."""
        return self.state in CLOSED

    @property
    def closed_on(self) -> date | None:
        """The day on which the case was closed; None while it is open."""
        return self.entered_on if self.is_closed else None

    @property
    def registered_on(self) -> date:
        """The day on which the case was registered."""
        return self.intervals[0].since

    # --- the history --------------------------------------------------------------------------------------------

    @cached_property
    def by_type(self) -> Mapping[EventType, tuple[Event, ...]]:
        """The events of each type, in the order recorded."""
        events: dict[EventType, tuple[Event, ...]] = {}
        for event in self.events:
            events[event.type] = (*events.get(event.type, ()), event)
        return events

    def __getstate__(self) -> dict[str, Any]:
        """What another process is given: everything but what was derived."""
        return {name: value for name, value in self.__dict__.items() if name != "derived"}

    @cached_property
    def derived(self) -> dict[Hashable, Any]:
        """What was derived from this case before, by what it is and the day it is for. See `derived_once`."""
        return {}

    def all(self, *kinds: EventType) -> Iterator[Event]:
        """Every event of these types, in the order recorded."""
        groups = [events for kind in kinds if (events := self.by_type.get(kind))]
        if len(groups) <= 1:
            return iter(groups[0] if groups else ())
        return iter(sorted(chain(*groups), key=lambda event: event.order))

    def until(self, day: date, *kinds: EventType) -> list[Event]:
        """The events of these types that had occurred by that day, ordered by day of occurrence, then as recorded."""
        events = (event for event in self.all(*kinds) if event.occurred_on <= day)
        return sorted(events, key=lambda event: (event.occurred_on, event.order))

    def payloads(self, shape: type[D]) -> Iterator[tuple[Event, D]]:
        """Every event with a payload of this class, paired with that payload, in the order recorded."""
        return ((event, event.details) for event in self.all(*TYPES_WITH[shape]) if isinstance(event.details, shape))

    def order_of(self, seq: int) -> int:
        """Position, in the history as it now reads, of the event with this number (see `Event.order`)."""
        return seq if self.events[0].place is None else self.event(seq).order

    def event(self, seq: int) -> Event:
        """The event with this sequence number."""
        return next(event for event in self.events if event.seq == seq)

    def last(self, *kinds: EventType) -> Event | None:
        """The event of these types that was recorded last; None if there is none."""
        last = (events[-1] for kind in kinds if (events := self.by_type.get(kind)))
        return max(last, key=lambda event: event.order, default=None)

    def first(self, *kinds: EventType) -> Event | None:
        """The event of these types that was recorded first; None if there is none."""
        first = (events[0] for kind in kinds if (events := self.by_type.get(kind)))
        return min(first, key=lambda event: event.order, default=None)

    def has(self, *kinds: EventType) -> bool:
        """Whether there is an event of these types."""
        return any(kind in self.by_type for kind in kinds)

    # --- the acts and the youth ---------------------------------------------------------------------------------

    @property
    def first_offence(self) -> date:
        """The day of the first act."""
        return min(offence.on for offence in self.offences)

    @property
    def last_offence(self) -> date:
        """The last day of the last act. The lead time is counted from this day (settled choice)."""
        return max(offence.last_day for offence in self.offences)

    def under_age(self, day: date) -> bool:
        """Whether the youth is under 18 on that day, so that guardians take part. vergemålsloven § 8."""
        return day < self.of_age_on

    def guardians_on(self, day: date) -> int:
        """The number of guardians who take part on that day; 0 from the 18th birthday. vergemålsloven § 8."""
        return self.youth.guardians_on(day) if self.under_age(day) else 0

    @property
    def of_age_on(self) -> date:
        """The 18th birthday."""
        return after(self.youth.born, law.MAJORITY.on(self.youth.born))

    def aged_at(self, offence: d.Offence) -> bool:
        """Whether the youth was 15 or older, and under 18, at that act. strl §§ 20, 52 a; strpl § 71 a."""
        low = birthday(self.youth.born, law.AGE_FROM.on(offence.on))
        high = birthday(self.youth.born, law.AGE_BELOW.on(offence.on))
        return low <= offence.last_day and offence.on < high

    # --- regime, term and end -----------------------------------------------------------------------------------

    def decision_regime(self, day: date) -> Regime:
        """The regime of conditions and terms: that of the decision; without a decision, that of the given day."""
        return self.sanction_in_force.regime if self.sanction_in_force else law.REGIME.on(day)

    def execution_regime(self, day: date) -> Regime:
        """The regime of execution, breach and complaints: that of the given day, unless another was pinned by then."""
        return self.regime_override(day) or law.REGIME.on(day)

    def regime_override(self, day: date) -> Regime | None:
        """The regime pinned by a named user, for steps from the day of the pin on; None without a pin."""
        return next((regime for since, regime in reversed(self.regime_overrides) if since <= day), None)

    @property
    def planned_end(self) -> date | None:
        """The last day of the term as decided, without interruptions. krl § 23; the start day does not count."""
        if self.start is None or self.sanction_in_force is None:
            return None
        end = after(self.start.on, self.sanction_in_force.length)
        return date.fromordinal(end.toordinal() - 1) if law.CHOICES.count_start_day else end

    @property
    def stands_still(self) -> bool:
        """Whether the execution has started and its term is paused, so that its end moves by one day per day."""
        return self.start is not None and not self.intervals[-1].clock

    def interruptions(self, day: date) -> list[tuple[date, date]]:
        """The spans until that day in which the term was paused, as (from, to). Pauses after the end are left out."""
        end = self.planned_end
        spans: list[tuple[date, date]] = []
        for since, until in self._stops(day):
            if end is None or since >= end:
                break
            spans.append((since, until))
            end += until - since
        return spans

    def _stops(self, day: date) -> Iterator[tuple[date, date]]:
        started = self.order_of(self.start.seq) if self.start else len(self.events)
        overturned = self._overturned_intervals()
        ends = [*(interval.since for interval in self.intervals[1:]), day]
        for place, (interval, until) in enumerate(zip(self.intervals, ends, strict=True)):
            stopped = self.order_of(interval.seq) > started and self._stood_still(place) and place not in overturned
            if stopped and interval.since < day:
                yield interval.since, min(until, day)

    def _overturned_intervals(self) -> set[int]:
        """Indices of the intervals of interruptions that a complaint overturned: the term kept running (krl § 22 e).

        If the case was closed and reopened meanwhile, the intervals before that are included.
        """
        upheld = d.ResumptionReason.COMPLAINT_UPHELD
        ended = {event.seq for event, resumed in self.payloads(d.Resumed) if resumed.reason is upheld}
        places: set[int] = set()
        for place in reversed(range(len(self.intervals) - 1)):
            current, following = self.intervals[place : place + 2]
            goes_on = current.state in CLOSED or following.state in CLOSED
            if following.seq in ended or (goes_on and place + 1 in places):
                places.add(place)
        return places

    def _stood_still(self, place: int) -> bool:
        """Whether the term was paused in that interval (index).

        A case that was closed while its term was paused, and later reopened, counts as paused all along (office
        norm).
        """
        interval = self.intervals[place]
        if interval.state not in CLOSED:
            return not interval.clock
        reopened = place + 1 < len(self.intervals) and law.holds(self.table, REOPENED_AS_IT_STOOD, None)
        return reopened and not self.intervals[place - 1].clock

    def interrupted_days(self, day: date) -> int:
        """The number of days until that day on which the term was paused."""
        return sum(days_between(since, until) for since, until in self.interruptions(day))

    def adjusted_end(self, day: date) -> date | None:
        """The planned end plus the days interrupted until that day; None before the start.

        2026-04-09 and 60 days: 2026-06-08.
        """
        end = self.planned_end
        if end is None or not law.CHOICES.interruption_moves_end:
            return end
        return date.fromordinal(end.toordinal() + self.interrupted_days(day))

    def served_days(self, day: date) -> int | None:
        """Days of the term served until that day, at most until the closing; None before the start.

        Interruptions do not count.
        """
        if self.start is None:
            return None
        until = min(day, self.closed_on) if self.closed_on else day
        return max(0, days_between(self.start.on, until) - self.interrupted_days(until))

    @property
    def served_before_interruption(self) -> int | None:
        """Days served when the term was last paused; None if it never was."""
        stops = [since for since, _ in self._stops(date.max)]
        return self.served_days(stops[-1]) if stops else None

    # --- finality -----------------------------------------------------------------------------------------------

    @property
    def judgment(self) -> Event | None:
        """The last judgment. An appeal that was given up leaves the one that it was about."""
        judgments = self.all(E.JUDGMENT_GIVEN, E.FOLLOW_UP_BY_JUDGMENT, E.APPEAL_DECIDED)
        return max((e for e in judgments if not _given_up(e)), key=lambda event: event.order, default=None)

    @property
    def appeal_given_up(self) -> bool:
        """Whether the last appeal ended because it was given up."""
        last = self.last(E.APPEALED, E.APPEAL_DECIDED)
        return last is not None and _given_up(last)

    @property
    def served_on(self) -> date | None:
        """The day on which the judgment in force was served, regardless of the order in which services became known."""
        judged = self.judgment
        if judged is None:
            return None
        days = (event.occurred_on for event in self.all(E.JUDGMENT_SERVED) if event.occurred_on >= judged.occurred_on)
        return max(days, default=getattr(judged.details, "served_on", None))

    # --- breach -------------------------------------------------------------------------------------------------

    @property
    def plan_made(self) -> bool:
        """Whether a plan meeting was held or, in R0, a plan was signed."""
        return self.has(E.PLAN_MEETING_HELD, E.PLAN_SIGNED)

    @property
    def new_breach(self) -> Event | None:
        """A breach that happened after a breach talk was ordered or conditions were set. krl §§ 31, 33.

        From the version of 30 November 2026 on, an act on a later day than the one on which the talk was ordered.
        """
        ordered = self.first(E.BREACH_TALK_ORDERED)
        if ordered is None:
            return None
        breaches = self.all(E.BREACH_RECORDED, E.BREACH_TALK_MISSED)
        if law.holds(self.table, FURTHER_BREACH_BY_DAY, None):
            return next((event for event in breaches if event.occurred_on > ordered.occurred_on), None)
        later = (e for e in breaches if e.order > ordered.order and e.occurred_on >= ordered.occurred_on)
        return next(later, None)

    @property
    def control_runs(self) -> bool:
        """Whether electronic control was ordered and its end or lifting has not been recorded. strl § 52 c."""
        last = self.last(E.ELECTRONIC_CONTROL_ORDERED, E.ELECTRONIC_CONTROL_ENDED)
        return last is not None and last.type is E.ELECTRONIC_CONTROL_ORDERED

    @property
    def referral(self) -> Event | None:
        """The last referral, if it is open; otherwise None.

        A declined or rejected petition, a new plan meeting or a final conversion ends it.
        """
        ended = self.last(E.PETITION_DECLINED, E.PETITION_REJECTED, E.REPLAN_MEETING_HELD, E.CONVERSION_FINAL)
        referral = self.last(E.REFERRED_FOR_BREACH)
        return referral if referral and (ended is None or ended.order < referral.order) else None

    @property
    def petition(self) -> d.PetitionSent | None:
        """The petition that was sent last; None without one."""
        sent = self.last(E.PETITION_SENT)
        return sent.details if sent and isinstance(sent.details, d.PetitionSent) else None

    @property
    def team(self) -> frozenset[str]:
        """The current members of the follow-up team (oppfølgingsteam). krl § 26."""
        members: set[str] = set()
        for event in self.all(E.TEAM_MEMBER_JOINED, E.TEAM_MEMBER_LEFT):
            if isinstance(event.details, d.MemberJoined):
                members.add(event.details.member)
            elif isinstance(event.details, d.MemberLeft):
                members.discard(event.details.member)
        return frozenset(members)

    # --- waits --------------------------------------------------------------------------------------------------

    def waits(self) -> list[tuple[Event, Event | None]]:
        """Each recorded wait with the event that ended it, or None while it is open.

        An end that names no party ends the wait that started last.
        """
        waits: list[tuple[Event, Event | None]] = []
        for event in self.all(E.WAIT_STARTED, E.WAIT_ENDED):
            if isinstance(event.details, d.WaitStarted):
                waits.append((event, None))
            elif isinstance(event.details, d.WaitEnded):
                _end_wait(waits, event, event.details)
        return waits


def derived_once(function: Callable[[Case, *A], R]) -> Callable[[Case, *A], R]:
    """Decorator: the function is computed once per case and arguments. Neither a case nor the result may change."""

    @wraps(function)
    def derive(case: Case, *args: *A) -> R:
        key = (function, args)
        try:
            result: R = case.derived[key]
        except KeyError:
            result = case.derived[key] = function(case, *args)
        return result

    return derive


def _given_up(event: Event) -> bool:
    return isinstance(event.details, d.AppealDecided) and event.details.outcome is d.AppealOutcome.WITHDRAWN


def _end_wait(waits: list[tuple[Event, Event | None]], ended: Event, details: d.WaitEnded) -> None:
    for place, (started, end) in reversed(list(enumerate(waits))):
        if end is None and details.party in (None, getattr(started.details, "party", None)):
            waits[place] = (started, ended)
            return
