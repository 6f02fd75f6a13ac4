"""Correcting an event: a new event replaces or annuls it, if the remaining history is still a legal walk."""

from datetime import datetime
from uuid import UUID

from ungdom.cases.commands import Correction, EventEntry, Precondition, Recorder
from ungdom.cases.errors import ChangesNothing, NotCorrectable, WalkBroken
from ungdom.cases.record import RecordResult, allowed_actor, external_facts, may_record, new_event, write_event
from ungdom.cases.views import check_version, load_visible
from ungdom.store.journal import StoredCase
from ungdom.store.session import Connection
from ungdom.workflow import engine, legality
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.case import Case
from ungdom.workflow.engine import Decision
from ungdom.workflow.events import Corrected, Event, Replacement, plain_details, read_details
from ungdom.workflow.guards.core import ExternalFacts
from ungdom.workflow.rules.permissions import OtherOffice
from ungdom.workflow.vocabulary import EventType

E = EventType

_NEEDS_TWO_PEOPLE = (E.REOPENED, E.REOPENING_APPROVED)
"""Two people of two offices agree on these, so a correction never turns another event into one of them."""


def correct(
    tx: Connection,
    recorder: Recorder,
    case_id: UUID,
    expected: Precondition | None,
    request: Correction,
    now: datetime,
    dry_run: bool = False,
) -> RecordResult:
    """Correct or annul an event by a new one.

    Raises NotVisible, VersionRequired, Outdated, NotCorrectable, BadDetails, OtherOffice, NotPermitted, ChangesNothing,
    UnknownReferenceValue or WalkBroken, in that order. Nobody corrects what they could not have recorded, or into what
    they could not record.
    """
    stored, case = load_visible(tx, recorder.viewer, case_id)
    check_version(stored, expected)
    return correct_loaded(tx, recorder, stored, case, request, now, dry_run)


def correct_loaded(
    tx: Connection,
    recorder: Recorder,
    stored: StoredCase,
    case: Case,
    request: Correction,
    now: datetime,
    dry_run: bool = False,
) -> RecordResult:
    """Correct an event of a case that the caller has loaded. Raises what `correct` raises after its version check."""
    old = _correctable_event(stored, request)
    replacement = None if request.annul else _replacement(old, request)
    correction = Corrected(corrects=request.seq, reason=request.reason, replacement=replacement)
    entry = EventEntry(E.CORRECTED, oslo_date(now), correction)
    if not may_record(recorder, case, E.CORRECTED):
        raise OtherOffice(recorder.viewer.konfliktrad)
    for kind in (old.type, replacement.type if replacement else old.type):
        allowed_actor(recorder, case.sanction, EventEntry(kind, entry.occurred_on, old.details))
    actor = allowed_actor(recorder, case.sanction, entry)
    if _changes_nothing(stored, correction):
        raise ChangesNothing(request.seq)
    event = new_event(recorder, stored.version + 1, entry, actor, now)
    history = [*stored.events, event]
    facts = _facts_of_replacement(tx, recorder, stored, case, replacement)
    broken = tuple(legality.illegal_steps(stored.youth, history, {request.seq: facts}))
    if broken:
        raise WalkBroken(broken[0], broken[1:])
    after = engine.fold(stored.youth, history)
    if not dry_run:
        write_event(tx, stored, event, after)
    decision = Decision(E.CORRECTED, case.state, None, engine.regime_for(case, E.CORRECTED, entry.occurred_on), "", ())
    return RecordResult(stored, event, decision, case, after)


def _correctable_event(stored: StoredCase, request: Correction) -> Event:
    """The event that is to be corrected, as it stands now. Raises NotCorrectable."""
    known = [*engine.effective(stored.events), *stored.events]  # as it now reads; an annulled one as it was recorded
    old = next((event for event in known if event.seq == request.seq and event.type is not E.CORRECTED), None)
    kinds = {request.type, old.type} if old else set()
    if old is None or E.RULES_MIGRATED in kinds or (request.type in _NEEDS_TWO_PEOPLE and request.type is not old.type):
        raise NotCorrectable(request.seq)
    return old


def _replacement(old: Event, request: Correction) -> Replacement:
    """What the event becomes. Raises BadDetails, or NotCorrectable for a registration of another case.

    A correction moves no case to another person, office or version of the table.
    """
    kind = request.type or old.type
    details = plain_details(old.type, old.details) if request.details is None else request.details
    registered = old.details if isinstance(old.details, d.CaseRegistered) else None
    if registered and registered.table:
        details = {"table": registered.table, **details}
    corrected = read_details(kind, details)
    if registered:
        same = isinstance(corrected, d.CaseRegistered) and (
            (registered.person, registered.konfliktrad, registered.table)
            == (corrected.person, corrected.konfliktrad, corrected.table)
        )
        if not same:
            raise NotCorrectable(request.seq)
    return Replacement(type=kind, occurred_on=request.occurred_on or old.occurred_on, details=details)


def _changes_nothing(stored: StoredCase, correction: Corrected) -> bool:
    """Whether the event reads like its replacement already, or is annulled already."""
    event = next((event for event in engine.effective(stored.events) if event.seq == correction.corrects), None)
    new = correction.replacement
    if event is None or new is None:
        return event is None and new is None
    same = (event.type, event.occurred_on, event.occurred_at) == (new.type, new.occurred_on, None)
    return same and event.details == read_details(new.type, new.details)


def _facts_of_replacement(
    tx: Connection, recorder: Recorder, stored: StoredCase, case: Case, new: Replacement | None
) -> ExternalFacts:
    """What the conditions of the corrected event need from outside the case. Raises UnknownReferenceValue."""
    if new is None:
        return ExternalFacts(office=recorder.viewer.konfliktrad)
    entry = EventEntry(new.type, new.occurred_on, read_details(new.type, new.details))
    return external_facts(tx, recorder, stored, case, entry)
