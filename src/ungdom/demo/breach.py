"""Breach and new offence: talks, conditions, referrals, petitions, reviews, interruptions and how they end."""

from collections.abc import Callable
from datetime import date, timedelta

from ungdom.demo import measures, planning, shape, term, tracks
from ungdom.demo.chance import working
from ungdom.demo.teller import Entry, Teller
from ungdom.workflow import details as d
from ungdom.workflow.daycount import Length, after
from ungdom.workflow.details import Attendee as At
from ungdom.workflow.vocabulary import Actor, EventType, Regime, Sanction, State

E = EventType
WHEREVER = tracks.TEAM
KINDS: tuple[tuple[d.BreachKind, float], ...] = ((d.BreachKind.PLAN, 0.55), (d.BreachKind.DUTY, 0.45))
PLACES = tuple(d.BreachCondition)


def recorded(teller: Teller, on: date) -> Entry:
    """A breach of that day."""
    return Entry(E.BREACH_RECORDED, on, d.BreachRecorded(kind=teller.chance.pick(KINDS)), states=WHEREVER)


def _record(teller: Teller, on: date) -> None:
    teller.plan_fact(recorded(teller, on), prompt=True)


def breached(teller: Teller, on: date) -> None:
    """A breach that leads to a talk."""
    _record(teller, on)
    if teller.case.has(E.BREACH_TALK_ORDERED) and teller.happens(shape.NO_SECOND_TALK):
        _act(teller, on)
    else:
        teller.move(E.BREACH_TALK_ORDERED, teller.later(shape.TALK_ORDERED, 1, on))


def breach_talk(teller: Teller) -> None:
    """Until the talk has been held, or missed and followed up."""
    on = teller.later(shape.TALK_HELD)
    if teller.happens(shape.TALK_MISSED):
        _missed(teller, on)
        return
    conditions = tuple(teller.chance.rng.sample(PLACES, teller.chance.rng.randrange(1, 3)))
    held = d.BreachTalkHeld(
        consequences_explained=True, conditions=conditions if teller.happens(shape.CONDITIONS) else ()
    )
    teller.move(E.BREACH_TALK_HELD, on, held)


def _missed(teller: Teller, on: date) -> None:
    talk = frozenset({State.BREACH_TALK})
    teller.plan_fact(Entry(E.BREACH_TALK_MISSED, on, states=talk), prompt=True)
    new_law = teller.case.execution_regime(on) is not Regime.R0
    if teller.sanction is Sanction.YOUTH_SANCTION and new_law and teller.happens(shape.FETCH):
        teller.plan_fact(Entry(E.FETCH_REQUESTED, working(on + timedelta(days=2)), states=talk))
    then = teller.later(shape.ACT_ON_BREACH, 1, on)
    if teller.happens(shape.TALK_ORDERED_ANEW):
        teller.move(E.BREACH_TALK_HELD, then, d.BreachTalkHeld(consequences_explained=True))
    else:
        tracks.hear(teller, then, d.HeardAbout.INTERRUPTION, how=d.HeardHow.DID_NOT_USE)
        teller.move(E.INTERRUPTED, then, d.Interrupted(reason=d.InterruptionReason.MISSED_TALK))


def tightened(teller: Teller) -> None:
    """Until the term has run, or there is a new breach. Before there is a plan: until the plan meeting."""
    if not teller.case.plan_made:
        planning.meet(teller, teller.later(shape.PREPARED))
        return
    on = teller.later(shape.NEW_BREACH_AFTER)
    if teller.happens(shape.NEW_BREACH[teller.sanction]) and on < term.end_of(teller):
        _record(teller, on)
        _act(teller, on)
    elif teller.happens(shape.CONDITIONS_LIFTED) and on < term.end_of(teller):
        teller.move(E.BREACH_CONDITIONS_LIFTED, on)
    else:
        term.complete(teller)


def _act(teller: Teller, since: date) -> None:
    """What follows a new breach after a talk."""
    on = teller.later(shape.ACT_ON_BREACH, 1, since)
    _ACTS[teller.chance.pick(shape.AFTER_NEW_BREACH[teller.sanction])](teller, on)


def replan(teller: Teller, on: date) -> None:
    """A new plan meeting, which police and correctional service have agreed to in a youth sanction."""
    present = (At.YOUTH, At.GUARDIAN, At.KONFLIKTRAD, At.POLICE)
    both = teller.sanction is Sanction.YOUTH_SANCTION
    meeting = d.ReplanMeetingHeld(present=present, consent_police=both, consent_correctional_service=both)
    if teller.move(E.REPLAN_MEETING_HELD, on, meeting):
        measures.replan(teller, on)


def refer(teller: Teller, on: date) -> None:
    """Referred with a recommendation, as the law of that day allows."""
    regime = teller.case.execution_regime(on)
    prosecution = regime is Regime.R2 and teller.happens(shape.REFERRED_TO_PROSECUTION)
    drawn = d.Recommendation(teller.chance.pick(shape.RECOMMENDED))
    referral = d.ReferredForBreach(
        to=d.BreachAuthority.PROSECUTION if prosecution else d.BreachAuthority.CORRECTIONAL_SERVICE,
        recommendation=d.Recommendation.SERVE_PRISON if regime is Regime.R0 else drawn,
        consent_police=True,
        consent_correctional_service=True,
    )
    tracks.hear(teller, on, d.HeardAbout.REFERRAL)
    teller.move(E.REFERRED_FOR_BREACH, on, referral)


