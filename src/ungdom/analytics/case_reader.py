"""Streams the facts of every case in the order of case ids, one page at a time.

Facts are stored in `case_figures` by the nightly run. Those of a case that has changed since, or that is read as of a
day before its last event, are recomputed from its events: the facts read are never older than the events.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from ungdom.analytics import case_cache, case_facts
from ungdom.analytics.case_cache import CaseSelection, TooManyCases
from ungdom.analytics.case_facts import CaseFacts
from ungdom.analytics.dimensions import UNKNOWN
from ungdom.store import people
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.schema.cases import case_current
from ungdom.store.schema.figures import case_figures
from ungdom.store.schema.reference import konfliktrad
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.case import Case

PAGE = 1_000
C, F = case_current.c, case_figures.c


@dataclass(frozen=True, slots=True)
class IdentifiedCase:
    """The facts of a case with its ids, which are used only for a look-up or a pseudonym."""

    case_id: UUID
    person_id: UUID
    facts: CaseFacts
    sex: str = UNKNOWN


def read(
    tx: Connection,
    selection: CaseSelection,
    now: datetime,
    keys: EncryptionKeys | None = None,
    districts: Mapping[str, str] | None = None,
) -> Iterator[IdentifiedCase]:
    """The facts of every selected case, by case id. Counts unreadable cases in `selection.unread`.

    As of `selection.valid_at`, or else the day of `selection.known_at`, or else today. `keys`: decrypt the sex of the
    youth; without them it is unknown for all. `districts`: as from `police_districts`, read here if not given. Raises
    `TooManyCases` while iterating.
    """
    day = selection.valid_at or oslo_date(selection.known_at or now)
    districts = police_districts(tx) if districts is None else districts
    recomputed, after = 0, None
    query = case_cache.query(selection, C.person_id, F.row).order_by(C.case_id).limit(PAGE)
    while page := tx.execute(query if after is None else query.where(C.case_id > after)).all():
        stale = [row.case_id for row in page if not case_cache.is_current(row, selection)]
        recomputed += len(stale)
        if selection.at_most is not None and recomputed > selection.at_most:
            raise TooManyCases(selection.at_most)
        facts = {
            row.case_id: case_facts.load(row.row, day, districts)
            for row in page
            if case_cache.is_current(row, selection)
        }
        anew = recompute(tx, stale, selection, day, districts)
        facts |= {case_id: recomputed_facts for case_id, _, recomputed_facts in anew}
        sexes = people.read_sexes(tx, keys, [row.person_id for row in page]) if keys else {}
        for row in page:
            if row.case_id in facts:
                yield IdentifiedCase(row.case_id, row.person_id, facts[row.case_id], sexes.get(row.person_id, UNKNOWN))
        after = page[-1].case_id


def police_districts(tx: Connection) -> dict[str, str]:
    """The police district of each konfliktråd, by code."""
    return {row.code: row.police_district for row in tx.execute(select(*konfliktrad.c["code", "police_district"]))}


def recompute(
    tx: Connection, case_ids: Sequence[UUID], selection: CaseSelection, day: date, districts: Mapping[str, str]
) -> Iterator[tuple[UUID, Case, CaseFacts]]:
    """These cases and their facts, computed from their events; unreadable cases are skipped."""
    for stored, case in case_cache.folded_as_of(tx, case_ids, selection):
        yield stored.case_id, case, case_facts.facts_of(case, day, districts, oslo_date(stored.opened_at))
