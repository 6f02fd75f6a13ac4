"""Alerts: list, read, acknowledge, explain and snooze."""

from collections.abc import Callable
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from ungdom import alerts
from ungdom import cases as casework
from ungdom.api.alerts import schemas as shapes
from ungdom.api.alerts.present import history_entry, with_case
from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.context import ReadContext, RequestContext, WriteContext
from ungdom.api.http.offices import check_office
from ungdom.api.http.pagination import read_cursor, write_cursor
from ungdom.api.http.redact import redacted
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.tokens import READ
from ungdom.store import alerts as alert_store
from ungdom.store import case_queries
from ungdom.store.alerts import Alert, AlertFilter
from ungdom.store.session import Connection
from ungdom.store.viewer_knowledge import knowledge_of
from ungdom.workflow import redaction
from ungdom.workflow.redaction import ViewerKnowledge
from ungdom.workflow.rules.permissions import may_answer_alerts, may_snooze_alerts

router = APIRouter(tags=["alerts"])

NoQuery = Annotated[i.NoQuery, Query()]


@router.get("/v1/alerts", response_model=shapes.AlertList, summary="List alerts")
def list_alerts(context: ReadContext, query: Annotated[shapes.AlertQuery, Query()]) -> Response:
    """The alerts on cases that this viewer may see, the first due first; those that are settled only when asked for."""
    return context.read(lambda tx: _page_of_alerts(tx, context, query))


@router.get("/v1/alerts/{alert_id}", response_model=shapes.AlertDetail, summary="Read an alert")
def get_alert(context: ReadContext, alert_id: UUID, _query: NoQuery) -> Response:
    """One alert, and everything that happened to it: when, for which day, by whom."""
    return context.read(lambda tx: _alert_detail(tx, context, alerts.read(tx, context.recorder.viewer, alert_id)))


@router.post("/v1/alerts/{alert_id}/acknowledge", response_model=shapes.AlertDetail, summary="See to it")
@guarded(requires(READ, may_answer_alerts))
def acknowledge_alert(context: WriteContext, alert_id: UUID, _query: NoQuery) -> Response:
    """Say that you have seen it and see to it. It goes on climbing until the clock stops."""
    return _write_alert(context, lambda tx: alerts.acknowledge(tx, context.recorder.viewer, alert_id, context.now))


@router.post("/v1/alerts/{alert_id}/answer", response_model=shapes.AlertDetail, summary="Say why, and until when")
@guarded(requires(READ, may_answer_alerts))
def answer_alert(context: WriteContext, alert_id: UUID, body: shapes.AnswerIn, _query: NoQuery) -> Response:
    """Say why it is late and when it is expected. Until that day has passed nobody is told again."""
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
    page, known, more = _learnt_alerts(tx, context, alert_filter, after, query.limit)
    cases = case_queries.read_cases(tx, list({alert.case_id for alert in page}))
    items = [
        shapes.AlertOut(**with_case(alert, cases[alert.case_id], context.language, context.today, known[alert.case_id]))
        for alert in page
    ]
    following = write_cursor(context, list_key, f"{page[-1].due} {page[-1].alert_id}" if more else None)
    return json_response(shapes.AlertList(items=items, next=following))


def _learnt_alerts(
    tx: Connection, context: RequestContext, alert_filter: AlertFilter, after: tuple[date, UUID] | None, limit: int
) -> tuple[list[Alert], dict[UUID, ViewerKnowledge], bool]:
    """A page of the alerts that the viewer may learn of, what they may learn of the cases, and whether more follow.

    A page ends at an alert that the viewer may learn of: a cursor tells of no other.
    """
    viewer = context.recorder.viewer
    page: list[Alert] = []
    known: dict[UUID, ViewerKnowledge] = {}
    while True:
        rows, last = alert_store.list_alerts(tx, viewer, alert_filter, after, limit + 1)
        known |= knowledge_of(tx, viewer, {alert.case_id for alert in rows} - known.keys(), context.today)
        page += [
            alert
            for alert in rows
            if alert.case_id in known and redaction.may_learn_alert(known[alert.case_id], alert.code)
        ]
        if len(page) > limit or last is None:
            return page[:limit], known, len(page) > limit
        after = last


def _alert_detail(tx: Connection, context: RequestContext, alert: Alert) -> ApiResponse:
    read = casework.read(tx, context.recorder.viewer, alert.case_id, context.now, None, None)
    if not redaction.may_learn_alert(read, alert.code):
        raise alerts.NoSuchAlert
    row = case_queries.read_cases(tx, [alert.case_id])[alert.case_id]
    history = [history_entry(context.language, entry, read) for entry in alert_store.history(tx, alert.alert_id)]
    detail = shapes.AlertDetail(**with_case(alert, row, context.language, context.today, read), history=history)
    return json_response(redacted(detail, read))
