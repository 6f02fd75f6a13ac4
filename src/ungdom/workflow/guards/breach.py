"""Conditions of breach, new offence, petition, electronic control, complaint and the end of the term."""

from datetime import date

from ungdom.workflow import details as d
from ungdom.workflow import law
from ungdom.workflow.breaches import petition_deadline
from ungdom.workflow.case import Case
from ungdom.workflow.complaints import open_complaint
from ungdom.workflow.daycount import after
from ungdom.workflow.guards.core import No, Step, condition, detail, said
from ungdom.workflow.vocabulary import Actor, EventType, Regime, Role, State

E = EventType
_OTHER_OFFICE = {Role.LEADER: Role.SECRETARIAT, Role.SECRETARIAT: Role.LEADER}


@condition("krl §§ 31, 33", Actor.COORDINATOR)
def breach_is_recorded(case: Case, _step: Step) -> No | None:
    """A breach of plan, duty or drug ban is recorded."""
    return None if case.has(E.BREACH_RECORDED) else No(0, 1)


@detail(d.BreachTalkHeld, "krl §§ 31, 33", Actor.COORDINATOR)
def consequences_were_explained(_case: Case, _step: Step, talk: d.BreachTalkHeld) -> No | None:
    """The youth was told what a new breach may lead to."""
    return None if talk.consequences_explained else No(False, True)


@condition("krl §§ 31, 33", Actor.COORDINATOR)
def new_breach_after_a_talk(case: Case, _step: Step) -> No | None:
    """There is a new breach after a breach talk was ordered or conditions were set."""
    return None if case.new_breach else No(0, 1)


@detail(d.ReferredForResumption, "krl §§ 33, 34", Actor.COORDINATOR, Actor.PROSECUTION)
def resumption_has_its_ground(case: Case, _step: Step, referral: d.ReferredForResumption) -> No | None:
    """What the ground speaks of has been recorded: the new breach, the new offence, or both."""
    found = _by_ground(case.new_breach is not None, case.has(E.NEW_OFFENCE_RECORDED))
    return None if found[referral.ground] else No(None, referral.ground)


@condition("krl §§ 33, 34", Actor.COORDINATOR, Actor.PROSECUTION)
def new_breach_or_new_offence(case: Case, _step: Step) -> No | None:
    """There is a new breach after a talk, or a new offence."""
    return None if case.new_breach or case.has(E.NEW_OFFENCE_RECORDED) else No(0, 1)


@detail(d.Interrupted, "krl §§ 30-34", Actor.COORDINATOR)
def interruption_has_its_ground(case: Case, _step: Step, stop: d.Interrupted) -> No | None:
    """What the reason speaks of has been recorded: the missed talk, the new breach, the charge, the complaint."""
    found = {
        d.InterruptionReason.MISSED_TALK: case.has(E.BREACH_TALK_MISSED),
        d.InterruptionReason.NEW_BREACH_AFTER_TALK: case.new_breach is not None,
        d.InterruptionReason.CHARGED_WITH_NEW_OFFENCE: _charged_anew(case),
        d.InterruptionReason.COMPLAINT: open_complaint(case) is not None,
    }
    return None if found.get(stop.reason, True) else No(None, stop.reason)


@detail(d.Interrupted, "krl §§ 32, 34", Actor.PROSECUTION)
def prosecution_decides_on_a_charge(_case: Case, _step: Step, stop: d.Interrupted) -> No | None:
    """An interruption because of a charge is the prosecution's to decide, the others the coordinator's."""
    charge = stop.reason is d.InterruptionReason.CHARGED_WITH_NEW_OFFENCE
    needed = d.InterruptedBy.PROSECUTION if charge else d.InterruptedBy.COORDINATOR
    return None if stop.decided_by is needed else No(stop.decided_by, needed)


@detail(d.ReplanMeetingHeld, "krl § 31 third paragraph", Actor.POLICE)
def police_consent_to_replan(_case: Case, _step: Step, meeting: d.ReplanMeetingHeld) -> No | None:
    """Politiet consents to the new plan meeting."""
    return None if meeting.consent_police else No(False, True)


