"""The other end of e-mail: an SMTP server that keeps what it is handed, or says what it is told to say."""

from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller

from ungdom.notices.mail import Relay


class _Server(Controller):
    """On a port that the system gives it."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@dataclass
class PostOffice:
    """`says`: the answer to each message. `got`: the messages taken."""

    says: str = "250 OK"
    got: list[EmailMessage] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._server = _Server(self, hostname="127.0.0.1", port=0, **self.more)
        self._server.start()
        self.port: int = self._server.port
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop(no_assert=True)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        if self.says.startswith("250"):
            self.got.append(message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]
        return self.says

    def relay(self, **changed: Any) -> Relay:
        """This server, as the settings would name it."""
        made: dict[str, Any] = {"host": "127.0.0.1", "port": self.port, "security": "none"}
        return Relay(**made | {"sender": "Konfliktrådet <varsel@konfliktraadet.test>"} | changed)
