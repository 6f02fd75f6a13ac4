"""An extract as it is written: rows go out while more are read, and the pull is logged to its end.

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
AHEAD = 4
"""Chunks that are written and not sent yet."""

Fill = Callable[[BinaryIO], object]


@dataclass(slots=True)
class Out:
    """A stream that hands on what is written in chunks, from the thread that writes."""

    chunks: MemoryObjectSendStream[bytes]
    held: bytearray = field(default_factory=bytearray)

    def write(self, data: bytes) -> int:
        """Hand on whole chunks; the rest is held."""
        self.held += data
        if len(self.held) >= CHUNK:
            self.flush()
        return len(data)

    def flush(self) -> None:
        """Hand on what is held."""
        if self.held:
            from_thread.run(self.chunks.send, bytes(self.held))
            self.held.clear()


def still_wanted() -> None:
    """Nothing, in the thread that writes, while the client is there; afterwards it breaks off."""
    from_thread.check_cancelled()


class Rows(StreamingResponse):
    """The answer. `fill` writes all rows to the stream it is given, and logs the pull. `told`: further headers."""

    def __init__(self, fill: Fill, form: Form, name: str, threads: CapacityLimiter, told: dict[str, str]) -> None:
        named = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
        super().__init__((), media_type=form.media_type, headers={"Cache-Control": "no-store", **named, **told})
        self.fill, self.threads = fill, threads
        self.error: Exception | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # ASGI's signature
        """Write and send at once, until all is sent or the client is gone."""
        coming, chunks = anyio.create_memory_object_stream[bytes](AHEAD)
        async with chunks, anyio.create_task_group() as together:
            together.start_soon(self._write, coming)
            together.start_soon(_until_gone, receive, together)
            first = await _next(chunks)
            if self.error is None:
                await self._send(send, first, chunks)
            together.cancel_scope.cancel()
        if self.error is not None:
            raise self.error

    async def _send(self, send: Send, first: bytes | None, chunks: Any) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        chunk = first
        while chunk is not None:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            chunk = await _next(chunks)
        if self.error is None:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _write(self, coming: MemoryObjectSendStream[bytes]) -> None:
        async with coming:
            try:
                await to_thread.run_sync(self._fill, coming, limiter=self.threads)
            except Exception as error:  # noqa: BLE001  # told where the answer is, once the thread has ended
                self.error = error

    def _fill(self, coming: MemoryObjectSendStream[bytes]) -> None:
        out = Out(coming)
        self.fill(cast("BinaryIO", out))
        out.flush()


async def _next(chunks: Any) -> bytes | None:
    try:
        found: bytes = await chunks.receive()
    except EndOfStream:
        return None
    return found


async def _until_gone(receive: Receive, together: Any) -> None:
    """When the client goes away everything ends."""
    while (await receive())["type"] != "http.disconnect":
        pass
    together.cancel_scope.cancel()
