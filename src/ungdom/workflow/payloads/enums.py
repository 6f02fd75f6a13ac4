"""The words used in the details of events: closed lists, so that no free text about a person can slip in."""

from enum import StrEnum


class By(StrEnum):
    """Youth or guardian (verge)."""

    YOUTH = "youth"
    GUARDIAN = "guardian"


class Attendee(StrEnum):
    """Who was present, or invited: agencies and people by their part, never by name. krl §§ 22 d, 24, 26."""

    YOUTH = "youth"
    GUARDIAN = "guardian"
    DEFENDER = "defender"
    VICTIM = "victim"
    KONFLIKTRAD = "konfliktrad"
    POLICE = "police"
    PROSECUTION = "prosecution"
    CORRECTIONAL_SERVICE = "correctional_service"
    CHILD_WELFARE = "child_welfare"
    SCHOOL = "school"
    HEALTH = "health"
    MEASURE_PROVIDER = "measure_provider"
    OTHER = "other"


class InterimCondition(StrEnum):
    """Særvilkår the court may set until the plan meeting: strl § 52 b second paragraph, § 37 a, b, d."""

    RESIDENCE_OR_OCCUPATION = "residence_or_occupation"
    NO_CONTACT = "no_contact"
    ABSTINENCE = "abstinence"


class BreachCondition(StrEnum):
    """Conditions after a breach, and during a postponement: krl §§ 31, 33 second paragraph."""

    PLACE_OF_STAY = "place_of_stay"
    NO_CONTACT = "no_contact"
    ABSTINENCE = "abstinence"
    CONVERSATION = "conversation"
    REPORTING = "reporting"


class AppealBy(StrEnum):
    """Who appeals. strpl § 306."""

    YOUTH = "youth"
    PROSECUTION = "prosecution"


class ReinstatementReason(StrEnum):
    """Why an appeal or a complaint is let in after the deadline (oppfriskning). strpl § 318, fvl § 31."""

    NOT_TO_BLAME = "not_to_blame"
    SPECIAL_REASONS = "special_reasons"


class AppealOutcome(StrEnum):
    """How an appeal ended.

    `REFUSED`: not let in, the judgment stands. `WITHDRAWN`: given up. `SENT_BACK`: the judgment is set aside and the
    case is tried again (strpl § 348).
    """

    UPHELD = "upheld"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    SENT_BACK = "sent_back"
    CHANGED = "changed"
    REPLACED = "replaced"


class PostponementReason(StrEnum):
    """strpl § 459."""

    HEALTH = "health"
    WEIGHTY_GROUNDS = "weighty_grounds"


class PlanFailure(StrEnum):
    """Why no plan came about. krl § 25 fourth and fifth paragraph."""

    NO_AGREEMENT = "no_agreement"
    DID_NOT_MEET = "did_not_meet"
    NO_SUITABLE_MEASURES = "no_suitable_measures"
    OTHER = "other"


class Recommendation(StrEnum):
    """What the konfliktråd recommends when it refers a case. krl § 31 third paragraph."""

    ELECTRONIC_CONTROL = "electronic_control"
    SERVE_PRISON = "serve_prison"
    COMMUNITY_SENTENCE = "community_sentence"
    SUSPENDED_SENTENCE = "suspended_sentence"


class BreachKind(StrEnum):
    """What was breached: plan krl § 25, duty § 27, drug ban § 28, interim conditions § 22 second paragraph.

    `CONDITION`: a condition set after a breach (krl §§ 31, 33) or by the court.
    """

    PLAN = "plan"
    DUTY = "duty"
    DRUG_BAN = "drug_ban"
    INTERIM_CONDITIONS = "interim_conditions"
    CONDITION = "condition"


class InterruptionReason(StrEnum):
    """krl §§ 30-34."""

    MISSED_TALK = "missed_talk"
    NEW_BREACH_AFTER_TALK = "new_breach_after_talk"
    CHARGED_WITH_NEW_OFFENCE = "charged_with_new_offence"
    HEALTH = "health"
    WEIGHTY_GROUNDS = "weighty_grounds"
    COMPLAINT = "complaint"


