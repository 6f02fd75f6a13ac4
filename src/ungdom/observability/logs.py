"""Sets up the log of a process: one line per event on standard error, JSON or text, every logger the same way."""

from __future__ import annotations

import logging
import os
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any, TextIO

from ungdom.lazy import lazy
from ungdom.observability.failures import described
from ungdom.observability.masking import masked_value
from ungdom.observability.request_context import CURRENT

if TYPE_CHECKING:
    from structlog import processors
    from structlog.typing import EventDict, Processor
else:
    processors = lazy("structlog.processors")

OURS = "ungdom"
"""The logger above all of ours. The level of a process is that of this one."""
QUIET = logging.WARNING
"""The lowest level of libraries, whatever the level of the process: below it SQLAlchemy logs rows, httpx addresses."""


def configure(log_format: str, level: str, stream: TextIO | None = None) -> None:
    """Log every event from now on, and nothing in any other way. `log_format`: `json` or `text`.

    `level`: `debug`, `info`, `warning` or `error`, for our own loggers; libraries log warnings and errors at any level.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(LineFormatter(log_format))
    root = logging.getLogger()
    for former in list(root.handlers):
        if type(former) is logging.StreamHandler:
            root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(QUIET)
    logging.getLogger(OURS).setLevel(level.upper())
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False  # the report on a line that cannot be written would hold its values


class LineFormatter(logging.Formatter):
    """One line per record, made by a chain of processors of structlog, which is imported for the first line.

    `structlog.stdlib.ProcessorFormatter` does the same for records of both kinds, and copies and formats each twice.
    """

    def __init__(self, log_format: str) -> None:
        super().__init__()
        self._log_format = log_format

    @cached_property
    def _chain(self) -> tuple[Processor, ...]:
        """What every line passes, and last what writes it in its form."""
        as_json = self._log_format == "json"
        renderer = processors.JSONRenderer() if as_json else processors.LogfmtRenderer(bool_as_flag=False)
        return (processors.TimeStamper(fmt="iso", utc=True, key="time"), _time_first, renderer)

    def format(self, record: logging.LogRecord) -> str:
        """The line. Fields of an event of ours are looked at one by one, the text of a library as a whole."""
        name, values = getattr(record, "event_name", None), getattr(record, "event_fields", {})
        fields: Any = {"level": record.levelname.lower(), "event": name or masked_value(record.getMessage().strip())}
        fields |= {field: masked_value(value) for field, value in values.items()}
        raised = record.exc_info[1] if record.exc_info else None
        if raised is not None:  # type and places of an exception that a library logs, not its text: it may hold values
            fields |= described(raised)
        fields |= {"logger": record.name, "pid": os.getpid()}
        ids = CURRENT.get()
        if ids is not None:
            fields |= {"request_id": ids.request_id, "trace_id": ids.trace_id}
        for processor in self._chain:
            fields = processor(None, "log", fields)
        return str(fields)


def _time_first(_logger: Any, _method: str, fields: EventDict) -> EventDict:
    return {"time": fields.pop("time"), **fields}
