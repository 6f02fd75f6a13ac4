"""Survey invitations and questionnaires as schemas."""

from ungdom import texts
from ungdom.analytics.surveys.inviting import DueInvitation
from ungdom.api.surveys.schemas import DueOut


def due_out(due: DueInvitation, language: texts.Language) -> DueOut:
    return DueOut(
        kind=due.kind,
        kind_label=texts.label(language, due.kind),
        respondent=due.respondent,
        respondent_label=texts.label(language, due.respondent),
        seq=due.seq,
        on=due.on,
        until=due.until,
        left=max(0, due.needed - due.handed_over),
    )
