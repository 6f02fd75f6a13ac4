"""What a connection may take: seconds, bytes, and how many there may be. Pure."""

from dataclasses import dataclass

from ungdom.settings.load import LoadSettings

STATE_KEY = "connection_limits"
"""The key of the limits in the state of the lifespan, through which the application hands them to the server."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """The limits of the connections of one process.

    `headers`: those that every answer has, also one that the server gives without the application.
    """

    connections: int = 1_000
    header_seconds: float = 10
    body_seconds: float = 20
    idle_seconds: float = 75
    headers: tuple[tuple[bytes, bytes], ...] = ()

    @classmethod
    def of(cls, settings: LoadSettings, headers: tuple[tuple[bytes, bytes], ...]) -> "ConnectionLimits":
        """The limits that these settings name."""
        return cls(
            settings.connection_limit,
            settings.header_seconds,
            settings.body_seconds,
            settings.idle_seconds,
            headers,
        )
