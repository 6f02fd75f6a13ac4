"""The public keys of an issuer: fetched when needed, cached for a day, and longer while the issuer is unavailable."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import anyio
from joserfc.jwk import ECKey, RSAKey

from ungdom.api.http.auth.principal import BadToken, KeysUnavailable
from ungdom.observability.logger import EventLogger

log = EventLogger("ungdom.access")

PublicKey = RSAKey | ECKey
KeySet = Mapping[str, PublicKey]
"""Keys by their id (`kid`)."""

MAX_KEY_AGE = timedelta(hours=24)
"""As long keys are used without asking again."""

MIN_FETCH_INTERVAL = timedelta(seconds=60)
"""An issuer is asked no more often than this, however many unknown keys are named."""

RETRY_INTERVAL = timedelta(seconds=10)
"""The same while it does not answer."""


class NotFetched(Exception):
    """The keys could not be fetched. `reason`: for the log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class IssuerKeys(Protocol):
    """Where the keys of an issuer are looked up."""

    async def find(self, kid: str, now: datetime) -> PublicKey:
        """The key with this id. Raises `BadToken` where there is none, `KeysUnavailable` where that is not known."""

    def version(self, now: datetime) -> int | None:
        """Changes when a key does; None when the keys have to be looked at again."""


class FixedKeys:
    """Keys that stand in a file or are made here."""

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys

    @property
    def ids(self) -> frozenset[str]:
        """The ids of the keys."""
        return frozenset(self._keys)

    async def find(self, kid: str, now: datetime) -> PublicKey:  # noqa: ARG002 - as `IssuerKeys` has it
        """The key of this id. Raises `BadToken`."""
        return _key_of(self._keys, kid)

    def version(self, now: datetime) -> int | None:  # noqa: ARG002 - as `IssuerKeys` has it
        """Always the same."""
        return 0


@dataclass(frozen=True, slots=True)
class _KeySnapshot:
    keys: KeySet
    fetched_at: datetime
    version: int


class FetchedKeys:
    """Keys that an issuer publishes. Concurrent callers share one fetch.

    `longest`: how long cached keys are used while the issuer is unavailable.
    """

    def __init__(self, issuer: str, fetch: Callable[[], Awaitable[KeySet]], longest: timedelta) -> None:
        self._issuer, self._fetch, self._longest = issuer, fetch, longest
        self._lock = anyio.Lock()
        self._known: _KeySnapshot | None = None
        self._tried_at: datetime | None = None
        self._failed = False

    async def find(self, kid: str, now: datetime) -> PublicKey:
        """The key with this id, fetched first where it is unknown or a day old. Raises the errors of `IssuerKeys`."""
        if self._should_fetch(kid, now):
            async with self._lock:
                if self._should_fetch(kid, now):
                    await self._refresh(now)
        snapshot = self._known
        if (
            snapshot is None
            or _distance(now, snapshot.fetched_at) > self._longest
            or (kid not in snapshot.keys and self._failed)
        ):
            raise KeysUnavailable(int(RETRY_INTERVAL.total_seconds()))
        return _key_of(snapshot.keys, kid)

    async def fault(self) -> str | None:
        """Why the keys cannot be fetched now; None if they can be. Nothing is remembered of it."""
        try:
            await self._fetch()
        except NotFetched as error:
            return error.reason
        return None

    def version(self, now: datetime) -> int | None:
        """A number as long as the keys are fresh."""
        return self._known.version if self._known and not self._is_stale(now) else None

    def _should_fetch(self, kid: str, now: datetime) -> bool:
        needed = self._known is None or kid not in self._known.keys or self._is_stale(now)
        pause = RETRY_INTERVAL if self._failed else MIN_FETCH_INTERVAL
        return needed and (self._tried_at is None or _distance(now, self._tried_at) >= pause)

    def _is_stale(self, now: datetime) -> bool:
        return self._known is None or _distance(now, self._known.fetched_at) >= MAX_KEY_AGE

    async def _refresh(self, now: datetime) -> None:
        self._tried_at, self._failed = now, True
        try:
            keys = await self._fetch()
        except NotFetched as error:
            log.warning("token.keys_not_fetched", issuer=self._issuer, reason=error.reason)
            return
        previous = self._known
        changed = previous is not None and previous.keys != keys
        self._known = _KeySnapshot(keys, now, (previous.version if previous else 0) + changed)
        self._failed = False


def _key_of(keys: KeySet, kid: str) -> PublicKey:
    if kid not in keys:
        raise BadToken("unknown kid")
    return keys[kid]


def _distance(a: datetime, b: datetime) -> timedelta:
    """Also when the clock was set back: keys do not stay fresh until it is there again."""
    return abs(a - b)
