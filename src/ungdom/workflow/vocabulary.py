"""The words this product publishes. English in code; the Norwegian legal term stands beside each."""

from enum import EnumType, StrEnum
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    ListedEnumType = EnumType
else:

    class ListedEnumType(EnumType):
        """An enum that other tables name members of: the error for an unknown one says where to add it."""

        def __getattr__(cls, name: str) -> NoReturn:
            raise AttributeError(f"{cls.__name__} in src/{cls.__module__.replace('.', '/')}.py has no {name}")


class Sanction(StrEnum):
    """The two youth sanctions (ungdomsreaksjonene)."""

    YOUTH_SANCTION = "youth_sanction"  # ungdomsstraff, ESAS `US`: by the court
    YOUTH_FOLLOW_UP = "youth_follow_up"  # ungdomsoppfølging, ESAS `UO`: by the prosecution; in R0 also by the court


class Regime(StrEnum):
    """The three sets of rules since 1 July 2014. Their first days are in `law.REGIME`."""

    R0 = "R0"  # LOV-2014-06-20-49 as first in force
    R1 = "R1"  # LOV-2023-12-20-110
    R2 = "R2"  # LOV-2024-11-29-73


class Phase(StrEnum):
    """The seven parts of a case's life, in order."""

    INVESTIGATION = "investigation"  # etterforskning
    CONSENT = "consent"  # egnethet og samtykke
    DECISION = "decision"  # avgjørelse
    PLAN = "plan"  # ungdomsplan
    EXECUTION = "execution"  # gjennomføring
    BREACH = "breach"  # brudd
    COMPLETION = "completion"  # avslutning


class State(StrEnum):
    """Where a case stands. Listed in the order a case lives."""

    REGISTERED = "registered"  # registrert
    INVESTIGATION = "investigation"  # under etterforskning
    ASSESSMENT = "assessment"  # egnethet og samtykke vurderes
    AWAITING_DECISION = "awaiting_decision"  # til påtaleavgjørelse
    IN_COURT = "in_court"  # til pådømmelse
    JUDGED = "judged"  # dømt, ikke rettskraftig
    APPEALED = "appealed"  # anket
    FINAL = "final"  # rettskraftig / endelig
    DISPATCHED = "dispatched"  # oversendt
    RECEIVED = "received"  # mottatt i konfliktrådet
    PREPARING = "preparing"  # under forberedelse
    INTERIM_CONDITIONS = "interim_conditions"  # særvilkår løper
    POSTPONED = "postponed"  # utsatt
    EXECUTING = "executing"  # under gjennomføring
    ELECTRONIC_CONTROL = "electronic_control"  # gjennomføring med elektronisk kontroll
    BREACH_TALK = "breach_talk"  # innkalt til bruddsamtale
    TIGHTENED = "tightened"  # vilkår fastsatt etter brudd
    INTERRUPTED = "interrupted"  # avbrutt
    REFERRED = "referred"  # oversendt med innstilling
    BREACH_IN_COURT = "breach_in_court"  # begjæring i tingretten
    RESUMPTION_REVIEW = "resumption_review"  # gjenopptakelse vurderes
    TERM_EXPIRED = "term_expired"  # tiden ute, bruddsak åpen
    COMPLETED = "completed"  # fullført
    CONVERTED = "converted"  # omgjort
    BREACH_CLOSED = "breach_closed"  # avsluttet etter brudd / nye lovbrudd
    CONSENT_WITHDRAWN = "consent_withdrawn"  # samtykke trukket
    NO_PLAN = "no_plan"  # plan kom ikke i stand
    OTHER_DECISION = "other_decision"  # annen avgjørelse
    LAPSED = "lapsed"  # bortfalt


