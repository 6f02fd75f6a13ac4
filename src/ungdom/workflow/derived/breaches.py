"""Breaches and new offences with the steps that followed each; electronic control; the petition window. Pure.

Derived from the history. krl §§ 31-34, strl § 52 c.
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
"""Events that result from an earlier step. They are added to the chains of that step."""


@dataclass(frozen=True, slots=True)
class BreachChainStep:
    """One step of a chain: the event, the days since the previous step, and the days since the breach or offence."""

    event: Event
    days: int
    total: int


@dataclass(slots=True)
class BreachChain:
    """A breach or new offence and the steps that followed it. The first step is the breach or offence itself."""

    steps: list[BreachChainStep] = field(default_factory=list)

    @property
    def ground(self) -> Event:
        """The breach or new offence that began the chain."""
        return self.steps[0].event

    def add(self, event: Event) -> None:
        """Add a step."""
        first = self.ground.occurred_on if self.steps else event.occurred_on
        last = self.steps[-1].event.occurred_on if self.steps else event.occurred_on
        self.steps.append(
            BreachChainStep(event, days_between(last, event.occurred_on), days_between(first, event.occurred_on))
        )


@dataclass(frozen=True, slots=True)
class ControlPeriod:
    """A period of electronic control. strl § 52 c.

    `since`, `until`: its first and last day. `review_from`: the day from which it may be re-examined. `longest`:
    the last day permitted by law. `extension`: ordered while an earlier period ran, or on its last day.
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
    """The last days on which a petition may reach the court. strl § 52 c sixth paragraph.

    `control_last`: for electronic control. `last`: for any other petition. `days_left`: calendar days until `last`,
    negative after it. `sent_on`: the day of the petition that was sent last.
    """

    end_of_term: date
    control_last: date
    last: date
    days_left: int
    sent_on: date | None
    open: bool


def chains(case: Case) -> list[BreachChain]:
    """One chain per breach and new offence, in the order recorded.

    A step is added to the chains of the grounds it was taken for: those of its kind recorded since the previous
    step. The consequences of a step are added to the chains of that step.
    """
    builder = _ChainBuilder()
    for event in case.events:
        builder.add(event)
    return builder.all


class _ChainBuilder:
    """Builds the chains event by event.

    Keeps, per kind of ground, the chains that the next step is added to, and the chains that the last step was
    added to.
    """

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
    """The kinds of ground for which this step was taken."""
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
    """Every period of electronic control, in the order in which they were ordered."""
    periods: list[ControlPeriod] = []
    for event, order in case.payloads(d.ElectronicControlOrdered):
        later = (e for e in case.all(E.ELECTRONIC_CONTROL_ORDERED, E.ELECTRONIC_CONTROL_ENDED) if e.order > event.order)
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
    """The petition window of a youth sanction whose term has begun; None for other cases."""
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
    """The last day for a petition to reach the court; None before the term begins. strl § 52 c sixth paragraph."""
    end = case.adjusted_end(day)
    if end is None or electronic_control:
        return end
    return next_working_day(after(end, law.PETITION.on(end)))
