"""How a due day was counted, step by step, from a clock as the interface answers it."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from ungdom import texts
from ungdom.texts import Language
from ungdom.web import formats
from ungdom.web.templating import SECTION, law_in

_PARTS = re.compile(r"([0-9]+)([YMWD])")
_WRITTEN = re.compile(r"([0-9]+) (year|month|week|day)")
UNITS = {"Y": "years", "M": "months", "W": "weeks", "D": "days"}


def receipt(language: Language, clock: Mapping[str, Any]) -> list[str]:
    """The steps as sentences: when it began, how long it runs, on which day that ends, and why it moved.

    `clock`: a deadline of the interface. A clock whose beginning may not be learnt has the last steps only.
    """
    return list(_steps(language, clock))


def length_in(language: Language, duration: str) -> str:
    """A duration of ISO 8601 in words, as the rule has it: six weeks are weeks, not days."""
    parts = [(int(count), UNITS[unit]) for count, unit in _PARTS.findall(duration)]
    words = (_text(language, f"{unit}.{'one' if n == 1 else 'many'}", count=n) for n, unit in parts if n)
    return f" {_text(language, 'and')} ".join(words)


def written_length_in(language: Language, written: str) -> str:
    """A length as the interface writes it in English (`6 weeks`) in words of this language."""
    return length_in(language, "".join(f"{count}{unit[0].upper()}" for count, unit in _WRITTEN.findall(written)))


def _steps(language: Language, clock: Mapping[str, Any]) -> Iterator[str]:
    due, unmoved = date.fromisoformat(clock["due"]), date.fromisoformat(clock["unmoved"])
    if clock["begun_on"]:
        yield from _counted(language, clock, unmoved)
    if unmoved != due:
        values = {"unmoved": formats.weekday(language, unmoved), "due": formats.weekday(language, due)}
        yield _text(language, "moved", **values)
    yield _text(language, "binding" if clock["binding"] else "norm", law=law_in(language, clock["law"]))
    if clock["stopped_on"]:
        yield _text(language, "stopped", day=formats.day(language, clock["stopped_on"]))


def _counted(language: Language, clock: Mapping[str, Any], unmoved: date) -> Iterator[str]:
    begun, length = formats.day(language, clock["begun_on"]), clock["length"]
    if length is None:
        yield _text(language, "ordered", day=formats.weekday(language, unmoved))
        return
    words = length_in(language, length)
    if not words:
        yield _text(language, "same_day", day=formats.weekday(language, unmoved))
        return
    yield _text(language, "begun", day=begun)
    yield _text(language, "counted", length=words, day=formats.weekday(language, unmoved))


def _text(language: Language, step: str, **values: str | int) -> str:
    return texts.text(language, SECTION, f"receipt.{step}", **values)