class Party(StrEnum):
    """Who is waited for. `PARTIES` only as the default while an appeal may still be filed."""

    YOUTH = "youth"  # ungdommen
    GUARDIAN = "guardian"  # verge
    VICTIM = "victim"  # fornærmede
    POLICE = "police"  # politiet
    PROSECUTION = "prosecution"  # påtalemyndigheten
    COURT = "court"  # domstolen
    CORRECTIONAL_SERVICE = "correctional_service"  # kriminalomsorgen
    KONFLIKTRAD = "konfliktrad"  # konfliktrådet
    MEASURE_PROVIDER = "measure_provider"  # tjenesteyter, krl § 22 a
    PARTIES = "parties"  # partene
    OTHER = "other"  # andre


class Actor(StrEnum):
    """In whose name something is done."""

    POLICE = "police"
    PROSECUTION = "prosecution"
    COURT = "court"
    CORRECTIONAL_SERVICE = "correctional_service"
    PARTY = "party"  # the youth, a guardian, a defender
    COORDINATOR = "coordinator"  # ungdomskoordinator
    LEADER = "leader"  # konfliktrådsleder
    SECRETARIAT = "secretariat"  # Sekretariatet for konfliktrådene
    SYSTEM = "system"


class Role(StrEnum):
    """Who is signed in. `permissions` says what each may see and in whose name each may act."""

    COORDINATOR = "coordinator"
    LEADER = "leader"
    SECRETARIAT = "secretariat"
    TEAM_MEMBER = "team_member"
    PROSECUTION = "prosecution"
    ANALYST = "analyst"
    AUDITOR = "auditor"
    ADMIN = "admin"
    SYSTEM = "system"  # the product's own jobs; no token is ever issued for it


class MeasureKind(StrEnum):
    """How much a measure of the plan takes from the youth: the lists of krl § 25 as the office reads them."""

    SUPPORTIVE = "supportive"
    MIXED = "mixed"
    INTRUSIVE = "intrusive"


class Protection(StrEnum):
    """How closely a person's address is kept (adressebeskyttelse). frl § 10-4. Listed from the open to the closest."""

    NONE = "none"
    CONFIDENTIAL = "confidential"  # fortrolig
    STRICTLY_CONFIDENTIAL = "strictly_confidential"  # strengt fortrolig


def strictest(*levels: Protection | str) -> Protection:
    """The closest of these levels; `NONE` of none. Raises `ValueError` for a word that is no level."""
    return max(map(Protection, levels), key=list(Protection).index, default=Protection.NONE)


class ObservationKind(StrEnum):
    """What is observed of a person beside their cases, for recidivism."""

    CHARGE = "charge"  # siktelse for nytt forhold
    FINAL_DECISION = "final_decision"  # rettskraftig avgjørelse i nytt forhold
    DROPPED = "dropped"  # henlagt
    ACQUITTED = "acquitted"  # frifunnet
    DEATH = "death"  # død
    EMIGRATION = "emigration"  # utvandret
    IMMIGRATION = "immigration"  # innvandret igjen


class OffenceGroup(StrEnum):
    """Statistics Norway's nine offence groups (standard of 2015)."""

    PROPERTY_THEFT = "property_theft"
    OTHER_PROFIT = "other_profit"
    PROPERTY_DAMAGE = "property_damage"
    VIOLENCE = "violence"
    SEXUAL = "sexual"
    DRUGS_ALCOHOL = "drugs_alcohol"
    PUBLIC_ORDER = "public_order"
    TRAFFIC = "traffic"
    OTHER = "other"


