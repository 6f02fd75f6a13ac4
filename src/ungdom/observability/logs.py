"""Sets up the log of a process: one line per event on standard error, JSON or text, every logger the same way."""

import logging
import os
import sys
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor

from ungdom.observability.failures import described
from ungdom.observability.masking import masked_value
from ungdom.observability.request_context import CURRENT

_FIRST = ("time", "level", "event")
"""The fields that stand first on each line."""
OURS = "ungdom"
"""The logger above all of ours. The level of a process is that of this one."""
QUIET = logging.WARNING
"""The lowest level of libraries, whatever the level of the process: below it SQLAlchemy logs rows, httpx addresses."""


def configure(log_format: str, level: str, stream: TextIO | None = None) -> None:
    """Log every event from now on, and nothing in any other way. `log_format`: `json` or `text`.

    `level`: `debug`, `info`, `warning` or `error`, for our own loggers; libraries log warnings and errors at any level.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=[*_CHAIN, _renderer(log_format)]))
    root = logging.getLogger()
    for former in list(root.handlers):
        if type(former) is logging.StreamHandler:
            root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(QUIET)
    logging.getLogger(OURS).setLevel(level.upper())
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False  # the report on a line that cannot be written would hold its values
    structlog.configure(
        processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _renderer(log_format: str) -> Processor:
    if log_format == "json":
        return structlog.processors.JSONRenderer()
    return structlog.processors.LogfmtRenderer(bool_as_flag=False)


def _named_event(_logger: Any, _method: str, fields: EventDict) -> EventDict:
    """The name and the fields of an event of ours, in the place of its text."""
    record = fields["_record"]
    fields["event"] = fields["event"].strip()
    if (name := getattr(record, "event_name", None)) is not None:
        fields["event"] = name
        fields.update(record.event_fields)
    return fields


def _process_and_request(_logger: Any, _method: str, fields: EventDict) -> EventDict:
    fields["pid"] = os.getpid()
    if (ids := CURRENT.get()) is not None:
        fields["request_id"], fields["trace_id"] = ids.request_id, ids.trace_id
    return fields


def _failure(_logger: Any, _method: str, fields: EventDict) -> EventDict:
    """Type and places of an exception that a library logs; without its text, which may hold values."""
    raised = fields.pop("exc_info", None)
    fields.pop("stack_info", None)
    if isinstance(raised, tuple) and raised[1] is not None:
        fields.update(described(raised[1]))
    return fields


def _mask(_logger: Any, _method: str, fields: EventDict) -> EventDict:
    """Every value masked, time, level and event first, without what only the formatter needs."""
    del fields["_record"], fields["_from_structlog"]
    return {name: masked_value(fields[name]) for name in (*_FIRST, *(name for name in fields if name not in _FIRST))}


_CHAIN: tuple[Processor, ...] = (
    _named_event,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    _process_and_request,
    _failure,
    _mask,
)
"""What happens to each event before it is written, the masking last."""
