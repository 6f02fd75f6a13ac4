"""Events of the population register, each stored once with what came of it. The content is encrypted.

The content of an event about nobody who is stored is not kept.
"""

import json
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, case, func, insert, or_, select, update

from ungdom.store import chain_changes, kept_secrets, keyset
from ungdom.store.case_queries import disclosable_to
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.keyset import KeysetPosition
from ungdom.store.records import canonical_id_of, is_record_of
from ungdom.store.schema.cases import case_current
from ungdom.store.schema.persons import ERASED_HASH, PopulationOutcome, person, population_event
from ungdom.store.sealed import POPULATION_EVENT, POPULATION_EVENT_CONTENT
from ungdom.workflow.rules.permissions import NATIONAL, Disclosure, Viewer
from ungdom.workflow.vocabulary import Role

E = population_event.c
CONTENT = POPULATION_EVENT_CONTENT

DEATH = "death"
"""The kind that every office with an open case applies for itself."""
OPEN_CASES = "open_cases"
"""The reason of a death while cases of the person are open."""
NUMBER_OF_ANOTHER = "number_of_another"
"""The reason of an event whose new number belongs to another person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationEvent:
    """One event. `register_id`: the sender's id. `content`: as plain JSON values; None if it is not kept.

    `person_id`: of whom it is; None for nobody, and while it may be of several. `reason`: code of why a person decides.
    `other_id`: who has the new number already; None for nobody, and for several.
    """

    event_id: UUID
    source: str
    register_id: str
    kind: str
    content: dict[str, Any] | None
    occurred_on: date
    received_at: datetime
    person_id: UUID | None
    outcome: PopulationOutcome
    reason: str | None = None
    other_id: UUID | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None


def add(tx: Connection, keys: EncryptionKeys, new: PopulationEvent, content: dict[str, Any]) -> None:
    """Writes a new event. `content`: by which a repeat is recognised, also if it is not kept. Raises `DuplicateKey`."""
    row = {
        "event_id": new.event_id,
        "source": new.source,
        "register_id": new.register_id,
        "kind": new.kind,
        "content_hash": kept_secrets.sealed_digest(tx, keys, _text(content), CONTENT, event_id=new.event_id),
        "sealed": _sealed(keys, new),
        "occurred_on": new.occurred_on,
        "received_at": new.received_at,
        "person_id": new.person_id,
        "other_id": new.other_id,
        "outcome": new.outcome,
        "reason": new.reason,
    }
    tx.execute(insert(population_event), row)
    chain_changes.record(tx, population_event, row)


def known(
    tx: Connection, keys: EncryptionKeys, source: str, register_id: str, content: dict[str, Any]
) -> tuple[PopulationEvent, bool] | None:
    """The event stored under this id of this system, and whether it has this content; None if there is none.

    An event whose content was erased, or lost with its key, is taken to be the same: nothing is left to compare with.
    """
    query = select(population_event).where(E.source == source, E.register_id == register_id)
    row = tx.execute(query).one_or_none()
    if row is None:
        return None
    event, text = _event(keys, row), _text(content)
    if row.content_hash == ERASED_HASH or keys.is_lost(row.content_hash):
        return event, True
    return event, kept_secrets.is_digest_of(tx, keys, row.content_hash, text, CONTENT, event_id=row.event_id)


def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """SQL condition: the events about a person whom the viewer may know.

    Where the new number belongs to another person, only whoever may know both, and the secretariat. The secretariat
    also sees the events of several persons.
    """
    of_person = _disclosable_to(viewer, E.person_id)
    if viewer.role is Role.SECRETARIAT:
        return or_(of_person, (E.outcome == PopulationOutcome.QUESTION) & E.person_id.is_(None))
    of_another = func.coalesce(E.reason, "") == NUMBER_OF_ANOTHER
    return of_person & or_(~of_another, _disclosable_to(viewer, E.other_id))


def _disclosable_to(
    viewer: Viewer, person_id: ColumnElement[UUID], *of_case: ColumnElement[bool]
) -> ColumnElement[bool]:
    of_person = case_current.c.person_id == canonical_id_of(person)
    cases = select(case_current.c.case_id).where(of_person, disclosable_to(viewer, Disclosure.PERSON), *of_case)
    query = select(person.c.person_id).where(person.c.person_id == person_id, cases.correlate(person).exists())
    return query.correlate(population_event).exists()


def _settled_for(viewer: Viewer) -> ColumnElement[bool]:
    """SQL condition: a death that waits for open cases, none of which the viewer may know of.

    To them it is applied: as a question it would show that another office has an open case of the person.
    """
    waits = (E.outcome == PopulationOutcome.QUESTION) & (func.coalesce(E.reason, "") == OPEN_CASES)
    return waits & ~_disclosable_to(viewer, E.person_id, case_current.c.closed_on.is_(None))


def applied_after(tx: Connection, person_id: UUID, kind: str, day: date) -> bool:
    """Whether an event of this kind and of a later day was applied to the person with this canonical id."""
    of_person = E.person_id.in_(select(person.c.person_id).where(is_record_of(person_id)))
    later = (E.kind == kind) & (E.outcome == PopulationOutcome.APPLIED) & (E.occurred_on > day)
    return tx.scalar(select(E.event_id).where(of_person, later).limit(1)) is not None


def page(
    tx: Connection,
    keys: EncryptionKeys,
    viewer: Viewer,
    outcome: PopulationOutcome | None,
    after: KeysetPosition | None,
    limit: int,
) -> list[PopulationEvent]:
    """The events that the viewer may see, newest first, each with its outcome as they may know it."""
    settled = _settled_for(viewer)
    visible = select(population_event, settled.label("settled")).where(visible_to(viewer))
    query = keyset.page(visible, (E.received_at, E.event_id), after, limit)
    if outcome is not None:
        query = query.where(case((settled, PopulationOutcome.APPLIED), else_=E.outcome) == outcome)
    return [_shown_to(viewer, _event(keys, row), row.settled) for row in tx.execute(query)]


def find(tx: Connection, keys: EncryptionKeys, viewer: Viewer, event_id: UUID) -> PopulationEvent | None:
    """The event with this id as the viewer may see it, if they may; locked until the transaction ends."""
    query = select(population_event, _settled_for(viewer).label("settled"))
    query = query.where(E.event_id == event_id, visible_to(viewer)).with_for_update(of=population_event)
    row = tx.execute(query).one_or_none()
    return None if row is None else _shown_to(viewer, _event(keys, row), row.settled)


def _shown_to(viewer: Viewer, event: PopulationEvent, settled: bool) -> PopulationEvent:
    """The event as the viewer may know it: of a death not whether, when and by whom another office has applied it."""
    if settled:
        return replace(event, outcome=PopulationOutcome.APPLIED, reason=None)
    if event.kind != DEATH or viewer.role in NATIONAL or event.decided_by == viewer.subject:
        return event
    return replace(event, decided_at=None, decided_by=None)


def decide(tx: Connection, keys: EncryptionKeys, decided: PopulationEvent) -> None:
    """Writes the decision of a person on an event that was read in this transaction."""
    values = {
        "outcome": decided.outcome,
        "reason": decided.reason,
        "person_id": decided.person_id,
        "decided_at": decided.decided_at,
        "decided_by": decided.decided_by,
        "sealed": _sealed(keys, decided),
    }
    tx.execute(update(population_event).where(E.event_id == decided.event_id).values(values))
    chain_changes.record(tx, population_event, {"event_id": decided.event_id})


def _sealed(keys: EncryptionKeys, event: PopulationEvent) -> bytes | None:
    return None if event.content is None else keys.encrypt(_text(event.content).encode(), _record(event.event_id))


_PLAIN_COLUMNS = tuple(field.name for field in fields(PopulationEvent) if field.name != "content")


def _event(keys: EncryptionKeys, row: Row[*tuple[Any, ...]]) -> PopulationEvent:
    columns = {name: row._mapping[name] for name in _PLAIN_COLUMNS}
    plain = keys.decrypt_stored(row.sealed, _record(row.event_id))
    return PopulationEvent(**columns, content=None if plain is None else json.loads(plain))


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def _record(event_id: UUID) -> str:
    return POPULATION_EVENT.record_of(event_id=event_id)
