"""Conditions of consent to the sanction: by whom, not expired on the day of the decision, and informed before."""

from datetime import date

from ungdom.workflow import law
from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.derived import consents
from ungdom.workflow.derived.consents import ConsentLack
from ungdom.workflow.guards.core import ProposedEvent, Violation, condition, detail
from ungdom.workflow.payloads import By
from ungdom.workflow.vocabulary import Actor, Regime


@condition("krl § 11; strpl § 71 a", Actor.PARTY, Actor.COORDINATOR)
def youth_consent_has_not_run_out(case: Case, step: ProposedEvent) -> Violation | None:
    """The consent of the youth, given for a time, holds on that day."""
    return _failing_consents(case, step.on, By.YOUTH, ConsentLack.EXPIRED)


@condition("krl § 11; strpl § 71 a", Actor.PARTY, Actor.COORDINATOR)
def guardian_consents_have_not_run_out(case: Case, step: ProposedEvent) -> Violation | None:
    """The consents of the guardians, given for a time, hold on that day."""
    return _failing_consents(case, step.on, By.GUARDIAN, ConsentLack.EXPIRED)


@condition("krl § 11 first paragraph", Actor.PARTY, Actor.COORDINATOR)
def youth_was_informed(case: Case, step: ProposedEvent) -> Violation | None:
    """What the youth consented to was explained before the consent was given, not after."""
    return _failing_consents(case, step.on, By.YOUTH, ConsentLack.NOT_INFORMED)


@condition("krl § 11 first paragraph", Actor.PARTY, Actor.COORDINATOR)
def guardians_were_informed(case: Case, step: ProposedEvent) -> Violation | None:
    """What the guardians consented to was explained before the consent was given, not after."""
    return _failing_consents(case, step.on, By.GUARDIAN, ConsentLack.NOT_INFORMED)


@detail(d.ConsentGiven, "krl § 11; vergemålsloven § 8", Actor.COORDINATOR)
def guardian_is_on_record(case: Case, step: ProposedEvent, given: d.ConsentGiven) -> Violation | None:
    """The guardian is one of those on record: g1 for the first. With one on record no name is needed.

    One who came later has the next reference, from the day of the change on; who left keeps theirs.
    A temporary guardian (krl § 11 second paragraph) is not on record. Before 1 September 2024 consents were recorded
    without saying whose they were; such a one counts as that of one more guardian.
    """
    if given.by is not By.GUARDIAN or given.temporary or law.REGIME.on(step.on) is Regime.R0:
        return None
    known = [f"g{n}" for n in range(1, consents.guardians_on_record(case, step.on) + 1)]
    fits = given.guardian in known or (given.guardian is None and len(known) == 1)
    return Violation(given.guardian, known) if known and not fits else None


def _failing_consents(case: Case, day: date, by: By, why: ConsentLack) -> Violation | None:
    """The violation for failing consents: who gave them (guardians by reference), and the day they must hold."""
    failing = [consent for consent in consents.missing_consents(case, day) if consent.by is by and consent.why is why]
    return Violation([consent.guardian or str(consent.by) for consent in failing], day) if failing else None
