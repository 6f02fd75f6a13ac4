"""The numbers set by law, each with the day from which it applies, its unit and its source.

Each number is defined once. A change adds a `(from, value)` pair; decisions under an earlier value keep it. The regime
that applies to a step is determined by `engine.regime_for`.
"""

from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from ungdom.workflow.calendar import Length
from ungdom.workflow.vocabulary import MeasureKind, Regime

T = TypeVar("T")


@dataclass(frozen=True)
class Dated(Generic[T]):
    """A value of the law over time: `(first day in force, value)` pairs in order, the unit, and the source."""

    values: tuple[tuple[date, T], ...]
    unit: str
    source: str

    def on(self, day: date) -> T:
        """The value in force on that day; before the first day, the first value."""
        current = self.values[0][1]
        for since, value in self.values:
            if since <= day:
                current = value
        return current


FIRST = date(2014, 7, 1)  # konfliktrådsloven in force
SEPTEMBER_2024 = date(2024, 9, 1)  # LOV-2023-12-20-110 in force
DECEMBER_2024 = date(2024, 12, 1)  # LOV-2024-11-29-73 in force

OFFICE = "office norm"

REGIME = Dated(
    ((FIRST, Regime.R0), (SEPTEMBER_2024, Regime.R1), (DECEMBER_2024, Regime.R2)),
    "regime",
    "LOV-2014-06-20-49; LOV-2023-12-20-110; LOV-2024-11-29-73",
)

# Age at the act. strl § 20: criminal responsibility from 15. strl § 52 a, strpl § 71 a: under 18.
AGE_FROM = Dated(((FIRST, 15),), "years", "strl § 20")
AGE_BELOW = Dated(((FIRST, 18),), "years", "strl § 52 a; strpl § 71 a")
MAJORITY = Dated(((FIRST, Length(years=18)),), "years", "vergemålsloven § 8")

# Length of the sanctions (gjennomføringstid).
SANCTION_MIN = Dated(
    ((FIRST, Length(months=6)), (SEPTEMBER_2024, Length(days=120))),
    "length",
    "strl § 52 b a; the six months before 1 September 2024 are unverified",
)
SANCTION_MAX = Dated(((FIRST, Length(years=2)),), "length", "strl § 52 b a")
SANCTION_MAX_GRAVE = Dated(((FIRST, Length(years=3)),), "length", "strl § 52 b a")
FOLLOW_UP_MIN = Dated(((FIRST, Length(days=1)), (SEPTEMBER_2024, Length(days=120))), "length", "strpl § 71 a, krl § 23")
FOLLOW_UP_MAX = Dated(((FIRST, Length(years=1)),), "length", "strpl § 71 a, krl § 23")
PRISON_BESIDE_MAX = Dated(
    ((FIRST, Length()), (SEPTEMBER_2024, Length(months=6)), (DECEMBER_2024, Length(years=15))),
    "length",
    "strl §§ 33, 52 a fourth paragraph, 52 d",
)
ELECTRONIC_CONTROL_MAX = Dated(((FIRST, Length(months=6)),), "length", "strl § 52 c fifth paragraph")

# How far ahead, and how late, a date in the details of an event may lie.
HEARING_AHEAD = Dated(((FIRST, Length(years=2)),), "years", "office norm")
INDICTMENT_RECEIVED = Dated(((FIRST, Length(days=60)),), "days", "office norm")

# Clocks with a statute.
CHARGE_DECISION = Dated(((FIRST, Length(weeks=6)),), "weeks", "strpl § 249 second paragraph")
HEARING_SCHEDULED = Dated(((FIRST, Length(weeks=2)),), "weeks", "strpl § 275 first paragraph")
HEARING_STARTED = Dated(((FIRST, Length(weeks=6)),), "weeks", "strpl § 275 second paragraph")
APPEAL = Dated(((FIRST, Length(weeks=2)),), "weeks", "strpl § 310")
APPEAL_HEARING = Dated(((FIRST, Length(weeks=8)),), "weeks", "strpl § 275 second paragraph")
DISPATCH = Dated(((FIRST, Length(weeks=1)),), "weeks", "strpl § 452 third paragraph")
COMPLAINT_PLAN = Dated(((FIRST, Length(weeks=3)),), "weeks", "krl § 22 e; forvaltningsloven § 29")
COMPLAINT_FOLLOW_UP = Dated(((FIRST, Length(weeks=3)),), "weeks", "strpl § 59 a")
PETITION = Dated(((FIRST, Length(months=3)),), "months", "strl § 52 c sixth paragraph")
PETITION_ELECTRONIC_CONTROL = Dated(((FIRST, Length()),), "days", "strl § 52 c sixth paragraph")
ELECTRONIC_CONTROL_REVIEW = Dated(((FIRST, Length(months=3)),), "months", "strl § 52 c fifth paragraph")
PUM_RENEWAL = Dated(((FIRST, Length(years=1)),), "years", "strpl § 161 a second paragraph")

# Clocks without a statute: norms that the offices set themselves. Never shown as law.
FIRST_CONTACT = Dated(((FIRST, Length(days=7)),), "days", OFFICE)
PLAN_MEETING = Dated(((FIRST, Length(days=60)),), "days", OFFICE)  # the agency's own published aim
LEAD_TIME = Dated(((FIRST, Length(days=180)),), "days", OFFICE)
BREACH_TALK = Dated(((FIRST, Length(days=14)),), "days", OFFICE)
BREACH_TALK_HELD = Dated(((FIRST, Length(days=14)),), "days", OFFICE)
TEAM_MEETING = Dated(((FIRST, Length(days=42)),), "days", OFFICE)
TRANSFER_ACCEPT = Dated(((FIRST, Length(days=7)),), "days", OFFICE)

# The load points of measures in a plan. krl § 25 last paragraph does not define how the load is calculated.
MEASURE_WEIGHT = Dated(
    ((FIRST, {MeasureKind.SUPPORTIVE: 1, MeasureKind.MIXED: 2, MeasureKind.INTRUSIVE: 3}),), "points", OFFICE
)


@dataclass(frozen=True)
class Choices:
    """Interpretations chosen where the law is silent. Each is a setting; results name the interpretation used."""

    count_start_day: bool = False
    """Whether the day of the start is the first day of the term. Default false: domstolloven § 148."""
    interruption_moves_end: bool = True
    """Whether an interruption pauses the term, so that the planned end moves by the interrupted days."""
    move_term_end: bool = False
    """Whether a sanction term ending on a weekend is extended. Default false: that would disadvantage the youth."""


CHOICES = Choices()


def holds(version: str, since: str, until: str | None) -> bool:
    """Whether a rule introduced in table version `since` and removed in version `until` applies to this version."""
    return since <= version and (until is None or version < until)
