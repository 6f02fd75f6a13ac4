"""Conditions from registration to a final decision: acts, consent, terms, appeal, finality."""

from datetime import date, timedelta

from ungdom.workflow import law
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import Length, after, next_working_day
from ungdom.workflow.case import Case
from ungdom.workflow.derived.consents import current_consents
from ungdom.workflow.guards.core import ProposedEvent, Violation, condition, detail, details_of
from ungdom.workflow.vocabulary import Actor, EventType, Regime, Sanction

E = EventType
FINALITY_IS_COUNTED = "2026-11-30"
"""First version of the table in which no judgment is final before the appeal period, whoever states the date."""


@condition("krl § 13", Actor.POLICE, Actor.COORDINATOR)
def acts_lie_in_the_past(case: Case, step: ProposedEvent) -> Violation | None:
    """The last act is not later than the day on which the case is registered."""
    return None if case.last_offence <= step.on else Violation(case.last_offence, step.on, case.last_offence)


@detail(d.OffenceAdded, "krl § 13", Actor.POLICE, Actor.COORDINATOR)
def added_act_lies_in_the_past(_case: Case, step: ProposedEvent, added: d.OffenceAdded) -> Violation | None:
    """The act is not after the day it is added."""
    last = added.offence.last_day
    return None if last <= step.on else Violation(last, step.on, last)


@condition("strpl § 249, strl §§ 20, 52 a", Actor.POLICE)
def aged_15_to_17_at_an_act(case: Case, _step: ProposedEvent) -> Violation | None:
    """The youth was 15, 16 or 17 at one act at least."""
    if any(case.aged_at(offence) for offence in case.offences):
        return None
    return Violation(case.last_offence, [str(after(case.youth.born, Length(years=15))), str(case.of_age_on)])


@condition("krl § 11; strpl § 71 a", Actor.PARTY, Actor.COORDINATOR)
def youth_consents(case: Case, _step: ProposedEvent) -> Violation | None:
    """The youth has consented, and has not withdrawn the consent."""
    return None if current_consents(case)[0] else Violation(False, True)


@condition("krl § 11; strpl § 71 a; vergemålsloven § 8", Actor.PARTY, Actor.COORDINATOR)
def guardians_consent(case: Case, step: ProposedEvent) -> Violation | None:
    """While the youth is under 18, every guardian has consented."""
    given = current_consents(case)[1]
    if given >= case.guardians_on(step.on):
        return None
    return Violation(given, case.youth.guardians_on(step.on), case.of_age_on)


@detail(d.TransferredToFollowUp, "strpl § 71 a", Actor.PROSECUTION)
def guilt_is_proven(_case: Case, _step: ProposedEvent, transfer: d.TransferredToFollowUp) -> Violation | None:
    """The prosecution holds guilt proven."""
    return None if transfer.guilt_proven else Violation(False, True)


@detail(d.TransferredToFollowUp, "strpl § 71 a; krl § 23", Actor.PROSECUTION)
def follow_up_length_within_law(
    _case: Case, step: ProposedEvent, transfer: d.TransferredToFollowUp
) -> Violation | None:
    """120 days to one year; before September 2024 up to one year."""
    return _within(transfer.length, step.on, law.FOLLOW_UP_MIN.on(step.on), law.FOLLOW_UP_MAX.on(step.on))


@detail(d.FollowUpByJudgment, "former strl § 37 j; krl § 23", Actor.COURT)
def judged_follow_up_length_within_law(
    _case: Case, step: ProposedEvent, judged: d.FollowUpByJudgment
) -> Violation | None:
    """Up to one year."""
    return _within(judged.length, step.on, law.FOLLOW_UP_MIN.on(step.on), law.FOLLOW_UP_MAX.on(step.on))


@detail(d.FollowUpByJudgment, "former strl § 37 j", Actor.COURT)
def condition_of_a_suspended_sentence(
    _case: Case, _step: ProposedEvent, judged: d.FollowUpByJudgment
) -> Violation | None:
    """A court could give it only as a condition of a suspended sentence."""
    return None if judged.suspended_sentence else Violation(False, True)


@detail(d.Indicted, "strpl § 262", Actor.PROSECUTION, Actor.COURT)
def court_received_after_indictment(_case: Case, step: ProposedEvent, indicted: d.Indicted) -> Violation | None:
    """The court did not receive the case before it was sent."""
    got = indicted.court_received_on
    return None if got >= step.on else Violation(got, step.on)


