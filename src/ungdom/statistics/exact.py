"""Exact answers: lead time and completion of the cases asked for, live, by any dimensions and filters.

Exact figures of few cases are of people: they are for those who may see the cases anyway, and are not to be published.
What is published is answered from releases (`published`, the register), never from here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from ungdom.statistics import cases, completions, lead_times
from ungdom.statistics.cubes import Cube, Key
from ungdom.statistics.definitions import COMPLETION_BY_CODE, LEAD_TIME_BY_CODE, Completion, LeadTime
from ungdom.statistics.digests import Asked
from ungdom.statistics.frames import BY, Subject
from ungdom.statistics.gathering import Gathering, gathering
from ungdom.statistics.lead_times import Point, points
from ungdom.store import reference
from ungdom.store.sealing import Keys
from ungdom.store.session import Connection
from ungdom.workflow.daycount import oslo_date
from ungdom.workflow.vocabulary import Sanction

D = TypeVar("D", LeadTime, Completion)
AT_MOST = 2_000
"""Cases told anew for one request; the nightly run has told the others. docs/decisions/0011-lists-of-the-past.md."""
FEW_BY = 2
"""Dimensions that one answer is told apart by."""


@dataclass(frozen=True, slots=True)
class Question:
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
    def of_sex(self) -> bool:
        """Whether the sex of the youth has to be looked up."""
        return "sex" in self.by or "sex" in self.where


@dataclass(frozen=True, slots=True)
class Found:
    """A cube for each figure asked for, in that order; `curves` by figure and cell. `read`: cases looked at."""

    day: date
    cubes: tuple[Cube, ...]
    curves: Mapping[str, Mapping[Key, list[Point]]]
    read: int
    unread: int


def lead_time(tx: Connection, keys: Keys, asked: Question, now: datetime) -> Found:
    """The lead times asked for. Raises `TooManyCases`."""
    gathered, read, unread = _gathered(tx, keys, asked, now, LEAD_TIME_BY_CODE)
    cubes = [lead_times.table(gathered, code, asked.by, asked.threshold) for code in asked.codes]
    curves = {code: _curves(gathered, code, asked.by) for code in asked.codes} if asked.curves else {}
    return Found(gathered.day, tuple(cubes), curves, read, unread)


def completion(tx: Connection, keys: Keys, asked: Question, now: datetime) -> Found:
    """The completion asked for. Raises `TooManyCases`."""
    gathered, read, unread = _gathered(tx, keys, asked, now, COMPLETION_BY_CODE)
    cubes = [completions.table(gathered, code, asked.by) for code in asked.codes]
    return Found(gathered.day, tuple(cubes), {}, read, unread)


def known_values(tx: Connection) -> dict[str, Sequence[str]]:
    """Values shown also where nobody has them: every konfliktråd and police district."""
    districts = cases.police_districts(tx)
    return {"konfliktrad": sorted(reference.konfliktrad_codes(tx)), "police_district": sorted({*districts.values()})}


def _gathered(
    tx: Connection, keys: Keys, asked: Question, now: datetime, known: Mapping[str, D]
) -> tuple[Gathering[D], int, int]:
    sanction = asked.where.get("sanction")
    reading = Asked(asked.valid_at, asked.known_at, None, Sanction(sanction) if sanction else None, asked.at_most)
    definitions = [known[code] for code in asked.codes]
    gathered = gathering(definitions, asked.by, asked.day(now), (asked.since, asked.until), known_values(tx))
    read = 0
    for subject in _subjects(tx, keys if asked.of_sex else None, reading, now):
        read += 1
        if all(BY[code](subject) == value for code, value in asked.where.items()):
            gathered.add(subject)
    return gathered, read, reading.unread


def _subjects(tx: Connection, keys: Keys | None, reading: Asked, now: datetime) -> Iterator[Subject]:
    return (Subject(one.row, one.sex) for one in cases.read(tx, reading, now, keys))


def _curves(gathered: Gathering[LeadTime], code: str, by: Sequence[str]) -> dict[Key, list[Point]]:
    found = gathered.table(code, by)
    spans = ((key, found.counted.spans(members)) for key, members in found.cells())
    return {key: list(points(lead_times.curve_of(found.counted, one))) for key, one in spans}
