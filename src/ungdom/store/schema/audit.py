"""The tables of the hash chains beside the rows themselves: records of changes, seals, and verifications."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
)

from ungdom.store.schema.base import UtcDateTime, metadata

audit_change = Table(
    "audit_change",
    metadata,
    Column("stream", Text, primary_key=True, comment="the table and the key of what the row belongs to"),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("source", Text, nullable=False, comment="the table of the row"),
    Column("key", Text, nullable=False, comment="JSON: the primary key of the row"),
    Column("content", Text, comment="JSON: the row after the change, without what is encrypted; null: removed"),
    Column("link", LargeBinary, nullable=False),
    Index("ix_audit_change_source_key", "source", "key"),
    comment="each change of a person, proposal, staff or other administration, linked; rows are only added",
)

audit_seal = Table(
    "audit_seal",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("day", Date, nullable=False),
    Column("sealed_at", UtcDateTime, nullable=False),
    Column("streams", Integer, nullable=False, comment="of all chains together"),
    Column("rows", BigInteger, nullable=False, comment="of all chains together"),
    Column("leaves", Integer, nullable=False, comment="the streams that this seal covers: its rows of audit_head"),
    Column("root", LargeBinary, nullable=False, comment="Merkle root over the heads"),
    Column("link", LargeBinary, nullable=False, comment="over the seal before it and this one"),
    comment="the seals over the hash chains; rows are only added",
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("chain", Text, primary_key=True, comment="the table"),
    Column("stream", Text, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("number", ForeignKey("audit_seal.number"), nullable=False, index=True, comment="of the seal"),
    Column("link", LargeBinary, nullable=False),
    comment="the last row of each stream that had grown at a seal; rows are only added",
)

audit_anchor = Table(
    "audit_anchor",
    metadata,
    Column("number", ForeignKey("audit_seal.number"), primary_key=True, autoincrement=False),
    Column("exported_at", UtcDateTime, nullable=False),
    Column("file", Text, nullable=False),
    comment="which seals were exported, and when",
)

audit_anchor_mail = Table(
    "audit_anchor_mail",
    metadata,
    Column("number", ForeignKey("audit_seal.number"), primary_key=True, autoincrement=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try_at", UtcDateTime, comment="null: not tried again"),
    Column("status", Text, nullable=False, comment="of the last attempt, as in `delivery`"),
    Column("mailed_at", UtcDateTime, comment="when the relay took it"),
    comment="how far the e-mail with a seal has got",
)

audit_verification = Table(
    "audit_verification",
    metadata,
    Column("verification_id", Uuid, primary_key=True),
    Column("scope", Text, nullable=False, comment="all, or part: what had changed and a share of the rest"),
    Column("started_at", UtcDateTime, nullable=False, index=True),
    Column("finished_at", UtcDateTime, nullable=False),
    Column("streams", Integer, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("findings", Integer, nullable=False),
    Column("first", Text, comment="JSON: the first findings; table, stream, position, problem"),
    comment="verifications of the hash chains, and what they found",
)
