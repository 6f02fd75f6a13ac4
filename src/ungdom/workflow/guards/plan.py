"""Conditions from receipt to the plan, and of the facts recorded about plan and team."""

from collections.abc import Set

from ungdom.workflow import details as d
from ungdom.workflow.case import Case
from ungdom.workflow.consents import in_force
from ungdom.workflow.events import Event
from ungdom.workflow.guards.core import No, Step, condition, detail, said
from ungdom.workflow.team import ROLES, present
from ungdom.workflow.vocabulary import PHASE, Actor, EventType, Party, Phase, Regime, Role

E = EventType


@detail(d.Received, "strpl § 455", Actor.COORDINATOR)
def is_not_a_duplicate(_case: Case, step: Step, received: d.Received) -> No | None:
    """No other open case stands on the same person and police case number, or somebody looked and says so."""
    return No("duplicate", "not_a_duplicate") if step.world.duplicate and not received.not_a_duplicate else None


@detail(d.Assigned, "krl § 3", Actor.LEADER)
def coordinator_of_the_office(case: Case, step: Step, assigned: d.Assigned) -> No | None:
    """The coordinator is an active one of the konfliktråd that has the case."""
    return None if step.world.known_coordinator else No(assigned.coordinator, case.konfliktrad)


@condition("frl § 10-4", Actor.LEADER)
def graded_case_is_assigned_by_a_leader(_case: Case, step: Step) -> No | None:
    """Of a youth whose address is protected the leader decides who has the case."""
    allowed = not step.world.graded or step.role is Role.LEADER
    return None if allowed else No(step.role, Role.LEADER)


@detail(d.Assigned, "frl § 10-4", Actor.LEADER)
def coordinator_is_cleared(_case: Case, step: Step, assigned: d.Assigned) -> No | None:
    """Who has the case of a youth whose address is protected is cleared for that."""
    return No(assigned.coordinator, None) if step.world.graded and not step.world.cleared else None


@condition("strl § 52 b second paragraph", Actor.COURT)
def judgment_holds_interim_conditions(case: Case, _step: Step) -> No | None:
    """The judgment in force set conditions that run until the plan meeting."""
    terms = case.sanctioned and case.sanctioned.terms
    return None if terms and terms.interim_conditions else No(None, "interim_conditions")


@condition("strl § 52 b second paragraph", Actor.COURT)
def not_before_the_court_fixed_it(case: Case, step: Step) -> No | None:
    """They run from the time the court fixed, not before."""
    terms = case.sanctioned and case.sanctioned.terms
    fixed = terms and terms.interim_from
    return No(step.on, fixed, fixed) if fixed and step.on < fixed else None


@condition("krl § 22", Actor.COORDINATOR)
def not_recorded_yet(case: Case, step: Step) -> No | None:
    """It happens once."""
    before = case.first(step.type)
    return No(before.occurred_on, None) if before else None


@condition("strpl § 50", Actor.PROSECUTION)
def judgment_is_final(case: Case, _step: Step) -> No | None:
    """The judgment has become final."""
    return None if case.has(E.BECAME_FINAL) else No(False, True)


@condition("strpl § 455", Actor.COORDINATOR)
def case_is_received(case: Case, _step: Step) -> No | None:
    """The konfliktråd has received the case."""
    return None if case.has(E.RECEIVED) else No(False, True)


@condition("strpl § 455", Actor.PROSECUTION)
def case_is_not_received(case: Case, _step: Step) -> No | None:
    """The konfliktråd has not received the case yet: what is there cannot be sent."""
    return No(True, False) if case.has(E.RECEIVED) else None


@detail(d.PlanMeetingHeld, "krl §§ 23, 24", Actor.COORDINATOR)
def youth_was_present(_case: Case, _step: Step, meeting: d.PlanMeetingHeld) -> No | None:
    """The youth was there."""
    return _present(meeting, d.Attendee.YOUTH)


@detail(d.PlanMeetingHeld, "krl § 24; vergemålsloven § 8", Actor.COORDINATOR)
def guardian_was_present(case: Case, step: Step, meeting: d.PlanMeetingHeld) -> No | None:
    """While the youth is under 18 and has a guardian, a guardian was there."""
    return _present(meeting, d.Attendee.GUARDIAN) if case.guardians_on(step.on) else None


@detail(d.PlanMeetingHeld, "krl §§ 24, 26", Actor.COORDINATOR)
def correctional_service_was_present(_case: Case, _step: Step, meeting: d.PlanMeetingHeld) -> No | None:
    """Kriminalomsorgen was there."""
    return _present(meeting, d.Attendee.CORRECTIONAL_SERVICE)


@detail(d.PlanMeetingHeld, "krl §§ 24, 26", Actor.COORDINATOR)
def police_were_present(_case: Case, _step: Step, meeting: d.PlanMeetingHeld) -> No | None:
    """Politiet was there."""
    return _present(meeting, d.Attendee.POLICE)


