"""What indicators and caseload need of one case, derived from its events alone; stored as JSON in `case_figures`.

A summary holds days, codes and who coordinates; nothing about the youth. Pure.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from ungdom.analytics.contributions import CountContribution, DurationContribution
from ungdom.store.codec import Codec, Day
from ungdom.workflow.vocabulary import Sanction, State


class Stay(NamedTuple):
    """A stay in one state: its first day, and the day on which that was known."""

    state: State
    since: Day
    known: Day


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """Summary of one case. `coordinator`: the last one assigned.

    `plan_meeting`: the first plan meeting, or in R0 the signing of the plan. `stays`: those before the case was
    received or left, and the last one.
    """

    sanction: Sanction
    konfliktrad: str
    coordinator: str | None
    registered: date
    received: date | None
    started: date | None
    plan_meeting: date | None
    closed: date | None
    stays: tuple[Stay, ...]
    counts: dict[str, list[CountContribution]] = field(default_factory=dict)
    durations: dict[str, list[DurationContribution]] = field(default_factory=dict)

    @property
    def state(self) -> State:
        """The current state."""
        return self.stays[-1].state


_Days = tuple[Day, Day | None, Day | None, Day | None, Day | None]
_CODEC = Codec(
    tuple[
        tuple[Sanction, str, str | None],
        _Days,
        tuple[Stay, ...],
        dict[str, list[CountContribution]],
        dict[str, list[DurationContribution]],
    ]
)


def dump(summary: CaseSummary) -> str:
    """A summary as compact JSON."""
    s = summary
    codes, days = (s.sanction, s.konfliktrad, s.coordinator), (s.registered, s.received, s.started, s.plan_meeting)
    return _CODEC.dump((codes, (*days, s.closed), s.stays, s.counts, s.durations))


def load(text: str) -> CaseSummary:
    """The summary written by `dump`."""
    (sanction, office, coordinator), days, stays, counts, durations = _CODEC.load(text)
    registered, received, started, plan_meeting, closed = days
    return CaseSummary(
        sanction, office, coordinator, registered, received, started, plan_meeting, closed, stays, counts, durations
    )
