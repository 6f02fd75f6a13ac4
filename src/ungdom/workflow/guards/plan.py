"""Conditions from receipt to the plan, and conditions of the facts recorded about plan and team."""

from collections.abc import Set

from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.derived.consents import current_consents
from ungdom.workflow.derived.team import ROLES, present
from ungdom.workflow.events import Event
from ungdom.workflow.guards.core import ProposedEvent, Violation, condition, detail, details_of
from ungdom.workflow.vocabulary import PHASE, Actor, EventType, Party, Phase, Regime, Role

E = EventType


@detail(d.Received, "strpl § 455", Actor.COORDINATOR)
def is_not_a_duplicate(_case: Case, step: ProposedEvent, received: d.Received) -> Violation | None:
    """No other open case has the same person and police case number, or somebody confirmed that it is no duplicate."""
    return Violation("duplicate", "not_a_duplicate") if step.facts.duplicate and not received.not_a_duplicate else None


@detail(d.Assigned, "krl § 3", Actor.LEADER)
def coordinator_of_the_office(case: Case, step: ProposedEvent, assigned: d.Assigned) -> Violation | None:
    """The coordinator is active in the konfliktråd that has the case."""
    return None if step.facts.known_coordinator else Violation(assigned.coordinator, case.konfliktrad)


@condition("frl § 10-4", Actor.LEADER)
def graded_case_is_assigned_by_a_leader(_case: Case, step: ProposedEvent) -> Violation | None:
    """If the address of the youth is protected, the leader decides who has the case."""
    allowed = not step.facts.address_protected or step.role is Role.LEADER
    return None if allowed else Violation(step.role, Role.LEADER)


@detail(d.Assigned, "frl § 10-4", Actor.LEADER)
def coordinator_is_cleared(_case: Case, step: ProposedEvent, assigned: d.Assigned) -> Violation | None:
    """If the address of the youth is protected, the coordinator of the case is cleared for that."""
    return Violation(assigned.coordinator, None) if step.facts.address_protected and not step.facts.cleared else None


@condition("strl § 52 b second paragraph", Actor.COURT)
def judgment_holds_interim_conditions(case: Case, _step: ProposedEvent) -> Violation | None:
    """The judgment in force set conditions that run until the plan meeting."""
    terms = case.sanction_in_force and case.sanction_in_force.terms
    return None if terms and terms.interim_conditions else Violation(None, "interim_conditions")


@condition("strl § 52 b second paragraph", Actor.COURT)
def not_before_the_court_fixed_it(case: Case, step: ProposedEvent) -> Violation | None:
    """The interim conditions start at the time fixed by the court, not earlier."""
    terms = case.sanction_in_force and case.sanction_in_force.terms
    fixed = terms and terms.interim_from
    return Violation(step.on, fixed, fixed) if fixed and step.on < fixed else None


@condition("krl § 22", Actor.COORDINATOR)
def not_recorded_yet(case: Case, step: ProposedEvent) -> Violation | None:
    """The event is recorded once only."""
    before = case.first(step.type)
    return Violation(before.occurred_on, None) if before else None


@condition("strpl § 50", Actor.PROSECUTION)
def judgment_is_final(case: Case, _step: ProposedEvent) -> Violation | None:
    """The judgment has become final."""
    return None if case.has(E.BECAME_FINAL) else Violation(False, True)


@condition("strpl § 455", Actor.COORDINATOR)
def case_is_received(case: Case, _step: ProposedEvent) -> Violation | None:
    """The konfliktråd has received the case."""
    return None if case.has(E.RECEIVED) else Violation(False, True)


@condition("strpl § 455", Actor.PROSECUTION)
def case_is_not_received(case: Case, _step: ProposedEvent) -> Violation | None:
    """The konfliktråd has not received the case yet: a received case cannot be dispatched."""
    return Violation(True, False) if case.has(E.RECEIVED) else None


