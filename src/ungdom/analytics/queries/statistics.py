"""Exact answers: lead time and completion of the cases asked for, live, by any dimensions and filters.

Exact figures of few cases are of people: they are for those who may see the cases anyway, and are not to be published.
What is published is answered from releases (`published`, the register), never from here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from ungdom.analytics import case_reader, completions, lead_times
from ungdom.analytics.case_cache import CaseSelection
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
from ungdom.store import reference
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.vocabulary import Sanction

D = TypeVar("D", LeadTimeDefinition, CompletionDefinition)
AT_MOST = 2_000
"""Cases told anew for one request; the nightly run has told the others. docs/decisions/0011-lists-of-the-past.md."""
MAX_DIMENSIONS = 2
"""Dimensions that one answer is told apart by."""


@dataclass(frozen=True, slots=True)
class CubeQuery:
    """Which cases and how they are told apart. `where`: the value that a dimension has to have.

    `since`, `until`: the period, both days in it. `threshold`: in days; None: the norm. `curves`: with every step.
    `at_most` None: however many cases have to be told anew.
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
        """How things stood at its end."""
        return self.valid_at or oslo_date(self.known_at or now)

    @property
    def needs_sex(self) -> bool:
        """Whether the sex of the youth has to be looked up."""
        return "sex" in self.by or "sex" in self.where


@dataclass(frozen=True, slots=True)
class CubeResult:
    """A cube for each figure asked for, in that order; `curves` by figure and cell. `read`: cases looked at."""

    day: date
    cubes: tuple[Cube, ...]
    curves: Mapping[str, Mapping[Key, list[Point]]]
    read: int
    unread: int


def lead_time(tx: Connection, keys: EncryptionKeys, query: CubeQuery, now: datetime) -> CubeResult:
    """The lead times asked for. Raises `TooManyCases`."""
    collector, read, unread = _collect(tx, keys, query, now, LEAD_TIME_BY_CODE)
    cubes = [lead_times.table(collector, code, query.by, query.threshold) for code in query.codes]
    curves = {code: _curves(collector, code, query.by) for code in query.codes} if query.curves else {}
    return CubeResult(collector.day, tuple(cubes), curves, read, unread)


def completion(tx: Connection, keys: EncryptionKeys, query: CubeQuery, now: datetime) -> CubeResult:
    """The completion asked for. Raises `TooManyCases`."""
    collector, read, unread = _collect(tx, keys, query, now, COMPLETION_BY_CODE)
    cubes = [completions.table(collector, code, query.by) for code in query.codes]
    return CubeResult(collector.day, tuple(cubes), {}, read, unread)


def known_values(tx: Connection) -> dict[str, Sequence[str]]:
    """Values shown also where nobody has them: every konfliktråd and police district."""
    districts = case_reader.police_districts(tx)
    return {"konfliktrad": sorted(reference.konfliktrad_codes(tx)), "police_district": sorted({*districts.values()})}


def _collect(
    tx: Connection, keys: EncryptionKeys, query: CubeQuery, now: datetime, definition_by_code: Mapping[str, D]
) -> tuple[CohortCollector[D], int, int]:
    sanction = query.where.get("sanction")
    selection = CaseSelection(
        query.valid_at, query.known_at, None, Sanction(sanction) if sanction else None, query.at_most
    )
    definitions = [definition_by_code[code] for code in query.codes]
    collector = cohort_collector(definitions, query.by, query.day(now), (query.since, query.until), known_values(tx))
    read = 0
    for subject in _subjects(tx, keys if query.needs_sex else None, selection, now):
        read += 1
        if all(DIMENSION_READERS[code](subject) == value for code, value in query.where.items()):
            collector.add(subject)
    return collector, read, selection.unread


def _subjects(
    tx: Connection, keys: EncryptionKeys | None, selection: CaseSelection, now: datetime
) -> Iterator[Subject]:
    return (Subject(case.facts, case.sex) for case in case_reader.read(tx, selection, now, keys))


def _curves(collector: CohortCollector[LeadTimeDefinition], code: str, by: Sequence[str]) -> dict[Key, list[Point]]:
    cohort_table = collector.table(code, by)
    spans = ((key, cohort_table.cohort.spans(members)) for key, members in cohort_table.cells())
    return {key: list(points(lead_times.curve_of(cohort_table.cohort, cell_spans))) for key, cell_spans in spans}
