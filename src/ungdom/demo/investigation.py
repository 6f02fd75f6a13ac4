"""From registration to the decision of prosecution or court that starts all the rest."""

from dataclasses import replace
from datetime import date, timedelta

from ungdom.demo import shape, terms
from ungdom.demo.chance import working
from ungdom.demo.teller import Entry, Teller
from ungdom.workflow import details as d
from ungdom.workflow import law
from ungdom.workflow.consents import in_force
from ungdom.workflow.details import Attendee as At
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


def registered(teller: Teller) -> None:
    """Until there is a suspect."""
    on = teller.later(shape.TO_SUSPECT, teller.pace)
    if teller.happens(shape.DROPPED_EARLY):
        teller.move(E.OTHER_OUTCOME, on, DROPPED)
        return
    if teller.happens(shape.ACT_ADDED):
        _one_more_act(teller, on)
    teller.move(E.SUSPECT_SET, on)


def _one_more_act(teller: Teller, suspected: date) -> None:
    act = teller.case.last_offence - timedelta(days=teller.chance.rng.randrange(1, 12))
    new = d.OffenceAdded(offence=d.Offence(on=act, group=OffenceGroup.PROPERTY_THEFT, statute="strl-321"))
    teller.plan_fact(Entry(E.OFFENCE_ADDED, suspected + timedelta(days=3), new, states=TO_ADD))


def investigation(teller: Teller) -> None:
    """Until the case is reported to the coordination group, or the investigation is closed."""
    if teller.happens(shape.CHARGED):
        teller.plan_fact(Entry(E.CHARGED, teller.later(shape.TO_CHARGED), states=BEFORE_DECISION))
    if teller.happens(shape.PUM[teller.sanction]):
        _person_investigation(teller)
    on = teller.later(shape.INVESTIGATION, teller.pace)
    if teller.happens(shape.DROPPED):
        teller.move(E.OTHER_OUTCOME, on, DROPPED)
    elif teller.happens(shape.ASSESSED[teller.sanction]):
        teller.move(E.COORDINATION_REQUESTED, on)
    else:
        teller.move(E.INVESTIGATION_CLOSED, on)


def _person_investigation(teller: Teller) -> None:
    ordered = teller.later(shape.PUM_ORDERED, teller.pace)
    wished = ordered + timedelta(days=shape.PUM_WISHED_DAYS)
    back = teller.chance.later(ordered, shape.PUM_TAKES)
    done = d.PumReturned(carried_out=not teller.happens(shape.PUM_NOT_DONE))
    teller.plan_fact(Entry(E.PUM_ORDERED, ordered, d.PumOrdered(wished_by=wished), states=BEFORE_DECISION))
    teller.plan(back, lambda at: _came_back(at, Entry(E.PUM_RETURNED, back, done, states=BEFORE_DECISION)))
    if teller.happens(shape.PUM_WAITED_FOR):
        wait(teller, Party.CORRECTIONAL_SERVICE, d.WaitReason.PERSON_INVESTIGATION, ordered, back)


def _came_back(teller: Teller, told: Entry) -> None:
    if teller.case.has(E.PUM_ORDERED):
        teller.fact(told, prompt=True)


def wait(teller: Teller, party: Party, reason: d.WaitReason, since: date, until: date) -> None:
    """A wait for somebody, from one day to another, as long as the case is open."""
    started = Entry(E.WAIT_STARTED, since, d.WaitStarted(party=party, reason=reason))
    ended = Entry(E.WAIT_ENDED, until, d.WaitEnded(party=party))

    def begin(at: Teller) -> None:
        if not at.case.is_closed and at.fact(started, prompt=True):
            at.plan_fact(ended, prompt=True)

    teller.plan(since, begin)


def assessment(teller: Teller) -> None:
    """Until the coordination group has met, and those have consented who have to."""
    met = teller.later(shape.MEETING, teller.pace)
    suitable = not teller.happens(shape.UNSUITABLE)
    agencies = (*GROUP, *(agency for agency, share in shape.GROUP if teller.happens(share)))
    meeting = d.CoordinationMeetingHeld(suitable=suitable, sketch=suitable, agencies=agencies)
    teller.plan_fact(Entry(E.COORDINATION_MEETING_HELD, met, meeting, states=BEFORE_DECISION - {State.INVESTIGATION}))
    if not suitable:
        teller.move(E.OTHER_OUTCOME, teller.later(shape.DECISION, teller.pace, met), _something_else(teller))
        return
    asked = _ask(teller, met)
    over = max(teller.later(shape.ASSESSMENT, teller.pace), met)
    if teller.happens(shape.DECIDED_FROM_ASSESSMENT):
        _decide(teller, max(asked, teller.later(shape.DECISION, teller.pace, met)))
    else:
        teller.move(E.INVESTIGATION_CLOSED, over)


def awaiting_decision(teller: Teller) -> None:
    """Until the prosecution has decided."""
    asked = _ask(teller, teller.since)
    _decide(teller, max(asked, teller.later(shape.DECISION, teller.pace)))


def _something_else(teller: Teller) -> d.OtherOutcomeReached:
    return d.OtherOutcomeReached(outcome=teller.chance.pick(INSTEAD))