@detail(d.PlanMeetingHeld, "krl §§ 23, 24", Actor.COORDINATOR)
def youth_was_present(_case: Case, _step: ProposedEvent, meeting: d.PlanMeetingHeld) -> Violation | None:
    """The youth was present."""
    return _must_be_present(meeting, d.Attendee.YOUTH)


@detail(d.PlanMeetingHeld, "krl § 24; vergemålsloven § 8", Actor.COORDINATOR)
def guardian_was_present(case: Case, step: ProposedEvent, meeting: d.PlanMeetingHeld) -> Violation | None:
    """While the youth is under 18 and has a guardian, a guardian was present."""
    return _must_be_present(meeting, d.Attendee.GUARDIAN) if case.guardians_on(step.on) else None


@detail(d.PlanMeetingHeld, "krl §§ 24, 26", Actor.COORDINATOR)
def correctional_service_was_present(_case: Case, _step: ProposedEvent, meeting: d.PlanMeetingHeld) -> Violation | None:
    """Kriminalomsorgen was present."""
    return _must_be_present(meeting, d.Attendee.CORRECTIONAL_SERVICE)


@detail(d.PlanMeetingHeld, "krl §§ 24, 26", Actor.COORDINATOR)
def police_were_present(_case: Case, _step: ProposedEvent, meeting: d.PlanMeetingHeld) -> Violation | None:
    """Politiet was present."""
    return _must_be_present(meeting, d.Attendee.POLICE)


@condition("krl § 24 as first in force", Actor.COORDINATOR)
def youth_conference_was_held(case: Case, _step: ProposedEvent) -> Violation | None:
    """The youth conference (ungdomsstormøte) was held."""
    return None if case.has(E.YOUTH_CONFERENCE_HELD) else Violation(False, True)


@detail(d.PlanSigned, "krl § 25 as first in force", Actor.PARTY)
def youth_signed(_case: Case, _step: ProposedEvent, signed: d.PlanSigned) -> Violation | None:
    """The youth signed the plan."""
    return None if d.By.YOUTH in signed.by else Violation(list(signed.by), d.By.YOUTH)


@detail(d.PlanSigned, "krl § 25 as first in force; vergemålsloven § 8", Actor.PARTY)
def guardian_signed(case: Case, step: ProposedEvent, signed: d.PlanSigned) -> Violation | None:
    """While the youth is under 18 and has a guardian, a guardian signed."""
    missing = case.guardians_on(step.on) and d.By.GUARDIAN not in signed.by
    return Violation(list(signed.by), d.By.GUARDIAN) if missing else None


@detail(d.PlanFailed, "krl § 25 fourth paragraph", Actor.COORDINATOR)
def failed_plan_has_a_recommendation(_case: Case, _step: ProposedEvent, failed: d.PlanFailed) -> Violation | None:
    """The failed plan is accompanied by a recommendation."""
    return None if failed.recommendation else Violation(None, "recommendation")


@detail(d.PlanFailed, "krl §§ 25 fourth, 31 third paragraph b and c", Actor.COORDINATOR)
def failed_plan_recommendation_allowed(case: Case, step: ProposedEvent, failed: d.PlanFailed) -> Violation | None:
    """Prison is recommended; from R1 also community or suspended sentence. Never electronic control."""
    allowed = [d.Recommendation.SERVE_PRISON]
    if case.execution_regime(step.on) is not Regime.R0:
        allowed += [d.Recommendation.COMMUNITY_SENTENCE, d.Recommendation.SUSPENDED_SENTENCE]
    fine = failed.recommendation is None or failed.recommendation in allowed
    return None if fine else Violation(failed.recommendation, [str(recommendation) for recommendation in allowed])


@detail(d.ConsentBy, "krl § 11; vergemålsloven § 8", Actor.PARTY)
def guardian_speaks_only_under_18(case: Case, step: ProposedEvent, who: d.ConsentBy) -> Violation | None:
    """From 18 the youth alone decides."""
    return _guardian_only_under_18(case, step, who.by)


@detail(d.ConsentGiven, "krl § 11; vergemålsloven § 8", Actor.PARTY)
def guardian_consents_only_under_18(case: Case, step: ProposedEvent, who: d.ConsentGiven) -> Violation | None:
    """From 18 no guardian consents."""
    return _guardian_only_under_18(case, step, who.by)


