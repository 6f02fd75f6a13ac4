"""What a viewer may learn of cases that are named by their ids, with the protection of the youth's address."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from sqlalchemy import Connection, select

from ungdom.store import bulk
from ungdom.store.case_queries import disclosable_to
from ungdom.store.schema.cases import case_current
from ungdom.store.schema.persons import person
from ungdom.workflow.rules.permissions import Disclosure, Viewer
from ungdom.workflow.vocabulary import Protection

_BATCH = 500


@dataclass(frozen=True, slots=True)
class CaseSight:
    """What a viewer may learn of a case. `protection`: of the youth's address."""

    protection: Protection
    disclosures: frozenset[Disclosure]

    @property
    def words(self) -> list[str]:
        """The level and the names of the disclosures, for storage."""
        return [self.protection.value, *sorted(disclosure.name for disclosure in self.disclosures)]

    @classmethod
    def from_words(cls, words: Sequence[str]) -> Self:
        """The reverse of `words`."""
        level, *names = words
        return cls(Protection(level), frozenset(disclosure for disclosure in Disclosure if disclosure.name in names))


def sights(tx: Connection, viewer: Viewer, case_ids: Sequence[UUID]) -> dict[UUID, CaseSight]:
    """By id, of those that are cases; a viewer who may not see a case learns nothing of it."""
    learnt = [disclosable_to(viewer, disclosure).label(disclosure.name.lower()) for disclosure in Disclosure]
    query = select(case_current.c.case_id, person.c.protection, *learnt)
    query = query.join(person, person.c.person_id == case_current.c.person_id)
    return {
        row.case_id: CaseSight(
            row.protection,
            frozenset(disclosure for disclosure in Disclosure if getattr(row, disclosure.name.lower())),
        )
        for batch in bulk.batches(case_ids, _BATCH)
        for row in tx.execute(query.where(case_current.c.case_id.in_(batch)))
    }
