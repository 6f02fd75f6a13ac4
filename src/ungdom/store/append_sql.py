"""The SQL that appends one event: the optimistic update, and the whole append as one statement for PostgreSQL.

Built once. Each value is a parameter named after its column, with the prefix `c_` for the projection, `e_` for the
event and `m_` for the outbox messages.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, insert, select, true, update
from sqlalchemy.dialects.postgresql import ARRAY

from ungdom.store.prepared import Prepared
from ungdom.store.schema.cases import case_current, event
from ungdom.store.schema.outbox import outbox

_IMMUTABLE = ("reference", "person_id")  # an append that began before two records were merged must not undo that
_UPDATED_COLUMNS = [column for column in case_current.c if not column.primary_key and column.name not in _IMMUTABLE]
_MESSAGE_COLUMNS = list(outbox.c["message_id", "case_id", "seq", "kind", "payload", "created_at", "place"])
"""The columns set when a message is written; the others describe its delivery."""

OPTIMISTIC_UPDATE = (
    update(case_current)
    .where(case_current.c.case_id == bindparam("b_case_id"), case_current.c.version == bindparam("b_version"))
    .where(case_current.c.updated_at == bindparam("b_updated_at", type_=case_current.c.updated_at.type))
    .values({column.name: bindparam(f"c_{column.name}", type_=column.type) for column in _UPDATED_COLUMNS})
)
"""Updates the projection of a case if it is still the one that was read.

The time of the change is compared as well: a correction of the birth date leaves the version as it is.
"""

UPDATE_CURRENT = Prepared(OPTIMISTIC_UPDATE)
"""The same for one case."""
INSERT_EVENT = Prepared(insert(event))


def update_values(row: dict[str, Any], version: int, updated_at: datetime) -> dict[str, Any]:
    """The parameters of `OPTIMISTIC_UPDATE`: the new row, and what the stored row must have.

    `version`, `updated_at`: of the case as it was read.
    """
    changed = {f"c_{column.name}": row[column.name] for column in _UPDATED_COLUMNS}
    return {"b_case_id": row["case_id"], "b_version": version, "b_updated_at": updated_at, **changed}


def event_values(row: dict[str, Any]) -> dict[str, Any]:
    """The parameters of the event in `APPEND`."""
    return {f"e_{name}": value for name, value in row.items()}


def message_values(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The parameters of the messages in `APPEND`: one array per column."""
    return {f"m_{column.name}": [row[column.name] for row in rows] for column in _MESSAGE_COLUMNS}


def _append_statement() -> Select[int]:
    """Inserts the event and the messages only if the optimistic update has matched the row of the case."""
    message_names = [column.name for column in _MESSAGE_COLUMNS]
    updated = OPTIMISTIC_UPDATE.returning(case_current.c.case_id).cte("gate")
    new_event = select(*(bindparam(f"e_{c.name}", type_=c.type).label(c.name) for c in event.c)).select_from(updated)
    arrays = [bindparam(f"m_{c.name}", type_=ARRAY(c.type)) for c in _MESSAGE_COLUMNS]
    message = func.unnest(*arrays).table_valued(*message_names).render_derived("message")
    new_messages = select(*message.c).select_from(updated.join(message, true()))
    inserted_events = insert(event).from_select(event.c.keys(), new_event).returning(event.c.seq).cte("written")
    inserted_messages = insert(outbox).from_select(message_names, new_messages).cte("sent")
    return select(func.count()).select_from(inserted_events).add_cte(inserted_messages)


APPEND = Prepared(_append_statement())
"""Appends one event. Returns the number of events written: 1, or 0 if the version did not match."""