@detail(d.SharingConsentGiven, "krl § 22 c; vergemålsloven § 8", Actor.PARTY)
def guardian_shares_only_under_18(case: Case, step: ProposedEvent, who: d.SharingConsentGiven) -> Violation | None:
    """From 18 the youth alone decides what may be shared."""
    return _guardian_only_under_18(case, step, who.by)


@detail(d.SharingConsentWithdrawn, "krl § 22 c; vergemålsloven § 8", Actor.PARTY)
def guardian_withdraws_only_under_18(
    case: Case, step: ProposedEvent, who: d.SharingConsentWithdrawn
) -> Violation | None:
    """From 18 the youth alone withdraws."""
    return _guardian_only_under_18(case, step, who.by)


@condition("krl § 11", Actor.PARTY)
def a_consent_was_given(case: Case, _step: ProposedEvent) -> Violation | None:
    """There is a consent that can be withdrawn."""
    youth, guardians = current_consents(case)
    return None if youth or guardians else Violation(0, 1)


@condition("krl § 22 c", Actor.PARTY)
def a_sharing_consent_was_given(case: Case, _step: ProposedEvent) -> Violation | None:
    """There is a consent to share that can be withdrawn."""
    return None if case.has(E.SHARING_CONSENT_GIVEN) else Violation(False, True)


@condition("strpl § 161 a", Actor.PROSECUTION)
def pum_is_out(case: Case, _step: ProposedEvent) -> Violation | None:
    """A person investigation has been ordered and has not been returned."""
    out = sum(1 for _ in case.all(E.PUM_ORDERED)) - sum(1 for _ in case.all(E.PUM_RETURNED))
    return None if out > 0 else Violation(False, True)


@condition("strpl § 325", Actor.COURT)
def appeal_is_referred(case: Case, _step: ProposedEvent) -> Violation | None:
    """The appeal has been referred to a hearing."""
    last = case.last(E.APPEALED, E.APPEAL_REFERRED)
    return None if last and last.type is E.APPEAL_REFERRED else Violation(False, True)


@condition("krl § 25", Actor.COORDINATOR)
def plan_was_made(case: Case, _step: ProposedEvent) -> Violation | None:
    """A plan meeting was held, or in R0 a plan signed."""
    return None if case.plan_made else Violation(False, True)


@condition("krl § 23 third paragraph", Actor.COORDINATOR)
def plan_was_not_made(case: Case, _step: ProposedEvent) -> Violation | None:
    """No plan meeting has been held yet."""
    return Violation(True, False) if case.plan_made else None


@detail(d.PlanChanged, "krl § 25 last paragraph", Actor.COORDINATOR)
def plan_load_not_higher(_case: Case, _step: ProposedEvent, changed: d.PlanChanged) -> Violation | None:
    """The coordinator alone may change only to an equal or lower load; a higher one requires a new plan meeting."""
    return Violation(changed.load, [d.PlanLoad.LOWER, d.PlanLoad.EQUAL]) if changed.load is d.PlanLoad.HIGHER else None


@condition("krl § 26", Actor.COORDINATOR)
def was_a_team_member(case: Case, step: ProposedEvent) -> Violation | None:
    """The member had joined the team."""
    left = details_of(step, d.MemberLeft)
    return _must_be_among(left.member if left else None, case.team)


@detail(d.MemberJoined, "krl § 26", Actor.COORDINATOR)
def is_not_on_the_team(case: Case, _step: ProposedEvent, joined: d.MemberJoined) -> Violation | None:
    """The member is not on the team already; a member who returns has left before."""
    return Violation(joined.member, None) if joined.member in case.team else None


@detail(d.MemberJoined, "office norm", Actor.COORDINATOR)
def role_fits_the_agency(_case: Case, _step: ProposedEvent, joined: d.MemberJoined) -> Violation | None:
    """The role is one that a person of that agency can have."""
    fits = ROLES[joined.agency]
    return None if joined.role in (None, *fits) else Violation(joined.role, [str(role) for role in fits])


