"""Emergency access (nødtilgang): wider sight on one case for a time. Reason and review note are stored encrypted.

Whether one is open is decided when it is read, by the time of the service: nothing has to run when the time is up.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, and_, insert, or_, select, true, update

from ungdom.store import chain_changes
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.keyset import KeysetPosition, page
from ungdom.store.schema.access import EmergencyEnd, emergency_access
from ungdom.store.schema.cases import case_current
from ungdom.store.schema.persons import person
from ungdom.store.sealed import EMERGENCY_REASON, EMERGENCY_REVIEW
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.rules.access import EMERGENCY_REVIEW as REVIEW_TIME
from ungdom.workflow.rules.access import EmergencyReason
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Protection, Role

MOST_UNREVIEWED = 1_000
"""As many unreviewed accesses as one list has."""

M, C = emergency_access.c, case_current.c


class EmergencyState(StrEnum):
    """Where an emergency access stands."""

    OPEN = "open"
    TO_REVIEW = "to_review"
    REVIEWED = "reviewed"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyReview:
    """The review of an emergency access. `note`: None after erasure, and where its key is declared lost."""

    justified: bool
    note: str | None
    reviewed_at: datetime
    reviewed_by: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyAccess:
    """One emergency access to a case. `text`: the reason in words; None after erasure, and where its key is lost.

    `reference`, `office` and `graded` are those of the case now: `graded` when the address of the youth is protected.
    `ended_at`: when it was ended before `until`.
    """

    emergency_id: UUID
    case_id: UUID
    viewer: Viewer
    reason: EmergencyReason
    text: str | None
    taken_at: datetime
    until: datetime
    reference: str = ""
    office: str = ""
    graded: bool = False
    ended_at: datetime | None = None
    ended_by: EmergencyEnd | None = None
    review: EmergencyReview | None = None

    @property
    def review_by(self) -> date:
        """The last day for the review. Office norm, not law."""
        return _review_day(self.taken_at)

    def state_at(self, now: datetime) -> EmergencyState:
        """Where it stands at that instant."""
        if self.review is not None:
            return EmergencyState.REVIEWED
        running = self.ended_at is None and now < self.until
        return EmergencyState.OPEN if running else EmergencyState.TO_REVIEW


def _review_day(taken_at: datetime) -> date:
    return oslo_date(taken_at + REVIEW_TIME)


# --- writing ------------------------------------------------------------------------------------------------


def add(tx: Connection, keys: EncryptionKeys, new: EmergencyAccess) -> None:
    """Writes a new emergency access."""
    text = None if new.text is None else keys.encrypt(new.text.encode(), _reason_record(new.emergency_id))
    row = {
        "emergency_id": new.emergency_id,
        "case_id": new.case_id,
        "subject": new.viewer.subject,
        "role": new.viewer.role,
        "konfliktrad": new.viewer.konfliktrad,
        "reason": new.reason,
        "sealed": text,
        "taken_at": new.taken_at,
        "until": new.until,
    }
    tx.execute(insert(emergency_access), row)
    chain_changes.record(tx, emergency_access, row)


def end(tx: Connection, emergency_id: UUID, at: datetime) -> None:
    """Ends one that is open; nothing is changed of one that has ended."""
    _end(tx, at, EmergencyEnd.BY_HAND, M.emergency_id == emergency_id)


def end_protected(tx: Connection, at: datetime) -> None:
    """Ends all that are open to cases of youths whose address is protected. Called where a protection is raised."""
    protected = select(C.case_id).join(person, person.c.person_id == C.person_id)
    _end(tx, at, EmergencyEnd.PROTECTED, M.case_id.in_(protected.where(person.c.protection != Protection.NONE)))


def review(tx: Connection, keys: EncryptionKeys, emergency_id: UUID, given: EmergencyReview) -> bool:
    """Writes the review, and ends what is still open; False if it has been reviewed already."""
    note = None if given.note is None else keys.encrypt(given.note.encode(), _review_record(emergency_id))
    values = {
        "justified": given.justified,
        "review_sealed": note,
        "reviewed_at": given.reviewed_at,
        "reviewed_by": given.reviewed_by,
        "reviewed_role": given.role,
    }
    unreviewed = (M.emergency_id == emergency_id, M.reviewed_at.is_(None))
    if tx.execute(update(emergency_access).where(*unreviewed).values(values)).rowcount != 1:
        return False
    _end(tx, given.reviewed_at, EmergencyEnd.REVIEWED, M.emergency_id == emergency_id)
    chain_changes.record(tx, emergency_access, {"emergency_id": emergency_id})
    return True


def erase_texts(tx: Connection, case_ids: list[UUID]) -> int:
    """Erases the reasons and notes of these cases; the number of rows changed."""
    written = or_(M.sealed.is_not(None), M.review_sealed.is_not(None))
    erased = update(emergency_access).where(M.case_id.in_(case_ids), written)
    return tx.execute(erased.values(sealed=None, review_sealed=None)).rowcount


def _end(tx: Connection, at: datetime, by: EmergencyEnd, which: ColumnElement[bool]) -> None:
    ended = update(emergency_access).where(which, is_running(at)).values(ended_at=at, ended_by=by)
    rows = tx.execute(ended.returning(M.emergency_id)).all()
    chain_changes.record(tx, emergency_access, *(row._asdict() for row in rows))


# --- reading ------------------------------------------------------------------------------------------------


def is_running(at: datetime) -> ColumnElement[bool]:
    """SQL condition: neither ended nor over at that instant."""
    return and_(M.ended_at.is_(None), M.taken_at <= at, M.until > at)


@dataclass(frozen=True, slots=True)
class UnreviewedEmergency:
    """An emergency access that nobody has reviewed, without its reason. `reference`: of the case."""

    emergency_id: UUID
    case_id: UUID
    reference: str
    subject: str
    taken_at: datetime

    @property
    def review_by(self) -> date:
        """The last day for the review. Office norm, not law."""
        return _review_day(self.taken_at)


def unreviewed(
    tx: Connection, office: str | None = None, taken_before: datetime | None = None
) -> list[UnreviewedEmergency]:
    """Those that nobody has reviewed, the first taken first, at most `MOST_UNREVIEWED`.

    `office`: to cases that it has now; None: of every office. `taken_before`: only those taken before that instant.
    """
    columns = (M.emergency_id, M.case_id, C.reference, M.subject, M.taken_at)
    query = select(*columns).join(case_current, C.case_id == M.case_id).where(M.reviewed_at.is_(None))
    if office is not None:
        query = query.where(C.konfliktrad == office)
    if taken_before is not None:
        query = query.where(M.taken_at < taken_before)
    query = query.order_by(M.taken_at, M.emergency_id).limit(MOST_UNREVIEWED)
    return [UnreviewedEmergency(*row) for row in tx.execute(query)]


def lock_unprotected(tx: Connection, case_id: UUID) -> bool:
    """Whether there is such a case, of a youth whose address is not protected.

    The person is locked until the transaction ends, so that no protection is raised meanwhile.
    """
    of_case = select(C.person_id).where(C.case_id == case_id).scalar_subquery()
    query = select(person.c.protection).where(person.c.person_id == of_case).with_for_update(read=True)
    return tx.scalar(query) is Protection.NONE


def running(
    tx: Connection, keys: EncryptionKeys, viewer: Viewer, case_id: UUID, at: datetime
) -> EmergencyAccess | None:
    """The open emergency access of this viewer to this case; none to one whose youth has a protected address."""
    by_viewer = (M.subject == viewer.subject, M.role == viewer.role, M.konfliktrad == viewer.konfliktrad)
    unprotected = person.c.protection == Protection.NONE
    query = _SELECT.where(M.case_id == case_id, *by_viewer, is_running(at), unprotected).limit(1)
    return next(_read(tx, keys, query), None)


def find(tx: Connection, keys: EncryptionKeys, emergency_id: UUID) -> EmergencyAccess | None:
    """The emergency access with this id."""
    return next(_read(tx, keys, _SELECT.where(M.emergency_id == emergency_id)), None)


def listed(
    tx: Connection,
    keys: EncryptionKeys,
    office: str | None,
    state: EmergencyState | None,
    at: datetime,
    after: KeysetPosition | None,
    limit: int | None,
) -> list[EmergencyAccess]:
    """One page, newest first. `office`: only to cases that it has now; `state`: as it stands at `at`."""
    of_office = true() if office is None else C.konfliktrad == office
    wanted = {
        None: true(),
        EmergencyState.OPEN: and_(M.reviewed_at.is_(None), is_running(at)),
        EmergencyState.TO_REVIEW: and_(M.reviewed_at.is_(None), ~is_running(at)),
        EmergencyState.REVIEWED: M.reviewed_at.is_not(None),
    }
    query = _SELECT.where(of_office, wanted[state])
    return list(_read(tx, keys, page(query, (M.taken_at, M.emergency_id), after, limit)))


_SELECT: Select[Any] = (
    select(emergency_access, C.reference, C.konfliktrad.label("office"), person.c.protection)
    .join(case_current, C.case_id == M.case_id)
    .join(person, person.c.person_id == C.person_id)
)


def _read(tx: Connection, keys: EncryptionKeys, query: Select[Any]) -> Iterator[EmergencyAccess]:
    for row in tx.execute(query).all():
        yield EmergencyAccess(
            emergency_id=row.emergency_id,
            case_id=row.case_id,
            viewer=Viewer(row.role, row.subject, row.konfliktrad),
            reason=row.reason,
            text=_opened(keys, row.sealed, _reason_record(row.emergency_id)),
            taken_at=row.taken_at,
            until=row.until,
            reference=row.reference,
            office=row.office,
            graded=row.protection is not Protection.NONE,
            ended_at=row.ended_at,
            ended_by=row.ended_by,
            review=_review_of(keys, row),
        )


def _review_of(keys: EncryptionKeys, row: Any) -> EmergencyReview | None:
    if row.reviewed_at is None:
        return None
    return EmergencyReview(
        justified=row.justified,
        note=_opened(keys, row.review_sealed, _review_record(row.emergency_id)),
        reviewed_at=row.reviewed_at,
        reviewed_by=row.reviewed_by,
        role=row.reviewed_role,
    )


def _opened(keys: EncryptionKeys, sealed: bytes | None, record: str) -> str | None:
    plain = keys.decrypt_stored(sealed, record)
    return None if plain is None else plain.decode()


def _reason_record(emergency_id: UUID) -> str:
    return EMERGENCY_REASON.record_of(emergency_id=emergency_id)


def _review_record(emergency_id: UUID) -> str:
    return EMERGENCY_REVIEW.record_of(emergency_id=emergency_id)
