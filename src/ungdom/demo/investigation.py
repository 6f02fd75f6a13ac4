"""From registration to the decision of the prosecution or the indictment."""

from dataclasses import replace
from datetime import date, timedelta

from ungdom.demo import parameters, terms
from ungdom.demo.random_draws import working
from ungdom.demo.simulator import CaseSimulator, DemoEvent
from ungdom.workflow import law
from ungdom.workflow import payloads as d
from ungdom.workflow.derived.consents import current_consents
from ungdom.workflow.payloads import Attendee as At
from ungdom.workflow.vocabulary import Actor, EventType, OffenceGroup, Party, Regime, Sanction, State

E = EventType
BEFORE_DECISION = frozenset({State.INVESTIGATION, State.ASSESSMENT, State.AWAITING_DECISION, State.IN_COURT})
TO_ADD = frozenset({State.REGISTERED, *BEFORE_DECISION})
GROUP = (At.KONFLIKTRAD, At.POLICE, At.PROSECUTION, At.CORRECTIONAL_SERVICE)
INSTEAD: tuple[tuple[d.OtherOutcome, float], ...] = (
    (d.OtherOutcome.DROPPED, 40),
    (d.OtherOutcome.FINE, 22),
    (d.OtherOutcome.MEDIATION, 20),
    (d.OtherOutcome.SUSPENDED_SENTENCE, 10),
    (d.OtherOutcome.OTHER, 8),
)
DROPPED = d.OtherOutcomeReached(outcome=d.OtherOutcome.DROPPED)


def registered(simulator: CaseSimulator) -> None:
    """Set the suspect, or drop the case early."""
    on = simulator.later(parameters.TO_SUSPECT, simulator.pace)
    if simulator.happens(parameters.DROPPED_EARLY):
        simulator.move(E.OTHER_OUTCOME, on, DROPPED)
        return
    if simulator.happens(parameters.ACT_ADDED):
        act = simulator.case.last_offence - timedelta(days=simulator.draws.rng.randrange(1, 12))
        new = d.OffenceAdded(offence=d.Offence(on=act, group=OffenceGroup.PROPERTY_THEFT, statute="strl-321"))
        simulator.plan_fact(DemoEvent(E.OFFENCE_ADDED, on + timedelta(days=3), new, states=TO_ADD))
    simulator.move(E.SUSPECT_SET, on)


def investigation(simulator: CaseSimulator) -> None:
    """Report the case to the coordination group, close the investigation, or drop the case."""
    if simulator.happens(parameters.CHARGED):
        simulator.plan_fact(DemoEvent(E.CHARGED, simulator.later(parameters.TO_CHARGED), states=BEFORE_DECISION))
    if simulator.happens(parameters.PUM[simulator.sanction]):
        _person_investigation(simulator)
    on = simulator.later(parameters.INVESTIGATION, simulator.pace)
    if simulator.happens(parameters.DROPPED):
        simulator.move(E.OTHER_OUTCOME, on, DROPPED)
    elif simulator.happens(parameters.ASSESSED[simulator.sanction]):
        simulator.move(E.COORDINATION_REQUESTED, on)
    else:
        simulator.move(E.INVESTIGATION_CLOSED, on)


def _person_investigation(simulator: CaseSimulator) -> None:
    ordered = simulator.later(parameters.PUM_ORDERED, simulator.pace)
    wished = ordered + timedelta(days=parameters.PUM_WISHED_DAYS)
    back = simulator.draws.later(ordered, parameters.PUM_TAKES)
    returned = d.PumReturned(carried_out=not simulator.happens(parameters.PUM_NOT_DONE))

    def give_back(simulator: CaseSimulator) -> None:
        if simulator.case.has(E.PUM_ORDERED):
            simulator.fact(DemoEvent(E.PUM_RETURNED, back, returned, states=BEFORE_DECISION), prompt=True)

    simulator.plan_fact(DemoEvent(E.PUM_ORDERED, ordered, d.PumOrdered(wished_by=wished), states=BEFORE_DECISION))
    simulator.plan(back, give_back)
    if simulator.happens(parameters.PUM_WAITED_FOR):
        wait(simulator, Party.CORRECTIONAL_SERVICE, d.WaitReason.PERSON_INVESTIGATION, ordered, back)


