"""A case as one flat row, for statistics and extracts: days, codes and an age, no other data about the youth. Pure.

Derived from events only: open intervals have no end date and are counted until `as_of`. A stored row therefore stays
valid until the case has a new event. Every rule is that of `workflow`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Generic, NamedTuple, TypeVar

from ungdom.store.codec import Codec, Day
from ungdom.workflow import law
from ungdom.workflow.calendar import after, birthday, days_between, oslo_date
from ungdom.workflow.case import Case
from ungdom.workflow.payloads import LapseReason
from ungdom.workflow.rules.waits import ledger, stages
from ungdom.workflow.views.lead_time import measures
from ungdom.workflow.vocabulary import EventType, OffenceGroup, Party, Regime, Sanction, State

E = EventType
K = TypeVar("K")
DAY = timedelta(days=1)

DECISIONS = (E.TRANSFERRED_TO_FOLLOW_UP, E.JUDGMENT_GIVEN, E.FOLLOW_UP_BY_JUDGMENT)
"""The events that first decide on the sanction; an appeal may change the decision."""
ADULT = 18


class Interval(NamedTuple, Generic[K]):
    """Days of one kind, from a day to a day; `until` is None for an open interval."""

    kind: K
    since: Day
    until: Day | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """One case as of `as_of`. The day of a step is that of its first occurrence, unless stated otherwise.

    `konfliktrad`: the one office it counts for. `police_district`: of that office; None where it is not known.
    `offence_group`: of the last act, from which lead time is counted; of several on one day, the first named.
    `offence_groups`: of all acts. `age`: whole years on the last day of the last act. `decided`, `decision_regime`,
    `term_days`: of the decision in force, after any appeal; None before there is one. `pinned`: the overriding regime
    of execution, where one has been set. `in_view`: first day under observation: the day of receipt if the case was
    first recorded on or after that day, otherwise the day of registration. `stage_intervals`, `wait_intervals`: the
    life of the case by stage and by party waited for; each covers all of it. `interruptions`: intervals during which
    the term was suspended. `closing`: the reason given by the closing event, if it gives one.
    """

    as_of: date
    sanction: Sanction
    konfliktrad: str
    police_district: str | None = None
    decision_regime: Regime | None
    pinned: Regime | None
    offence_group: OffenceGroup | None
    offence_groups: tuple[OffenceGroup, ...]
    age: int
    first_offence: date
    last_offence: date
    in_view: date
    registered: date
    suspect: date | None
    indicted: date | None
    first_decided: date | None
    decided: date | None
    final: date | None
    dispatched: date | None
    received: date | None
    first_contact: date | None
    plan_meeting: date | None
    plan_signed: date | None
    started: date | None
    start_rule: str | None
    planned_end: date | None
    closed: date | None
    state: State
    closing: str | None
    term_days: int | None
    p1: int | None
    p2: int | None
    p3: int | None
    unreported_days: int
    breaches: int
    new_offences: int
    table: str
    stage_intervals: tuple[Interval[State], ...]
    wait_intervals: tuple[Interval[Party], ...]
    interruptions: tuple[Interval[str], ...] = field(default=())

    @property
    def until(self) -> date:
        """The last day of the case, or the last day known if it is open."""
        return self.closed or self.as_of

    @property
    def total_days(self) -> int:
        """Duration of the case in days; equal to the sum of the stage days and to the sum of the wait days."""
        return days_between(self.registered, self.until)

    @property
    def stage_days(self) -> dict[State, int]:
        """Days in each stage the case has been in."""
        return _days_by_kind(self.stage_intervals, date.min, self.until)

    @property
    def wait_days(self) -> dict[Party, int]:
        """Days of waiting for each party."""
        return _days_by_kind(self.wait_intervals, date.min, self.until)

    @property
    def wait_days_before(self) -> dict[Party, int]:
        """The wait days after the last offence and before the start; without a start, all since the last offence.

        Their sum plus the unreported days is P3.
        """
        return _days_by_kind(self.wait_intervals, self.last_offence, self.started or self.until)

    @property
    def interrupted_days(self) -> int:
        """Days on which the term was suspended."""
        return sum(_days_by_kind(self.interruptions, date.min, self.until).values())

    @property
    def adjusted_end(self) -> date | None:
        """The planned end, moved by the interrupted days."""
        if self.planned_end is None or not law.CHOICES.interruption_moves_end:
            return self.planned_end
        return self.planned_end + timedelta(days=self.interrupted_days)

    @property
    def regime(self) -> Regime:
        """The regime of the decision; before there is one, that of `as_of`, as in `case.decision_regime`."""
        return self.decision_regime or law.REGIME.on(self.as_of)

    @property
    def execution_regime(self) -> Regime | None:
        """The regime that applies to the execution on the last known day; None before the start."""
        return (self.pinned or law.REGIME.on(self.until)) if self.started else None

    @property
    def late_entry(self) -> bool:
        """Whether it was first known by its receipt (late entry).

        Had it ended before, it would not have been observed.
        """
        return self.received is not None and self.in_view == self.received

    @property
    def died(self) -> bool:
        """Whether it lapsed because the youth died."""
        return self.state is State.LAPSED and self.closing == LapseReason.DEATH

    @property
    def age_group(self) -> str:
        """15, 16, 17, or 18+ for an act that lasted beyond the eighteenth birthday."""
        return str(self.age) if self.age < ADULT else f"{ADULT}+"


def office(case: Case) -> str:
    """The konfliktråd that a case is counted for: exactly one, so that a transferred case is counted once."""
    return case.konfliktrad


def facts_of(
    case: Case, day: date, districts: Mapping[str, str] | None = None, opened: date | None = None
) -> CaseFacts:
    """The case as of that day, derived from its events, none of which may be later than `day`.

    `districts`: the police district of each konfliktråd. `opened`: the day on which the case was first recorded;
    default: the day of its first event, as corrected.
    """
    first_recorded = opened or oslo_date(case.events[0].recorded_at)
    return _derive_facts(case, day, (districts or {}).get(office(case)), first_recorded)


def _derive_facts(case: Case, day: date, district: str | None, opened: date) -> CaseFacts:
    received = _first_day(case, E.RECEIVED)
    last = max(case.offences, key=lambda act: act.last_day)
    p1, p2, p3 = measures(case)
    sanctioned, start = case.sanction_in_force, case.start
    open_end = max(event.occurred_on for event in case.events) + DAY  # after all events: an interval up to it is open
    stops = case.interruptions(open_end) if case.start else []
    return CaseFacts(
        as_of=day,
        sanction=case.sanction,
        konfliktrad=office(case),
        police_district=district,
        decision_regime=sanctioned.regime if sanctioned else None,
        pinned=case.regime_overrides[-1][1] if case.regime_overrides else None,
        offence_group=last.group,
        offence_groups=tuple(sorted({act.group for act in case.offences if act.group})),
        age=_age(case.youth.born, case.last_offence),
        first_offence=case.first_offence,
        last_offence=case.last_offence,
        in_view=received if received and opened >= received > case.registered_on else case.registered_on,
        registered=case.registered_on,
        suspect=_first_day(case, E.SUSPECT_SET),
        indicted=_first_day(case, E.INDICTED),
        first_decided=_first_day(case, *DECISIONS),
        decided=sanctioned.on if sanctioned else None,
        final=_first_day(case, E.BECAME_FINAL),
        dispatched=_first_day(case, E.DISPATCHED),
        received=received,
        first_contact=_first_day(case, E.FIRST_CONTACT),
        plan_meeting=_first_day(case, E.PLAN_MEETING_HELD),
        plan_signed=_first_day(case, E.PLAN_SIGNED),
        started=start.on if start else None,
        start_rule=start.rule if start else None,
        planned_end=case.planned_end,
        closed=case.closed_on,
        state=case.state,
        closing=_closing_reason(case),
        term_days=_term_days(case),
        p1=p1,
        p2=p2,
        p3=p3,
        unreported_days=max(0, days_between(case.last_offence, case.registered_on)),
        breaches=sum(1 for _ in case.all(E.BREACH_RECORDED)),
        new_offences=sum(1 for _ in case.all(E.NEW_OFFENCE_RECORDED)),
        table=case.table,
        stage_intervals=tuple(Interval(s.state, s.since, None if s.open else s.until) for s in stages(case, open_end)),
        wait_intervals=_wait_intervals(case, open_end),
        interruptions=tuple(Interval(_INTERRUPTION, since, None if end == open_end else end) for since, end in stops),
    )


def _wait_intervals(case: Case, open_end: date) -> tuple[Interval[Party], ...]:
    """The waits; consecutive waits for the same party are merged."""
    intervals: list[Interval[Party]] = []
    for wait in ledger(case, open_end):
        until = None if wait.until == open_end and not case.is_closed else wait.until
        if intervals and (intervals[-1].kind, intervals[-1].until) == (wait.party, wait.since):
            intervals[-1] = Interval(wait.party, intervals[-1].since, until)
        else:
            intervals.append(Interval(wait.party, wait.since, until))
    return tuple(intervals)


def _first_day(case: Case, *kinds: EventType) -> date | None:
    first = case.first(*kinds)
    return first.occurred_on if first else None


def _age(born: date, day: date) -> int:
    """Age in whole years: the number of the last birthday reached by that day."""
    years = day.year - born.year
    return years if birthday(born, years) <= day else years - 1


def _term_days(case: Case) -> int | None:
    """The length of the sanction in days, counted from the start, or, before there is one, from the decision."""
    if case.sanction_in_force is None:
        return None
    since = case.start.on if case.start else case.sanction_in_force.on
    return days_between(since, after(since, case.sanction_in_force.length))


def _closing_reason(case: Case) -> str | None:
    """The reason, outcome or replacement given by the event that closed the case."""
    if not case.is_closed:
        return None
    closing_event = next(event for event in case.events if event.seq == case.intervals[-1].seq)
    reasons = (getattr(closing_event.details, name, None) for name in ("reason", "outcome", "to"))
    return next((str(reason) for reason in reasons if reason is not None), None)


def _days_by_kind(intervals: Iterable[Interval[K]], low: date, high: date) -> dict[K, int]:
    """Days per kind between the two days; open intervals count until the later one."""
    total: Counter[K] = Counter()
    for kind, since, until in intervals:
        inside = days_between(max(since, low), high if until is None else min(until, high))
        if inside > 0:
            total[kind] += inside
    return dict(total)


# --- serialisation ------------------------------------------------------------------------------------------

_CODES = (
    *("sanction", "konfliktrad", "decision_regime", "pinned", "offence_group", "start_rule", "state", "closing"),
    "table",
)
_NUMBERS = ("age", "term_days", "p1", "p2", "p3", "unreported_days", "breaches", "new_offences")
_DAYS = (
    *("first_offence", "last_offence", "in_view", "registered", "suspect", "indicted", "first_decided", "decided"),
    *("final", "dispatched", "received", "first_contact", "plan_meeting", "plan_signed", "started", "planned_end"),
    "closed",
)
_INTERRUPTION = "stop"
_Codes = tuple[Sanction, str, Regime | None, Regime | None, OffenceGroup | None, str | None, State, str | None, str]
_CODEC = Codec(
    tuple[
        _Codes,
        list[int | None],
        list[Day | None],
        tuple[OffenceGroup, ...],
        tuple[Interval[State], ...],
        tuple[Interval[Party], ...],
        list[tuple[Day, Day | None]],
    ]
)


def dump(facts: CaseFacts) -> str:
    """The facts as compact JSON, without `as_of` and what depends on it."""
    codes, numbers, days = ([getattr(facts, name) for name in names] for names in (_CODES, _NUMBERS, _DAYS))
    stops = [(stop.since, stop.until) for stop in facts.interruptions]
    return _CODEC.dump(
        (tuple(codes), numbers, days, facts.offence_groups, facts.stage_intervals, facts.wait_intervals, stops)
    )


def load(text: str, day: date, districts: Mapping[str, str] | None = None) -> CaseFacts:
    """The facts written by `dump`, as of that day."""
    codes, numbers, days, groups, stages, waits, stops = _CODEC.load(text)
    values: dict[str, Any] = dict(zip((*_CODES, *_NUMBERS, *_DAYS), (*codes, *numbers, *days), strict=True))
    return CaseFacts(
        as_of=day,
        police_district=(districts or {}).get(values["konfliktrad"]),
        offence_groups=groups,
        stage_intervals=stages,
        wait_intervals=waits,
        interruptions=tuple([Interval(_INTERRUPTION, since, until) for since, until in stops]),
        **values,
    )
