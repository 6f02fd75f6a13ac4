"""The extract of aggregates: one row per released value, exactly as released. Pure.

A total is a row of every table that contains it. A cell that a table does not contain is zero, as in every response
made from a release.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from ungdom.analytics import completions, lead_times
from ungdom.analytics.cubes import TOTAL
from ungdom.analytics.definitions import LEAD_TIMES, RECIDIVISMS, RELEASED_INDICATORS, LeadTimeDefinition
from ungdom.analytics.dimensions import FIXED_VALUES, UNKNOWN, StatisticDimension
from ungdom.analytics.indicators.cohorts import RATIO
from ungdom.analytics.recidivism import cubes as relapses
from ungdom.extracts.columns.column import Column, ColumnType
from ungdom.extracts.columns.shared import OFFICE_NORM
from ungdom.extracts.offices import DISTRICTS, KONFLIKTRAD
from ungdom.release.plan import CASES, ENDING, RELEASE_PLAN, RELEASED_ENDINGS
from ungdom.release.store import TableDates, tables_of
from ungdom.store.releases import StoredRelease
from ungdom.workflow.calendar import oslo_date

T, D = ColumnType, StatisticDimension


class NumberStatus(StrEnum):
    """Whether a value is shown. `NOT_REACHED`: the survival curve does not reach this quantile, so it has no value."""

    SHOWN = "shown"
    HIDDEN = "hidden"
    NOT_REACHED = "not_reached"


@dataclass(frozen=True, slots=True)
class ReleasedNumber:
    """One value of a release. `n`: its ordinal; `at`: the value of each dimension of its table.

    `dates`: of which release the value is, where its table stands as in an earlier one.
    """

    release: StoredRelease
    dates: TableDates
    n: int
    figure: str
    version: int
    at: Mapping[str, str]
    measure: str
    value: float | None
    status: NumberStatus

    @property
    def known_on(self) -> date | None:
        """The day at the end of which the value was known; None where an older form of releases does not say it."""
        return oslo_date(self.dates.known_at) if self.dates.known_at else None


NumberFields = tuple[TableDates, Mapping[str, Any], Mapping[str, str], str, float | None, NumberStatus]


def rows_of(release: StoredRelease) -> Iterator[ReleasedNumber]:
    """Every value of a release, in its order."""
    for n, (dates, table, at, measure, value, status) in enumerate(_numbers(release), start=1):
        yield ReleasedNumber(release, dates, n, table["figure"], table["definition"], at, measure, value, status)


def _numbers(release: StoredRelease) -> Iterator[NumberFields]:
    for table, dates in tables_of(release):
        codes = [dimension["code"] for dimension in table["dimensions"]]
        for row in table["cells"]:
            at = dict(zip(codes, row, strict=False))
            for measure, value, status in _cell(table, at, row[len(codes)], row[len(codes) + 1]):
                yield dates, table, at, measure, value, status


def _cell(
    table: Mapping[str, Any], at: Mapping[str, str], count: int | None, estimates: Mapping[str, float | None]
) -> Iterator[tuple[str, float | None, NumberStatus]]:
    """The count of a cell, and its estimates where it is the total over all endings."""
    yield CASES, count, NumberStatus.HIDDEN if count is None else NumberStatus.SHOWN
    for name in table["estimates"] if at[ENDING] == TOTAL else ():
        value = estimates.get(name)
        shown = NumberStatus.NOT_REACHED if value is None else NumberStatus.SHOWN
        yield name, value, shown if name in estimates else NumberStatus.HIDDEN


_PERIOD = rf"\d{{4}}(H[12]|-\d{{4}})?|{TOTAL}"
_ID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_VALUES: Mapping[str, tuple[str, ...]] = {
    **FIXED_VALUES,
    D.KONFLIKTRAD: KONFLIKTRAD,
    D.POLICE_DISTRICT: (*DISTRICTS, UNKNOWN),
    ENDING: RELEASED_ENDINGS,
}
_MEASURES = (
    CASES,
    *(
        name
        for definition in LEAD_TIMES
        for name in lead_times.estimates_of(definition, 0 if definition.norm else None)
    ),
    *(
        name
        for definition in RELEASED_INDICATORS.values()
        if isinstance(definition, LeadTimeDefinition)
        for name in lead_times.estimates_of(definition, 0 if definition.norm else None)
    ),
    *RATIO,
    *completions.ESTIMATES,
    *(name for definition in RECIDIVISMS for name in relapses.estimates(definition)),
)


def _dimension(code: str, description: str, source: str) -> Column:
    """The column of a dimension. The ending is the only dimension that every table has."""
    nullable, pattern = code != ENDING, _PERIOD if code == D.PERIOD else None
    full_description = (
        f"{description}; {TOTAL}: all of them{'; missing: the table is not broken down by it' if nullable else ''}"
    )
    words = () if pattern else (*map(str, _VALUES[code]), TOTAL)
    return Column(
        str(code),
        T.STRING,
        full_description,
        source,
        lambda row: row.at.get(code),
        nullable,
        vocabulary=words,
        pattern=pattern,
    )


# One line per row keeps the table readable.
# fmt: off
COLUMNS: tuple[Column, ...] = (
    Column("release", T.STRING, "the release, as `GET /v1/releases` has it", OFFICE_NORM,
           lambda row: str(row.release.release_id), pattern=_ID),
    Column("row", T.INTEGER, "the place of the number in the release, from 1", OFFICE_NORM, lambda row: row.n),
    Column("known_at", T.DATE, "day at the end of which the number was known: of the release, or of the earlier "
           "one that it stands as in", OFFICE_NORM, lambda row: row.known_on, True),
    Column("stands", T.STRING, "the numbers are those of an earlier release: new ones beside the others would have "
           "given hidden ones away; missing: they are of the release", OFFICE_NORM, lambda row: row.dates.stands, True,
           vocabulary=("earlier",)),
    Column("figure", T.STRING, "what is counted, by its code in docs/statistics.md", OFFICE_NORM,
           lambda row: row.figure, vocabulary=tuple(code for definition in RELEASE_PLAN for code in definition.codes)),
    Column("definition_version", T.INTEGER, "version of the definition of the figure", OFFICE_NORM,
           lambda row: row.version),
    _dimension(D.PERIOD, "half-year (2025H1), year (2025) or three years (2025-2027) of the day that the definition "
               "names", OFFICE_NORM),
    _dimension(D.KONFLIKTRAD, "konfliktråd that has the case", "krl § 13"),
    _dimension(D.POLICE_DISTRICT, "police district of the konfliktråd", OFFICE_NORM),
    _dimension(D.SANCTION, "ungdomsstraff or ungdomsoppfølging", "strl § 52 a, strpl § 71 a"),
    _dimension(D.REGIME, "the law that the case runs under", "krl and strl as in force at the time"),
    _dimension(D.OFFENCE_GROUP, "group of the offence", OFFICE_NORM),
    _dimension(D.AGE, "age at the last offence in whole years", OFFICE_NORM),
    _dimension(D.SEX, "sex of the youth", OFFICE_NORM),
    _dimension(ENDING, "how it ended by then, in the coarser groups that are released", OFFICE_NORM),
    Column("measure", T.STRING, "`cases`: a count of cases, of recidivism of persons, of an indicator of what "
           "it counts; otherwise an estimate, in days or as a share from 0 to 1, of all endings", OFFICE_NORM,
           lambda row: row.measure,
           vocabulary=tuple(dict.fromkeys(_MEASURES))),
    Column("status", T.STRING, "whether there is a number: hidden ones are kept back, for themselves or so that others "
           "stay hidden; an estimate that is not reached is none", OFFICE_NORM, lambda row: row.status,
           words=(NumberStatus,)),
    Column("value", T.NUMBER, "the number; missing unless it is shown", OFFICE_NORM, lambda row: row.value, True),
)
# fmt: on
