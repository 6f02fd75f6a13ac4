"""The link of a row in a chain: SHA-256 over the link before it, the place of the row and its content.

A chain is one stream of rows with positions from 1 without a gap: the events of one case, or the rows that one process
writes. Streams are linked separately, so that writers do not wait for each other.
"""

from hashlib import sha256

FIRST = bytes(32)
"""The link before the first row of a stream."""


def link(previous: bytes, stream: str, position: int, content: bytes) -> bytes:
    """The link of this row, 32 bytes. `content`: the row as bytes, in a form that never changes for the same values.

    The length of every part is hashed with it, so that two rows cannot be divided differently into the same bytes.
    """
    name = stream.encode()
    head = b"%d:%d:%d:" % (len(name), position, len(content))
    return sha256(previous + head + name + content).digest()
