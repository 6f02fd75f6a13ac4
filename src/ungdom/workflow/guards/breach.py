"""Conditions of breach, new offence, petition, complaint and the end of the term."""

from datetime import date

from ungdom.workflow import law
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import birthday
from ungdom.workflow.case import Case
from ungdom.workflow.derived.breaches import petition_deadline
from ungdom.workflow.derived.complaints import open_complaint
from ungdom.workflow.guards.core import ProposedEvent, Violation, condition, detail, details_of
from ungdom.workflow.vocabulary import Actor, EventType, Regime, State

E = EventType


@condition("krl §§ 31, 33", Actor.COORDINATOR)
def breach_is_recorded(case: Case, _step: ProposedEvent) -> Violation | None:
    """A breach of plan, duty or drug ban is recorded."""
    return None if case.has(E.BREACH_RECORDED) else Violation(0, 1)


@detail(d.BreachTalkHeld, "krl §§ 31, 33", Actor.COORDINATOR)
def consequences_were_explained(_case: Case, _step: ProposedEvent, talk: d.BreachTalkHeld) -> Violation | None:
    """The youth was told what a new breach may lead to."""
    return None if talk.consequences_explained else Violation(False, True)


@condition("krl §§ 31, 33", Actor.COORDINATOR)
def new_breach_after_a_talk(case: Case, _step: ProposedEvent) -> Violation | None:
    """There is a new breach after a breach talk was ordered or conditions were set."""
    return None if case.new_breach else Violation(0, 1)


@detail(d.ReferredForResumption, "krl §§ 33, 34", Actor.COORDINATOR, Actor.PROSECUTION)
def resumption_has_its_ground(case: Case, _step: ProposedEvent, referral: d.ReferredForResumption) -> Violation | None:
    """The events that the ground refers to have been recorded: the new breach, the new offence, or both."""
    recorded = _by_ground(case.new_breach is not None, case.has(E.NEW_OFFENCE_RECORDED))
    return None if recorded[referral.ground] else Violation(None, referral.ground)


@condition("krl §§ 33, 34", Actor.COORDINATOR, Actor.PROSECUTION)
def new_breach_or_new_offence(case: Case, _step: ProposedEvent) -> Violation | None:
    """There is a new breach after a talk, or a new offence."""
    return None if case.new_breach or case.has(E.NEW_OFFENCE_RECORDED) else Violation(0, 1)


@detail(d.Interrupted, "krl §§ 30-34", Actor.COORDINATOR)
def interruption_has_its_ground(case: Case, _step: ProposedEvent, stop: d.Interrupted) -> Violation | None:
    """The event in the reason has been recorded: the missed talk, the new breach, the charge, the complaint."""
    charged = any(new.charged_on for _, new in case.payloads(d.NewOffenceRecorded))
    recorded = {
        d.InterruptionReason.MISSED_TALK: case.has(E.BREACH_TALK_MISSED),
        d.InterruptionReason.NEW_BREACH_AFTER_TALK: case.new_breach is not None,
        d.InterruptionReason.CHARGED_WITH_NEW_OFFENCE: charged,
        d.InterruptionReason.COMPLAINT: open_complaint(case) is not None,
    }
    return None if recorded.get(stop.reason, True) else Violation(None, stop.reason)


@detail(d.Interrupted, "krl §§ 32, 34", Actor.PROSECUTION)
def prosecution_decides_on_a_charge(_case: Case, _step: ProposedEvent, stop: d.Interrupted) -> Violation | None:
    """An interruption because of a charge is decided by the prosecution, all others by the coordinator."""
    charge = stop.reason is d.InterruptionReason.CHARGED_WITH_NEW_OFFENCE
    needed = d.InterruptedBy.PROSECUTION if charge else d.InterruptedBy.COORDINATOR
    return None if stop.decided_by is needed else Violation(stop.decided_by, needed)


