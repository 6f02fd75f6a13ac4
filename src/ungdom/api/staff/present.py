"""Members of staff, absences and reassignments as schemas."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ungdom import texts
from ungdom.api.contacts.present import contact_out
from ungdom.api.http.present import from_source, unmet_out
from ungdom.api.staff.schemas import (
    AbsenceChangeOut,
    AbsenceOut,
    CaseOutcomeOut,
    ReassignmentOut,
    StaffChangeOut,
    StaffOut,
)
from ungdom.staff.administration import AbsenceChange
from ungdom.staff.hand_over import CaseOutcome, Obstacle
from ungdom.store.codec import stored_json
from ungdom.store.contacts import NotificationContact
from ungdom.store.staff import Absence, Staff
from ungdom.store.staff_changes import StaffChange
from ungdom.texts import Language
from ungdom.workflow.rules.permissions import Viewer


@dataclass(frozen=True, slots=True)
class MemberDetails:
    """What is shown beside an entry: contact, absences, and the number of open cases."""

    contact: NotificationContact
    absences: Sequence[Absence]
    open_cases: int


def staff_out(member: Staff, details: MemberDetails, viewer: Viewer, day: date) -> StaffOut:
    away = next((a for a in details.absences if a.first_day <= day <= a.last_day), None)
    return from_source(
        StaffOut,
        member,
        name=member.display_name,
        roles=list(member.roles),
        in_service=member.in_service(day),
        absent=away is not None,
        substitute=away.substitute if away else None,
        contact=contact_out(details.contact, viewer),
        absences=[absence_out(absence) for absence in details.absences],
        open_cases=details.open_cases,
    )


def absence_out(absence: Absence) -> AbsenceOut:
    return from_source(AbsenceOut, absence, id=absence.absence_id)


def absence_change_out(change: AbsenceChange, language: Language) -> AbsenceChangeOut:
    cases = [outcome_out(outcome, language) for outcome in change.cases]
    return AbsenceChangeOut(absence=absence_out(change.absence), cases=cases)


def change_out(change: StaffChange) -> StaffChangeOut:
    return from_source(StaffChangeOut, change, details=stored_json(change.details))


def outcome_out(outcome: CaseOutcome, language: Language) -> CaseOutcomeOut:
    unmet = outcome.decision.unmet if outcome.decision else ()
    message = texts.text(language, texts.section_of(Obstacle), outcome.obstacle) if outcome.obstacle else None
    conditions = [unmet_out(language, condition) for condition in unmet]
    return from_source(CaseOutcomeOut, outcome, message=message, unmet=conditions)


def reassignment_out(
    outcomes: Sequence[CaseOutcome], selected: int, dry_run: bool, language: Language
) -> ReassignmentOut:
    refused = sum(outcome.obstacle is not None for outcome in outcomes)
    return ReassignmentOut(
        dry_run=dry_run,
        selected=selected,
        reassigned=len(outcomes) - refused,
        refused=refused,
        remaining=selected - len(outcomes),
        items=[outcome_out(outcome, language) for outcome in outcomes],
    )
