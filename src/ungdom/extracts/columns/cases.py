"""The extract of cases: one row per case, with its days, terms, stages, waits and outcome (`analytics.case_facts`)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from ungdom.analytics import case_facts
from ungdom.analytics.case_facts import CaseFacts
from ungdom.extracts.columns.column import Column, ColumnType
from ungdom.extracts.columns.shared import CASE, OFFICE_NORM, PERSON, PLACE
from ungdom.extracts.offices import DISTRICT_OF, DISTRICTS, WITHHELD
from ungdom.extracts.snapshots import CaseSnapshot
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import Length, after, days_between, oslo_date
from ungdom.workflow.case import SanctionInForce
from ungdom.workflow.table import VERSIONS
from ungdom.workflow.vocabulary import PHASE as PHASE_OF
from ungdom.workflow.vocabulary import OffenceGroup, Party, Phase, Regime, State

T = ColumnType
CLOSINGS = (
    d.PlanFailure, d.ConversionTo, d.WindowOutcome, d.OtherOutcome, d.LapseReason, d.SetAside, d.AppealOutcome,
)  # fmt: skip
START_RULES = ("plan_meeting", "plan_signed", "interim_conditions")
AGES = ("15", "16", "17", "18+")


@dataclass(frozen=True, slots=True)
class CaseExtractRow:
    """One case, and the facts derived from it."""

    snapshot: CaseSnapshot
    row: CaseFacts

    @property
    def sanctioned(self) -> SanctionInForce | None:
        """The decision in force."""
        return self.snapshot.case.sanction_in_force

    @property
    def terms(self) -> d.Terms | None:
        """The terms of the judgment in force."""
        return self.sanctioned.terms if self.sanctioned else None

    @property
    def police_district(self) -> str | None:
        """The police district of the konfliktråd; withheld like the konfliktråd."""
        return WITHHELD if self.snapshot.is_protected else self.row.police_district

    def days_of(self, length: Length | None) -> int | None:
        """A length in the judgment in days, counted from the day of the judgment."""
        since = self.sanctioned.on if self.sanctioned else None
        return days_between(since, after(since, length)) if since and length else None


def rows_of(snapshot: CaseSnapshot) -> Iterator[CaseExtractRow]:
    """The case."""
    opened = oslo_date(snapshot.stored.opened_at)
    yield CaseExtractRow(snapshot, case_facts.facts_of(snapshot.case, snapshot.day, DISTRICT_OF, opened))


def _days(attribute: str, kind: str, row: CaseExtractRow) -> int:
    days: dict[str, int] = getattr(row.row, attribute)
    return days.get(kind, 0)


def _day(name: str, description: str, source: str, nullable: bool = True) -> Column:
    """A day of the case facts. The name of the column ends in `_on`."""
    read: Callable[[CaseExtractRow], date | None] = lambda row: getattr(row.row, name)  # noqa: E731  # kept in the column
    return Column(f"{name}_on", T.DATE, description, source, read, nullable)


def _flag(name: str, read: Callable[[d.Terms], Any], description: str, source: str) -> Column:
    """Whether the judgment holds something; missing while there is no judgment."""
    return Column(name, T.BOOLEAN, description, source, lambda row: read(row.terms) if row.terms else None, True)


# One line per row keeps the table readable.
# fmt: off
COLUMNS: tuple[Column, ...] = (
    CASE,
    PERSON,
    *PLACE,
    Column("police_district", T.STRING, "police district of that konfliktråd; `withheld` like it",
           "krl § 13, frl § 10-4", lambda row: row.police_district, nullable=True, vocabulary=(*DISTRICTS, WITHHELD)),
    Column("regime", T.STRING, "rules of the decision; before there is one, those of the day asked",
           "settled choice: docs/workflow.md", lambda row: row.row.regime, words=(Regime,)),
    Column("execution_regime", T.STRING, "rules that execution follows on the last day known of it",
           "settled choice: docs/workflow.md", lambda row: row.row.execution_regime, nullable=True, words=(Regime,)),
    Column("table", T.STRING, "version of the table of moves that the case runs under", OFFICE_NORM,
           lambda row: row.row.table, vocabulary=VERSIONS),
    Column("offence_group", T.STRING, "group of the last act, from which lead time is counted",
           "Statistics Norway, standard of offences 2015", lambda row: row.row.offence_group,
           nullable=True, words=(OffenceGroup,)),
    Column("offences", T.INTEGER, "acts in the case", OFFICE_NORM, lambda row: len(row.snapshot.case.offences),
           unit="acts"),
    Column("age", T.STRING, "whole years on the last day of the last act; 18+: it lasted beyond the birthday",
           "strl § 20, strl § 52 a", lambda row: row.row.age_group, vocabulary=AGES),
    Column("guardians", T.INTEGER, "how many have parental responsibility", "vergemålsloven § 16",
           lambda row: row.snapshot.stored.youth.guardians),
    _day("first_offence", "first day of the first act", "settled choice: docs/workflow.md", nullable=False),
    _day("last_offence", "last day of the last act: lead time is counted from here", "settled choice: docs/workflow.md",
         nullable=False),
    _day("in_view", "day from which the case would have been missed: registration, or receipt where it was first "
         "recorded at or after that (late entry)", OFFICE_NORM, nullable=False),
    _day("registered", "registered", "krl § 13", nullable=False),
    _day("suspect", "youth set as suspect", "strpl § 249"),
    _day("indicted", "indicted, or a judgment on confession asked for", "strpl § 262"),
    _day("first_decided", "first decision on the sanction", "strl § 52 a, strpl § 71 a"),
    _day("decided", "decision in force, an appeal applied", "strl § 52 a, strpl § 71 a"),
    _day("final", "final: rettskraftig", "strpl § 50"),
    _day("dispatched", "sent to the konfliktråd", "strpl § 452"),
    _day("received", "received by the konfliktråd: P1 ends, P2 begins", "strpl § 455"),
    _day("first_contact", "first contact with the youth", OFFICE_NORM),
    _day("plan_meeting", "first plan meeting", "krl § 24"),
    _day("plan_signed", "plan first signed", "krl § 24"),
    _day("started", "start of execution: P2 and P3 end", "krl § 23"),
    Column("start_rule", T.STRING, "which rule gave the start", "krl § 23, strl § 52 b",
           lambda row: row.row.start_rule, nullable=True, vocabulary=START_RULES),
    _day("planned_end", "last day of the term as decided", "krl § 23, domstolloven § 148"),
    _day("adjusted_end", "planned end moved by the days interrupted", "krl § 30"),
    _day("closed", "closed", "krl § 22"),
    Column("state", T.STRING, "state it is in; of a closed case its outcome", "docs/workflow.md",
           lambda row: row.row.state, words=(State,)),
    Column("phase", T.STRING, "phase of that state", "docs/workflow.md",
           lambda row: PHASE_OF[row.row.state], words=(Phase,)),
    Column("closing", T.STRING, "reason or outcome that the closing gives", "docs/workflow.md",
           lambda row: row.row.closing, nullable=True, words=CLOSINGS),
    Column("term_days", T.INTEGER, "length of the sanction in force, from the start, or from the decision before it",
           "strl § 52 a, krl § 23", lambda row: row.row.term_days, nullable=True, unit="days"),
    Column("subsidiary_prison_days", T.INTEGER, "subsidiary prison term (subsidiær fengselsstraff) of the judgment",
           "strl § 52 a", lambda row: row.days_of(row.terms.subsidiary_prison) if row.terms else None,
           nullable=True, unit="days"),
    _flag("has_interim_conditions", lambda terms: bool(terms.interim_conditions), "whether the judgment sets interim "
          "conditions (særvilkår)", "strl § 52 b"),
    _flag("has_unconditional_prison", lambda terms: terms.unconditional_prison is not None, "whether it adds "
          "unconditional prison", "strl § 52 d"),
    Column("interrupted_days", T.INTEGER, "on which the term stood still", "krl § 30",
           lambda row: row.row.interrupted_days, unit="days"),
    Column("breaches", T.INTEGER, "breaches recorded", "krl §§ 31, 33", lambda row: row.row.breaches, unit="breaches"),
    Column("new_offences", T.INTEGER, "new offences recorded in the case", "krl §§ 32, 34",
           lambda row: row.row.new_offences, unit="acts"),
    Column("p1_days", T.INTEGER, "P1: from the last offence to receipt", OFFICE_NORM, lambda row: row.row.p1,
           nullable=True, unit="days"),
    Column("p2_days", T.INTEGER, "P2: from receipt to start; nothing where interim conditions started it before",
           OFFICE_NORM, lambda row: row.row.p2, nullable=True, unit="days"),
    Column("p3_days", T.INTEGER, "P3: from the last offence to start, the headline", OFFICE_NORM,
           lambda row: row.row.p3, nullable=True, unit="days"),
    Column("unreported_days", T.INTEGER, "from the last offence to registration", OFFICE_NORM,
           lambda row: row.row.unreported_days, unit="days"),
    Column("total_days", T.INTEGER, "life of the case until it closed, or the day asked: the stage days add up to it, "
           "and so do the wait days", OFFICE_NORM, lambda row: row.row.total_days, unit="days"),
    *(Column(f"stage_{state}", T.INTEGER, f"spent in the state {state}", OFFICE_NORM,
             partial(_days, "stage_days", state), unit="days") for state in State),
    *(Column(f"wait_{party}", T.INTEGER, f"on which {party} was waited for", OFFICE_NORM,
             partial(_days, "wait_days", party), unit="days") for party in Party),
    *(Column(f"wait_before_start_{party}", T.INTEGER, f"of these, after the last offence and before the start: {party}",
             OFFICE_NORM, partial(_days, "wait_days_before", party), unit="days") for party in Party),
)
# fmt: on
