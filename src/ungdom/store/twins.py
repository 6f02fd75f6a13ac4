"""Cases that may be one and the same: one person, or possibly one, and the same police case number. strpl § 455."""

from uuid import UUID

from sqlalchemy import ColumnElement, Connection, exists, or_, select

from ungdom.store.concerns import handled_by
from ungdom.store.identity import asked_about
from ungdom.store.journal import Stored
from ungdom.store.reading import learnt_by
from ungdom.store.tables import case_current, case_number
from ungdom.workflow.permissions import Fact, Viewer
from ungdom.workflow.vocabulary import Role

mine, theirs = case_number.alias("mine"), case_number.alias("theirs")
SAME_NUMBER = (mine.c.kind == theirs.c.kind) & (mine.c.number == theirs.c.number) & (mine.c.kind == "police")


def has_twin(tx: Connection, stored: Stored, viewer: Viewer) -> bool:
    """Whether another open case of a person whom the viewer may know is on the same police case number and person.

    A person of whom it is asked whether they are the same counts too: `intake.identity` compares identity number, day
    of birth and names, and asks. Of a case whose youth the viewer may not know nothing is given away; the nightly
    check names it.
    """
    person = case_current.c.person_id
    query = (
        select(theirs.c.case_id)
        .join(mine, SAME_NUMBER)
        .join(case_current, case_current.c.case_id == theirs.c.case_id)
        .where(mine.c.case_id == stored.case_id, theirs.c.case_id != stored.case_id)
        .where(case_current.c.closed_on.is_(None), _known_to(viewer))
        .where(or_(person == stored.person_id, asked_about(person, stored.person_id)))
    )
    return bool(tx.scalar(select(exists(query))))


def _known_to(viewer: Viewer) -> ColumnElement[bool]:
    """The cases of which the viewer may learn who the youth is; a system that sends messages those it handles.

    To see a case is not enough: that it is about the same person would give away who that is.
    """
    return handled_by(viewer.subject) if viewer.role is Role.SYSTEM else learnt_by(viewer, Fact.PERSON)


def open_pairs(tx: Connection, limit: int) -> list[tuple[UUID, UUID]]:
    """Two and two open cases on the same police case number and person, or possibly one person; each pair once."""
    first, second = case_current.alias("first"), case_current.alias("second")
    one = or_(second.c.person_id == first.c.person_id, asked_about(second.c.person_id, first.c.person_id))
    query = (
        select(first.c.case_id, second.c.case_id)
        .distinct()
        .select_from(first)
        .join(mine, mine.c.case_id == first.c.case_id)
        .join(theirs, SAME_NUMBER & (theirs.c.case_id > mine.c.case_id))
        .join(second, (second.c.case_id == theirs.c.case_id) & one)
        .where(first.c.closed_on.is_(None), second.c.closed_on.is_(None))
    )
    return [(row[0], row[1]) for row in tx.execute(query.limit(limit))]