@detail(d.ReplanMeetingHeld, "krl § 31 third paragraph", Actor.POLICE)
def police_consent_to_replan(_case: Case, _step: ProposedEvent, meeting: d.ReplanMeetingHeld) -> Violation | None:
    """Politiet consents to the new plan meeting."""
    return None if meeting.consent_police else Violation(False, True)


@detail(d.ReplanMeetingHeld, "krl § 31 third paragraph", Actor.CORRECTIONAL_SERVICE)
def correctional_service_consents_to_replan(
    _case: Case, _step: ProposedEvent, meeting: d.ReplanMeetingHeld
) -> Violation | None:
    """Kriminalomsorgen consents to the new plan meeting."""
    return None if meeting.consent_correctional_service else Violation(False, True)


@detail(d.ReferredForBreach, "krl § 31 third paragraph", Actor.POLICE)
def police_consent_to_referral(_case: Case, _step: ProposedEvent, referral: d.ReferredForBreach) -> Violation | None:
    """Politiet consents to the referral."""
    return None if referral.consent_police else Violation(False, True)


@detail(d.ReferredForBreach, "krl § 31 third paragraph", Actor.CORRECTIONAL_SERVICE)
def correctional_service_consents_to_referral(
    _case: Case, _step: ProposedEvent, referral: d.ReferredForBreach
) -> Violation | None:
    """Kriminalomsorgen consents to the referral."""
    return None if referral.consent_correctional_service else Violation(False, True)


@detail(d.ReferredForBreach, "krl § 31 third paragraph", Actor.COORDINATOR)
def recipient_allowed(case: Case, step: ProposedEvent, referral: d.ReferredForBreach) -> Violation | None:
    """To the correctional service; to the prosecution only from R2."""
    regime = case.execution_regime(step.on)
    late = referral.to is d.BreachAuthority.PROSECUTION and regime is not Regime.R2
    return Violation(regime, Regime.R2) if late else None


@detail(d.ReferredForBreach, "krl § 31 third paragraph a-c", Actor.COORDINATOR)
def recommendation_allowed(case: Case, step: ProposedEvent, referral: d.ReferredForBreach) -> Violation | None:
    """In R0 the only recommendation is that prison be served; the others exist from R1 on."""
    return _only_prison_in_r0(case, step, referral.recommendation)


@detail(d.PetitionSent, "strl § 52 c first paragraph", Actor.CORRECTIONAL_SERVICE, Actor.PROSECUTION)
def petition_allowed(case: Case, step: ProposedEvent, petition: d.PetitionSent) -> Violation | None:
    """In R0 the only petition is that prison be served; the others exist from R1 on."""
    return _only_prison_in_r0(case, step, petition.for_)


@detail(d.PetitionSent, "krl §§ 31, 32", Actor.CORRECTIONAL_SERVICE, Actor.PROSECUTION)
def brought_by_the_right_authority(case: Case, step: ProposedEvent, petition: d.PetitionSent) -> Violation | None:
    """The prosecution petitions for a new offence; the correctional service for a breach alone, from R2 either."""
    if petition.ground is not d.PetitionGround.BREACH:
        needed = d.BreachAuthority.PROSECUTION
    elif case.execution_regime(step.on) is Regime.R2:
        needed = petition.by
    else:
        needed = d.BreachAuthority.CORRECTIONAL_SERVICE
    return None if petition.by is needed else Violation(petition.by, needed)


@condition("strl § 52 c first paragraph; krl §§ 31, 32", Actor.COORDINATOR, Actor.PROSECUTION)
def petition_has_its_ground(case: Case, step: ProposedEvent) -> Violation | None:
    """A breach has been referred, a new offence recorded, or running electronic control is to be extended."""
    petition = details_of(step, d.PetitionSent)
    for_control = petition is None or petition.for_ is d.Recommendation.ELECTRONIC_CONTROL
    extends = case.state is State.ELECTRONIC_CONTROL and for_control
    breach = case.state is State.TERM_EXPIRED or case.referral is not None or extends
    grounds = _by_ground(breach, case.has(E.NEW_OFFENCE_RECORDED))
    if petition is None:
        return None if any(grounds.values()) else Violation(None, [str(ground) for ground in grounds])
    return None if grounds[petition.ground] else Violation(None, petition.ground)