class InterruptedBy(StrEnum):
    """Who decided the interruption."""

    COORDINATOR = "coordinator"
    PROSECUTION = "prosecution"


class ResumptionReason(StrEnum):
    """Why execution goes on."""

    CAUSE_GONE = "cause_gone"
    CONVERSION_NOT_WANTED = "conversion_not_wanted"
    NEW_CASE_DROPPED = "new_case_dropped"
    SEPARATE_SENTENCE = "separate_sentence"
    COMPLAINT_UPHELD = "complaint_upheld"  # the interruption fell: its days count as served


class BreachAuthority(StrEnum):
    """Who takes a breach case on: kriminalomsorgen, or from R2 also påtalemyndigheten."""

    CORRECTIONAL_SERVICE = "correctional_service"
    PROSECUTION = "prosecution"


class PetitionGround(StrEnum):
    """Breach of conditions, a new offence, or both."""

    BREACH = "breach"
    NEW_OFFENCE = "new_offence"
    BREACH_AND_NEW_OFFENCE = "breach_and_new_offence"


class EndOfControl(StrEnum):
    """Why electronic control ended."""

    PERIOD_OVER = "period_over"
    LIFTED = "lifted"
    CASE_CLOSED = "case_closed"


class ConversionTo(StrEnum):
    """What the sanction was turned into. strl § 52 c."""

    PRISON = "prison"
    COMMUNITY_SENTENCE = "community_sentence"
    SUSPENDED_SENTENCE = "suspended_sentence"


class Extent(StrEnum):
    """The whole of what remains, or a part."""

    WHOLE = "whole"
    PART = "part"


class NewDecision(StrEnum):
    """How a new offence was decided. krl §§ 32, 34."""

    FINAL_DECISION = "final_decision"
    JOINT_SENTENCE = "joint_sentence"


class SetAside(StrEnum):
    """Why the decision fell. strpl § 59 a, ch. 27."""

    COMPLAINT_UPHELD = "complaint_upheld"
    JUDGMENT_OVERTURNED = "judgment_overturned"
    CASE_REOPENED = "case_reopened"


class WindowOutcome(StrEnum):
    """How a case is closed when the petition window has passed."""

    COMPLETED = "completed"
    BREACH_CLOSED = "breach_closed"


class OtherOutcome(StrEnum):
    """What the case became instead of a youth sanction."""

    ACQUITTED = "acquitted"
    DROPPED = "dropped"
    FINE = "fine"
    PRISON = "prison"
    SUSPENDED_SENTENCE = "suspended_sentence"
    COMMUNITY_SENTENCE = "community_sentence"
    MEDIATION = "mediation"
    OTHER_YOUTH_SANCTION = "other_youth_sanction"
    OTHER = "other"


class LapseReason(StrEnum):
    """strl §§ 93-95, 100."""

    DEATH = "death"
    LIMITATION = "limitation"
    PARDON = "pardon"


class ReopeningReason(StrEnum):
    """Why a closed case is opened again."""

    CLOSED_IN_ERROR = "closed_in_error"


class ReassignmentReason(StrEnum):
    """Why a case gets another coordinator. `impartiality`: inhabilitet, fvl § 6."""

    WORKLOAD = "workload"
    ABSENCE = "absence"
    RETURN = "return"
    END_OF_SERVICE = "end_of_service"
    IMPARTIALITY = "impartiality"
    WISH_OF_THE_YOUTH = "wish_of_the_youth"
    OTHER = "other"


class PinReason(StrEnum):
    """Why the regime of execution is pinned."""

    MORE_LENIENT_LAW = "more_lenient_law"  # strl § 3 first paragraph
    LEGAL_ASSESSMENT = "legal_assessment"
    COURT_ORDER = "court_order"


