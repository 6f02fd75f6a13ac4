"""The statements that write one move: the gate, and all of it as one statement for PostgreSQL.

Built once; every value is a parameter, named after its column: `c_` the current row, `e_` the event, `m_` the messages.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Select, bindparam, func, insert, select, true, update
from sqlalchemy.dialects.postgresql import ARRAY

from ungdom.store.schema.cases import case_current, event
from ungdom.store.schema.outbox import outbox

_IMMUTABLE = ("reference", "person_id")  # of the file: a move that began before two records were joined leaves it so
_UPDATED_COLUMNS = [column for column in case_current.c if not column.primary_key and column.name not in _IMMUTABLE]
_EVENT_COLUMNS = list(event.c)
_MESSAGE_COLUMNS = list(outbox.c["message_id", "case_id", "seq", "kind", "payload", "created_at", "place"])
"""The columns that a new message fills; the others tell of its delivery."""

OPTIMISTIC_UPDATE = (
    update(case_current)
    .where(case_current.c.case_id == bindparam("b_case_id"), case_current.c.version == bindparam("b_version"))
    .values({column.name: bindparam(f"c_{column.name}", type_=column.type) for column in _UPDATED_COLUMNS})
)
"""The current row moved on, if its version is still the one that was read."""


def update_values(row: dict[str, Any], version: int) -> dict[str, Any]:
    """The parameters of `OPTIMISTIC_UPDATE`: the row as it shall be, and the version that it must have."""
    changed = {f"c_{column.name}": row[column.name] for column in _UPDATED_COLUMNS}
    return {"b_case_id": row["case_id"], "b_version": version, **changed}


def event_values(row: dict[str, Any]) -> dict[str, Any]:
    """The parameters of the event in `APPEND_STATEMENT`."""
    return {f"e_{name}": value for name, value in row.items()}


def message_values(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The parameters of the messages in `APPEND_STATEMENT`: one array a column."""
    return {f"m_{column.name}": [row[column.name] for row in rows] for column in _MESSAGE_COLUMNS}


def _column_names(columns: Sequence[Column[Any]]) -> list[str]:
    return [column.name for column in columns]


def _append_statement() -> Select[int]:
    """Through the gate or not at all: event and messages are inserted for the row that the gate gives back."""
    updated = OPTIMISTIC_UPDATE.returning(case_current.c.case_id).cte("gate")
    new_event = select(*(bindparam(f"e_{c.name}", type_=c.type).label(c.name) for c in _EVENT_COLUMNS)).select_from(
        updated
    )
    arrays = [bindparam(f"m_{c.name}", type_=ARRAY(c.type)) for c in _MESSAGE_COLUMNS]
    message = func.unnest(*arrays).table_valued(*_column_names(_MESSAGE_COLUMNS)).render_derived("message")
    new_messages = select(*message.c).select_from(updated.join(message, true()))
    inserted_events = (
        insert(event).from_select(_column_names(_EVENT_COLUMNS), new_event).returning(event.c.seq).cte("written")
    )
    inserted_messages = insert(outbox).from_select(_column_names(_MESSAGE_COLUMNS), new_messages).cte("sent")
    return select(func.count()).select_from(inserted_events).add_cte(inserted_messages)


APPEND_STATEMENT = _append_statement()
"""One move. The answer is the number of events written: 1, or 0 when the gate was shut."""
