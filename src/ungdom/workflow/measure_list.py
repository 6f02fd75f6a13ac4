"""The measures that a plan can hold, by sanction and regime, and what they weigh together. krl § 25 first paragraph.

The names of the measures, in three languages, stand in the reference data (`measure.csv`); a test holds the two equal.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ungdom.workflow import law
from ungdom.workflow import payloads as d
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.vocabulary import MeasureKind, Regime, Sanction

K, A = MeasureKind, Attendee
BOTH, S = tuple(Sanction), (Sanction.YOUTH_SANCTION,)
R0, R1_ON = (Regime.R0,), (Regime.R1, Regime.R2)


class Availability(StrEnum):
    """Whether a provider of the catalogue can take somebody on."""

    OPEN = "open"
    WAITING_LIST = "waiting_list"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class ListedMeasure:
    """One measure of a list: its code, the letter in krl § 25 where it has one, whose plan and how much it takes."""

    code: str
    letter: str | None
    kind: MeasureKind
    regimes: tuple[Regime, ...]
    sanctions: tuple[Sanction, ...] = BOTH


# Read by lawyers: one row per measure.
# fmt: off
MEASURES: tuple[ListedMeasure, ...] = (
    ListedMeasure("noneconomic_compensation", letter="a", kind=K.SUPPORTIVE, regimes=R1_ON),
    ListedMeasure("programme_or_treatment", letter="b", kind=K.SUPPORTIVE, regimes=R1_ON),
    ListedMeasure("education_work_community", letter="c", kind=K.SUPPORTIVE, regimes=R1_ON),
    ListedMeasure("conversation", letter="d", kind=K.MIXED, regimes=R1_ON),
    ListedMeasure("reporting", letter="e", kind=K.INTRUSIVE, regimes=R1_ON),
    ListedMeasure("abstinence_testing", letter="f", kind=K.INTRUSIVE, regimes=R1_ON),
    ListedMeasure("curfew", letter="g", kind=K.INTRUSIVE, regimes=R1_ON),
    ListedMeasure("residence", letter="h", kind=K.INTRUSIVE, regimes=R1_ON),
    ListedMeasure("no_contact", letter="i", kind=K.INTRUSIVE, regimes=R1_ON),
    ListedMeasure("other_suitable", letter="j", kind=K.SUPPORTIVE, regimes=R1_ON),
    ListedMeasure("noneconomic_compensation", letter="a", kind=K.SUPPORTIVE, regimes=R0),
    ListedMeasure("programme", letter="b", kind=K.SUPPORTIVE, regimes=R0),
    ListedMeasure("community_tasks", letter="c", kind=K.SUPPORTIVE, regimes=R0),
    ListedMeasure("residence_work_education", letter="d", kind=K.MIXED, regimes=R0),
    ListedMeasure("meet_police_corrections", letter="e", kind=K.INTRUSIVE, regimes=R0),
    ListedMeasure("abstinence_testing", letter="f", kind=K.INTRUSIVE, regimes=R0),
    ListedMeasure("curfew", letter="g", kind=K.INTRUSIVE, regimes=R0),
    ListedMeasure("no_contact", letter="h", kind=K.INTRUSIVE, regimes=R0),
    ListedMeasure("institution_stay", letter=None, kind=K.INTRUSIVE, regimes=R0, sanctions=S),
)
# fmt: on
"""Both lists of krl § 25. That of R0 was open ("blant annet"); the later one is closed, and open through letter j."""

KIND: dict[str, MeasureKind] = {measure.code: measure.kind for measure in MEASURES}
"""How much each listed measure takes; a code that stands in both lists takes the same in both."""

UNLISTED = MeasureKind.MIXED
"""What a measure beside the open list of R0 is taken for. Office norm."""

AGENCY: dict[str, Attendee] = {
    "konfliktrad": A.KONFLIKTRAD, "ungdomskoordinator": A.KONFLIKTRAD, "mekler": A.KONFLIKTRAD,
    "politi": A.POLICE, "patalemyndighet": A.PROSECUTION,
    "kriminalomsorg": A.CORRECTIONAL_SERVICE, "friomsorgskontor": A.CORRECTIONAL_SERVICE,
    "verge": A.GUARDIAN, "forsvarer": A.DEFENDER,
    "barnevern": A.CHILD_WELFARE, "bufetat": A.CHILD_WELFARE,
    "skole": A.SCHOOL, "ppt": A.SCHOOL, "oppfolgingstjenesten_ot": A.SCHOOL, "fylkeskommune": A.SCHOOL,
    "helsestasjon_ungdom": A.HEALTH, "fastlege": A.HEALTH, "kommunal_psykisk_helse": A.HEALTH, "bup": A.HEALTH,
    "habu": A.HEALTH, "dps": A.HEALTH, "tsb_rus": A.HEALTH, "kommunal_rustjeneste": A.HEALTH,
    "nav": A.MEASURE_PROVIDER, "slt": A.MEASURE_PROVIDER, "utekontakt": A.MEASURE_PROVIDER,
    "fritidsklubb": A.MEASURE_PROVIDER, "barnekoordinator": A.MEASURE_PROVIDER, "familievern": A.MEASURE_PROVIDER,
    "barnehus": A.MEASURE_PROVIDER, "imdi_flyktning": A.MEASURE_PROVIDER, "arbeidsgiver": A.MEASURE_PROVIDER,
    "frivillig": A.MEASURE_PROVIDER, "idrettslag": A.MEASURE_PROVIDER, "trossamfunn": A.MEASURE_PROVIDER,
    "privat_nettverk": A.OTHER, "annen": A.OTHER,
}  # fmt: skip
"""As what somebody of each listed agency sits on the team. Office norm."""


def allowed_codes(regime: Regime, sanction: Sanction) -> list[str]:
    """The codes of the list of krl § 25 for this sanction under this regime, in the order of its letters."""
    return [measure.code for measure in MEASURES if regime in measure.regimes and sanction in measure.sanctions]


def may_be_planned(code: str, regime: Regime, sanction: Sanction) -> bool:
    """Whether a measure of this code may be put on a plan.

    From R1 on only what is listed. In R0 also what is not, as long as it is not kept for the other sanction.
    """
    if code in allowed_codes(regime, sanction):
        return True
    return regime is Regime.R0 and not any(code == measure.code and regime in measure.regimes for measure in MEASURES)


def load(measures: Iterable[d.PlannedMeasure], day: date) -> int:
    """The load of a plan in points: of each measure its weight by kind times its hours a week, 1 where none are said.

    Two hours a week of conversation (mixed, 2) and a curfew (intrusive, 3) weigh 7. Office norm: `law.MEASURE_WEIGHT`.
    """
    weight = law.MEASURE_WEIGHT.on(day)
    return sum(weight[KIND.get(measure.code, UNLISTED)] * (measure.hours_a_week or 1) for measure in measures)
