"""Breaches and new offences: what followed each, step by step with its days; control periods; the petition window.

Pure: read from the history. krl §§ 31-34, strl § 52 c.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from ungdom.workflow import law
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import after, days_between, next_working_day
from ungdom.workflow.case import Case
from ungdom.workflow.events import Event
from ungdom.workflow.vocabulary import PHASE, EventType, Phase, Sanction, State

E = EventType
GROUNDS = (E.BREACH_RECORDED, E.NEW_OFFENCE_RECORDED)
_TALKS = (E.BREACH_TALK_ORDERED, E.BREACH_TALK_MISSED, E.FETCH_REQUESTED, E.BREACH_TALK_HELD)
_CONSEQUENCES = frozenset(
    {
        E.RESUMED,
        E.BREACH_CONDITIONS_LIFTED,
        E.PETITION_DECLINED,
        E.PETITION_REJECTED,
        E.ELECTRONIC_CONTROL_ORDERED,
        E.ELECTRONIC_CONTROL_ENDED,
        E.CONVERSION_FINAL,
        E.PROSECUTION_RESUMED,
        E.PROSECUTION_NOT_RESUMED,
        E.TERM_EXPIRED,
        E.WINDOW_CLOSED,
    }
)
"""What comes of a step that was taken: it belongs to whatever that step was about."""


@dataclass(frozen=True, slots=True)
class BreachChainStep:
    """One step: the event, the days since the one before, and since the breach or offence itself."""

    event: Event
    days: int
    total: int


@dataclass(slots=True)
class BreachChain:
    """A breach or new offence and what followed it. The first step is what was recorded."""

    steps: list[BreachChainStep] = field(default_factory=list)

    @property
    def ground(self) -> Event:
        """The breach or new offence."""
        return self.steps[0].event

    def add(self, event: Event) -> None:
        """One step more."""
        first = self.ground.occurred_on if self.steps else event.occurred_on
        last = self.steps[-1].event.occurred_on if self.steps else event.occurred_on
        self.steps.append(
            BreachChainStep(event, days_between(last, event.occurred_on), days_between(first, event.occurred_on))
        )


@dataclass(frozen=True, slots=True)
class ControlPeriod:
    """Electronic control: from, until and with that day, when it may be re-examined, and at most. strl § 52 c.

    `extension`: ordered while an earlier period ran, or on the day it was over.
    """

    since: date
    until: date
    review_from: date
    longest: date
    ended_on: date | None
    end: d.EndOfControl | None
    extension: bool


@dataclass(frozen=True, slots=True)
class PetitionWindow:
    """Until when a petition reaches the court: for control, and for anything else. strl § 52 c sixth paragraph.

    `days_left`: to the last of these; negative once it has passed. `sent_on`: the petition sent last.
    """

    end_of_term: date
    control_last: date
    last: date
    days_left: int
    sent_on: date | None
    open: bool


def chains(case: Case) -> list[BreachChain]:
    """A chain for each breach and new offence, in the order recorded.

    A step belongs to the grounds it was taken for: those of its kind recorded since the step before. What comes of a
    step belongs to the chains of that step.
    """
    builder = _ChainBuilder()
    for event in case.events:
        builder.add(event)
    return builder.all


class _ChainBuilder:
    """The chains as they grow: of each kind those that the next step is for, and those that the last one was for."""

    def __init__(self) -> None:
        self.all: list[BreachChain] = []
        self._waiting: dict[EventType, list[BreachChain]] = {kind: [] for kind in GROUNDS}
        self._acted: dict[EventType, bool] = dict.fromkeys(GROUNDS, False)
        self._last: list[BreachChain] = []

    def add(self, event: Event) -> None:
        if event.type in GROUNDS:
            self._begin(event)
            return
        kinds = tuple(_ground_kinds(event))
        self._last = [chain for kind in kinds for chain in self._waiting[kind]] or self._last
        if kinds or event.type in _CONSEQUENCES:
            for chain in self._last:
                chain.add(event)
        self._acted |= dict.fromkeys(kinds, True)

    def _begin(self, event: Event) -> None:
        if self._acted[event.type]:
            self._waiting[event.type], self._acted[event.type] = [], False
        chain = BreachChain()
        chain.add(event)
        self._waiting[event.type].append(chain)
        self.all.append(chain)


def _ground_kinds(event: Event) -> Iterator[EventType]:
    """For which kinds of ground this step was taken."""
    breach, offence = _grounds(event)
    if breach:
        yield E.BREACH_RECORDED
    if offence:
        yield E.NEW_OFFENCE_RECORDED


def _grounds(event: Event) -> tuple[bool, bool]:
    details = event.details
    if isinstance(details, d.Interrupted):
        charge = details.reason is d.InterruptionReason.CHARGED_WITH_NEW_OFFENCE
        return details.reason in _BREACH_REASONS, charge
    if isinstance(details, d.PetitionSent | d.ReferredForResumption):
        ground = details.ground
        return ground is not d.PetitionGround.NEW_OFFENCE, ground is not d.PetitionGround.BREACH
    if isinstance(details, d.YouthHeard):
        return True, d.HeardAbout.RESUMPTION in details.about
    breach = event.type in (*_TALKS, E.REFERRED_FOR_BREACH, E.REPLAN_MEETING_HELD)
    return breach, event.type is E.CLOSED_AFTER_NEW_OFFENCE


_BREACH_REASONS = (d.InterruptionReason.MISSED_TALK, d.InterruptionReason.NEW_BREACH_AFTER_TALK)


def control_periods(case: Case) -> list[ControlPeriod]:
    """Every period of electronic control, in the order ordered."""
    periods: list[ControlPeriod] = []
    for event, order in case.payloads(d.ElectronicControlOrdered):
        later = (e for e in case.all(E.ELECTRONIC_CONTROL_ORDERED, E.ELECTRONIC_CONTROL_ENDED) if e.seq > event.seq)
        following = next(later, None)
        ended = following if following and following.type is E.ELECTRONIC_CONTROL_ENDED else None
        periods.append(_period(event, order.until, ended, periods[-1] if periods else None))
    return periods


def _period(event: Event, until: date, ended: Event | None, before: ControlPeriod | None) -> ControlPeriod:
    on, details = event.occurred_on, ended.details if ended else None
    return ControlPeriod(
        since=on,
        until=until,
        review_from=after(on, law.ELECTRONIC_CONTROL_REVIEW.on(on)),
        longest=after(on, law.ELECTRONIC_CONTROL_MAX.on(on)),
        ended_on=ended.occurred_on if ended else None,
        end=details.reason if isinstance(details, d.ElectronicControlEnded) else None,
        extension=before is not None and before.ended_on is None and on <= before.until,
    )


def window(case: Case, day: date) -> PetitionWindow | None:
    """The petition window of a youth sanction, once its term has begun; None of others."""
    end, last = petition_deadline(case, day, True), petition_deadline(case, day, False)
    if case.sanction is not Sanction.YOUTH_SANCTION or end is None or last is None:
        return None
    sent = case.last(E.PETITION_SENT)
    return PetitionWindow(
        end_of_term=end,
        control_last=end,
        last=last,
        days_left=days_between(day, last),
        sent_on=sent.occurred_on if sent else None,
        open=PHASE[case.state] is Phase.BREACH and case.state is not State.BREACH_IN_COURT,
    )


def petition_deadline(case: Case, day: date, electronic_control: bool) -> date | None:
    """The last day a petition can reach the court; None before the term has begun. strl § 52 c sixth paragraph."""
    end = case.adjusted_end(day)
    if end is None or electronic_control:
        return end
    return next_working_day(after(end, law.PETITION.on(end)))
