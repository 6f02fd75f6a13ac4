"""From the court's receipt to a final judgment, dispatched and received."""

from datetime import date, timedelta

from ungdom.demo import investigation, shape, terms
from ungdom.demo.chance import working
from ungdom.demo.teller import Ended, Entry, Teller
from ungdom.workflow import details as d
from ungdom.workflow import law
from ungdom.workflow.consents import in_force
from ungdom.workflow.daycount import Length
from ungdom.workflow.guards.decision import appeal_deadline
from ungdom.workflow.vocabulary import Actor, EventType, Party, Regime, Sanction, State

E = EventType
IN_COURT = frozenset({State.IN_COURT})
APPEALED = frozenset({State.APPEALED})


def in_court(teller: Teller) -> None:
    """Until judgment."""
    indicted = teller.case.last(E.INDICTED)
    said = indicted.details if indicted else None
    hearing = _hearing(teller, said.court_received_on if isinstance(said, d.Indicted) else teller.since)
    judged = working(hearing + timedelta(days=teller.chance.days(shape.JUDGED)))
    state = teller.state
    teller.catch_up(judged)
    if teller.state is state:
        _judge(teller, judged)


def _hearing(teller: Teller, arrived: date) -> date:
    scheduled = teller.chance.later(arrived, shape.SCHEDULED)
    hearing = max(teller.chance.later(arrived, shape.HEARING), working(scheduled + timedelta(days=1)))
    _schedule(teller, scheduled, hearing)
    if teller.happens(shape.HEARING_MOVES):
        moved = teller.chance.between(scheduled, hearing)
        hearing = teller.chance.later(hearing, shape.HEARING_MOVED)
        _schedule(teller, moved, hearing)
    if teller.happens(shape.COURT_BUSY):
        investigation.wait(teller, Party.COURT, d.WaitReason.CAPACITY, scheduled, hearing)
    teller.plan_fact(Entry(E.HEARING_STARTED, hearing, states=IN_COURT))
    return hearing


def _schedule(teller: Teller, on: date, hearing: date) -> None:
    teller.plan_fact(Entry(E.HEARING_SCHEDULED, on, d.HearingScheduled(hearing_on=hearing), states=IN_COURT))


def _judge(teller: Teller, on: date) -> None:
    drawn = teller.chance.rng.random()
    if drawn < shape.ACQUITTED:
        _other(teller, on, d.OtherOutcome.ACQUITTED)
    elif drawn < shape.ACQUITTED + shape.OTHER_SENTENCE or _cannot(teller, on):
        _other(
            teller,
            on,
            d.OtherOutcome.PRISON if teller.happens(shape.PRISON_INSTEAD) else d.OtherOutcome.COMMUNITY_SENTENCE,
        )
    elif teller.sanction is Sanction.YOUTH_FOLLOW_UP:
        teller.move(E.FOLLOW_UP_BY_JUDGMENT, on, terms.follow_up_by_judgment(teller.chance, on))
    else:
        teller.move(E.JUDGMENT_GIVEN, on, terms.judgment(teller.chance, on))


def _cannot(teller: Teller, on: date) -> bool:
    """The law of that day has no youth sanction for this case: no follow-up by judgment from R1, consent in R0."""
    r0 = law.REGIME.on(on) is Regime.R0
    if teller.sanction is Sanction.YOUTH_FOLLOW_UP:
        return not r0
    registered = teller.case.events[0].details
    serious = isinstance(registered, d.CaseRegistered) and registered.repeated_or_serious
    return r0 and not (serious and in_force(teller.case)[0])


def _other(teller: Teller, on: date, outcome: d.OtherOutcome) -> None:
    teller.move(E.OTHER_OUTCOME, on, d.OtherOutcomeReached(outcome=outcome), Actor.COURT)


# --- judged and appealed ----------------------------------------------------------------------------------------


def judged(teller: Teller) -> None:
    """Until the judgment is final, appealed, or its interim conditions begin to run."""
    served = _serve(teller)
    if not teller.case.has(E.APPEALED) and teller.happens(shape.APPEAL):
        _appeal(teller, served)
    elif _interim(teller) and not teller.case.has(E.INTERIM_CONDITIONS_STARTED):
        begins = working(teller.since + timedelta(days=teller.chance.rng.randrange(0, 6)))
        teller.move(E.INTERIM_CONDITIONS_STARTED, begins)
    else:
        become_final(teller, served)


def _serve(teller: Teller) -> date:
    if teller.case.served_on is None:
        on = teller.later(shape.SERVED)
        teller.plan_fact(Entry(E.JUDGMENT_SERVED, on), prompt=True)
        teller.catch_up(on)
    if teller.case.served_on is None:
        raise Ended  # not served by today
    return teller.case.served_on


def _interim(teller: Teller) -> bool:
    held = teller.case.sanctioned and teller.case.sanctioned.terms
    return bool(held and held.interim_conditions)


