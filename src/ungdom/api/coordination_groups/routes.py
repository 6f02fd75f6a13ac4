"""Coordination groups: read and write the standing contacts of a konfliktråd, per agency. krl § 22 d."""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from ungdom import cases
from ungdom.api.coordination_groups.present import group_out
from ungdom.api.coordination_groups.schemas import (
    CoordinationGroupIn,
    CoordinationGroupList,
    CoordinationGroupOut,
    StandingContactIn,
)
from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.context import ReadContext, RequestContext, WriteContext
from ungdom.api.http.errors import ContactIsStaff, ContactNamedTwice, ContactOfOthers
from ungdom.api.http.offices import own_office
from ungdom.api.http.pagination import PageQuery, read_cursor, write_cursor
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.tokens import WRITE
from ungdom.message.text import CodeText
from ungdom.notices.group_notices import notify_group
from ungdom.staff.errors import ContactIsTheirOwn
from ungdom.store import contacts, coordination_groups, reference
from ungdom.store.contacts import NotificationContact
from ungdom.store.coordination_groups import StandingContact
from ungdom.store.session import Connection
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.rules.alert_permissions import may_edit_coordination_groups, may_read_coordination_groups
from ungdom.workflow.rules.permissions import OtherOffice
from ungdom.workflow.vocabulary import Role

router = APIRouter(tags=["notices"])

Konfliktrad = Annotated[CodeText, Path()]
NoQuery = Annotated[i.NoQuery, Query()]


@router.get("/v1/coordination-groups", response_model=CoordinationGroupList, summary="List coordination groups")
def list_coordination_groups(context: ReadContext, query: Annotated[PageQuery, Query()]) -> Response:
    """The standing contacts per konfliktråd: office roles read their own group, the secretariat all."""
    return context.read(lambda tx: _page_of_groups(tx, context, query), may=may_read_coordination_groups)


@router.get(
    "/v1/coordination-groups/{konfliktrad}", response_model=CoordinationGroupOut, summary="Read a coordination group"
)
def get_coordination_group(context: ReadContext, konfliktrad: Konfliktrad, _query: NoQuery) -> Response:
    """The standing contacts of one konfliktråd, and the fixed members that have none."""
    return context.read(lambda tx: read_group(tx, context, konfliktrad), may=may_read_coordination_groups)


@router.put(
    "/v1/coordination-groups/{konfliktrad}", response_model=CoordinationGroupOut, summary="Write a coordination group"
)
@guarded(requires(WRITE, may_edit_coordination_groups))
def put_coordination_group(
    context: WriteContext, konfliktrad: Konfliktrad, body: CoordinationGroupIn, _query: NoQuery
) -> Response:
    """Write the group whole, by the leader of the konfliktråd or the secretariat.

    The contacts are notified at once of the alerts that they would have been notified of before.
    """
    return context.write(lambda tx: write_group(tx, context, konfliktrad, body))


def _page_of_groups(tx: Connection, context: RequestContext, query: PageQuery) -> ApiResponse:
    last = read_cursor(context, "coordination-groups", query) or ""
    own = own_office(context)
    codes = [code for code in sorted(reference.konfliktrad_codes(tx)) if own in (None, code) and code > last]
    page = codes[: query.limit]
    groups = coordination_groups.contacts_of(tx, page)
    return json_response(
        CoordinationGroupList(
            items=[group_out(code, groups.get(code, []), context.language) for code in page],
            next=write_cursor(context, "coordination-groups", page[-1] if len(codes) > len(page) else None),
        )
    )


def read_group(tx: Connection, context: RequestContext, konfliktrad: str) -> ApiResponse:
    """The group of a konfliktråd. Raises `NotVisible` or `OtherOffice`."""
    _check_office(tx, context, konfliktrad)
    standing = coordination_groups.contacts_of(tx, [konfliktrad]).get(konfliktrad, [])
    return json_response(group_out(konfliktrad, standing, context.language))


def _check_office(tx: Connection, context: RequestContext, konfliktrad: str) -> None:
    """Returns where the caller's role reaches this konfliktråd. Raises `NotVisible` or `OtherOffice`."""
    if konfliktrad not in reference.konfliktrad_codes(tx):
        raise cases.NotVisible
    if own_office(context) not in (None, konfliktrad):
        raise OtherOffice(own_office(context))


def write_group(tx: Connection, context: RequestContext, konfliktrad: str, body: CoordinationGroupIn) -> ApiResponse:
    """The group as it is written. Raises what is wrong with it."""
    _check_office(tx, context, konfliktrad)
    pairs = [(given, _standing_contact(context, konfliktrad, given)) for given in body.contacts]
    _check_contacts(tx, [standing for _, standing in pairs])
    coordination_groups.replace(tx, konfliktrad, [standing for _, standing in pairs])
    for given, standing in pairs:
        _write_address(tx, context, given, standing)
    notify_group(tx, konfliktrad, context.today, context.now)
    return read_group(tx, context, konfliktrad)


def _standing_contact(context: RequestContext, konfliktrad: str, given: StandingContactIn) -> StandingContact:
    agency = Attendee(given.agency)
    return StandingContact(
        konfliktrad=konfliktrad,
        agency=agency,
        subject=given.subject or coordination_groups.contact_key(konfliktrad, agency, given.name),
        name=given.name,
        written_by=context.recorder.viewer.subject,
        updated_at=context.now,
    )


def _check_contacts(tx: Connection, standing: list[StandingContact]) -> None:
    """Returns where each contact is outside the offices and named once. Raises what is wrong."""
    named = Counter((entry.agency, entry.subject) for entry in standing)
    if any(times > 1 for times in named.values()):
        raise ContactNamedTwice
    staff = coordination_groups.staff_among(tx, [entry.subject for entry in standing])
    if staff:
        raise ContactIsStaff(staff)


def _write_address(
    tx: Connection, context: RequestContext, given: StandingContactIn, standing: StandingContact
) -> None:
    """Write address and language of a contact, unless they are the contact's own.

    Of a contact whom another konfliktråd has named as well they stay. Raises `ContactIsTheirOwn` or `ContactOfOthers`.
    """
    role = Role.PROSECUTION if standing.agency is Attendee.PROSECUTION else Role.TEAM_MEMBER
    known = contacts.find(tx, context.keys, standing.subject)
    if known is not None and (known.own or known.role is not role):
        if given.email is not None and given.email != known.address:
            raise ContactIsTheirOwn
        return
    if coordination_groups.offices_of(tx, standing.subject) - {standing.konfliktrad}:
        _check_unchanged(given, standing.subject, known)
        return
    address = given.email if "email" in given.model_fields_set or known is None else known.address
    if known is None and address is None:
        return
    new = NotificationContact(
        subject=standing.subject,
        role=role,
        language=given.language,
        email_digest=address is not None,
        address=address,
        written_by=context.recorder.viewer.subject,
    )
    contacts.write(tx, context.keys, new, context.now)


def _check_unchanged(given: StandingContactIn, subject: str, known: NotificationContact | None) -> None:
    """Returns where what is given is what is known; a field that is left out is. Raises `ContactOfOthers`."""
    address, language = (known.address, known.language) if known else (None, "nb")
    other_address = "email" in given.model_fields_set and given.email != address
    other_language = "language" in given.model_fields_set and given.language != language
    if other_address or other_language:
        raise ContactOfOthers(subject)
