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

from ungdom.statistics import case_rows, digests
from ungdom.statistics.case_rows import CaseRow
from ungdom.statistics.digests import Asked, TooManyCases
from ungdom.statistics.frames import UNKNOWN
from ungdom.store import journal, people
from ungdom.store.figure_tables import case_figures
from ungdom.store.sealing import Keys
from ungdom.store.session import Connection
from ungdom.store.tables import case_current, konfliktrad
from ungdom.workflow.daycount import oslo_date

PAGE = 1_000
C, F = case_current.c, case_figures.c


@dataclass(frozen=True, slots=True)
class Kept:
    """A case as one row, and whose it is: the ids go nowhere but into a look-up or a pseudonym."""

    case_id: UUID
    person_id: UUID
    row: CaseRow
    sex: str = UNKNOWN


def read(tx: Connection, asked: Asked, now: datetime, keys: Keys | None = None) -> Iterator[Kept]:
    """The row of every case asked for, by case id. Counts in `asked.unread` what cannot be read.

    They stand as on `asked.valid_at`, without it on the day of `asked.known_at`, without that today. `keys`: the sex of
    the youth is looked up with them; without, it is unknown of all. Raises `TooManyCases` in the midst of it.
    """
    day = asked.valid_at or oslo_date(asked.known_at or now)
    districts = police_districts(tx)
    told_anew, after = 0, None
    while page := _page(tx, asked, after):
        anew = [row.case_id for row in page if not digests.holds(row, asked)]
        told_anew += len(anew)
        if asked.at_most is not None and told_anew > asked.at_most:
            raise TooManyCases(asked.at_most)
        told = {row.case_id: case_rows.load(row.row, day, districts) for row in page if digests.holds(row, asked)}
        told |= _told(tx, anew, asked, day, districts)
        sexes = people.read_sexes(tx, keys, [row.person_id for row in page]) if keys else {}
        for row in page:
            if row.case_id in told:
                yield Kept(row.case_id, row.person_id, told[row.case_id], sexes.get(row.person_id, UNKNOWN))
        after = page[-1].case_id


def police_districts(tx: Connection) -> dict[str, str]:
    """The police district of each konfliktråd, by code."""
    return {row.code: row.police_district for row in tx.execute(select(*konfliktrad.c["code", "police_district"]))}


def _page(tx: Connection, asked: Asked, after: UUID | None) -> Sequence[Row[Any]]:
    query = digests.query(asked, C.person_id, F.row).order_by(C.case_id).limit(PAGE)
    return tx.execute(query if after is None else query.where(C.case_id > after)).all()


def _told(
    tx: Connection, case_ids: Sequence[UUID], asked: Asked, day: date, districts: Mapping[str, str]
) -> dict[UUID, CaseRow]:
    """Those rows told anew from the events."""
    found = {}
    for stored in journal.load_many(tx, case_ids, asked.known_at):
        case = digests.folded(stored, asked)
        if case:
            found[stored.case_id] = case_rows.row(case, day, districts, oslo_date(stored.opened_at))
    return found