@detail(d.ReplanMeetingHeld, "krl § 31 third paragraph", Actor.CORRECTIONAL_SERVICE)
def correctional_service_consents_to_replan(_case: Case, _step: Step, meeting: d.ReplanMeetingHeld) -> No | None:
    """Kriminalomsorgen consents to the new plan meeting."""
    return None if meeting.consent_correctional_service else No(False, True)


@detail(d.ReferredForBreach, "krl § 31 third paragraph", Actor.POLICE)
def police_consent_to_referral(_case: Case, _step: Step, referral: d.ReferredForBreach) -> No | None:
    """Politiet consents to the referral."""
    return None if referral.consent_police else No(False, True)


@detail(d.ReferredForBreach, "krl § 31 third paragraph", Actor.CORRECTIONAL_SERVICE)
def correctional_service_consents_to_referral(_case: Case, _step: Step, referral: d.ReferredForBreach) -> No | None:
    """Kriminalomsorgen consents to the referral."""
    return None if referral.consent_correctional_service else No(False, True)


@detail(d.ReferredForBreach, "krl § 31 third paragraph", Actor.COORDINATOR)
def recipient_allowed(case: Case, step: Step, referral: d.ReferredForBreach) -> No | None:
    """To the correctional service; to the prosecution only from R2."""
    regime = case.execution_regime(step.on)
    late = referral.to is d.BreachAuthority.PROSECUTION and regime is not Regime.R2
    return No(regime, Regime.R2) if late else None


@detail(d.ReferredForBreach, "krl § 31 third paragraph a-c", Actor.COORDINATOR)
def recommendation_allowed(case: Case, step: Step, referral: d.ReferredForBreach) -> No | None:
    """In R0 only that prison be served; the other ways came with R1."""
    return _only_prison_in_r0(case, step, referral.recommendation)


@detail(d.PetitionSent, "strl § 52 c first paragraph", Actor.CORRECTIONAL_SERVICE, Actor.PROSECUTION)
def petition_allowed(case: Case, step: Step, petition: d.PetitionSent) -> No | None:
    """In R0 only that prison be served; the other ways came with R1."""
    return _only_prison_in_r0(case, step, petition.for_)


@detail(d.PetitionSent, "krl §§ 31, 32", Actor.CORRECTIONAL_SERVICE, Actor.PROSECUTION)
def brought_by_the_right_authority(case: Case, step: Step, petition: d.PetitionSent) -> No | None:
    """A new offence is the prosecution's to bring; a breach alone the correctional service's, from R2 also theirs."""
    if petition.ground is not d.PetitionGround.BREACH:
        needed = d.BreachAuthority.PROSECUTION
    elif case.execution_regime(step.on) is Regime.R2:
        needed = petition.by
    else:
        needed = d.BreachAuthority.CORRECTIONAL_SERVICE
    return None if petition.by is needed else No(petition.by, needed)


@condition("strl § 52 c first paragraph; krl §§ 31, 32", Actor.COORDINATOR, Actor.PROSECUTION)
def petition_has_its_ground(case: Case, step: Step) -> No | None:
    """A breach has been referred, a new offence recorded, or running electronic control is to be extended."""
    petition = said(step, d.PetitionSent)
    found = _grounds(case, _may_extend_control(case, petition))
    if petition is None:
        return None if any(found.values()) else No(None, [str(ground) for ground in found])
    return None if found[petition.ground] else No(None, petition.ground)


@condition("strl § 52 c sixth paragraph", Actor.CORRECTIONAL_SERVICE, Actor.PROSECUTION)
def petition_in_time(case: Case, step: Step) -> No | None:
    """Before the court within three months after the end of the term; electronic control before the end."""
    petition = said(step, d.PetitionSent)
    control = petition is not None and petition.for_ is d.Recommendation.ELECTRONIC_CONTROL
    last = petition_deadline(case, step.on, control)
    return None if last is None or step.on <= last else No(step.on, last)


