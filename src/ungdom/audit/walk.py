"""Walks along the rows of a chain and compares links, and along seals and compares roots."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from ungdom.audit.anchors import Anchor
from ungdom.audit.findings import AuditFinding, AuditProblem
from ungdom.audit.links import FIRST, link
from ungdom.audit.seals import SEAL_STREAM, Head, Seal, root_of, seal_link

ChainedRow = tuple[Any, Any, Any, bytes]
"""Stream, position, link and content of a row, as read: what was tampered with may have any type."""
SealedLinks = Mapping[str, Mapping[int, bytes]]
"""The links that were sealed, by stream and position."""


class ChainWalk:
    """A walk along the chain with this name. `rows`: the number of rows met so far.

    `sealed`: every stream in it must be met; a row at one of its positions must have the link there.
    """

    def __init__(self, name: str, sealed: SealedLinks) -> None:
        self.chain, self.rows, self.streams = name, 0, 0
        self._sealed = sealed
        self._met: set[str] = set()

    def findings(self, rows: Iterable[ChainedRow], whole: bool = True) -> Iterator[AuditFinding]:
        """At most one finding per stream: its first bad row. `rows`: grouped by stream, in the order of positions.

        `whole`: whether these are all streams of the chain, so that a sealed stream that is not met is missing.
        """
        stream: Any = None
        name, expected, previous, bad = "", 1, FIRST, False
        sealed: Mapping[int, bytes] = {}
        for row_stream, position, row_link, content in rows:
            self.rows += 1
            if row_stream != stream:
                yield from self._end(name, expected, bad)
                stream, expected, previous, bad = row_stream, 1, FIRST, False
                name, sealed = self._begin(stream)
            if bad:
                continue
            if position == expected and row_link == (previous := link(previous, name, position, content)):
                if position in sealed and sealed[position] != row_link:
                    bad = True
                    yield AuditFinding(self.chain, name, _first_unsealed(sealed, position), AuditProblem.REWRITTEN)
                expected += 1
                continue
            bad = True
            yield self._finding(name, position, expected, row_link)
        yield from self._end(name, expected, bad)
        if whole:
            missing = sorted(self._sealed.keys() - self._met)
            yield from (AuditFinding(self.chain, stream, 1, AuditProblem.MISSING) for stream in missing)

    def _begin(self, stream: Any) -> tuple[str, Mapping[int, bytes]]:
        """The name of a stream, and its sealed links."""
        name = stream if isinstance(stream, str) else repr(stream)
        self.streams += 1
        self._met.add(name)
        return name, self._sealed.get(name, {})

    def _end(self, name: str, expected: int, bad: bool) -> Iterator[AuditFinding]:
        """The end of a stream: rows up to the last sealed position must have been met."""
        sealed = self._sealed.get(name, {})
        if not bad and sealed and expected <= max(sealed):
            yield AuditFinding(self.chain, name, expected, AuditProblem.MISSING)

    def _finding(self, name: str, position: Any, expected: int, row_link: Any) -> AuditFinding:
        if position == expected:
            problem = AuditProblem.UNLINKED if row_link is None else AuditProblem.CHANGED
        elif isinstance(position, int) and position < expected:
            return AuditFinding(self.chain, name, position, AuditProblem.REPEATED)
        else:
            problem = AuditProblem.MISSING
        return AuditFinding(self.chain, name, expected, problem)


def sealed_links(heads: Mapping[int, Sequence[Head]], anchors: Sequence[Anchor]) -> dict[str, SealedLinks]:
    """The sealed links by chain, stream and position. `heads`: by number of the seal; one of an anchor counts more."""
    sealed: defaultdict[str, dict[str, dict[int, bytes]]] = defaultdict(dict)
    stored = (head for own in heads.values() for head in own)
    for head in chain(stored, *(anchor.heads for anchor in anchors)):
        sealed[head.chain].setdefault(head.stream, {})[head.position] = head.link
    return dict(sealed)


def seal_findings(seals: Sequence[Seal], heads: Mapping[int, Sequence[Head]]) -> Iterator[AuditFinding]:
    """The first seal that does not follow from its heads and the seal before it. `heads`: by number of the seal."""
    previous = FIRST
    for expected, seal in enumerate(seals, start=1):
        if seal.number != expected:
            yield AuditFinding(SEAL_STREAM, SEAL_STREAM, expected, AuditProblem.SEAL_MISSING)
            return
        own = heads.get(seal.number, ())
        if len(own) != seal.leaves or root_of(own) != seal.root or seal_link(previous, seal) != seal.link:
            yield AuditFinding(SEAL_STREAM, SEAL_STREAM, expected, AuditProblem.SEAL_CHANGED)
            return
        previous = seal.link


def _first_unsealed(sealed: Mapping[int, bytes], position: int) -> int:
    """The first position after the last sealed one before this: rows up to that one are as sealed."""
    return max((earlier for earlier in sealed if earlier < position), default=0) + 1
