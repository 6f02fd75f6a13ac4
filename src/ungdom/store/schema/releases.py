"""The register of statistical releases. Rows are only added: triggers reject updates and deletes."""

from sqlalchemy import Column, ForeignKey, Table, Text, Uuid

from ungdom.store.schema.base import UtcDateTime, metadata

release = Table(
    "release",
    metadata,
    Column("release_id", Uuid, primary_key=True),
    Column("known_at", UtcDateTime, nullable=False, unique=True, comment="what is told was known then"),
    Column("made_at", UtcDateTime, nullable=False),
    Column("sha256", Text, nullable=False, comment="of the content"),
    Column("content", Text, nullable=False, comment="JSON: every table as it is told"),
    Column("proof", Text, nullable=False, comment="JSON: that no hidden count can be worked out; none of them in it"),
    comment="what has been released, never changed",
)

release_exact = Table(
    "release_exact",
    metadata,
    Column("release_id", ForeignKey("release.release_id"), primary_key=True),
    Column("body", Text, nullable=False, comment="JSON: every count, hidden ones too; told to nobody"),
    comment="what later releases are held against; never changed",
)
