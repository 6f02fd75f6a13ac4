"""How alerts are shown."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from ungdom import texts
from ungdom.api.alerts.schemas import AlertBrief
from ungdom.store.alerts import Alert
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
