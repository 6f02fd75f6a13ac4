"""Breach and new offence: talks, conditions, referrals, petitions, reviews, interruptions and their endings."""

from collections.abc import Callable
from datetime import date, timedelta

from ungdom.demo import measures, parameters, planning, term, tracks
from ungdom.demo.random_draws import working
from ungdom.demo.simulator import CaseSimulator, DemoEvent
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import Length, after
from ungdom.workflow.payloads import Attendee as At
from ungdom.workflow.vocabulary import Actor, EventType, Regime, Sanction, State

E = EventType
WHEREVER = tracks.TEAM
KINDS: tuple[tuple[d.BreachKind, float], ...] = ((d.BreachKind.PLAN, 0.55), (d.BreachKind.DUTY, 0.45))
PLACES = tuple(d.BreachCondition)


def recorded(simulator: CaseSimulator, on: date) -> DemoEvent:
    """The event of a breach on that day."""
    return DemoEvent(E.BREACH_RECORDED, on, d.BreachRecorded(kind=simulator.draws.pick(KINDS)), states=WHEREVER)


def _record(simulator: CaseSimulator, on: date) -> None:
    simulator.plan_fact(recorded(simulator, on), prompt=True)


def breached(simulator: CaseSimulator, on: date) -> None:
    """A breach, followed by a talk or, after an earlier talk, by a measure."""
    _record(simulator, on)
    if simulator.case.has(E.BREACH_TALK_ORDERED) and simulator.happens(parameters.NO_SECOND_TALK):
        _act_on_breach(simulator, on)
    else:
        simulator.move(E.BREACH_TALK_ORDERED, simulator.later(parameters.TALK_ORDERED, 1, on))


def breach_talk(simulator: CaseSimulator) -> None:
    """Hold the breach talk, or record that it was missed, and what follows."""
    on = simulator.later(parameters.TALK_HELD)
    if simulator.happens(parameters.TALK_MISSED):
        _missed(simulator, on)
        return
    conditions = tuple(simulator.draws.rng.sample(PLACES, simulator.draws.rng.randrange(1, 3)))
    held = d.BreachTalkHeld(
        consequences_explained=True, conditions=conditions if simulator.happens(parameters.CONDITIONS) else ()
    )
    simulator.move(E.BREACH_TALK_HELD, on, held)


def _missed(simulator: CaseSimulator, on: date) -> None:
    talk = frozenset({State.BREACH_TALK})
    simulator.plan_fact(DemoEvent(E.BREACH_TALK_MISSED, on, states=talk), prompt=True)
    new_law = simulator.case.execution_regime(on) is not Regime.R0
    if simulator.sanction is Sanction.YOUTH_SANCTION and new_law and simulator.happens(parameters.FETCH):
        simulator.plan_fact(DemoEvent(E.FETCH_REQUESTED, working(on + timedelta(days=2)), states=talk))
    then = simulator.later(parameters.ACT_ON_BREACH, 1, on)
    if simulator.happens(parameters.TALK_ORDERED_ANEW):
        simulator.move(E.BREACH_TALK_HELD, then, d.BreachTalkHeld(consequences_explained=True))
    else:
        tracks.hear(simulator, then, d.HeardAbout.INTERRUPTION, how=d.HeardHow.DID_NOT_USE)
        simulator.move(E.INTERRUPTED, then, d.Interrupted(reason=d.InterruptionReason.MISSED_TALK))


def tightened(simulator: CaseSimulator) -> None:
    """Complete the term, or record a new breach. Before there is a plan: hold the plan meeting."""
    if not simulator.case.plan_made:
        planning.meet(simulator, simulator.later(parameters.PREPARED))
        return
    on = simulator.later(parameters.NEW_BREACH_AFTER)
    if simulator.happens(parameters.NEW_BREACH[simulator.sanction]) and on < term.end_of(simulator):
        _record(simulator, on)
        _act_on_breach(simulator, on)
    elif simulator.happens(parameters.CONDITIONS_LIFTED) and on < term.end_of(simulator):
        simulator.move(E.BREACH_CONDITIONS_LIFTED, on)
    else:
        term.complete(simulator)


