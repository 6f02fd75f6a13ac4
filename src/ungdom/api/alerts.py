"""Alerts: what runs out or has run out, and what people say to it."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from ungdom import alerts, casework, texts
from ungdom.api import alert_shapes as shapes
from ungdom.api import cursors
from ungdom.api import inputs as i
from ungdom.api.alert_views import brief
from ungdom.api.cases import answer
from ungdom.api.deps import Answer, Call, ReadCall, WriteCall
from ungdom.api.offices import check_office
from ungdom.api.tokens import READ
from ungdom.store import alerts as kept
from ungdom.store import reading
from ungdom.store.alerts import Alert, Happened, Wanted
from ungdom.store.reading import CaseRow
from ungdom.store.session import Connection
from ungdom.workflow.daycount import oslo_date
from ungdom.workflow.permissions import Fact

router = APIRouter(tags=["alerts"])

NoQuery = Annotated[i.NoQuery, Query()]


@router.get("/v1/alerts", response_model=shapes.AlertList, summary="List alerts")
def list_alerts(call: ReadCall, query: Annotated[shapes.AlertQuery, Query()]) -> Response:
    """The alerts on cases that this viewer may see, the first due first; those that are settled only when asked for."""
    return call.read(lambda tx: _listed(tx, call, query))


@router.get("/v1/alerts/{alert_id}", response_model=shapes.AlertDetail, summary="Read an alert")
def get_alert(call: ReadCall, alert_id: UUID, _query: NoQuery) -> Response:
    """One alert, and everything that happened to it: when, for which day, by whom."""
    return call.read(lambda tx: _shown(tx, call, alerts.read(tx, call.who.viewer, alert_id)))


@router.post("/v1/alerts/{alert_id}/acknowledge", response_model=shapes.AlertDetail, summary="See to it")
def acknowledge_alert(call: WriteCall, alert_id: UUID, _query: NoQuery) -> Response:
    """Say that you have seen it and see to it. It goes on climbing until the clock stops."""
    return _done(call, lambda tx: alerts.acknowledge(tx, call.who.viewer, alert_id, call.now))


@router.post("/v1/alerts/{alert_id}/answer", response_model=shapes.AlertDetail, summary="Say why, and until when")
def answer_alert(call: WriteCall, alert_id: UUID, body: shapes.AnswerIn, _query: NoQuery) -> Response:
    """Say why it is late and when it is expected. Until that day has passed nobody is told again."""
    said = (body.reason, body.expected_on)
    return _done(call, lambda tx: alerts.answer(tx, call.who.viewer, alert_id, *said, call.now))


@router.post("/v1/alerts/{alert_id}/snooze", response_model=shapes.AlertDetail, summary="Put it off")
def snooze_alert(call: WriteCall, alert_id: UUID, body: shapes.SnoozeIn, _query: NoQuery) -> Response:
    """Tell nobody until that day has passed. The clock runs on, and the list still shows it."""
    return _done(call, lambda tx: alerts.snooze(tx, call.who.viewer, alert_id, body.until, call.now))


def _done(call: Call, use: Callable[[Connection], Alert]) -> Response:
    """Nothing in the case is written: who may read it may answer for its delays."""
    return call.write(lambda tx: _shown(tx, call, use(tx)), scope=READ)


def _listed(tx: Connection, call: Call, query: shapes.AlertQuery) -> Answer:
    check_office(tx, call, query.konfliktrad)
    of = query.model_dump_json(exclude={"cursor", "limit"})
    after = _place(cursors.read(call.cursor_key, of, query.cursor)) if query.cursor else None
    wanted = Wanted(**query.model_dump(exclude={"cursor", "limit", "case"}), case_id=query.case)
    found, last = kept.listed(tx, call.who.viewer, wanted, after, query.limit)
    cases = reading.read_cases(tx, list({one.case_id for one in found}))
    items = [shapes.AlertOut(**_with_case(call, one, cases[one.case_id])) for one in found]
    following = cursors.write(call.cursor_key, of, f"{last[0]} {last[1]}") if last else None
    return answer(shapes.AlertList(items=items, next=following))


def _place(text: str) -> tuple[date, UUID]:
    due, _, last = text.partition(" ")
    return date.fromisoformat(due), UUID(last)


def _shown(tx: Connection, call: Call, one: Alert) -> Answer:
    read = casework.read(tx, call.who.viewer, one.case_id, call.now, None, None)
    row = reading.read_cases(tx, [one.case_id])[one.case_id]
    named = Fact.OFFICE in read.learns
    history = [_happened(call.language, happened, named) for happened in kept.history(tx, one.alert_id)]
    return answer(shapes.AlertDetail(**_with_case(call, one, row), history=history))


def _happened(language: texts.Language, one: Happened, named: bool) -> shapes.HappenedOut:
    known = {name: getattr(one, name) for name in ("n", "change", "for_date", "at", "role", "details")}
    label = texts.label(language, one.change)
    return shapes.HappenedOut(**known, label=label, subject=one.subject if named else None)


def _with_case(call: Call, one: Alert, row: CaseRow) -> dict[str, Any]:
    return {
        **brief(one, call.language, oslo_date(call.now)),
        "case": one.case_id,
        "reference": row.reference,
        "case_state": row.state,
        "case_state_label": texts.label(call.language, row.state),
        "phase": row.phase,
        "waiting_for": row.waiting_for,
    }
