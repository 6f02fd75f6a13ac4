"""Pages of lists: one size rule, and signed cursors of lists that are ordered by instant and id."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from pydantic import BaseModel

from ungdom.api.http import cursors
from ungdom.api.http.context import RequestContext
from ungdom.api.http.inputs import DEFAULT_LIMIT, Input, Limit
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.message.text import CursorText
from ungdom.store.keyset import KeysetPosition

T = TypeVar("T")


class Paged(Protocol):
    """A query for one page of a list."""

    @property
    def cursor(self) -> str | None:
        """The cursor that the page before ended with; None for the first page."""


class LimitedPage(Paged, Protocol):
    """A query for one page of a list of a size that the client names."""

    @property
    def limit(self) -> int:
        """The number of rows at most."""


class PageQuery(Input):
    """Which page of a list."""

    limit: Limit = DEFAULT_LIMIT
    cursor: CursorText | None = None


def read_cursor(context: RequestContext, name: str, query: Paged) -> str | None:
    """The place after which the page begins; None for the first page. `name`: of the list. Raises `BadCursor`."""
    return cursors.read(context.cursor_keys, name, query.cursor) if query.cursor else None


def write_cursor(context: RequestContext, name: str, last: str | None) -> str | None:
    """The cursor of the page after the place `last`; None after the last page. `name`: of the list."""
    return cursors.write(context.cursor_keys, name, last) if last else None


def start_after(context: RequestContext, name: str, query: Paged) -> KeysetPosition | None:
    """The last row of the page before, in a list ordered by instant and id; None for the first page.

    Raises `BadCursor`.
    """
    place = read_cursor(context, name, query)
    return cursors.decode_instant_place(place) if place else None


def page_and_cursor(
    context: RequestContext, name: str, query: LimitedPage, rows: Sequence[T], place: Callable[[T], KeysetPosition]
) -> tuple[Sequence[T], str | None]:
    """The page, and the cursor of the next one if there is any, from up to `limit + 1` rows. `name`: of the list."""
    page = rows[: query.limit]
    last = cursors.encode_instant_place(*place(page[-1])) if len(rows) > query.limit else None
    return page, write_cursor(context, name, last)


def list_response(
    context: RequestContext,
    name: str,
    query: LimitedPage,
    schema: type[BaseModel],
    read: Callable[[KeysetPosition | None, int], Sequence[T]],
    place: Callable[[T], KeysetPosition],
    present: Callable[[T], object],
) -> ApiResponse:
    """A page of a list that is ordered by instant and id.

    `name`: of the list with its filters. `read`: the rows after a place, at most so many. `place`: instant and id of a
    row. `present`: the row as an item. Raises `BadCursor`.
    """
    rows = read(start_after(context, name, query), query.limit + 1)
    page, following = page_and_cursor(context, name, query, rows, place)
    return json_response(schema(items=[present(row) for row in page], next=following))
