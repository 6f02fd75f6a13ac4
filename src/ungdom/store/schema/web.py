"""Tables of the pages: signed-in browsers, what an operator has ended of them, saved views, and drafts of forms.

A session is found by the hash of a secret that only the browser has; its row is deleted when it ends. What an operator
ends by a command is a row of `web_session_end`, which is never changed.
"""

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, Table, Text, Uuid

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

web_session_end = Table(
    "web_session_end",
    metadata,
    Column("end_id", Uuid, primary_key=True),
    Column("subject", Text, comment="whose sessions were ended; null: those of everybody"),
    Column("sessions", Integer, nullable=False, comment="how many there were"),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("ended_by", Text, nullable=False, comment="the user of the operating system who ran the command"),
    comment="sessions that an operator has ended; rows are only added",
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

web_draft = Table(
    "web_draft",
    metadata,
    Column("subject", Text, primary_key=True, comment="who has typed it, and alone is shown it"),
    Column("case_id", ForeignKey("case_file.case_id"), primary_key=True, index=True),
    Column("form", Text, primary_key=True, comment="which form of the case: record/…, correct/…, insert/…"),
    Column("sealed", LargeBinary, nullable=False, comment="what was typed, encrypted"),
    Column("saved_at", UtcDateTime, nullable=False, index=True, comment="it is deleted 14 days later"),
    comment="forms that were begun and not recorded; deleted when they are",
)
