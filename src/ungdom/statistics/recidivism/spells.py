"""Recidivism spells: one row a person, origin and definition, from the origin until what ends the observation. Pure.

All lengths are calendar days counted from the day of origin, that day not included. A spell holds internal ids, which
go nowhere but into a look-up or a pseudonym. This is also what the extract of recidivism spells is made of.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import chain
from uuid import UUID

from ungdom.statistics.case_rows import CaseRow
from ungdom.statistics.definitions import RECIDIVISMS, Recidivism
from ungdom.statistics.recidivism.matters import Matter, Trace, observed, together
from ungdom.statistics.recidivism.rules import Relapse
from ungdom.store.observations import Observation
from ungdom.workflow.daycount import after, days_between
from ungdom.workflow.vocabulary import ObservationKind

Risk = tuple[int, int]
"""Days at risk: after the first, until and with the second."""


@dataclass(frozen=True, slots=True)
class SeenCase:
    """A case of a person as it stood."""

    case_id: UUID
    row: CaseRow
    trace: Trace


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of one person: every case, and what was observed beside them, until the day of observation."""

    person_id: UUID
    cases: tuple[SeenCase, ...]
    observed: tuple[Observation, ...] = ()


@dataclass(frozen=True, slots=True)
class Watch:
    """A person under observation from a day of origin. `here`: in the country on the last day, which is `last`.

    `died`: on that last day.
    """

    origin: date
    last: date
    risk: tuple[Risk, ...]
    here: bool
    died: bool

    def sees(self, day: date | None) -> bool:
        """Whether the person was at risk on that day."""
        gone = days_between(self.origin, day) if day else 0
        return any(since < gone <= until for since, until in self.risk)

    @property
    def until(self) -> date:
        """The last day at risk; without one, the origin."""
        return self.origin + timedelta(days=self.risk[-1][1] if self.risk else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """One person from one origin by one definition, as known on the day of observation.

    `origin`: the day it begins; `window_end`: the last day of the window; `seen_until`: the last day under observation
    (of the relapse, the window, the observation, the death, or the departure without return).
    `relapsed_on`: the day of the first relapse, a charge or an act by the definition; `decided_on`: the day on which
    that matter was decided with finality, if it is; `dated`: False where nobody told the day of the act, and that of
    the decision stands for it.
    `matured`: the window was over. `outcome`: how it came out, the reason of censoring among them.
    `at_risk`: when the person lived and was in the country, as days from the origin. `row`: the case of the origin.
    """

    definition: str
    version: int
    person_id: UUID
    case_id: UUID
    origin: date
    window_end: date
    seen_until: date
    relapsed_on: date | None
    decided_on: date | None
    dated: bool
    matured: bool
    outcome: Relapse
    at_risk: tuple[Risk, ...]
    row: CaseRow = field(compare=False)

    @property
    def at_risk_days(self) -> int:
        """Days at risk until the relapse, or as long as the person was seen."""
        return sum(until - since for since, until in self.at_risk)


def spells(lives: Iterable[Life], day: date, definitions: Sequence[Recidivism] = RECIDIVISMS) -> Iterator[Spell]:
    """Every spell of these people as observed at the end of `day`, in the order of people, definitions and origins.

    What is observed later is left out; the cases have to be told as they stood on that day.
    """
    for life in (_until_day(one, day) for one in lives):
        for definition in definitions:
            for case, origin in _origins(life, definition):
                if origin <= day:
                    yield _spell(life, definition, case, origin, day)


def _until_day(life: Life, day: date) -> Life:
    return replace(life, observed=tuple(one for one in life.observed if one.occurred_on <= day))


def _origins(life: Life, definition: Recidivism) -> list[tuple[SeenCase, date]]:
    """The first origin of each calendar year: a person is counted once in a base year."""
    given = [(definition.origin(case.row, _final(case)), case) for case in life.cases]
    in_order = sorted(((day, case) for day, case in given if day is not None), key=lambda one: (one[0], one[1].case_id))
    first: dict[int, tuple[SeenCase, date]] = {}
    for day, case in in_order:
        first.setdefault(day.year, (case, day))
    return list(first.values())


def _final(case: SeenCase) -> date | None:
    return next((matter.decided for matter in case.trace.own), None)


def _spell(life: Life, definition: Recidivism, case: SeenCase, origin: date, day: date) -> Spell:
    window_end = after(origin, definition.window)
    watch = _watch(life, origin, min(window_end, day))
    matters = _others(life, case)
    hit = min(_hits(definition, watch, matters), default=None)
    relapse = matters[hit[1]] if hit else None
    on = hit[0] if hit else None
    pending = any(watch.sees(definition.waits(one)) for one in matters)
    return Spell(
        definition=definition.code,
        version=definition.version,
        person_id=life.person_id,
        case_id=case.case_id,
        origin=origin,
        window_end=window_end,
        seen_until=on or watch.until,
        relapsed_on=on,
        decided_on=relapse.decided if relapse else None,
        dated=relapse is None or relapse.offence is not None,
        matured=window_end <= day,
        outcome=_outcome(on, watch, window_end <= day, pending),
        at_risk=_until(watch.risk, days_between(origin, on)) if on else watch.risk,
        row=case.row,
    )


def _hits(definition: Recidivism, watch: Watch, matters: Sequence[Matter]) -> Iterator[tuple[date, int]]:
    """The days of relapses while at risk, each with the place of its matter."""
    for place, one in enumerate(matters):
        on = definition.relapse(one)
        if on is not None and watch.sees(on):
            yield on, place


def _outcome(relapsed_on: date | None, watch: Watch, matured: bool, pending: bool) -> Relapse:
    if relapsed_on is not None:
        return Relapse.RELAPSED if matured else Relapse.RELAPSED_EARLY
    if not watch.here:
        return Relapse.EMIGRATED
    if watch.died:
        return Relapse.DIED
    if not matured:
        return Relapse.WINDOW_OPEN
    return Relapse.PENDING if pending else Relapse.NOT_RELAPSED


def _others(life: Life, origin: SeenCase) -> list[Matter]:
    """Each matter of this person but the acts that the case of the origin is about, whoever else tells of those."""
    own = {matter.offence for matter in origin.trace.own}
    cases = (one.trace.own for one in life.cases if one is not origin)
    later = (one.trace.later for one in life.cases)
    beside = (matter for one in life.observed if (matter := observed(one)) is not None)
    told = chain(*cases, *later, beside)
    return [one for one in together(told) if one.offence is None or one.offence not in own]


# --- at risk ----------------------------------------------------------------------------------------------------


def _watch(life: Life, origin: date, end: date) -> Watch:
    """From the origin to the end of window or observation, or to the death before it."""
    deaths = [one.occurred_on for one in life.observed if one.kind is ObservationKind.DEATH]
    deaths += [case.row.closed for case in life.cases if case.row.died and case.row.closed]
    last = min([end, *deaths])
    risk, here = presence(origin, last, life.observed)
    return Watch(origin, last, risk, here, died=last in deaths)


def presence(origin: date, last: date, observed: Iterable[Observation]) -> tuple[tuple[Risk, ...], bool]:
    """The days in the country after the origin, until `last`; and whether the person is there on that day.

    The day of leaving is one, the day of coming back is none.
    """
    spans: list[Risk] = []
    here, since = True, origin
    moves = [one for one in observed if one.kind in (ObservationKind.EMIGRATION, ObservationKind.IMMIGRATION)]
    for move in sorted(moves, key=lambda one: (one.occurred_on, one.recorded_at)):
        if move.occurred_on > last:
            break
        if here and move.kind is ObservationKind.EMIGRATION:
            spans.append((days_between(origin, since), days_between(origin, move.occurred_on)))
            here = False
        elif not here and move.kind is ObservationKind.IMMIGRATION:
            here, since = True, max(origin, move.occurred_on)
    if here:
        spans.append((days_between(origin, since), days_between(origin, last)))
    return tuple(span for span in spans if span[1] > span[0]), here


def _until(risk: tuple[Risk, ...], day: int) -> tuple[Risk, ...]:
    return tuple((since, min(until, day)) for since, until in risk if since < day)