@condition("krl § 24 as first in force", Actor.COORDINATOR)
def youth_conference_was_held(case: Case, _step: Step) -> No | None:
    """The youth conference (ungdomsstormøte) was held."""
    return None if case.has(E.YOUTH_CONFERENCE_HELD) else No(False, True)


@detail(d.PlanSigned, "krl § 25 as first in force", Actor.PARTY)
def youth_signed(_case: Case, _step: Step, signed: d.PlanSigned) -> No | None:
    """The youth signed the plan."""
    return None if d.By.YOUTH in signed.by else No(list(signed.by), d.By.YOUTH)


@detail(d.PlanSigned, "krl § 25 as first in force; vergemålsloven § 8", Actor.PARTY)
def guardian_signed(case: Case, step: Step, signed: d.PlanSigned) -> No | None:
    """While the youth is under 18 and has a guardian, a guardian signed."""
    missing = case.guardians_on(step.on) and d.By.GUARDIAN not in signed.by
    return No(list(signed.by), d.By.GUARDIAN) if missing else None


@detail(d.PlanFailed, "krl § 25 fourth paragraph", Actor.COORDINATOR)
def failed_plan_has_a_recommendation(_case: Case, _step: Step, failed: d.PlanFailed) -> No | None:
    """The case goes on with a recommendation."""
    return None if failed.recommendation else No(None, "recommendation")


@detail(d.PlanFailed, "krl §§ 25 fourth, 31 third paragraph b and c", Actor.COORDINATOR)
def failed_plan_recommendation_allowed(case: Case, step: Step, failed: d.PlanFailed) -> No | None:
    """That prison be served; from R1 also community or suspended sentence. Never electronic control."""
    allowed = [d.Recommendation.SERVE_PRISON]
    if case.execution_regime(step.on) is not Regime.R0:
        allowed += [d.Recommendation.COMMUNITY_SENTENCE, d.Recommendation.SUSPENDED_SENTENCE]
    fine = failed.recommendation is None or failed.recommendation in allowed
    return None if fine else No(failed.recommendation, [str(one) for one in allowed])


@detail(d.ConsentBy, "krl § 11; vergemålsloven § 8", Actor.PARTY)
def guardian_speaks_only_under_18(case: Case, step: Step, who: d.ConsentBy) -> No | None:
    """From 18 the youth alone decides."""
    late = who.by is d.By.GUARDIAN and not case.under_age(step.on)
    return No(d.By.GUARDIAN, d.By.YOUTH) if late else None


@detail(d.ConsentGiven, "krl § 11; vergemålsloven § 8", Actor.PARTY)
def guardian_consents_only_under_18(case: Case, step: Step, who: d.ConsentGiven) -> No | None:
    """From 18 no guardian consents."""
    late = who.by is d.By.GUARDIAN and not case.under_age(step.on)
    return No(d.By.GUARDIAN, d.By.YOUTH) if late else None


@detail(d.SharingConsentGiven, "krl § 22 c; vergemålsloven § 8", Actor.PARTY)
def guardian_shares_only_under_18(case: Case, step: Step, who: d.SharingConsentGiven) -> No | None:
    """From 18 the youth alone says what may be shared."""
    late = who.by is d.By.GUARDIAN and not case.under_age(step.on)
    return No(d.By.GUARDIAN, d.By.YOUTH) if late else None


@detail(d.SharingConsentWithdrawn, "krl § 22 c; vergemålsloven § 8", Actor.PARTY)
def guardian_withdraws_only_under_18(case: Case, step: Step, who: d.SharingConsentWithdrawn) -> No | None:
    """From 18 the youth alone withdraws."""
    late = who.by is d.By.GUARDIAN and not case.under_age(step.on)
    return No(d.By.GUARDIAN, d.By.YOUTH) if late else None


@condition("krl § 11", Actor.PARTY)
def a_consent_was_given(case: Case, _step: Step) -> No | None:
    """There is a consent to take back."""
    youth, guardians = in_force(case)
    return None if youth or guardians else No(0, 1)


@condition("krl § 22 c", Actor.PARTY)
def a_sharing_consent_was_given(case: Case, _step: Step) -> No | None:
    """There is a consent to share that can be withdrawn."""
    return None if case.has(E.SHARING_CONSENT_GIVEN) else No(False, True)


@condition("strpl § 161 a", Actor.PROSECUTION)
def pum_is_out(case: Case, _step: Step) -> No | None:
    """A person investigation has been ordered and has not come back."""
    out = sum(1 for _ in case.all(E.PUM_ORDERED)) - sum(1 for _ in case.all(E.PUM_RETURNED))
    return None if out > 0 else No(False, True)


@condition("strpl § 325", Actor.COURT)
def appeal_is_referred(case: Case, _step: Step) -> No | None:
    """The appeal has been referred to a hearing."""
    last = case.last(E.APPEALED, E.APPEAL_REFERRED)
    return None if last and last.type is E.APPEAL_REFERRED else No(False, True)


@condition("krl § 25", Actor.COORDINATOR)
def plan_was_made(case: Case, _step: Step) -> No | None:
    """A plan meeting was held, or in R0 a plan signed."""
    return None if case.plan_made else No(False, True)


