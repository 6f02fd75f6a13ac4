"""Emergency access (nødtilgang): taking it, ending it and reviewing it.

Whoever may not see a case takes one for a reason and a time, and reads it as its coordinator does. It records nothing:
writing looks at the role and the relation to the case alone. Cases of youths with protected addresses are never opened:
to whoever may not see them they do not exist. frl § 10-4.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from ungdom.cases import NotVisible
from ungdom.notices import emergency_notices
from ungdom.staff.errors import EmergencyIsOpen, EmergencyNotNeeded, EmergencyReviewed, OwnEmergencyAccess
from ungdom.store import case_queries, emergency_access, named_locks
from ungdom.store.emergency_access import EmergencyAccess, EmergencyReview
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.ids import uuid7
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.rules.access import EmergencyReason
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role


@dataclass(frozen=True, slots=True)
class EmergencyRequest:
    """What whoever takes an emergency access gives. `lasts`: for how long, at most what the office norm allows."""

    reason: EmergencyReason
    text: str
    lasts: timedelta


def take(
    tx: Connection, keys: EncryptionKeys, viewer: Viewer, case_id: UUID, given: EmergencyRequest, now: datetime
) -> EmergencyAccess:
    """A new emergency access; leader and auditor are notified in the same transaction.

    Raises EmergencyNotNeeded, NotVisible or EmergencyIsOpen.
    """
    if case_queries.visible_case_ids(tx, viewer, [case_id]):
        raise EmergencyNotNeeded
    if not emergency_access.lock_unprotected(tx, case_id):
        raise NotVisible
    named_locks.lock(tx, [f"emergency:{case_id}"])
    earlier = emergency_access.running(tx, keys, viewer, case_id, now)
    if earlier is not None:
        raise EmergencyIsOpen(earlier.until)
    new = EmergencyAccess(
        emergency_id=uuid7(now),
        case_id=case_id,
        viewer=viewer,
        reason=given.reason,
        text=given.text,
        taken_at=now,
        until=now + given.lasts,
    )
    emergency_access.add(tx, keys, new)
    emergency_notices.notify(tx, new, oslo_date(now))
    return _stored(tx, keys, new.emergency_id)


def end(tx: Connection, keys: EncryptionKeys, viewer: Viewer, emergency_id: UUID, now: datetime) -> EmergencyAccess:
    """Ends it before its time, by whoever took it or the leader of the case's office. Raises NotVisible."""
    stored = _stored(tx, keys, emergency_id)
    if stored.viewer != viewer and not _leads(viewer, stored):
        raise NotVisible
    emergency_access.end(tx, emergency_id, now)
    return _stored(tx, keys, emergency_id)


def review(
    tx: Connection, keys: EncryptionKeys, viewer: Viewer, emergency_id: UUID, given: EmergencyReview
) -> EmergencyAccess:
    """Reviews it, which ends what is still open. Raises NotVisible, OwnEmergencyAccess or EmergencyReviewed."""
    stored = _stored(tx, keys, emergency_id)
    if viewer.role is not Role.AUDITOR and not _leads(viewer, stored):
        raise NotVisible
    if stored.viewer.subject == viewer.subject:
        raise OwnEmergencyAccess
    if not emergency_access.review(tx, keys, emergency_id, given):
        raise EmergencyReviewed
    emergency_notices.end(tx, replace(stored, review=given))
    return _stored(tx, keys, emergency_id)


def _leads(viewer: Viewer, stored: EmergencyAccess) -> bool:
    """Whether the viewer leads the office that has the case now."""
    return viewer.role is Role.LEADER and viewer.konfliktrad == stored.office


def _stored(tx: Connection, keys: EncryptionKeys, emergency_id: UUID) -> EmergencyAccess:
    stored = emergency_access.find(tx, keys, emergency_id)
    if stored is None:
        raise NotVisible
    return stored
