"""The standing contacts of one konfliktråd: entered, changed and ended, as the interface writes the group whole."""

from typing import Any, get_args

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from ungdom.api.coordination_groups.routes import Konfliktrad, read_group, write_group
from ungdom.api.coordination_groups.schemas import ContactAgency, CoordinationGroupIn, CoordinationGroupOut
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.responses import ApiResponse
from ungdom.api.http.tokens import WRITE
from ungdom.cases import NotVisible
from ungdom.store.session import Connection
from ungdom.texts import languages
from ungdom.web.page import answer, data_of
from ungdom.web.places import CONTACTS
from ungdom.web.submitting import SentForm, submitted, validated
from ungdom.workflow.rules.alert_permissions import may_edit_coordination_groups, may_read_coordination_groups

router = APIRouter(include_in_schema=False)

ADDRESS = CONTACTS.path + "/{konfliktrad}"
FIELDS = ("agency", "name", "subject", "email", "language")
END = "end"
"""The action that ends a contact; every other one enters or changes one."""


@router.get(ADDRESS, response_model=CoordinationGroupOut)
def group_page(request: Request, context: ReadContext, konfliktrad: Konfliktrad) -> Response:
    """The contacts, and for those who may a form for each and for a new one."""
    return _page(request, context, konfliktrad, SentForm())


@router.post(ADDRESS, response_model=CoordinationGroupOut)
@guarded(requires(WRITE, may_edit_coordination_groups))
def edit_group(request: Request, konfliktrad: Konfliktrad) -> Response:
    """Enter, change or end one contact; the others stay as they are."""

    def operation(context: RequestContext, sent: SentForm) -> Response:
        def write(tx: Connection) -> ApiResponse:
            group = data_of(read_group(tx, context, konfliktrad).to_http())
            body = validated(CoordinationGroupIn, {"contacts": _changed(group["contacts"], sent)})
            return write_group(tx, context, konfliktrad, body)

        return context.write(write)

    def again(context: RequestContext, sent: SentForm, status: int) -> Response:
        return _page(request, context, konfliktrad, sent, status)

    return submitted(request, operation, again, lambda _c, _s, _r: RedirectResponse(request.url.path, 303))


def _changed(contacts: list[dict[str, Any]], sent: SentForm) -> list[dict[str, Any]]:
    """The group as the form wants it. Raises `NotVisible` where the contact it is about is not there any more."""
    named, action = sent.first("contact"), sent.first("action")
    if named is not None and named not in map(mark_of, contacts):
        raise NotVisible
    known = ("agency", "name", "subject", "language")
    others = [{name: contact[name] for name in known} for contact in contacts if mark_of(contact) != named]
    if action == END:
        return others
    # an address that is left empty stays as it is known, unless it is to be removed
    return [*others, sent.values(*FIELDS) | ({"email": None} if sent.first("no_email") else {})]


def mark_of(contact: dict[str, Any]) -> str:
    """By what a form names a contact."""
    return f"{contact['agency']} {contact['subject'] or ''} {contact['name']}"


def _page(request: Request, context: RequestContext, konfliktrad: str, sent: SentForm, status: int = 200) -> Response:
    group = data_of(context.read(lambda tx: read_group(tx, context, konfliktrad), may=may_read_coordination_groups))
    values = {
        "group": group,
        "mark_of": mark_of,
        "may_edit": may_edit_coordination_groups(context.principal.viewer.role),
        "agencies": get_args(ContactAgency),
        "written_in": languages(),
        "problem": sent.problem,
        "about": sent.first("contact"),
        "entered": {name: sent.first(name) or "" for name in FIELDS},
        "path": request.url.path,
    }
    return answer(request, "contacts.html", values, status)
