"""What is stored about a person beside record and cases, without the content: for a subject access and an archive."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select

from ungdom.store.schema.inbox import decision
from ungdom.store.schema.outbox import OFFICIAL_KINDS, outbox
from ungdom.store.schema.persons import population_event


def messages_of(tx: Connection, record_ids: Collection[UUID]) -> list[Row[*tuple[Any, ...]]]:
    """The pushed messages about the person of these records, in the order received."""
    columns = decision.c["source", "kind", "version", "received_at", "outcome"]
    query = select(*columns).where(decision.c.person_id.in_(record_ids))
    return list(tx.execute(query.order_by(decision.c.received_at, decision.c.message_id)))


def messages_in(tx: Connection, case_id: UUID) -> list[Row[*tuple[Any, ...]]]:
    """The pushed messages that are recorded in a case, in the order received."""
    columns = decision.c["source", "kind", "decision_id", "version"]
    query = select(*columns).where(decision.c.case_id == case_id)
    return list(tx.execute(query.order_by(decision.c.received_at, decision.c.message_id)))


def register_events_of(tx: Connection, record_ids: Collection[UUID]) -> list[Row[*tuple[Any, ...]]]:
    """The events of the population register about the person of these records, in the order received."""
    columns = population_event.c["source", "kind", "occurred_on", "received_at", "outcome"]
    query = select(*columns).where(population_event.c.person_id.in_(record_ids))
    return list(tx.execute(query.order_by(population_event.c.received_at, population_event.c.event_id)))


def official_messages_about(tx: Connection, case_id: UUID) -> list[Row[*tuple[Any, ...]]]:
    """The official messages to authorities about this case, in their order."""
    columns = outbox.c["kind", "created_at", "delivered_at"]
    query = select(*columns).where(outbox.c.case_id == case_id, outbox.c.kind.in_(OFFICIAL_KINDS))
    return list(tx.execute(query.order_by(outbox.c.created_at, outbox.c.message_id)))
