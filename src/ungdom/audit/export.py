"""The export of the hash chains: lines of JSON that can be verified without a database.

The first line names the form; then the seals with their heads, the rows of each chain by stream and position, and the
rows of recorded tables as they are, and the entries of the access log: those of its long answers twice, as they are
stored twice. The last line has the number of lines before it,
so that a file that was cut short is noticed. Each line is an object with one key.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from typing import Any

from ungdom.audit.anchors import Anchor, anchor_findings, seal_of, seal_values
from ungdom.audit.findings import AuditFinding, AuditProblem, VerificationResult
from ungdom.audit.recorded import LastChanges, recorded_findings
from ungdom.audit.seals import Head, Seal
from ungdom.audit.shown import LoggedAnswer, ShownEntry, shown_findings
from ungdom.audit.walk import ChainedRow, ChainWalk, seal_findings, sealed_links

FORM = "ungdom-audit-1"
CHANGES = "audit_change"
"""The chain whose rows record changes of other tables."""
ANSWERS = "access_log"
"""The chain whose rows end with the hash of their entries."""

Line = tuple[str, Any]
"""The key of a line and its value."""


class NotAnExport(Exception):
    """The file does not begin as an export of the hash chains does."""


def export_lines(
    seals: Sequence[Seal],
    heads: Mapping[int, Sequence[Head]],
    chains: Iterable[tuple[str, Iterable[ChainedRow]]],
    recorded: Iterable[tuple[str, Iterable[tuple[str, str, str]]]],
    shown: Iterable[ShownEntry],
    packed: Iterable[ShownEntry],
) -> Iterator[str]:
    """The lines of an export, each with its end. `chains`, `recorded`: name and rows of each table.

    `shown`: the entries of the access log, ordered by answer and place; `packed`: those that stand packed beside them.
    """
    count = 0
    entries = ({kind: [id, x.decode()]} for kind, rows in (("shown", shown), ("packed", packed)) for id, x in rows)
    for line in chain(_objects(seals, heads, chains, recorded), entries):
        yield json.dumps(line) + "\n"
        count += 1
    yield json.dumps({"end": count}) + "\n"


def verify_export(lines: Iterable[str], anchors: Sequence[Anchor] = ()) -> VerificationResult:
    """Verifies an export against its links, its seals and, where given, anchor files; nothing else is needed.

    Raises `NotAnExport` where the first line is not that of an export.
    """
    reading = _ExportReading(anchors)
    try:
        for kind, group in groupby(reading.lines(lines), key=lambda line: line[0]):
            reading.take(kind, (value for _, value in group))
        reading.end()
    except (AttributeError, KeyError, TypeError, ValueError):
        reading.report(AuditProblem.LINE_UNREADABLE)
    return reading.result


class _ExportReading:
    """The reading of an export: what has been met so far, and what was found."""

    def __init__(self, anchors: Sequence[Anchor]) -> None:
        self.result = VerificationResult()
        self._anchors = anchors
        self._seals: list[Seal] = []
        self._heads: defaultdict[int, list[Head]] = defaultdict(list)
        self._last: defaultdict[str, LastChanges] = defaultdict(dict)
        self._sealed = sealed_links({}, anchors)
        self._met: set[str] = set()
        self._answers: list[LoggedAnswer] = []
        self._compared = False
        self._line = 0

    def lines(self, lines: Iterable[str]) -> Iterator[Line]:
        """The key and the value of each line. Raises `ValueError` or `AttributeError` for one that cannot be read."""
        ended = False
        for self._line, text in enumerate(lines, start=1):
            if self._line == 1:
                _require_form(text)
            ((kind, value),) = json.loads(text).items()
            if (kind == "form") != (self._line == 1):
                raise ValueError(kind)
            ended = kind == "end" and value == self._line - 1
            yield kind, value
        if self._line == 0:
            raise NotAnExport
        if not ended:
            self._line += 1
            self.report(AuditProblem.MISSING)

    def report(self, problem: AuditProblem) -> None:
        """Adds a finding about the line that is being read."""
        self.result.findings.append(AuditFinding("export", "line", self._line, problem))

    def take(self, kind: str, values: Iterable[Any]) -> None:
        """Verifies consecutive lines of one kind."""
        if kind == "seal":
            self._seals += map(seal_of, values)
        elif kind == "head":
            for number, name, stream, position, link in values:
                self._heads[number].append(Head(name, stream, position, bytes.fromhex(link)))
            self._sealed = sealed_links(self._heads, self._anchors)
        elif kind == "recorded":
            self._compare(values)
        elif kind in ("shown", "packed"):
            (self._compare_shown if kind == "shown" else self._compare_packed)(values)
        elif kind.startswith("row:"):
            self._walk(kind.removeprefix("row:"), values)
        else:
            for _ in values:  # the first and the last line
                pass

    def end(self) -> None:
        """Verifies what was met nowhere, and the seals."""
        for name in sorted(self._sealed.keys() - self._met):
            self._walk(name, ())
        if not self._compared:
            self._compare_shown(())
        for source, changes in sorted(self._last.items()):
            self.result.findings += recorded_findings(source, (), changes)
        self.result.findings += seal_findings(self._seals, self._heads)
        self.result.findings += anchor_findings(self._anchors, self._seals, self._heads)

    def _walk(self, name: str, rows: Iterable[Any]) -> None:
        walk = ChainWalk(name, self._sealed.get(name, {}))
        self._met.add(name)
        self.result.findings += walk.findings(self._chained(name, rows))
        self.result.rows += walk.rows
        self.result.streams += walk.streams

    def _chained(self, name: str, rows: Iterable[Any]) -> Iterator[ChainedRow]:
        """The rows of a chain. The last recorded change of each row is kept, and the hash of each answer."""
        for stream, position, link, text in rows:
            if name == ANSWERS:
                content = json.loads(text)
                self._answers.append((content[0], stream, position, content[-1]))
            if name == CHANGES:
                source, key, content = json.loads(text)
                self._last[source][key] = (position, content)
            yield stream, position, bytes.fromhex(link) if link else None, text.encode()

    def _compare_shown(self, values: Iterable[Any]) -> None:
        self._compared = True
        entries = ((access_id, text.encode()) for access_id, text in values)
        self.result.findings += shown_findings(sorted(self._answers), entries)

    def _compare_packed(self, values: Iterable[Any]) -> None:
        answers = {answer[0]: answer for answer in self._answers}
        for access_id, group in groupby(values, key=lambda value: value[0]):
            entries = ((id, text.encode()) for id, text in group)
            self.result.findings += shown_findings([answers[access_id]] if access_id in answers else [], entries)

    def _compare(self, values: Iterable[Any]) -> None:
        rows = ((source, (stream, key, content)) for source, stream, key, content in values)
        for source, of_source in groupby(rows, key=lambda row: row[0]):
            last = self._last.pop(source, {})
            self.result.findings += recorded_findings(source, (row for _, row in of_source), last)


def _require_form(first: str) -> None:
    """Raises `NotAnExport` where this is not the first line of an export."""
    try:
        is_form = json.loads(first) == {"form": FORM}
    except ValueError:
        is_form = False
    if not is_form:
        raise NotAnExport


def _objects(
    seals: Sequence[Seal],
    heads: Mapping[int, Sequence[Head]],
    chains: Iterable[tuple[str, Iterable[ChainedRow]]],
    recorded: Iterable[tuple[str, Iterable[tuple[str, str, str]]]],
) -> Iterator[dict[str, Any]]:
    yield {"form": FORM}
    yield from ({"seal": seal_values(seal)} for seal in seals)
    for number, own in heads.items():
        yield from ({"head": [number, *head[:3], head.link.hex()]} for head in sorted(own))
    for name, rows in chains:
        for stream, position, link, content in rows:
            shown = link.hex() if isinstance(link, bytes) else None
            yield {f"row:{name}": [stream, position, shown, content.decode(errors="replace")]}
    for source, present in recorded:
        yield from ({"recorded": [source, *row]} for row in present)
