"""Who outside the office may learn what about a case, by law or by consent, and the reason if they may not. Pure.

`RULES` is the need-to-know matrix: each row has the information, the recipients and the legal ground. Anything that no
row allows is refused. `may_learn` must be called wherever data leave the office. An authority may learn without consent
what its own task in the case requires: krl § 26, fvl § 13 b, strpl § 161 a. Everything else requires the consent of the
youth and, while they are under 18, of every guardian: for that recipient and scope, not withdrawn and not expired (krl
§ 22 c).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ungdom.workflow.case import Case
from ungdom.workflow.derived.consents import ConsentStatus, sharing_consents_for
from ungdom.workflow.payloads import Attendee, By, Sharing
from ungdom.workflow.vocabulary import PHASE, EventType, Phase, Protection, Sanction

E, A = EventType, Attendee


class Matter(StrEnum):
    """What can be learnt of a case."""

    CURRENT_STATUS = "current_status"  # the reference, the present state, who is waited for, what is due and late
    STAGE_DATES = "stage_dates"  # every state that the case has been in, and the days of entry
    MEETING_DATES = "meeting_dates"  # the days of team meetings and plan meetings
    SANCTION = "sanction"  # that it is a youth sanction or youth follow-up
    IDENTITY = "identity"  # name, birth date, number
    NAME_AND_BIRTH_YEAR = "name_and_birth_year"
    OFFENCE = "offence"  # the offence committed
    PLAN = "plan"
    OWN_MEASURES = "own_measures"  # the measures of the plan that the recipient carries out
    PROGRESS = "progress"
    ATTENDANCE = "attendance"
    DRUG_TESTS = "drug_tests"
    PERSON_INVESTIGATION = "person_investigation"
    RIGHTS = "rights"  # consents, hearings and complaints
    RESTORATIVE = "restorative"  # where the victim stands, and restorative meetings
    ADDRESS = "address"  # the address, and how youth and guardians are reached


class Ground(StrEnum):
    """Why it may be learnt."""

    LAW = "law"  # an authority's own task, without consent
    ON_BREACH = "on_breach"  # the same, during the handling of a breach
    OWN = "own"  # the youth's own case; the guardian's while the youth is under 18
    CONSENT = "consent"  # krl § 22 c


class NotShared(StrEnum):
    """Why somebody may not learn it."""

    NOT_NEEDED = "not_needed"  # no row of the table allows it
    ONLY_ON_BREACH = "only_on_breach"
    YOUTH_IS_OF_AGE = "youth_is_of_age"  # the guardian's right has ended
    YOUTH_HAS_NOT_CONSENTED = "youth_has_not_consented"
    YOUTH_HAS_WITHDRAWN = "youth_has_withdrawn"
    YOUTH_CONSENT_HAS_RUN_OUT = "youth_consent_has_run_out"
    GUARDIAN_HAS_NOT_CONSENTED = "guardian_has_not_consented"
    GUARDIAN_HAS_WITHDRAWN = "guardian_has_withdrawn"
    GUARDIAN_CONSENT_HAS_RUN_OUT = "guardian_consent_has_run_out"
    ADDRESS_IS_PROTECTED = "address_is_protected"  # frl § 10-4


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingRule:
    """One row. `scopes`: one of these consents is required; used with the ground of consent only."""

    matters: tuple[Matter, ...]
    recipients: tuple[Attendee, ...]
    sanctions: tuple[Sanction, ...]
    ground: Ground
    law: str
    scopes: tuple[Sharing, ...] = ()


@dataclass(frozen=True, slots=True)
class SharingDecision:
    """Whether a matter may be learnt: the ground and the law that allow it, or the reason why it may not."""

    matter: Matter
    law: str
    ground: Ground | None
    why_not: NotShared | None

    @property
    def allowed(self) -> bool:
        """Whether the matter may be learnt."""
        return self.why_not is None


M, G = Matter, Ground
S, F = (Sanction.YOUTH_SANCTION,), (Sanction.YOUTH_FOLLOW_UP,)
BOTH = S + F
MANDATORY = (A.POLICE, A.CORRECTIONAL_SERVICE)
AUTHORITIES = (*MANDATORY, A.PROSECUTION)
PROVIDERS = (A.SCHOOL, A.HEALTH, A.CHILD_WELFARE, A.MEASURE_PROVIDER, A.OTHER)
FAMILY = (A.YOUTH, A.GUARDIAN)
OWN_TASK, SHARED, NO_GROUND, PROTECTED = "fvl § 13 b", "krl § 22 c", "krl § 9", "frl § 10-4"

# Read by lawyers: one row per ground, every argument named.
# fmt: off
RULES: tuple[SharingRule, ...] = (
    SharingRule(matters=tuple(matter for matter in Matter if matter is not M.RESTORATIVE),
         recipients=FAMILY, sanctions=BOTH, ground=G.OWN, law=OWN_TASK),
    SharingRule(matters=tuple(matter for matter in Matter if matter is not M.PERSON_INVESTIGATION),
         recipients=(A.KONFLIKTRAD,), sanctions=BOTH, ground=G.LAW, law=OWN_TASK),
    SharingRule(matters=(M.PERSON_INVESTIGATION,),
         recipients=(A.KONFLIKTRAD,), sanctions=BOTH, ground=G.CONSENT, law=SHARED,
         scopes=(Sharing.PERSON_INVESTIGATION,)),
    SharingRule(matters=(M.CURRENT_STATUS, M.STAGE_DATES, M.MEETING_DATES, M.SANCTION, M.IDENTITY,
                         M.NAME_AND_BIRTH_YEAR, M.OFFENCE),
         recipients=AUTHORITIES, sanctions=BOTH, ground=G.LAW, law=OWN_TASK),
    SharingRule(matters=(M.RIGHTS,),
         recipients=(A.PROSECUTION,), sanctions=BOTH, ground=G.LAW, law="strpl §§ 59 a, 71 a"),
    SharingRule(matters=(M.CURRENT_STATUS, M.MEETING_DATES),
         recipients=(*PROVIDERS, A.DEFENDER), sanctions=BOTH, ground=G.LAW, law=OWN_TASK),
    SharingRule(matters=(M.PLAN, M.OWN_MEASURES, M.PROGRESS, M.ATTENDANCE, M.DRUG_TESTS),
         recipients=MANDATORY, sanctions=S, ground=G.LAW, law="krl § 26 second paragraph"),
    SharingRule(matters=(M.PERSON_INVESTIGATION,),
         recipients=(A.CORRECTIONAL_SERVICE, A.PROSECUTION), sanctions=BOTH, ground=G.LAW, law="strpl § 161 a"),
    SharingRule(matters=(M.PLAN, M.PROGRESS, M.ATTENDANCE, M.DRUG_TESTS),
         recipients=(A.PROSECUTION,), sanctions=S, ground=G.ON_BREACH, law="krl §§ 31, 32"),
    SharingRule(matters=(M.PLAN, M.PROGRESS, M.ATTENDANCE, M.DRUG_TESTS),
         recipients=(A.PROSECUTION,), sanctions=F, ground=G.ON_BREACH, law="krl §§ 33, 34"),
    SharingRule(matters=(M.PLAN, M.OWN_MEASURES),
         recipients=MANDATORY, sanctions=F, ground=G.CONSENT, law=SHARED,
         scopes=(Sharing.PLAN,)),
    SharingRule(matters=(M.PROGRESS,),
         recipients=MANDATORY, sanctions=F, ground=G.CONSENT, law=SHARED,
         scopes=(Sharing.PROGRESS,)),
    SharingRule(matters=(M.ATTENDANCE,),
         recipients=MANDATORY, sanctions=F, ground=G.CONSENT, law=SHARED,
         scopes=(Sharing.ATTENDANCE,)),
    SharingRule(matters=(M.DRUG_TESTS,),
         recipients=MANDATORY, sanctions=F, ground=G.CONSENT, law=SHARED,
         scopes=(Sharing.DRUG_TESTS,)),
    SharingRule(matters=(M.SANCTION, M.NAME_AND_BIRTH_YEAR),
         recipients=PROVIDERS, sanctions=BOTH, ground=G.CONSENT, law=SHARED,
         scopes=tuple(Sharing)),
    SharingRule(matters=(M.OWN_MEASURES,),
         recipients=PROVIDERS, sanctions=BOTH, ground=G.CONSENT, law=SHARED,
         scopes=(Sharing.PLAN,)),
    SharingRule(matters=(M.PROGRESS,),
         recipients=PROVIDERS, sanctions=BOTH, ground=G.CONSENT, law=SHARED,
         scopes=(Sharing.PROGRESS,)),
    SharingRule(matters=(M.ATTENDANCE,),
         recipients=PROVIDERS, sanctions=BOTH, ground=G.CONSENT, law=SHARED,
         scopes=(Sharing.ATTENDANCE,)),
    SharingRule(matters=(M.DRUG_TESTS,),
         recipients=(A.HEALTH,), sanctions=BOTH, ground=G.CONSENT, law=SHARED,
         scopes=(Sharing.DRUG_TESTS,)),
)
# fmt: on
"""Who may learn what. An address is for the family and the office only; the victim learns nothing under these rules.