@condition("strl § 52 c sixth paragraph", Actor.CORRECTIONAL_SERVICE, Actor.PROSECUTION)
def petition_in_time(case: Case, step: ProposedEvent) -> Violation | None:
    """Before the court within three months after the end of the term; electronic control before the end."""
    petition = details_of(step, d.PetitionSent)
    control = petition is not None and petition.for_ is d.Recommendation.ELECTRONIC_CONTROL
    last = petition_deadline(case, step.on, control)
    return None if last is None or step.on <= last else Violation(step.on, last)


@detail(d.ConversionFinal, "strl § 52 c first paragraph", Actor.COURT)
def conversion_allowed(case: Case, step: ProposedEvent, conversion: d.ConversionFinal) -> Violation | None:
    """In R0 only to prison; community sentence and suspended sentence came with R1."""
    other = conversion.to is not d.ConversionTo.PRISON
    return Violation(Regime.R0, Regime.R1) if other and case.execution_regime(step.on) is Regime.R0 else None


@detail(d.ConversionFinal, "strl § 52 c", Actor.COURT)
def rest_continues_only_of_a_part(_case: Case, _step: ProposedEvent, conversion: d.ConversionFinal) -> Violation | None:
    """The remainder continues only if a part was converted."""
    wrong = conversion.rest_continues and conversion.extent is d.Extent.WHOLE
    return Violation(conversion.extent, d.Extent.PART) if wrong else None


@detail(d.ClosedAfterNewOffence, "krl §§ 32, 34", Actor.PROSECUTION, Actor.COURT)
def new_decision_lies_in_the_past(
    _case: Case, step: ProposedEvent, closed: d.ClosedAfterNewOffence
) -> Violation | None:
    """The new decision was made no later than the closing of the case because of it."""
    return None if closed.decided_on <= step.on else Violation(closed.decided_on, step.on, closed.decided_on)


@detail(d.DecisionSetAside, "strpl § 59 a, ch. 27", Actor.PROSECUTION, Actor.COURT)
def set_aside_fits_the_decision(case: Case, _step: ProposedEvent, aside: d.DecisionSetAside) -> Violation | None:
    """A transfer is set aside by a complaint; a judgment by being overturned or reopened."""
    transferred = case.has(E.TRANSFERRED_TO_FOLLOW_UP)
    complained = aside.reason is d.SetAside.COMPLAINT_UPHELD
    if transferred is complained:
        return None
    return Violation(aside.reason, [str(r) for r in d.SetAside if (r is d.SetAside.COMPLAINT_UPHELD) is transferred])


@condition("krl § 22; strl § 52 c", Actor.SYSTEM)
def term_has_run(case: Case, step: ProposedEvent) -> Violation | None:
    """The end of the term, moved by interruptions, has been reached."""
    end = case.adjusted_end(step.on)
    if end is None:
        return Violation(None, "start_of_execution")
    stopped = not case.intervals[-1].clock
    return None if step.on >= end else Violation(step.on, end, None if stopped else end)


@condition("strl § 52 c sixth paragraph", Actor.SYSTEM)
def petition_window_is_over(case: Case, step: ProposedEvent) -> Violation | None:
    """Three months have passed after the end of the term with no petition before the court."""
    last = petition_deadline(case, step.on, electronic_control=False)
    if last is None:
        return Violation(None, "start_of_execution")
    first = date.fromordinal(last.toordinal() + 1)
    return None if step.on >= first else Violation(step.on, first, first)


@condition("krl § 28", Actor.COORDINATOR)
def a_drug_ban_is_in_force(case: Case, _step: ProposedEvent) -> Violation | None:
    """A drug ban was imposed and has not been lifted."""
    last = case.last(E.DRUG_BAN_IMPOSED, E.DRUG_BAN_LIFTED)
    return None if last and last.type is E.DRUG_BAN_IMPOSED else Violation(False, True)