@detail(d.MemberLeft, "krl § 26", Actor.COORDINATOR)
def left_after_joining(case: Case, step: ProposedEvent, left: d.MemberLeft) -> Violation | None:
    """Nobody leaves before the day they joined."""
    joined = [member.joined for member in present(case) if member.member == left.member]
    late = [day for day in joined if step.on < day]
    return Violation(step.on, late[0], late[0]) if late else None


@detail(d.SharingConsentGiven, "krl § 22 c", Actor.PARTY)
def consent_has_not_run_out(_case: Case, step: ProposedEvent, given: d.SharingConsentGiven) -> Violation | None:
    """The last day of the consent is not before the day on which it is given."""
    return Violation(given.until, step.on) if given.until is not None and given.until < step.on else None


@condition("krl § 25", Actor.COORDINATOR)
def measure_was_requested(case: Case, step: ProposedEvent) -> Violation | None:
    """The answered measure was requested."""
    answer = details_of(step, d.MeasureAnswered)
    requested = {measure.measure for event, measure in case.payloads(d.Measure) if event.type is E.MEASURE_REQUESTED}
    return _must_be_among(answer.measure if answer else None, requested)


@condition("krl § 25", Actor.COORDINATOR)
def measure_was_started(case: Case, step: ProposedEvent) -> Violation | None:
    """The measure that ends had started."""
    ended = details_of(step, d.MeasureEnded)
    started = {measure.measure for event, measure in case.payloads(d.Measure) if event.type is E.MEASURE_STARTED}
    return _must_be_among(ended.measure if ended else None, started)


@detail(d.WaitStarted, "krl § 24 a", Actor.COORDINATOR)
def victim_never_holds_up_the_start(case: Case, step: ProposedEvent, wait: d.WaitStarted) -> Violation | None:
    """From R1 on the restorative track runs in parallel: before the start there is no wait for the victim."""
    before_start = any(PHASE[state] is Phase.PLAN for state in case.states_on(step.on))
    if wait.party is not Party.VICTIM or not before_start:
        return None
    regime = case.execution_regime(step.on)
    return None if regime is Regime.R0 else Violation(Party.VICTIM, Regime.R0)


@detail(d.WaitStarted, "office norm", Actor.COORDINATOR)
def waits_for_one_party(_case: Case, _step: ProposedEvent, wait: d.WaitStarted) -> Violation | None:
    """A wait names one party; `parties` is only the default during the appeal period."""
    return Violation(Party.PARTIES, "one party") if wait.party is Party.PARTIES else None


@detail(d.WaitEnded, "office norm", Actor.COORDINATOR)
def that_wait_is_open(case: Case, _step: ProposedEvent, ended: d.WaitEnded) -> Violation | None:
    """The wait that ends had started."""
    running = [str(event.details.party) for event in open_waits(case) if isinstance(event.details, d.WaitStarted)]
    return None if ended.party is None or ended.party in running else Violation(ended.party, running)


@condition("office norm", Actor.COORDINATOR)
def a_wait_is_open(case: Case, _step: ProposedEvent) -> Violation | None:
    """A wait has started and not ended."""
    return None if open_waits(case) else Violation(0, 1)


def _guardian_only_under_18(case: Case, step: ProposedEvent, by: d.By) -> Violation | None:
    late = by is d.By.GUARDIAN and not case.under_age(step.on)
    return Violation(d.By.GUARDIAN, d.By.YOUTH) if late else None


def _must_be_among(named: str | None, known: Set[str]) -> Violation | None:
    fits = bool(known) if named is None else named in known
    return None if fits else Violation(named, sorted(known))


def open_waits(case: Case) -> list[Event]:
    """The waits that have started and not ended."""
    return [started for started, ended in case.waits() if ended is None]


def _must_be_present(meeting: d.PlanMeetingHeld, needed: d.Attendee) -> Violation | None:
    return None if needed in meeting.present else Violation(list(meeting.present), needed)
