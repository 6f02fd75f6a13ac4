"""Compares rows that may change with their last recorded change."""

from collections.abc import Iterable, Iterator

from ungdom.audit.findings import AuditFinding, AuditProblem

LastChanges = dict[str, tuple[int, str | None]]
"""The last change of each row of a table, by key: its position in its stream, and the row; None: removed."""
RecordedRow = tuple[str, str, str]
"""Stream, key and content of a row as it is."""


def recorded_findings(source: str, rows: Iterable[RecordedRow], last: LastChanges) -> Iterator[AuditFinding]:
    """The rows of a table that are not as last recorded, were never recorded, or have gone."""
    remaining = dict(last)
    for _stream, key, content in rows:
        position, known = remaining.pop(key, (0, None))
        if known is None:
            yield AuditFinding(source, key, position, AuditProblem.UNRECORDED)
        elif known != content:
            yield AuditFinding(source, key, position, AuditProblem.UNLIKE_RECORD)
    gone = sorted((key, position) for key, (position, content) in remaining.items() if content is not None)
    yield from (AuditFinding(source, key, position, AuditProblem.REMOVED) for key, position in gone)
