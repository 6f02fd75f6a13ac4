"""Events as rows of the table `event`, and back."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from ungdom.workflow.events import Event, dump_details, load_details


def event_of(row: Row[*tuple[Any, ...]]) -> Event:
    """The event of a row of `event`."""
    return Event(
        seq=row.seq,
        type=row.type,
        occurred_on=row.occurred_on,
        occurred_at=row.occurred_at,
        details=load_details(row.type, row.details),
        recorded_at=row.recorded_at,
        actor=row.actor,
        role=row.role,
        subject=row.subject,
        source=row.source,
    )


def event_row(case_id: UUID, case_event: Event) -> dict[str, Any]:
    """The row of `event` of an event, without its link."""
    return {
        "case_id": case_id,
        "seq": case_event.seq,
        "type": case_event.type,
        "occurred_on": case_event.occurred_on,
        "occurred_at": case_event.occurred_at,
        "details": dump_details(case_event.type, case_event.details),
        "recorded_at": case_event.recorded_at,
        "actor": case_event.actor,
        "role": case_event.role,
        "subject": case_event.subject,
        "source": case_event.source,
    }
