"""Alerts: list, read, acknowledge, explain and snooze."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from ungdom import alerts
from ungdom import cases as casework
from ungdom.api.alerts import schemas as shapes
from ungdom.api.alerts.present import AS_CONTACT, for_contact, history_entry, unreached_out, with_case
from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.context import ReadContext, RequestContext, WriteContext
from ungdom.api.http.offices import check_office
from ungdom.api.http.pagination import read_cursor, write_cursor
from ungdom.api.http.redact import redacted
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.tokens import READ
from ungdom.notices import group_notices
from ungdom.store import alert_answers, case_queries, coordination_groups
from ungdom.store import alerts as alert_store
from ungdom.store.alerts import Alert, AlertFilter
from ungdom.store.session import Connection
from ungdom.store.viewer_knowledge import knowledge_of
from ungdom.workflow import redaction
from ungdom.workflow.redaction import Knowledge, ViewerKnowledge
from ungdom.workflow.rules.alert_permissions import may_answer_alerts, may_read_coordination_groups, may_snooze_alerts
from ungdom.workflow.rules.escalation import AlertChange

router = APIRouter(tags=["alerts"])

NoQuery = Annotated[i.NoQuery, Query()]


@router.get("/v1/alerts", response_model=shapes.AlertList, summary="List alerts")
def list_alerts(context: ReadContext, query: Annotated[shapes.AlertQuery, Query()]) -> Response:
    """The alerts on cases that this viewer may see, the first due first; those that are settled only when asked for."""
    return context.read(lambda tx: json_response(page_of_alerts(tx, context, query)))


@router.get("/v1/alerts/unreached", response_model=shapes.UnreachedAlertList, summary="List whom no notice reached")
def list_unreached_alerts(context: ReadContext, query: Annotated[shapes.UnreachedQuery, Query()]) -> Response:
    """The alerts before the start of which nobody outside the office has a notice, by reason and due day.

    Of the lead time from offence to start, unless another clock is named. Office roles read those of their own office.
    """
    return context.read(lambda tx: _page_of_unreached(tx, context, query), may=may_read_coordination_groups)


@router.get("/v1/alerts/{alert_id}", response_model=shapes.AlertDetail, summary="Read an alert")
def get_alert(context: ReadContext, alert_id: UUID, _query: NoQuery) -> Response:
    """One alert, and everything that happened to it: when, for which day, by whom."""
    return context.read(
        lambda tx: json_response(alert_detail(tx, context, alerts.read(tx, context.recorder.viewer, alert_id)))
    )


@router.post("/v1/alerts/{alert_id}/acknowledge", response_model=shapes.AlertDetail, summary="Acknowledge an alert")
@guarded(requires(READ, may_snooze_alerts))
def acknowledge_alert(context: WriteContext, alert_id: UUID, _query: NoQuery) -> Response:
    """The caller takes charge of it. It is still escalated until the clock stops."""
    return _write_alert(context, lambda tx: alerts.acknowledge(tx, context.recorder.viewer, alert_id, context.now))


@router.post("/v1/alerts/{alert_id}/answer", response_model=shapes.AlertDetail, summary="Answer an alert")
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
    """Nobody is notified until that day has passed. The clock runs on, and the list still shows it."""
    return _write_alert(
        context, lambda tx: alerts.snooze(tx, context.recorder.viewer, alert_id, body.until, context.now)
    )


def _write_alert(context: RequestContext, operation: Callable[[Connection], Alert]) -> Response:
    """Write to the alert, not to the case: viewers who may read the case may explain its delays."""
    return context.write(lambda tx: json_response(alert_detail(tx, context, operation(tx))))


def page_of_alerts(tx: Connection, context: RequestContext, query: shapes.AlertQuery) -> shapes.AlertList:
    """One page of the alerts, each as far as the viewer may learn of it. Raises `OtherOffice` or `BadCursor`."""
    check_office(tx, context, query.konfliktrad)
    list_key = query.model_dump_json(exclude={"cursor", "limit"})
    due, _, last_id = (read_cursor(context, list_key, query) or "").partition(" ")
    after = (date.fromisoformat(due), UUID(last_id)) if due else None
    alert_filter = AlertFilter(**query.model_dump(exclude={"cursor", "limit", "case"}), case_id=query.case)
    page, known, more = _learnt_alerts(tx, context, alert_filter, after, query.limit)
    items = [shapes.AlertOut(**alert) for alert in _alerts_out(tx, context, page, known)]
    following = write_cursor(context, list_key, f"{page[-1].due} {page[-1].alert_id}" if more else None)
    return shapes.AlertList(items=items, next=following)


def _learnt_alerts(
    tx: Connection, context: RequestContext, alert_filter: AlertFilter, after: tuple[date, UUID] | None, limit: int
) -> tuple[list[Alert], dict[UUID, ViewerKnowledge], bool]:
    """A page of the alerts that the viewer may learn of, what they may learn of the cases, and whether more follow.

    A page ends at an alert that the viewer may learn of: a cursor tells of no other.
    """
    page: list[Alert] = []
    known: dict[UUID, ViewerKnowledge] = {}
    while True:
        rows, last = alert_store.list_alerts(tx, context.recorder.viewer, alert_filter, after, limit + 1)
        visible = _visible_cases(tx, context, rows)
        known |= knowledge_of(tx, context.recorder.viewer, visible - known.keys(), context.today)
        page += [alert for alert in rows if alert.case_id not in visible or _is_learnt(alert, known)]
        if len(page) > limit or last is None:
            return page[:limit], known, len(page) > limit
        after = last


def _visible_cases(tx: Connection, context: RequestContext, rows: Sequence[Alert]) -> frozenset[UUID]:
    """The cases of these alerts that the viewer may see; of the others they were notified as a standing contact."""
    return case_queries.visible_case_ids(tx, context.recorder.viewer, list({alert.case_id for alert in rows}))


def _is_learnt(alert: Alert, known: Mapping[UUID, Knowledge]) -> bool:
    return alert.case_id in known and redaction.may_learn_alert(known[alert.case_id], alert.code)


def _alerts_out(
    tx: Connection, context: RequestContext, page: Sequence[Alert], known: Mapping[UUID, Knowledge]
) -> Iterator[dict[str, Any]]:
    """Each alert as far as the viewer may learn of it: of a case they cannot see, as a standing contact."""
    viewer = context.recorder.viewer
    cases = case_queries.read_cases(tx, list({alert.case_id for alert in page}))
    parts = alert_answers.part_answers(tx, [alert.alert_id for alert in page])
    offices = {cases[alert.case_id].konfliktrad or "" for alert in page if alert.case_id not in known}
    agencies = {office: coordination_groups.agencies_of(tx, office, viewer.subject) for office in offices}
    for alert in page:
        row = cases[alert.case_id]
        if alert.case_id in known:
            yield with_case(alert, row, parts, context.language, context.today, known[alert.case_id])
        else:
            ours = agencies[row.konfliktrad or ""]
            own = [part for part in parts.get(alert.alert_id, ()) if part.agency in ours]
            yield for_contact(alert, row, {alert.alert_id: own}, context.language, context.today)


def alert_detail(tx: Connection, context: RequestContext, alert: Alert) -> shapes.AlertDetail:
    """The alert and its history, redacted. Raises `NoSuchAlert` where the viewer may not learn of it."""
    entries = alert_store.history(tx, alert.alert_id)
    if not _visible_cases(tx, context, [alert]):
        [body] = _alerts_out(tx, context, [alert], {})
        notified = [entry for entry in entries if entry.change in _FOR_CONTACTS]
        detail = shapes.AlertDetail(**body, history=[history_entry(context.language, x, AS_CONTACT) for x in notified])
        return redacted(detail, AS_CONTACT)
    read = casework.read(tx, context.recorder.viewer, alert.case_id, context.now, None, None)
    if not redaction.may_learn_alert(read, alert.code):
        raise alerts.NoSuchAlert
    [body] = _alerts_out(tx, context, [alert], {alert.case_id: read})
    history = [history_entry(context.language, entry, read) for entry in entries]
    return redacted(shapes.AlertDetail(**body, history=history), read)


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
    listed = case_queries.listed_case_ids(tx, context.recorder.viewer, [entry.alert.case_id for entry in page])
    return json_response(
        shapes.UnreachedAlertList(
            counts=Counter(entry.reason for entry in unreached),
            items=[
                unreached_out(entry, entry.alert.case_id in listed, context.language, context.today) for entry in page
            ],
            next=write_cursor(context, list_key, following),
        )
    )
