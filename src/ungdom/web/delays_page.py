"""Delays: alerts by clock and by whom the case waits for, answered in place, and what each wait made of the dates."""

from collections.abc import Callable, Container, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel
from starlette.responses import RedirectResponse

from ungdom import alerts
from ungdom.api.alerts import routes as api
from ungdom.api.alerts.schemas import AlertDetail, AlertList, AlertOut, AlertQuery, AnswerIn, SnoozeIn
from ungdom.api.delays.present import delay_out
from ungdom.api.delays.routes import delays_of_group
from ungdom.api.delays.schemas import ClockDelayOut, DelaysQuery, GroupOut
from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.case_reading import read_case, require_stage_dates
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.inputs import CivilDay
from ungdom.api.http.redact import redacted
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.tokens import READ
from ungdom.cases import NotVisible
from ungdom.message.text import CursorText
from ungdom.store import case_queries
from ungdom.store.session import Connection
from ungdom.web.counterfactual_svg import draw
from ungdom.web.page import answer, data_of, is_safe_target, with_access
from ungdom.web.places import CAUSES, DELAYS
from ungdom.web.queries import PageForm, address_of
from ungdom.web.share_svg import Share, draw_shares
from ungdom.web.submitting import SentForm, submitted, validated
from ungdom.workflow.rules.alert_permissions import answers_for_office, may_answer_alerts, may_snooze_alerts
from ungdom.workflow.rules.deadlines import RULES
from ungdom.workflow.rules.escalation import AlertState, DelayReason, Level
from ungdom.workflow.vocabulary import Party, Sanction

router = APIRouter(include_in_schema=False)

ROWS = 25
CODES = tuple(dict.fromkeys(rule.code for rule in RULES))
Code = Annotated[str | None, Query(max_length=40)]


class AlertsQuery(PageForm):
    """What the form of the page asks for. `state`: of an alert that is settled as well."""

    code: Code = None
    waiting_for: Party | None = None
    level: Level | None = None
    state: AlertState | None = None
    cursor: CursorText | None = None


class CausesQuery(PageForm):
    """Which cases: those that started or were received in the period."""

    since: CivilDay | None = None
    until: CivilDay | None = None
    sanction: Sanction | None = None
    cursor: CursorText | None = None


class CasesInReach(BaseModel):
    """Of the cases of alerts: those that the viewer may read, and those for whose office the viewer answers."""

    readable: frozenset[UUID]
    of_office: frozenset[UUID]


class AlertsAtAGlance(BaseModel):
    """A page of the alerts."""

    alerts: AlertList
    reach: CasesInReach


class AlertAtAGlance(BaseModel):
    """An alert, and the clock that it is on explained; None where the reader may not learn why it is late."""

    alert: AlertDetail
    clock: ClockDelayOut | None
    reach: CasesInReach


@router.get(DELAYS.path, response_model=AlertsAtAGlance)
def alerts_page(request: Request, context: ReadContext, query: Annotated[AlertsQuery, Query()]) -> Response:
    """The alerts, the first due first."""
    wanted = AlertQuery(**query.model_dump(), live=None if query.state else True, limit=ROWS)

    def operation(tx: Connection) -> ApiResponse:
        listed = api.page_of_alerts(tx, context, wanted)
        return json_response(AlertsAtAGlance(alerts=listed, reach=_reach(tx, context, listed.items)))

    page = data_of(context.read(operation))
    given = query.model_dump(mode="json", exclude_none=True)
    values = {
        "alerts": page["alerts"]["items"],
        "next": page["alerts"]["next"],
        "reach": page["reach"],
        "given": given,
        "address": lambda **changes: address_of(DELAYS.path, given, changes),
        "codes": CODES,
        "parties": [str(party) for party in Party],
        "levels": [str(level) for level in Level],
        "states": [str(state) for state in AlertState],
        "here": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
    }
    return answer(request, "delays.html", values | answering(context, page["reach"]["of_office"]))


@router.get(CAUSES.path, response_model=GroupOut)
def causes_page(request: Request, context: ReadContext, query: Annotated[CausesQuery, Query()]) -> Response:
    """Whose waits made the difference, in the cases of a period."""
    given = query.model_dump(mode="json", exclude_none=True)
    wanted = validated(
        DelaysQuery, {{"since": "from", "until": "to"}.get(name, name): value for name, value in given.items()}, "query"
    )
    group = data_of(context.read(lambda tx: json_response(delays_of_group(tx, context, wanted))))
    parties = [Share(x["label"], x["days"], x["made_difference_in"]) for x in group["parties"]]
    values = {
        "group": group,
        "given": given,
        "address": lambda **changes: address_of(CAUSES.path, given, changes),
        "drawing": draw_shares(parties),
        "sanctions": [str(sanction) for sanction in Sanction],
    }
    return answer(request, "delay_causes.html", values)


