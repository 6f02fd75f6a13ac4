"""Alerts as schemas."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from ungdom import texts
from ungdom.api.alerts import schemas as shapes
from ungdom.api.alerts.schemas import AlertBrief
from ungdom.cases import CaseView
from ungdom.store.alerts import Alert, AlertHistoryEntry
from ungdom.store.case_queries import CaseCurrentRow
from ungdom.workflow import redaction
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.redaction import Knowledge


def briefs(alerts: Sequence[Alert], language: texts.Language, read: CaseView) -> list[AlertBrief]:
    """The alerts that the reader may learn of, without their case."""
    visible = (alert for alert in alerts if redaction.may_learn_alert(read, alert.code))
    return [AlertBrief(**brief(alert, language, read.on, read)) for alert in visible]


def brief(alert: Alert, language: texts.Language, today: date, knowledge: Knowledge) -> dict[str, Any]:
    """An alert in plain values, its words in that language."""
    until = oslo_date(alert.cleared_at) if alert.cleared_at else today
    same_fields = ("code", "due", "level", "state", "quiet_until", "raised_at", "cleared_at")
    reason = alert.reason if redaction.may_learn_delay_reason(knowledge, alert.reason) else None
    return {
        **{name: getattr(alert, name) for name in same_fields},
        "reason": reason,
        "id": alert.alert_id,
        "label": texts.text(language, "deadline", alert.code),
        "days": (until - alert.due).days,
        "level_label": texts.label(language, alert.level),
        "state_label": texts.label(language, alert.state),
        "reason_label": texts.label(language, reason) if reason else None,
    }


def history_entry(language: texts.Language, entry: AlertHistoryEntry, knowledge: Knowledge) -> shapes.HappenedOut:
    label = texts.label(language, entry.change)
    reason_learnt = redaction.may_learn_delay_reason(knowledge, entry.details.get("reason"))
    return shapes.HappenedOut(
        n=entry.n,
        change=entry.change,
        label=label,
        for_date=entry.for_date,
        at=entry.at,
        role=entry.role,
        subject=entry.subject,
        details={name: value for name, value in entry.details.items() if name != "reason" or reason_learnt},
    )


def with_case(
    alert: Alert, row: CaseCurrentRow, language: texts.Language, today: date, knowledge: Knowledge
) -> dict[str, Any]:
    return {
        **brief(alert, language, today, knowledge),
        "case": alert.case_id,
        "reference": row.reference,
        "case_state": row.state,
        "case_state_label": texts.label(language, row.state),
        "phase": row.phase,
        "waiting_for": row.waiting_for,
    }