def wait(simulator: CaseSimulator, party: Party, reason: d.WaitReason, since: date, until: date) -> None:
    """Record a wait for a party from one day to another, if the case is open."""
    started = DemoEvent(E.WAIT_STARTED, since, d.WaitStarted(party=party, reason=reason))
    ended = DemoEvent(E.WAIT_ENDED, until, d.WaitEnded(party=party))

    def begin(simulator: CaseSimulator) -> None:
        if not simulator.case.is_closed and simulator.fact(started, prompt=True):
            simulator.plan_fact(ended, prompt=True)

    simulator.plan(since, begin)


def assessment(simulator: CaseSimulator) -> None:
    """Hold the meeting of the coordination group and obtain the consents that are required."""
    met = simulator.later(parameters.MEETING, simulator.pace)
    suitable = not simulator.happens(parameters.UNSUITABLE)
    agencies = (*GROUP, *(agency for agency, share in parameters.GROUP if simulator.happens(share)))
    meeting = d.CoordinationMeetingHeld(suitable=suitable, sketch=suitable, agencies=agencies)
    simulator.plan_fact(
        DemoEvent(E.COORDINATION_MEETING_HELD, met, meeting, states=BEFORE_DECISION - {State.INVESTIGATION})
    )
    if not suitable:
        simulator.move(
            E.OTHER_OUTCOME, simulator.later(parameters.DECISION, simulator.pace, met), _other_outcome(simulator)
        )
        return
    answered_on = _plan_consents(simulator, met)
    over = max(simulator.later(parameters.ASSESSMENT, simulator.pace), met)
    if simulator.happens(parameters.DECIDED_FROM_ASSESSMENT):
        _decide(simulator, max(answered_on, simulator.later(parameters.DECISION, simulator.pace, met)))
    else:
        simulator.move(E.INVESTIGATION_CLOSED, over)


def awaiting_decision(simulator: CaseSimulator) -> None:
    """Obtain missing consents, then record the decision of the prosecution."""
    answered_on = _plan_consents(simulator, simulator.since)
    _decide(simulator, max(answered_on, simulator.later(parameters.DECISION, simulator.pace)))


def _other_outcome(simulator: CaseSimulator) -> d.OtherOutcomeReached:
    return d.OtherOutcomeReached(outcome=simulator.draws.pick(INSTEAD))


# --- consents ---------------------------------------------------------------------------------------------------


def _consent_needed(simulator: CaseSimulator, on: date) -> bool:
    return simulator.sanction is Sanction.YOUTH_FOLLOW_UP or law.REGIME.on(on) is Regime.R0


def _plan_consents(simulator: CaseSimulator, since: date) -> date:
    """Plan the consents, once. Returns the day by which everybody has answered."""
    if simulator.consents_answered_on or not _consent_needed(simulator, since):
        return simulator.consents_answered_on or since
    on = simulator.consents_answered_on = simulator.draws.later(since, parameters.CONSENTS, simulator.pace)
    if simulator.happens(parameters.CONSENT_REFUSED):
        simulator.plan_fact(DemoEvent(E.CONSENT_REFUSED, on, d.ConsentBy(by=d.By.YOUTH), states=BEFORE_DECISION))
        return on
    simulator.plan(on, lambda sim: _consent(sim, on))
    if simulator.happens(parameters.CONSENT_REVOKED):
        off = working(on + timedelta(days=5))
        revoked = DemoEvent(E.CONSENT_REVOKED, off, d.ConsentBy(by=d.By.YOUTH), states=BEFORE_DECISION)
        simulator.plan(off, lambda sim: current_consents(sim.case)[0] and sim.fact(revoked, prompt=True))
    return on


