"""The table of responses that a repeated request with the same Idempotency-Key is given again."""

from sqlalchemy import Column, LargeBinary, Table

from ungdom.store.schema.base import UtcDateTime, metadata

idempotency = Table(
    "idempotency",
    metadata,
    Column("key_hash", LargeBinary, primary_key=True, comment="keyed hash of the key and whom it belongs to"),
    Column("sealed", LargeBinary, nullable=False, comment="the request's fingerprint and the answer"),
    Column("created_at", UtcDateTime, nullable=False, index=True),
)
