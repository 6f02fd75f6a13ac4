"""The table of the standing contacts of the coordination groups."""

from sqlalchemy import Column, ColumnElement, ForeignKey, Table, Text, exists

from ungdom.store.schema.base import EnumText, UtcDateTime, metadata
from ungdom.store.schema.cases import case_current
from ungdom.store.schema.notices import notice
from ungdom.store.schema.persons import person
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.vocabulary import Protection

coordination_contact = Table(
    "coordination_contact",
    metadata,
    Column("konfliktrad", ForeignKey("konfliktrad.code"), primary_key=True),
    Column("agency", EnumText(Attendee), primary_key=True),
    Column("subject", Text, primary_key=True, comment="the sign-in, or a key of ours where the contact has none"),
    Column("name", Text, nullable=False, comment="person or function, as the office calls it"),
    Column("written_by", Text, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    comment="who is notified for an agency before execution starts, as kept by the office; krl § 22 d",
)


def still_contact() -> ColumnElement[bool]:
    """SQL condition on `notice` and `case_current`: sent to a contact that still is one at the office with the case.

    Not while the address of the youth is protected: a contact belongs to a konfliktråd and so learns where the youth
    is. frl § 10-4.
    """
    c = coordination_contact.c
    here = (c.konfliktrad == case_current.c.konfliktrad, c.agency == notice.c.agency, c.subject == notice.c.subject)
    unprotected = (person.c.person_id == case_current.c.person_id, person.c.protection == Protection.NONE)
    return exists().where(*here, *unprotected).correlate(notice, case_current)
