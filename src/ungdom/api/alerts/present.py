"""Alerts as schemas."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from ungdom import texts
from ungdom.api.alerts import schemas as shapes
from ungdom.api.alerts.schemas import AlertBrief
from ungdom.notices.group_notices import UnreachedAlert
from ungdom.store.alert_answers import PartAnswer
from ungdom.store.alerts import Alert, AlertHistoryEntry
from ungdom.store.case_queries import CaseCurrentRow
from ungdom.workflow.calendar import oslo_date

Parts = Mapping[UUID, Sequence[PartAnswer]]
"""What parties answered for their own part, by alert."""


def briefs(alerts: Sequence[Alert], parts: Parts, language: texts.Language, today: date) -> list[AlertBrief]:
    """Alerts without their case."""
    return [AlertBrief(**brief(alert, parts, language, today)) for alert in alerts]


def brief(alert: Alert, parts: Parts, language: texts.Language, today: date) -> dict[str, Any]:
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
        "parts": [_part_out(part, language) for part in parts.get(alert.alert_id, ())],
    }


def _part_out(part: PartAnswer, language: texts.Language) -> shapes.PartAnswerOut:
    return shapes.PartAnswerOut(
        **asdict(part),
        agency_label=texts.label(language, part.agency),
        reason_label=texts.label(language, part.reason),
    )


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


def with_case(alert: Alert, row: CaseCurrentRow, parts: Parts, language: texts.Language, today: date) -> dict[str, Any]:
    return {
        **brief(alert, parts, language, today),
        "case": alert.case_id,
        "reference": row.reference,
        "case_state": row.state,
        "case_state_label": texts.label(language, row.state),
        "phase": row.phase,
        "waiting_for": row.waiting_for,
    }


def for_contact(
    alert: Alert, row: CaseCurrentRow, parts: Parts, language: texts.Language, today: date
) -> dict[str, Any]:
    """The alert as a standing contact learns of it: reference, stage, days and who is waited for, not why it is late.

    `parts`: the answers of the agency of the contact.
    """
    return {**with_case(alert, row, parts, language, today), "reason": None, "reason_label": None}


def unreached_out(unreached: UnreachedAlert, language: texts.Language, today: date) -> shapes.UnreachedAlertOut:
    alert = unreached.alert
    return shapes.UnreachedAlertOut(
        id=alert.alert_id,
        case=alert.case_id,
        reference=unreached.reference,
        konfliktrad=unreached.konfliktrad,
        code=alert.code,
        label=texts.text(language, "deadline", alert.code),
        due=alert.due,
        days=(today - alert.due).days,
        level=alert.level,
        level_label=texts.label(language, alert.level),
        waiting_for=list(unreached.waiting_for),
        reason=unreached.reason,
        reason_label=texts.label(language, unreached.reason),
        agencies=list(unreached.agencies),
    )
