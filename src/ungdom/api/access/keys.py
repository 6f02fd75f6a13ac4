"""The public keys of an issuer: fetched when needed, kept a day, and a while longer when it does not answer."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import anyio
from joserfc.jwk import ECKey, RSAKey

from ungdom.api.access.principal import BadToken, KeysUnavailable

log = logging.getLogger("ungdom.access")

PublicKey = RSAKey | ECKey
KeySet = Mapping[str, PublicKey]
"""Keys by their id (`kid`)."""

FRESH = timedelta(hours=24)
"""As long keys are used without asking again."""

BETWEEN_FETCHES = timedelta(seconds=60)
"""An issuer is asked no more often than this, however many unknown keys are named."""

AFTER_FAILURE = timedelta(seconds=10)
"""The same while it does not answer."""


class NotFetched(Exception):
    """The keys could not be fetched. `reason`: for the log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Keys(Protocol):
    """Where the keys of an issuer are looked up."""

    async def find(self, kid: str, now: datetime) -> PublicKey:
        """The key of this id. Raises `BadToken` when there is none, `KeysUnavailable` when nobody knows."""

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

    async def find(self, kid: str, now: datetime) -> PublicKey:  # noqa: ARG002 - as `Keys` has it
        """The key of this id. Raises `BadToken`."""
        return _of(self._keys, kid)

    def version(self, now: datetime) -> int | None:  # noqa: ARG002 - as `Keys` has it
        """Always the same."""
        return 0


@dataclass(frozen=True, slots=True)
class _Known:
    keys: KeySet
    fetched_at: datetime
    version: int


class FetchedKeys:
    """Keys that an issuer publishes. However many ask at once, they share one fetch.

    `longest`: as long keys are used while it does not answer.
    """

    def __init__(self, issuer: str, fetch: Callable[[], Awaitable[KeySet]], longest: timedelta) -> None:
        self._issuer, self._fetch, self._longest = issuer, fetch, longest
        self._lock = anyio.Lock()
        self._known: _Known | None = None
        self._tried_at: datetime | None = None
        self._failed = False

    async def find(self, kid: str, now: datetime) -> PublicKey:
        """The key of this id, fetched first when it is not known or a day old. Raises as `Keys` says."""
        if self._wants(kid, now):
            async with self._lock:
                if self._wants(kid, now):
                    await self._fetched(now)
        known = self._known
        if known is None or _apart(now, known.fetched_at) > self._longest or (kid not in known.keys and self._failed):
            raise KeysUnavailable(int(AFTER_FAILURE.total_seconds()))
        return _of(known.keys, kid)

    def version(self, now: datetime) -> int | None:
        """A number as long as the keys are fresh."""
        return self._known.version if self._known and not self._is_old(now) else None

    def _wants(self, kid: str, now: datetime) -> bool:
        due = self._known is None or kid not in self._known.keys or self._is_old(now)
        return due and self._may_ask(now)

    def _is_old(self, now: datetime) -> bool:
        return self._known is None or _apart(now, self._known.fetched_at) >= FRESH

    def _may_ask(self, now: datetime) -> bool:
        pause = AFTER_FAILURE if self._failed else BETWEEN_FETCHES
        return self._tried_at is None or _apart(now, self._tried_at) >= pause

    async def _fetched(self, now: datetime) -> None:
        self._tried_at, self._failed = now, True
        try:
            keys = await self._fetch()
        except NotFetched as error:
            log.warning("keys of %s not fetched: %s", self._issuer, error.reason)
            return
        before = self._known
        changed = before is not None and before.keys != keys
        self._known = _Known(keys, now, (before.version if before else 0) + changed)
        self._failed = False


def _of(keys: KeySet, kid: str) -> PublicKey:
    if kid not in keys:
        raise BadToken("unknown kid")
    return keys[kid]


def _apart(a: datetime, b: datetime) -> timedelta:
    """Also when the clock was set back: keys do not stay fresh until it is there again."""
    return abs(a - b)
