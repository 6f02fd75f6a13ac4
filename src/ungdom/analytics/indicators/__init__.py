"""The indicators of the strategy: one row each, with its definition in words and the function that counts it.

A row is the only home of its indicator: responses, the command line and docs/indicators.md are generated from it. A
change of what a function counts requires a new version of the row; figures name the version they were computed with.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from ungdom.analytics import norms
from ungdom.analytics.case_facts import CaseFacts
from ungdom.analytics.contributions import CountContribution, DurationContribution
from ungdom.analytics.definition_types import Definition, Family, IndicatorPeriod, IndicatorUnit
from ungdom.analytics.indicators import breaches, completion, consents, cooperation, measures, start
from ungdom.analytics.indicators.consents import ConsentPart
from ungdom.workflow import law
from ungdom.workflow.calendar import Length
from ungdom.workflow.case import Case
from ungdom.workflow.law import Dated
from ungdom.workflow.payloads import Attendee, MeasureAnswer, PlanLoad
from ungdom.workflow.vocabulary import State


class IndicatorGroup(StrEnum):
    """What the strategy asks about."""

    COMPLETION = "completion"
    RAPID_START = "rapid_start"
    COOPERATION = "cooperation"
    CONSENTS = "consents"
    MEASURES = "measures"
    BREACHES = "breaches"
    SURVEYS = "surveys"


@dataclass(frozen=True, slots=True)
class FromFacts:
    """A count shared with the statistics: it reads the facts of a case, not its history."""

    contributions: (
        Callable[[CaseFacts], Iterator[CountContribution]] | Callable[[CaseFacts], Iterator[DurationContribution]]
    )


@dataclass(frozen=True, slots=True)
class FromAlerts:
    """A count of stored alerts and of who was notified of them, which are no part of the history of a case."""


Counting = (
    Callable[[Case], Iterator[CountContribution]]
    | Callable[[Case], Iterator[DurationContribution]]
    | FromFacts
    | FromAlerts
    | None
)


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator. `numerator`, `denominator`: what is counted, in words; `source`: where it is published.

    `counting`: yields the contributions of a case; None: it is counted from survey answers. `parts`: its breakdown.
    `norm`: the days within which it should end, by the day they are counted from. `changed`: the change made by each
    version after the first.
    """

    code: str
    version: int
    group: IndicatorGroup
    unit: IndicatorUnit
    period: IndicatorPeriod
    numerator: str
    denominator: str
    source: str
    counting: Counting
    parts: type[StrEnum] | None = None
    norm: Dated[Length] | None = None
    changed: tuple[str, ...] = ()

    def contributions(self, case: Case, facts: CaseFacts) -> Iterator[CountContribution | DurationContribution]:
        """The contributions of this case to the indicator."""
        if isinstance(self.counting, FromFacts):
            yield from self.counting.contributions(facts)
        elif self.counting and not isinstance(self.counting, FromAlerts):
            yield from self.counting(case)

    def definition(self) -> Definition:
        """The row as a definition of its family, without the function that counts it."""
        return Definition(
            self.code,
            self.version,
            Family.INDICATORS,
            self.unit,
            self.period,
            self.numerator,
            self.denominator,
            self.source,
            norm=self.norm,
            changed=self.changed,
        )


G, U, P = IndicatorGroup, IndicatorUnit, IndicatorPeriod
LAPSED_EXCLUDED = "those that lapsed (death, limitation, pardon) are told apart and stand in neither"
LATE_ENTRY = "a case that was first known by its receipt is at risk from there, no longer from the last offence"

