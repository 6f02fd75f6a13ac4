"""The request context of a route: viewer, time, language, and read and write transactions."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property, partial
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Request
from starlette.responses import Response

from ungdom import texts
from ungdom.api.http.access import Reader, access_of, digits_of
from ungdom.api.http.authorisation import SAFE_METHODS, NeededScope, RolePredicate, require_role, requires, rule_of
from ungdom.api.http.errors import IdempotencyMismatch, NotASystem, ResponseWithheld
from ungdom.api.http.preconditions import precondition
from ungdom.api.http.replays import NOTHING_WITHHELD, is_withheld, sights_in
from ungdom.api.http.responses import ApiResponse
from ungdom.api.http.service import ServiceCheck
from ungdom.api.http.tokens import ADMIN, DECISIONS, READ, Principal
from ungdom.cases import Precondition, Recorder
from ungdom.intake import IntakeContext, Sender
from ungdom.intake.retry import retry_after_commit
from ungdom.message.text import HeaderText, TagText
from ungdom.retention.journal import ErasureJournal
from ungdom.store import idempotency
from ungdom.store.access_content import AccessEntry
from ungdom.store.access_log import Access, AccessLog
from ungdom.store.access_subjects import KnownSubjects, LoadedCases, subjects_of
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import Stale
from ungdom.store.idempotency import RequestKey, StoredResponse
from ungdom.store.replica import ReadSource
from ungdom.store.session import Connection, Database
from ungdom.workflow import patterns
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.rules.access import AccessPurpose
from ungdom.workflow.rules.permissions import may_read_cases
from ungdom.workflow.vocabulary import Role

SOURCE = "api"

T = TypeVar("T")

SubjectsOf = Callable[[Connection, Collection[str], LoadedCases], tuple[AccessEntry, ...]]
"""How the cases and persons are found that the ids in an answer name."""


class RequestContext:
    """One request: principal, time, language, and its transaction.

    `purpose`: why data are given, where it does not follow from the role: what an emergency access was taken for.
    """

    def __init__(self, request: Request, if_match: str | None, key: str | None, language: str | None) -> None:
        state = request.app.state
        self.db: Database = state.db
        self.figures: ReadSource = state.figures
        self.keys: EncryptionKeys = state.keys
        self.now: datetime = state.clock()
        self.cursor_keys: Sequence[str] = state.cursor_keys
        self.service: ServiceCheck = state.service
        self.public_url: str = state.public_url
        self.erasures: ErasureJournal = state.erasures
        self.principal: Principal = request.state.principal
        self.if_match = if_match
        self.key = key
        self.language = texts.negotiate(language)
        self.access_log: AccessLog = state.access_log
        self._known_subjects: KnownSubjects = state.known_subjects
        self.purpose: AccessPurpose | None = None
        self._request = request
        self._needs_service = True

    @property
    def today(self) -> date:
        """The day in Norway."""
        return oslo_date(self.now)

    @property
    def only_reads(self) -> bool:
        """Whether the method of the request is one that writes nothing."""
        return self._request.method in SAFE_METHODS

    @property
    def recorder(self) -> Recorder:
        """The viewer, and the system through which they record."""
        return Recorder(self.principal.viewer, SOURCE)

    @property
    def expected(self) -> Precondition | None:
        """The versions that `If-Match` names; None without the header. Raises `BadIfMatch`."""
        return precondition(self.if_match)

    @property
    def sender(self) -> Sender:
        """The system that sends. Raises `RoleNotAllowed`, `LacksScope`, or `NotASystem` for a person."""
        self.require(DECISIONS)
        if not self.principal.authorities:
            raise NotASystem
        return Sender(self.principal.source, self.principal.authorities)

    @cached_property
    def intake(self) -> IntakeContext:
        """The context in which pushed messages are processed."""
        return IntakeContext(self.keys, self.now, self.language)

    def read(
        self,
        operation: Callable[[Connection], ApiResponse],
        scope: NeededScope = READ,
        may: RolePredicate = may_read_cases,
        in_service: bool = True,
    ) -> Response:
        """Response from a read transaction. `in_service`: False for what is no case data.

        Whose data it contains is in the access log before it is returned. Raises `RoleNotAllowed`, `LacksScope`,
        `NotInService`, or `Unavailable`.
        """
        self.require(scope, may)
        self._needs_service = in_service
        return self._read_from(operation, self.db)

    def read_figures(
        self, operation: Callable[[Connection], ApiResponse], scope: NeededScope, may: RolePredicate
    ) -> Response:
        """As `read`, from the replica where there is one that is as complete as the primary; otherwise from that.

        The access log is the primary's, as always. Raises what `read` raises.
        """
        self.require(scope, may)
        return self.figures.read(partial(self._read_from, operation))

    def _read_from(self, operation: Callable[[Connection], ApiResponse], db: Database) -> Response:
        with self._in_service(db.reading()) as tx:
            response = self._localised(operation(tx))
            access = self._access(tx, response, self._known_subjects.of)
        return self._logged(response, access)

    def write(
        self,
        operation: Callable[[Connection], ApiResponse],
        commit: bool = True,
        attempts: int = 2,
        in_service: bool = True,
    ) -> Response:
        """Response from a write transaction, committed before it is sent; with an idempotency key it is stored as well.

        Whose data it contains is written to the access log in the same transaction.

        Deferred messages are retried before the response is sent. `commit`: False rolls everything back, and the
        idempotency key is not used. `attempts`: how often in all, where others write at the same time. `in_service`:
        False for what is no case data. Raises the errors of the rule of the route, `NotInService`,
        `IdempotencyMismatch`, `ResponseWithheld`, or `InFlight`.
        """
        self.check_access()
        self._needs_service = in_service
        response = self._retry_when_stale(operation, commit, attempts)
        retry_after_commit(self.db, self.intake, self._request.app.state.clock)
        return response

    def read_before(self, operation: Callable[[Connection], T]) -> T:
        """What takes long and has to be known before `write`, so that it keeps no writer waiting. It is not answered.

        Raises the errors of the rule of the route, `NotInService`, or `Unavailable`.
        """
        self.check_access()
        with self._in_service(self.db.reading()) as tx:
            return operation(tx)

    def try_out(self, operation: Callable[[Connection], ApiResponse], attempts: int) -> Response:
        """The response that `write` would give, with everything that the operation wrote rolled back.

        No idempotency key is used, and nothing is retried afterwards. Raises what `write` raises.
        """
        self.check_access()
        for _ in range(attempts - 1):
            with suppress(Stale):
                return self._rolled_back(operation)
        return self._rolled_back(operation)

    def _rolled_back(self, operation: Callable[[Connection], ApiResponse]) -> Response:
        with self._in_service(self.db.trying()) as tx:
            response = self._localised(operation(tx))
        with self._in_service(self.db.reading()) as tx:
            access = self._access(tx, response)
        return self._logged(response, access)

    def respond(self, response: ApiResponse) -> Response:
        """The response with its language, where no transaction is needed."""
        return self._localised(response).to_http()

    def _retry_when_stale(
        self, operation: Callable[[Connection], ApiResponse], commit: bool, attempts: int
    ) -> Response:
        for _ in range(attempts - 1):
            try:
                return self._run(operation, commit)
            except Stale:  # another transaction was first: the next attempt sees the new version
                continue
        return self._run(operation, commit)

    def _run(self, operation: Callable[[Connection], ApiResponse], commit: bool) -> Response:
        if not commit:
            with self._in_service(self.db.reading()) as tx:
                response = self._localised(operation(tx))
                access = self._access(tx, response)
            return self._logged(response, access)
        with self.access_log.stream() as stream, self._in_service(self.db.writing()) as tx:
            response, replayed = self._run_once(tx, self.key, operation) if self.key else (operation(tx), False)
            response = self._localised(response)
            access = self._access(tx, response)
            if access is not None:
                stream.add(tx, [access])
        self._request.state.access = access
        return response.to_http(replayed=replayed)

    def _run_once(
        self, tx: Connection, key: str, operation: Callable[[Connection], ApiResponse]
    ) -> tuple[ApiResponse, bool]:
        """The response, and whether it is the one stored for an earlier request with this key."""
        viewer, request_key = self.principal.viewer, self._request_key(key)
        idempotency.claim(tx, request_key)
        replayed_response = self._replayed(tx, request_key)
        if replayed_response is not None:
            return replayed_response, True
        response = self._localised(operation(tx))
        body = response.body if response.stored_body is None else response.stored_body
        sights = sights_in(tx, viewer, self._request.url.path, body)
        stored = StoredResponse(self._fingerprint, response.status, response.headers, body, self.now, sights)
        idempotency.store_response(tx, self.keys, request_key, stored)
        return response, False

    def is_repeated(self, tx: Connection) -> bool:
        """Whether this request has a key with which an earlier one was carried out: `write` answers as then."""
        return self.key is not None and self.has_response(tx, self.key)

    def has_response(self, tx: Connection, key: str) -> bool:
        """Whether an earlier request of the caller to this route with this key was carried out."""
        return idempotency.find_response(tx, self.keys, self._request_key(key)) is not None

    def _request_key(self, key: str) -> RequestKey:
        viewer, method, path = self.principal.viewer, self._request.method, self._request.scope["route"].path
        return RequestKey(viewer.subject, viewer.role, viewer.konfliktrad, f"{method} {path}", key)

    def _access(self, tx: Connection, response: ApiResponse, subjects: SubjectsOf = subjects_of) -> Access | None:
        """What is to be written to the access log of this answer."""
        note = response.access
        named = digits_of(self._request.scope, response.body) | {id.hex for id in note.named}
        entries = subjects(tx, named, note.loaded)
        reader = replace(Reader.of(self.principal), purpose=self.purpose)
        return access_of(self._request.scope, reader, self.now, note, entries)

    def _logged(self, response: ApiResponse, access: Access | None) -> Response:
        """The response, once it is in the access log whose data it contains. Raises `Unavailable`.

        Of several readings of one request the last with persons' data stands for its answer.
        """
        if access is not None:
            self.access_log.write(access)
        self._request.state.access = access or getattr(self._request.state, "access", None)
        return response.to_http()

    def _localised(self, response: ApiResponse) -> ApiResponse:
        return replace(response, headers={"Content-Language": self.language, **response.headers})

    def check_access(self) -> None:
        """Returns when the token may use this writing route. Raises what the rule of the route raises."""
        rule = rule_of(self._request.scope["route"].endpoint)
        if rule is None:
            raise LookupError("a route that writes has no access rule")
        rule(self.principal)

    def require(self, scope: NeededScope, may: RolePredicate = may_read_cases) -> None:
        """Returns when the role may do this and the token carries the scope. Raises `RoleNotAllowed`, `LacksScope`."""
        requires(scope, may)(self.principal)

    def require_role(self, may: RolePredicate) -> None:
        """Returns when the role may do this. Raises `RoleNotAllowed`."""
        require_role(self.principal, may)

    def require_admin(self) -> None:
        """Nothing when the token is an administrator's, who sees no case. Raises `RoleNotAllowed` or `LacksScope`."""
        self.require(ADMIN, lambda role: role is Role.ADMIN)

    @contextmanager
    def _in_service(self, transaction: AbstractContextManager[Connection]) -> Iterator[Connection]:
        """The transaction, for a caller who is in service or need not be. Raises `NotInService`.

        Every transaction of a request is opened here, so that no route can leave the check out.
        """
        self._request.state.has_read = True
        with transaction as tx:
            if self._needs_service:
                self.service.require(tx, self.principal.viewer, self.today)
            yield tx

    def _replayed(self, tx: Connection, request_key: RequestKey) -> ApiResponse | None:
        stored = idempotency.find_response(tx, self.keys, request_key)
        if stored is None:
            return None
        if stored.fingerprint != self._fingerprint:
            raise IdempotencyMismatch
        viewer, rule = self.principal.viewer, rule_of(self._request.scope["route"].endpoint)
        if rule not in NOTHING_WITHHELD:
            now = sights_in(tx, viewer, self._request.url.path, stored.body)
            if is_withheld(viewer, stored.sights, now):
                raise ResponseWithheld
        return ApiResponse(stored.status, stored.body, stored.headers)

    @property
    def _fingerprint(self) -> str:
        url = self._request.url
        body: bytes = getattr(self._request.state, "body_hash", b"")
        return f"{self._request.method} {url.path}?{url.query} {body.hex()}"


IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200, pattern=patterns.VISIBLE)]
AcceptLanguage = Annotated[HeaderText | None, Header(alias="Accept-Language")]


async def _read_context(request: Request, accept_language: AcceptLanguage = None) -> RequestContext:
    return RequestContext(request, None, None, accept_language)


async def _write_context(
    request: Request, idempotency_key: IdempotencyKey = None, accept_language: AcceptLanguage = None
) -> RequestContext:
    return RequestContext(request, None, idempotency_key, accept_language)


async def _case_write_context(
    request: Request,
    if_match: Annotated[TagText | None, Header(alias="If-Match")] = None,
    idempotency_key: IdempotencyKey = None,
    accept_language: AcceptLanguage = None,
) -> RequestContext:
    lines = request.headers.getlist("If-Match")  # several lines are one list, RFC 9110 § 5.3
    return RequestContext(request, ", ".join(lines) if if_match is not None else None, idempotency_key, accept_language)


ReadContext = Annotated[RequestContext, Depends(_read_context)]
"""For what writes nothing: `Accept-Language` alone is read."""
WriteContext = Annotated[RequestContext, Depends(_write_context)]
"""For what writes: `Idempotency-Key` as well."""
CaseWriteContext = Annotated[RequestContext, Depends(_case_write_context)]
"""For what writes in a case that is there: `If-Match` as well, without which it is refused (428)."""

MESSAGE_ATTEMPTS = 8
"""How often a message is looked at again when somebody else moves its case at the same moment."""
