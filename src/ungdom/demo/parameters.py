"""The parameters of the synthetic case load.

Volumes and lead times follow published figures (Sekretariatet for konfliktrådene 2014-2020); other parameters are
chosen to give a similar load. Durations are in calendar days and lognormal, so that the tail is long: median, standard
deviation of the logarithm, and minimum.
"""

from dataclasses import dataclass
from datetime import date
from math import log

from ungdom.workflow.payloads import Attendee, Channel
from ungdom.workflow.vocabulary import OffenceGroup, Sanction


@dataclass(frozen=True, slots=True)
class Spread:
    """A lognormal duration in days."""

    median: float
    sigma: float
    least: int = 0

    @property
    def mu(self) -> float:
        """The mean of the logarithm."""
        return log(self.median)


# --- number and place -------------------------------------------------------------------------------------------

FIRST_DAY = date(2014, 7, 1)

REGISTERED: dict[int, int] = {
    2014: 265,  # from July
    2015: 380,
    2016: 415,
    2017: 525,
    2018: 600,
    2019: 560,
    2020: 550,
    2021: 565,
    2022: 595,
    2023: 620,
    2024: 650,
    2025: 675,
    2026: 690,  # a whole year; later years have the same number
}
"""Cases registered per year, chosen so that the cases received match the published 398, 355, about 426, 527, 519, …"""

SANCTION_SHARE: dict[int, float] = {
    2014: 0.15,
    2017: 0.105,
    2018: 0.115,
    2019: 0.15,
    2021: 0.145,
    2024: 0.18,  # no longer limited to repeated or serious crime
}
"""Share of youth sanctions by a court among the cases registered from that year on. Published of those received:
13 % in 2015, 9 in 2017, 10 in 2018, 14 in 2019."""

COURT_FOLLOW_UP = 0.07
"""Share of follow-ups that came by judgment, while a court could give them."""

CASES_PER_COORDINATOR = 0.04
"""Share of the country's cases per coordinator; it determines the number of coordinators of an office (2 to 5)."""


@dataclass(frozen=True, slots=True)
class DemoOffice:
    """A konfliktråd: its share of the country's cases, and its mean P1, in days."""

    code: str
    share: float
    p1: int
    short: str  # in court numbers


OFFICES: tuple[DemoOffice, ...] = (
    DemoOffice("oslo", 0.150, 165, "TOSL"),
    DemoOffice("ost", 0.170, 225, "TSOS"),
    DemoOffice("innlandet", 0.070, 155, "TOSD"),
    DemoOffice("sor-ost", 0.140, 190, "TBUS"),
    DemoOffice("agder", 0.070, 255, "TAGD"),
    DemoOffice("sor-vest", 0.100, 160, "TSRO"),
    DemoOffice("vest", 0.110, 175, "THOD"),
    DemoOffice("more-og-romsdal", 0.045, 115, "TMRO"),
    DemoOffice("trondelag", 0.080, 155, "TTRO"),
    DemoOffice("nordland", 0.035, 180, "TSAL"),
    DemoOffice("troms", 0.020, 438, "TNTR"),  # the slowest mean published for 2018
    DemoOffice("finnmark", 0.010, 72, "TOFI"),  # the fastest
)
P1_MEAN, P1_FIXED = 188, 22
"""The mean of P1 at pace 1.0, and the part of it that is the same for every office, in days."""

PACE: dict[int, float] = {2014: 1.08, 2015: 1.08, 2016: 1.05, 2020: 1.06, 2021: 1.06, 2024: 0.95, 2025: 0.92, 2026: 0.9}
"""Factor for the time to receipt, by year of registration; 1.0 for other years."""

PLAN_PACE: dict[int, float] = {2015: 1.1, 2016: 1.08, 2017: 1.05, 2018: 1.05, 2019: 0.95, 2020: 1.15, 2021: 1.08}
"""Factor for the time from receipt to start, by year of receipt; 1.0 for other years."""

