"""The interface of a transport to a partner: send one signed message, or raise the reason why not."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedMessage:
    """A signed message. `sender`: our value of the header senderOrganization. `token`: the JWS, compact."""

    message_id: str
    schema_name: str
    schema_version: str
    sender: str
    receiver: str
    token: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """The headers beside the envelope, the same for every transport."""
        return {
            "messageId": self.message_id,
            "SchemaName": self.schema_name,
            "SchemaVersion": self.schema_version,
            "senderOrganization": self.sender,
        }


class Transport(Protocol):
    """A transport to one partner. Used by one thread at a time."""

    def send(self, message: SignedMessage) -> None:
        """Send the message; returning means that the recipient has it. Raises `NotDelivered`."""

    def close(self) -> None:
        """Close what is kept open between messages."""
