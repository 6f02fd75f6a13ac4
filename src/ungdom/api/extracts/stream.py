"""Streamed extracts: rows are sent while more are read, and the download is logged to its end.

Rows are written in a thread of their own; it waits while the client does not read, so that memory stays bounded, and is
broken off when the client goes away. The first bytes are waited for before the answer begins: what cannot be made is
answered as a problem. What fails later breaks the connection: a whole answer is a whole extract.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

import anyio
from anyio import CapacityLimiter, EndOfStream, from_thread, to_thread
from anyio.streams.memory import MemoryObjectSendStream
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from ungdom.extracts.writers import Form

CHUNK = 64 * 1024
MAX_BUFFERED_CHUNKS = 4
"""Chunks that are written and not sent yet."""

Fill = Callable[[BinaryIO], object]


@dataclass(slots=True)
class ChunkWriter:
    """A stream that hands on what is written in chunks, from the thread that writes."""

    chunks: MemoryObjectSendStream[bytes]
    buffer: bytearray = field(default_factory=bytearray)

    def write(self, data: bytes) -> int:
        """Hand on whole chunks; the rest is held."""
        self.buffer += data
        if len(self.buffer) >= CHUNK:
            self.flush()
        return len(data)

    def flush(self) -> None:
        """Hand on what is held."""
        if self.buffer:
            from_thread.run(self.chunks.send, bytes(self.buffer))
            self.buffer.clear()


def check_cancelled() -> None:
    """Nothing, in the thread that writes, while the client is there; afterwards it breaks off."""
    from_thread.check_cancelled()


class ExtractResponse(StreamingResponse):
    """The streaming response. `fill` writes all rows to the stream it is given and logs the download."""

    def __init__(
        self, fill: Fill, form: Form, name: str, threads: CapacityLimiter, extra_headers: dict[str, str]
    ) -> None:
        disposition = {"Content-Disposition": f'attachment; filename="{name}.{form.suffix}"'}
        super().__init__(
            (), media_type=form.media_type, headers={"Cache-Control": "no-store", **disposition, **extra_headers}
        )
        self.fill, self.threads = fill, threads
        self.error: Exception | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # ASGI's signature
        """Write and send at once, until all is sent or the client is gone."""
        sender, chunks = anyio.create_memory_object_stream[bytes](MAX_BUFFERED_CHUNKS)
        async with chunks, anyio.create_task_group() as task_group:
            task_group.start_soon(self._write, sender)
            task_group.start_soon(_cancel_on_disconnect, receive, task_group)
            first = await _next_chunk(chunks)
            if self.error is None:
                await self._send(send, first, chunks)
            task_group.cancel_scope.cancel()
        if self.error is not None:
            raise self.error

    async def _send(self, send: Send, first: bytes | None, chunks: Any) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        chunk = first
        while chunk is not None:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            chunk = await _next_chunk(chunks)
        if self.error is None:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _write(self, sender: MemoryObjectSendStream[bytes]) -> None:
        async with sender:
            try:
                await to_thread.run_sync(self._fill, sender, limiter=self.threads)
            except Exception as error:  # noqa: BLE001  # told where the answer is, once the thread has ended
                self.error = error

    def _fill(self, sender: MemoryObjectSendStream[bytes]) -> None:
        writer = ChunkWriter(sender)
        self.fill(cast("BinaryIO", writer))
        writer.flush()


async def _next_chunk(chunks: Any) -> bytes | None:
    try:
        chunk: bytes = await chunks.receive()
    except EndOfStream:
        return None
    return chunk


async def _cancel_on_disconnect(receive: Receive, task_group: Any) -> None:
    """Cancels the task group when the client disconnects."""
    while (await receive())["type"] != "http.disconnect":
        pass
    task_group.cancel_scope.cancel()
