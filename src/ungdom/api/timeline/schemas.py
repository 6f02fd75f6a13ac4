"""Schemas of the timeline."""

from datetime import date

from ungdom.api.http.schemas import AsOfOut, Output
from ungdom.workflow.rules.deadlines import DeadlineStatus
from ungdom.workflow.views.timeline import Mark


class EntryOut(Output):
    """One entry. `until`: the last day of a span, null while it runs. `days`: of a span, or late after a due day.

    `known_late`: days from when an event happened until it was recorded. `to_come`: lies after the day asked.
    """

    on: date
    mark: Mark
    code: str
    label: str
    until: date | None
    days: int | None
    seq: int | None
    status: DeadlineStatus | None
    known_late: int | None
    law: str | None
    to_come: bool


class Timeline(Output):
    """The timeline as of a day: what the viewer may learn of it."""

    as_of: AsOfOut
    items: list[EntryOut]