def review(teller: Teller, on: date) -> None:
    """Sent to the prosecution, which weighs whether to resume."""
    offence = teller.case.new_breach is None and teller.case.has(E.NEW_OFFENCE_RECORDED)
    ground = d.PetitionGround.NEW_OFFENCE if offence else d.PetitionGround.BREACH
    tracks.hear(teller, on, d.HeardAbout.RESUMPTION)
    teller.move(E.REFERRED_FOR_RESUMPTION, on, d.ReferredForResumption(ground=ground))


def _interrupt(teller: Teller, on: date) -> None:
    tracks.hear(teller, on, d.HeardAbout.INTERRUPTION)
    teller.move(E.INTERRUPTED, on, d.Interrupted(reason=d.InterruptionReason.NEW_BREACH_AFTER_TALK))


def _talk(teller: Teller, on: date) -> None:
    teller.move(E.BREACH_TALK_ORDERED, on)


_ACTS: dict[str, Callable[[Teller, date], None]] = {
    "replan": replan,
    "review": review,
    "refer": refer,
    "interrupt": _interrupt,
    "talk": _talk,
}

# --- youth sanction: referral, petition, court --------------------------------------------------------------------


def referred(teller: Teller) -> None:
    """Until a petition is sent or declined, or the term has run."""
    on = teller.later(shape.PETITION)
    if _expires(teller, on):
        return
    if teller.happens(shape.PETITION_DECLINED):
        teller.move(E.PETITION_DECLINED, on)
        return
    referral = teller.case.last(E.REFERRED_FOR_BREACH)
    said = referral.details if referral else None
    if isinstance(said, d.ReferredForBreach):
        petition(teller, on, said.recommendation, said.to)


def _expires(teller: Teller, on: date) -> bool:
    """The term runs out before that day: said so, and the case goes on from there."""
    end = teller.case.adjusted_end(on)
    if end is None or end > on or (not teller.case.stints[-1].clock and teller.since < end):
        return False
    teller.move(E.TERM_EXPIRED, max(teller.since, end))
    return True


def petition(teller: Teller, on: date, wanted: d.Recommendation, by: d.BreachAuthority) -> None:
    """A petition to the court, for breach."""
    r0 = teller.case.execution_regime(on) is Regime.R0
    asked = d.Recommendation.SERVE_PRISON if r0 else wanted
    actor = Actor.PROSECUTION if by is d.BreachAuthority.PROSECUTION else Actor.CORRECTIONAL_SERVICE
    teller.move(E.PETITION_SENT, on, d.PetitionSent(for_=asked, by=by), actor)


def breach_in_court(teller: Teller) -> None:
    """Until the court has decided, or the term has run."""
    on = teller.later(shape.BREACH_JUDGED)
    asked = teller.case.petition
    if _expires(teller, on):
        return
    if asked and asked.for_ is d.Recommendation.ELECTRONIC_CONTROL:
        _control(teller, on)
        return
    said = teller.chance.pick(shape.COURT_SAYS)
    if said == "rejected" or asked is None:
        teller.move(E.PETITION_REJECTED, on)
    else:
        _convert(teller, on, asked.for_, part=said == "part")


def _control(teller: Teller, on: date) -> None:
    end = teller.case.adjusted_end(on)
    if end is None or teller.case.execution_regime(on) is Regime.R0 or teller.happens(shape.CONTROL_REJECTED):
        teller.move(E.PETITION_REJECTED, on)
        return
    until = min(end, after(on, Length(months=teller.chance.pick(shape.CONTROL_MONTHS))))
    teller.move(E.ELECTRONIC_CONTROL_ORDERED, on, d.ElectronicControlOrdered(until=until))


def _convert(teller: Teller, on: date, asked: d.Recommendation, part: bool) -> None:
    to = _INTO.get(asked, d.ConversionTo.PRISON)
    if teller.case.execution_regime(on) is Regime.R0:
        to = d.ConversionTo.PRISON
    converted = d.ConversionFinal(
        to=to,
        extent=d.Extent.PART if part else d.Extent.WHOLE,
        judged_on=max(teller.since, on - timedelta(days=15)),
        rest_continues=part and teller.happens(shape.REST_CONTINUES),
    )
    teller.move(E.CONVERSION_FINAL, on, converted)


_INTO = {
    d.Recommendation.COMMUNITY_SENTENCE: d.ConversionTo.COMMUNITY_SENTENCE,
    d.Recommendation.SUSPENDED_SENTENCE: d.ConversionTo.SUSPENDED_SENTENCE,
}

# --- follow-up: resumption of prosecution ---------------------------------------------------------------------------


