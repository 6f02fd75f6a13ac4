"""The shape of the caseload as it goes out."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from ungdom import texts
from ungdom.api.schemas import AsOfOut, Output
from ungdom.statistics.caseload import Caseload, Load, weight_of
from ungdom.statistics.caseload.pressure import Warned
from ungdom.workflow.vocabulary import Phase, Sanction

ONE_DECIMAL = 1


class PhaseLoadOut(Output):
    """Open cases of one phase and sanction. `weight`: their work, one is preparing the plan of a youth follow-up."""

    phase: Phase
    phase_label: str
    sanction: Sanction
    sanction_label: str
    cases: int
    weight: float


class OpenCasesOut(Output):
    """What somebody has of open cases."""

    cases: int
    weight: float
    kinds: list[PhaseLoadOut]


class CoordinatorOut(OpenCasesOut):
    """What one coordinator has; `coordinator` null: received, and assigned to nobody."""

    coordinator: str | None


class FlowOut(Output):
    """Seven days, `since` the first: how many were received, and how many of those received earlier were closed."""

    since: date
    received: int
    closed: int


class ArrivalOut(Output):
    """Seven days ahead: how many of those in the chain are expected, and between which numbers in 95 of 100."""

    since: date
    expected: float
    low: int
    high: int


class WarningOut(Output):
    """Growth of one sanction that goes with longer waits of the other. `growth`, `longer`: the rule, as shares."""

    code: str
    message: str
    growing: Sanction
    received_before: int
    received: int
    waiting: Sanction
    days_before: float
    days: float
    weeks: int
    growth: float
    longer: float
    source: str


class OfficeLoadOut(Output):
    """One konfliktråd; null: the country. `in_chain`: not received yet; of `not_foretold` of them nothing is said."""

    konfliktrad: str | None
    load: OpenCasesOut
    coordinators: list[CoordinatorOut]
    weeks: list[FlowOut]
    in_chain: int
    not_foretold: int
    arrivals: list[ArrivalOut]
    warnings: list[WarningOut]


class CaseloadOut(Output):
    """The caseload as it stands, or stood. `unread`: cases whose history could not be read."""

    as_of: AsOfOut
    unread: int
    items: list[OfficeLoadOut]


def offices_out(found: Caseload, language: texts.Language) -> Iterator[OfficeLoadOut]:
    """Every konfliktråd that was counted, the country last."""
    for place in sorted(found.offices, key=lambda place: (place is None, place or "")):
        yield _office(found, place, language)


def _office(found: Caseload, place: str | None, language: texts.Language) -> OfficeLoadOut:
    office = found.offices[place]
    weeks, untold = found.arrivals(place)
    mine = {} if place is None else office.coordinators
    return OfficeLoadOut(
        konfliktrad=place,
        load=OpenCasesOut(**_load(office.load, found.day, language)),
        coordinators=[
            CoordinatorOut(coordinator=name, **_load(load, found.day, language))
            for name, load in sorted(mine.items(), key=lambda one: (one[0] is None, one[0] or ""))
        ],
        weeks=[FlowOut.model_validate(one) for one in office.flow()],
        in_chain=len(office.waiting),
        not_foretold=untold,
        arrivals=[
            ArrivalOut(since=w.since, expected=round(w.expected, ONE_DECIMAL), low=w.low, high=w.high) for w in weeks
        ],
        warnings=[_warning(one, language) for one in found.warnings(place)],
    )


def _load(load: Load, day: date, language: texts.Language) -> dict[str, Any]:
    kinds = [
        PhaseLoadOut(
            phase=phase,
            phase_label=texts.label(language, phase),
            sanction=sanction,
            sanction_label=texts.label(language, sanction),
            cases=count,
            weight=round(count * weight_of(phase, sanction, day), ONE_DECIMAL),
        )
        for (phase, sanction), count in sorted(load.open.items(), key=_in_the_order_of_life)
    ]
    return {"cases": load.open.total(), "weight": round(load.weight(day), ONE_DECIMAL), "kinds": kinds}


def _in_the_order_of_life(one: tuple[tuple[Phase, Sanction], int]) -> tuple[int, str]:
    (phase, sanction), _ = one
    return list(Phase).index(phase), sanction


def _warning(one: Warned, language: texts.Language) -> WarningOut:
    rule = one.rule
    message = texts.text(
        language,
        "caseload_warning",
        rule.code,
        growing=texts.label(language, one.growing),
        waiting=texts.label(language, one.waiting),
        recent=one.recent,
        before=one.before,
        weeks=rule.weeks,
        days=round(one.days),
        days_before=round(one.days_before),
    )
    return WarningOut(
        code=rule.code,
        message=message,
        growing=one.growing,
        received_before=one.before,
        received=one.recent,
        waiting=one.waiting,
        days_before=one.days_before,
        days=one.days,
        weeks=rule.weeks,
        growth=rule.growth,
        longer=rule.longer,
        source=rule.source,
    )
