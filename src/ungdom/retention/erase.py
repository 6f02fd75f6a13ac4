"""Carrying out an erasure: in the database, and in the journal that outlives a restored backup."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from ungdom.retention.journal import UNREADABLE_JOURNAL, ErasureJournal, ErasureKind, ErasureLine
from ungdom.store import erasing, named_locks, person_erasure, person_proposals, retention
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.erasing import UnlinkedData
from ungdom.store.errors import Unavailable
from ungdom.store.person_history import ChangeAuthor
from ungdom.store.retention import StoredErasure
from ungdom.store.session import Connection, Database

LOCK = "retention:erasure"
"""The name of the lock that every erasure holds until its transaction ends."""
BY_RETENTION = ChangeAuthor(subject="retention")
"""Who erases by a rule, and what a restored database had lost."""


def erase(
    tx: Connection,
    keys: EncryptionKeys,
    journal: ErasureJournal,
    line: ErasureLine,
    now: datetime,
    author: ChangeAuthor = BY_RETENTION,
    known_data: UnlinkedData | None = None,
) -> Mapping[str, int]:
    """Erases, and writes the line to the journal last: the caller commits. How many rows of which table.

    `known_data`: what was decrypted before this transaction. Raises `Unavailable` where the journal cannot be written,
    and `CannotOpen`; nothing is erased then.
    """
    named_locks.lock(tx, [LOCK])
    counts = apply(tx, keys, line, now, author, known_data)
    try:
        journal.append(line)
    except OSError as error:
        raise Unavailable(UNREADABLE_JOURNAL) from error
    return counts


def find_unlinked(db: Database, keys: EncryptionKeys, line: ErasureLine) -> UnlinkedData | None:
    """What has to be decrypted to find everything that the line names, in a transaction that keeps nobody waiting.

    Raises `CannotOpen`.
    """
    if line.kind is not ErasureKind.PERSON:
        return None
    with db.reading() as tx:
        return erasing.find_unlinked(tx, keys, line.ids)


def apply(
    tx: Connection,
    keys: EncryptionKeys,
    line: ErasureLine,
    now: datetime,
    author: ChangeAuthor = BY_RETENTION,
    known_data: UnlinkedData | None = None,
) -> Mapping[str, int]:
    """Erases in the database what the line names, and writes down that it was. Ids that are not there are passed by."""
    counts = _erased(tx, keys, line, author, known_data)
    done = StoredErasure(
        erasure_id=line.erasure_id,
        kind=line.kind,
        rule=line.rule,
        decided_at=line.decided_at,
        applied_at=now,
        line=line.text,
        counts=counts,
    )
    retention.add_erasure(tx, done)
    return counts


def _erased(
    tx: Connection, keys: EncryptionKeys, line: ErasureLine, author: ChangeAuthor, known_data: UnlinkedData | None
) -> Counter[str]:
    if line.kind is ErasureKind.PERSON:
        counts = erasing.erase_person(tx, keys, line.ids, line.decided_at, author, known_data)
        if line.proposal_id is not None:
            person_proposals.settle(tx, line.proposal_id, line.decided_at, author.subject)
        return counts
    if line.kind is ErasureKind.MESSAGES:
        return Counter(decision=erasing.erase_messages(tx, line.ids))
    if line.kind is ErasureKind.OFFICIAL_MESSAGES:
        return Counter(exchange_message=erasing.erase_official(tx, line.ids))
    return Counter(population_event=person_erasure.erase_register_events(tx, line.ids))
