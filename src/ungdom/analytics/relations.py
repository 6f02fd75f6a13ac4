"""What follows from the definitions about two figures side by side: which counts are equal, and which is at most which.

Anybody who reads the definitions knows these relations. A release is protected against somebody who computes with all
of them (docs/disclosure.md), so a relation that is forgotten here protects nothing: a new figure needs its rows. The
totals of `p1` and `p3` are the same cases, and a figure's endings add up to it: both are in the tables themselves.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ungdom.analytics.durations import ENDED, ENDED_BY_CLOSING, NEVER_AT_RISK, WAITING, WAYS_BEFORE_START
from ungdom.analytics.indicators.cohorts import COUNTED
from ungdom.analytics.outcomes import OPEN, OUTCOMES
from ungdom.workflow.vocabulary import PHASE, Party, Phase, State


class Holds(StrEnum):
    """In which cells a relation holds.

    `EVERYWHERE`: with equal values of every dimension. `FROM_A_PERIOD_ON`: likewise, over all periods from one to the
    last: what comes later in the life of a case is in the same period or in a later one.
    """

    EVERYWHERE = "everywhere"
    FROM_A_PERIOD_ON = "from_a_period_on"


@dataclass(frozen=True, slots=True)
class Counted:
    """The cases (or persons) of a figure with these outcomes; without outcomes: all of them."""

    figure: str
    outcomes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FigureRelation:
    """The sum of `fewer` is at most the sum of `more`.

    `mostly_equal`: seldom different, so that a reader will take them to be equal: where they are, that is taken to be
    known. `counted_once`: holds unless a person is counted once for two cases of one year; where it does not hold,
    nothing is taken to be known. `in_part`: holds as well of those of `fewer` alone that are released for a cell.
    """

    why: str
    fewer: tuple[Counted, ...]
    more: tuple[Counted, ...]
    holds: Holds = Holds.EVERYWHERE
    mostly_equal: bool = False
    counted_once: bool = False
    in_part: bool = False


def _of(figure: str, outcomes: Iterable[str] = ()) -> tuple[Counted, ...]:
    return (Counted(figure, frozenset(map(str, outcomes))),)


START, LEFT_BEFORE = (ENDED, NEVER_AT_RISK), WAYS_BEFORE_START
NOT_COMPLETED = tuple(outcome for outcome in OUTCOMES if outcome not in (State.COMPLETED.value, OPEN))
COMPLETED = (State.COMPLETED.value,)
OVER = (ENDED, ENDED_BY_CLOSING, NEVER_AT_RISK)
RECEIVED, STARTED, CLOSED = "completion.received", "completion.started", "completion.closed"
LATER = Holds.FROM_A_PERIOD_ON
CASELOAD = "caseload.open"
BEFORE = _of(CASELOAD, (Phase.INVESTIGATION, Phase.CONSENT, Phase.DECISION))
PREPARED, RUNNING = _of(CASELOAD, [Phase.PLAN]), _of(CASELOAD, (Phase.EXECUTION, Phase.BREACH))
OPEN_PARTS = (
    ("before receipt", (Phase.INVESTIGATION, Phase.CONSENT, Phase.DECISION), BEFORE),
    ("being prepared", (Phase.PLAN,), PREPARED),
    ("being carried out", (Phase.EXECUTION, Phase.BREACH), RUNNING),
)
"""Each part of the life of an open case: its phases, and its count in the caseload."""

RELATIONS: tuple[FigureRelation, ...] = (
    # the same cases, registered in the period
    FigureRelation("who started was received", _of("p3", START), _of("p1", START)),
    FigureRelation("who waits to be received waits for the start", _of("p1", [WAITING]), _of("p3", [WAITING])),
    FigureRelation("who left before receipt left before the start", _of("p1", LEFT_BEFORE), _of("p3", LEFT_BEFORE)),
    FigureRelation("a case begins as registered", _of("stage.registered"), _of("p1"), mostly_equal=True),
    FigureRelation("a case begins with the police", _of("wait.police"), _of("p1"), mostly_equal=True),
    FigureRelation("who is still registered is not received", _of("stage.registered", [WAITING]), _of("p1", [WAITING])),
    FigureRelation("what the police still have is not received", _of("wait.police", [WAITING]), _of("p1", [WAITING])),
    # received in the period
    FigureRelation("P2 counts cases received", _of("p2"), _of(RECEIVED)),
    FigureRelation("who waits for the start is open", _of("p2", [WAITING]), _of(RECEIVED, [OPEN])),
    FigureRelation("who left before the start has not completed", _of("p2", LEFT_BEFORE), _of(RECEIVED, NOT_COMPLETED)),
    FigureRelation("P2 counts cases in the stage of receipt", _of("p2"), _of("stage.received"), mostly_equal=True),
    FigureRelation("who is in the stage of receipt waits", _of("stage.received", [WAITING]), _of("p2", [WAITING])),
    # started in the period
    FigureRelation("persons are at most cases", _of("nordic_2y"), _of(STARTED)),
    FigureRelation("every start but of what was set aside", _of(STARTED, (*COMPLETED, OPEN)),
             _of("nordic_2y"), counted_once=True),
    FigureRelation("execution begins with the start", _of("stage.executing"), _of(STARTED), mostly_equal=True),
    FigureRelation("who is executing is open", _of("stage.executing", [WAITING]), _of(STARTED, [OPEN])),
    # closed in the period
    FigureRelation("persons who completed are completed cases", _of("completion_2y"), _of(CLOSED, COMPLETED),
             mostly_equal=True),
    # the court is waited for in court, and the parties while an appeal may be filed
    *(FigureRelation("in court the court is waited for", _of(f"stage.{State.IN_COURT}", ends),
               _of(f"wait.{Party.COURT}", ends), mostly_equal=True) for ends in ((), OVER, [WAITING])),
    *(FigureRelation("once judged the parties are waited for", _of(f"wait.{Party.PARTIES}", ends),
               _of(f"stage.{State.JUDGED}", ends), mostly_equal=True) for ends in ((), OVER, [WAITING])),
    # one after the other: what comes later is in the same period or in a later one
    FigureRelation("received after registration", _of("p1", START), _of(RECEIVED), LATER),
    FigureRelation("started after registration", _of("p3", START), _of(STARTED), LATER),
    FigureRelation("started after receipt", _of("p2", START), _of(STARTED), LATER),
    FigureRelation("completed after receipt", _of(RECEIVED, COMPLETED), _of(CLOSED, COMPLETED), LATER),
    FigureRelation("completed after the start", _of(STARTED, COMPLETED), _of(CLOSED, COMPLETED), LATER),
    FigureRelation("closed after receipt", _of(RECEIVED, NOT_COMPLETED), _of(CLOSED, NOT_COMPLETED), LATER),
    FigureRelation("closed after the start", _of(STARTED, NOT_COMPLETED), _of(CLOSED, NOT_COMPLETED), LATER),
    FigureRelation("open and received: has started or waits", _of(RECEIVED, [OPEN]),
             (*_of(STARTED, [OPEN]), *_of("p2", [WAITING])), LATER),
    # the indicators: of the same cases as completion
    *(FigureRelation(f"{code} counts the cases that started", _of(code), _of(STARTED), mostly_equal=True)
      for code in ("first_measure_days", "plan_adapted", "new_offence", "withdrawn_after_start")),
    FigureRelation("withdrawn before the start is of cases received", _of("withdrawn_before_start"), _of(RECEIVED),
             mostly_equal=True),
    FigureRelation("who withdrew before the start has not completed", _of("withdrawn_before_start", [COUNTED]),
             _of(RECEIVED, NOT_COMPLETED)),
    FigureRelation("who withdrew after the start has not completed", _of("withdrawn_after_start", [COUNTED]),
             _of(STARTED, NOT_COMPLETED)),
    FigureRelation("who waits for a measure is open", _of("first_measure_days", [WAITING]), _of(STARTED, [OPEN])),
    # of the same measures
    FigureRelation("an answer and a start are waited for alike", _of("measure_answer_days"), _of("measure_wait_days"),
             mostly_equal=True),
    FigureRelation("a measure begun is answered", _of("measure_wait_days", START), _of("measure_answer_days", START)),
    FigureRelation("what is not answered has not begun", _of("measure_answer_days", [WAITING]),
             _of("measure_wait_days", [WAITING])),
    # one after the other
    FigureRelation("a plan that was adapted was changed", _of("plan_adapted", [COUNTED]), _of("plan_changes"), LATER),
    FigureRelation("a talk ordered is a talk waited for", _of("breach_to_talk", START), _of("talk_ordered_to_held"),
             LATER),
    FigureRelation("a talk held is a talk", _of("talk_ordered_to_held", START), _of("conditions_set"), LATER),
    FigureRelation("conditions are set in a talk", _of("conditions_to_referral"), _of("conditions_set", [COUNTED])),
    FigureRelation("who was referred goes on", _of("conditions_to_referral", START),
             (*_of("referral_to_petition"), *_of("referral_to_resumption")), LATER),
    FigureRelation("a petition sent is before the court", _of("referral_to_petition", START),
             _of("petition_to_judgment"), LATER),
    FigureRelation("a referral decided is a decision", _of("referral_to_resumption", START),
             _of("prosecution_resumed"), LATER),
    FigureRelation("a new offence is reacted to", _of("new_offence", [COUNTED]), _of("new_offence_to_reaction"), LATER),
    # the caseload: open cases, whenever they were registered
    FigureRelation("who waits to be received is open and not received", _of("p1", [WAITING]), BEFORE,
             mostly_equal=True),
    FigureRelation("who waits for the start is open and has not started", _of("p3", [WAITING]), (*BEFORE, *PREPARED),
             mostly_equal=True),
    FigureRelation("received and open is caseload", _of(RECEIVED, [OPEN]), (*PREPARED, *RUNNING), mostly_equal=True),
    FigureRelation("started and open is caseload", _of(STARTED, [OPEN]), (*PREPARED, *RUNNING)),
    *(FigureRelation(f"in a stage {part} is caseload", tuple(counted for state, phase in PHASE.items()
             if phase in phases for counted in _of(f"stage.{state}", [WAITING])), open_cases, in_part=True)
      for part, phases, open_cases in OPEN_PARTS),
)  # fmt: skip
