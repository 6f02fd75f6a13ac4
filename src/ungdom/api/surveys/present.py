"""Survey invitations and questionnaires as schemas."""

from ungdom import texts
from ungdom.analytics.surveys.inviting import DueInvitation
from ungdom.api.http.present import from_source
from ungdom.api.surveys.schemas import DueOut


def due_out(due: DueInvitation, language: texts.Language) -> DueOut:
    return from_source(
        DueOut,
        due,
        kind_label=texts.label(language, due.kind),
        respondent_label=texts.label(language, due.respondent),
        left=max(0, due.needed - due.handed_over),
    )
