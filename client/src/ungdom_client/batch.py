"""Many decisions at once: in blocks, with progress, and resumed after a broken connection or in another process."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from ungdom_client import models, resources
from ungdom_client.problems import Unavailable

BLOCK = 500
"""Lines of one request. A block that was interrupted is sent again: lines that are stored get the same receipt."""
NOT_NOW = "not_now"
"""The reason of a line that could not be processed now: it is sent again."""
ATTEMPTS, PAUSE = 5, 2.0
"""How often a line is sent that cannot be processed now, and seconds between."""


AnyReceipt = models.ReceiptOut | models.RefusalOut


@dataclass(frozen=True)
class BatchReceipt:
    """The receipt of one message, or why nothing of it was kept. `number`: of the message among all, from 1."""

    number: int
    receipt: AnyReceipt


Progress = Callable[[int], None]
"""Called with the number of messages that have their receipt, after each block."""


class Decisions(resources.Decisions):
    """Decisions of prosecution systems and courts."""

    def push_all(
        self,
        messages: Iterable[models.DecisionIn],
        *,
        skip: int = 0,
        progress: Progress | None = None,
        block: int = BLOCK,
    ) -> Iterator[BatchReceipt]:
        """The receipt of each message, in their order. Can be broken off at any time and gone on with.

        `skip`: so many messages have their receipt already: the `number` of the last one that was seen. Sending one
        again does no harm: a message takes effect once, and its receipt stays the same.
        """
        for numbered in _blocks(messages, skip, block):
            receipts = _receipts(self.push_batch(_lines(numbered)), numbered)
            for _ in range(ATTEMPTS - 1):
                late = [(number, message) for number, message in numbered if _is_late(receipts[number])]
                if not late:
                    break
                time.sleep(PAUSE)
                receipts |= _receipts(self.push_batch(_lines(late)), late)
            yield from (BatchReceipt(number, receipts[number]) for number, _ in numbered)
            if progress is not None:
                progress(numbered[-1][0])


class AsyncDecisions(resources.AsyncDecisions):
    """The same for asyncio."""

    async def push_all(
        self,
        messages: Iterable[models.DecisionIn],
        *,
        skip: int = 0,
        progress: Progress | None = None,
        block: int = BLOCK,
    ) -> AsyncIterator[BatchReceipt]:
        """As `Decisions.push_all`."""
        for numbered in _blocks(messages, skip, block):
            receipts = _receipts(await self.push_batch(_lines(numbered)), numbered)
            for _ in range(ATTEMPTS - 1):
                late = [(number, message) for number, message in numbered if _is_late(receipts[number])]
                if not late:
                    break
                await asyncio.sleep(PAUSE)
                receipts |= _receipts(await self.push_batch(_lines(late)), late)
            for number, _ in numbered:
                yield BatchReceipt(number, receipts[number])
            if progress is not None:
                progress(numbered[-1][0])


Numbered = list[tuple[int, models.DecisionIn]]


def _blocks(messages: Iterable[models.DecisionIn], skip: int, size: int) -> Iterator[Numbered]:
    numbered = islice(enumerate(messages, start=1), skip, None)
    while block := list(islice(numbered, size)):
        yield block


def _lines(numbered: Numbered) -> bytes:
    return b"".join(json.dumps(message, ensure_ascii=False).encode() + b"\n" for _, message in numbered)


def _receipts(answer: bytes, numbered: Numbered) -> dict[int, AnyReceipt]:
    lines = [json.loads(line) for line in answer.splitlines() if line]
    if len(lines) != len(numbered):
        raise Unavailable(200, {"code": "", "detail": f"{len(lines)} receipts for {len(numbered)} messages"})  # type: ignore[typeddict-item]  # no problem of the service
    return {number: receipt for (number, _), receipt in zip(numbered, lines, strict=True)}


def _is_late(receipt: AnyReceipt) -> bool:
    reason = receipt["reason"]
    return reason is not None and reason["code"] == NOT_NOW