@detail(d.ElectronicControlOrdered, "strl § 52 c fifth paragraph", Actor.COURT)
def control_at_most_six_months(_case: Case, step: Step, control: d.ElectronicControlOrdered) -> No | None:
    """At most six months at a time, and at least until the day it is ordered."""
    last = after(step.on, law.ELECTRONIC_CONTROL_MAX.on(step.on))
    return None if step.on <= control.until <= last else No(control.until, last)


@condition("strl § 52 c fifth paragraph", Actor.COURT)
def control_within_the_term(case: Case, step: Step) -> No | None:
    """Never past the end of the term."""
    control = said(step, d.ElectronicControlOrdered)
    until = control.until if control else step.on
    end = case.adjusted_end(step.on)
    return None if end is None or until <= end else No(until, end)


@detail(d.ElectronicControlEnded, "strl § 52 c fifth paragraph", Actor.COURT)
def control_period_is_over(case: Case, step: Step, ended: d.ElectronicControlEnded) -> No | None:
    """The period is over, unless the court lifted it."""
    ordered = case.last(E.ELECTRONIC_CONTROL_ORDERED)
    if ordered is None or ended.reason is d.EndOfControl.LIFTED:
        return None
    until = ordered.details.until if isinstance(ordered.details, d.ElectronicControlOrdered) else step.on
    return None if step.on >= until else No(step.on, until, until)


@detail(d.ConversionFinal, "strl § 52 c first paragraph", Actor.COURT)
def conversion_allowed(case: Case, step: Step, conversion: d.ConversionFinal) -> No | None:
    """In R0 only to prison; community sentence and suspended sentence came with R1."""
    other = conversion.to is not d.ConversionTo.PRISON
    return No(Regime.R0, Regime.R1) if other and case.execution_regime(step.on) is Regime.R0 else None


@detail(d.ConversionFinal, "strl § 52 c", Actor.COURT)
def rest_continues_only_of_a_part(_case: Case, _step: Step, conversion: d.ConversionFinal) -> No | None:
    """Something is left to carry on with only when a part was converted."""
    wrong = conversion.rest_continues and conversion.extent is d.Extent.WHOLE
    return No(conversion.extent, d.Extent.PART) if wrong else None


@detail(d.ClosedAfterNewOffence, "krl §§ 32, 34", Actor.PROSECUTION, Actor.COURT)
def new_decision_lies_in_the_past(_case: Case, step: Step, closed: d.ClosedAfterNewOffence) -> No | None:
    """The new decision was there before the case was closed for it."""
    return None if closed.decided_on <= step.on else No(closed.decided_on, step.on, closed.decided_on)


@detail(d.DecisionSetAside, "strpl § 59 a, ch. 27", Actor.PROSECUTION, Actor.COURT)
def set_aside_fits_the_decision(case: Case, _step: Step, aside: d.DecisionSetAside) -> No | None:
    """A transfer falls by complaint; a judgment by being overturned or reopened."""
    transferred = case.has(E.TRANSFERRED_TO_FOLLOW_UP)
    complained = aside.reason is d.SetAside.COMPLAINT_UPHELD
    if transferred is complained:
        return None
    return No(aside.reason, [str(r) for r in d.SetAside if (r is d.SetAside.COMPLAINT_UPHELD) is transferred])


@condition("krl § 22; strl § 52 c", Actor.SYSTEM)
def term_has_run(case: Case, step: Step) -> No | None:
    """The end of the term, moved by interruptions, has been reached."""
    end = case.adjusted_end(step.on)
    if end is None:
        return No(None, "start_of_execution")
    stopped = not case.stints[-1].clock
    return None if step.on >= end else No(step.on, end, None if stopped else end)


@condition("strl § 52 c sixth paragraph", Actor.SYSTEM)
def petition_window_is_over(case: Case, step: Step) -> No | None:
    """Three months have passed after the end of the term with no petition before the court."""
    last = petition_deadline(case, step.on, electronic_control=False)
    if last is None:
        return No(None, "start_of_execution")
    first = date.fromordinal(last.toordinal() + 1)
    return None if step.on >= first else No(step.on, first, first)