SLOW = ((7, 1, 31), (12, 22, 31))
"""Month, first and last day of the holidays, during which most steps are postponed."""

SLOW_SHARE = 0.65
"""Share of the steps in the holidays that are postponed until after them."""

# --- people -----------------------------------------------------------------------------------------------------

FEMALE = 0.17
GUARDIANS: tuple[tuple[int, float], ...] = ((2, 0.84), (1, 0.145), (0, 0.015))
SAME_FAMILY_NAME = 0.7
NO_NATIONAL_ID = 0.02
CONFIDENTIAL, STRICTLY_CONFIDENTIAL = 0.012, 0.004
LANGUAGES: tuple[tuple[str, float], ...] = (
    ("nb", 0.86), ("nn", 0.08), ("en", 0.03), ("ar", 0.01), ("so", 0.01), ("uk", 0.01),
)  # fmt: skip
AGE_DAYS = (15 * 366, 18 * 365 - 10)
"""Age at the acts, in days: 15 to 17, with a margin."""

# --- acts -------------------------------------------------------------------------------------------------------

OFFENCES: dict[Sanction, tuple[tuple[tuple[OffenceGroup, str | None], float], ...]] = {
    Sanction.YOUTH_FOLLOW_UP: (
        ((OffenceGroup.DRUGS_ALCOHOL, "strl-231"), 22),
        ((OffenceGroup.VIOLENCE, "strl-271"), 16),
        ((OffenceGroup.PROPERTY_THEFT, "strl-321"), 14),
        ((OffenceGroup.VIOLENCE, "strl-263"), 10),
        ((OffenceGroup.PUBLIC_ORDER, "strl-156"), 9),
        ((OffenceGroup.PROPERTY_DAMAGE, "strl-351"), 9),
        ((OffenceGroup.OTHER_PROFIT, "strl-327"), 6),
        ((OffenceGroup.SEXUAL, "strl-304"), 6),
        ((OffenceGroup.TRAFFIC, None), 5),
        ((OffenceGroup.OTHER, None), 3),
    ),
    Sanction.YOUTH_SANCTION: (
        ((OffenceGroup.OTHER_PROFIT, "strl-327"), 25),
        ((OffenceGroup.SEXUAL, "strl-291"), 20),
        ((OffenceGroup.VIOLENCE, "strl-273"), 22),
        ((OffenceGroup.DRUGS_ALCOHOL, "strl-232"), 10),
        ((OffenceGroup.VIOLENCE, "strl-271"), 10),
        ((OffenceGroup.PROPERTY_THEFT, "strl-322"), 8),
        ((OffenceGroup.PROPERTY_DAMAGE, "strl-352"), 5),
    ),
}
ACTS: tuple[tuple[int, float], ...] = ((1, 0.5), (2, 0.24), (3, 0.13), (5, 0.08), (8, 0.05))
ACTS_APART = Spread(24, 1.0)
ACT_LASTED = 0.04
ACT_ADDED = 0.05
SERIOUS: dict[Sanction, float] = {Sanction.YOUTH_FOLLOW_UP: 0.2, Sanction.YOUTH_SANCTION: 0.9}

# --- until the decision -----------------------------------------------------------------------------------------

ACT_TO_REGISTERED = Spread(8, 1.2)
TO_SUSPECT = Spread(5, 1.1)
TO_CHARGED = Spread(4, 0.9)
INVESTIGATION = Spread(46, 0.8, 1)
ASSESSMENT = Spread(19, 0.6, 2)
MEETING = Spread(13, 0.5, 1)
CONSENTS = Spread(9, 0.7)
DECISION = Spread(29, 0.8, 1)
TO_COURT = Spread(2, 0.7)
SCHEDULED = Spread(8, 0.6)
HEARING = Spread(40, 0.5, 8)
HEARING_MOVED = Spread(28, 0.5, 7)
JUDGED = Spread(2, 0.9)
SERVED = Spread(9, 0.7, 1)
ACCEPTED = Spread(4, 0.8)
FINAL_SET = Spread(2, 0.8, 1)
APPEALED = Spread(9, 0.4, 1)
APPEAL_REFERRED = Spread(16, 0.5, 3)
APPEAL_HEARING = Spread(45, 0.5, 10)
DISPATCH = Spread(9, 0.9)
DISPATCH_NEW_LAW = Spread(4, 0.7)
"""From R1: within a week, strpl § 452."""
RECEIPT = Spread(3, 0.8)
PUM_ORDERED = Spread(6, 0.8)
PUM_TAKES = Spread(29, 0.4, 7)
PUM_WISHED_DAYS = 28

