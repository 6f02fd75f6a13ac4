"""The whole database read as its owner would, with the keys: every column of every row, encrypted values opened."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import LargeBinary, select

from ungdom.store.encryption import EncryptionKeys
from ungdom.store.idempotency import plain_text
from ungdom.store.schema import metadata
from ungdom.store.session import Database

RECORDS: dict[str, Callable[[Any], str]] = {
    "person": lambda row: f"person:{row.person_id}",
    "person_change": lambda row: f"person_change:{row.person_id}:{row.revision}",
    "person_proposal": lambda row: f"person_proposal:{row.proposal_id}",
    "population_event": lambda row: f"population_event:{row.event_id}",
    "identity_question": lambda row: f"identity_question:{row.question_id}",
    "note": lambda row: f"note:{row.note_id}:{row.case_id}",
    "decision": lambda row: f"decision:{row.message_id}",
    "exchange_message": lambda row: f"exchange:{row.exchange_id}",
    "contact": lambda row: f"contact:{row.subject}",
    "webhook": lambda row: f"webhook:{row.webhook_id}",
}
"""By table with a column `sealed`, the name under which its value is encrypted."""


def texts_of(db: Database, keys: EncryptionKeys) -> Iterator[tuple[str, bytes]]:
    """Table and column of every value, with the value as bytes."""
    with db.reading() as tx:
        for table in metadata.sorted_tables:
            for row in tx.execute(select(table)):
                for column in table.columns:
                    value = getattr(row, column.name)
                    if value is not None:
                        yield f"{table.name}.{column.name}", _plain(keys, table.name, column.name, row, value)


def _plain(keys: EncryptionKeys, table: str, column: str, row: Any, value: Any) -> bytes:
    if not isinstance(value, bytes):
        return str(value).encode()
    if column != "sealed":
        return value
    if table == "idempotency":
        return plain_text(keys, row.key_hash, value)
    return keys.decrypt(value, RECORDS[table](row))


def hits(db: Database, keys: EncryptionKeys, *words: str) -> list[str]:
    """Where one of the words stands, whatever its case."""
    wanted = [word.lower().encode() for word in words]
    found = []
    for place, text in texts_of(db, keys):
        lowered = text.decode(errors="replace").lower().encode()
        if any(word in lowered for word in wanted):
            found.append(place)
    return found


def sealed_tables() -> set[str]:
    """The tables that have an encrypted value."""
    return {
        table.name
        for table in metadata.sorted_tables
        if "sealed" in table.c and isinstance(table.c.sealed.type, LargeBinary)
    }
