"""Completion by mature cohort, days waited by party, and relapse by outcome: computed from the current cases, exact."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from ungdom.analytics import case_reader
from ungdom.analytics.case_cache import AT_MOST, CaseSelection
from ungdom.analytics.cubes import CubeCell
from ungdom.analytics.definitions import BY_OUTCOME, COMPLETION_BY_CODE
from ungdom.analytics.dimensions import DIMENSION_READERS, Subject
from ungdom.analytics.mature_cohorts import CohortSeries, MatureCohort, PartyWaits, cohort_series, party_waits
from ungdom.analytics.queries.recidivism import person_histories
from ungdom.analytics.recidivism.by_outcome import relapse_by_outcome
from ungdom.analytics.recidivism.spells import recidivism_spells
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date


@dataclass(slots=True)
class QuestionScope:
    """Whose cases, as they were when. `konfliktrad` None: of the country. `unread`: unreadable cases found."""

    now: datetime
    konfliktrad: str | None = None
    valid_at: date | None = None
    known_at: datetime | None = None
    unread: int = 0

    @property
    def day(self) -> date:
        """The day at whose end the cases are counted."""
        return self.valid_at or oslo_date(self.known_at or self.now)


def mature_cohorts(tx: Connection, scope: QuestionScope, code: str, months: int, by: str | None) -> list[MatureCohort]:
    """The cohorts of a figure of completion since the first case. Raises `TooManyCases`."""
    value_of = DIMENSION_READERS[by] if by else None
    series = CohortSeries(COMPLETION_BY_CODE[code], months, scope.day, value_of)
    return cohort_series(series, _subjects(tx, scope))


def waits_by_party(tx: Connection, scope: QuestionScope, since: date, until: date) -> PartyWaits:
    """Days and cases by konfliktråd and party in a period. Raises `TooManyCases`."""
    return party_waits(_subjects(tx, scope), since, min(until, scope.day))


def outcomes_and_relapse(tx: Connection, scope: QuestionScope, since: date, until: date) -> dict[str, CubeCell]:
    """Persons whose cases were closed in the period, by outcome. Raises `TooManyCases`."""
    selection = CaseSelection(scope.valid_at, scope.known_at, at_most=AT_MOST)
    histories = person_histories(tx, selection, scope.day)
    spells = (
        spell for spell in recidivism_spells(histories, scope.day, [BY_OUTCOME]) if since <= spell.index_date <= until
    )
    cells = relapse_by_outcome(spells, scope.day, (since, until))
    scope.unread = selection.unread
    return cells


def _subjects(tx: Connection, scope: QuestionScope) -> Iterator[Subject]:
    selection = CaseSelection(scope.valid_at, scope.known_at, at_most=AT_MOST)
    for case in case_reader.read(tx, selection, scope.now):
        if scope.konfliktrad in (None, case.facts.konfliktrad):
            yield Subject(case.facts)
    scope.unread = selection.unread
