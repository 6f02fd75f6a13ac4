"""Pages of lists: one size rule, and signed cursors of lists that are ordered by instant and id."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from ungdom.api.http import cursors
from ungdom.api.http.context import RequestContext
from ungdom.api.http.inputs import DEFAULT_LIMIT, Input, Limit
from ungdom.message.text import CursorText
from ungdom.store.keyset import KeysetPosition

T = TypeVar("T")


class PageQuery(Input):
    """Which page of a list."""

    limit: Limit = DEFAULT_LIMIT
    cursor: CursorText | None = None


def start_after(context: RequestContext, name: str, query: PageQuery) -> KeysetPosition | None:
    """The last row of the page before; None for the first page. Raises `BadCursor`."""
    return cursors.decode_instant_place(cursors.read(context.cursor_key, name, query.cursor)) if query.cursor else None


def page_and_cursor(
    context: RequestContext, name: str, query: PageQuery, rows: Sequence[T], place: Callable[[T], KeysetPosition]
) -> tuple[Sequence[T], str | None]:
    """The page, and the cursor of the next one if there is any, from up to `limit + 1` rows. `name`: of the list."""
    page = rows[: query.limit]
    more = len(rows) > query.limit
    return page, cursors.write(
        context.cursor_key, name, cursors.encode_instant_place(*place(page[-1]))
    ) if more else None
