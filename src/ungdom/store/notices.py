"""What people have been told in the product, and the e-mail of a day that tells of it once more."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, Select, and_, exists, insert, literal, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from ungdom.store import deliveries, reading
from ungdom.store.notice_tables import contact, delivery, digest, notice
from ungdom.store.tables import case_current
from ungdom.workflow.alerting import Level
from ungdom.workflow.permissions import Viewer
from ungdom.workflow.vocabulary import Party, State

_NAMESPACE = UUID("0d1f3a4e-2f6a-4c55-8a3d-5e0b9c7a4d21")
DIGEST = "digest"
N = notice.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice to one person. `days` past the due day as it was raised for; before it they are negative."""

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

    def days_on(self, day: date) -> int:
        """Days past the due day on that day; of an alert that has ended, as it was raised."""
        return self.days if self.ended_at else (day - self.due).days


@dataclass(frozen=True, slots=True)
class Shown:
    """A notice with what its case is called and where it stands now."""

    notice: Notice
    reference: str
    state: State


@dataclass(frozen=True, slots=True)
class Digest:
    """The e-mail of a day for one person."""

    digest_id: UUID
    subject: str
    day: date
    created_at: datetime


def notice_id_of(message_id: UUID, subject: str) -> UUID:
    """The id of the notice that tells this person of this message."""
    return uuid5(_NAMESPACE, f"{message_id}/{subject}")


# --- telling ------------------------------------------------------------------------------------------------


def add(tx: Connection, news: Sequence[Notice]) -> None:
    """Put these in the inboxes; those that are there already stay as they are."""
    if news:
        dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
        tx.execute(dialect.insert(notice).on_conflict_do_nothing(), [_row(one) for one in news])


def end(tx: Connection, alert_id: UUID, at: datetime) -> None:
    """The alert has been cleared: who had not been told of it is told nothing."""
    mine = (N.alert_id == alert_id, N.ended_at.is_(None))
    untold = (N.read_at.is_(None), N.digest_id.is_(None))
    tx.execute(update(notice).where(*mine, *untold).values(withdrawn_at=at))
    tx.execute(update(notice).where(*mine).values(ended_at=at))


# --- the inbox ----------------------------------------------------------------------------------------------


def inbox(
    tx: Connection, viewer: Viewer, unread: bool, before: tuple[datetime, UUID] | None, limit: int
) -> list[Shown]:
    """The notices of this person, the newest first, of cases that they may still see."""
    query = _inbox(viewer)
    if unread:
        query = query.where(N.read_at.is_(None))
    if before is not None:
        query = query.where(tuple_(N.at, N.notice_id) < before)
    return _shown(tx, query.order_by(N.at.desc(), N.notice_id.desc()).limit(limit))


def find(tx: Connection, viewer: Viewer, notice_id: UUID) -> Shown | None:
    """This notice, if it is theirs and they may still see the case."""
    return next(iter(_shown(tx, _inbox(viewer).where(N.notice_id == notice_id))), None)


def read(tx: Connection, notice_id: UUID, at: datetime) -> None:
    """It has been read; the first time counts."""
    tx.execute(update(notice).where(N.notice_id == notice_id, N.read_at.is_(None)).values(read_at=at))


# --- the e-mail of the day ----------------------------------------------------------------------------------


def waiting_for_mail(tx: Connection, day: date, midnight: datetime, since: datetime) -> list[str]:
    """Who wants an e-mail, has notices that none has told of, and is owed one on that day.

    `midnight`: when the day began; `since`: older notices are not mailed any more. Nobody gets a second one on a day,
    nor one while an earlier one has not left.
    """
    mails = deliveries.receiver_of(deliveries.MAIL, "")
    theirs = delivery.c.receiver == literal(mails) + N.subject
    under_way = exists().where(theirs, delivery.c.settled_at.is_(None))
    sent_today = exists().where(theirs, delivery.c.delivered_at >= midnight)
    formed = exists().where(digest.c.subject == N.subject, digest.c.day == day)
    query = (
        select(N.subject)
        .distinct()
        .join(contact, and_(contact.c.subject == N.subject, contact.c.email_digest, contact.c.sealed.is_not(None)))
        .where(*_UNMAILED, N.at >= since, ~under_way, ~sent_today, ~formed)
        .order_by(N.subject)
    )
    return list(tx.scalars(query))


def form(tx: Connection, subject: str, day: date, since: datetime, at: datetime) -> Digest:
    """The e-mail of the day for this person, of everything that none has told of yet. Only in `deliveries.my_turn`."""
    new = Digest(uuid5(_NAMESPACE, f"{subject}/{day}"), subject, day, at)
    tx.execute(insert(digest), asdict(new))
    mine = (N.subject == subject, *_UNMAILED, N.at >= since)
    tx.execute(update(notice).where(*mine).values(digest_id=new.digest_id))
    promised = deliveries.New(
        channel=deliveries.MAIL, id=subject, message_id=new.digest_id, kind=DIGEST, alert_id=None, created_at=at
    )
    deliveries.add(tx, [promised])
    return new


def of_digest(tx: Connection, digest_id: UUID) -> list[Shown]:
    """What this e-mail tells: what has not ended, of cases that the person may still see, each alert once, by due day.

    Of an alert that was raised and has climbed since, the last.
    """
    rows = _shown(tx, _with_case().where(N.digest_id == digest_id, N.ended_at.is_(None)).order_by(N.at))
    last = {one.notice.alert_id: one for one in rows}
    by_viewer: dict[Viewer, list[Shown]] = {}
    for one in last.values():
        by_viewer.setdefault(one.notice.viewer, []).append(one)
    seen = [
        one
        for viewer, theirs in by_viewer.items()
        for visible in [reading.seen_by(tx, viewer, [one.notice.case_id for one in theirs])]
        for one in theirs
        if one.notice.case_id in visible
    ]
    return sorted(seen, key=lambda one: (one.notice.due, one.reference, one.notice.code))


def _inbox(viewer: Viewer) -> Select[Any]:
    mine = (N.subject == viewer.subject, N.withdrawn_at.is_(None))
    return _with_case().where(*mine, reading.visible_to(viewer))


def _with_case() -> Select[Any]:
    case = case_current.c
    return select(notice, case.reference, case.state.label("case_state")).join(case_current, case.case_id == N.case_id)


def _shown(tx: Connection, query: Select[Any]) -> list[Shown]:
    return [Shown(_notice(row), row["reference"], row["case_state"]) for row in tx.execute(query).mappings()]


_PLAIN = (
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
)
_UNMAILED = (N.digest_id.is_(None), N.withdrawn_at.is_(None), N.ended_at.is_(None))


def _notice(row: Any) -> Notice:
    viewer = Viewer(row["role"], row["subject"], row["konfliktrad"])
    return Notice(viewer=viewer, **{name: row[name] for name in _PLAIN})


def _row(one: Notice) -> dict[str, Any]:
    return {**{name: getattr(one, name) for name in _PLAIN}, **asdict(one.viewer)}