# One line per row keeps the table readable; in the order of the strategy.
# fmt: off
INDICATORS: tuple[Indicator, ...] = (
    Indicator("completed_of_received", 1, G.COMPLETION, U.SHARE, P.RECEIVED,
              "of these, cases completed", f"cases received in the period; {LAPSED_EXCLUDED}",
              "strategy: completion; krl § 22", FromFacts(completion.of_received)),
    Indicator("completed_of_started", 1, G.COMPLETION, U.SHARE, P.STARTED,
              "of these, cases completed", f"cases whose execution began in the period; {LAPSED_EXCLUDED}",
              "strategy: completion; krl §§ 22, 23", FromFacts(completion.of_started)),
    Indicator("completed_of_closed", 1, G.COMPLETION, U.SHARE, P.CLOSED,
              "of these, cases closed as completed",
              f"cases received or started, and closed in the period; {LAPSED_EXCLUDED}",
              "strategy: completion; krl § 22", FromFacts(completion.of_closed)),
    Indicator("closed_as", 1, G.COMPLETION, U.SHARE, P.CLOSED,
              "of these, cases closed in this way", "cases received or started, and closed in the period",
              "strategy: completion", FromFacts(completion.closed_as), State),

    Indicator("offence_to_receipt", 2, G.RAPID_START, U.DAYS, P.REGISTERED,
              "of these, cases received (P1 ends)", "cases registered in the period, from the last offence",
              "strategy: rapid start", FromFacts(start.offence_to_receipt), changed=(LATE_ENTRY,)),
    Indicator("receipt_to_start", 1, G.RAPID_START, U.DAYS, P.RECEIVED,
              "of these, cases whose execution has begun (P2 ends)",
              "cases received in the period, without those under interim conditions before",
              "strategy: rapid start; krl § 23", FromFacts(start.receipt_to_start), norm=law.PLAN_MEETING),
    Indicator("offence_to_start", 2, G.RAPID_START, U.DAYS, P.REGISTERED,
              "of these, cases whose execution has begun (P3 ends)",
              "cases registered in the period, from the last offence",
              "strategy: rapid start; krl § 23", FromFacts(start.offence_to_start), norm=law.LEAD_TIME,
              changed=(LATE_ENTRY,)),

    Indicator("coordinated_before_decision", 1, G.COOPERATION, U.SHARE, P.DECIDED,
              "of these, with a meeting of the coordination group on or before that day",
              "cases whose first decision on the sanction fell in the period",
              "strategy: interdisciplinary cooperation; krl § 22 d", cooperation.coordinated),
    Indicator("lead_time_alerts_outside", 1, G.COOPERATION, U.SHARE, P.HAPPENED,
              "of these, alerts of which somebody outside the office had a notice: a standing contact of the "
              "coordination group, or a member of the team",
              "alerts on the lead time from the last offence to the start, raised in the period; each alert once",
              "strategy: interdisciplinary cooperation; krl § 22 d; who is notified is an office norm", FromAlerts()),
    Indicator("team_attendance", 1, G.COOPERATION, U.SHARE, P.HAPPENED,
              "of these, invitations on which the agency came",
              "agencies invited to team meetings held in the period, once a meeting",
              "strategy: interdisciplinary cooperation; krl § 26", cooperation.attendance, Attendee),
    Indicator("measure_answer_days", 1, G.COOPERATION, U.DAYS, P.HAPPENED,
              "of these, measures answered or begun", "measures asked for in the period",
              "strategy: interdisciplinary cooperation; krl § 22 a", cooperation.measure_answered),
    Indicator("person_investigation_days", 1, G.COOPERATION, U.DAYS, P.HAPPENED,
              "of these, person investigations returned", "person investigations ordered in the period",
              "strategy: interdisciplinary cooperation; strpl § 161 a", cooperation.person_investigation),

    Indicator("consent_recorded", 1, G.CONSENTS, U.SHARE, P.HAPPENED,
              "of these, recorded with who explained, when (not afterwards), form version and language",
              "consents given in the period by youth or guardian",
              "strategy: informed and real consents; krl § 11", consents.recorded, ConsentPart),
    Indicator("withdrawn_before_start", 1, G.CONSENTS, U.SHARE, P.RECEIVED,
              "of these, closed by withdrawn consent before the start", "cases received in the period",
              "strategy: informed and real consents; krl § 11", consents.withdrawn_before_start),
    Indicator("withdrawn_after_start", 1, G.CONSENTS, U.SHARE, P.STARTED,
              "of these, closed by withdrawn consent", "cases whose execution began in the period",
              "strategy: informed and real consents; krl § 11", consents.withdrawn_after_start),

    Indicator("first_measure_days", 1, G.MEASURES, U.DAYS, P.STARTED,
              "of these, with a measure begun", "cases whose execution began in the period",
              "strategy: available measures; krl § 25", measures.first_measure, norm=norms.FIRST_MEASURE),
    Indicator("measure_wait_days", 1, G.MEASURES, U.DAYS, P.HAPPENED,
              "of these, measures begun; a refusal is another way out", "measures asked for in the period",
              "strategy: available measures; krl §§ 22 a, 25", cooperation.measure_begun),
    Indicator("measure_answers", 1, G.MEASURES, U.SHARE, P.HAPPENED,
              "of these, this answer", "answers of providers in the period",
              "strategy: available measures; krl § 22 a", measures.answers, MeasureAnswer),
    Indicator("plan_changes", 1, G.MEASURES, U.SHARE, P.HAPPENED,
              "of these, to this load", "changes of plans in the period",
              "strategy: adapted plans; krl § 25 last paragraph", measures.changes, PlanLoad),
    Indicator("plan_adapted", 1, G.MEASURES, U.SHARE, P.STARTED,
              "of these, with a plan that has been changed", "cases whose execution began in the period",
              "strategy: adapted plans; krl § 25 last paragraph", measures.adapted),

    Indicator("breach_to_talk", 1, G.BREACHES, U.DAYS, P.HAPPENED,
              "of these, with a talk ordered", "breaches recorded in the period; those meanwhile belong to the first",
              "strategy: handling of breaches; krl §§ 31, 33", breaches.to_talk, norm=law.BREACH_TALK),
    Indicator("talk_ordered_to_held", 1, G.BREACHES, U.DAYS, P.HAPPENED,
              "of these, talks held", "breach talks ordered in the period",
              "strategy: handling of breaches; krl §§ 31, 33", breaches.talk_held, norm=law.BREACH_TALK_HELD),
    Indicator("conditions_set", 1, G.BREACHES, U.SHARE, P.HAPPENED,
              "of these, talks in which conditions were set", "breach talks held in the period",
              "strategy: handling of breaches; krl §§ 31, 33 second paragraph", breaches.conditions_set),
    Indicator("conditions_to_referral", 1, G.BREACHES, U.DAYS, P.HAPPENED,
              "of these, cases referred", "conditions set after a breach in the period",
              "strategy: handling of breaches; krl §§ 31, 33", breaches.to_referral),
    Indicator("referral_to_petition", 1, G.BREACHES, U.DAYS, P.HAPPENED,
              "of these, petitions sent", "youth sanctions referred for breach in the period",
              "strategy: handling of breaches; krl § 31, strl § 52 c", breaches.to_petition),
    Indicator("petition_to_judgment", 1, G.BREACHES, U.DAYS, P.HAPPENED,
              "of these, decided by the court", "petitions sent to the court in the period",
              "strategy: handling of breaches; strl § 52 c", breaches.to_judgment),
    Indicator("referral_to_resumption", 1, G.BREACHES, U.DAYS, P.HAPPENED,
              "of these, decided by the prosecution", "youth follow-ups referred for resumption in the period",
              "strategy: handling of breaches; krl §§ 33, 34", breaches.to_resumption),
    Indicator("prosecution_resumed", 1, G.BREACHES, U.SHARE, P.HAPPENED,
              "of these, prosecution resumed", "decisions of the prosecution on resumption in the period",
              "strategy: handling of breaches; krl §§ 33, 34", breaches.prosecution_resumed),
    Indicator("execution_went_on", 1, G.BREACHES, U.SHARE, P.HAPPENED,
              "of these, after which the execution went on", "interruptions of the period that are over",
              "strategy: handling of breaches; krl §§ 30-34", breaches.went_on),
    Indicator("new_offence", 1, G.BREACHES, U.SHARE, P.STARTED,
              "of these, with an offence since the start recorded while the case was open",
              "cases whose execution began in the period",
              "strategy: handling of new offences; krl §§ 32, 34", breaches.new_offence),
    Indicator("new_offence_to_reaction", 1, G.BREACHES, U.DAYS, P.HAPPENED,
              "of these, followed by a talk, an interruption, a referral, a petition or a closing for it",
              "new offences recorded in the period; those meanwhile belong to the first",
              "strategy: handling of new offences; krl §§ 32, 34", breaches.to_reaction),

    Indicator("survey_response", 1, G.SURVEYS, U.SHARE, P.INVITED,
              "of these, answered", "invitations handed over in the whole quarters of the period",
              "strategy: surveys; docs/surveys.md", None),
    Indicator("survey_answers", 1, G.SURVEYS, U.GRADE, P.INVITED,
              "the sum of their grades, 1 to 5",
              "answers to invitations of the whole quarters of the period, where there are at least five",
              "strategy: surveys; docs/surveys.md", None),
)
# fmt: on

INDICATOR_BY_CODE = {indicator.code: indicator for indicator in INDICATORS}