# --- consents ---------------------------------------------------------------------------------------------------


def _needed(teller: Teller, on: date) -> bool:
    return teller.sanction is Sanction.YOUTH_FOLLOW_UP or law.REGIME.on(on) is Regime.R0


def _ask(teller: Teller, since: date) -> date:
    """Plan the consents, once; the day after which all have answered."""
    if teller.asked or not _needed(teller, since):
        return teller.asked or since
    on = teller.asked = teller.chance.later(since, shape.CONSENTS, teller.pace)
    if teller.happens(shape.CONSENT_REFUSED):
        teller.plan_fact(Entry(E.CONSENT_REFUSED, on, d.ConsentBy(by=d.By.YOUTH), states=BEFORE_DECISION))
        return on
    teller.plan(on, lambda at: _consent(at, on))
    if teller.happens(shape.CONSENT_REVOKED):
        off = working(on + timedelta(days=5))
        revoked = Entry(E.CONSENT_REVOKED, off, d.ConsentBy(by=d.By.YOUTH), states=BEFORE_DECISION)
        teller.plan(off, lambda at: in_force(at.case)[0] and at.fact(revoked, prompt=True))
    return on


def _consent(teller: Teller, on: date) -> None:
    if teller.state not in BEFORE_DECISION:
        return
    language = teller.chance.pick(shape.LANGUAGES)
    _one_consent(teller, on, d.By.YOUTH, None, language)
    for number in range(1, teller.youth.guardians + 1):
        if teller.case.under_age(on):
            _one_consent(teller, on, d.By.GUARDIAN, f"guardian-{number}", language)
    if teller.happens(shape.SHARING_CONSENT):
        _share(teller, on)


def _one_consent(teller: Teller, on: date, by: d.By, guardian: str | None, language: str) -> None:
    given = d.ConsentGiven(
        by=by,
        guardian=guardian,
        explained_by=teller.coordinator,
        explained_on=on,
        form_version="2024-1" if on >= law.SEPTEMBER_2024 else "2014-1",
        language=language,
        interpreter=language not in ("nb", "nn", "en"),
    )
    teller.fact(Entry(E.CONSENT_GIVEN, on, given), prompt=True)


def _share(teller: Teller, on: date) -> None:
    scope = (
        d.Sharing.PROGRESS,
        d.Sharing.ATTENDANCE,
        *((d.Sharing.PLAN,) if teller.happens(shape.PLAN_SHARED) else ()),
    )
    given = d.SharingConsentGiven(by=d.By.YOUTH, scope=scope, recipients=(At.SCHOOL, At.CHILD_WELFARE))
    if teller.fact(Entry(E.SHARING_CONSENT_GIVEN, on, given), prompt=True) and teller.happens(shape.SHARING_WITHDRAWN):
        off = teller.chance.between(on, on + timedelta(days=300))
        gone = Entry(E.SHARING_CONSENT_WITHDRAWN, off, d.SharingConsentWithdrawn(by=d.By.YOUTH))
        teller.plan(off, lambda at: at.case.is_closed or at.fact(gone))
    for number in range(1, teller.case.guardians_on(on) + 1):
        if teller.happens(shape.GUARDIAN_SHARES):
            theirs = replace(given, by=d.By.GUARDIAN, guardian=f"guardian-{number}")
            teller.fact(Entry(E.SHARING_CONSENT_GIVEN, on, theirs), prompt=True)


# --- the prosecution decides ------------------------------------------------------------------------------------


def _decide(teller: Teller, on: date) -> None:
    state = teller.state
    teller.catch_up(on)
    if teller.state is not state:
        return
    refused = _needed(teller, on) and not in_force(teller.case)[0]
    if refused or teller.happens(shape.OTHER_DECISION):
        teller.move(E.OTHER_OUTCOME, on, _something_else(teller))
    elif teller.sanction is Sanction.YOUTH_FOLLOW_UP and not _to_court(teller, on):
        teller.move(E.TRANSFERRED_TO_FOLLOW_UP, on, terms.transfer(teller.chance, on))
    else:
        arrives = working(on + timedelta(days=teller.chance.days(shape.TO_COURT)))
        teller.move(E.INDICTED, on, d.Indicted(court_received_on=arrives))


def _to_court(teller: Teller, on: date) -> bool:
    return law.REGIME.on(on) is Regime.R0 and teller.happens(shape.COURT_FOLLOW_UP)


def set_aside(teller: Teller, on: date) -> bool:
    """The decision falls: a transfer by complaint, a judgment by being overturned or reopened."""
    if teller.case.has(E.TRANSFERRED_TO_FOLLOW_UP):
        return teller.move(E.DECISION_SET_ASIDE, on, d.DecisionSetAside(reason=d.SetAside.COMPLAINT_UPHELD))
    why = d.SetAside.CASE_REOPENED if teller.happens(shape.CASE_REOPENED) else d.SetAside.JUDGMENT_OVERTURNED
    return teller.move(E.DECISION_SET_ASIDE, on, d.DecisionSetAside(reason=why), Actor.COURT)
