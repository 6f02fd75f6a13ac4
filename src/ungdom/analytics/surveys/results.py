"""Survey results: grades and response rates in cells with enough answers. Pure.

A cell is a konfliktråd or the country, an occasion and a quarter. No cell shown discloses a smaller one. Longer periods
are sums of shown cells, so that no two of them differ by a suppressed cell. The country is shown when the suppressed
konfliktråd have no answers in total, or enough. Cells are not broken down by sanction or respondent: the groups would
be too small.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from ungdom.analytics.indicators import INDICATOR_BY_CODE
from ungdom.analytics.indicators.figures import WHOLE, Figure
from ungdom.analytics.surveys import FEWEST_ANSWERS, MONTHS_OPEN, SurveyKind, SurveyQuestion, add_months
from ungdom.store.surveys import SurveyAnswers, SurveyGroupCounts
from ungdom.workflow.calendar import quarter_of

LOWEST_AGREEING_GRADE = 4


@dataclass(frozen=True, slots=True)
class GradeSummary:
    """Grades of one question in a cell. `total`: the sum of the grades; `agree`: how many gave 4 or 5."""

    question: SurveyQuestion
    answers: int
    total: int
    agree: int


@dataclass(slots=True)
class SurveyCell:
    """One cell. `konfliktrad` None: the country. `grade_summaries`: empty where the answers are too few to be shown.

    `shows_rate`: enough were invited for the number of answers not to identify anybody.
    """

    konfliktrad: str | None
    kind: SurveyKind
    quarter: date
    invited: int = 0
    answered: int = 0
    shows_rate: bool = False
    grade_summaries: list[GradeSummary] = field(default_factory=list)


def quarters_in(since: date, until: date, day: date) -> tuple[date, date] | None:
    """The first days of the first and the last quarter that lie wholly in the period; None: there is none.

    Only quarters whose last invitation has expired by `day`: results cannot be compared before and after an answer.
    """
    first = quarter_of(since)
    if first < since:
        first = add_months(first, 3)
    last = quarter_of(until)
    if until < add_months(last, 3) - timedelta(days=1):
        last = add_months(last, -3)
    while add_months(last, 2 + MONTHS_OPEN) > day:
        last = add_months(last, -3)
    return (first, last) if first <= last else None


def cells(counted: Iterable[SurveyGroupCounts], answered: Iterable[SurveyAnswers]) -> list[SurveyCell]:
    """Every cell with its counts, and the grades of those with enough answers."""
    cells_by_key = _count_cells(counted)
    given: defaultdict[tuple[SurveyKind, date], dict[str, list[SurveyAnswers]]] = defaultdict(dict)
    for answer in answered:
        by_place = given[SurveyKind(answer.group.kind), answer.group.quarter]
        by_place.setdefault(answer.group.konfliktrad, []).append(answer)
    for (kind, quarter), places in given.items():
        for place, answers in _shown_answers(places).items():
            cells_by_key[place, kind, quarter].grade_summaries = list(_grade_summaries(answers))
    return [cells_by_key[key] for key in sorted(cells_by_key, key=lambda key: (key[0] or "", key[1], key[2]))]


def _count_cells(counted: Iterable[SurveyGroupCounts]) -> dict[tuple[str | None, SurveyKind, date], SurveyCell]:
    cells_by_key: dict[tuple[str | None, SurveyKind, date], SurveyCell] = {}
    for group_count in counted:
        kind = SurveyKind(group_count.group.kind)
        for place in (group_count.group.konfliktrad, None):
            cell = cells_by_key.setdefault(
                (place, kind, group_count.group.quarter), SurveyCell(place, kind, group_count.group.quarter)
            )
            cell.invited += group_count.invited
            cell.answered += group_count.answered
    for cell in cells_by_key.values():
        cell.shows_rate = cell.invited >= FEWEST_ANSWERS
    _suppress_rates(cells_by_key)
    return cells_by_key


def _suppress_rates(cells_by_key: dict[tuple[str | None, SurveyKind, date], SurveyCell]) -> None:
    """Suppress the rate of the country where that of few others could be derived from it."""
    for (place, kind, quarter), cell in cells_by_key.items():
        if place is None:
            rest = sum(
                c.invited
                for (p, k, q), c in cells_by_key.items()
                if p and (k, q) == (kind, quarter) and not c.shows_rate
            )
            cell.shows_rate = cell.shows_rate and is_safe_remainder(rest)


def is_safe_remainder(rest: int) -> bool:
    """Whether the suppressed remainder discloses nothing: it is zero, or large enough to be shown."""
    return rest == 0 or rest >= FEWEST_ANSWERS


def _shown_answers(places: dict[str, list[SurveyAnswers]]) -> dict[str | None, list[SurveyAnswers]]:
    shown: dict[str | None, list[SurveyAnswers]] = {
        place: given for place, given in places.items() if len(given) >= FEWEST_ANSWERS
    }
    everybody = [answer for given in places.values() for answer in given]
    rest = len(everybody) - sum(len(given) for given in shown.values())
    if len(everybody) >= FEWEST_ANSWERS and is_safe_remainder(rest):
        shown[None] = everybody
    return shown


def _grade_summaries(given: Sequence[SurveyAnswers]) -> Iterator[GradeSummary]:
    for question in SurveyQuestion:
        grades = [answer.grades[question] for answer in given if question in answer.grades]
        if len(grades) >= FEWEST_ANSWERS:
            yield GradeSummary(
                question, len(grades), sum(grades), sum(grade >= LOWEST_AGREEING_GRADE for grade in grades)
            )


def figures(cells: Sequence[SurveyCell], places: Iterable[str | None]) -> Iterator[Figure]:
    """The two indicators of surveys over these cells: response where it is shown, and the grade of each question."""
    response, grades = INDICATOR_BY_CODE["survey_response"], INDICATOR_BY_CODE["survey_answers"]
    for place in places:
        here = [cell for cell in cells if cell.konfliktrad == place]
        invited = sum(cell.invited for cell in here if cell.shows_rate)
        answered = sum(cell.answered for cell in here if cell.shows_rate)
        yield Figure(response, place, WHOLE, answered, invited, answered / invited if invited else None)
        summaries = [summary for cell in here for summary in cell.grade_summaries]
        for question in SurveyQuestion:
            count = sum(summary.answers for summary in summaries if summary.question is question)
            total = sum(summary.total for summary in summaries if summary.question is question)
            if count:
                yield Figure(grades, place, question, total, count, total / count)
        if not summaries:
            yield Figure(grades, place, WHOLE, 0, 0, None)
