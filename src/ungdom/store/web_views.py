"""Saved views of the list of today: a name and what is asked for, of one person or of their whole konfliktråd."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, or_, select

from ungdom.store.schema.web import web_view
from ungdom.workflow.rules.permissions import Viewer

MOST_VIEWS = 50
"""Views that one person may have."""
_V = web_view.c


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """One view. `konfliktrad`: whose people see it as well; None: only `subject`. `query`: of the address."""

    view_id: UUID
    subject: str
    konfliktrad: str | None
    name: str
    query: str
    created_at: datetime


def visible_to(tx: Connection, viewer: Viewer) -> Sequence[SavedView]:
    """The views of this person, and those of their konfliktråd, by name."""
    whose = [_V.subject == viewer.subject]
    if viewer.konfliktrad is not None:
        whose.append(_V.konfliktrad == viewer.konfliktrad)
    query = select(web_view).where(or_(*whose)).order_by(_V.name, _V.view_id)
    return [SavedView(**row) for row in tx.execute(query).mappings()]


def has_room(tx: Connection, subject: str) -> bool:
    """Whether the person may save one more."""
    count = tx.execute(select(func.count()).where(_V.subject == subject)).scalar_one()
    return int(count) < MOST_VIEWS


def save(tx: Connection, view: SavedView) -> None:
    """Stores a new view."""
    tx.execute(insert(web_view), asdict(view))


def remove(tx: Connection, view_id: UUID, subject: str) -> bool:
    """Deletes a view that this person has saved; False if there is none."""
    return tx.execute(delete(web_view).where(_V.view_id == view_id, _V.subject == subject)).rowcount > 0
