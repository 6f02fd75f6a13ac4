"""Many cases from one coordinator to another: tried first, then done, each case with its own event or refusal."""

from typing import Any

from fastapi import APIRouter, Request, Response

from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.tokens import WRITE
from ungdom.api.staff.routes import reassigned
from ungdom.api.staff.schemas import ReassignmentIn, ReassignmentOut
from ungdom.staff.administration import office_of
from ungdom.store import staff
from ungdom.store.session import Connection
from ungdom.store.staff import Staff
from ungdom.web.page import answer, data_of
from ungdom.web.submitting import SentForm, submitted, validated
from ungdom.workflow.payloads import ReassignmentReason
from ungdom.workflow.rules.permissions import may_reassign_cases
from ungdom.workflow.vocabulary import Party, Sanction

router = APIRouter(include_in_schema=False)

MOST_PEOPLE = 500
FILTERS = ("sanction", "waiting_for")
FIELDS = ("from", "to", "reason", "on", *FILTERS, "overdue")
DO = "do"


@router.get("/reassign")
def reassign_form(request: Request, context: ReadContext) -> Response:
    """The form."""
    return _page(request, context, SentForm())


@router.post("/reassign", response_model=ReassignmentOut)
@guarded(requires(WRITE, may_reassign_cases))
def reassign(request: Request) -> Response:
    """What would become of each case, or what became of it."""

    def operation(context: RequestContext, sent: SentForm) -> Response:
        return _reassigned(context, sent, sent.first("action") != DO)

    def again(context: RequestContext, sent: SentForm, status: int) -> Response:
        return _page(request, context, sent, status)

    def done(context: RequestContext, sent: SentForm, response: Response) -> Response:
        return _page(request, context, SentForm(sent.entered, None, data_of(response)))

    return submitted(request, operation, again, done)


def _reassigned(context: RequestContext, sent: SentForm, dry_run: bool) -> Response:
    wanted: dict[str, Any] = {**sent.values(*FILTERS)}
    if sent.first("overdue"):
        wanted["overdue"] = True
    body = validated(ReassignmentIn, {**sent.values("from", "to", "reason", "on"), "filter": wanted or None})
    return context.write(lambda tx: reassigned(tx, context, body, dry_run), commit=not dry_run)


def _page(request: Request, context: RequestContext, sent: SentForm, status: int = 200) -> Response:
    people: list[Staff] = []

    def operation(tx: Connection) -> ApiResponse:
        people.extend(staff.page(tx, office_of(context.principal.viewer), None, None, MOST_PEOPLE))  # also who has left
        return json_response(ReassignmentOut(dry_run=True, selected=0, reassigned=0, refused=0, remaining=0, items=[]))

    context.read(operation, WRITE, may_reassign_cases)
    values = {
        "people": people,
        "entered": {name: sent.first(name) or "" for name in FIELDS},
        "problem": sent.problem,
        "outcome": sent.preview,
        "reasons": [str(reason) for reason in ReassignmentReason],
        "parties": [str(party) for party in Party],
        "sanctions": [str(sanction) for sanction in Sanction],
    }
    return answer(request, "reassign.html", values, status)
