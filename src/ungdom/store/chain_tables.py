"""Which tables are hash chains, which tables have their changes recorded in one, and their columns in canonical form.

A column is read in the form of `audit.content` by the database itself, the same on both.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, Column, Date, LargeBinary, Table, Uuid

from ungdom.store.access_content import ANSWER_CONTENT
from ungdom.store.chain_events import EVENT_CONTENT
from ungdom.store.schema.access import access_log, access_withholding, emergency_access
from ungdom.store.schema.audit import audit_change
from ungdom.store.schema.base import UtcDateTime
from ungdom.store.schema.calendars import calendar_feed
from ungdom.store.schema.cases import case_file, event, note
from ungdom.store.schema.catalogue import measure_availability, measure_offer, measure_provider
from ungdom.store.schema.coordination_groups import coordination_contact
from ungdom.store.schema.extracts import extract_pull, extract_schedule
from ungdom.store.schema.notices import contact, webhook
from ungdom.store.schema.observations import observation
from ungdom.store.schema.persons import person, person_change, person_proposal, person_version, population_event
from ungdom.store.schema.retention import erasure, retention_basis
from ungdom.store.schema.staff import staff, staff_absence, staff_change, staff_handover
from ungdom.store.schema.web import web_session_end


@dataclass(frozen=True, slots=True)
class ChainedTable:
    """A table of which each row is linked: the columns of stream and position, and those that the link covers.

    `content`: the bytes that the link of a row covers, for a table that does not have them from `columns` in canonical
    form; it is given the row with typed values.
    """

    table: Table
    stream: str
    position: str
    columns: tuple[str, ...] = ()
    content: Callable[[Mapping[str, Any]], bytes] | None = None

    @property
    def name(self) -> str:
        """The name of the chain."""
        return self.table.name


@dataclass(frozen=True, slots=True)
class RecordedTable:
    """A table whose rows may change: each change is recorded in `audit_change`, with the row after it.

    `stream`: the column whose value names the stream. `left_out`: encrypted, keyed, or the name of somebody, which key
    rotation or erasure changes, and when something was last read.
    """

    table: Table
    stream: str
    left_out: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the table."""
        return self.table.name

    @property
    def key(self) -> tuple[str, ...]:
        """The columns of the primary key."""
        return tuple(column.name for column in self.table.primary_key)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are recorded."""
        return tuple(column.name for column in self.table.columns if column.name not in self.left_out)


CHAINED = (
    ChainedTable(event, "case_id", "seq", EVENT_CONTENT),
    ChainedTable(audit_change, "stream", "position", ("source", "key", "content")),
    ChainedTable(access_log, "stream", "position", ANSWER_CONTENT),
)
"""The chains, in the order in which they are verified."""

RECORDED = {
    recorded.name: recorded
    for recorded in (
        RecordedTable(person, "person_id", ("sealed", "number_hash", "name_hash", "kept_sex")),
        RecordedTable(person_version, "person_id"),
        RecordedTable(person_change, "person_id", ("sealed",)),
        RecordedTable(person_proposal, "proposal_id", ("sealed",)),
        RecordedTable(population_event, "event_id", ("sealed", "content_hash")),
        RecordedTable(case_file, "case_id"),
        RecordedTable(note, "case_id", ("sealed",)),
        RecordedTable(observation, "observation_id"),
        RecordedTable(access_withholding, "case_id"),
        RecordedTable(retention_basis, "rule", ("name",)),
        RecordedTable(erasure, "rule"),
        RecordedTable(extract_schedule, "schedule_id"),
        RecordedTable(extract_pull, "subject"),
        RecordedTable(calendar_feed, "subject", ("read_at",)),
        RecordedTable(staff_change, "subject"),
        RecordedTable(staff, "subject", ("display_name", "telephone")),
        RecordedTable(staff_absence, "absence_id"),
        RecordedTable(staff_handover, "absence_id"),
        RecordedTable(contact, "subject", ("sealed",)),
        RecordedTable(coordination_contact, "konfliktrad", ("name",)),
        RecordedTable(webhook, "webhook_id", ("sealed",)),
        RecordedTable(measure_provider, "provider_id"),
        RecordedTable(measure_offer, "provider_id"),
        RecordedTable(measure_availability, "availability_id"),
        RecordedTable(emergency_access, "case_id", ("sealed", "review_sealed")),
        RecordedTable(web_session_end, "end_id"),
    )
}
"""The tables whose changes are recorded, by name."""


def canonical_sql(column: Column[Any], dialect: str) -> str:
    """SQL of this dialect that gives the value of the column in canonical form."""
    name, kind = f"{column.table.name}.{column.name}", column.type
    if dialect == "postgresql":
        return _on_postgresql(name, kind)
    if isinstance(kind, Uuid):
        parts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
        return " || '-' || ".join(f"substr({name}, {start}, {length})" for start, length in parts)
    return f"lower(hex({name}))" if isinstance(kind, LargeBinary) else name


def _on_postgresql(name: str, kind: Any) -> str:
    if isinstance(kind, UtcDateTime):
        return f"to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
    if isinstance(kind, Date):
        return f"to_char({name}, 'YYYY-MM-DD')"
    if isinstance(kind, Uuid):
        return f"{name}::text"
    if isinstance(kind, Boolean):
        return f"{name}::int"
    return f"encode({name}, 'hex')" if isinstance(kind, LargeBinary) else name
