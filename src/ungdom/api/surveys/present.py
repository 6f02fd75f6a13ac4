"""Survey invitations and questionnaires as schemas."""

from ungdom import texts
from ungdom.analytics.surveys.inviting import DueInvitation
from ungdom.api.http.present import filled
from ungdom.api.surveys.schemas import DueOut


def due_out(due: DueInvitation, language: texts.Language) -> DueOut:
    return filled(
        DueOut,
        due,
        kind_label=texts.label(language, due.kind),
        respondent_label=texts.label(language, due.respondent),
        left=max(0, due.needed - due.handed_over),
    )
