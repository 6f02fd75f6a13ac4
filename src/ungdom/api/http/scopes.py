"""The scopes that figures need, by role."""

from ungdom.api.http.tokens import ADMIN, EXTRACTS, READ
from ungdom.workflow.rules.permissions import may_read_cases
from ungdom.workflow.vocabulary import Role


def figures_scope(role: Role) -> str:
    """The scope that figures need of this role: administrators read no case."""
    return READ if may_read_cases(role) else ADMIN


def published_scope(role: Role) -> str:
    """The scope that published figures need of this role."""
    return EXTRACTS if role is Role.ANALYST else figures_scope(role)
