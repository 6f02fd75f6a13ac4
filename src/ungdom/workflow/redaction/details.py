"""Each field of the details of events, with what a viewer must be allowed to learn to get it. Pure."""

from functools import cache

from ungdom.workflow.redaction.fields import Gate, Given
from ungdom.workflow.rules.permissions import Disclosure
from ungdom.workflow.rules.sharing import Matter
from ungdom.workflow.vocabulary import EventType

M, E = Matter, EventType

DETAIL_FIELDS: dict[Gate, str] = {
    M.SANCTION: """
        sanction length subsidiary_prison suspended_sentence terms prison_would_exceed_two_years suitable_reaction
        lives_in_norway later_offences_less_serious interim_conditions interim_from unconditional_prison
    """,
    M.OFFENCE: "offences offence offence_on charged_on group statute guilt_proven repeated_or_serious",
    M.IDENTITY: "person",
    M.PLAN: "measures measure code provider hours_a_week intended_for load agreed sketch",
    M.PROGRESS: "conditions recommendation suitable",
    M.ATTENDANCE: "present invited agencies attended",
    M.DRUG_TESTS: "test",
    M.MEETING_DATES: "meeting",
    Disclosure.OFFICE: "konfliktrad coordinator member agency role explained_by keeps reassignment_reason",
    Given.OFFICE: "channel note",
    Given.BY_ROW: """
        about accepted actor after_complaint after_seq answer available_from by carried_out
        consent_correctional_service consent_police consequences_explained corrects conditions_continue
        court_received_on decided_by decided_on decision defender_present details explained_on extent for
        form_version goes_on ground guardian guardian_present hearing_on how insert interpreter judged_on kind
        language not_a_duplicate notified_on occurred_on on outcome parties_heard party prosecution_told_on
        purpose questions_asked reason recipients regime reinstated replacement requested_on rest_continues
        result scope served_on set_by_prosecution since stays_ended table temporary to type until victim victims
        wished_by days weeks months years
    """,
}
"""The fields by what they disclose. `Given.BY_ROW`: nothing more than the event itself."""

DETAIL_OVERRIDES: dict[tuple[EventType, str], Gate] = {
    (E.TRANSFER_DECIDED, "to"): Disclosure.OFFICE,
    (E.POSTPONED, "reason"): M.PROGRESS,
    (E.PLAN_FAILED, "reason"): M.PROGRESS,
    (E.INTERRUPTED, "reason"): M.PROGRESS,
    (E.RESUMED, "reason"): M.PROGRESS,
    (E.ELECTRONIC_CONTROL_ENDED, "reason"): M.PROGRESS,
}
"""Fields that disclose something else in events of one type."""


@cache
def _gate_by_name() -> dict[str, Gate]:
    return {name: gate for gate, names in DETAIL_FIELDS.items() for name in names.split()}


def gates_of_detail(kind: EventType, name: str) -> tuple[Gate, ...]:
    """What a viewer must be allowed to learn to get this field of an event. A field that is not listed goes to none."""
    gate = DETAIL_OVERRIDES.get((kind, name)) or _gate_by_name().get(name, Given.OFFICE)
    return (gate,)
