"""The hash chain of the events of a case: one stream per case, linked in the statement that adds the event.

The link of an event is a column of its row, so that linking takes no statement of its own. A case that is loaded
carries its head; the optimistic lock of the case guarantees that it still is the head when the next event is written.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from ungdom.audit.content import encode, plain
from ungdom.audit.links import FIRST, link

EVENT_CONTENT = (
    "type",
    "occurred_on",
    "occurred_at",
    "details",
    "recorded_at",
    "actor",
    "role",
    "subject",
    "source",
)
"""The columns of an event that its link covers, beside the case and the number. Fixed: a change breaks every chain."""


class ChainHead(NamedTuple):
    """The last linked row of a stream: its position, 0 for none, and its link."""

    position: int
    link: bytes


NO_ROWS = ChainHead(0, FIRST)


def event_content(row: Mapping[str, Any]) -> bytes:
    """The content of an event that its link covers."""
    return encode(plain(row[name]) for name in EVENT_CONTENT)


def linked(head: ChainHead, case_id: UUID, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of `event` with their links, in order after `head`."""
    result, previous, stream = [], head.link, str(case_id)
    for row in rows:
        previous = link(previous, stream, row["seq"], event_content(row))
        result.append({**row, "link": previous})
    return result


def head_of(case_id: UUID, rows: Sequence[Any]) -> ChainHead:
    """The head of a case with these rows of `event`. Rows that an older version wrote are linked here, in memory."""
    if rows[-1].link is not None:
        return ChainHead(rows[-1].seq, rows[-1].link)
    unlinked = next((n for n in range(len(rows) - 1, -1, -1) if rows[n].link is not None), -1) + 1
    before = ChainHead(rows[unlinked - 1].seq, rows[unlinked - 1].link) if unlinked else NO_ROWS
    last = linked(before, case_id, (row._asdict() for row in rows[unlinked:]))[-1]
    return ChainHead(last["seq"], last["link"])
