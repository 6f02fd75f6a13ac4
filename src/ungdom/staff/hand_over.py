"""Cases that go from one coordinator to another: many at once, and for the time of an absence.

Each case gets its own `assigned` event, under the same conditions as any other, or is refused with the reasons. A
refusal changes nothing for the other cases.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from ungdom import cases
from ungdom.cases import CaseworkError, EventEntry, NotVisible, Precondition, Recorder, Refused
from ungdom.observability.logger import EventLogger
from ungdom.store import case_queries, staff
from ungdom.store.errors import Stale
from ungdom.store.session import Connection, Database, release_savepoint
from ungdom.store.staff import Absence
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.engine import Decision
from ungdom.workflow.errors import WorkflowError
from ungdom.workflow.payloads import ReassignmentReason
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import EventType, Role

LOG = EventLogger("ungdom.staff")

SOURCE = "hand-over"
"""The source of the events that an absence causes."""
MOST_CASES = 200
"""Cases that one request reassigns at most."""


class Obstacle(StrEnum):
    """Why a case was not reassigned."""

    NOT_FOUND = "not_found"  # no such case for who reassigns
    OTHER_COORDINATOR = "other_coordinator"  # it is not assigned to the one from whom it is to go
    CONDITIONS = "conditions"  # the conditions of the event are not met
    NOT_PERMITTED = "not_permitted"


@dataclass(frozen=True, slots=True)
class Reassignment:
    """From whom to whom, why, and on which day."""

    sender: str
    receiver: str
    reason: ReassignmentReason
    on: date


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """The outcome for one case. `version`: with the new event. `obstacle`: None if it was, or would be, reassigned.

    `reference`: None for a case that is not found. `decision`: with the unmet conditions, for `Obstacle.CONDITIONS`.
    """

    case_id: UUID
    reference: str | None = None
    version: int | None = None
    obstacle: Obstacle | None = None
    decision: Decision | None = None


def reassign(
    tx: Connection,
    recorder: Recorder,
    case_ids: Iterable[UUID],
    change: Reassignment,
    now: datetime,
    dry_run: bool = False,
) -> tuple[CaseOutcome, ...]:
    """Assign these cases to the receiver, each in a savepoint. `dry_run`: nothing is written."""
    wanted = list(dict.fromkeys(case_ids))
    visible = case_queries.visible_case_ids(tx, recorder.viewer, wanted)
    rows = {case_id: row for case_id, row in case_queries.read_cases(tx, wanted).items() if case_id in visible}
    outcomes = []
    for case_id in wanted:
        row = rows.get(case_id)
        if row is None:
            outcomes.append(CaseOutcome(case_id, obstacle=Obstacle.NOT_FOUND))
        elif row.coordinator != change.sender:
            outcomes.append(CaseOutcome(case_id, row.reference, obstacle=Obstacle.OTHER_COORDINATOR))
        else:
            outcomes.append(_reassign_one(tx, recorder, case_id, row.reference, change, now, dry_run))
    return tuple(outcomes)


def _reassign_one(
    tx: Connection,
    recorder: Recorder,
    case_id: UUID,
    reference: str,
    change: Reassignment,
    now: datetime,
    dry_run: bool,
) -> CaseOutcome:
    details = d.Assigned(coordinator=change.receiver, reassignment_reason=change.reason)
    entry = EventEntry(EventType.ASSIGNED, change.on, details)
    savepoint = tx.begin_nested()
    try:
        result = cases.record(tx, recorder, case_id, Precondition(any_version=True), entry, now, dry_run)
    except Refused as refused:
        savepoint.rollback()
        return CaseOutcome(case_id, reference, None, Obstacle.CONDITIONS, refused.decision)
    except NotVisible:
        savepoint.rollback()
        return CaseOutcome(case_id, obstacle=Obstacle.NOT_FOUND)
    except (CaseworkError, WorkflowError):
        savepoint.rollback()
        return CaseOutcome(case_id, reference, None, Obstacle.NOT_PERMITTED)
    release_savepoint(savepoint)
    return CaseOutcome(case_id, reference, result.version)


# --- for the time of an absence ---------------------------------------------------------------------------------


def hand_over(tx: Connection, absence: Absence, now: datetime) -> tuple[CaseOutcome, ...]:
    """Assign the open cases of who is absent to the substitute, and remember which.

    It is done once no case is refused; until then the next night tries again with what is still theirs.
    """
    today = oslo_date(now)
    change = Reassignment(absence.subject, absence.substitute or "", ReassignmentReason.ABSENCE, today)
    open_cases = case_queries.open_cases_of(tx, _recorder(tx, absence, today).viewer, absence.subject)
    handed = set(staff.handed_over(tx, absence.absence_id))  # one that is back was given back by somebody
    outcomes = _reassign_for(tx, absence, [each for each in open_cases if each not in handed], change, now)
    staff.add_handed_over(tx, absence.absence_id, [o.case_id for o in outcomes if o.obstacle is None])
    if all(outcome.obstacle is None for outcome in outcomes):
        staff.change_absence(tx, absence.absence_id, handed_over_on=today)
    return outcomes


def take_back(tx: Connection, absence: Absence, now: datetime) -> tuple[CaseOutcome, ...]:
    """Assign what the substitute still has of the cases handed over to who was absent.

    It is done once no case is refused; until then the next night tries again.
    """
    today = oslo_date(now)
    change = Reassignment(absence.substitute or "", absence.subject, ReassignmentReason.RETURN, today)
    still_there = set(case_queries.open_cases_of(tx, _recorder(tx, absence, today).viewer, change.sender))
    handed = [case_id for case_id in staff.handed_over(tx, absence.absence_id) if case_id in still_there]
    outcomes = _reassign_for(tx, absence, handed, change, now)
    staff.delete_handed_over(tx, absence.absence_id, [o.case_id for o in outcomes if o.obstacle is None])
    if all(outcome.obstacle is None for outcome in outcomes):
        staff.change_absence(tx, absence.absence_id, taken_back_on=today)
    return outcomes


def _reassign_for(
    tx: Connection, absence: Absence, case_ids: Sequence[UUID], change: Reassignment, now: datetime
) -> tuple[CaseOutcome, ...]:
    """The outcomes for these cases; those of protected youths are assigned by a leader. frl § 10-4."""
    graded = case_queries.protected_among(tx, case_ids)
    plain = [case_id for case_id in case_ids if case_id not in graded]
    outcomes = reassign(tx, _recorder(tx, absence, change.on), plain, change, now)
    return outcomes + reassign(tx, _recorder(tx, absence, change.on, graded=True), sorted(graded), change, now)


def _recorder(tx: Connection, absence: Absence, on: date, graded: bool = False) -> Recorder:
    """The leader who entered the absence: they decided who gets the cases. For anybody else, the system.

    `graded`: for cases of protected youths, a leader of the office in place of the system, rather one who is present.
    """
    member = staff.find(tx, absence.subject)
    if member is None or member.konfliktrad is None:
        return Recorder(Viewer(Role.SYSTEM, SOURCE, None), SOURCE)
    if absence.written_role is Role.LEADER:
        return Recorder(Viewer(Role.LEADER, absence.written_by, member.konfliktrad), SOURCE)
    leaders = [other.subject for other in staff.staff_of(tx, member.konfliktrad, on) if Role.LEADER in other.roles]
    if graded and leaders:
        away = staff.substitutes_on(tx, on)
        leader = min(leaders, key=lambda subject: subject in away)
        return Recorder(Viewer(Role.LEADER, leader, member.konfliktrad), SOURCE)
    return Recorder(Viewer(Role.SYSTEM, SOURCE, None), SOURCE)


def run_due(db: Database, day: date, now: datetime) -> dict[str, int]:
    """Hand over and take back what is due on that day, each absence in its own transaction; the numbers of cases."""
    if day != oslo_date(now):
        return {}
    with db.reading() as tx:
        ended, begun = staff.due_for_taking_back(tx, day), staff.due_for_hand_over(tx, day)
    counts: Counter[str] = Counter()
    for name, absences in (("taken_back", ended), ("handed_over", begun)):
        for absence in absences:
            outcomes = _run_one(db, absence, name == "handed_over", now)
            counts.update(name if outcome.obstacle is None else "refused" for outcome in outcomes)
    return dict(counts)


def _run_one(db: Database, absence: Absence, begins: bool, now: datetime) -> Sequence[CaseOutcome]:
    try:
        with db.writing() as tx:
            known = staff.find_absence(tx, absence.absence_id, for_update=True)
            if known is None or (known.handed_over_on if begins else known.taken_back_on):
                return ()
            return hand_over(tx, known, now) if begins else take_back(tx, known, now)
    except Stale:
        LOG.warning("nightly.absence_postponed", absence_id=absence.absence_id)
        return ()
