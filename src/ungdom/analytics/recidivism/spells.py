"""Recidivism spells: one row per person, index date and definition. Pure.

A spell lasts from the index date until what ends the observation. All lengths are calendar days counted from the index
date, which is not included. A spell holds internal ids, which are used only for a look-up or a pseudonym. The extract
of recidivism spells is built from this as well.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import chain
from uuid import UUID

from ungdom.analytics.case_facts import CaseFacts
from ungdom.analytics.recidivism.definitions import RECIDIVISMS, RecidivismDefinition
from ungdom.analytics.recidivism.offences import (
    CaseOffences,
    OffenceRecord,
    deduplicate,
    offence_of_observation,
)
from ungdom.analytics.recidivism.rules import Relapse
from ungdom.store.observations import Observation
from ungdom.workflow.calendar import after, days_between
from ungdom.workflow.vocabulary import ObservationKind

RiskInterval = tuple[int, int]
"""Days at risk: after the first, up to and including the second."""


@dataclass(frozen=True, slots=True)
class SeenCase:
    """A case of a person as of the day of observation."""

    case_id: UUID
    facts: CaseFacts
    offences: CaseOffences


@dataclass(frozen=True, slots=True)
class PersonHistory:
    """What is known of one person: every case, and the observations, until the day of observation."""

    person_id: UUID
    cases: tuple[SeenCase, ...]
    observed: tuple[Observation, ...] = ()


@dataclass(frozen=True, slots=True)
class ObservationPeriod:
    """A person under observation from an index date. `resident`: in the country on the last day, which is `last`.

    `died`: on that last day.
    """

    index_date: date
    last: date
    risk: tuple[RiskInterval, ...]
    resident: bool
    died: bool

    def at_risk_on(self, day: date | None) -> bool:
        """Whether the person was at risk on that day."""
        gone = days_between(self.index_date, day) if day else 0
        return any(since < gone <= until for since, until in self.risk)

    @property
    def until(self) -> date:
        """The last day at risk; without one, the index date."""
        return self.index_date + timedelta(days=self.risk[-1][1] if self.risk else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecidivismSpell:
    """One person from one index date by one definition, as known on the day of observation.

    `index_date`: the day it begins; `window_end`: the last day of the window; `seen_until`: the last day under
    observation (of the relapse, the window, the observation, the death, or the departure without return).
    `relapsed_on`: the day of the first relapse, a charge or an act by the definition; `decided_on`: the day on which
    that offence was decided with finality, if it is; `dated`: False where the day of the act was not reported, and that
    of the decision is used. `matured`: the window was over. `outcome`: how it came out, including the reason of
    censoring. `at_risk`: when the person lived and was in the country, as days from the index date. `facts`: the case
    of the index date.
    """

    definition: str
    version: int
    person_id: UUID
    case_id: UUID
    index_date: date
    window_end: date
    seen_until: date
    relapsed_on: date | None
    decided_on: date | None
    dated: bool
    matured: bool
    outcome: Relapse
    at_risk: tuple[RiskInterval, ...]
    facts: CaseFacts = field(compare=False)

    @property
    def at_risk_days(self) -> int:
        """Days at risk until the relapse, or until the end of observation."""
        return sum(until - since for since, until in self.at_risk)


def recidivism_spells(
    histories: Iterable[PersonHistory], day: date, definitions: Sequence[RecidivismDefinition] = RECIDIVISMS
) -> Iterator[RecidivismSpell]:
    """Every spell of these people as observed at the end of `day`, in the order of people, definitions and index dates.

    Later observations are ignored; the cases must be as of that day.
    """
    for whole in histories:
        history = replace(whole, observed=tuple(item for item in whole.observed if item.occurred_on <= day))
        for definition in definitions:
            for case, index_date in _index_dates(history, definition):
                if index_date <= day:
                    yield _spell(history, definition, case, index_date, day)


def _index_dates(history: PersonHistory, definition: RecidivismDefinition) -> list[tuple[SeenCase, date]]:
    """The first index date of each calendar year: a person is counted once in a base year."""
    given = [
        (definition.index_date(case.facts, next((matter.decided for matter in case.offences.own), None)), case)
        for case in history.cases
    ]
    in_order = sorted(
        ((day, case) for day, case in given if day is not None), key=lambda pair: (pair[0], pair[1].case_id)
    )
    first: dict[int, tuple[SeenCase, date]] = {}
    for day, case in in_order:
        first.setdefault(day.year, (case, day))
    return list(first.values())


def _spell(
    history: PersonHistory, definition: RecidivismDefinition, case: SeenCase, index_date: date, day: date
) -> RecidivismSpell:
    window_end = after(index_date, definition.window)
    period = _observation_period(history, index_date, min(window_end, day))
    offences = _other_offences(history, case)
    days = ((definition.relapse_day(offence), place) for place, offence in enumerate(offences))
    while_at_risk = ((on, place) for on, place in days if on is not None and period.at_risk_on(on))
    first_relapse = min(while_at_risk, default=None)
    relapse = offences[first_relapse[1]] if first_relapse else None
    on = first_relapse[0] if first_relapse else None
    gone = days_between(index_date, on) if on else 0
    pending = any(period.at_risk_on(definition.pending_day(offence)) for offence in offences)
    return RecidivismSpell(
        definition=definition.code,
        version=definition.version,
        person_id=history.person_id,
        case_id=case.case_id,
        index_date=index_date,
        window_end=window_end,
        seen_until=on or period.until,
        relapsed_on=on,
        decided_on=relapse.decided if relapse else None,
        dated=relapse is None or relapse.offence is not None,
        matured=window_end <= day,
        outcome=_outcome(on, period, window_end <= day, pending),
        at_risk=tuple((since, min(until, gone)) for since, until in period.risk if since < gone) if on else period.risk,
        facts=case.facts,
    )


def _outcome(relapsed_on: date | None, period: ObservationPeriod, matured: bool, pending: bool) -> Relapse:
    if relapsed_on is not None:
        return Relapse.RELAPSED if matured else Relapse.RELAPSED_EARLY
    if not period.resident:
        return Relapse.EMIGRATED
    if period.died:
        return Relapse.DIED
    if not matured:
        return Relapse.WINDOW_OPEN
    return Relapse.PENDING if pending else Relapse.NOT_RELAPSED


def _other_offences(history: PersonHistory, origin: SeenCase) -> list[OffenceRecord]:
    """Each offence of this person except the acts of the index case, whatever their source."""
    own = {record.offence for record in origin.offences.own}
    cases = (item.offences.own for item in history.cases if item is not origin)
    later = (item.offences.later for item in history.cases)
    beside = (record for item in history.observed if (record := offence_of_observation(item)) is not None)
    records = chain(*cases, *later, beside)
    return [item for item in deduplicate(records) if item.offence is None or item.offence not in own]


# --- at risk ----------------------------------------------------------------------------------------------------


def _observation_period(history: PersonHistory, index_date: date, end: date) -> ObservationPeriod:
    """From the index date to the end of window or observation, or to the death before it."""
    deaths = [observation.occurred_on for observation in history.observed if observation.kind is ObservationKind.DEATH]
    deaths += [case.facts.closed for case in history.cases if case.facts.died and case.facts.closed]
    last = min([end, *deaths])
    risk, here = residence_spans(index_date, last, history.observed)
    return ObservationPeriod(index_date, last, risk, here, died=last in deaths)


def residence_spans(
    index_date: date, last: date, observed: Iterable[Observation]
) -> tuple[tuple[RiskInterval, ...], bool]:
    """The days in the country after the index date, until `last`; and whether the person is there on that day.

    The day of leaving is included, the day of return is not.
    """
    spans: list[RiskInterval] = []
    resident, since = True, index_date
    moves = [
        observation
        for observation in observed
        if observation.kind in (ObservationKind.EMIGRATION, ObservationKind.IMMIGRATION)
    ]
    for move in sorted(moves, key=lambda observation: (observation.occurred_on, observation.recorded_at)):
        if move.occurred_on > last:
            break
        if resident and move.kind is ObservationKind.EMIGRATION:
            spans.append((days_between(index_date, since), days_between(index_date, move.occurred_on)))
            resident = False
        elif not resident and move.kind is ObservationKind.IMMIGRATION:
            resident, since = True, max(index_date, move.occurred_on)
    if resident:
        spans.append((days_between(index_date, since), days_between(index_date, last)))
    return tuple(span for span in spans if span[1] > span[0]), resident
