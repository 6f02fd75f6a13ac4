"""Conditions of consent to the sanction: not expired on the day of the decision, and informed before it was given."""

from datetime import date

from ungdom.workflow.case import Case
from ungdom.workflow.derived import consents
from ungdom.workflow.derived.consents import ConsentLack
from ungdom.workflow.guards.core import ProposedEvent, Violation, condition
from ungdom.workflow.payloads import By
from ungdom.workflow.vocabulary import Actor


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


def _failing_consents(case: Case, day: date, by: By, why: ConsentLack) -> Violation | None:
    """The violation for failing consents: who gave them (guardians by reference), and the day they must hold."""
    failing = [consent for consent in consents.missing_consents(case, day) if consent.by is by and consent.why is why]
    return Violation([consent.guardian or str(consent.by) for consent in failing], day) if failing else None