CHARGED = 0.5
PUM: dict[Sanction, float] = {Sanction.YOUTH_FOLLOW_UP: 0.18, Sanction.YOUTH_SANCTION: 0.85}
PUM_WAITED_FOR = 0.6
PUM_NOT_DONE = 0.04
ASSESSED: dict[Sanction, float] = {Sanction.YOUTH_FOLLOW_UP: 0.72, Sanction.YOUTH_SANCTION: 0.92}
DECIDED_FROM_ASSESSMENT = 0.3
DROPPED_EARLY = 0.006
DROPPED = 0.018
UNSUITABLE = 0.014
CONSENT_REFUSED = 0.013
CONSENT_REVOKED = 0.006
OTHER_DECISION = 0.009
ACQUITTED, OTHER_SENTENCE = 0.03, 0.04
SHARING_CONSENT = 0.5
SHARING_WITHDRAWN = 0.04
GUARDIAN_SHARES = 0.9
PLAN_SHARED = 0.6
HEARING_MOVES = 0.1
COURT_BUSY = 0.12
SERVED_AT_ONCE = 0.82
ACCEPTED_AT_ONCE = 0.25
SET_BY_PROSECUTION = 0.12
EARLY_EXECUTION = 0.04
APPEAL = 0.15
APPEAL_REINSTATED = 0.04
APPEALED_BY_YOUTH = 0.72
APPEAL_OUTCOMES: tuple[tuple[str, float], ...] = (
    ("refused", 0.32), ("upheld", 0.4), ("changed", 0.2), ("replaced", 0.08),
)  # fmt: skip
NOT_DISPATCHED_APART = 0.12
COMPLAINT_TRANSFER, COMPLAINT_TRANSFER_UPHELD = 0.012, 0.25
INTERIM = 0.22
"""Share of judgments in R2 with conditions that run until the plan meeting."""
PRISON_BESIDE = 0.05
GRAVE = 0.05
PRISON_INSTEAD = 0.3
"""Share of other sentences that are prison; the rest are community sentences."""
CASE_REOPENED = 0.6
"""Share of judgments set aside because the case is reopened; the rest are overturned."""
SHORTEST = 0.06
"""Share of youth sanctions of 120 days, from R1."""

FOLLOW_UP_LENGTHS: tuple[tuple[str, float], ...] = (("4m", 0.1), ("6m", 0.42), ("9m", 0.23), ("12m", 0.25))
SANCTION_LENGTHS: tuple[tuple[str, float], ...] = (
    ("6m", 0.12), ("9m", 0.14), ("12m", 0.36), ("18m", 0.22), ("24m", 0.16),
)  # fmt: skip

# --- from receipt to start --------------------------------------------------------------------------------------

