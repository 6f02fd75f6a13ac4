"""Writes an event: a name from `event_table` with its fields, and never the text of an exception."""

import logging
from collections.abc import Mapping

from ungdom.observability.failures import described


class EventLogger:
    """The events of one part of the program, on a logger of the standard library of that name.

    A call names the event and its fields; `error` is an exception of which type and places are logged, no values.
    """

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def info(self, event: str, /, error: BaseException | None = None, **fields: object) -> None:
        self.log(logging.INFO, event, error, **fields)

    def warning(self, event: str, /, error: BaseException | None = None, **fields: object) -> None:
        self.log(logging.WARNING, event, error, **fields)

    def error(self, event: str, /, error: BaseException | None = None, **fields: object) -> None:
        self.log(logging.ERROR, event, error, **fields)

    def log(self, level: int, event: str, /, error: BaseException | None = None, **fields: object) -> None:
        """Log the event on this level of the standard library. Fields without a value are left out."""
        if not self._logger.isEnabledFor(level):
            return
        values = {name: value for name, value in fields.items() if value is not None}
        if error is not None:
            values |= described(error)
        self._logger.log(level, "%s", EventText(event, values), extra={"event_name": event, "event_fields": values})


class EventText:
    """An event as text, for processes whose log nobody set up; made only where it is written."""

    __slots__ = ("_event", "_values")

    def __init__(self, event: str, values: Mapping[str, object]) -> None:
        self._event = event
        self._values = values

    def __str__(self) -> str:
        return " ".join((self._event, *(f"{name}={value}" for name, value in self._values.items())))