@router.get("/delays/{alert_id}", response_model=AlertAtAGlance)
def alert_page(request: Request, context: ReadContext, alert_id: UUID) -> Response:
    """One alert: why it is late, what has been done with it, and what can be."""
    return _alert_page(request, context, alert_id, SentForm())


@router.post("/delays/{alert_id}/acknowledge", response_model=AlertAtAGlance)
@guarded(requires(READ, may_snooze_alerts))
def acknowledge(request: Request, alert_id: UUID) -> Response:
    """The person who has signed in sees to it."""
    return _submitted(
        request, alert_id, lambda context, _: api.acknowledge_alert(context, alert_id, _query=i.NoQuery())
    )


@router.post("/delays/{alert_id}/answer", response_model=AlertAtAGlance)
@guarded(requires(READ, may_answer_alerts))
def answer_alert(request: Request, alert_id: UUID) -> Response:
    """Why it is late, and when it is expected."""

    def operation(context: RequestContext, sent: SentForm) -> Response:
        body = validated(AnswerIn, sent.values(*AnswerIn.model_fields))
        return api.answer_alert(context, alert_id, body, _query=i.NoQuery())

    return _submitted(request, alert_id, operation)


@router.post("/delays/{alert_id}/snooze", response_model=AlertAtAGlance)
@guarded(requires(READ, may_snooze_alerts))
def snooze(request: Request, alert_id: UUID) -> Response:
    """Nobody is notified until that day has passed."""

    def operation(context: RequestContext, sent: SentForm) -> Response:
        body = validated(SnoozeIn, sent.values(*SnoozeIn.model_fields))
        return api.snooze_alert(context, alert_id, body, _query=i.NoQuery())

    return _submitted(request, alert_id, operation)


def answering(context: RequestContext, of_office: Container[str] = ()) -> dict[str, Any]:
    """What the forms of an alert need: what the viewer may do with each, and the reasons there are.

    `of_office`: the cases for whose office the viewer answers. Others answer for their own part, in any case.
    """
    role = context.principal.viewer.role
    for_office = may_snooze_alerts(role)
    return {
        "may_answer": lambda alert: may_answer_alerts(role) and (not for_office or alert["case"] in of_office),
        "may_snooze": lambda alert: for_office and alert["case"] in of_office,
        "reasons": [str(reason) for reason in DelayReason],
    }


def _reach(tx: Connection, context: RequestContext, listed: Sequence[AlertOut]) -> CasesInReach:
    """What the viewer may do with the cases of these alerts: a standing contact is notified of some they cannot see."""
    viewer, case_ids = context.recorder.viewer, list({alert.case for alert in listed})
    rows = case_queries.read_cases(tx, case_ids) if may_snooze_alerts(viewer.role) else {}
    return CasesInReach(
        readable=case_queries.visible_case_ids(tx, viewer, case_ids),
        of_office=frozenset(x for x, row in rows.items() if answers_for_office(viewer, row.konfliktrad or "")),
    )


def _submitted(request: Request, alert_id: UUID, operation: Callable[[RequestContext, SentForm], Response]) -> Response:
    """Back to the page that the form was on; a form that is refused is shown on the page of the alert."""

    def again(context: RequestContext, sent: SentForm, status: int) -> Response:
        return _alert_page(request, context, alert_id, sent, status)

    def done(_context: RequestContext, sent: SentForm, _response: Response) -> Response:
        back = sent.first("back") or DELAYS.path
        return RedirectResponse(f"{back if is_safe_target(back) else DELAYS.path}#alert-{alert_id}", 303)

    return submitted(request, operation, again, done)


def _alert_page(
    request: Request, context: RequestContext, alert_id: UUID, sent: SentForm, status: int = 200
) -> Response:
    page = data_of(context.read(lambda tx: _page(tx, context, alert_id)))
    entered = {name: sent.first(name) or "" for name in ("reason", "expected_on", "until")}
    here = f"{DELAYS.path}/{alert_id}"
    values = {
        **page,
        **answering(context, page["reach"]["of_office"]),
        "drawing": draw(page["clock"]) if page["clock"] else None,
        "problem": sent.problem,
        "entered": entered,
        "here": here,
        "path": here,
        "query_string": "",
    }
    return answer(request, "alert.html", values, status)


def _page(tx: Connection, context: RequestContext, alert_id: UUID) -> ApiResponse:
    alert = alerts.read(tx, context.recorder.viewer, alert_id)
    detail = api.alert_detail(tx, context, alert)
    reach = _reach(tx, context, [detail])
    try:
        read = require_stage_dates(read_case(tx, context, alert.case_id, i.AsOf()))
        delay = redacted(delay_out(read, context.language, None), read)
    except NotVisible:
        return json_response(AlertAtAGlance(alert=detail, clock=None, reach=reach))
    explained = (clock for clock in (delay.start, *delay.clocks) if (clock.code, clock.due) == (alert.code, alert.due))
    page = AlertAtAGlance(alert=detail, clock=next(explained, None), reach=reach)
    return with_access(json_response(page), read)