class EventType(StrEnum, metaclass=ListedEnumType):
    """Everything that can happen. The first block moves the case, the second are facts that leave it where it is."""

    CASE_REGISTERED = "case_registered"
    SUSPECT_SET = "suspect_set"
    COORDINATION_REQUESTED = "coordination_requested"
    INVESTIGATION_CLOSED = "investigation_closed"
    TRANSFERRED_TO_FOLLOW_UP = "transferred_to_follow_up"
    INDICTED = "indicted"
    JUDGMENT_GIVEN = "judgment_given"
    FOLLOW_UP_BY_JUDGMENT = "follow_up_by_judgment"
    APPEALED = "appealed"
    APPEAL_DECIDED = "appeal_decided"
    BECAME_FINAL = "became_final"
    EARLY_EXECUTION_ALLOWED = "early_execution_allowed"
    DISPATCHED = "dispatched"
    RECEIVED = "received"
    ASSIGNED = "assigned"
    INTERIM_CONDITIONS_STARTED = "interim_conditions_started"
    POSTPONED = "postponed"
    POSTPONEMENT_ENDED = "postponement_ended"
    PLAN_MEETING_HELD = "plan_meeting_held"
    PLAN_SIGNED = "plan_signed"
    PLAN_FAILED = "plan_failed"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    BREACH_TALK_ORDERED = "breach_talk_ordered"
    BREACH_TALK_HELD = "breach_talk_held"
    BREACH_CONDITIONS_LIFTED = "breach_conditions_lifted"
    INTERRUPTED = "interrupted"
    RESUMED = "resumed"
    REPLAN_MEETING_HELD = "replan_meeting_held"
    REFERRED_FOR_BREACH = "referred_for_breach"
    PETITION_SENT = "petition_sent"
    PETITION_DECLINED = "petition_declined"
    ELECTRONIC_CONTROL_ORDERED = "electronic_control_ordered"
    ELECTRONIC_CONTROL_ENDED = "electronic_control_ended"
    PETITION_REJECTED = "petition_rejected"
    CONVERSION_FINAL = "conversion_final"
    REFERRED_FOR_RESUMPTION = "referred_for_resumption"
    PROSECUTION_RESUMED = "prosecution_resumed"
    PROSECUTION_NOT_RESUMED = "prosecution_not_resumed"
    CLOSED_AFTER_NEW_OFFENCE = "closed_after_new_offence"
    DECISION_SET_ASIDE = "decision_set_aside"
    COMPLETED = "completed"
    TERM_EXPIRED = "term_expired"
    WINDOW_CLOSED = "window_closed"
    OTHER_OUTCOME = "other_outcome"
    LAPSED = "lapsed"
    REOPENED = "reopened"

    OFFENCE_ADDED = "offence_added"
    CHARGED = "charged"
    NOTE_ADDED = "note_added"
    TRANSFER_DECIDED = "transfer_decided"
    TRANSFER_ACCEPTED = "transfer_accepted"
    TRANSFER_DECLINED = "transfer_declined"
    EXECUTION_REGIME_PINNED = "execution_regime_pinned"
    RULES_MIGRATED = "rules_migrated"
    CORRECTED = "corrected"
    REOPENING_APPROVED = "reopening_approved"
    PUM_ORDERED = "pum_ordered"
    PUM_RETURNED = "pum_returned"
    COORDINATION_MEETING_HELD = "coordination_meeting_held"
    CONSENT_GIVEN = "consent_given"
    CONSENT_REFUSED = "consent_refused"
    CONSENT_REVOKED = "consent_revoked"
    SHARING_CONSENT_GIVEN = "sharing_consent_given"
    SHARING_CONSENT_WITHDRAWN = "sharing_consent_withdrawn"
    HEARING_SCHEDULED = "hearing_scheduled"
    HEARING_STARTED = "hearing_started"
    JUDGMENT_SERVED = "judgment_served"
    APPEAL_REFERRED = "appeal_referred"
    APPEAL_HEARING_STARTED = "appeal_hearing_started"
    FIRST_CONTACT = "first_contact"
    TEAM_MEMBER_JOINED = "team_member_joined"
    TEAM_MEMBER_LEFT = "team_member_left"
    YOUTH_CONFERENCE_HELD = "youth_conference_held"
    PLAN_APPROVED = "plan_approved"
    PLAN_CHANGED = "plan_changed"
    MEASURE_REQUESTED = "measure_requested"
    MEASURE_ANSWERED = "measure_answered"
    MEASURE_STARTED = "measure_started"
    MEASURE_ATTENDED = "measure_attended"
    MEASURE_ENDED = "measure_ended"
    VICTIM_INVITED = "victim_invited"
    VICTIM_ACCEPTED = "victim_accepted"
    VICTIM_DECLINED = "victim_declined"
    VICTIM_WITHDREW = "victim_withdrew"
    RESTORATIVE_MEETING_HELD = "restorative_meeting_held"
    OTHER_RESTORATIVE_PROCESS_HELD = "other_restorative_process_held"
    TEAM_MEETING_HELD = "team_meeting_held"
    DRUG_TEST_HELD = "drug_test_held"
    DRUG_BAN_IMPOSED = "drug_ban_imposed"
    DRUG_BAN_LIFTED = "drug_ban_lifted"
    STAY_ABROAD_PERMITTED = "stay_abroad_permitted"
    STAY_ABROAD_REFUSED = "stay_abroad_refused"
    SURVEY_ANSWERED = "survey_answered"
    BREACH_RECORDED = "breach_recorded"
    BREACH_TALK_MISSED = "breach_talk_missed"
    FETCH_REQUESTED = "fetch_requested"
    YOUTH_HEARD = "youth_heard"
    NEW_OFFENCE_RECORDED = "new_offence_recorded"
    COMPLAINT_FILED = "complaint_filed"
    COMPLAINT_DECIDED = "complaint_decided"
    WAIT_STARTED = "wait_started"
    WAIT_ENDED = "wait_ended"


