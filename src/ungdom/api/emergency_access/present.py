"""Emergency accesses as schemas."""

from dataclasses import replace
from datetime import datetime

from ungdom import texts
from ungdom.api.emergency_access.schemas import EmergencyOut, EmergencyReviewOut
from ungdom.api.http.present import from_source
from ungdom.store.emergency_access import EmergencyAccess
from ungdom.store.schema.access import EmergencyEnd
from ungdom.texts import Language
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role


def emergency_out(taken: EmergencyAccess, viewer: Viewer, language: Language, now: datetime) -> EmergencyOut:
    """The access as this viewer, who may read it, may learn of it."""
    audits = viewer.role is Role.AUDITOR
    own = taken.viewer == viewer
    shown = _without_places(taken) if audits and taken.graded else taken
    return from_source(
        EmergencyOut,
        shown,
        id=taken.emergency_id,
        case=taken.case_id,
        reference=None if audits else taken.reference,
        state=taken.state_at(now),
        code=taken.reason,
        label=texts.label(language, taken.reason),
        reason=shown.text,
        subject=taken.viewer.subject,
        role=taken.viewer.role,
        konfliktrad=shown.viewer.konfliktrad,
        ended_at=None if own and taken.ended_by is not EmergencyEnd.BY_HAND else taken.ended_at,
        ended_by=None if own else taken.ended_by,
        review=None if own or shown.review is None else from_source(EmergencyReviewOut, shown.review),
    )


def _without_places(taken: EmergencyAccess) -> EmergencyAccess:
    """Without what may say where a youth with a protected address belongs."""
    review = None if taken.review is None else replace(taken.review, note=None)
    return replace(taken, text=None, viewer=replace(taken.viewer, konfliktrad=None), review=review)
