"""User surveys: who is asked what and when, as data.

docs/surveys.md describes how answers are separated from respondents.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ungdom.workflow.calendar import Length
from ungdom.workflow.law import OFFICE, Dated
from ungdom.workflow.vocabulary import EventType, State

E = EventType
FIRST = date(2026, 12, 1)


class SurveyKind(StrEnum):
    """What has just happened to whoever is asked."""

    PLAN = "plan"
    BREACH_TALK = "breach_talk"
    COMPLETION = "completion"
    OTHER_ENDING = "other_ending"


class SurveyQuestion(StrEnum):
    """A sentence that is agreed with from 1 (not at all) to 5 (fully). Fit for youth and guardian alike."""

    EXPLAINED = "explained"
    HEARD = "heard"
    TOLD_WHILE_WAITING = "told_while_waiting"
    PLAN_WORKS = "plan_works"
    FAIR = "fair"
    CONSEQUENCES = "consequences"
    MEASURES_IN_TIME = "measures_in_time"
    WORKED_TOGETHER = "worked_together"
    HELPED = "helped"


K, Q = SurveyKind, SurveyQuestion

LOWEST_GRADE, HIGHEST_GRADE = 1, 5


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """The questions of an occasion. A change requires a new row with a new version: answers name theirs."""

    kind: SurveyKind
    version: str
    questions: tuple[SurveyQuestion, ...]


QUESTIONNAIRES: tuple[Questionnaire, ...] = (
    Questionnaire(K.PLAN, "plan-1", (Q.EXPLAINED, Q.HEARD, Q.TOLD_WHILE_WAITING, Q.PLAN_WORKS)),
    Questionnaire(K.BREACH_TALK, "breach_talk-1", (Q.EXPLAINED, Q.HEARD, Q.FAIR, Q.CONSEQUENCES)),
    Questionnaire(K.COMPLETION, "completion-1", (Q.HEARD, Q.FAIR, Q.MEASURES_IN_TIME, Q.WORKED_TOGETHER, Q.HELPED)),
    Questionnaire(K.OTHER_ENDING, "other_ending-1", (Q.EXPLAINED, Q.HEARD, Q.FAIR, Q.MEASURES_IN_TIME)),
)
"""Every version of every questionnaire, the newest of its kind last."""


@dataclass(frozen=True, slots=True)
class SurveyOccasion:
    """When somebody is asked. `first`: only the first such event of a case. `into`: events that close it so."""

    kind: SurveyKind
    events: tuple[EventType, ...] = ()
    first: bool = False
    into: tuple[State, ...] = ()


OCCASIONS: tuple[SurveyOccasion, ...] = (
    SurveyOccasion(K.PLAN, (E.PLAN_MEETING_HELD, E.PLAN_SIGNED), first=True),
    SurveyOccasion(K.BREACH_TALK, (E.BREACH_TALK_HELD,)),
    SurveyOccasion(K.COMPLETION, into=(State.COMPLETED,)),
    SurveyOccasion(
        K.OTHER_ENDING,
        into=(State.CONVERTED, State.BREACH_CLOSED, State.CONSENT_WITHDRAWN, State.OTHER_DECISION),
    ),
)
"""Endings count if the execution had begun. Nobody is asked after a death, or another way of lapsing."""

ASK_WITHIN = Dated(((FIRST, Length(days=60)),), "days", OFFICE)
"""Period after the event in which somebody may be asked: later, memory has faded."""

MONTHS_OPEN = 3
"""An invitation can be used until the last day of the second month after that in which it was handed over."""

MAX_TRIES = 10
"""Maximum number of invalid submissions per invitation."""

FEWEST_ANSWERS = 5
"""Minimum number of answers for results to be shown; results from which fewer could be derived are never shown."""


def newest_questionnaire(kind: SurveyKind) -> Questionnaire:
    """The current questionnaire of that occasion."""
    return [questionnaire for questionnaire in QUESTIONNAIRES if questionnaire.kind is kind][-1]


def questionnaire_of_version(version: str) -> Questionnaire:
    """The questionnaire of that version."""
    return next(questionnaire for questionnaire in QUESTIONNAIRES if questionnaire.version == version)


def month_of(day: date) -> date:
    """The first day of the month of that day."""
    return day.replace(day=1)


def add_months(first: date, months: int) -> date:
    """The first day of the month so many months later."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)
