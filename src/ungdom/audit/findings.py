"""What a verification can find, and where."""

from dataclasses import dataclass
from enum import StrEnum


class Problem(StrEnum):
    """What is wrong with a row."""

    CHANGED = "changed"  # the link does not follow from the row and the link before it
    MISSING = "missing"  # from this position on rows are missing
    REPEATED = "repeated"  # the position has been before, or lies before the first
    UNLINKED = "unlinked"  # the row has no link
    REWRITTEN = "rewritten"  # the links fit each other, and not what was sealed
    UNLIKE_RECORD = "unlike_record"  # the row is not as it was last recorded
    UNRECORDED = "unrecorded"  # the row was never recorded
    REMOVED = "removed"  # a recorded row is not there
    SEAL_CHANGED = "seal_changed"  # the seal does not follow from its heads and the seal before it
    SEAL_MISSING = "seal_missing"
    ANCHOR_DIFFERS = "anchor_differs"  # the seal in the database is not the one that was exported
    ANCHOR_UNREADABLE = "anchor_unreadable"
    LINE_UNREADABLE = "line_unreadable"  # a line of an export


MEANING: dict[Problem, str] = {
    Problem.CHANGED: "the row, or its link, was changed",
    Problem.MISSING: "rows are missing from here on",
    Problem.REPEATED: "a row stands twice or out of order",
    Problem.UNLINKED: "the row has no link: it was not written by the service",
    Problem.REWRITTEN: "the links fit each other, but are not those that were sealed: rows from here on were rewritten",
    Problem.UNLIKE_RECORD: "the row is not as it was last recorded",
    Problem.UNRECORDED: "the row was not written by the service",
    Problem.REMOVED: "the row was removed, and not by the service",
    Problem.SEAL_CHANGED: "the seal does not follow from its heads and the seal before it",
    Problem.SEAL_MISSING: "the seal is missing",
    Problem.ANCHOR_DIFFERS: "the seal is not the one that the anchor file has",
    Problem.ANCHOR_UNREADABLE: "the anchor file cannot be read, or its lines do not give its root",
    Problem.LINE_UNREADABLE: "the line of the export cannot be read",
}
"""Each problem in words, for the command line and the log."""


@dataclass(frozen=True, slots=True, order=True)
class AuditFinding:
    """The first bad row of a stream: table, stream, position and what is wrong.

    `stream`: of a table of rows that change, `table:key`; of a file, its name. `position`: for such a row, of its
    last record, and of a seal its number; 0 where there is none.
    """

    table: str
    stream: str
    position: int
    problem: Problem

    def __str__(self) -> str:
        return f"{self.table} {self.stream} {self.position}: {MEANING[self.problem]}"
