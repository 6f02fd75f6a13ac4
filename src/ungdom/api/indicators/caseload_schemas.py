"""The shape of the caseload as it goes out."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from ungdom import texts
from ungdom.analytics.caseload import Caseload, OpenCaseCounts, weight_of
from ungdom.analytics.caseload.pressure import PressureWarning
from ungdom.api.http.schemas import AsOfOut, Output
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


def offices_out(caseload: Caseload, language: texts.Language) -> Iterator[OfficeLoadOut]:
    """Every konfliktråd that was counted, the country last."""
    for place in sorted(caseload.offices, key=lambda place: (place is None, place or "")):
        yield _office_out(caseload, place, language)


def _office_out(caseload: Caseload, place: str | None, language: texts.Language) -> OfficeLoadOut:
    office = caseload.offices[place]
    weeks, not_forecast = caseload.arrivals(place)
    by_coordinator = {} if place is None else office.coordinators
    return OfficeLoadOut(
        konfliktrad=place,
        load=OpenCasesOut(**_load_values(office.load, caseload.day, language)),
        coordinators=[
            CoordinatorOut(coordinator=name, **_load_values(load, caseload.day, language))
            for name, load in sorted(by_coordinator.items(), key=lambda item: (item[0] is None, item[0] or ""))
        ],
        weeks=[FlowOut.model_validate(item) for item in office.flow()],
        in_chain=len(office.waiting),
        not_foretold=not_forecast,
        arrivals=[
            ArrivalOut(since=w.since, expected=round(w.expected, ONE_DECIMAL), low=w.low, high=w.high) for w in weeks
        ],
        warnings=[_warning_out(item, language) for item in caseload.warnings(place)],
    )


def _load_values(load: OpenCaseCounts, day: date, language: texts.Language) -> dict[str, Any]:
    kinds = [
        PhaseLoadOut(
            phase=phase,
            phase_label=texts.label(language, phase),
            sanction=sanction,
            sanction_label=texts.label(language, sanction),
            cases=count,
            weight=round(count * weight_of(phase, sanction, day), ONE_DECIMAL),
        )
        for (phase, sanction), count in sorted(load.open.items(), key=_phase_order)
    ]
    return {"cases": load.open.total(), "weight": round(load.weight(day), ONE_DECIMAL), "kinds": kinds}


def _phase_order(item: tuple[tuple[Phase, Sanction], int]) -> tuple[int, str]:
    (phase, sanction), _ = item
    return list(Phase).index(phase), sanction


def _warning_out(warning: PressureWarning, language: texts.Language) -> WarningOut:
    rule = warning.rule
    message = texts.text(
        language,
        "caseload_warning",
        rule.code,
        growing=texts.label(language, warning.growing),
        waiting=texts.label(language, warning.waiting),
        recent=warning.recent,
        before=warning.before,
        weeks=rule.weeks,
        days=round(warning.days),
        days_before=round(warning.days_before),
    )
    return WarningOut(
        code=rule.code,
        message=message,
        growing=warning.growing,
        received_before=warning.before,
        received=warning.recent,
        waiting=warning.waiting,
        days_before=warning.days_before,
        days=warning.days,
        weeks=rule.weeks,
        growth=rule.growth,
        longer=rule.longer,
        source=rule.source,
    )
