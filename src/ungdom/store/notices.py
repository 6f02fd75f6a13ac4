"""Notices in the inbox of a person, and the digests that collect them in an e-mail per day."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    false,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from ungdom.store import bulk, case_queries, deliveries
from ungdom.store.schema.alerts import alert
from ungdom.store.schema.cases import case_current
from ungdom.store.schema.coordination_groups import still_contact
from ungdom.store.schema.notices import contact, delivery, digest, notice
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.rules.alert_permissions import STANDING_CONTACTS, may_be_standing_contact
from ungdom.workflow.rules.escalation import DelayReason, Level
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Party, Role, Sanction, State

_NAMESPACE = UUID("0d1f3a4e-2f6a-4c55-8a3d-5e0b9c7a4d21")
DIGEST = "digest"
EMERGENCY_TAKEN = "emergency_access.taken"
"""The kind of the notice of an emergency access: its `alert_id` is that of the access, `due` the day of its review."""
AUDITORS = "role:auditor"
"""The subject of a notice to whoever is auditor: no list names them."""
N = notice.c


@dataclass(frozen=True, slots=True, kw_only=True)
class UserNotice:
    """One notice to one person. `days`: past the due day when it was raised; negative before the due day.

    `agency`: as whose standing contact the person is notified; with `reason` and `expected_on`: the agency that has
    answered for its own part.
    """

    notice_id: UUID
    message_id: UUID
    viewer: Viewer
    case_id: UUID
    alert_id: UUID
    kind: str
    code: str
    level: Level
    due: date
    days: int
    waiting_for: Party | None
    at: datetime
    read_at: datetime | None = None
    ended_at: datetime | None = None
    agency: Attendee | None = None
    reason: DelayReason | None = None
    expected_on: date | None = None

    @property
    def of_emergency(self) -> bool:
        """Whether it is about an emergency access, not about a clock."""
        return self.kind == EMERGENCY_TAKEN

    @property
    def of_standing_contact(self) -> bool:
        """Whether it was sent to a standing contact, who need not be able to open the case."""
        return self.agency is not None and self.expected_on is None

    def days_on(self, day: date) -> int:
        """Days past the due day on `day`; for an alert that has ended, those when it was raised."""
        return self.days if self.ended_at else (day - self.due).days


@dataclass(frozen=True, slots=True)
class NoticeWithCase:
    """A notice with the reference and current state of its case."""

    notice: UserNotice
    reference: str
    state: State


@dataclass(frozen=True, slots=True)
class MailDigest:
    """The e-mail of a day to one person."""

    digest_id: UUID
    subject: str
    day: date
    created_at: datetime


def notice_id_of(message_id: UUID, subject: str) -> UUID:
    """The id of the notice of this message to this person."""
    return uuid5(_NAMESPACE, f"{message_id}/{subject}")


# --- creating ------------------------------------------------------------------------------------------------


def add(tx: Connection, new_notices: Sequence[UserNotice]) -> None:
    """Insert notices; existing ones stay unchanged."""
    if new_notices:
        rows = [{**{name: getattr(new, name) for name in _SAME_COLUMNS}, **asdict(new.viewer)} for new in new_notices]
        tx.execute(bulk.dialect_insert(tx, notice).on_conflict_do_nothing(), rows)


def mark_ended(tx: Connection, alert_id: UUID, at: datetime, keeps: str | None = None) -> None:
    """End the notices of a cleared alert; withdraw those that are neither read nor mailed.

    `keeps`: the subject whose notices are not withdrawn.
    """
    of_alert = (N.alert_id == alert_id, N.ended_at.is_(None))
    unread = (N.read_at.is_(None), N.digest_id.is_(None), N.subject != (keeps or ""))
    tx.execute(update(notice).where(*of_alert, *unread).values(withdrawn_at=at))
    tx.execute(update(notice).where(*of_alert).values(ended_at=at))


def notified_outside(tx: Connection, alert_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these alerts of which somebody outside the office has a notice since the alert was last raised."""
    query = select(alert.c.alert_id).where(alert.c.alert_id.in_(alert_ids), reached_outside())
    return set(tx.scalars(query))


