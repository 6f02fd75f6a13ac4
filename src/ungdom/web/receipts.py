"""How a due day was counted, step by step, from a clock as the interface answers it."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from ungdom import texts
from ungdom.texts import Language
from ungdom.web import formats
from ungdom.web.templating import SECTION, law_in
from ungdom.workflow.calendar import days_between


def receipt(language: Language, clock: Mapping[str, Any]) -> list[str]:
    """The steps as sentences: when it began, how many days, on which day that ends, and why it moved.

    `clock`: a deadline of the interface. A clock whose beginning may not be learnt has the last steps only.
    """
    return list(_steps(language, clock))


def _steps(language: Language, clock: Mapping[str, Any]) -> Iterator[str]:
    due, unmoved = date.fromisoformat(clock["due"]), date.fromisoformat(clock["unmoved"])
    if clock["begun_on"]:
        begun = date.fromisoformat(clock["begun_on"])
        days = formats.number(language, days_between(begun, unmoved))
        yield _text(language, "begun", day=formats.day(language, begun))
        yield _text(language, "counted", days=days, day=formats.weekday(language, unmoved))
    if unmoved != due:
        values = {"unmoved": formats.weekday(language, unmoved), "due": formats.weekday(language, due)}
        yield _text(language, "moved", **values)
    yield _text(language, "binding" if clock["binding"] else "norm", law=law_in(language, clock["law"]))
    if clock["stopped_on"]:
        yield _text(language, "stopped", day=formats.day(language, clock["stopped_on"]))


def _text(language: Language, step: str, **values: str | int) -> str:
    return texts.text(language, SECTION, f"receipt.{step}", **values)
