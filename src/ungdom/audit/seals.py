"""Seals: a Merkle root over the heads of the streams that grew since the seal before it, linked to that seal.

The tree is that of RFC 6962 section 2.1: SHA-256, leaves and inner nodes hashed with different first bytes, and the
larger part of an uneven number of leaves on the left, as a full tree. A leaf is one head: the chain, the stream, the
position of its last row (which is its number of rows) and the link of that row. A stream without new rows has its
leaf in an earlier seal, which the link of this one commits to.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import NamedTuple

from ungdom.audit.content import encode, plain
from ungdom.audit.links import FIRST, link

SEAL_STREAM = "audit_seal"
"""The name of the stream of seals."""


class Head(NamedTuple):
    """The last row of a stream at a seal. `chain`: the table; `position`: of the row, also the number of rows."""

    chain: str
    stream: str
    position: int
    link: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """One seal. `streams`, `rows`: of all chains together; `leaves`: the streams that this seal covers.

    `link`: over the link of the seal before it and everything else here.
    """

    number: int
    day: date
    sealed_at: datetime
    streams: int
    rows: int
    leaves: int
    root: bytes
    link: bytes


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The root over these leaves in their order, 32 bytes; of none the hash of nothing."""
    if not leaves:
        return sha256(b"").digest()
    level = [_inner(b"\x00", leaf) for leaf in leaves]
    while len(level) > 1:
        level = _level_above(level)
    return level[0]


ProofStep = tuple[str, bytes]
"""A step from a leaf to the root: on which side the other hash stands, `left` or `right`, and that hash."""


def root_of(heads: Iterable[Head]) -> bytes:
    """The root over these heads, in the order of chain and stream."""
    return merkle_root([_leaf(head) for head in sorted(heads)])


def proof_of(head: Head, heads: Iterable[Head]) -> list[ProofStep]:
    """The steps from this head to the root over these heads, of which it is one. RFC 6962 section 2.1.1."""
    ordered = sorted(heads)
    place, steps = ordered.index(head), []
    level = [_inner(b"\x00", _leaf(leaf)) for leaf in ordered]
    while len(level) > 1:
        other = place ^ 1
        if other < len(level):
            steps.append(("left" if other < place else "right", level[other]))
        level, place = _level_above(level), place // 2
    return steps


def root_by(head: Head, proof: Iterable[ProofStep]) -> bytes:
    """The root to which these steps lead from this head."""
    root = _inner(b"\x00", _leaf(head))
    for side, other in proof:
        root = _inner(b"\x01", other + root if side == "left" else root + other)
    return root


def _leaf(head: Head) -> bytes:
    return encode([head.chain, head.stream, head.position, head.link.hex()])


def _inner(first: bytes, content: bytes) -> bytes:
    return sha256(first + content).digest()


def _level_above(level: Sequence[bytes]) -> list[bytes]:
    pairs = [_inner(b"\x01", left + right) for left, right in zip(level[::2], level[1::2], strict=False)]
    return pairs + list(level[len(pairs) * 2 :])


def new_seal(
    before: Seal | None, day: date, sealed_at: datetime, streams: int, rows: int, heads: Sequence[Head]
) -> Seal:
    """The seal after `before` over these heads. `streams`, `rows`: of all chains together."""
    number = before.number + 1 if before else 1
    seal = Seal(
        number=number,
        day=day,
        sealed_at=sealed_at,
        streams=streams,
        rows=rows,
        leaves=len(heads),
        root=root_of(heads),
        link=FIRST,
    )
    return replace(seal, link=seal_link(before.link if before else FIRST, seal))


def seal_link(previous: bytes, seal: Seal) -> bytes:
    """The link of this seal after the one with the link `previous`."""
    values = [plain(getattr(seal, name)) for name in _LINKED]
    return link(previous, SEAL_STREAM, seal.number, encode(values))


_LINKED = ("day", "sealed_at", "streams", "rows", "leaves", "root")
"""What the link of a seal covers beside its number. Fixed: a change breaks every seal."""
