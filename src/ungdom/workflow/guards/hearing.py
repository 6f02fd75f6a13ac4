"""The condition that the youth was heard before a step of the office that turns against them."""

from ungdom.workflow import hearing
from ungdom.workflow.case import Case
from ungdom.workflow.guards.core import No, Step, condition
from ungdom.workflow.vocabulary import Actor, EventType, Role


@condition(hearing.LAW, Actor.COORDINATOR)
def youth_was_heard(case: Case, step: Step) -> No | None:
    """The youth was heard, or given the opportunity, after the newest ground of the step."""
    if not hearing.is_asked(case, step.on) or _is_the_prosecutions(step):
        return None
    found = hearing.unheard(case, step.type, step.details, step.on)
    return No(found.ground.occurred_on if found.ground else None, found.about) if found else None


def _is_the_prosecutions(step: Step) -> bool:
    """A referral that the prosecution itself takes up: who is signed in tells it where nothing else does."""
    own = step.actor is Actor.PROSECUTION if step.actor else step.role is Role.PROSECUTION
    return own and step.type is EventType.REFERRED_FOR_RESUMPTION
