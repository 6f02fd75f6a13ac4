"""What was answered, and how many did: only in cells that hold enough, and none that gives away a smaller one. Pure.

A cell is a konfliktråd or the country, an occasion and a quarter. Longer periods are sums of cells that are shown, so
that no two of them differ by a cell that is not. The country is shown when the konfliktråd that are not make up none of
it, or enough. Neither sanction nor respondent tells cells apart: the groups would be too small.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from ungdom.statistics.indicators import BY_CODE
from ungdom.statistics.indicators.figures import WHOLE, Figure
from ungdom.statistics.surveys import FEWEST_ANSWERS, MONTHS_OPEN, SurveyKind, SurveyQuestion, months_on
from ungdom.store.surveys import Answered, Counted
from ungdom.workflow.daycount import quarter_of

AGREES = 4


@dataclass(frozen=True, slots=True)
class Graded:
    """One question in a cell. `total`: the sum of the grades; `agree`: how many gave 4 or 5."""

    question: SurveyQuestion
    answers: int
    total: int
    agree: int


@dataclass(slots=True)
class Cell:
    """One cell. `konfliktrad` None: the country. `graded`: empty where the answers are too few to be shown.

    `shows_rate`: enough were invited for their number of answers to tell of nobody.
    """

    konfliktrad: str | None
    kind: SurveyKind
    quarter: date
    invited: int = 0
    answered: int = 0
    shows_rate: bool = False
    graded: list[Graded] = field(default_factory=list)


def quarters_in(since: date, until: date, day: date) -> tuple[date, date] | None:
    """The first days of the first and the last quarter that lie wholly in the period; None: there is none.

    Only quarters whose last invitation has expired by `day`: nobody can look before and after an answer.
    """
    first = quarter_of(since)
    if first < since:
        first = months_on(first, 3)
    last = quarter_of(until)
    if until < months_on(last, 3) - timedelta(days=1):
        last = months_on(last, -3)
    while months_on(last, 2 + MONTHS_OPEN) > day:
        last = months_on(last, -3)
    return (first, last) if first <= last else None


def cells(counted: Iterable[Counted], answered: Iterable[Answered]) -> list[Cell]:
    """Every cell with its counts, and the grades of those that hold enough answers."""
    found = _counted(counted)
    given: defaultdict[tuple[SurveyKind, date], dict[str, list[Answered]]] = defaultdict(dict)
    for one in answered:
        of = given[SurveyKind(one.group.kind), one.group.quarter]
        of.setdefault(one.group.konfliktrad, []).append(one)
    for (kind, quarter), places in given.items():
        for place, all_of_it in _shown(places).items():
            found[place, kind, quarter].graded = list(_graded(all_of_it))
    return [found[key] for key in sorted(found, key=lambda key: (key[0] or "", key[1], key[2]))]


def _counted(counted: Iterable[Counted]) -> dict[tuple[str | None, SurveyKind, date], Cell]:
    found: dict[tuple[str | None, SurveyKind, date], Cell] = {}
    for one in counted:
        kind = SurveyKind(one.group.kind)
        for place in (one.group.konfliktrad, None):
            cell = found.setdefault((place, kind, one.group.quarter), Cell(place, kind, one.group.quarter))
            cell.invited += one.invited
            cell.answered += one.answered
    for cell in found.values():
        cell.shows_rate = cell.invited >= FEWEST_ANSWERS
    _keep_rates(found)
    return found


def _keep_rates(found: dict[tuple[str | None, SurveyKind, date], Cell]) -> None:
    """The rate of the country is not shown where that of few others could be told from it."""
    for (place, kind, quarter), cell in found.items():
        if place is None:
            rest = sum(
                c.invited for (p, k, q), c in found.items() if p and (k, q) == (kind, quarter) and not c.shows_rate
            )
            cell.shows_rate = cell.shows_rate and enough(rest)


def enough(rest: int) -> bool:
    """Whether what is not shown of it gives nothing away: none, or as many as are shown."""
    return rest == 0 or rest >= FEWEST_ANSWERS


def _shown(places: dict[str, list[Answered]]) -> dict[str | None, list[Answered]]:
    shown: dict[str | None, list[Answered]] = {
        place: given for place, given in places.items() if len(given) >= FEWEST_ANSWERS
    }
    everybody = [one for given in places.values() for one in given]
    rest = len(everybody) - sum(len(given) for given in shown.values())
    if len(everybody) >= FEWEST_ANSWERS and enough(rest):
        shown[None] = everybody
    return shown


def _graded(given: Sequence[Answered]) -> Iterator[Graded]:
    for question in SurveyQuestion:
        grades = [one.grades[question] for one in given if question in one.grades]
        if len(grades) >= FEWEST_ANSWERS:
            yield Graded(question, len(grades), sum(grades), sum(grade >= AGREES for grade in grades))


def figures(found: Sequence[Cell], places: Iterable[str | None]) -> Iterator[Figure]:
    """The two indicators of surveys over these cells: response where it is shown, and the grade of each question."""
    response, grades = BY_CODE["survey_response"], BY_CODE["survey_answers"]
    for place in places:
        here = [cell for cell in found if cell.konfliktrad == place]
        invited = sum(cell.invited for cell in here if cell.shows_rate)
        answered = sum(cell.answered for cell in here if cell.shows_rate)
        yield Figure(response, place, WHOLE, answered, invited, answered / invited if invited else None)
        told = [one for cell in here for one in cell.graded]
        for question in SurveyQuestion:
            count = sum(one.answers for one in told if one.question is question)
            total = sum(one.total for one in told if one.question is question)
            if count:
                yield Figure(grades, place, question, total, count, total / count)
        if not told:
            yield Figure(grades, place, WHOLE, 0, 0, None)
