"""The table of secrets that the database keeps for itself, encrypted."""

from sqlalchemy import Column, LargeBinary, Table, Text

from ungdom.store.schema.base import metadata

kept_secret = Table(
    "kept_secret",
    metadata,
    Column("name", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False, comment="the secret, encrypted"),
    comment="secrets of this database, which stay the same when the encryption keys are replaced",
)
