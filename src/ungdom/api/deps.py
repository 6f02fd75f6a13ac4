"""What every route is handed: who asks, what time it is, and the two ways to the database."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Annotated

from fastapi import Depends, Header, Request
from starlette.responses import Response

from ungdom import texts
from ungdom.api.authorisation import May, NeededScope, needs, needs_role, rule_of
from ungdom.api.errors import IdempotencyMismatch, NotASystem
from ungdom.api.preconditions import precondition
from ungdom.api.tokens import ADMIN, DECISIONS, READ, Principal
from ungdom.casework import Precondition, Who
from ungdom.intake import Desk, Sender
from ungdom.intake.catching_up import go_back
from ungdom.message.text import HeaderText, TagText
from ungdom.store import idempotency
from ungdom.store.errors import Stale
from ungdom.store.idempotency import Remembered, RequestKey
from ungdom.store.sealing import Keys
from ungdom.store.session import Connection, Database
from ungdom.workflow import patterns
from ungdom.workflow.permissions import may_read_cases
from ungdom.workflow.vocabulary import Role

JSON = "application/json"
SOURCE = "api"


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer: status, body, and the headers that belong to it.

    `kept`: what is kept for a repeat instead of the body, where that must not lie in the database.
    """

    status: int
    body: bytes
    headers: dict[str, str]
    kept: bytes | None = None

    def response(self, replayed: bool = False) -> Response:
        """The answer as it goes out."""
        more = {"Idempotency-Replayed": "true"} if replayed else {}
        headers = {"Cache-Control": "no-store", **self.headers, **more}
        return Response(self.body, self.status, headers, JSON if self.body else None)


