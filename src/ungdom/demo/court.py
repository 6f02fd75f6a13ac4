"""From the court's receipt to a final judgment, dispatched and received."""

from datetime import date, timedelta

from ungdom.demo import investigation, parameters, terms
from ungdom.demo.random_draws import working
from ungdom.demo.simulator import CaseSimulator, DemoEvent, HistoryEnded
from ungdom.workflow import law
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import Length
from ungdom.workflow.derived.consents import current_consents
from ungdom.workflow.guards.decision import appeal_deadline
from ungdom.workflow.vocabulary import Actor, EventType, Party, Regime, Sanction, State

E = EventType
IN_COURT = frozenset({State.IN_COURT})
APPEALED = frozenset({State.APPEALED})


def in_court(simulator: CaseSimulator) -> None:
    """Schedule and hold the main hearing, then give judgment."""
    indicted = simulator.case.last(E.INDICTED)
    details = indicted.details if indicted else None
    hearing = _hearing(simulator, details.court_received_on if isinstance(details, d.Indicted) else simulator.since)
    judged = working(hearing + timedelta(days=simulator.draws.days(parameters.JUDGED)))
    state = simulator.state
    simulator.catch_up(judged)
    if simulator.state is state:
        _judge(simulator, judged)


def _hearing(simulator: CaseSimulator, arrived: date) -> date:
    scheduled = simulator.draws.later(arrived, parameters.SCHEDULED)
    hearing = max(simulator.draws.later(arrived, parameters.HEARING), working(scheduled + timedelta(days=1)))
    _schedule(simulator, scheduled, hearing)
    if simulator.happens(parameters.HEARING_MOVES):
        moved = simulator.draws.between(scheduled, hearing)
        hearing = simulator.draws.later(hearing, parameters.HEARING_MOVED)
        _schedule(simulator, moved, hearing)
    if simulator.happens(parameters.COURT_BUSY):
        investigation.wait(simulator, Party.COURT, d.WaitReason.CAPACITY, scheduled, hearing)
    simulator.plan_fact(DemoEvent(E.HEARING_STARTED, hearing, states=IN_COURT))
    return hearing


def _schedule(simulator: CaseSimulator, on: date, hearing: date) -> None:
    simulator.plan_fact(DemoEvent(E.HEARING_SCHEDULED, on, d.HearingScheduled(hearing_on=hearing), states=IN_COURT))


def _judge(simulator: CaseSimulator, on: date) -> None:
    drawn = simulator.draws.rng.random()
    if drawn < parameters.ACQUITTED:
        _other(simulator, on, d.OtherOutcome.ACQUITTED)
    elif drawn < parameters.ACQUITTED + parameters.OTHER_SENTENCE or _not_available(simulator, on):
        _other(
            simulator,
            on,
            d.OtherOutcome.PRISON
            if simulator.happens(parameters.PRISON_INSTEAD)
            else d.OtherOutcome.COMMUNITY_SENTENCE,
        )
    elif simulator.sanction is Sanction.YOUTH_FOLLOW_UP:
        simulator.move(E.FOLLOW_UP_BY_JUDGMENT, on, terms.follow_up_by_judgment(simulator.draws, on))
    else:
        simulator.move(E.JUDGMENT_GIVEN, on, terms.judgment(simulator.draws, on))


def _not_available(simulator: CaseSimulator, on: date) -> bool:
    """Whether the law of that day excludes the sanction: no follow-up by judgment from R1; consent required in R0."""
    r0 = law.REGIME.on(on) is Regime.R0
    if simulator.sanction is Sanction.YOUTH_FOLLOW_UP:
        return not r0
    registered = simulator.case.events[0].details
    serious = isinstance(registered, d.CaseRegistered) and registered.repeated_or_serious
    return r0 and not (serious and current_consents(simulator.case)[0])


def _other(simulator: CaseSimulator, on: date, outcome: d.OtherOutcome) -> None:
    simulator.move(E.OTHER_OUTCOME, on, d.OtherOutcomeReached(outcome=outcome), Actor.COURT)


