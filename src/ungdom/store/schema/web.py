"""The table of signed-in browsers: one row a session, found by the hash of a secret that only the browser has."""

from sqlalchemy import Column, ForeignKey, LargeBinary, Table, Text

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
