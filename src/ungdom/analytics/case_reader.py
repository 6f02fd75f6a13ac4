"""Every case as one row, read one after the other in the order of their ids: in memory is one page.

Rows are kept beside the digests in `case_figures`, told by the nightly run; a case that has changed since, or that is
asked about as it was before its last event, is told anew. What is read is never older than the events.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from ungdom.analytics import case_cache, case_facts
from ungdom.analytics.case_cache import CaseSelection, TooManyCases
from ungdom.analytics.case_facts import CaseFacts
from ungdom.analytics.dimensions import UNKNOWN
from ungdom.store import journal, people
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.schema.core import case_current, konfliktrad
from ungdom.store.schema.figures import case_figures
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date

PAGE = 1_000
C, F = case_current.c, case_figures.c


@dataclass(frozen=True, slots=True)
class IdentifiedCase:
    """A case as one row, and whose it is: the ids go nowhere but into a look-up or a pseudonym."""

    case_id: UUID
    person_id: UUID
    facts: CaseFacts
    sex: str = UNKNOWN


def read(
    tx: Connection, selection: CaseSelection, now: datetime, keys: EncryptionKeys | None = None
) -> Iterator[IdentifiedCase]:
    """The row of every case asked for, by case id. Counts in `selection.unread` what cannot be read.

    They stand as on `selection.valid_at`, without it on the day of `selection.known_at`, without that today. `keys`:
    the sex of the youth is looked up with them; without, it is unknown of all. Raises `TooManyCases` in the midst of
    it.
    """
    day = selection.valid_at or oslo_date(selection.known_at or now)
    districts = police_districts(tx)
    recomputed, after = 0, None
    while page := _page(tx, selection, after):
        stale = [row.case_id for row in page if not case_cache.is_current(row, selection)]
        recomputed += len(stale)
        if selection.at_most is not None and recomputed > selection.at_most:
            raise TooManyCases(selection.at_most)
        facts = {
            row.case_id: case_facts.load(row.row, day, districts)
            for row in page
            if case_cache.is_current(row, selection)
        }
        facts |= _recompute(tx, stale, selection, day, districts)
        sexes = people.read_sexes(tx, keys, [row.person_id for row in page]) if keys else {}
        for row in page:
            if row.case_id in facts:
                yield IdentifiedCase(row.case_id, row.person_id, facts[row.case_id], sexes.get(row.person_id, UNKNOWN))
        after = page[-1].case_id


def police_districts(tx: Connection) -> dict[str, str]:
    """The police district of each konfliktråd, by code."""
    return {row.code: row.police_district for row in tx.execute(select(*konfliktrad.c["code", "police_district"]))}


def _page(tx: Connection, selection: CaseSelection, after: UUID | None) -> Sequence[Row[Any]]:
    query = case_cache.query(selection, C.person_id, F.row).order_by(C.case_id).limit(PAGE)
    return tx.execute(query if after is None else query.where(C.case_id > after)).all()


def _recompute(
    tx: Connection, case_ids: Sequence[UUID], selection: CaseSelection, day: date, districts: Mapping[str, str]
) -> dict[UUID, CaseFacts]:
    """Those rows told anew from the events."""
    facts = {}
    for stored in journal.load_many(tx, case_ids, selection.known_at):
        case = case_cache.fold_as_of(stored, selection)
        if case:
            facts[stored.case_id] = case_facts.facts_of(case, day, districts, oslo_date(stored.opened_at))
    return facts