ASSIGNED = Spread(4, 0.8)
FOR_HEALTH = 0.7
"""Share of postponements and planned interruptions for health; the rest for other weighty grounds."""
CONTACT = Spread(5, 0.7)
PREPARED = Spread(41, 0.52, 6)
SIGNED_LATER, SIGNED_AFTER_CONFERENCE = 0.4, Spread(2, 1.0)
NO_SHOW, NO_SHOW_TAKES = 0.11, Spread(22, 0.5, 7)
CAPACITY, CAPACITY_TAKES = 0.06, Spread(25, 0.5, 7)
NO_MEASURE, MEASURE_TAKES = 0.06, Spread(24, 0.5, 7)
VICTIM_WAITED_FOR, VICTIM_TAKES = 0.2, Spread(30, 0.5, 7)
"""Only in R0 could the victim delay the start."""
INTERPRETER_WAIT = 0.01
POSTPONED_AT_RECEIPT = 0.001
POSTPONED, POSTPONED_TAKES = 0.022, Spread(58, 0.5, 14)
WITHDRAWN_BEFORE, WITHDRAWN_POSTPONED, WITHDRAWN_BY_GUARDIAN = 0.05, 0.08, 0.12
NO_PLAN, INTERIM_NO_PLAN, INTERIM_BREACH = 0.022, 0.06, 0.18
OFFENCE_BEFORE = 0.016
CONTACT_NEVER = 0.03
TRANSFER, TRANSFER_AFTER, TRANSFER_TAKES = 0.022, Spread(70, 0.8, 12), Spread(8, 0.5, 1)
TRANSFER_DECLINED = 0.08
DEATH = 0.0025
LIMITATION = 0.0005
PINNED = 0.03
"""Share of the cases running across September 2024 whose regime of execution was pinned."""

# --- the restorative track --------------------------------------------------------------------------------------

VICTIM_INVITED = 0.42
VICTIM_ACCEPTS, VICTIM_WITHDRAWS = 0.48, 0.2
VICTIM_ASKED, VICTIM_ANSWERS, VICTIM_MEETS = Spread(9, 0.6), Spread(14, 0.7, 1), Spread(45, 0.6, 5)
OTHER_PROCESS = 0.08

# --- execution --------------------------------------------------------------------------------------------------

APPROVED = Spread(2, 0.8)
SIGNED = Spread(6, 0.8)
GROUP: tuple[tuple[Attendee, float], ...] = ((Attendee.SCHOOL, 0.5), (Attendee.CHILD_WELFARE, 0.6))
TEAM: tuple[tuple[str, float], ...] = (
    ("school", 0.62), ("child_welfare", 0.4), ("health", 0.2), ("measure_provider", 0.12),
)  # fmt: skip
CHANNEL: dict[Attendee, Channel] = {
    Attendee.POLICE: Channel.INBOX,
    Attendee.CORRECTIONAL_SERVICE: Channel.INBOX,
    Attendee.SCHOOL: Channel.EMAIL,
    Attendee.CHILD_WELFARE: Channel.EMAIL,
    Attendee.HEALTH: Channel.EMAIL,
    Attendee.MEASURE_PROVIDER: Channel.NONE,
}
MEMBER_LEAVES = 0.05
PRESENT = 0.8
POLICE_AT_FOLLOW_UP, SCHOOL_AT_MEETING = 0.42, 0.5
TEAM_MEETING = Spread(44, 0.28, 14)
DRUG_TEST = Spread(38, 0.5, 7)
DRUG_TESTED = 0.16
DRUG_POSITIVE, DRUG_REFUSED = 0.1, 0.03
DRUG_BAN = 0.05
ABROAD_REFUSED = 0.15
CONDITIONS_LIFTED = 0.06
ABROAD = 0.03
PLAN_COMPLAINT, COMPLAINT_PARTLY_UPHELD = 0.012, 0.2
SURVEY = 0.14
COMPLETED_AFTER = Spread(2, 1.1)

# --- interruptions ----------------------------------------------------------------------------------------------

TURNS: dict[Sanction, tuple[tuple[str, float], ...]] = {
    Sanction.YOUTH_FOLLOW_UP: (
        ("none", 0.29), ("breach", 0.405), ("minor_breach", 0.05), ("new_offence", 0.14), ("withdrawn", 0.083),
        ("pause", 0.025), ("set_aside", 0.002), ("complaint", 0.005),
    ),
    Sanction.YOUTH_SANCTION: (
        ("none", 0.205), ("breach", 0.57), ("minor_breach", 0.03), ("new_offence", 0.13), ("withdrawn", 0.02),
        ("pause", 0.03), ("set_aside", 0.005), ("complaint", 0.01),
    ),
}  # fmt: skip
"""The next event while a plan runs. `none`: the term is completed."""