def _act_on_breach(simulator: CaseSimulator, since: date) -> None:
    """Draw the measure that follows a new breach after a talk."""
    on = simulator.later(parameters.ACT_ON_BREACH, 1, since)
    _ACTS[simulator.draws.pick(parameters.AFTER_NEW_BREACH[simulator.sanction])](simulator, on)


def replan(simulator: CaseSimulator, on: date) -> None:
    """Hold a new plan meeting, with the consent of police and correctional service in a youth sanction."""
    present = (At.YOUTH, At.GUARDIAN, At.KONFLIKTRAD, At.POLICE)
    both = simulator.sanction is Sanction.YOUTH_SANCTION
    meeting = d.ReplanMeetingHeld(present=present, consent_police=both, consent_correctional_service=both)
    tracks.hear(simulator, on, d.HeardAbout.NEW_PLAN)
    if simulator.move(E.REPLAN_MEETING_HELD, on, meeting):
        measures.replan(simulator, on)


def refer(simulator: CaseSimulator, on: date) -> None:
    """Refer the breach with a recommendation that the law of that day allows."""
    regime = simulator.case.execution_regime(on)
    prosecution = regime is Regime.R2 and simulator.happens(parameters.REFERRED_TO_PROSECUTION)
    drawn = d.Recommendation(simulator.draws.pick(parameters.RECOMMENDED))
    referral = d.ReferredForBreach(
        to=d.BreachAuthority.PROSECUTION if prosecution else d.BreachAuthority.CORRECTIONAL_SERVICE,
        recommendation=d.Recommendation.SERVE_PRISON if regime is Regime.R0 else drawn,
        consent_police=True,
        consent_correctional_service=True,
    )
    tracks.hear(simulator, on, d.HeardAbout.REFERRAL)
    simulator.move(E.REFERRED_FOR_BREACH, on, referral)


def review(simulator: CaseSimulator, on: date) -> None:
    """Refer the case to the prosecution, which decides whether to resume prosecution."""
    offence = simulator.case.new_breach is None and simulator.case.has(E.NEW_OFFENCE_RECORDED)
    ground = d.PetitionGround.NEW_OFFENCE if offence else d.PetitionGround.BREACH
    tracks.hear(simulator, on, d.HeardAbout.RESUMPTION)
    simulator.move(E.REFERRED_FOR_RESUMPTION, on, d.ReferredForResumption(ground=ground))


def _interrupt(simulator: CaseSimulator, on: date) -> None:
    tracks.hear(simulator, on, d.HeardAbout.INTERRUPTION)
    simulator.move(E.INTERRUPTED, on, d.Interrupted(reason=d.InterruptionReason.NEW_BREACH_AFTER_TALK))


_ACTS: dict[str, Callable[[CaseSimulator, date], object]] = {
    "replan": replan,
    "review": review,
    "refer": refer,
    "interrupt": _interrupt,
    "talk": lambda simulator, on: simulator.move(E.BREACH_TALK_ORDERED, on),
}

# --- youth sanction: referral, petition, court --------------------------------------------------------------------


def referred(simulator: CaseSimulator) -> None:
    """Send or decline a petition, or let the term expire."""
    on = simulator.later(parameters.PETITION)
    if _expires(simulator, on):
        return
    if simulator.happens(parameters.PETITION_DECLINED):
        simulator.move(E.PETITION_DECLINED, on)
        return
    referral = simulator.case.last(E.REFERRED_FOR_BREACH)
    details = referral.details if referral else None
    if isinstance(details, d.ReferredForBreach):
        petition(simulator, on, details.recommendation, details.to)


def _expires(simulator: CaseSimulator, on: date) -> bool:
    """Record the expiry of the term if it ends before that day; whether it did."""
    end = simulator.case.adjusted_end(on)
    if end is None or end > on or (not simulator.case.intervals[-1].clock and simulator.since < end):
        return False
    simulator.move(E.TERM_EXPIRED, max(simulator.since, end))
    return True