@condition("strl § 52 a first and second paragraph", Actor.COURT, Actor.PROSECUTION)
def acts_before_18(case: Case, step: ProposedEvent) -> Violation | None:
    """Every act between 15 and 18; from R2 a joint sentence may hold later ones that are fewer and less serious."""
    terms = details_of(step, d.JudgmentGiven)
    outside = [offence for offence in case.offences if not case.aged_at(offence)]
    joint = law.REGIME.on(step.on) is Regime.R2 and (terms is None or terms.later_offences_less_serious)
    later = [offence for offence in outside if offence.on >= case.of_age_on]
    if not outside or (joint and later == outside and 2 * len(later) < len(case.offences)):
        return None
    return Violation([str(offence.on) for offence in outside], str(case.of_age_on))


@detail(d.JudgmentGiven, "strl § 52 b a; krl § 23", Actor.COURT)
def sanction_length_within_law(_case: Case, step: ProposedEvent, terms: d.JudgmentGiven) -> Violation | None:
    """120 days (R0: six months) to two years; up to three only if the prison sentence would clearly exceed two."""
    return sanction_length(terms, step.on)


@detail(d.JudgmentGiven, "strl § 52 b b", Actor.COURT)
def subsidiary_prison_is_fixed(_case: Case, _step: ProposedEvent, terms: d.JudgmentGiven) -> Violation | None:
    """The judgment fixes the subsidiary prison."""
    return None if terms.subsidiary_prison else Violation(None, "subsidiary_prison")


@detail(d.JudgmentGiven, "strl § 52 a first paragraph b", Actor.COURT)
def found_a_suitable_reaction(_case: Case, _step: ProposedEvent, terms: d.JudgmentGiven) -> Violation | None:
    """The court found a youth sanction a suitable reaction."""
    return None if terms.suitable_reaction else Violation(terms.suitable_reaction, True)


@detail(d.JudgmentGiven, "strl § 52 a first paragraph c", Actor.COURT)
def lives_in_norway(_case: Case, _step: ProposedEvent, terms: d.JudgmentGiven) -> Violation | None:
    """The youth lives in Norway."""
    return None if terms.lives_in_norway else Violation(terms.lives_in_norway, True)


@condition("former strl § 52 a a", Actor.POLICE, Actor.COURT)
def repeated_or_serious_crime(case: Case, _step: ProposedEvent) -> Violation | None:
    """Until September 2024: repeated or serious crime."""
    registered = case.events[0].details
    holds = isinstance(registered, d.CaseRegistered) and registered.repeated_or_serious
    return None if holds else Violation(False, True)


@detail(d.JudgmentGiven, "strl § 52 b second paragraph", Actor.COURT)
def interim_conditions_allowed(_case: Case, step: ProposedEvent, terms: d.JudgmentGiven) -> Violation | None:
    """Conditions that run until the plan meeting: only from R2."""
    return interim_allowed(terms, step.on)


@detail(d.JudgmentGiven, "strl §§ 33, 52 a fourth paragraph, 52 d", Actor.COURT)
def unconditional_prison_allowed(_case: Case, step: ProposedEvent, terms: d.JudgmentGiven) -> Violation | None:
    """Prison beside the youth sanction: not in R0, at most six months in R1, no separate limit in R2."""
    return prison_allowed(terms, step.on)


@detail(d.Appealed, "strpl §§ 310, 318", Actor.COURT)
def appeal_in_time_or_reinstated(case: Case, step: ProposedEvent, appeal: d.Appealed) -> Violation | None:
    """The appeal comes within two weeks of service, or is admitted later for a stated reason."""
    end = appeal_deadline(case)
    return None if end is None or step.on <= end or appeal.reinstated else Violation(step.on, end)


@detail(d.AppealDecided, "strl § 52 b", Actor.COURT)
def changed_judgment_has_terms(_case: Case, _step: ProposedEvent, decided: d.AppealDecided) -> Violation | None:
    """A changed judgment contains the new terms."""
    missing = decided.outcome is d.AppealOutcome.CHANGED and decided.terms is None
    return Violation(None, "terms") if missing else None


@detail(d.AppealDecided, "strl §§ 52 b, 52 d", Actor.COURT)
def changed_terms_within_law(case: Case, step: ProposedEvent, decided: d.AppealDecided) -> Violation | None:
    """The new terms are within the same limits as the first ones."""
    terms = decided.terms
    if terms is None:
        return None
    if case.has(E.FOLLOW_UP_BY_JUDGMENT):
        return _within(terms.length, step.on, law.FOLLOW_UP_MIN.on(step.on), law.FOLLOW_UP_MAX.on(step.on))
    return sanction_length(terms, step.on) or interim_allowed(terms, step.on) or prison_allowed(terms, step.on)


