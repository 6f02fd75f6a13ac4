"""Contacts: how somebody who works with cases wants to be told. An address is shown to nobody but its owner."""

import re
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from ungdom import casework
from ungdom.api import inputs as i
from ungdom.api.authorisation import guarded, needs
from ungdom.api.cases import answer
from ungdom.api.deps import Answer, Call, ReadCall, WriteCall
from ungdom.api.errors import ContactIsTheirOwn
from ungdom.api.inputs import Input
from ungdom.api.schemas import Output
from ungdom.api.tokens import READ, WRITE
from ungdom.message.text import LineText
from ungdom.store import contacts
from ungdom.store.contacts import Contact
from ungdom.store.session import Connection
from ungdom.workflow import patterns
from ungdom.workflow.daycount import oslo_date
from ungdom.workflow.permissions import Viewer
from ungdom.workflow.vocabulary import Role

router = APIRouter(tags=["notices"])

_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@(?:{_LABEL}\.)+[A-Za-z]{{2,63}}", re.ASCII)
LONGEST_ADDRESS = 254


def _address(value: str) -> str:
    if len(value) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(value):
        raise PydanticCustomError("email_address", "is no e-mail address")
    return value


class NoticeContactIn(Input):
    """How they are to be told. `email_digest`: by one e-mail a day beside the inbox here; it needs an address."""

    language: Literal["nb", "nn", "en"] = "nb"
    email_digest: bool = False
    address: Annotated[LineText, AfterValidator(_address)] | None = None


class NoticeContactOut(Output):
    """How somebody is told. `has_address`: one is known; it is shown to its owner only."""

    subject: str
    language: Literal["nb", "nn", "en"]
    email_digest: bool
    has_address: bool
    address: str | None
    updated_at: datetime | None


Subject = Annotated[str, Path(pattern=patterns.SUBJECT)]


@router.get("/v1/contacts/me", response_model=NoticeContactOut, summary="How one is told")
def get_own_contact(call: ReadCall, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """The caller's own language and address; what counts where nothing has been written."""
    return call.read(lambda tx: answer(_out(_mine(tx, call), call.who.viewer)))


@router.put("/v1/contacts/me", response_model=NoticeContactOut, summary="Say how one wants to be told")
@guarded(needs(READ))
def put_own_contact(call: WriteCall, body: NoticeContactIn, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Write the caller's own language and address, whole."""
    return call.write(lambda tx: _written(tx, call, call.who.viewer.subject, call.who.viewer.role, body))


@router.put("/v1/contacts/{subject}", response_model=NoticeContactOut, summary="Say how somebody else is told")
@guarded(needs(WRITE))
def put_contact(
    call: WriteCall, subject: Subject, body: NoticeContactIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """By a leader for the staff of their office, by a coordinator for the teams of the cases assigned to them.

    What somebody has written themselves is theirs.
    """
    return call.write(lambda tx: _written_for(tx, call, subject, body))


def _mine(tx: Connection, call: Call) -> Contact:
    viewer = call.who.viewer
    return contacts.find(tx, call.keys, viewer.subject) or Contact(subject=viewer.subject, role=viewer.role)


def _written_for(tx: Connection, call: Call, subject: str, body: NoticeContactIn) -> Answer:
    role = _role_of(tx, call, subject)
    if role is None:
        raise casework.NotVisible
    known = contacts.find(tx, call.keys, subject)
    if known is not None and (known.own or known.role is not role):
        raise ContactIsTheirOwn
    return _written(tx, call, subject, role, body)


def _role_of(tx: Connection, call: Call, subject: str) -> Role | None:
    """What this person is to the caller; None when the caller has no say over how they are told."""
    viewer = call.who.viewer
    if viewer.role is Role.LEADER and viewer.konfliktrad is not None:
        return contacts.staff_role(tx, subject, viewer.konfliktrad, oslo_date(call.now))
    if viewer.role is Role.COORDINATOR and contacts.coordinates_with(tx, viewer.subject, subject):
        return Role.TEAM_MEMBER
    return None


def _written(tx: Connection, call: Call, subject: str, role: Role, body: NoticeContactIn) -> Answer:
    new = Contact(
        subject=subject,
        role=role,
        language=body.language,
        email_digest=body.email_digest,
        address=body.address,
        written_by=call.who.viewer.subject,
        updated_at=call.now,
    )
    contacts.write(tx, call.keys, new, call.now)
    whole = answer(_out(new, call.who.viewer))
    hidden = answer(_out(new, None))
    return Answer(whole.status, whole.body, whole.headers, hidden.body)


def _out(one: Contact, viewer: Viewer | None) -> NoticeContactOut:
    return NoticeContactOut(
        subject=one.subject,
        language=one.language,
        email_digest=one.email_digest,
        has_address=one.address is not None,
        address=one.address if viewer is not None and viewer.subject == one.subject else None,
        updated_at=one.updated_at,
    )
