"""Recidivism by three named definitions, side by side: one row each, with the functions that count it.

They differ in where they begin (the decision, the start of the sanction, its completion), in how long they look, and in
what they call a relapse: a charge, or an act that was decided with finality. None of them is *the* share that relapses;
a figure without its definition says nothing. Whoever changes what a row counts gives it a new version.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ungdom.statistics.case_rows import CaseRow
from ungdom.statistics.recidivism.matters import Matter
from ungdom.workflow.daycount import Length
from ungdom.workflow.vocabulary import State


class Outcome(StrEnum):
    """How a person came out, as known on the day of observation. Together they are all persons.

    The window of `RELAPSED`, `NOT_RELAPSED` and `PENDING` was over; those of `RELAPSED_EARLY` and `WINDOW_OPEN` were
    not. `PENDING`: charged with an act in the window, not decided yet. `DIED`, `EMIGRATED`: before any relapse.
    """

    RELAPSED = "relapsed"
    NOT_RELAPSED = "not_relapsed"
    PENDING = "pending"
    RELAPSED_EARLY = "relapsed_early"
    WINDOW_OPEN = "window_open"
    DIED = "died"
    EMIGRATED = "emigrated"


class OriginDay(StrEnum):
    """From which day the window is counted, that day not included."""

    DECISION = "decision"
    START = "start"
    COMPLETION = "completion"


@dataclass(frozen=True, slots=True)
class Recidivism:
    """One definition. `origin`: the day a case gives, None: none; `relapse`: the day a matter gives, and is it pending.

    `months`: the length of the window. `numerator`, `denominator`: what is counted, in words; persons, not cases.
    """

    code: str
    version: int
    begins: OriginDay
    months: int
    numerator: str
    denominator: str
    source: str
    origin: Callable[[CaseRow, date | None], date | None]
    relapse: Callable[[Matter], date | None]
    waits: Callable[[Matter], date | None]

    @property
    def window(self) -> Length:
        """The length of the window; its last day belongs to it."""
        return Length(months=self.months)


def decided(row: CaseRow, final: date | None) -> date | None:
    """The day of the decision in force, once it is final."""
    return row.decided if final and row.state is not State.OTHER_DECISION else None


def started(row: CaseRow, _final: date | None) -> date | None:
    """The start of execution, unless the decision fell."""
    return row.started if row.state is not State.OTHER_DECISION else None


def completed(row: CaseRow, _final: date | None) -> date | None:
    """The day of completion."""
    return row.closed if row.state is State.COMPLETED else None


def charged(matter: Matter) -> date | None:
    """The day of a charge that still stands; a decision without one that is known stands for it."""
    return (matter.charged or matter.decided) if matter.stands else None


def offended(matter: Matter) -> date | None:
    """The day of an act that is decided with finality; where nobody has told it, the day of the decision."""
    return (matter.offence or matter.decided) if matter.decided else None


def not_decided(matter: Matter) -> date | None:
    """The day of an act that somebody is charged with and that is not decided yet."""
    open_ = matter.decided is None and matter.stands
    return (matter.offence or matter.charged) if open_ else None


def never(_matter: Matter) -> date | None:
    """Nothing waits: a charge is known when it is made."""
    return None


_ONCE = "each person once a calendar year, by the first of the year"
_STANDS = "a decision that was set aside gives none"
_DECIDED = (
    "of these, with a new act inside the window that has been decided with finality, simplified fines left out, by the "
    "day of observation; counted on the day of the act"
)

DEFINITIONS: tuple[Recidivism, ...] = (
    Recidivism(
        "ssb_5y", 1, OriginDay.DECISION, 60,
        "of these, with a new charge inside the window, counted on the day of the charge; not when it was dropped, "
        "acquitted, or settled by a simplified fine alone",
        f"persons with a final decision on a youth sanction, from the day of the decision in force; {_STANDS}; {_ONCE}",
        "reference.md section 8: SSB, persons charged anew within five years of the base year",
        decided, charged, never,
    ),
    Recidivism(
        "nordic_2y", 1, OriginDay.START, 24, _DECIDED,
        f"persons who began a youth sanction, from the start of execution; {_STANDS}; {_ONCE}",
        "reference.md section 8: Nordic definition, Graunbøl et al. 2010; krl § 23",
        started, offended, not_decided,
    ),
    Recidivism(
        "completion_2y", 1, OriginDay.COMPLETION, 24, _DECIDED,
        f"persons who completed a youth sanction, from the day of completion; {_ONCE}",
        "reference.md section 8: the office's own analyses; krl § 22",
        completed, offended, not_decided,
    ),
)  # fmt: skip

BY_CODE = {one.code: one for one in DEFINITIONS}
