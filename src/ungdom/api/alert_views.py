"""How alerts are shown."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from ungdom import texts
from ungdom.api.alert_shapes import AlertBrief
from ungdom.store.alerts import Alert
from ungdom.workflow.daycount import oslo_date


def briefs(found: Sequence[Alert], language: texts.Language, today: date) -> list[AlertBrief]:
    """Alerts without their case."""
    return [AlertBrief(**brief(one, language, today)) for one in found]


def brief(one: Alert, language: texts.Language, today: date) -> dict[str, Any]:
    """An alert in plain values, its words in that language."""
    until = oslo_date(one.cleared_at) if one.cleared_at else today
    known = ("code", "due", "level", "state", "quiet_until", "reason", "raised_at", "cleared_at")
    return {
        **{name: getattr(one, name) for name in known},
        "id": one.alert_id,
        "label": texts.text(language, "deadline", one.code),
        "days": (until - one.due).days,
        "level_label": texts.label(language, one.level),
        "state_label": texts.label(language, one.state),
        "reason_label": texts.label(language, one.reason) if one.reason else None,
    }
