"""Lead time and completion computed from the current cases, exact, by any dimensions and filters.

Exact figures of few cases identify people: they are for users who may see the cases anyway, and are not published.
Published figures are read from releases (`ungdom.release.store`), never computed here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from ungdom.analytics import case_reader, completions, lead_times
from ungdom.analytics.case_cache import AT_MOST, CaseSelection
from ungdom.analytics.cohort_columns import CohortCollector, cohort_collector
from ungdom.analytics.cubes import Cube, Key
from ungdom.analytics.definitions import (
    COMPLETION_BY_CODE,
    LEAD_TIME_BY_CODE,
    CompletionDefinition,
    LeadTimeDefinition,
)
from ungdom.analytics.dimensions import DIMENSION_READERS, Subject
from ungdom.analytics.lead_times import Point, points
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.vocabulary import Sanction

D = TypeVar("D", LeadTimeDefinition, CompletionDefinition)
MAX_DIMENSIONS = 2
"""Dimensions that one response may be grouped by."""


@dataclass(frozen=True, slots=True)
class CubeQuery:
    """Which cases, and the dimensions they are grouped `by`. `where`: the required value of a dimension.

    `since`, `until`: the period, both days included. `threshold`: in days; None: the norm. `curves`: with every step.
    `at_most`: cases that may be recomputed; None: any number.
    """

    codes: tuple[str, ...]
    since: date
    until: date
    by: tuple[str, ...] = ()
    where: Mapping[str, str] = field(default_factory=dict)
    valid_at: date | None = None
    known_at: datetime | None = None
    threshold: int | None = None
    curves: bool = False
    at_most: int | None = AT_MOST

    def day(self, now: datetime) -> date:
        """The day at whose end the cases are counted."""
        return self.valid_at or oslo_date(self.known_at or now)

    @property
    def needs_sex(self) -> bool:
        """Whether the sex of the youth has to be decrypted."""
        return "sex" in self.by or "sex" in self.where


@dataclass(frozen=True, slots=True)
class CubeResult:
    """A cube per code, in the order of the query; `curves` by figure and cell. `read`: number of cases read."""

    day: date
    cubes: tuple[Cube, ...]
    curves: Mapping[str, Mapping[Key, list[Point]]]
    read: int
    unread: int


def lead_time(tx: Connection, keys: EncryptionKeys, query: CubeQuery, now: datetime) -> CubeResult:
    """The cubes of lead time. Raises `TooManyCases`."""
    collector, read, unread = collect(tx, keys, query, now, LEAD_TIME_BY_CODE)
    cubes = [lead_times.table(collector, code, query.by, query.threshold) for code in query.codes]
    curves: dict[str, dict[Key, list[Point]]] = {}
    for code in query.codes if query.curves else ():
        cohort_table = collector.table(code, query.by)
        spans = ((key, cohort_table.cohort.spans(members)) for key, members in cohort_table.cells())
        curves[code] = {key: list(points(lead_times.curve_of(cohort_table.cohort, cell))) for key, cell in spans}
    return CubeResult(collector.day, tuple(cubes), curves, read, unread)


def completion(tx: Connection, keys: EncryptionKeys, query: CubeQuery, now: datetime) -> CubeResult:
    """The cubes of completion. Raises `TooManyCases`."""
    collector, read, unread = collect(tx, keys, query, now, COMPLETION_BY_CODE)
    cubes = [completions.table(collector, code, query.by) for code in query.codes]
    return CubeResult(collector.day, tuple(cubes), {}, read, unread)


def known_values(tx: Connection) -> dict[str, Sequence[str]]:
    """Values of a dimension that are listed even with no cases: every konfliktråd and police district."""
    return values_of(case_reader.police_districts(tx))


def values_of(districts: Mapping[str, str]) -> dict[str, Sequence[str]]:
    """The same from the police district of each konfliktråd, already read."""
    return {"konfliktrad": sorted(districts), "police_district": sorted({*districts.values()})}


def collect(
    tx: Connection, keys: EncryptionKeys, query: CubeQuery, now: datetime, definition_by_code: Mapping[str, D]
) -> tuple[CohortCollector[D], int, int]:
    sanction = query.where.get("sanction")
    selection = CaseSelection(
        query.valid_at, query.known_at, None, Sanction(sanction) if sanction else None, query.at_most
    )
    definitions = [definition_by_code[code] for code in query.codes]
    districts = case_reader.police_districts(tx)
    period = (query.since, query.until)
    collector = cohort_collector(definitions, query.by, query.day(now), period, values_of(districts))
    read = 0
    for case in case_reader.read(tx, selection, now, keys if query.needs_sex else None, districts):
        read += 1
        subject = Subject(case.facts, case.sex)
        if all(DIMENSION_READERS[code](subject) == value for code, value in query.where.items()):
            collector.add(subject)
    return collector, read, selection.unread
