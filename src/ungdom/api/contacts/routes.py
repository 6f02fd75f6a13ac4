"""Contacts: language and e-mail digest of people who work with cases. Only the owner sees the address."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from ungdom import cases
from ungdom.api.contacts.present import contact_out
from ungdom.api.contacts.schemas import NoticeContactIn, NoticeContactOut
from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.context import ReadContext, RequestContext, WriteContext
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.tokens import READ, WRITE
from ungdom.staff.errors import ContactIsTheirOwn
from ungdom.store import contacts
from ungdom.store.contacts import NotificationContact
from ungdom.store.session import Connection
from ungdom.workflow import patterns
from ungdom.workflow.vocabulary import Role

router = APIRouter(tags=["notices"])

Subject = Annotated[str, Path(pattern=patterns.SUBJECT)]


@router.get("/v1/contacts/me", response_model=NoticeContactOut, summary="Read your own contact")
def get_own_contact(context: ReadContext, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """The caller's own language and address; what counts where nothing has been written."""
    return context.read(
        lambda tx: json_response(contact_out(_own_contact(tx, context), context.recorder.viewer)), in_service=False
    )


@router.put("/v1/contacts/me", response_model=NoticeContactOut, summary="Write your own contact")
@guarded(requires(READ))
def put_own_contact(context: WriteContext, body: NoticeContactIn, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Write the caller's own language and address, whole."""
    return context.write(
        lambda tx: _write_contact(tx, context, context.recorder.viewer.subject, context.recorder.viewer.role, body),
        in_service=False,
    )


@router.put("/v1/contacts/{subject}", response_model=NoticeContactOut, summary="Write the contact of somebody else")
@guarded(requires(WRITE))
def put_contact(
    context: WriteContext, subject: Subject, body: NoticeContactIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """By a leader for the staff of their office, by a coordinator for the teams of the cases assigned to them.

    What somebody has written themselves is theirs.
    """
    return context.write(lambda tx: _write_contact_for(tx, context, subject, body))


def _own_contact(tx: Connection, context: RequestContext) -> NotificationContact:
    viewer = context.recorder.viewer
    return contacts.find(tx, context.keys, viewer.subject) or NotificationContact(
        subject=viewer.subject, role=viewer.role
    )


def _write_contact_for(tx: Connection, context: RequestContext, subject: str, body: NoticeContactIn) -> ApiResponse:
    role = _role_of(tx, context, subject)
    if role is None:
        raise cases.NotVisible
    known = contacts.find(tx, context.keys, subject)
    if known is not None and (known.own or known.role is not role):
        raise ContactIsTheirOwn
    return _write_contact(tx, context, subject, role, body)


def _role_of(tx: Connection, context: RequestContext, subject: str) -> Role | None:
    """The role of this person, None where the caller may not write their contact."""
    viewer = context.recorder.viewer
    if viewer.role is Role.LEADER and viewer.konfliktrad is not None:
        return contacts.staff_role(tx, subject, viewer.konfliktrad, context.today)
    if viewer.role is Role.COORDINATOR and contacts.coordinates_with(tx, viewer.subject, subject):
        return Role.TEAM_MEMBER
    return None


def _write_contact(
    tx: Connection, context: RequestContext, subject: str, role: Role, body: NoticeContactIn
) -> ApiResponse:
    new = NotificationContact(
        subject=subject,
        role=role,
        language=body.language,
        email_digest=body.email_digest,
        address=body.address,
        written_by=context.recorder.viewer.subject,
    )
    stored = contacts.write(tx, context.keys, new, context.now)
    whole = json_response(contact_out(stored, context.recorder.viewer))
    hidden = json_response(contact_out(stored, None))
    return ApiResponse(whole.status, whole.body, whole.headers, hidden.body)
