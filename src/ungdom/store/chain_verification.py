"""Verifies the hash chains of a database against their links, the seals and, where given, anchor files; and seals them.

A broken stream is not sealed again: its last good head stays, so that no seal ever covers what was found.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from hashlib import sha256

from sqlalchemy import Connection, select

from ungdom.audit.anchors import Anchor, anchor_findings
from ungdom.audit.findings import AuditFinding, AuditProblem, VerificationResult
from ungdom.audit.recorded import LastChanges, recorded_findings
from ungdom.audit.seals import Head, Seal
from ungdom.audit.shown import shown_findings
from ungdom.audit.walk import ChainWalk, SealedLinks, seal_findings, sealed_links
from ungdom.store import chain_rows, chain_seals
from ungdom.store.chain_tables import CHAINED, RECORDED, ChainedTable
from ungdom.store.schema.access import access_log
from ungdom.store.schema.audit import audit_change
from ungdom.store.session import Database

NIGHTS = 32
"""Number of nights in which every stream is verified once."""

Progress = Callable[[int, int], object]
"""Called with the number of rows verified, twice: the total is not known beforehand."""


def verify(
    tx: Connection, anchors: Sequence[Anchor] = (), progress: Progress = lambda _done, _all: None
) -> VerificationResult:
    """Every stream, seal and recorded row. `anchors`: exported seals, which the seals must be equal to."""
    result = VerificationResult()
    seals, heads = chain_seals.seals(tx), chain_seals.heads_by_seal(tx)
    sealed = sealed_links(heads, anchors)
    for chain in CHAINED:
        _walk(tx, chain, sealed.get(chain.name, {}), None, result, progress)
    result.findings += _shown_findings(tx, None)
    result.findings += _recorded_findings(tx)
    result.findings += seal_findings(seals, heads)
    result.findings += anchor_findings(anchors, seals, heads)
    return result


def verify_part(tx: Connection, day: date) -> VerificationResult:
    """The streams that have grown since the last seal, and a share of the others; every seal and recorded row.

    In `NIGHTS` nights every stream has its turn.
    """
    result = VerificationResult()
    seals, heads = chain_seals.seals(tx), chain_seals.heads_by_seal(tx)
    sealed = sealed_links(heads, ())
    for chain in CHAINED:
        links = sealed.get(chain.name, {})
        present = {stream: position for stream, position, _ in chain_rows.heads(tx, chain)}
        missing = sorted(stream for stream in links if stream not in present)
        result.findings += (AuditFinding(chain.name, stream, 1, AuditProblem.MISSING) for stream in missing)
        due = [stream for stream, last in present.items() if _is_due(stream, last, links, day)]
        _walk(tx, chain, links, sorted(due), result, lambda _done, _all: None)
        if chain.table is access_log:
            result.findings += _shown_findings(tx, sorted(due))
    result.findings += _recorded_findings(tx)
    result.findings += seal_findings(seals, heads)
    return result


def seal(db: Database, day: date, at: datetime) -> tuple[Seal, VerificationResult]:
    """Verifies what has grown since the last seal and seals it, except broken streams; the seal and the verification.

    Raises `DuplicateKey` if another seal was written meanwhile.
    """
    with db.reading() as tx:
        before = chain_seals.newest_heads(tx)
        result = verify_part(tx, day)
        broken = {(finding.chain, finding.stream) for finding in result.findings}
        present = [
            Head(chain.name, stream, position, link)
            for chain in CHAINED
            for stream, position, link in chain_rows.heads(tx, chain)
            if isinstance(link, bytes) and isinstance(position, int)
        ]
    new = [
        head
        for head in present
        if head.position > before.get((head.chain, head.stream), 0) and (head.chain, head.stream) not in broken
    ]
    sealed = before | {(head.chain, head.stream): head.position for head in new}
    with db.writing() as tx:
        return chain_seals.add_seal(tx, day, at, len(sealed), sum(sealed.values()), new), result


def _is_due(stream: str, last: int, sealed: SealedLinks, day: date) -> bool:
    """Whether the stream is verified tonight: it has changed, or it is its turn."""
    if last != max(sealed.get(stream, {0: b""})):
        return True
    return sha256(stream.encode()).digest()[0] % NIGHTS == day.toordinal() % NIGHTS


def _walk(
    tx: Connection,
    chain: ChainedTable,
    sealed: SealedLinks,
    streams: Sequence[str] | None,
    result: VerificationResult,
    progress: Progress,
) -> None:
    walk = ChainWalk(chain.name, sealed)
    for finding in walk.findings(chain_rows.chained_rows(tx, chain, streams), whole=streams is None):
        result.findings.append(finding)
    result.streams += walk.streams
    result.rows += walk.rows
    progress(result.rows, result.rows)


def _shown_findings(tx: Connection, streams: Sequence[str] | None) -> Iterator[AuditFinding]:
    """What was changed among the entries of the answers in these streams of the access log, or of all.

    Of long answers both: the rows of `access_entry`, and the packed entries.
    """
    size = chain_rows.STREAMS_AT_ONCE
    groups = [None] if streams is None else [streams[n : n + size] for n in range(0, len(streams), size)]
    for group in groups:
        yield from shown_findings(chain_rows.logged_answers(tx, group), chain_rows.shown_entries(tx, group))
        packed = chain_rows.packed_entries(tx, group, *chain_rows.PACKED_BESIDE)
        yield from shown_findings(chain_rows.logged_answers(tx, group, *chain_rows.PACKED_BESIDE), packed)


def _recorded_findings(tx: Connection) -> Iterator[AuditFinding]:
    for source, recorded in RECORDED.items():
        yield from recorded_findings(source, chain_rows.recorded_rows(tx, recorded), _last_changes(tx, source))


def _last_changes(tx: Connection, source: str) -> LastChanges:
    c = audit_change.c
    rows = tx.execute(select(c.key, c.position, c.content).where(c.source == source).order_by(c.position))
    return {row.key: (row.position, row.content) for row in rows}
