"""The indicators of a period for one who asks: their own konfliktråd and the country, or all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ungdom.statistics import digests
from ungdom.statistics.digests import Asked
from ungdom.statistics.indicators.figures import Figure, Period, shown_to
from ungdom.statistics.surveys import results
from ungdom.statistics.surveys.results import Cell
from ungdom.store import reference, surveys
from ungdom.store.session import Connection
from ungdom.workflow.daycount import oslo_date
from ungdom.workflow.vocabulary import Sanction

AT_MOST = 2_000
"""Cases told anew for one request; the nightly run has told the others. docs/decisions/0011-lists-of-the-past.md."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which figures. `konfliktrad`: of whoever asks; None: of all of them. `day`: how things stood at its end.

    `known_at` None: what is known now. `at_most` None: however many cases have to be told anew.
    """

    since: date
    until: date
    day: date
    konfliktrad: str | None = None
    sanction: Sanction | None = None
    valid_at: date | None = None
    known_at: datetime | None = None
    at_most: int | None = AT_MOST

    @property
    def of_the_past(self) -> bool:
        """Whether it is asked how things stood before."""
        return self.valid_at is not None or self.known_at is not None


@dataclass(frozen=True, slots=True)
class Found:
    """The figures, how many cases were read, and how many could not be."""

    figures: tuple[Figure, ...]
    cases: int
    unread: int


def question(
    period: tuple[date, date],
    now: datetime,
    konfliktrad: str | None = None,
    sanction: Sanction | None = None,
    as_of: tuple[date | None, datetime | None] = (None, None),
    at_most: int | None = AT_MOST,
) -> Question:
    """The question about this period; `as_of`: the day of validity and the instant of knowledge, None: now."""
    valid_at, known_at = as_of
    day = valid_at or oslo_date(known_at or now)
    return Question(*period, day, konfliktrad, sanction, valid_at, known_at, at_most)


def found(tx: Connection, asked: Question) -> Found:
    """Every indicator, read in one snapshot. Raises `TooManyCases`."""
    period = Period(asked.since, asked.until, asked.day)
    reading = Asked(asked.valid_at, asked.known_at, asked.since, asked.sanction, asked.at_most)
    for one in digests.read(tx, reading):
        period.add(one)
    answered = _surveys(tx, asked)
    by_place = {
        place: [*period.figures([place]), *(() if answered is None else results.figures(answered, [place]))]
        for place in _places(tx, asked)
    }
    return Found(tuple(_told(asked, by_place)), period.cases, reading.unread)


def _places(tx: Connection, asked: Question) -> list[str | None]:
    offices = [asked.konfliktrad] if asked.konfliktrad else sorted(reference.konfliktrad_codes(tx))
    return [*offices, None]


def _told(asked: Question, by_place: dict[str | None, list[Figure]]) -> Sequence[Figure]:
    if asked.konfliktrad is None:
        return [one for figures in by_place.values() for one in figures]
    own, country = by_place[asked.konfliktrad], by_place[None]
    of_cases = [one for one in country if one.indicator.counts]
    return [*own, *shown_to(own, of_cases), *(one for one in country if not one.indicator.counts)]


def _surveys(tx: Connection, asked: Question) -> list[Cell] | None:
    """Answers do not know when they were given, and finer groups are not shown; None where they are asked for so."""
    if asked.of_the_past or asked.sanction:
        return None
    quarters = results.quarters_in(asked.since, asked.until, asked.day)
    return results.cells(surveys.counts(tx, *quarters), surveys.answers(tx, *quarters)) if quarters else []