# --- judged and appealed ----------------------------------------------------------------------------------------


def judged(simulator: CaseSimulator) -> None:
    """Serve the judgment; then it becomes final, is appealed, or its interim conditions start."""
    served = _serve(simulator)
    terms_in_force = simulator.case.sanction_in_force and simulator.case.sanction_in_force.terms
    if not simulator.case.has(E.APPEALED) and simulator.happens(parameters.APPEAL):
        _appeal(simulator, served)
    elif terms_in_force and terms_in_force.interim_conditions and not simulator.case.has(E.INTERIM_CONDITIONS_STARTED):
        begins = working(simulator.since + timedelta(days=simulator.draws.rng.randrange(0, 6)))
        simulator.move(E.INTERIM_CONDITIONS_STARTED, begins)
    else:
        become_final(simulator, served)


def _serve(simulator: CaseSimulator) -> date:
    if simulator.case.served_on is None:
        on = simulator.later(parameters.SERVED)
        simulator.plan_fact(DemoEvent(E.JUDGMENT_SERVED, on), prompt=True)
        simulator.catch_up(on)
    if simulator.case.served_on is None:
        raise HistoryEnded  # not served by today
    return simulator.case.served_on


def _appeal(simulator: CaseSimulator, served: date) -> None:
    by = d.AppealBy.YOUTH if simulator.happens(parameters.APPEALED_BY_YOUTH) else d.AppealBy.PROSECUTION
    actor = Actor.PARTY if by is d.AppealBy.YOUTH else Actor.PROSECUTION
    last = appeal_deadline(simulator.case) or served
    if simulator.happens(parameters.APPEAL_REINSTATED):
        late = working(last + timedelta(days=simulator.draws.rng.randrange(2, 12)))
        excused = d.Appealed(by=by, reinstated=d.ReinstatementReason.NOT_TO_BLAME)
        simulator.move(E.APPEALED, late, excused, actor)
        return
    on = max(simulator.since, min(last, simulator.draws.later(served, parameters.APPEALED)))
    simulator.move(E.APPEALED, on, d.Appealed(by=by), actor)


def become_final(simulator: CaseSimulator, served: date) -> None:
    """The judgment becomes final: by acceptance, after the appeal period, or on a day set by the prosecution.

    The sentence of a few is executed before that, at their own request.
    """
    end = appeal_deadline(simulator.case) or served
    first = max(simulator.since, end + timedelta(days=1))
    if not simulator.case.has(E.APPEALED) and simulator.happens(parameters.ACCEPTED_AT_ONCE):
        on = max(simulator.since, working(served + timedelta(days=simulator.draws.days(parameters.ACCEPTED))))
        simulator.move(E.BECAME_FINAL, min(on, first), d.BecameFinal(accepted=True))
        return
    drawn = simulator.draws.rng.random()
    if drawn < parameters.SET_BY_PROSECUTION:
        on = first + timedelta(days=simulator.draws.days(parameters.FINAL_SET))
        simulator.move(E.BECAME_FINAL, on, d.BecameFinal(set_by_prosecution=True))
    elif drawn > 1 - parameters.EARLY_EXECUTION and simulator.sanction is Sanction.YOUTH_SANCTION:
        _execute_early(simulator, served, first)
    else:
        simulator.move(E.BECAME_FINAL, first, d.BecameFinal())


def _execute_early(simulator: CaseSimulator, served: date, final: date) -> None:
    """Allow execution before finality; the judgment becomes final as a fact on the day `final`."""
    requested = max(simulator.since, served)
    allowed = simulator.draws.between(requested, final)
    if simulator.move(E.EARLY_EXECUTION_ALLOWED, allowed, d.EarlyExecutionAllowed(requested_on=requested)):
        simulator.plan_fact(DemoEvent(E.BECAME_FINAL, max(allowed, final), d.BecameFinal()), prompt=True)