@detail(d.AppealDecided, "strpl § 345", Actor.COURT)
def terms_only_when_changed(_case: Case, _step: ProposedEvent, decided: d.AppealDecided) -> Violation | None:
    """New terms come only with a changed judgment; otherwise the first terms stand, or fall with the judgment."""
    extra = decided.terms is not None and decided.outcome is not d.AppealOutcome.CHANGED
    return Violation(decided.outcome, d.AppealOutcome.CHANGED) if extra else None


@detail(d.AppealDecided, "strl §§ 52 a, 52 b", Actor.COURT)
def changed_terms_as_judged(case: Case, _step: ProposedEvent, decided: d.AppealDecided) -> Violation | None:
    """The new terms meet the demands on those of a judgment: subsidiary prison, a suitable reaction, residence.

    What the court of appeal does not mention of the last two is as the first court found it.
    """
    terms = decided.terms
    if terms is None or case.sanction is not Sanction.YOUTH_SANCTION:
        return None
    if not terms.subsidiary_prison:
        return Violation(None, "subsidiary_prison")
    denied = next((name for name in ("suitable_reaction", "lives_in_norway") if getattr(terms, name) is False), None)
    return Violation(False, denied) if denied else None


@detail(d.BecameFinal, "strpl §§ 50, 310", Actor.PROSECUTION)
def accepted_or_appeal_time_over(case: Case, step: ProposedEvent, final: d.BecameFinal) -> Violation | None:
    """Every party accepted or gave the appeal up, or the appeal period, counted from service, has ended.

    Where no service is recorded, the prosecution's own date stands from two weeks after the judgment on; before the
    version of 30 November 2026, on any day.
    """
    if law.holds(case.table, FINALITY_IS_COUNTED, None):
        return _final_too_early(case, step, final)
    if final.accepted or final.set_by_prosecution:
        return None
    end = appeal_deadline(case)
    if end is None:
        return Violation(None, "judgment_served")
    return None if step.on > end else Violation(step.on, end + timedelta(days=1), end + timedelta(days=1))


def _final_too_early(case: Case, step: ProposedEvent, final: d.BecameFinal) -> Violation | None:
    judged = case.judgment.occurred_on if case.judgment else None
    if judged and step.on < judged:
        return Violation(step.on, judged)
    if final.accepted or case.appeal_given_up:
        return None
    end = appeal_deadline(case)
    if end is None and final.set_by_prosecution and judged:
        end = next_working_day(after(judged, law.APPEAL.on(judged)))
    if end is None:
        return Violation(None, "judgment_served")
    return None if step.on > end else Violation(step.on, end + timedelta(days=1), end + timedelta(days=1))


def appeal_deadline(case: Case) -> date | None:
    """The last day to appeal: two weeks from service, moved off weekends and holidays; None before service."""
    served = case.served_on
    return next_working_day(after(served, law.APPEAL.on(served))) if served else None


def sanction_length(terms: d.Terms, day: date) -> Violation | None:
    """The violation of the limits of that day by the length of a youth sanction; None without one."""
    highest = law.SANCTION_MAX_GRAVE if terms.prison_would_exceed_two_years else law.SANCTION_MAX
    return _within(terms.length, day, law.SANCTION_MIN.on(day), highest.on(day))


def interim_allowed(terms: d.Terms, day: date) -> Violation | None:
    """The violation by the interim conditions: not available on that day, or without a first day; None without one."""
    regime = law.REGIME.on(day)
    if terms.interim_conditions and regime is not Regime.R2:
        return Violation(regime, Regime.R2, law.DECEMBER_2024)
    missing = terms.interim_conditions and terms.interim_from is None
    return Violation(None, "interim_from") if missing else None


def prison_allowed(terms: d.Terms, day: date) -> Violation | None:
    """The violation of the limits of that day by the prison beside the sanction; None without one."""
    prison, cap = terms.unconditional_prison, law.PRISON_BESIDE_MAX.on(day)
    return Violation(str(prison), str(cap)) if prison and after(day, prison) > after(day, cap) else None


def _within(length: Length, start: date, low: Length, high: Length) -> Violation | None:
    if after(start, low) <= after(start, length) <= after(start, high):
        return None
    return Violation(str(length), [str(low), str(high)])