def _appeal(teller: Teller, served: date) -> None:
    by = d.AppealBy.YOUTH if teller.happens(shape.APPEALED_BY_YOUTH) else d.AppealBy.PROSECUTION
    actor = Actor.PARTY if by is d.AppealBy.YOUTH else Actor.PROSECUTION
    last = appeal_deadline(teller.case) or served
    if teller.happens(shape.APPEAL_REINSTATED):
        late = working(last + timedelta(days=teller.chance.rng.randrange(2, 12)))
        excused = d.Appealed(by=by, reinstated=d.ReinstatementReason.NOT_TO_BLAME)
        teller.move(E.APPEALED, late, excused, actor)
        return
    on = max(teller.since, min(last, teller.chance.later(served, shape.APPEALED)))
    teller.move(E.APPEALED, on, d.Appealed(by=by), actor)


def become_final(teller: Teller, served: date) -> None:
    """The judgment becomes final: accepted, or the time for appeal is over, or on the day the prosecution sets."""
    end = appeal_deadline(teller.case) or served
    first = max(teller.since, end + timedelta(days=1))
    if not teller.case.has(E.APPEALED) and teller.happens(shape.ACCEPTED_AT_ONCE):
        on = max(teller.since, working(served + timedelta(days=teller.chance.days(shape.ACCEPTED))))
        teller.move(E.BECAME_FINAL, min(on, first), d.BecameFinal(accepted=True))
    elif teller.happens(shape.SET_BY_PROSECUTION):
        on = first + timedelta(days=teller.chance.days(shape.FINAL_SET))
        teller.move(E.BECAME_FINAL, on, d.BecameFinal(set_by_prosecution=True))
    else:
        teller.move(E.BECAME_FINAL, first, d.BecameFinal())


def appealed(teller: Teller) -> None:
    """Until the appeal is decided."""
    said = teller.chance.pick(shape.APPEAL_OUTCOMES)
    referred = teller.later(shape.APPEAL_REFERRED)
    decided = referred
    if said != "refused":
        heard = teller.chance.later(referred, shape.APPEAL_HEARING)
        decided = working(heard + timedelta(days=teller.chance.days(shape.JUDGED)))
        teller.plan(referred, lambda at: _heard(at, referred, heard))
    teller.move(E.APPEAL_DECIDED, decided, _decision(teller, d.AppealOutcome(said), decided))


def _heard(teller: Teller, referred: date, heard: date) -> None:
    if teller.fact(Entry(E.APPEAL_REFERRED, referred, states=APPEALED), prompt=True):
        teller.plan_fact(Entry(E.APPEAL_HEARING_STARTED, heard, states=APPEALED))


def _decision(teller: Teller, outcome: d.AppealOutcome, on: date) -> d.AppealDecided:
    held = teller.case.sanctioned
    if outcome is not d.AppealOutcome.CHANGED or held is None:
        return d.AppealDecided(outcome=outcome, served_on=on)
    length = Length(years=1) if held.length != Length(years=1) else Length(months=9)
    old = held.terms or d.Terms(length=length, lives_in_norway=True)
    fields = {name: getattr(old, name) for name in d.Terms.__dataclass_fields__}
    return d.AppealDecided(outcome=outcome, served_on=on, terms=d.Terms(**fields | {"length": length, "served_on": on}))


# --- on its way to the konfliktråd ------------------------------------------------------------------------------


def final(teller: Teller) -> None:
    """Until the prosecution has sent it."""
    transferred = teller.case.has(E.TRANSFERRED_TO_FOLLOW_UP)
    if transferred and teller.happens(shape.COMPLAINT_TRANSFER) and _complain(teller):
        return
    if teller.happens(shape.NOT_DISPATCHED_APART):
        receive(teller, _sent(teller))
    else:
        teller.move(E.DISPATCHED, _sent(teller))


def _complain(teller: Teller) -> bool:
    about = d.ComplaintAbout.TRANSFER_TO_FOLLOW_UP
    filed = teller.chance.between(teller.since, teller.since + timedelta(days=20))
    decided = filed + timedelta(days=teller.chance.rng.randrange(8, 40))
    upheld = teller.happens(shape.COMPLAINT_TRANSFER_UPHELD)
    outcome = d.ComplaintOutcome.UPHELD if upheld else d.ComplaintOutcome.REJECTED
    complain(teller, about, (filed, decided), outcome, Actor.PROSECUTION)
    if upheld:
        investigation.set_aside(teller, decided)
    return upheld


def complain(
    teller: Teller, about: d.ComplaintAbout, days: tuple[date, date], outcome: d.ComplaintOutcome, decides: Actor
) -> None:
    """A complaint, filed and decided on these days while the case is open."""
    filed = Entry(E.COMPLAINT_FILED, days[0], d.ComplaintFiled(about=about))
    decided = Entry(E.COMPLAINT_DECIDED, days[1], d.ComplaintDecided(about=about, outcome=outcome), decides)

    def file(at: Teller) -> None:
        if not at.case.is_closed and at.fact(filed, prompt=True):
            at.plan_fact(decided, prompt=True)

    teller.plan(days[0], file)


def _sent(teller: Teller) -> date:
    new = law.REGIME.on(teller.since) is not Regime.R0
    return teller.later(shape.DISPATCH_NEW_LAW if new else shape.DISPATCH, 1.0 if new else teller.pace)


def dispatched(teller: Teller) -> None:
    """Until the konfliktråd has received it."""
    receive(teller, teller.later(shape.RECEIPT, teller.pace))


def receive(teller: Teller, on: date) -> None:
    """Received by the konfliktråd."""
    teller.move(E.RECEIVED, on, d.Received())
