"""Schemas of breaches, hearings, control periods and the petition window."""

from datetime import date
from typing import Any

from ungdom.api.http.schemas import AsOfOut, Output
from ungdom.workflow.payloads import EndOfControl, HeardAbout, HeardHow
from ungdom.workflow.vocabulary import EventType


class ChainStepOut(Output):
    """One step; `days` since the one before, `total_days` since the breach or offence was dated."""

    seq: int
    type: EventType
    label: str
    occurred_on: date
    days: int
    total_days: int
    details: dict[str, Any]


class ChainOut(Output):
    """A breach or new offence (the first step) and what followed it."""

    type: EventType
    label: str
    occurred_on: date
    steps: list[ChainStepOut]


class HeardOut(Output):
    """Whether the youth has been heard about a step of the office, after its newest ground."""

    about: HeardAbout
    label: str
    ground_on: date | None
    heard_on: date | None
    how: HeardHow | None
    how_label: str | None
    law: str


class ControlOut(Output):
    """A period of electronic control; `longest`: at most until that day, six months from the order."""

    since: date
    until: date
    review_from: date
    longest: date
    ended_on: date | None
    end: EndOfControl | None
    extension: bool


class WindowOut(Output):
    """Until when a petition reaches the court: for control until `control_last`, for anything else until `last`."""

    end_of_term: date
    control_last: date
    last: date
    days_left: int
    sent_on: date | None
    open: bool


class BreachesOut(Output):
    """Breaches and new offences. `heard`: empty where the rules of the day do not ask for it (R0)."""

    as_of: AsOfOut
    items: list[ChainOut]
    heard: list[HeardOut]
    control_periods: list[ControlOut]
    window: WindowOut | None
