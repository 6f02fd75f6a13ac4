"""Saved views of the list of today: a name and what is asked for, of one person or of their whole konfliktråd."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, or_, select

from ungdom.store.schema.web import web_view
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

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


def may_remove(viewer: Viewer, view: SavedView) -> bool:
    """Whether the person may delete this view: their own, or as leader any that their konfliktråd shares."""
    shared = view.konfliktrad is not None and view.konfliktrad == viewer.konfliktrad
    return view.subject == viewer.subject or (viewer.role is Role.LEADER and shared)


def remove(tx: Connection, view_id: UUID, viewer: Viewer) -> bool:
    """Deletes a view that this person may delete; False if there is none."""
    view = next((view for view in visible_to(tx, viewer) if view.view_id == view_id), None)
    if view is None or not may_remove(viewer, view):
        return False
    return tx.execute(delete(web_view).where(_V.view_id == view_id)).rowcount > 0