def reached_outside(until: datetime | None = None) -> ColumnElement[bool]:
    """SQL condition on `alert`: somebody outside the office has a notice of it, sent by `until`. Source: office norm.

    A standing contact or a member of the team. A notice that was withdrawn before it was read or mailed does not count.
    """
    sent = (
        N.alert_id == alert.c.alert_id,
        N.at >= alert.c.raised_at,
        N.withdrawn_at.is_(None),
        N.expected_on.is_(None),
    )
    in_time = () if until is None else (N.at <= until,)
    return exists().where(*sent, *in_time, N.role.in_(sorted(STANDING_CONTACTS))).correlate(alert)


@dataclass(frozen=True, slots=True)
class AlertReach:
    """An alert: the konfliktråd with the case, the night it was raised for, and whether it reached somebody outside."""

    konfliktrad: str
    raised_for: date
    outside: bool


def alert_reach(
    tx: Connection,
    code: str,
    period: tuple[date, date],
    day: date,
    sanction: Sanction | None = None,
    known_at: datetime | None = None,
) -> list[AlertReach]:
    """The alerts on this clock that were raised in the period, until `day`, each once, as known at that instant."""
    since, until = period
    case = case_current.c
    outside = reached_outside(known_at).label("outside")
    query = select(case.konfliktrad, alert.c.raised_for, outside).join(case_current, case.case_id == alert.c.case_id)
    query = query.where(alert.c.code == code, alert.c.raised_for.between(since, min(until, day)))
    if sanction is not None:
        query = query.where(case.sanction == sanction)
    if known_at is not None:
        query = query.where(alert.c.raised_at <= known_at)
    return [AlertReach(row.konfliktrad, row.raised_for, bool(row.outside)) for row in tx.execute(query)]


# --- the inbox ----------------------------------------------------------------------------------------------


def inbox(
    tx: Connection, viewer: Viewer, unread: bool, before: tuple[datetime, UUID] | None, limit: int
) -> list[NoticeWithCase]:
    """The notices to this person of cases that they may see or are a standing contact for, newest first."""
    query = _inbox_query(viewer)
    if unread:
        query = query.where(N.read_at.is_(None))
    if before is not None:
        query = query.where(tuple_(N.at, N.notice_id) < before)
    return _read_notices(tx, query.order_by(N.at.desc(), N.notice_id.desc()).limit(limit))


def find(tx: Connection, viewer: Viewer, notice_id: UUID) -> NoticeWithCase | None:
    """This notice, if it is to this person, and they may see the case or are a standing contact for it."""
    return next(iter(_read_notices(tx, _inbox_query(viewer).where(N.notice_id == notice_id))), None)


def mark_read(tx: Connection, notice_id: UUID, at: datetime) -> None:
    """Record that the notice has been read; the first time counts."""
    tx.execute(update(notice).where(N.notice_id == notice_id, N.read_at.is_(None)).values(read_at=at))


# --- the e-mail of the day ----------------------------------------------------------------------------------


def subjects_due_mail(tx: Connection, day: date, midnight: datetime, since: datetime) -> list[str]:
    """Subjects who subscribe to the digest and have unmailed notices, without those who have had one on that day.

    `midnight`: start of the day. `since`: older notices are not mailed. Nobody gets a digest while an earlier one is
    unsettled.
    """
    mails = deliveries.receiver_of(deliveries.MAIL, "")
    to_subject = delivery.c.receiver == literal(mails) + N.subject
    under_way = exists().where(to_subject, delivery.c.settled_at.is_(None))
    sent_today = exists().where(to_subject, delivery.c.delivered_at >= midnight)
    formed = exists().where(digest.c.subject == N.subject, digest.c.day == day)
    query = (
        select(N.subject)
        .distinct()
        .join(contact, and_(contact.c.subject == N.subject, contact.c.email_digest, contact.c.sealed.is_not(None)))
        .where(*_UNMAILED, N.at >= since, ~under_way, ~sent_today, ~formed)
        .order_by(N.subject)
    )
    return list(tx.scalars(query))


