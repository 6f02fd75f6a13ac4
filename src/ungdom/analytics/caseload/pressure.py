"""Warning when growth in one sanction lengthens the wait in the other: rules as data, and their evaluation. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from ungdom.analytics.survival import CENSORED, Spans, kaplan_meier, quantile
from ungdom.workflow.calendar import days_between
from ungdom.workflow.law import OFFICE
from ungdom.workflow.vocabulary import Sanction

PLAN_MEETING_HELD, LEFT = 1, 2


@dataclass(frozen=True, slots=True)
class PressureRule:
    """When to warn. `growth`: of cases received, `longer`: of the median wait, both relative to the preceding span.

    Two spans of `weeks` weeks are compared: the last one and the one before it. In each of them at least `fewest` cases
    of the one sanction must have been received, and at least `fewest` of the other must have waited.
    """

    code: str
    weeks: int
    growth: float
    longer: float
    fewest: int
    source: str


RULES: tuple[PressureRule, ...] = (
    PressureRule("inflow_pushes_wait", weeks=13, growth=0.25, longer=0.20, fewest=8, source=OFFICE),
)


@dataclass(frozen=True, slots=True)
class ReceivedCase:
    """A received case: the days of receipt, plan meeting and closing; None: not yet."""

    sanction: Sanction
    received: date
    plan_meeting: date | None
    closed: date | None


@dataclass(frozen=True, slots=True)
class PressureWarning:
    """A rule that is met: `growing` grew from `before` to `recent` cases received, and `waiting` waits longer.

    `days_before`, `days`: the median days from receipt to the plan meeting, before and now.
    """

    rule: PressureRule
    growing: Sanction
    before: int
    recent: int
    waiting: Sanction
    days_before: float
    days: float


def warnings(
    cases: Sequence[ReceivedCase], day: date, rules: Iterable[PressureRule] = RULES
) -> Iterator[PressureWarning]:
    """A warning per pair of sanctions for which a rule is met on that day."""
    for rule in rules:
        for growing in Sanction:
            for waiting in (other for other in Sanction if other is not growing):
                warning = _warning_for(rule, cases, day, growing, waiting)
                if warning:
                    yield warning


def _warning_for(
    rule: PressureRule, cases: Sequence[ReceivedCase], day: date, growing: Sanction, waiting: Sanction
) -> PressureWarning | None:
    middle = day - timedelta(weeks=rule.weeks)
    first = middle - timedelta(weeks=rule.weeks)
    spans = ((first, middle), (middle, day))
    before, recent = (
        sum(since < case.received <= until for case in cases if case.sanction is growing) for since, until in spans
    )
    medians = [median_wait([case for case in cases if case.sanction is waiting], *span, rule.fewest) for span in spans]
    then, now = medians
    if then is None or now is None or min(before, recent) < rule.fewest:
        return None
    grows, lengthens = recent >= (1 + rule.growth) * before, now >= (1 + rule.longer) * then
    return PressureWarning(rule, growing, before, recent, waiting, then, now) if grows and lengthens else None


def median_wait(cases: Iterable[ReceivedCase], since: date, until: date, fewest: int) -> float | None:
    """The median days from receipt to the plan meeting, in the span after `since` until `until`.

    Every case that waited in the span contributes the part of its wait inside it (Kaplan–Meier with late entry). None
    with fewer than `fewest` cases, or where the median is not reached.
    """
    rows = [row for case in cases if (row := _survival_row(case, since, until))]
    return quantile(kaplan_meier(Spans.of(rows), PLAN_MEETING_HELD), 0.5).days if len(rows) >= fewest else None


def _survival_row(case: ReceivedCase, since: date, until: date) -> tuple[int, int, int] | None:
    over = case.plan_meeting or case.closed
    if case.received > until or (over is not None and over <= since):
        return None
    entry = -1 if case.received > since else days_between(case.received, since)
    seen = over is not None and over <= until
    ending = CENSORED if not seen else PLAN_MEETING_HELD if case.plan_meeting else LEFT
    return entry, days_between(case.received, over if seen and over else until), ending
