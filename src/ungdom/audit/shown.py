"""The cases and persons in an answer of the access log, which the link of its row covers by their hash."""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import groupby
from operator import itemgetter

from ungdom.audit.findings import AuditFinding, AuditProblem

ENTRIES = "access_entry"
"""The table of the entries."""

LoggedAnswer = tuple[str, str, int, str]
"""Id of a row of the access log, its stream and position, and the hash of its entries in hexadecimal digits."""
ShownEntry = tuple[str, bytes]
"""Id of the row of the access log, and the content of an entry."""


def shown_hash(entries: Iterable[bytes]) -> bytes:
    """The hash of the entries of one answer, as contents in their order."""
    return sha256(b"\n".join(entries)).digest()


def shown_findings(answers: Iterable[LoggedAnswer], entries: Iterable[ShownEntry]) -> Iterator[AuditFinding]:
    """The answers whose entries are not those that were written, and entries of no answer. Both ordered by id."""
    groups = groupby(entries, key=itemgetter(0))
    following = next(groups, None)
    for access_id, stream, position, shown in answers:
        while following is not None and following[0] < access_id:
            yield AuditFinding(ENTRIES, str(following[0]), 0, AuditProblem.UNRECORDED)
            following = next(groups, None)
        own: list[bytes] = []
        if following is not None and following[0] == access_id:
            own = [content for _, content in following[1]]
            following = next(groups, None)
        if shown_hash(own).hex() != shown:
            yield AuditFinding(ENTRIES, str(stream), position, AuditProblem.CHANGED)
    while following is not None:
        yield AuditFinding(ENTRIES, str(following[0]), 0, AuditProblem.UNRECORDED)
        following = next(groups, None)
