"""What the road to a partner is asked to do, whichever road it is: carry one signed message, or say why not."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedMessage:
    """A signed message on its way. `sender`: our word in the header senderOrganization. `token`: the JWS, compact."""

    message_id: str
    schema_name: str
    schema_version: str
    sender: str
    receiver: str
    token: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What is said outside the envelope, the same on every road."""
        return {
            "messageId": self.message_id,
            "SchemaName": self.schema_name,
            "SchemaVersion": self.schema_version,
            "senderOrganization": self.sender,
        }


class Transport(Protocol):
    """A road to one partner. Used by one thread at a time."""

    def send(self, message: SignedMessage) -> None:
        """Deliver; when it returns the receiver has the message. Raises `NotDelivered`."""

    def close(self) -> None:
        """Let go of what is kept open between messages."""