@detail(d.NewOffenceRecorded, "krl §§ 32, 34", Actor.POLICE)
def new_offence_before_the_end(case: Case, step: ProposedEvent, new: d.NewOffenceRecorded) -> Violation | None:
    """The new offence happened before the end of the term, and not after the day it is recorded for."""
    end = case.adjusted_end(step.on)
    last = min(step.on, end) if end else step.on
    return None if new.offence_on <= last else Violation(new.offence_on, last)


@detail(d.NewOffenceRecorded, "strl § 20", Actor.POLICE)
def new_offence_from_the_age_of_15(case: Case, _step: ProposedEvent, new: d.NewOffenceRecorded) -> Violation | None:
    """The new offence happened from the day on which the youth turned 15."""
    first = birthday(case.youth.born, law.AGE_FROM.on(new.offence_on))
    return None if new.offence_on >= first else Violation(new.offence_on, first)


@detail(d.NewOffenceRecorded, "strpl § 82", Actor.POLICE, Actor.PROSECUTION)
def charge_follows_the_offence(_case: Case, step: ProposedEvent, new: d.NewOffenceRecorded) -> Violation | None:
    """The youth was charged no earlier than the offence and no later than today."""
    charged = new.charged_on
    if charged is None:
        return None
    if charged < new.offence_on:
        return Violation(charged, new.offence_on)
    return Violation(charged, step.today) if charged > step.today else None


@detail(d.BreachRecorded, "krl §§ 31, 33", Actor.COORDINATOR)
def breach_is_not_told_already(case: Case, step: ProposedEvent, new: d.BreachRecorded) -> Violation | None:
    """The same breach is recorded once: of one day, the same meeting, test or measure, or identical details."""
    same_day = (known for event, known in case.payloads(d.BreachRecorded) if event.occurred_on == step.on)
    return Violation(step.on, new.kind) if any(_same_breach(known, new) for known in same_day) else None


@condition("krl § 22 e; strpl § 59 a", Actor.PARTY)
def decision_can_be_complained_about(case: Case, step: ProposedEvent) -> Violation | None:
    """The transfer to follow-up can always be complained about; decisions of plan and execution from R1 on."""
    complaint = details_of(step, d.ComplaintFiled)
    transferred = case.has(E.TRANSFERRED_TO_FOLLOW_UP)
    if complaint is None and transferred:
        return None
    if complaint is not None and complaint.about is d.ComplaintAbout.TRANSFER_TO_FOLLOW_UP:
        return None if transferred else Violation(None, E.TRANSFERRED_TO_FOLLOW_UP)
    regime = case.execution_regime(step.on)
    return Violation(regime, Regime.R1, law.SEPTEMBER_2024) if regime is Regime.R0 else None


@condition("krl § 22 e; strpl § 59 a", Actor.PARTY)
def complaint_is_open(case: Case, step: ProposedEvent) -> Violation | None:
    """A complaint about that decision has been filed and not decided."""
    decided = details_of(step, d.ComplaintDecided)
    about = decided.about if decided else None
    return None if open_complaint(case, about) else Violation(None, about)


def _same_breach(known: d.BreachRecorded, new: d.BreachRecorded) -> bool:
    """Whether two breaches of one day are one. Two missed meetings are two, also of one measure."""
    for name in ("meeting", "test", "measure"):
        first, second = getattr(known, name), getattr(new, name)
        if first is not None and second is not None:
            return bool(first == second)
    return known == new


def _by_ground(breach: bool, anew: bool) -> dict[d.PetitionGround, bool]:
    return {
        d.PetitionGround.BREACH: breach,
        d.PetitionGround.NEW_OFFENCE: anew,
        d.PetitionGround.BREACH_AND_NEW_OFFENCE: breach and anew,
    }


def _only_prison_in_r0(case: Case, step: ProposedEvent, recommendation: d.Recommendation) -> Violation | None:
    wrong = recommendation is not d.Recommendation.SERVE_PRISON and case.execution_regime(step.on) is Regime.R0
    return Violation(recommendation, d.Recommendation.SERVE_PRISON) if wrong else None