TURN_AT = (0.05, 0.8)
"""When it occurs, as a share of the remaining term."""

TALK_ORDERED, TALK_HELD = Spread(7, 0.8), Spread(10, 0.5, 2)
TALK_MISSED, FETCH, TALK_ORDERED_ANEW = 0.14, 0.6, 0.5
CONDITIONS = 0.74
NEW_BREACH: dict[Sanction, float] = {Sanction.YOUTH_FOLLOW_UP: 0.66, Sanction.YOUTH_SANCTION: 0.76}
NO_SECOND_TALK = 0.75
NEW_BREACH_AFTER = Spread(40, 0.7, 4)
AFTER_NEW_BREACH: dict[Sanction, tuple[tuple[str, float], ...]] = {
    Sanction.YOUTH_FOLLOW_UP: (("replan", 0.18), ("review", 0.56), ("interrupt", 0.17), ("talk", 0.09)),
    Sanction.YOUTH_SANCTION: (("replan", 0.16), ("refer", 0.66), ("interrupt", 0.12), ("talk", 0.06)),
}
ACT_ON_BREACH = Spread(12, 0.7, 1)
REVIEWED = Spread(34, 0.7, 3)
RESUMED_BY_PROSECUTION = 0.76
PETITION = Spread(27, 0.7, 3)
PETITION_DECLINED = 0.16
REFERRED_TO_PROSECUTION = 0.3
"""From R2."""
BREACH_JUDGED = Spread(52, 0.5, 10)
RECOMMENDED: tuple[tuple[str, float], ...] = (
    ("serve_prison", 0.28), ("electronic_control", 0.58), ("community_sentence", 0.08), ("suspended_sentence", 0.06),
)  # fmt: skip
"""From R1; in R0 always `serve_prison`."""
COURT_SAYS: tuple[tuple[str, float], ...] = (("converted", 0.66), ("part", 0.14), ("rejected", 0.2))
REST_CONTINUES = 0.7
CONTROL_MONTHS: tuple[tuple[int, float], ...] = ((2, 0.2), (3, 0.4), (4, 0.2), (6, 0.2))
CONTROL_LIFTED, CONTROL_REJECTED, CONTROL_EXTENDED = 0.15, 0.1, 0.12
PAUSE = Spread(48, 0.6, 10)
OFFENCE_CASE = Spread(75, 0.6, 14)
CHARGED_ANEW = Spread(6, 0.9)
INTERRUPTED_ON_CHARGE = 0.6
OFFENCE_LEADS_TO: tuple[tuple[str, float], ...] = (("dropped", 0.2), ("separate", 0.22), ("joint", 0.58))
INTERRUPTION_LEADS_TO: dict[Sanction, tuple[tuple[str, float], ...]] = {
    Sanction.YOUTH_FOLLOW_UP: (("resumed", 0.34), ("prosecuted", 0.5), ("replan", 0.16)),
    Sanction.YOUTH_SANCTION: (("resumed", 0.3), ("refer", 0.55), ("replan", 0.15)),
}
WINDOW_COMPLETED = 0.55
PETITION_AFTER_TERM = 0.35
REOPENED = 0.003

# --- recording --------------------------------------------------------------------------------------------------

LATE_RECORDING = 0.09
"""Share of facts recorded late; the others are recorded on the same day or within a few days."""
NOT_THE_SAME_DAY = 0.6
LATE_BY, PROMPT_BY = Spread(16, 0.8, 4), Spread(0.8, 0.9)
WRONG_DATE, RECORDED_TWICE = 0.022, 0.008
"""Share of cases with such an error, which is corrected later."""
MISTAKE_FOUND, CORRECTED_AFTER = Spread(200, 0.6, 60), Spread(15, 0.9, 1)
