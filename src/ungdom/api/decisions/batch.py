"""The route for batches of decisions as NDJSON, of any length: receipts are sent while lines are received.

Three tasks run at once: lines are read, groups of lines are processed in a thread, receipts are sent. Processing never
waits for the client to read: receipts are spooled until then.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import Annotated, Any

import anyio
from anyio import CancelScope, CapacityLimiter, EndOfStream, WouldBlock, to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from fastapi import APIRouter, Query, Request
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from ungdom.api.decisions.schemas import DecisionDryRun
from ungdom.api.http.authorisation import guarded, sends_decisions
from ungdom.api.http.context import ReadContext
from ungdom.intake.stream import (
    GROUP,
    MOST_TRIED,
    NdjsonLine,
    Splitter,
    StreamContext,
    process_lines,
    refuse_untried,
    try_lines,
)

router = APIRouter(tags=["decisions"])

NDJSON = "application/x-ndjson"
PAUSE = 0.05
"""Seconds without a new line after which an incomplete group is processed."""
IN_MEMORY = 1024 * 1024
"""Bytes of receipts held in memory; more are spooled to a temporary file."""
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
@guarded(sends_decisions)
async def push_decisions(
    context: ReadContext, request: Request, query: Annotated[DecisionDryRun, Query()]
) -> StreamingResponse:
    """One message a line, any number of them. Sent again, what was taken gets the same receipts and the rest is taken.

    Each line is answered as if it had been sent alone. A line that cannot be read is refused with its number. With
    `dry_run` the receipts are those that the lines would get, and nothing is written.
    """
    context.check_access()
    stream_context = StreamContext(context.db, context.keys, request.app.state.clock, context.language, context.sender)
    return ReceiptStream(stream_context, query.dry_run, request.app.state.batch_threads)


class ReceiptStream(StreamingResponse):
    """The response to a batch: one receipt per line, sent as soon as its group is committed.

    `threads`: the share of the threads that batches have, so that they and other requests do not wait for each other.
    """

    def __init__(self, stream_context: StreamContext, dry_run: bool, threads: CapacityLimiter) -> None:
        headers = {"Cache-Control": "no-store", "Content-Language": stream_context.language}
        super().__init__((), media_type=NDJSON, headers=headers)
        self.stream_context = stream_context
        self.process = _try_all if dry_run else _process_groups
        self.threads = threads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read, process and send until all is sent or the client disconnects; a started group is always finished."""
        incoming, lines = anyio.create_memory_object_stream[NdjsonLine](GROUP)
        with SpooledTemporaryFile(IN_MEMORY) as file:
            spool = Spool(file)
            async with anyio.create_task_group() as task_group:
                task_group.start_soon(_read_lines, Request(scope, receive), incoming, task_group.cancel_scope)
                task_group.start_soon(self.process, self.stream_context, lines, spool, self.threads)
                await self._send(send, spool)
                task_group.cancel_scope.cancel()

    async def _send(self, send: Send, spool: "Spool") -> None:
        await spool.wait_for_data()
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for chunk in spool.chunks():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _read_lines(
    request: Request, incoming: MemoryObjectSendStream[NdjsonLine], cancel_scope: CancelScope
) -> None:
    """Read lines as they arrive. A disconnect cancels all tasks and drops an incomplete line."""
    split = Splitter()
    async with incoming:
        try:
            async for chunk in request.stream():
                for line in split.feed(chunk):
                    await incoming.send(line)
        except ClientDisconnect:
            cancel_scope.cancel()
            return
        for line in split.end():
            await incoming.send(line)
    while (await request.receive())["type"] != "http.disconnect":
        pass
    cancel_scope.cancel()


async def _process_groups(
    stream_context: StreamContext,
    lines: MemoryObjectReceiveStream[NdjsonLine],
    spool: "Spool",
    threads: CapacityLimiter,
) -> None:
    """Process one group after the other, each in a thread."""
    async with lines:
        async for first in lines:
            group = await _collect_group(first, lines)
            answers = await to_thread.run_sync(process_lines, stream_context, group, limiter=threads)
            spool.put(b"".join(answer.body + b"\n" for answer in answers))
    spool.end()


async def _try_all(
    stream_context: StreamContext,
    lines: MemoryObjectReceiveStream[NdjsonLine],
    spool: "Spool",
    threads: CapacityLimiter,
) -> None:
    """Try the lines after the last one has arrived, in one thread: they share a transaction that is rolled back."""
    tried: list[NdjsonLine] = []
    too_many: list[NdjsonLine] = []
    async with lines:
        async for line in lines:
            if len(tried) < MOST_TRIED:
                tried.append(line)
            else:
                too_many.append(NdjsonLine(line.number, None))
    answers = await to_thread.run_sync(lambda: [*try_lines(stream_context, tried)], limiter=threads)
    spool.put(b"".join(answer.body + b"\n" for answer in (*answers, *refuse_untried(stream_context, too_many))))
    spool.end()


async def _collect_group(first: NdjsonLine, lines: MemoryObjectReceiveStream[NdjsonLine]) -> list[NdjsonLine]:
    """A group that begins with this line: the lines available now, or after a pause."""
    group = [first, *_available_lines(lines, GROUP - 1)]
    if len(group) < GROUP:
        await anyio.sleep(PAUSE)
        group += _available_lines(lines, GROUP - len(group))
    return group


def _available_lines(lines: MemoryObjectReceiveStream[NdjsonLine], most: int) -> Iterator[NdjsonLine]:
    with suppress(WouldBlock, EndOfStream):
        for _ in range(most):
            yield lines.receive_nowait()


@dataclass(slots=True)
class Spool:
    """A queue of bytes to send: appended at the end, read from the front, mostly on disk."""

    file: "SpooledTemporaryFile[bytes]"
    written: int = 0
    sent: int = 0
    ended: bool = False
    changed: anyio.Event = field(default_factory=anyio.Event)

    def put(self, data: bytes) -> None:
        """Append data."""
        self.file.seek(self.written)
        self.written += self.file.write(data)
        self._notify()

    def end(self) -> None:
        """No more data will be appended."""
        self.ended = True
        self._notify()

    async def wait_for_data(self) -> None:
        """Wait until there is data to send, or the queue has ended."""
        while self.written == self.sent and not self.ended:
            await self.changed.wait()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The data in chunks, as it is appended, until the queue has ended."""
        while self.written > self.sent or not self.ended:
            await self.wait_for_data()
            if chunk := self._next():
                yield chunk

    def _next(self) -> bytes:
        self.file.seek(self.sent)
        chunk = self.file.read(CHUNK)
        self.sent += len(chunk)
        if self.sent == self.written:
            self.file.truncate(0)
            self.written = self.sent = 0
        return chunk

    def _notify(self) -> None:
        self.changed.set()
        self.changed = anyio.Event()
