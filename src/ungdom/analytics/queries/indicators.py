"""The indicators of a period: for one konfliktråd and the country, or for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ungdom.analytics import case_cache
from ungdom.analytics.case_cache import AT_MOST, CaseSelection
from ungdom.analytics.indicators.figures import Figure, IndicatorAccumulator, redact_country
from ungdom.analytics.surveys import results
from ungdom.analytics.surveys.results import SurveyCell
from ungdom.store import notices, reference, surveys
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.rules.deadlines import HEADLINE
from ungdom.workflow.vocabulary import Sanction


@dataclass(frozen=True, slots=True)
class IndicatorQuery:
    """Which figures. `konfliktrad`: one office and the country; None: all offices. `day`: counted at its end.

    `known_at` None: as known now. `at_most`: cases that may be recomputed; None: any number.
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
        """Whether an earlier day or an earlier state of knowledge is requested."""
        return self.valid_at is not None or self.known_at is not None


@dataclass(frozen=True, slots=True)
class IndicatorResult:
    """The figures, the number of cases read, and the number of unreadable ones."""

    figures: tuple[Figure, ...]
    cases: int
    unread: int


def indicator_query(
    period: tuple[date, date],
    now: datetime,
    konfliktrad: str | None = None,
    sanction: Sanction | None = None,
    as_of: tuple[date | None, datetime | None] = (None, None),
    at_most: int | None = AT_MOST,
) -> IndicatorQuery:
    """The query of this period; `as_of`: the day of validity and the instant of knowledge, None: now."""
    valid_at, known_at = as_of
    day = valid_at or oslo_date(known_at or now)
    return IndicatorQuery(*period, day, konfliktrad, sanction, valid_at, known_at, at_most)


def read_indicators(tx: Connection, query: IndicatorQuery) -> IndicatorResult:
    """Every indicator, read in one snapshot. Raises `TooManyCases`."""
    period = IndicatorAccumulator(query.since, query.until, query.day)
    selection = CaseSelection(query.valid_at, query.known_at, query.since, query.sanction, query.at_most)
    for summary in case_cache.read(tx, selection):
        period.add(summary)
    for reach in notices.alert_reach(
        tx, HEADLINE, (query.since, query.until), query.day, query.sanction, query.known_at
    ):
        period.add_alert(reach)
    answered: list[SurveyCell] | None = None
    if not (query.of_the_past or query.sanction):  # survey answers have no day; by sanction they are too few
        quarters = results.quarters_in(query.since, query.until, query.day)
        answered = results.cells(surveys.counts(tx, *quarters), surveys.answers(tx, *quarters)) if quarters else []
    offices = [query.konfliktrad] if query.konfliktrad else sorted(reference.konfliktrad_codes(tx))
    by_place = {
        place: [*period.figures([place]), *(() if answered is None else results.figures(answered, [place]))]
        for place in (*offices, None)
    }
    return IndicatorResult(tuple(_visible_figures(query, by_place)), period.cases, selection.unread)


def _visible_figures(query: IndicatorQuery, by_place: dict[str | None, list[Figure]]) -> Sequence[Figure]:
    if query.konfliktrad is None:
        return [figure for figures in by_place.values() for figure in figures]
    own, country = by_place[query.konfliktrad], by_place[None]
    of_cases = [figure for figure in country if figure.indicator.counting]
    return [*own, *redact_country(own, of_cases), *(figure for figure in country if not figure.indicator.counting)]
