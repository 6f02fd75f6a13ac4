"""Schemas of the notes of a case."""

from datetime import date, datetime
from uuid import UUID

from ungdom.api.http.schemas import AsOfOut, Output


class NoteOut(Output):
    """A note of a case. `seq`: the event that added it. `text`: null where it has been erased.

    `youth_may_read`: whoever wrote it marked it as one that the youth may read as a party to the case. Others are
    drafts and internal notes, which a party has no right to read.
    """

    id: UUID
    seq: int
    occurred_on: date
    recorded_at: datetime
    recorded_by: str
    text: str | None
    youth_may_read: bool
    annulled: bool


class NoteList(Output):
    """The notes of a case, the oldest first."""

    as_of: AsOfOut
    items: list[NoteOut]
