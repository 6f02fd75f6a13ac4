"""The hash chains of a database as the lines of an export, which `audit.export` verifies without a database."""

from collections.abc import Iterator

from sqlalchemy import Connection

from ungdom.audit.export import export_lines
from ungdom.store import chain_rows, chain_seals
from ungdom.store.chain_tables import CHAINED, RECORDED


def lines(tx: Connection) -> Iterator[str]:
    """The lines, each with its end: ids, codes and times; nothing that is encrypted, and no name."""
    chains = ((chain.name, chain_rows.chained_rows(tx, chain)) for chain in CHAINED)
    recorded = ((name, chain_rows.recorded_rows(tx, table)) for name, table in RECORDED.items())
    shown = chain_rows.shown_entries(tx)
    packed = chain_rows.packed_entries(tx, None, *chain_rows.PACKED_BESIDE)
    yield from export_lines(chain_seals.seals(tx), chain_seals.heads_by_seal(tx), chains, recorded, shown, packed)
