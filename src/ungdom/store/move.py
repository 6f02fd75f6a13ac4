"""The statements that write one move: the gate, and all of it as one statement for PostgreSQL.

Built once; every value is a parameter, named after its column: `c_` the current row, `e_` the event, `m_` the messages.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Select, bindparam, func, insert, select, true, update
from sqlalchemy.dialects.postgresql import ARRAY

from ungdom.store.tables import case_current, event, outbox

_FIXED = ("reference", "person_id")  # of the file: a move that began before two records were joined leaves it so
_CHANGED = [column for column in case_current.c if not column.primary_key and column.name not in _FIXED]
_TOLD = list(event.c)
_PROMISED = list(outbox.c["message_id", "case_id", "seq", "kind", "payload", "created_at", "place"])
"""The columns that a new message fills; the others tell of its delivery."""

GATE = (
    update(case_current)
    .where(case_current.c.case_id == bindparam("b_case_id"), case_current.c.version == bindparam("b_version"))
    .values({column.name: bindparam(f"c_{column.name}", type_=column.type) for column in _CHANGED})
)
"""The current row moved on, if its version is still the one that was read."""


def gate_values(row: dict[str, Any], version: int) -> dict[str, Any]:
    """The parameters of `GATE`: the row as it shall be, and the version that it must have."""
    changed = {f"c_{column.name}": row[column.name] for column in _CHANGED}
    return {"b_case_id": row["case_id"], "b_version": version, **changed}


def event_values(row: dict[str, Any]) -> dict[str, Any]:
    """The parameters of the event in `ONE_STATEMENT`."""
    return {f"e_{name}": value for name, value in row.items()}


def message_values(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The parameters of the messages in `ONE_STATEMENT`: one array a column."""
    return {f"m_{column.name}": [row[column.name] for row in rows] for column in _PROMISED}


def _names(columns: Sequence[Column[Any]]) -> list[str]:
    return [column.name for column in columns]


def _one_statement() -> Select[int]:
    """Through the gate or not at all: event and messages are inserted for the row that the gate gives back."""
    gate = GATE.returning(case_current.c.case_id).cte("gate")
    told = select(*(bindparam(f"e_{c.name}", type_=c.type).label(c.name) for c in _TOLD)).select_from(gate)
    arrays = [bindparam(f"m_{c.name}", type_=ARRAY(c.type)) for c in _PROMISED]
    message = func.unnest(*arrays).table_valued(*_names(_PROMISED)).render_derived("message")
    promised = select(*message.c).select_from(gate.join(message, true()))
    written = insert(event).from_select(_names(_TOLD), told).returning(event.c.seq).cte("written")
    sent = insert(outbox).from_select(_names(_PROMISED), promised).cte("sent")
    return select(func.count()).select_from(written).add_cte(sent)


ONE_STATEMENT = _one_statement()
"""One move. The answer is the number of events written: 1, or 0 when the gate was shut."""
