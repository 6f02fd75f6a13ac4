"""The scopes that figures need, by role."""

from ungdom.api.http.tokens import ADMIN, EXTRACTS, READ, STATUS
from ungdom.workflow.rules.permissions import may_read_cases
from ungdom.workflow.vocabulary import Role


def figures_scope(role: Role) -> str:
    """The scope that figures need of this role: administrators read no case."""
    return READ if may_read_cases(role) else ADMIN


def supervision_scope(role: Role) -> str:
    """The scope that what is not about a case needs of this role, for those who watch over the service."""
    return ADMIN if role is Role.ADMIN else STATUS


def published_scope(role: Role) -> str:
    """The scope that published figures need of this role."""
    return EXTRACTS if role is Role.ANALYST else figures_scope(role)
