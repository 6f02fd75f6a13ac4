"""The condition that the youth is heard before a step of the office that affects them adversely."""

from ungdom.workflow.case import Case
from ungdom.workflow.derived import right_to_be_heard
from ungdom.workflow.guards.core import ProposedEvent, Violation, condition
from ungdom.workflow.vocabulary import Actor, EventType, Role


@condition(right_to_be_heard.LAW, Actor.COORDINATOR)
def youth_was_heard(case: Case, step: ProposedEvent) -> Violation | None:
    """The youth was heard, or given the opportunity, after the newest ground of the step."""
    if not right_to_be_heard.is_required(case, step.on) or _is_the_prosecutions(step):
        return None
    status = right_to_be_heard.missing_hearing(case, step.type, step.details, step.on)
    return Violation(status.ground.occurred_on if status.ground else None, status.about) if status else None


def _is_the_prosecutions(step: ProposedEvent) -> bool:
    """Whether the prosecution itself takes up the referral: known from the signed-in role if nothing else shows it."""
    own = step.actor is Actor.PROSECUTION if step.actor else step.role is Role.PROSECUTION
    return own and step.type is EventType.REFERRED_FOR_RESUMPTION
