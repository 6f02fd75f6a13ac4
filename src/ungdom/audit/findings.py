"""What a verification can find, and where."""

from dataclasses import dataclass, field
from enum import StrEnum


class AuditProblem(StrEnum):
    """What is wrong with a row."""

    CHANGED = "changed"  # the link does not follow from the row and the link before it
    MISSING = "missing"  # from this position on rows are missing
    REPEATED = "repeated"  # a row stands twice or out of order
    UNLINKED = "unlinked"  # the row has no link
    REWRITTEN = "rewritten"  # the links fit each other, and not what was sealed
    UNLIKE_RECORD = "unlike_record"  # the row is not as it was last recorded
    UNRECORDED = "unrecorded"  # the row was never recorded
    REMOVED = "removed"  # a recorded row is not there
    SEAL_CHANGED = "seal_changed"  # the seal does not follow from its heads and the seal before it
    SEAL_MISSING = "seal_missing"
    ANCHOR_DIFFERS = "anchor_differs"  # the seal is not the one that was exported
    ANCHOR_UNREADABLE = "anchor_unreadable"  # the lines of an anchor file do not give its root
    LINE_UNREADABLE = "line_unreadable"  # a line of an export
    FILE_CHANGED = "file_changed"  # a file of the archive of a case is not as its manifest says


@dataclass(frozen=True, slots=True, order=True)
class AuditFinding:
    """The first bad row of a stream: table, stream, position and what is wrong.

    `stream`: of a table whose rows may change, the key of the row; of a file, its name. `position`: of such a row, that
    of its last recorded change; of a seal its number; 0 where there is none.
    """

    table: str
    stream: str
    position: int
    problem: AuditProblem

    @property
    def chain(self) -> str:
        """The chain whose stream it is: of the entries of an answer, that of the access log."""
        return "access_log" if self.table == "access_entry" else self.table

    def __str__(self) -> str:
        return f"{self.table} {self.stream} {self.position}: {self.problem}"


@dataclass(slots=True)
class VerificationResult:
    """What a verification met and found. `findings`: at most one per stream, its first bad row, in the order met."""

    streams: int = 0
    rows: int = 0
    findings: list[AuditFinding] = field(default_factory=list)