class Call:
    """One request: who asks, now, in which language, and its transaction."""

    def __init__(self, request: Request, if_match: str | None, key: str | None, language: str | None) -> None:
        state = request.app.state
        self.db: Database = state.db
        self.keys: Keys = state.keys
        self.now: datetime = state.clock()
        self.cursor_key: str = state.cursor_key
        self.public_url: str = state.public_url
        self.principal: Principal = request.state.principal
        self.if_match = if_match
        self.key = key
        self.language = texts.pick(language)
        self._request = request

    @property
    def who(self) -> Who:
        """The viewer, and the system it came through."""
        return Who(self.principal.viewer, SOURCE)

    @property
    def expected(self) -> Precondition | None:
        """The versions that `If-Match` names; None without the header. Raises `BadIfMatch`."""
        return precondition(self.if_match)

    @property
    def sender(self) -> Sender:
        """The system that sends. Raises `RoleNotAllowed`, `LacksScope`, or `NotASystem` for a person."""
        self.needs(DECISIONS)
        if not self.principal.authorities:
            raise NotASystem
        return Sender(self.principal.source, self.principal.authorities)

    @cached_property
    def desk(self) -> Desk:
        """Where messages are taken in."""
        return Desk(self.keys, self.now, self.language)

    def read(
        self, use: Callable[[Connection], Answer], scope: NeededScope = READ, may: May = may_read_cases
    ) -> Response:
        """Answer from a reading transaction. Raises `RoleNotAllowed` or `LacksScope`."""
        self.needs(scope, may)
        with self.db.reading() as tx:
            answer = self._spoken(use(tx))
        return answer.response()

    def write(
        self,
        use: Callable[[Connection], Answer],
        keep: bool = True,
        tries: int = 2,
    ) -> Response:
        """Answer from a writing transaction, committed before the answer leaves; the answer is kept with its effect.

        What messages were passed over meanwhile is tried before the answer leaves. Raises what the rule of the route
        raises, `IdempotencyMismatch`, or the store's `InFlight`.
        """
        self.check_access()
        response = self._asked_again(use, keep, tries)
        go_back(self.db, self.desk, self._request.app.state.clock)
        return response

    def respond(self, answer: Answer) -> Response:
        """The answer with its language, where no transaction is needed."""
        return self._spoken(answer).response()

    def _asked_again(self, use: Callable[[Connection], Answer], keep: bool, tries: int) -> Response:
        for _ in range(tries - 1):
            try:
                return self._written(use, keep)
            except Stale:  # somebody was faster: asked again, the use tells which version there is now and what is new
                continue
        return self._written(use, keep)

    def _written(self, use: Callable[[Connection], Answer], keep: bool) -> Response:
        if not keep:
            with self.db.reading() as tx:
                return self._spoken(use(tx)).response()
        if not self.key:
            with self.db.writing() as tx:
                answer = self._spoken(use(tx))
            return answer.response()
        return self._once(self.key, use)

    def _once(self, key: str, use: Callable[[Connection], Answer]) -> Response:
        asked = self._request_key(key)
        with self.db.writing() as tx:
            idempotency.claim(tx, asked)
            before = self._remembered(tx, asked)
            answer = before or self._spoken(use(tx))
            if before is None:
                idempotency.remember(tx, self.keys, asked, self._kept(answer))
        return answer.response(replayed=before is not None)

    def _spoken(self, answer: Answer) -> Answer:
        return replace(answer, headers={"Content-Language": self.language, **answer.headers})

    def check_access(self) -> None:
        """Returns when the token may use this writing route. Raises what the rule of the route raises."""
        rule = rule_of(self._request.scope["route"].endpoint)
        if rule is None:
            raise LookupError("a route that writes has no access rule")
        rule(self.principal)

    def needs(self, scope: NeededScope, may: May = may_read_cases) -> None:
        """Returns when the role may do this and the token carries the scope. Raises `RoleNotAllowed`, `LacksScope`."""
        needs(scope, may)(self.principal)

    def needs_role(self, may: May) -> None:
        """Returns when the role may do this. Raises `RoleNotAllowed`."""
        needs_role(self.principal, may)

    def may_administer(self) -> None:
        """Nothing when the token is an administrator's, who sees no case. Raises `RoleNotAllowed` or `LacksScope`."""
        self.needs(ADMIN, lambda role: role is Role.ADMIN)

    def _request_key(self, key: str) -> RequestKey:
        """The key with whom it belongs to: who asks, in which role, for which konfliktråd, and by which route."""
        viewer, route = self.principal.viewer, self._request.scope["route"]
        return RequestKey(viewer.subject, viewer.role, viewer.konfliktrad, f"{self._request.method} {route.path}", key)

    def _remembered(self, tx: Connection, asked: RequestKey) -> Answer | None:
        found = idempotency.remembered(tx, self.keys, asked)
        if found is None:
            return None
        if found.fingerprint != self._fingerprint:
            raise IdempotencyMismatch
        return Answer(found.status, found.body, found.headers)

    def _kept(self, answer: Answer) -> Remembered:
        body = answer.body if answer.kept is None else answer.kept
        return Remembered(self._fingerprint, answer.status, answer.headers, body, self.now)

    @property
    def _fingerprint(self) -> str:
        url = self._request.url
        body: bytes = getattr(self._request.state, "body_hash", b"")
        return f"{self._request.method} {url.path}?{url.query} {body.hex()}"


IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200, pattern=patterns.VISIBLE)]
AcceptLanguage = Annotated[HeaderText | None, Header(alias="Accept-Language")]


async def _read(request: Request, accept_language: AcceptLanguage = None) -> Call:
    return Call(request, None, None, accept_language)


async def _write(
    request: Request, idempotency_key: IdempotencyKey = None, accept_language: AcceptLanguage = None
) -> Call:
    return Call(request, None, idempotency_key, accept_language)


async def _case_write(
    request: Request,
    if_match: Annotated[TagText | None, Header(alias="If-Match")] = None,
    idempotency_key: IdempotencyKey = None,
    accept_language: AcceptLanguage = None,
) -> Call:
    lines = request.headers.getlist("If-Match")  # several lines are one list, RFC 9110 § 5.3
    return Call(request, ", ".join(lines) if if_match is not None else None, idempotency_key, accept_language)


ReadCall = Annotated[Call, Depends(_read)]
"""For what writes nothing: `Accept-Language` alone is read."""
WriteCall = Annotated[Call, Depends(_write)]
"""For what writes: `Idempotency-Key` as well."""
CaseWriteCall = Annotated[Call, Depends(_case_write)]
"""For what writes in a case that is there: `If-Match` as well, without which it is refused (428)."""
