"""Limits of requests per caller and per address, counted in memory by each process for itself (decision 0048).

A moving window of one minute of the library `limits`. Nothing is shared between processes: with four workers a caller
may reach four times the number. Exempt are health, the files of the documentation, and what is long by itself: batches
of decisions and streams of extracts.
"""

import math
import re
import time
import uuid
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from ipaddress import IPv4Address, ip_address, ip_network
from typing import cast

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ungdom.api.http.problems import problem_response
from ungdom.settings.load import LoadSettings

MOST_KEYS = 20_000
"""Callers and addresses that are remembered at once; the one that was quiet for longest is forgotten first."""

NEVER_COUNTED = ("/health/", "/static/")
"""What is never refused: whoever watches the service asks for it, and it costs next to nothing."""
STREAMS = re.compile(r"/v1/decisions/batch|/v1/extracts/(?!jobs(/|$))[^/]+|/v1/extracts/jobs/[^/]+/files/.+")
"""What is one request and runs for long: counted is only a token that does not hold."""
SEARCHES = frozenset({("POST", "/v1/persons/search"), ("POST", "/search")})
"""Searches for persons, of the interface and of the pages, which have a stricter limit of their own."""
SECRETS = re.compile(r"/(v1/(calendar|surveys)|survey)/.+")
"""Addresses that are secrets: one that leads nowhere is a failed guess."""

SUBJECT, ADDRESS, LOGIN, SEARCH = "subject", "address", "login", "search"
"""The limits; each is also the part of the text that explains its refusal."""

Refusal = Callable[[Scope], Awaitable[Response | None]]
"""The answer to a request that is refused before its body is read; None for any other."""

IPV6_CUSTOMER = 64
"""Bits of an IPv6 address that stand for one caller: who has one address of such a network has all of them."""


class Windows(MemoryStorage):
    """The instants of the requests of each key, in memory. The key that was quiet for longest is dropped first.

    What the library brings starts a thread for each request, keeps every key for good, and follows the clock of the
    machine, which can be set back. Used from the event loop alone.
    """

    STORAGE_SCHEME: list[str] = []  # noqa: RUF012  # as the library declares it: registers no address of a storage

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self._instants: OrderedDict[str, deque[float]] = OrderedDict()

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count this many requests, if no more than `limit` are then in the last `expiry` seconds."""
        instants = self._recent(key, expiry)
        if len(instants) + amount > limit:
            return False
        instants.extend([self._now()] * amount)
        return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:  # noqa: ARG002  # its interface
        """The seconds since the oldest request that counts, as a negative number, and how many count."""
        instants = self._recent(key, expiry)
        return (instants[0] - self._now() if instants else 0.0), len(instants)

    def _recent(self, key: str, expiry: int) -> deque[float]:
        """The instants within the last `expiry` seconds, oldest first."""
        instants = self._instants.setdefault(key, deque())
        self._instants.move_to_end(key)
        if len(self._instants) > MOST_KEYS:
            self._instants.popitem(last=False)
        since = self._now() - expiry
        while instants and instants[0] <= since:
            instants.popleft()
        return instants


class RequestLimits:
    """The limits of one process."""

    def __init__(self, settings: LoadSettings, now: Callable[[], float] = time.monotonic) -> None:
        self._window = MovingWindowRateLimiter(Windows(now))
        self._items = {
            SUBJECT: RateLimitItemPerMinute(settings.subject_limit),
            ADDRESS: RateLimitItemPerMinute(settings.address_limit),
            LOGIN: RateLimitItemPerMinute(settings.login_limit),
            SEARCH: RateLimitItemPerMinute(settings.search_limit),
        }

    def refusal(self, scope: Scope, limit: str, caller: str) -> Response | None:
        """Counts one request of this caller; the answer 429 when it is one too many, otherwise None."""
        item = self._items[limit]
        if self._window.hit(item, limit, caller):
            return None
        reset, _ = self._window.get_window_stats(item, limit, caller)
        seconds = max(1, math.ceil(reset))
        headers = {
            "Retry-After": str(seconds),
            "RateLimit-Policy": f'"{limit}-per-process";q={item.amount};w={item.get_expiry()}',
            "RateLimit": f'"{limit}-per-process";r=0;t={seconds}',
        }
        return problem_response(
            429,
            "too_many_requests",
            language_of_scope(scope),
            trace_id_of(scope),
            None,
            headers,
            limit,
            limit=item.amount,
            seconds=seconds,
        )


class SubjectLimits:
    """Counts the requests of whoever is signed in, before it is asked whether they may use the route."""

    def __init__(self, limits: RequestLimits, then: Refusal) -> None:
        self._limits = limits
        self._then = then

    async def __call__(self, scope: Scope) -> Response | None:
        """The answer to a request that is one too many or may not use its route; None for any other."""
        principal = scope["state"]["principal"]
        if principal is not None and is_counted(scope["path"]):
            caller = f"{principal.source}/{principal.viewer.subject}"
            searches = (scope["method"], scope["path"]) in SEARCHES
            refused = self._limits.refusal(scope, SUBJECT, caller)
            if refused is None and searches:
                refused = self._limits.refusal(scope, SEARCH, caller)
            if refused is not None:
                return refused
        return await self._then(scope)


class AddressLimits:
    """Counts the requests of each address, before the token is looked at, and those without a valid token or secret.

    A valid token is answered also where others behind the same address have failed too often.
    """

    def __init__(self, app: ASGIApp, limits: RequestLimits) -> None:
        self.app = app
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what is one too many, pass on the rest."""
        if scope["type"] != "http" or scope["path"].startswith(NEVER_COUNTED):
            await self.app(scope, receive, send)
            return
        address = address_of(scope)
        refused = self.limits.refusal(scope, ADDRESS, address) if is_counted(scope["path"]) else None
        if refused is not None:
            await refused(scope, receive, send)
            return
        replaced: Response | None = None

        async def send_limited(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and is_failed_login(scope["path"], message["status"]):
                replaced = self.limits.refusal(scope, LOGIN, address)
            if replaced is None:
                await send(message)

        await self.app(scope, receive, send_limited)
        if replaced is not None:
            await replaced(scope, receive, send)


def is_counted(path: str) -> bool:
    """Whether requests for this path count against the limits of caller and address."""
    return not path.startswith(NEVER_COUNTED) and STREAMS.fullmatch(path) is None


def is_failed_login(path: str, status: int) -> bool:
    """Whether this answer refuses a token, or an address that is no secret of anybody."""
    guessed = status == HTTPStatus.NOT_FOUND and SECRETS.fullmatch(path) is not None
    return status == HTTPStatus.UNAUTHORIZED or guessed


def address_of(scope: Scope) -> str:
    """The address that counts as one caller: an IPv4 address, or the network of an IPv6 address."""
    host = (scope.get("client") or ("unknown", 0))[0]
    try:
        address = ip_address(host)
    except ValueError:
        return "unknown"
    if isinstance(address, IPv4Address):
        return host
    mapped = address.ipv4_mapped
    return str(mapped or ip_network((int(address), IPV6_CUSTOMER), strict=False))


def language_of_scope(scope: Scope) -> str | None:
    """What the request says of languages."""
    value = dict(scope["headers"]).get(b"accept-language")
    return value.decode("latin-1") if value is not None else None


def trace_id_of(scope: Scope) -> str:
    """The id of the request; a new one where it has none yet."""
    return cast(str, scope.setdefault("state", {}).setdefault("trace_id", uuid.uuid4().hex))
