"""Keyset pagination of lists ordered by instant and id: a page starts after the last row of the previous one."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_

KeysetPosition = tuple[datetime, UUID]
"""The instant and the id of a row."""


def page(
    query: Select[Any],
    order: tuple[ColumnElement[datetime], ColumnElement[UUID]],
    position: KeysetPosition | None,
    limit: int | None,
    newest_first: bool = True,
) -> Select[Any]:
    """The query in this order, after the row at `position`, with at most `limit` rows; None: all of them."""
    instant, key = order
    ordered = query.order_by(*((column.desc() for column in order) if newest_first else order)).limit(limit)
    if position is None:
        return ordered
    at, id = position
    beyond = (instant < at, key < id) if newest_first else (instant > at, key > id)
    return ordered.where(or_(beyond[0], and_(instant == at, beyond[1])))
