"""Extracts of releases: ordered without a purpose, and made from the content of the release alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from ungdom.extracts.catalogue import Extract
from ungdom.extracts.errors import NoRelease
from ungdom.extracts.order import Order, order_of_release
from ungdom.extracts.rows import batch_builder
from ungdom.lazy import lazy
from ungdom.store import bulk, releases
from ungdom.store.session import Connection, Database

if TYPE_CHECKING:
    import pyarrow as pa
else:
    pa = lazy("pyarrow")

NUMBERS = 10_000
"""Rows per batch."""


def order(tx: Connection, extract: Extract, known_at: datetime | None) -> Order:
    """The order of the newest release as known by `known_at`; None: of all releases. Raises `NoRelease`.

    The order holds the `known_at` of that release, so that later releases do not change it.
    """
    release = releases.newest(tx, known_at)
    if release is None:
        raise NoRelease
    return order_of_release(extract, release.known_at)


def batches(db: Database, order: Order) -> Iterator[pa.RecordBatch]:
    """The rows of the ordered release. Raises `NoRelease` where it is not stored, and `NotAsDeclared`."""
    with db.reading() as tx:
        release = releases.newest(tx, order.known_at)
    if release is None or release.known_at != order.known_at:
        raise NoRelease
    batch_of = batch_builder(order, order.columns)
    for chunk in bulk.batches(order.extract.rows_of(release), NUMBERS):
        yield batch_of(chunk)