MOVING: frozenset[EventType] = frozenset(list(EventType)[: list(EventType).index(EventType.REOPENED) + 1])
"""The event types that move a case: the first block of `EventType`."""

PHASE: dict[State, Phase] = {
    State.REGISTERED: Phase.INVESTIGATION,
    State.INVESTIGATION: Phase.INVESTIGATION,
    State.ASSESSMENT: Phase.CONSENT,
    State.AWAITING_DECISION: Phase.CONSENT,
    State.IN_COURT: Phase.DECISION,
    State.JUDGED: Phase.DECISION,
    State.APPEALED: Phase.DECISION,
    State.FINAL: Phase.DECISION,
    State.DISPATCHED: Phase.DECISION,
    State.RECEIVED: Phase.PLAN,
    State.PREPARING: Phase.PLAN,
    State.INTERIM_CONDITIONS: Phase.PLAN,
    State.POSTPONED: Phase.PLAN,
    State.EXECUTING: Phase.EXECUTION,
    State.ELECTRONIC_CONTROL: Phase.EXECUTION,
    State.BREACH_TALK: Phase.BREACH,
    State.TIGHTENED: Phase.BREACH,
    State.INTERRUPTED: Phase.BREACH,
    State.REFERRED: Phase.BREACH,
    State.BREACH_IN_COURT: Phase.BREACH,
    State.RESUMPTION_REVIEW: Phase.BREACH,
    State.TERM_EXPIRED: Phase.BREACH,
    State.COMPLETED: Phase.COMPLETION,
    State.CONVERTED: Phase.COMPLETION,
    State.BREACH_CLOSED: Phase.COMPLETION,
    State.CONSENT_WITHDRAWN: Phase.COMPLETION,
    State.NO_PLAN: Phase.COMPLETION,
    State.OTHER_DECISION: Phase.COMPLETION,
    State.LAPSED: Phase.COMPLETION,
}
"""The phase each state belongs to."""

CLOSED: frozenset[State] = frozenset(state for state, phase in PHASE.items() if phase is Phase.COMPLETION)
"""The states in which a case is closed."""

IN_EXECUTION: tuple[State, ...] = (
    State.EXECUTING,
    State.ELECTRONIC_CONTROL,
    State.BREACH_TALK,
    State.TIGHTENED,
)
"""The four states written `exec*` in the published table."""
