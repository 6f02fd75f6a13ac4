"""What indicators and caseload need of one case, derived from its events alone; stored as JSON in `case_figures`.

A summary holds days, codes and who coordinates; nothing about the youth. Pure.
"""

import json
from dataclasses import dataclass, field
from datetime import date

from ungdom.analytics.contributions import CountContribution, DurationContribution
from ungdom.workflow.vocabulary import Sanction, State


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay in one state: since when, and on which day that was known."""

    state: State
    since: date
    known: date


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """One case. `coordinator`: assigned last. `plan_meeting`: the first plan meeting, or in R0 the plan signed.

    `stays`: those before the case was received or left, and the last one.
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
        """The state it is in."""
        return self.stays[-1].state


def dump(summary: CaseSummary) -> str:
    """A digest as compact JSON; days are numbers of days since the year 1."""
    plain = [
        [summary.sanction, summary.konfliktrad, summary.coordinator],
        [
            _to_ordinal(day)
            for day in (summary.registered, summary.received, summary.started, summary.plan_meeting, summary.closed)
        ],
        [[stay.state, _to_ordinal(stay.since), _to_ordinal(stay.known)] for stay in summary.stays],
        {
            code: [[_to_ordinal(on), in_numerator, part] for on, in_numerator, part in contributions]
            for code, contributions in summary.counts.items()
        },
        {
            code: [
                [*map(_to_ordinal, duration[:3]), duration.ended, _to_ordinal(duration.observed_from)]
                for duration in durations
            ]
            for code, durations in summary.durations.items()
        },
    ]
    return json.dumps(plain, separators=(",", ":"))


def load(text: str) -> CaseSummary:
    """The digest written by `dump`."""
    (sanction, konfliktrad, coordinator), days, stays, counts, durations_by_code = json.loads(text)
    received, started, plan_meeting, closed = map(_from_ordinal, days[1:])
    return CaseSummary(
        Sanction(sanction),
        konfliktrad,
        coordinator,
        date.fromordinal(days[0]),
        received,
        started,
        plan_meeting,
        closed,
        tuple(Stay(State(state), date.fromordinal(s), date.fromordinal(known)) for state, s, known in stays),
        {
            code: [
                CountContribution(date.fromordinal(on), in_numerator, part) for on, in_numerator, part in contributions
            ]
            for code, contributions in counts.items()
        },
        {
            code: [
                DurationContribution(
                    date.fromordinal(on), date.fromordinal(s), _from_ordinal(over), ended, _from_ordinal(seen)
                )
                for on, s, over, ended, seen in durations
            ]
            for code, durations in durations_by_code.items()
        },
    )


def _to_ordinal(day: date | None) -> int | None:
    return None if day is None else day.toordinal()


def _from_ordinal(number: int | None) -> date | None:
    return None if number is None else date.fromordinal(number)
