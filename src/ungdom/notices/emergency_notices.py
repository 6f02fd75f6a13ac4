"""Notices of an emergency access: to the leaders of the office that has the case, and to the auditors."""

from datetime import date

from ungdom.notices.recipients import recipient_directory
from ungdom.store import notices
from ungdom.store.emergency_access import EmergencyAccess
from ungdom.store.notices import AUDITORS, EMERGENCY_TAKEN, UserNotice
from ungdom.store.session import Connection
from ungdom.workflow.calendar import days_between
from ungdom.workflow.rules.escalation import Level
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

CODE = "emergency_access"


def notify(tx: Connection, taken: EmergencyAccess, day: date) -> None:
    """Writes the notices in the transaction of the access: nobody has one of which nobody is notified."""
    leaders = recipient_directory(tx, [taken.case_id], day).leaders(taken.case_id)
    recipients = [*leaders, Viewer(Role.AUDITOR, AUDITORS, None)]
    notices.add(tx, [_notice(taken, recipient, day) for recipient in recipients])


def end(tx: Connection, taken: EmergencyAccess) -> None:
    """Ends the notices of an access that has been reviewed. That of the auditors stays in their inbox, also unread."""
    if taken.review is not None:
        notices.mark_ended(tx, taken.emergency_id, taken.review.reviewed_at, keeps=AUDITORS)


def _notice(taken: EmergencyAccess, recipient: Viewer, day: date) -> UserNotice:
    return UserNotice(
        notice_id=notices.notice_id_of(taken.emergency_id, recipient.subject),
        message_id=taken.emergency_id,
        viewer=recipient,
        case_id=taken.case_id,
        alert_id=taken.emergency_id,
        kind=EMERGENCY_TAKEN,
        code=CODE,
        level=Level.UPCOMING,
        due=taken.review_by,
        days=days_between(taken.review_by, day),
        waiting_for=None,
        at=taken.taken_at,
    )