def petition(simulator: CaseSimulator, on: date, recommended: d.Recommendation, by: d.BreachAuthority) -> None:
    """Send a petition to the court for breach."""
    r0 = simulator.case.execution_regime(on) is Regime.R0
    requested = d.Recommendation.SERVE_PRISON if r0 else recommended
    actor = Actor.PROSECUTION if by is d.BreachAuthority.PROSECUTION else Actor.CORRECTIONAL_SERVICE
    simulator.move(E.PETITION_SENT, on, d.PetitionSent(for_=requested, by=by), actor)


def breach_in_court(simulator: CaseSimulator) -> None:
    """Record the decision of the court, or the expiry of the term."""
    on = simulator.later(parameters.BREACH_JUDGED)
    sent_petition = simulator.case.petition
    if _expires(simulator, on):
        return
    if sent_petition and sent_petition.for_ is d.Recommendation.ELECTRONIC_CONTROL:
        _control(simulator, on)
        return
    drawn = simulator.draws.pick(parameters.COURT_SAYS)
    if drawn == "rejected" or sent_petition is None:
        simulator.move(E.PETITION_REJECTED, on)
    else:
        _convert(simulator, on, sent_petition.for_, part=drawn == "part")


def _control(simulator: CaseSimulator, on: date) -> None:
    end = simulator.case.adjusted_end(on)
    if (
        end is None
        or simulator.case.execution_regime(on) is Regime.R0
        or simulator.happens(parameters.CONTROL_REJECTED)
    ):
        simulator.move(E.PETITION_REJECTED, on)
        return
    until = min(end, after(on, Length(months=simulator.draws.pick(parameters.CONTROL_MONTHS))))
    simulator.move(E.ELECTRONIC_CONTROL_ORDERED, on, d.ElectronicControlOrdered(until=until))


def _convert(simulator: CaseSimulator, on: date, requested: d.Recommendation, part: bool) -> None:
    to = _INTO.get(requested, d.ConversionTo.PRISON)
    if simulator.case.execution_regime(on) is Regime.R0:
        to = d.ConversionTo.PRISON
    converted = d.ConversionFinal(
        to=to,
        extent=d.Extent.PART if part else d.Extent.WHOLE,
        judged_on=max(simulator.since, on - timedelta(days=15)),
        rest_continues=part and simulator.happens(parameters.REST_CONTINUES),
    )
    simulator.move(E.CONVERSION_FINAL, on, converted)


_INTO = {
    d.Recommendation.COMMUNITY_SENTENCE: d.ConversionTo.COMMUNITY_SENTENCE,
    d.Recommendation.SUSPENDED_SENTENCE: d.ConversionTo.SUSPENDED_SENTENCE,
}

# --- follow-up: resumption of prosecution ---------------------------------------------------------------------------


def resumption_review(simulator: CaseSimulator) -> None:
    """Record the decision of the prosecution, or the expiry of the term."""
    on = simulator.later(parameters.REVIEWED)
    if _expires(simulator, on):
        return
    resumed = simulator.happens(parameters.RESUMED_BY_PROSECUTION)
    simulator.move(E.PROSECUTION_RESUMED if resumed else E.PROSECUTION_NOT_RESUMED, on)


def term_expired(simulator: CaseSimulator) -> None:
    """Record the decision of the prosecution, a petition, or the end of the three-month window."""
    on = simulator.later(parameters.REVIEWED)
    if simulator.sanction is Sanction.YOUTH_FOLLOW_UP:
        resumed = simulator.happens(parameters.RESUMED_BY_PROSECUTION)
        simulator.move(E.PROSECUTION_RESUMED if resumed else E.PROSECUTION_NOT_RESUMED, on)
    elif simulator.once("petition after the term") and simulator.happens(parameters.PETITION_AFTER_TERM):
        petition(simulator, on, d.Recommendation.SERVE_PRISON, d.BreachAuthority.CORRECTIONAL_SERVICE)
    else:
        done = simulator.happens(parameters.WINDOW_COMPLETED)
        outcome = d.WindowOutcome.COMPLETED if done else d.WindowOutcome.BREACH_CLOSED
        closes = after(term.end_of(simulator), Length(months=3)) + timedelta(days=7)
        simulator.move(E.WINDOW_CLOSED, max(simulator.since, working(closes)), d.WindowClosed(outcome=outcome))