@condition("office norm", Actor.LEADER, Actor.SECRETARIAT)
def another_person_approved(case: Case, step: Step) -> No | None:
    """Two people of two offices: what the leader asks the secretariat has approved, or the other way round."""
    approvals = (e for e in case.all(E.REOPENING_APPROVED) if e.seq > case.stints[-1].seq)
    other = _OTHER_OFFICE.get(step.role)
    if any(e.subject != step.subject and e.role is other for e in approvals):
        return None
    return No(False, other or Role.SECRETARIAT)


@condition("office norm", Actor.LEADER, Actor.SECRETARIAT)
def leader_or_secretariat_approves(_case: Case, step: Step) -> No | None:
    """One of the two offices that have to agree."""
    return None if step.role in _OTHER_OFFICE else No(step.role, [str(role) for role in _OTHER_OFFICE])


@condition("krl § 28", Actor.COORDINATOR)
def a_drug_ban_is_in_force(case: Case, _step: Step) -> No | None:
    """A drug ban was imposed and has not been lifted."""
    last = case.last(E.DRUG_BAN_IMPOSED, E.DRUG_BAN_LIFTED)
    return None if last and last.type is E.DRUG_BAN_IMPOSED else No(False, True)


@detail(d.NewOffenceRecorded, "krl §§ 32, 34", Actor.POLICE)
def new_offence_before_the_end(case: Case, step: Step, new: d.NewOffenceRecorded) -> No | None:
    """The new offence happened before the end of the term, and not after the day it is recorded for."""
    end = case.adjusted_end(step.on)
    last = min(step.on, end) if end else step.on
    return None if new.offence_on <= last else No(new.offence_on, last)


@condition("krl § 22 e; strpl § 59 a", Actor.PARTY)
def decision_can_be_complained_about(case: Case, step: Step) -> No | None:
    """The transfer to follow-up always; decisions of plan and execution from R1."""
    complaint = said(step, d.ComplaintFiled)
    transferred = case.has(E.TRANSFERRED_TO_FOLLOW_UP)
    if complaint is None and transferred:
        return None
    if complaint is not None and complaint.about is d.ComplaintAbout.TRANSFER_TO_FOLLOW_UP:
        return None if transferred else No(None, E.TRANSFERRED_TO_FOLLOW_UP)
    regime = case.execution_regime(step.on)
    return No(regime, Regime.R1, law.SEPTEMBER_2024) if regime is Regime.R0 else None


@condition("krl § 22 e; strpl § 59 a", Actor.PARTY)
def complaint_is_open(case: Case, step: Step) -> No | None:
    """A complaint about that decision has been filed and not decided."""
    decided = said(step, d.ComplaintDecided)
    about = decided.about if decided else None
    return None if open_complaint(case, about) else No(None, about)


def _charged_anew(case: Case) -> bool:
    return any(
        isinstance(event.details, d.NewOffenceRecorded) and event.details.charged_on is not None
        for event in case.all(E.NEW_OFFENCE_RECORDED)
    )


def _may_extend_control(case: Case, petition: d.PetitionSent | None) -> bool:
    asked = petition is None or petition.for_ is d.Recommendation.ELECTRONIC_CONTROL
    return case.state is State.ELECTRONIC_CONTROL and asked


def _grounds(case: Case, extends: bool) -> dict[d.PetitionGround, bool]:
    breach = case.state is State.TERM_EXPIRED or case.referral is not None or extends
    return _by_ground(breach, case.has(E.NEW_OFFENCE_RECORDED))


def _by_ground(breach: bool, anew: bool) -> dict[d.PetitionGround, bool]:
    return {
        d.PetitionGround.BREACH: breach,
        d.PetitionGround.NEW_OFFENCE: anew,
        d.PetitionGround.BREACH_AND_NEW_OFFENCE: breach and anew,
    }


def _only_prison_in_r0(case: Case, step: Step, asked: d.Recommendation) -> No | None:
    wrong = asked is not d.Recommendation.SERVE_PRISON and case.execution_regime(step.on) is Regime.R0
    return No(asked, d.Recommendation.SERVE_PRISON) if wrong else None
