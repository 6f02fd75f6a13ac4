"""Whether the database keeps what it has committed when the machine loses power."""

from sqlalchemy import Connection, text

NEEDED = ("fsync", "full_page_writes", "synchronous_commit")
"""Settings of PostgreSQL that must not be off. On SQLite every connection sets `synchronous=FULL` itself."""


def given_up(tx: Connection) -> list[str]:
    """The settings by which a server has given up durability, as `name = off`."""
    if tx.dialect.name != "postgresql":
        return []
    query = text("SELECT name || ' = ' || setting FROM pg_settings WHERE name = ANY (:names) AND setting = 'off'")
    return list(tx.scalars(query, {"names": list(NEEDED)}))