def create_digest(tx: Connection, subject: str, day: date, since: datetime, at: datetime) -> MailDigest:
    """Create the digest of all unmailed notices to this person. Needs `deliveries.try_sequence_lock`."""
    new = MailDigest(uuid5(_NAMESPACE, f"{subject}/{day}"), subject, day, at)
    tx.execute(insert(digest), asdict(new))
    included = (N.subject == subject, *_UNMAILED, N.at >= since)
    tx.execute(update(notice).where(*included).values(digest_id=new.digest_id))
    new_delivery = deliveries.NewDelivery(
        channel=deliveries.MAIL, id=subject, message_id=new.digest_id, kind=DIGEST, alert_id=None, created_at=at
    )
    deliveries.add(tx, [new_delivery])
    return new


def notices_of_digest(tx: Connection, digest_id: UUID) -> list[NoticeWithCase]:
    """The content of a digest: the last notice per live alert of cases that the person may see, by due day.

    Of a standing contact: those of the cases that they still are a contact for. The last answer of each party for its
    own part stands beside the notice of the alert.
    """
    query = _with_case().where(N.digest_id == digest_id, N.ended_at.is_(None)).order_by(N.at)
    last = {
        (item.notice.alert_id, item.notice.expected_on and item.notice.agency): item
        for item in _read_notices(tx, query)
    }
    as_contact = {item.notice.notice_id for item in _read_notices(tx, query.where(still_contact()))}
    seen = [item for item in last.values() if item.notice.notice_id in as_contact]
    by_viewer: dict[Viewer, list[NoticeWithCase]] = {}
    for item in (item for item in last.values() if item.notice.notice_id not in as_contact):
        by_viewer.setdefault(item.notice.viewer, []).append(item)
    seen += [
        item
        for viewer, theirs in by_viewer.items()
        for visible in [case_queries.visible_case_ids(tx, viewer, [item.notice.case_id for item in theirs])]
        for item in theirs
        if item.notice.case_id in visible
    ]
    return sorted(seen, key=lambda item: (item.notice.due, item.reference, item.notice.code))


def _inbox_query(viewer: Viewer) -> Select[Any]:
    if viewer.role is Role.AUDITOR:
        return _with_case().where(N.subject == AUDITORS, N.role == Role.AUDITOR, N.withdrawn_at.is_(None))
    of_viewer = (N.subject == viewer.subject, N.withdrawn_at.is_(None))
    as_contact = still_contact() if may_be_standing_contact(viewer.role) else false()
    return _with_case().where(*of_viewer, or_(case_queries.visible_to(viewer), as_contact))


def _with_case() -> Select[Any]:
    case = case_current.c
    return select(notice, case.reference, case.state.label("case_state")).join(case_current, case.case_id == N.case_id)


def _read_notices(tx: Connection, query: Select[Any]) -> list[NoticeWithCase]:
    notices = []
    for row in tx.execute(query).mappings():
        viewer = Viewer(row["role"], row["subject"], row["konfliktrad"])
        item = UserNotice(viewer=viewer, **{name: row[name] for name in _SAME_COLUMNS})
        notices.append(NoticeWithCase(item, row["reference"], row["case_state"]))
    return notices


_SAME_COLUMNS = (
    "notice_id",
    "message_id",
    "case_id",
    "alert_id",
    "kind",
    "code",
    "level",
    "due",
    "days",
    "waiting_for",
    "at",
    "read_at",
    "ended_at",
    "agency",
    "reason",
    "expected_on",
)
_UNMAILED = (N.digest_id.is_(None), N.withdrawn_at.is_(None), N.ended_at.is_(None))
