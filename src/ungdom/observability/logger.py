"""Writes an event: a name from `event_table` with its fields, and never the text of an exception."""

import logging

from ungdom.observability.failures import described


class EventLogger:
    """The events of one part of the program, on a logger of the standard library of that name.

    A call names the event and its fields; `error` is an exception of which type and places are logged, no values.
    """

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, event: str, /, error: BaseException | None = None, **fields: object) -> None:
        self.log(logging.DEBUG, event, error, **fields)

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
        text = " ".join((event, *(f"{name}={value}" for name, value in values.items())))
        self._logger.log(level, "%s", text, extra={"event_name": event, "event_fields": values})