# --- new offence and interruption -----------------------------------------------------------------------------------


def new_offence(simulator: CaseSimulator, on: date) -> None:
    """A new offence during the term: execution is interrupted, or continues until the new case is decided."""
    charged = working(on + timedelta(days=simulator.draws.days(parameters.CHARGED_ANEW)))
    new = d.NewOffenceRecorded(offence_on=on, charged_on=charged)
    simulator.plan_fact(DemoEvent(E.NEW_OFFENCE_RECORDED, charged, new, states=tracks.WITH_THE_OFFICE), prompt=True)
    if simulator.happens(parameters.INTERRUPTED_ON_CHARGE):
        why = d.InterruptionReason.CHARGED_WITH_NEW_OFFENCE
        stop = d.Interrupted(reason=why, decided_by=d.InterruptedBy.PROSECUTION)
        simulator.move(E.INTERRUPTED, working(charged + timedelta(days=3)), stop, Actor.PROSECUTION)
    else:
        _decide_new_offence(simulator, simulator.later(parameters.OFFENCE_CASE, 1, charged))


def _decide_new_offence(simulator: CaseSimulator, on: date) -> None:
    """Draw the outcome of the new case, and record what it means for this one."""
    drawn = simulator.draws.pick(parameters.OFFENCE_LEADS_TO)
    if on >= term.end_of(simulator) and simulator.state is State.EXECUTING:
        term.complete(simulator)
    elif drawn == "joint":
        closed = d.ClosedAfterNewOffence(decision=d.NewDecision.JOINT_SENTENCE, decided_on=on)
        simulator.move(E.CLOSED_AFTER_NEW_OFFENCE, on, closed, Actor.COURT)
    elif simulator.state is State.INTERRUPTED:
        dropped = drawn == "dropped"
        why = d.ResumptionReason.NEW_CASE_DROPPED if dropped else d.ResumptionReason.SEPARATE_SENTENCE
        simulator.move(E.RESUMED, on, d.Resumed(reason=why))
    else:
        term.complete(simulator)


def interrupted(simulator: CaseSimulator) -> None:
    """Resume or close the case, depending on the reason for the interruption."""
    stop = simulator.case.last(E.INTERRUPTED)
    reason = stop.details.reason if stop and isinstance(stop.details, d.Interrupted) else None
    if reason is d.InterruptionReason.CHARGED_WITH_NEW_OFFENCE:
        _decide_new_offence(simulator, simulator.later(parameters.OFFENCE_CASE))
    elif reason in _OVER:
        _pause_over(simulator, reason)
    else:
        _after_breach(simulator)


_OVER = (d.InterruptionReason.HEALTH, d.InterruptionReason.WEIGHTY_GROUNDS, d.InterruptionReason.COMPLAINT)


def _pause_over(simulator: CaseSimulator, reason: d.InterruptionReason | None) -> None:
    on = simulator.later(parameters.PAUSE)
    if reason is d.InterruptionReason.COMPLAINT:
        about, outcome = d.ComplaintAbout.PLAN_CHANGE, d.ComplaintOutcome.REJECTED
        decided = DemoEvent(
            E.COMPLAINT_DECIDED, on, d.ComplaintDecided(about=about, outcome=outcome), Actor.SECRETARIAT
        )
        simulator.plan_fact(decided, prompt=True)
    simulator.move(E.RESUMED, on, d.Resumed(reason=d.ResumptionReason.CAUSE_GONE))


def _after_breach(simulator: CaseSimulator) -> None:
    on = simulator.later(parameters.ACT_ON_BREACH)
    drawn = simulator.draws.pick(parameters.INTERRUPTION_LEADS_TO[simulator.sanction])
    if drawn == "prosecuted":
        simulator.move(E.PROSECUTION_RESUMED, simulator.later(parameters.REVIEWED))
    elif (
        drawn == "resumed" or (drawn == "replan" and not simulator.case.plan_made) or simulator.case.new_breach is None
    ):
        simulator.move(E.RESUMED, on, d.Resumed(reason=d.ResumptionReason.CAUSE_GONE))
    else:
        _ACTS[drawn](simulator, on)