The present status goes to the whole team: notices of delay contain as much (office norm). What the victim wants is the
victim's, so the family does not learn it here.

Inside the konfliktråd `permissions` decides who learns what, including the address. The measures that a recipient
carries out are a matter of their own, separate from the whole plan.
"""


EVENTS_BY_MATTER: dict[Matter, frozenset[EventType]] = {
    M.MEETING_DATES: frozenset(
        {
            E.PLAN_MEETING_HELD,
            E.REPLAN_MEETING_HELD,
            E.YOUTH_CONFERENCE_HELD,
            E.TEAM_MEETING_HELD,
            E.TEAM_MEMBER_JOINED,
            E.TEAM_MEMBER_LEFT,
        }
    ),
    M.OFFENCE: frozenset({E.OFFENCE_ADDED, E.CHARGED, E.NEW_OFFENCE_RECORDED}),
    M.PERSON_INVESTIGATION: frozenset({E.PUM_ORDERED, E.PUM_RETURNED}),
    M.ATTENDANCE: frozenset({E.MEASURE_ATTENDED}),
    M.DRUG_TESTS: frozenset({E.DRUG_TEST_HELD, E.DRUG_BAN_IMPOSED, E.DRUG_BAN_LIFTED}),
    M.PLAN: frozenset(
        {
            E.PLAN_APPROVED,
            E.PLAN_CHANGED,
            E.PLAN_SIGNED,
            E.MEASURE_REQUESTED,
            E.MEASURE_ANSWERED,
            E.MEASURE_STARTED,
            E.MEASURE_ENDED,
            E.STAY_ABROAD_PERMITTED,
            E.STAY_ABROAD_REFUSED,
        }
    ),
    M.PROGRESS: frozenset(
        {
            E.BREACH_RECORDED,
            E.BREACH_TALK_MISSED,
            E.FETCH_REQUESTED,
            E.SURVEY_ANSWERED,
            E.NOTE_ADDED,
        }
    ),
    M.RIGHTS: frozenset(
        {
            E.YOUTH_HEARD,
            E.CONSENT_GIVEN,
            E.CONSENT_REFUSED,
            E.CONSENT_REVOKED,
            E.SHARING_CONSENT_GIVEN,
            E.SHARING_CONSENT_WITHDRAWN,
            E.COMPLAINT_FILED,
            E.COMPLAINT_DECIDED,
        }
    ),
    M.RESTORATIVE: frozenset(
        {
            E.VICTIM_INVITED,
            E.VICTIM_ACCEPTED,
            E.VICTIM_DECLINED,
            E.VICTIM_WITHDREW,
            E.RESTORATIVE_MEETING_HELD,
            E.OTHER_RESTORATIVE_PROCESS_HELD,
        }
    ),
}
"""The events whose type alone discloses a matter; every other event type discloses stages and dates only."""


def may_learn(
    case: Case, agency: Attendee, matter: Matter, day: date, protection: Protection = Protection.NONE
) -> SharingDecision:
    """Whether this agency may learn this matter of the case on that day, with the reason.

    `protection`: of the youth's address. A protected address goes to the youth alone, whoever asked for it: frl § 10-4.
    """
    fits = (r for r in RULES if agency in r.recipients and matter in r.matters and case.sanction in r.sanctions)
    rule = next(fits, None)
    if rule is None:
        return SharingDecision(matter, NO_GROUND, None, NotShared.NOT_NEEDED)
    if matter is M.ADDRESS and protection is not Protection.NONE and agency is not A.YOUTH:
        return SharingDecision(matter, PROTECTED, None, NotShared.ADDRESS_IS_PROTECTED)
    return SharingDecision(matter, rule.law, rule.ground, _obstacle(case, agency, rule, day))


def decisions_for(
    case: Case, agency: Attendee, day: date, protection: Protection = Protection.NONE
) -> list[SharingDecision]:
    """For every matter, whether this agency may learn it of the case on that day."""
    return [may_learn(case, agency, matter, day, protection) for matter in Matter]


def shared_matters(
    case: Case, agencies: Iterable[Attendee], day: date, protection: Protection = Protection.NONE
) -> frozenset[Matter]:
    """The matters that one of these agencies may learn of the case on that day."""
    return frozenset(
        decision.matter
        for agency in agencies
        for decision in decisions_for(case, agency, day, protection)
        if decision.allowed
    )


def matter_of(event: EventType) -> Matter:
    """The matter that an event of this type discloses."""
    return next((matter for matter, events in EVENTS_BY_MATTER.items() if event in events), Matter.STAGE_DATES)


def _obstacle(case: Case, agency: Attendee, rule: SharingRule, day: date) -> NotShared | None:
    if rule.ground is Ground.ON_BREACH:
        breach = any(PHASE[state] is Phase.BREACH for state in case.states_on(day)[:1])
        return None if breach else NotShared.ONLY_ON_BREACH
    if rule.ground is Ground.OWN:
        grown = agency is A.GUARDIAN and not case.under_age(day)
        return NotShared.YOUTH_IS_OF_AGE if grown else None
    if rule.ground is Ground.CONSENT:
        lacking = [_missing_consent(case, agency, scope, day) for scope in rule.scopes]
        return None if None in lacking else lacking[0]
    return None


# --- consent ----------------------------------------------------------------------------------------------------


_YOUTH: dict[ConsentStatus | None, NotShared] = {
    None: NotShared.YOUTH_HAS_NOT_CONSENTED,
    ConsentStatus.WITHDRAWN: NotShared.YOUTH_HAS_WITHDRAWN,
    ConsentStatus.EXPIRED: NotShared.YOUTH_CONSENT_HAS_RUN_OUT,
}
_GUARDIAN: dict[ConsentStatus | None, NotShared] = {
    None: NotShared.GUARDIAN_HAS_NOT_CONSENTED,
    ConsentStatus.WITHDRAWN: NotShared.GUARDIAN_HAS_WITHDRAWN,
    ConsentStatus.EXPIRED: NotShared.GUARDIAN_CONSENT_HAS_RUN_OUT,
}


def _missing_consent(case: Case, agency: Attendee, scope: Sharing, day: date) -> NotShared | None:
    """The reason of the first missing consent; None if every required consent is valid. krl § 22 c."""
    youth = [consent.status for consent in sharing_consents_for(case, By.YOUTH, agency, scope, day)]
    if ConsentStatus.VALID not in youth:
        return _YOUTH[next(iter(youth), None)]
    needed = case.guardians_on(day)
    consents = sharing_consents_for(case, By.GUARDIAN, agency, scope, day) if needed else []
    statuses = [consent.status for consent in consents]
    if statuses.count(ConsentStatus.VALID) >= needed:
        return None
    return _GUARDIAN[next((status for status in statuses if status is not ConsentStatus.VALID), None)]
