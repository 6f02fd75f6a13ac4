"""Many decisions, one a line, of any number: receipts go out while more comes in.

Three things go on beside each other: lines are read, groups of them are taken in a thread, receipts are sent. Taking
never waits for the sender to read: receipts lie in a file until then.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import Annotated, Any

import anyio
from anyio import CancelScope, EndOfStream, WouldBlock, to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from fastapi import APIRouter, Query, Request
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from ungdom.api import inputs as i
from ungdom.api.deps import ReadCall
from ungdom.api.tokens import DECISIONS
from ungdom.intake.stream import GROUP, Door, Line, Splitter, take

router = APIRouter(tags=["decisions"])

NDJSON = "application/x-ndjson"
PAUSE = 0.05
"""Seconds without a new line after which those at hand are taken."""
IN_MEMORY = 1024 * 1024
"""Bytes of receipts that are held in memory; more lie in a file without a name."""
CHUNK = 64 * 1024

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "One `DecisionIn` a line, each ended by a line feed",
        "content": {NDJSON: {"schema": {"$ref": "#/components/schemas/DecisionIn"}}},
    }
}
_RECEIPTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One receipt a line, in the order of the lines; empty lines have none",
        "content": {
            NDJSON: {
                "schema": {
                    "anyOf": [
                        {"$ref": "#/components/schemas/ReceiptOut"},
                        {"$ref": "#/components/schemas/RefusalOut"},
                    ]
                }
            }
        },
    }
}


@router.post(
    "/v1/decisions/batch",
    response_class=StreamingResponse,
    responses=_RECEIPTS,
    openapi_extra=_BODY,
    summary="Send many decisions",
)
async def push_decisions(call: ReadCall, request: Request, _query: Annotated[i.NoQuery, Query()]) -> StreamingResponse:
    """One message a line, any number of them. Sent again, what was taken gets the same receipts and the rest is taken.

    Each line is answered as if it had been sent alone. A line that cannot be read is refused with its number.
    """
    call.needs(DECISIONS)
    door = Door(call.db, call.keys, request.app.state.clock, call.language, call.sender)
    return Receipts(door)


class Receipts(StreamingResponse):
    """The answer to a stream of lines: a receipt each, sent as soon as its group is written."""

    def __init__(self, door: Door) -> None:
        headers = {"Cache-Control": "no-store", "Content-Language": door.language}
        super().__init__((), media_type=NDJSON, headers=headers)
        self.door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read, take and send at once, until all is sent or the client is gone; a group in hand is always finished."""
        coming, lines = anyio.create_memory_object_stream[Line](GROUP)
        with SpooledTemporaryFile(IN_MEMORY) as file:
            spool = Spool(file)
            async with anyio.create_task_group() as together:
                together.start_soon(_read, Request(scope, receive), coming, together.cancel_scope)
                together.start_soon(_take, self.door, lines, spool)
                await self._send(send, spool)
                together.cancel_scope.cancel()

    async def _send(self, send: Send, spool: "Spool") -> None:
        await spool.something()
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for chunk in spool.chunks():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _read(request: Request, coming: MemoryObjectSendStream[Line], gone: CancelScope) -> None:
    """The lines as they arrive. When the client goes away everything ends, and a line it did not finish is none."""
    split = Splitter()
    async with coming:
        try:
            async for chunk in request.stream():
                for line in split.feed(chunk):
                    await coming.send(line)
        except ClientDisconnect:
            gone.cancel()
            return
        for line in split.end():
            await coming.send(line)
    while (await request.receive())["type"] != "http.disconnect":
        pass
    gone.cancel()


async def _take(door: Door, lines: MemoryObjectReceiveStream[Line], spool: "Spool") -> None:
    """Group after group, each in a thread; the next one waits for it."""
    async with lines:
        async for first in lines:
            group = await _gathered(first, lines)
            answers = await to_thread.run_sync(take, door, group)
            spool.put(b"".join(answer.body + b"\n" for answer in answers))
    spool.end()


async def _gathered(first: Line, lines: MemoryObjectReceiveStream[Line]) -> list[Line]:
    """A group that begins with this line: what is at hand, or has come after a pause."""
    group = [first, *_at_hand(lines, GROUP - 1)]
    if len(group) < GROUP:
        await anyio.sleep(PAUSE)
        group += _at_hand(lines, GROUP - len(group))
    return group


def _at_hand(lines: MemoryObjectReceiveStream[Line], most: int) -> Iterator[Line]:
    with suppress(WouldBlock, EndOfStream):
        for _ in range(most):
            yield lines.receive_nowait()


@dataclass(slots=True)
class Spool:
    """Bytes that have been said and not been sent: added at the end, taken from the front, most of them on disk."""

    file: "SpooledTemporaryFile[bytes]"
    said: int = 0
    sent: int = 0
    ended: bool = False
    more: anyio.Event = field(default_factory=anyio.Event)

    def put(self, data: bytes) -> None:
        """Say this as well."""
        self.file.seek(self.said)
        self.said += self.file.write(data)
        self._wake()

    def end(self) -> None:
        """Nothing more will be said."""
        self.ended = True
        self._wake()

    async def something(self) -> None:
        """Wait until there is something to send, or nothing ever will be."""
        while self.said == self.sent and not self.ended:
            await self.more.wait()

    async def chunks(self) -> AsyncIterator[bytes]:
        """All that is said, piece by piece, as it comes."""
        while self.said > self.sent or not self.ended:
            await self.something()
            if chunk := self._next():
                yield chunk

    def _next(self) -> bytes:
        self.file.seek(self.sent)
        chunk = self.file.read(CHUNK)
        self.sent += len(chunk)
        if self.sent == self.said:
            self.file.truncate(0)
            self.said = self.sent = 0
        return chunk

    def _wake(self) -> None:
        self.more.set()
        self.more = anyio.Event()
