"""Possible duplicates: open cases with one police case number, and one person or possibly one. strpl § 455."""

from uuid import UUID

from sqlalchemy import Connection, exists, or_, select

from ungdom.store.case_queries import disclosable_to
from ungdom.store.concerns import handled_by
from ungdom.store.identity import has_open_question
from ungdom.store.journal import StoredCase
from ungdom.store.schema.cases import case_current, case_number
from ungdom.workflow.rules.permissions import Disclosure, Viewer
from ungdom.workflow.vocabulary import Role

own_number, other_number = case_number.alias("own"), case_number.alias("other")
SAME_NUMBER = (
    (own_number.c.kind == other_number.c.kind)
    & (own_number.c.number == other_number.c.number)
    & (own_number.c.kind == "police")
)


def has_duplicate(tx: Connection, stored: StoredCase, viewer: Viewer) -> bool:
    """Whether another open case has the same police case number and the same person, known to the viewer.

    A person with an open identity question counts as the same: `intake.identity` compares identity number, day of
    birth and names. A case whose youth the viewer may not know is ignored, so that nothing is disclosed; the nightly
    check reports it.
    """
    person = case_current.c.person_id
    # Seeing a case is not enough: that it is about the same person would disclose who that is.
    known = handled_by(viewer.subject) if viewer.role is Role.SYSTEM else disclosable_to(viewer, Disclosure.PERSON)
    query = (
        select(other_number.c.case_id)
        .join(own_number, SAME_NUMBER)
        .join(case_current, case_current.c.case_id == other_number.c.case_id)
        .where(own_number.c.case_id == stored.case_id, other_number.c.case_id != stored.case_id)
        .where(case_current.c.closed_on.is_(None), known)
        .where(or_(person == stored.person_id, has_open_question(person, stored.person_id)))
    )
    return bool(tx.scalar(select(exists(query))))


def open_duplicates(tx: Connection, limit: int) -> list[tuple[UUID, UUID]]:
    """Pairs of open cases with the same police case number and one person or possibly one; each pair once."""
    first, second = case_current.alias("first"), case_current.alias("second")
    same_person = or_(second.c.person_id == first.c.person_id, has_open_question(second.c.person_id, first.c.person_id))
    query = (
        select(first.c.case_id, second.c.case_id)
        .distinct()
        .select_from(first)
        .join(own_number, own_number.c.case_id == first.c.case_id)
        .join(other_number, SAME_NUMBER & (other_number.c.case_id > own_number.c.case_id))
        .join(second, (second.c.case_id == other_number.c.case_id) & same_person)
        .where(first.c.closed_on.is_(None), second.c.closed_on.is_(None))
    )
    return [(row[0], row[1]) for row in tx.execute(query.limit(limit))]