class CorrectionReason(StrEnum):
    """Why an event is corrected, annulled or inserted."""

    WRONG_DATE = "wrong_date"
    WRONG_DETAILS = "wrong_details"
    WRONG_CASE = "wrong_case"
    NEVER_HAPPENED = "never_happened"
    RECORDED_TWICE = "recorded_twice"
    CORRECTED_DECISION = "corrected_decision"
    FORGOTTEN = "forgotten"


class DrugTestResult(StrEnum):
    """krl § 29."""

    NEGATIVE = "negative"
    POSITIVE = "positive"
    REFUSED = "refused"


class Sharing(StrEnum):
    """Which information may be shared. krl § 22 c."""

    PROGRESS = "progress"
    PLAN = "plan"
    ATTENDANCE = "attendance"
    DRUG_TESTS = "drug_tests"
    PERSON_INVESTIGATION = "person_investigation"


class ComplaintAbout(StrEnum):
    """Decisions that can be complained about. krl § 22 e; strpl § 59 a."""

    TRANSFER_TO_FOLLOW_UP = "transfer_to_follow_up"
    PLAN = "plan"
    PLAN_CHANGE = "plan_change"
    DRUG_BAN = "drug_ban"
    BREACH_CONDITIONS = "breach_conditions"
    INTERRUPTION = "interruption"
    POSTPONEMENT = "postponement"
    STAY_ABROAD = "stay_abroad"


class ComplaintOutcome(StrEnum):
    """What became of a complaint."""

    UPHELD = "upheld"
    PARTLY_UPHELD = "partly_upheld"
    REJECTED = "rejected"
    DISMISSED = "dismissed"


class WaitReason(StrEnum):
    """What is waited for."""

    PERSON_INVESTIGATION = "person_investigation"
    YOUTH_CONFERENCE = "youth_conference"
    RESTORATIVE_MEETING = "restorative_meeting"
    CONSENT = "consent"
    NO_SHOW = "no_show"
    ILLNESS = "illness"
    CAPACITY = "capacity"
    DOCUMENTS = "documents"
    MEASURE = "measure"
    INTERPRETER = "interpreter"
    NEW_CASE = "new_case"
    OTHER = "other"


class HeardAbout(StrEnum):
    """Steps of the office that the youth is to be heard about first. Grunnloven § 104, fvl §§ 16, 17."""

    INTERRUPTION = "interruption"
    REFERRAL = "referral"
    RESUMPTION = "resumption"
    DRUG_BAN = "drug_ban"
    PLAN_FAILURE = "plan_failure"
    NEW_PLAN = "new_plan"


class HeardHow(StrEnum):
    """How the youth was heard. `DID_NOT_USE`: was given the opportunity, and did not use it."""

    SPOKEN = "spoken"
    WRITTEN = "written"
    DID_NOT_USE = "did_not_use"


class SharingPurpose(StrEnum):
    """What information is shared for. krl § 22 c: youth and guardians are told what for and with whom."""

    TEAM_WORK = "team_work"
    MEASURE = "measure"
    TREATMENT = "treatment"
    SCHOOLING = "schooling"
    CARE = "care"
    BREACH_FOLLOW_UP = "breach_follow_up"
    OTHER = "other"


class TeamRole(StrEnum):
    """What a member of the follow-up team is there as. The coordinator leads it and is assigned, not a member."""

    YOUTH = "youth"
    GUARDIAN = "guardian"
    POLICE_CONTACT = "police_contact"
    CORRECTIONAL_OFFICER = "correctional_officer"
    CHILD_WELFARE_WORKER = "child_welfare_worker"
    TEACHER = "teacher"
    HEALTH_WORKER = "health_worker"
    MEASURE_PROVIDER = "measure_provider"
    OTHER = "other"


class Channel(StrEnum):
    """How a member of the team is told. Only the kind: the address itself stands apart from the events."""

    INBOX = "inbox"
    EMAIL = "email"
    WEBHOOK = "webhook"
    NONE = "none"
