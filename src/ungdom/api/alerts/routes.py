"""Alerts: list, read, acknowledge, explain and snooze."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from ungdom import alerts
from ungdom import cases as casework
from ungdom.api.alerts import schemas as shapes
from ungdom.api.alerts.present import for_contact, history_entry, unreached_out, with_case
from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.context import ReadContext, RequestContext, WriteContext
from ungdom.api.http.offices import check_office
from ungdom.api.http.pagination import read_cursor, write_cursor
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.tokens import READ
from ungdom.notices import group_notices
from ungdom.store import alert_answers, case_queries, coordination_groups
from ungdom.store import alerts as alert_store
from ungdom.store.alerts import Alert, AlertFilter
from ungdom.store.session import Connection
from ungdom.workflow.rules.alert_permissions import may_answer_alerts, may_read_coordination_groups, may_snooze_alerts
from ungdom.workflow.rules.escalation import AlertChange
from ungdom.workflow.rules.permissions import Disclosure

router = APIRouter(tags=["alerts"])

NoQuery = Annotated[i.NoQuery, Query()]


@router.get("/v1/alerts", response_model=shapes.AlertList, summary="List alerts")
def list_alerts(context: ReadContext, query: Annotated[shapes.AlertQuery, Query()]) -> Response:
    """The alerts on cases that this viewer may see, the first due first; those that are settled only when asked for."""
    return context.read(lambda tx: _page_of_alerts(tx, context, query))


@router.get("/v1/alerts/unreached", response_model=shapes.UnreachedAlertList, summary="List whom no notice reached")
def list_unreached_alerts(context: ReadContext, query: Annotated[shapes.UnreachedQuery, Query()]) -> Response:
    """The alerts before the start of which nobody outside the office has a notice, by reason and due day.

    Of the lead time from offence to start, unless another clock is named. Office roles read those of their own office.
    """
    return context.read(lambda tx: _page_of_unreached(tx, context, query), may=may_read_coordination_groups)


@router.get("/v1/alerts/{alert_id}", response_model=shapes.AlertDetail, summary="Read an alert")
def get_alert(context: ReadContext, alert_id: UUID, _query: NoQuery) -> Response:
    """One alert, and everything that happened to it: when, for which day, by whom."""
    return context.read(lambda tx: _alert_detail(tx, context, alerts.read(tx, context.recorder.viewer, alert_id)))


@router.post("/v1/alerts/{alert_id}/acknowledge", response_model=shapes.AlertDetail, summary="See to it")
@guarded(requires(READ, may_snooze_alerts))
def acknowledge_alert(context: WriteContext, alert_id: UUID, _query: NoQuery) -> Response:
    """Say that you have seen it and see to it. It goes on climbing until the clock stops."""
    return _write_alert(context, lambda tx: alerts.acknowledge(tx, context.recorder.viewer, alert_id, context.now))


@router.post("/v1/alerts/{alert_id}/answer", response_model=shapes.AlertDetail, summary="Say why, and until when")
@guarded(requires(READ, may_answer_alerts))
def answer_alert(context: WriteContext, alert_id: UUID, body: shapes.AnswerIn, _query: NoQuery) -> Response:
    """Say why it is late and when it is expected. Of the office: until that day has passed nobody is told again.

    A member of the team, and an agency that is waited for, answers for its own part: the coordinator is told, the
    answer stands in `parts`, and the alert goes on as before.
    """
    explanation = (body.reason, body.expected_on)
    return _write_alert(
        context, lambda tx: alerts.answer(tx, context.recorder.viewer, alert_id, *explanation, context.now)
    )


@router.post("/v1/alerts/{alert_id}/snooze", response_model=shapes.AlertDetail, summary="Put it off")
@guarded(requires(READ, may_snooze_alerts))
def snooze_alert(context: WriteContext, alert_id: UUID, body: shapes.SnoozeIn, _query: NoQuery) -> Response:
    """Tell nobody until that day has passed. The clock runs on, and the list still shows it."""
    return _write_alert(
        context, lambda tx: alerts.snooze(tx, context.recorder.viewer, alert_id, body.until, context.now)
    )


def _write_alert(context: RequestContext, operation: Callable[[Connection], Alert]) -> Response:
    """Write to the alert, not to the case: viewers who may read the case may explain its delays."""
    return context.write(lambda tx: _alert_detail(tx, context, operation(tx)))


def _page_of_alerts(tx: Connection, context: RequestContext, query: shapes.AlertQuery) -> ApiResponse:
    check_office(tx, context, query.konfliktrad)
    list_key = query.model_dump_json(exclude={"cursor", "limit"})
    due, _, last_id = (read_cursor(context, list_key, query) or "").partition(" ")
    after = (date.fromisoformat(due), UUID(last_id)) if due else None
    alert_filter = AlertFilter(**query.model_dump(exclude={"cursor", "limit", "case"}), case_id=query.case)
    page, last = alert_store.list_alerts(tx, context.recorder.viewer, alert_filter, after, query.limit)
    items = [shapes.AlertOut(**alert) for alert in _alerts_out(tx, context, page)]
    following = write_cursor(context, list_key, f"{last[0]} {last[1]}" if last else None)
    return json_response(shapes.AlertList(items=items, next=following))


def _alerts_out(tx: Connection, context: RequestContext, page: Sequence[Alert]) -> Iterator[dict[str, Any]]:
    """Each alert as far as the viewer may learn of it: of a case they cannot see, as a standing contact."""
    viewer, case_ids = context.recorder.viewer, list({alert.case_id for alert in page})
    cases = case_queries.read_cases(tx, case_ids)
    visible = case_queries.visible_case_ids(tx, viewer, case_ids)
    parts = alert_answers.part_answers(tx, [alert.alert_id for alert in page])
    for alert in page:
        row = cases[alert.case_id]
        if alert.case_id in visible:
            yield with_case(alert, row, parts, context.language, context.today)
        else:
            agencies = coordination_groups.agencies_of(tx, row.konfliktrad or "", viewer.subject)
            own = [part for part in parts.get(alert.alert_id, ()) if part.agency in agencies]
            yield for_contact(alert, row, {alert.alert_id: own}, context.language, context.today)


def _alert_detail(tx: Connection, context: RequestContext, alert: Alert) -> ApiResponse:
    viewer = context.recorder.viewer
    [body] = _alerts_out(tx, context, [alert])
    entries = alert_store.history(tx, alert.alert_id)
    if not case_queries.visible_case_ids(tx, viewer, [alert.case_id]):
        history = [history_entry(context.language, entry, False) for entry in entries if entry.change in _FOR_CONTACTS]
        return json_response(shapes.AlertDetail(**body, history=history))
    read = casework.read(tx, viewer, alert.case_id, context.now, None, None)
    named = Disclosure.OFFICE in read.disclosures
    history = [history_entry(context.language, entry, named) for entry in entries]
    return json_response(shapes.AlertDetail(**body, history=history))


_FOR_CONTACTS = frozenset({AlertChange.RAISED, AlertChange.ESCALATED, AlertChange.CLEARED})
"""What a standing contact learns of the history of an alert: what they were notified of."""


def _page_of_unreached(tx: Connection, context: RequestContext, query: shapes.UnreachedQuery) -> ApiResponse:
    check_office(tx, context, query.konfliktrad)
    list_key = "unreached " + query.model_dump_json(exclude={"cursor", "limit"})
    last = read_cursor(context, list_key, query)
    case_ids = alert_store.alerted_cases(tx, context.recorder.viewer, query.code, query.konfliktrad)
    unreached = group_notices.unreached_alerts(tx, case_ids, context.today, query.code)
    wanted = [entry for entry in unreached if query.reason in (None, entry.reason)]
    beyond = [entry for entry in wanted if last is None or group_notices.place_of(entry) > last]
    page = beyond[: query.limit]
    following = group_notices.place_of(page[-1]) if len(beyond) > len(page) else None
    return json_response(
        shapes.UnreachedAlertList(
            counts=Counter(entry.reason for entry in unreached),
            items=[unreached_out(entry, context.language, context.today) for entry in page],
            next=write_cursor(context, list_key, following),
        )
    )
