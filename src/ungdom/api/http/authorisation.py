"""Who may use a writing route at all, judged by the token before anything of the body is read.

Each route that writes declares its rule with `@guarded`. `AccessMiddleware` looks it up by method and path, so
that a request without the right gets 403 whatever its body is, and the body is not read. What a viewer may do with one
case is decided afterwards, when the case is known.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from re import Pattern
from typing import TypeVar

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Scope

from ungdom.api.http.errors import ApiError, LacksScope, NotASystem
from ungdom.api.http.handlers import response_for
from ungdom.api.http.tokens import DECISIONS, SCOPES, STATUS, Principal
from ungdom.cases.errors import CaseworkError
from ungdom.workflow.errors import WorkflowError
from ungdom.workflow.rules.permissions import (
    RoleNotAllowed,
    may_read_cases,
    may_settle_messages,
    roles_that,
)
from ungdom.workflow.vocabulary import Role

RouteRule = Callable[[Principal], None]
"""Returns when the token may be used for the route. Raises what the refusal is."""

RolePredicate = Callable[[Role], bool]
NeededScope = str | Callable[[Role], str]
"""A scope, or that of each role where it depends on the role."""
Endpoint = TypeVar("Endpoint", bound=Callable[..., object])

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_RULE_ATTRIBUTE = "access_rule"


def requires(scope: NeededScope, may: RolePredicate = may_read_cases) -> RouteRule:
    """The role may do this, and the token carries the scope.

    Raises `RoleNotAllowed` when no token of this role can be used for it, `LacksScope` when another one of it can.
    """
    scope_for: Callable[[Role], str] = scope if callable(scope) else lambda _role: scope

    def is_allowed(role: Role) -> bool:
        return may(role) and scope_for(role) in SCOPES.get(role, ())

    def rule(principal: Principal) -> None:
        require_role(principal, is_allowed)
        required_scope = scope_for(principal.viewer.role)
        if required_scope not in principal.scopes:
            raise LacksScope(required_scope)

    return rule


def require_role(principal: Principal, may: RolePredicate) -> None:
    """Returns when the role may do this. Raises `RoleNotAllowed`, which names the roles that may."""
    if not may(principal.viewer.role):
        raise RoleNotAllowed(roles_that(may))


def may_administer(role: Role) -> bool:
    """Whether the role runs jobs: administrators alone, who alone get the scope."""
    return role is Role.ADMIN


def allows_anybody(_principal: Principal | None) -> None:
    """Needs no token: the address contains a secret."""


def sends_decisions(principal: Principal) -> None:
    """The token is a system's that sends decisions. Raises `RoleNotAllowed`, `LacksScope` or `NotASystem`."""
    requires(DECISIONS)(principal)
    if not principal.authorities:
        raise NotASystem


def retries_messages(principal: Principal) -> None:
    """Allows systems, and roles that settle parked messages. Raises `RoleNotAllowed`, `LacksScope`."""
    requires(STATUS)(principal)
    if not principal.authorities:
        require_role(principal, may_settle_messages)


def guarded(rule: RouteRule) -> Callable[[Endpoint], Endpoint]:
    """Declare the rule of a route; stands between the router's decorator and the function."""

    def declare(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _RULE_ATTRIBUTE, rule)
        return endpoint

    return declare


def rule_of(endpoint: Callable[..., object]) -> RouteRule | None:
    """The rule that was declared for this function; None for one that only reads."""
    rule: RouteRule | None = getattr(endpoint, _RULE_ATTRIBUTE, None)
    return rule


@dataclass(frozen=True, slots=True)
class GuardedRoute:
    """A route that has a rule."""

    methods: frozenset[str]
    path: Pattern[str]
    rule: RouteRule


class RouteAccess:
    """The rules of all routes, found by method and path."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        ours = [route for route in routes if isinstance(route, APIRoute)]
        rules = [(route, rule_of(route.endpoint)) for route in ours]
        self._routes = [
            GuardedRoute(frozenset(route.methods or ()), route.path_regex, rule)
            for route, rule in rules
            if rule is not None
        ]

    def check(self, scope: Scope) -> None:
        """Returns when the token of the request may use its route. Raises what the rule raises."""
        method, path = scope["method"], scope["path"]
        if method in SAFE_METHODS:
            return
        for route in self._routes:
            if method in route.methods and route.path.match(path):
                route.rule(scope["state"]["principal"])
                return

    async def refusal(self, scope: Scope) -> Response | None:
        """The answer to a request whose token may not use its route; None when it may."""
        try:
            self.check(scope)
        except (ApiError, CaseworkError, WorkflowError) as error:
            return await response_for(Request(scope), error)
        return None
