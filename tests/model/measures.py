"""The plan and its measures once more, from konfliktrådsloven § 25 and the office's own norm for load."""

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple, Protocol


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


R0_LIST = _words(
    "noneconomic_compensation programme community_tasks residence_work_education meet_police_corrections "
    "abstinence_testing curfew no_contact"
)
LATER_LIST = _words(
    "noneconomic_compensation programme_or_treatment education_work_community conversation reporting "
    "abstinence_testing curfew residence no_contact other_suitable"
)
LIGHT = _words(
    "noneconomic_compensation programme programme_or_treatment community_tasks education_work_community other_suitable"
)
HEAVY = _words("meet_police_corrections reporting abstinence_testing curfew residence no_contact institution_stay")


class Told(Protocol):
    """Something recorded."""

    @property
    def type(self) -> str: ...
    @property
    def on(self) -> date: ...
    @property
    def details(self) -> dict[str, Any]: ...


class Standing(NamedTuple):
    """The measures of the plan, and whether a meeting has made it anew without anybody having approved it."""

    measures: list[dict[str, Any]]
    unapproved: bool


def points(measures: Iterable[dict[str, Any]]) -> int:
    """One for what supports, three for what intrudes, two for what does both; for each hour a week."""
    return sum(
        (1 if one["code"] in LIGHT else 3 if one["code"] in HEAVY else 2) * (one.get("hours_a_week") or 1)
        for one in measures
    )


def by_day(history: Iterable[Told], day: date) -> list[Told]:
    return sorted((entry for entry in history if entry.on <= day), key=lambda entry: entry.on)


def standing(history: Iterable[Told], day: date) -> Standing:
    """How the plan stands at the end of that day."""
    measures: list[dict[str, Any]] = []
    unapproved = made = False
    for entry in by_day(history, day):
        if entry.type in {"plan_meeting_held", "replan_meeting_held"} or (entry.type == "plan_signed" and not made):
            unapproved = made = True
        elif entry.type in {"plan_approved", "plan_changed"}:
            unapproved, made = False, True
            measures = entry.details.get("measures") or measures
    return Standing(measures, unapproved)


def listed(history: Iterable[Told], sanction: str, regime: int, named: Iterable[tuple[str, str | None]]) -> bool:
    """Whether each of these measures, number and code, may stand on a plan that day."""
    before = set(_named(history))
    return all(one in before or _on_the_list(one[1], sanction, regime) for one in named if one[1])


def _on_the_list(code: str | None, sanction: str, regime: int) -> bool:
    if regime > 0:
        return code in LATER_LIST
    return code != "institution_stay" or sanction == "youth_sanction"


def _named(history: Iterable[Told]) -> Iterable[tuple[str, str | None]]:
    for entry in history:
        yield from ((one["measure"], one["code"]) for one in entry.details.get("measures") or ())
        if entry.type in {"measure_requested", "measure_started"}:
            yield entry.details["measure"], entry.details.get("code")


def no_heavier(history: Iterable[Told], new: Told) -> bool:
    """Whether the new list weighs no more than the one it takes the place of, and less where it is said to."""
    was = standing(history, new.on)
    measures = new.details.get("measures") or []
    if not measures or not was.measures or (new.type == "plan_approved" and was.unapproved):
        return True
    less = 1 if new.details.get("load") == "lower" else 0
    return points(measures) <= points(was.measures) - less


def runs(history: Iterable[Told], measure: str, day: date) -> bool:
    """Whether that measure had begun and not ended before that day."""
    begun, ended = False, None
    for entry in by_day(history, day):
        if entry.details.get("measure") == measure and entry.type in {"measure_started", "measure_ended"}:
            begun = begun or entry.type == "measure_started"
            ended = entry.on if entry.type == "measure_ended" else None
    return begun and ended in {None, day}