def appealed(simulator: CaseSimulator) -> None:
    """Refer the appeal to a hearing or refuse it, and record the decision."""
    drawn = simulator.draws.pick(parameters.APPEAL_OUTCOMES)
    referred = simulator.later(parameters.APPEAL_REFERRED)
    decided = referred
    if drawn != "refused":
        heard = simulator.draws.later(referred, parameters.APPEAL_HEARING)
        decided = working(heard + timedelta(days=simulator.draws.days(parameters.JUDGED)))

        def refer(simulator: CaseSimulator) -> None:
            if simulator.fact(DemoEvent(E.APPEAL_REFERRED, referred, states=APPEALED), prompt=True):
                simulator.plan_fact(DemoEvent(E.APPEAL_HEARING_STARTED, heard, states=APPEALED))

        simulator.plan(referred, refer)
    simulator.move(E.APPEAL_DECIDED, decided, _decision(simulator, d.AppealOutcome(drawn), decided))


def _decision(simulator: CaseSimulator, outcome: d.AppealOutcome, on: date) -> d.AppealDecided:
    held = simulator.case.sanction_in_force
    if outcome is not d.AppealOutcome.CHANGED or held is None:
        return d.AppealDecided(outcome=outcome, served_on=on)
    length = Length(years=1) if held.length != Length(years=1) else Length(months=9)
    old = held.terms or d.Terms(length=length, lives_in_norway=True)
    fields = {name: getattr(old, name) for name in d.Terms.__dataclass_fields__}
    return d.AppealDecided(outcome=outcome, served_on=on, terms=d.Terms(**fields | {"length": length, "served_on": on}))


# --- transfer to the konfliktråd ----------------------------------------------------------------------------------


def final(simulator: CaseSimulator) -> None:
    """Send the case to the konfliktråd, unless a complaint sets the transfer aside."""
    transferred = simulator.case.has(E.TRANSFERRED_TO_FOLLOW_UP)
    if transferred and simulator.happens(parameters.COMPLAINT_TRANSFER) and _complain(simulator):
        return
    if simulator.happens(parameters.NOT_DISPATCHED_APART):
        receive(simulator, _sent(simulator))
    else:
        simulator.move(E.DISPATCHED, _sent(simulator))


def _complain(simulator: CaseSimulator) -> bool:
    about = d.ComplaintAbout.TRANSFER_TO_FOLLOW_UP
    filed = simulator.draws.between(simulator.since, simulator.since + timedelta(days=20))
    decided = filed + timedelta(days=simulator.draws.rng.randrange(8, 40))
    upheld = simulator.happens(parameters.COMPLAINT_TRANSFER_UPHELD)
    outcome = d.ComplaintOutcome.UPHELD if upheld else d.ComplaintOutcome.REJECTED
    complain(simulator, about, (filed, decided), outcome, Actor.PROSECUTION)
    if upheld:
        investigation.set_aside(simulator, decided)
    return upheld


def complain(
    simulator: CaseSimulator,
    about: d.ComplaintAbout,
    days: tuple[date, date],
    outcome: d.ComplaintOutcome,
    decides: Actor,
) -> None:
    """File and decide a complaint on these days while the case is open."""
    filed = DemoEvent(E.COMPLAINT_FILED, days[0], d.ComplaintFiled(about=about))
    decided = DemoEvent(E.COMPLAINT_DECIDED, days[1], d.ComplaintDecided(about=about, outcome=outcome), decides)

    def file(simulator: CaseSimulator) -> None:
        if not simulator.case.is_closed and simulator.fact(filed, prompt=True):
            simulator.plan_fact(decided, prompt=True)

    simulator.plan(days[0], file)


def _sent(simulator: CaseSimulator) -> date:
    new = law.REGIME.on(simulator.since) is not Regime.R0
    return simulator.later(parameters.DISPATCH_NEW_LAW if new else parameters.DISPATCH, 1.0 if new else simulator.pace)


def dispatched(simulator: CaseSimulator) -> None:
    """Record the receipt by the konfliktråd."""
    receive(simulator, simulator.later(parameters.RECEIPT, simulator.pace))


def receive(simulator: CaseSimulator, on: date) -> None:
    """Record the receipt by the konfliktråd on that day."""
    simulator.move(E.RECEIVED, on, d.Received())