@condition("krl § 23 third paragraph", Actor.COORDINATOR)
def plan_was_not_made(case: Case, _step: Step) -> No | None:
    """No plan meeting has been held yet."""
    return No(True, False) if case.plan_made else None


@detail(d.PlanChanged, "krl § 25 last paragraph", Actor.COORDINATOR)
def plan_load_not_higher(_case: Case, _step: Step, changed: d.PlanChanged) -> No | None:
    """The coordinator alone may change only to an equal or lower load; more takes a new plan meeting."""
    return No(changed.load, [d.PlanLoad.LOWER, d.PlanLoad.EQUAL]) if changed.load is d.PlanLoad.HIGHER else None


@condition("krl § 26", Actor.COORDINATOR)
def was_a_team_member(case: Case, step: Step) -> No | None:
    """The member had joined the team."""
    left = said(step, d.MemberLeft)
    return _one_of(left.member if left else None, case.team)


@detail(d.MemberJoined, "krl § 26", Actor.COORDINATOR)
def is_not_on_the_team(case: Case, _step: Step, joined: d.MemberJoined) -> No | None:
    """The member is not on the team already: who comes back has left before."""
    return No(joined.member, None) if joined.member in case.team else None


@detail(d.MemberJoined, "office norm", Actor.COORDINATOR)
def role_fits_the_agency(_case: Case, _step: Step, joined: d.MemberJoined) -> No | None:
    """The role is one that somebody of that agency can have."""
    fits = ROLES[joined.agency]
    return None if joined.role in (None, *fits) else No(joined.role, [str(role) for role in fits])


@detail(d.MemberLeft, "krl § 26", Actor.COORDINATOR)
def left_after_joining(case: Case, step: Step, left: d.MemberLeft) -> No | None:
    """Nobody leaves before the day they joined."""
    joined = [one.joined for one in present(case) if one.member == left.member]
    late = [day for day in joined if step.on < day]
    return No(step.on, late[0], late[0]) if late else None


@detail(d.SharingConsentGiven, "krl § 22 c", Actor.PARTY)
def consent_has_not_run_out(_case: Case, step: Step, given: d.SharingConsentGiven) -> No | None:
    """The last day of the consent does not lie before the day it is given."""
    return No(given.until, step.on) if given.until is not None and given.until < step.on else None


@condition("krl § 25", Actor.COORDINATOR)
def measure_was_requested(case: Case, step: Step) -> No | None:
    """The measure answered was asked for."""
    answer = said(step, d.MeasureAnswered)
    asked = {e.details.measure for e in case.all(E.MEASURE_REQUESTED) if isinstance(e.details, d.Measure)}
    return _one_of(answer.measure if answer else None, asked)


@condition("krl § 25", Actor.COORDINATOR)
def measure_was_started(case: Case, step: Step) -> No | None:
    """The measure that ends had started."""
    ended = said(step, d.MeasureEnded)
    started = {e.details.measure for e in case.all(E.MEASURE_STARTED) if isinstance(e.details, d.Measure)}
    return _one_of(ended.measure if ended else None, started)


@detail(d.WaitStarted, "krl § 24 a", Actor.COORDINATOR)
def victim_never_holds_up_the_start(case: Case, step: Step, wait: d.WaitStarted) -> No | None:
    """From R1 on the restorative track runs beside the main one: before the start nobody waits for the victim."""
    before_start = any(PHASE[state] is Phase.PLAN for state in case.states_on(step.on))
    if wait.party is not Party.VICTIM or not before_start:
        return None
    regime = case.execution_regime(step.on)
    return None if regime is Regime.R0 else No(Party.VICTIM, Regime.R0)


@detail(d.WaitStarted, "office norm", Actor.COORDINATOR)
def waits_for_one_party(_case: Case, _step: Step, wait: d.WaitStarted) -> No | None:
    """A wait names one party; `parties` is only the default while an appeal may be filed."""
    return No(Party.PARTIES, "one party") if wait.party is Party.PARTIES else None


@detail(d.WaitEnded, "office norm", Actor.COORDINATOR)
def that_wait_is_open(case: Case, _step: Step, ended: d.WaitEnded) -> No | None:
    """The wait that ends had started."""
    running = [str(event.details.party) for event in open_waits(case) if isinstance(event.details, d.WaitStarted)]
    return None if ended.party is None or ended.party in running else No(ended.party, running)


@condition("office norm", Actor.COORDINATOR)
def a_wait_is_open(case: Case, _step: Step) -> No | None:
    """A wait has started and not ended."""
    return None if open_waits(case) else No(0, 1)


def _one_of(named: str | None, known: Set[str]) -> No | None:
    fits = bool(known) if named is None else named in known
    return None if fits else No(named, sorted(known))


def open_waits(case: Case) -> list[Event]:
    """The waits that have started and not ended."""
    return [started for started, ended in case.waits() if ended is None]


def _present(meeting: d.PlanMeetingHeld, needed: d.Attendee) -> No | None:
    return None if needed in meeting.present else No(list(meeting.present), needed)