def resumption_review(teller: Teller) -> None:
    """Until the prosecution has decided, or the term has run."""
    on = teller.later(shape.REVIEWED)
    if _expires(teller, on):
        return
    resumed = teller.happens(shape.RESUMED_BY_PROSECUTION)
    teller.move(E.PROSECUTION_RESUMED if resumed else E.PROSECUTION_NOT_RESUMED, on)


def term_expired(teller: Teller) -> None:
    """Until the prosecution has decided, or a petition is sent, or the window has closed."""
    on = teller.later(shape.REVIEWED)
    if teller.sanction is Sanction.YOUTH_FOLLOW_UP:
        resumed = teller.happens(shape.RESUMED_BY_PROSECUTION)
        teller.move(E.PROSECUTION_RESUMED if resumed else E.PROSECUTION_NOT_RESUMED, on)
    elif teller.once("petition after the term") and teller.happens(shape.PETITION_AFTER_TERM):
        petition(teller, on, d.Recommendation.SERVE_PRISON, d.BreachAuthority.CORRECTIONAL_SERVICE)
    else:
        done = teller.happens(shape.WINDOW_COMPLETED)
        outcome = d.WindowOutcome.COMPLETED if done else d.WindowOutcome.BREACH_CLOSED
        closes = after(term.end_of(teller), Length(months=3)) + timedelta(days=7)
        teller.move(E.WINDOW_CLOSED, max(teller.since, working(closes)), d.WindowClosed(outcome=outcome))


# --- new offence and interruption -----------------------------------------------------------------------------------


def new_offence(teller: Teller, on: date) -> None:
    """A new offence in the term: the prosecution interrupts, or the case goes on until the new one is decided."""
    charged = working(on + timedelta(days=teller.chance.days(shape.CHARGED_ANEW)))
    new = d.NewOffenceRecorded(offence_on=on, charged_on=charged)
    teller.plan_fact(Entry(E.NEW_OFFENCE_RECORDED, charged, new, states=tracks.WITH_THE_OFFICE), prompt=True)
    if teller.happens(shape.INTERRUPTED_ON_CHARGE):
        why = d.InterruptionReason.CHARGED_WITH_NEW_OFFENCE
        stop = d.Interrupted(reason=why, decided_by=d.InterruptedBy.PROSECUTION)
        teller.move(E.INTERRUPTED, working(charged + timedelta(days=3)), stop, Actor.PROSECUTION)
    else:
        _decided(teller, teller.later(shape.OFFENCE_CASE, 1, charged))


def _decided(teller: Teller, on: date) -> None:
    """How the new case ended."""
    said = teller.chance.pick(shape.OFFENCE_LEADS_TO)
    if on >= term.end_of(teller) and teller.state is State.EXECUTING:
        term.complete(teller)
    elif said == "joint":
        closed = d.ClosedAfterNewOffence(decision=d.NewDecision.JOINT_SENTENCE, decided_on=on)
        teller.move(E.CLOSED_AFTER_NEW_OFFENCE, on, closed, Actor.COURT)
    elif teller.state is State.INTERRUPTED:
        dropped = said == "dropped"
        why = d.ResumptionReason.NEW_CASE_DROPPED if dropped else d.ResumptionReason.SEPARATE_SENTENCE
        teller.move(E.RESUMED, on, d.Resumed(reason=why))
    else:
        term.complete(teller)


def interrupted(teller: Teller) -> None:
    """Until it goes on or is closed, by the reason it was interrupted for."""
    stop = teller.case.last(E.INTERRUPTED)
    reason = stop.details.reason if stop and isinstance(stop.details, d.Interrupted) else None
    if reason is d.InterruptionReason.CHARGED_WITH_NEW_OFFENCE:
        _decided(teller, teller.later(shape.OFFENCE_CASE))
    elif reason in _OVER:
        _pause_over(teller, reason)
    else:
        _after_breach(teller)


_OVER = (d.InterruptionReason.HEALTH, d.InterruptionReason.WEIGHTY_GROUNDS, d.InterruptionReason.COMPLAINT)


def _pause_over(teller: Teller, reason: d.InterruptionReason | None) -> None:
    on = teller.later(shape.PAUSE)
    if reason is d.InterruptionReason.COMPLAINT:
        about, outcome = d.ComplaintAbout.PLAN_CHANGE, d.ComplaintOutcome.REJECTED
        decided = Entry(E.COMPLAINT_DECIDED, on, d.ComplaintDecided(about=about, outcome=outcome), Actor.SECRETARIAT)
        teller.plan_fact(decided, prompt=True)
    teller.move(E.RESUMED, on, d.Resumed(reason=d.ResumptionReason.CAUSE_GONE))


def _after_breach(teller: Teller) -> None:
    on = teller.later(shape.ACT_ON_BREACH)
    said = teller.chance.pick(shape.INTERRUPTION_LEADS_TO[teller.sanction])
    if said == "prosecuted":
        teller.move(E.PROSECUTION_RESUMED, teller.later(shape.REVIEWED))
    elif said == "resumed" or (said == "replan" and not teller.case.plan_made) or teller.case.new_breach is None:
        teller.move(E.RESUMED, on, d.Resumed(reason=d.ResumptionReason.CAUSE_GONE))
    else:
        _ACTS[said](teller, on)
