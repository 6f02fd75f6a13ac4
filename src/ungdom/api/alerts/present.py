"""Alerts as schemas."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from ungdom import texts
from ungdom.api.alerts import schemas as shapes
from ungdom.api.alerts.schemas import AlertBrief
from ungdom.api.http.present import from_source
from ungdom.cases import CaseView
from ungdom.notices.group_notices import UnreachedAlert
from ungdom.store.alert_answers import PartAnswer
from ungdom.store.alerts import Alert, AlertHistoryEntry
from ungdom.store.case_queries import CaseCurrentRow
from ungdom.workflow import redaction
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.redaction import DELAY_REASON_MATTERS, Knowledge, ViewerKnowledge
from ungdom.workflow.rules.sharing import Matter

Parts = Mapping[UUID, Sequence[PartAnswer]]
"""What parties answered for their own part, by alert."""


def briefs(alerts: Sequence[Alert], parts: Parts, language: texts.Language, read: CaseView) -> list[AlertBrief]:
    """The alerts that the reader may learn of, without their case."""
    visible = (alert for alert in alerts if redaction.may_learn_alert(read, alert.code))
    return [AlertBrief(**brief(alert, parts, language, read.on, read)) for alert in visible]


def brief(alert: Alert, parts: Parts, language: texts.Language, today: date, knowledge: Knowledge) -> dict[str, Any]:
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
        "parts": [
            _part_out(part, language)
            for part in parts.get(alert.alert_id, ())
            if redaction.may_learn_delay_reason(knowledge, part.reason)
        ],
    }


def _part_out(part: PartAnswer, language: texts.Language) -> shapes.PartAnswerOut:
    return shapes.PartAnswerOut(
        **asdict(part),
        agency_label=texts.label(language, part.agency),
        reason_label=texts.label(language, part.reason),
    )


def history_entry(language: texts.Language, entry: AlertHistoryEntry, knowledge: Knowledge) -> shapes.HappenedOut:
    reason_learnt = redaction.may_learn_delay_reason(knowledge, entry.details.get("reason"))
    details = {name: value for name, value in entry.details.items() if name != "reason" or reason_learnt}
    return from_source(shapes.HappenedOut, entry, label=texts.label(language, entry.change), details=details)


def with_case(
    alert: Alert, row: CaseCurrentRow, parts: Parts, language: texts.Language, today: date, knowledge: Knowledge
) -> dict[str, Any]:
    return {
        **brief(alert, parts, language, today, knowledge),
        "case": alert.case_id,
        "reference": row.reference,
        "case_state": row.state,
        "case_state_label": texts.label(language, row.state),
        "phase": row.phase,
        "waiting_for": row.waiting_for,
    }


AS_CONTACT = ViewerKnowledge(frozenset(), frozenset({Matter.CURRENT_STATUS, *DELAY_REASON_MATTERS.values()}))
"""A standing contact sees the answers of the own agency alone, whatever their reason."""


def for_contact(
    alert: Alert, row: CaseCurrentRow, parts: Parts, language: texts.Language, today: date
) -> dict[str, Any]:
    """The alert as a standing contact learns of it: reference, stage, days and who is waited for, not why it is late.

    `parts`: the answers of the agency of the contact.
    """
    return {**with_case(alert, row, parts, language, today, AS_CONTACT), "reason": None, "reason_label": None}


def unreached_out(
    unreached: UnreachedAlert, listed: bool, language: texts.Language, today: date
) -> shapes.UnreachedAlertOut:
    """`listed`: whether the viewer may learn the konfliktråd of the case in a list."""
    alert = unreached.alert
    return shapes.UnreachedAlertOut(
        id=alert.alert_id,
        case=alert.case_id,
        reference=unreached.reference,
        konfliktrad=unreached.konfliktrad if listed else None,
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
