"""Correcting a history: a new event replaces, annuls or inserts another, if the history is a legal walk with it."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from ungdom.cases import consequences
from ungdom.cases.commands import CaseView, Correction, EventEntry, Precondition, Recorder
from ungdom.cases.errors import ChangesNothing, NotCorrectable, NotInsertable, WalkBroken, WrongPlace
from ungdom.cases.record import (
    RecordResult,
    allowed_actor,
    external_facts,
    may_act,
    may_record,
    new_event,
    recording_time,
    with_closing,
    write_event,
    write_nothing,
)
from ungdom.cases.views import check_version, load_visible
from ungdom.store.journal import StoredCase
from ungdom.store.session import Connection
from ungdom.workflow import engine, legality
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.case import Case
from ungdom.workflow.derived.endings import ended_by_closing
from ungdom.workflow.engine import Decision
from ungdom.workflow.errors import IllegalHistory
from ungdom.workflow.events import NOTHING, Corrected, Event, Insertion, Replacement, plain_details, read_details
from ungdom.workflow.guards.core import ExternalFacts
from ungdom.workflow.rules.permissions import OtherOffice
from ungdom.workflow.vocabulary import Actor, EventType

E = EventType

_NEEDS_TWO_PEOPLE = (E.REOPENED, E.REOPENING_APPROVED)
"""Two people of two offices agree on these, so a correction never turns another event into one of them."""
NOT_INSERTED = (*_NEEDS_TWO_PEOPLE, *engine.NOT_RECORDED_DIRECTLY)
"""Event types that are not put in afterwards."""


def correct(
    tx: Connection,
    recorder: Recorder,
    case_id: UUID,
    expected: Precondition | None,
    request: Correction,
    now: datetime,
    dry_run: bool = False,
) -> RecordResult:
    """Correct or annul an event by a new one, or insert one that was forgotten.

    Raises NotVisible, VersionRequired, Outdated, NotCorrectable (NotInsertable, WrongPlace), BadDetails, OtherOffice,
    NotPermitted, ChangesNothing, UnknownReferenceValue or WalkBroken, in that order. Nobody corrects what they could
    not have recorded, or into what they could not record.
    """
    stored, case = load_visible(tx, recorder.viewer, case_id)
    check_version(stored, expected)
    return correct_loaded(tx, recorder, stored, case, request, now, dry_run)


def correctable_events(recorder: Recorder, read: CaseView) -> dict[int, Event]:
    """The events that the recorder may correct, by number: as they now read, annulled ones as they were recorded."""
    case = read.case
    if not may_record(recorder, case, E.CORRECTED) or not may_act(recorder, case.sanction, E.CORRECTED):
        return {}
    known = _known_events(read.stored, case)
    return {seq: event for seq, event in known.items() if may_act(recorder, case.sanction, event.type)}


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
    kinds, correction = _read_insertion(stored, request) if request.insert else _read_correction(stored, case, request)
    if not may_record(recorder, case, E.CORRECTED):
        raise OtherOffice(recorder.viewer.konfliktrad)
    entry = EventEntry(E.CORRECTED, oslo_date(now), _permitted_correction(recorder, case, kinds, correction, request))
    actor = allowed_actor(recorder, case.sanction, entry)
    event = new_event(recorder, stored.version + 1, entry, actor, recording_time(stored, now))
    if _changes_nothing(stored, correction):
        raise ChangesNothing(request.seq)
    new_events = consequences.with_ends_of_closing(case, event, _folded(stored, event))
    event = next(new for new in new_events if new.details == entry.details)
    facts = _facts_of_new_content(tx, recorder, stored, case, correction)
    history = [*stored.events, *new_events]
    broken = tuple(legality.illegal_steps(stored.youth, history, {request.seq or event.seq: facts}))
    if broken:
        raise WalkBroken(broken[0], broken[1:])
    for place, new in enumerate(new_events if not dry_run else (), start=1):
        before = replace(stored, events=[*stored.events, *new_events[: place - 1]], version=new.seq - 1)
        write_event(tx, before, new, engine.fold(stored.youth, [*stored.events, *new_events[:place]]))
    decision = Decision(E.CORRECTED, case.state, None, engine.regime_for(case, E.CORRECTED, entry.occurred_on), "", ())
    after = engine.fold(stored.youth, history)
    others = tuple(new for new in new_events if new is not event)
    done = RecordResult(stored, event, decision, case, after, others)
    return with_closing(tx, done, write_nothing if dry_run else write_event)


def _folded(stored: StoredCase, correction: Event) -> Case | None:
    """The case with this correction alone; None if its history cannot be read then."""
    try:
        return engine.fold(stored.youth, [*stored.events, correction])
    except IllegalHistory:
        return None


def _read_correction(stored: StoredCase, case: Case, request: Correction) -> tuple[tuple[EventType, ...], Corrected]:
    """The types of the event before and after, and the correction. Raises NotCorrectable or BadDetails."""
    old = _correctable_event(stored, case, request)
    replacement = None if request.annul else _replacement(old, request)
    correction = Corrected(corrects=request.seq, reason=request.reason, replacement=replacement)
    return (old.type, replacement.type if replacement else old.type), correction


def _read_insertion(stored: StoredCase, request: Correction) -> tuple[tuple[EventType, ...], Corrected]:
    """The type of the forgotten event, and the correction. Raises NotInsertable, WrongPlace or BadDetails."""
    new = request.insert
    if new is None or new.type in NOT_INSERTED:
        raise NotInsertable(new.type if new else E.CORRECTED)
    after = next((e for e in engine.effective(stored.events) if e.seq == new.after_seq), None)
    if new.after_seq is not None and (after is None or after.occurred_on != new.occurred_on):
        raise WrongPlace(new.after_seq)
    read_details(new.type, new.details)
    insertion = Insertion(
        type=new.type,
        occurred_on=new.occurred_on,
        details=new.details,
        actor=new.on_behalf_of or Actor.COORDINATOR,
        after_seq=new.after_seq,
    )
    return (new.type,), Corrected(reason=request.reason, insert=insertion)


def _permitted_correction(
    recorder: Recorder, case: Case, kinds: tuple[EventType, ...], correction: Corrected, request: Correction
) -> Corrected:
    """The correction, an insertion with the actor in whose name it is recorded. Raises NotPermitted."""
    behalf = request.insert.on_behalf_of if request.insert else None
    entries = (EventEntry(kind, case.registered_on, NOTHING, on_behalf_of=behalf) for kind in kinds)
    actors = [allowed_actor(recorder, case.sanction, entry) for entry in entries]
    if correction.insert is None:
        return correction
    return replace(correction, insert=replace(correction.insert, actor=actors[0]))


def _correctable_event(stored: StoredCase, case: Case, request: Correction) -> Event:
    """The event that is to be corrected, as it stands now. Raises NotCorrectable."""
    old = _known_events(stored, case).get(request.seq)
    if old is None or request.type is E.RULES_MIGRATED:
        raise NotCorrectable(request.seq)
    if request.type in _NEEDS_TWO_PEOPLE and request.type is not old.type:
        raise NotCorrectable(request.seq)
    return old


def _known_events(stored: StoredCase, case: Case) -> dict[int, Event]:
    """The events that can be corrected, by number: as they now read, annulled ones as they were recorded.

    What the closing of this closed case ended is corrected only with the closing, or with what it ends.
    """
    ended = {end.seq for end in ended_by_closing(case)}
    known = {event.seq: event for event in (*stored.events, *engine.effective(stored.events))}
    never = (E.CORRECTED, E.RULES_MIGRATED)
    return {seq: event for seq, event in known.items() if seq not in ended and event.type not in never}


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
    if correction.insert is not None:
        return False
    event = next((event for event in engine.effective(stored.events) if event.seq == correction.corrects), None)
    new = correction.replacement
    if event is None or new is None:
        return event is None and new is None
    same = (event.type, event.occurred_on, event.occurred_at) == (new.type, new.occurred_on, None)
    return same and event.details == read_details(new.type, new.details)


def _facts_of_new_content(
    tx: Connection, recorder: Recorder, stored: StoredCase, case: Case, correction: Corrected
) -> ExternalFacts:
    """What the conditions of the corrected event need from outside the case. Raises UnknownReferenceValue."""
    new = correction.insert or correction.replacement
    if new is None:
        return ExternalFacts(office=recorder.viewer.konfliktrad)
    entry = EventEntry(new.type, new.occurred_on, read_details(new.type, new.details))
    return external_facts(tx, recorder, stored, case, entry)