def _consent(simulator: CaseSimulator, on: date) -> None:
    if simulator.state not in BEFORE_DECISION:
        return
    language = simulator.draws.pick(parameters.LANGUAGES)
    _one_consent(simulator, on, d.By.YOUTH, None, language)
    for number in range(1, simulator.youth.guardians + 1):
        if simulator.case.under_age(on):
            _one_consent(simulator, on, d.By.GUARDIAN, f"g{number}", language)
    if simulator.happens(parameters.SHARING_CONSENT):
        _share(simulator, on)


def _one_consent(simulator: CaseSimulator, on: date, by: d.By, guardian: str | None, language: str) -> None:
    given = d.ConsentGiven(
        by=by,
        guardian=guardian,
        explained_by=simulator.coordinator,
        explained_on=on,
        form_version="2024-1" if on >= law.SEPTEMBER_2024 else "2014-1",
        language=language,
        interpreter=language not in ("nb", "nn", "en"),
    )
    simulator.fact(DemoEvent(E.CONSENT_GIVEN, on, given), prompt=True)


def _share(simulator: CaseSimulator, on: date) -> None:
    scope = (
        d.Sharing.PROGRESS,
        d.Sharing.ATTENDANCE,
        *((d.Sharing.PLAN,) if simulator.happens(parameters.PLAN_SHARED) else ()),
    )
    given = d.SharingConsentGiven(by=d.By.YOUTH, scope=scope, recipients=(At.SCHOOL, At.CHILD_WELFARE))
    if simulator.fact(DemoEvent(E.SHARING_CONSENT_GIVEN, on, given), prompt=True) and simulator.happens(
        parameters.SHARING_WITHDRAWN
    ):
        off = simulator.draws.between(on, on + timedelta(days=300))
        gone = DemoEvent(E.SHARING_CONSENT_WITHDRAWN, off, d.SharingConsentWithdrawn(by=d.By.YOUTH))
        simulator.plan(off, lambda sim: sim.case.is_closed or sim.fact(gone))
    for number in range(1, simulator.case.guardians_on(on) + 1):
        if simulator.happens(parameters.GUARDIAN_SHARES):
            theirs = replace(given, by=d.By.GUARDIAN, guardian=f"g{number}")
            simulator.fact(DemoEvent(E.SHARING_CONSENT_GIVEN, on, theirs), prompt=True)


# --- the prosecution decides ------------------------------------------------------------------------------------


def _decide(simulator: CaseSimulator, on: date) -> None:
    state = simulator.state
    simulator.catch_up(on)
    if simulator.state is not state:
        return
    refused = _consent_needed(simulator, on) and not current_consents(simulator.case)[0]
    r0 = law.REGIME.on(on) is Regime.R0
    if refused or simulator.happens(parameters.OTHER_DECISION):
        simulator.move(E.OTHER_OUTCOME, on, _other_outcome(simulator))
    elif simulator.sanction is Sanction.YOUTH_FOLLOW_UP and not (r0 and simulator.happens(parameters.COURT_FOLLOW_UP)):
        simulator.move(E.TRANSFERRED_TO_FOLLOW_UP, on, terms.transfer(simulator.draws, on))
    else:
        arrives = working(on + timedelta(days=simulator.draws.days(parameters.TO_COURT)))
        simulator.move(E.INDICTED, on, d.Indicted(court_received_on=arrives))


def set_aside(simulator: CaseSimulator, on: date) -> bool:
    """Set the decision aside: a transfer by a complaint, a judgment because it is overturned or reopened."""
    if simulator.case.has(E.TRANSFERRED_TO_FOLLOW_UP):
        return simulator.move(E.DECISION_SET_ASIDE, on, d.DecisionSetAside(reason=d.SetAside.COMPLAINT_UPHELD))
    why = d.SetAside.CASE_REOPENED if simulator.happens(parameters.CASE_REOPENED) else d.SetAside.JUDGMENT_OVERTURNED
    return simulator.move(E.DECISION_SET_ASIDE, on, d.DecisionSetAside(reason=why), Actor.COURT)
