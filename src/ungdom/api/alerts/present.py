"""Alerts as schemas."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from ungdom import texts
from ungdom.api.alerts import schemas as shapes
from ungdom.api.alerts.schemas import AlertBrief
from ungdom.store.alerts import Alert, AlertHistoryEntry
from ungdom.store.case_queries import CaseCurrentRow
from ungdom.workflow.calendar import oslo_date


def briefs(alerts: Sequence[Alert], language: texts.Language, today: date) -> list[AlertBrief]:
    """Alerts without their case."""
    return [AlertBrief(**brief(alert, language, today)) for alert in alerts]


def brief(alert: Alert, language: texts.Language, today: date) -> dict[str, Any]:
    """An alert in plain values, its words in that language."""
    until = oslo_date(alert.cleared_at) if alert.cleared_at else today
    same_fields = ("code", "due", "level", "state", "quiet_until", "reason", "raised_at", "cleared_at")
    return {
        **{name: getattr(alert, name) for name in same_fields},
        "id": alert.alert_id,
        "label": texts.text(language, "deadline", alert.code),
        "days": (until - alert.due).days,
        "level_label": texts.label(language, alert.level),
        "state_label": texts.label(language, alert.state),
        "reason_label": texts.label(language, alert.reason) if alert.reason else None,
    }


def history_entry(language: texts.Language, entry: AlertHistoryEntry, named: bool) -> shapes.HappenedOut:
    label = texts.label(language, entry.change)
    return shapes.HappenedOut(
        n=entry.n,
        change=entry.change,
        label=label,
        for_date=entry.for_date,
        at=entry.at,
        role=entry.role,
        subject=entry.subject if named else None,
        details=entry.details,
    )


def with_case(alert: Alert, row: CaseCurrentRow, language: texts.Language, today: date) -> dict[str, Any]:
    return {
        **brief(alert, language, today),
        "case": alert.case_id,
        "reference": row.reference,
        "case_state": row.state,
        "case_state_label": texts.label(language, row.state),
        "phase": row.phase,
        "waiting_for": row.waiting_for,
    }
