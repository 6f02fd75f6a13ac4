"""Tables of the pages: signed-in browsers, found by the hash of a secret that only the browser has; saved views."""

from sqlalchemy import Column, ForeignKey, LargeBinary, Table, Text, Uuid

from ungdom.store.schema.base import EnumText, UtcDateTime, metadata
from ungdom.workflow.vocabulary import Role

web_session = Table(
    "web_session",
    metadata,
    Column("session_hash", LargeBinary, primary_key=True, comment="SHA-256; the secret itself is not kept"),
    Column("subject", Text, nullable=False, index=True, comment="who has signed in"),
    Column("role", EnumText(Role), nullable=False),
    Column("konfliktrad", ForeignKey("konfliktrad.code"), comment="null for a national role"),
    Column("scopes", Text, nullable=False, comment="what the sign-in allows, with blanks between"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False, comment="last use, to the minute"),
    Column("ends_at", UtcDateTime, nullable=False, index=True, comment="whatever happens, it ends then"),
    comment="signed-in browsers; a session that was ended is gone",
)

web_view = Table(
    "web_view",
    metadata,
    Column("view_id", Uuid, primary_key=True),
    Column("subject", Text, nullable=False, index=True, comment="who has saved it, and may delete it"),
    Column("konfliktrad", ForeignKey("konfliktrad.code"), index=True, comment="whose people see it; null: its owner"),
    Column("name", Text, nullable=False),
    Column("query", Text, nullable=False, comment="of the address of the list; filters, no case and no person"),
    Column("created_at", UtcDateTime, nullable=False),
    comment="saved views of the list of today",
)
