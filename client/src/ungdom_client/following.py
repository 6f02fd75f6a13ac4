"""The change feed, followed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

from ungdom_client import models, resources

EVERY = 5.0
"""Seconds between two questions when there is nothing new."""


class Feed(resources.Feed):
    """What has happened since."""

    def follow(
        self, after: str | None = None, *, newest: bool = False, every: float = EVERY, limit: int = 200
    ) -> Iterator[models.ChangeFeedOut]:
        """Each part of the feed that has items, without end. Handle them, then keep `after` of the part.

        With what was kept last the feed is gone on with: nothing is missed, and nothing comes twice that was handled.
        `newest`: without `after`, only what happens from now on.
        """
        while True:
            part = self.read(after=after, newest=(newest and after is None) or None, limit=limit)
            after = part["after"]
            if part["items"]:
                yield part
            if not part["more"]:
                time.sleep(every)


class AsyncFeed(resources.AsyncFeed):
    """The same for asyncio."""

    async def follow(
        self, after: str | None = None, *, newest: bool = False, every: float = EVERY, limit: int = 200
    ) -> AsyncIterator[models.ChangeFeedOut]:
        """As `Feed.follow`."""
        while True:
            part = await self.read(after=after, newest=(newest and after is None) or None, limit=limit)
            after = part["after"]
            if part["items"]:
                yield part
            if not part["more"]:
                await asyncio.sleep(every)
