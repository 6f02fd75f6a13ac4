"""Operations that are to go: how long before their users are told, in the document and in each answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LEAST_NOTICE = timedelta(days=183)
"""Half a year: as long an operation stays at least once it is marked (docs/api.md)."""


@dataclass(frozen=True, slots=True)
class DeprecatedOperation:
    """An operation that is to go. `sunset`: the first day without it. `instead`: what its users are to use."""

    since: date
    sunset: date
    instead: str

    def __post_init__(self) -> None:
        if self.sunset - self.since < LEAST_NOTICE:
            raise ValueError(f"{self.sunset} is less than {LEAST_NOTICE.days} days after {self.since}")

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """`Deprecation` as RFC 9745 has it, `Sunset` as RFC 8594 has it."""
        since, sunset = (datetime.combine(day, time(), UTC) for day in (self.since, self.sunset))
        return [
            (b"deprecation", f"@{since.timestamp():.0f}".encode()),
            (b"sunset", format_datetime(sunset, usegmt=True).encode()),
        ]


DEPRECATED: Mapping[str, DeprecatedOperation] = {}
"""The operations that are to go, by their id."""


class DeprecationHeaders:
    """Adds the headers to the answers of these operations."""

    def __init__(self, app: ASGIApp, operations: Mapping[str, DeprecatedOperation]) -> None:
        self.app = app
        self.operations = operations

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and complete the head of the answer."""

        async def completed(message: Message) -> None:
            operation = self.operations.get(getattr(scope.get("route"), "name", ""))
            if message["type"] == "http.response.start" and operation is not None:
                message["headers"] = [*message["headers"], *operation.headers]
            await send(message)

        await self.app(scope, receive, completed if scope["type"] == "http" else send)
