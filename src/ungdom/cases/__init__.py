"""The uses of a case: open it, record in it, correct it, ask what may come next, read it as it was.

Each function is handed an open transaction and commits nothing. What one call writes is written together.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from ungdom.cases.commands import (
    CaseView,
    Correction,
    EventEntry,
    NewCase,
    Precondition,
    Recorder,
    RecordResult,
)
from ungdom.cases.consequences import apply_consequences
from ungdom.cases.corrections import changes_nothing, correctable_event, correction_details
from ungdom.cases.errors import (
    CaseworkError,
    ChangesNothing,
    NotCorrectable,
    NotPermitted,
    NotVisible,
    Outdated,
    Refused,
    UnknownReferenceValue,
    UseCorrections,
    VersionRequired,
    WalkBroken,
)
from ungdom.cases.outgoing_messages import messages_for, replay_events
from ungdom.store import duplicates, journal, projection, reference
from ungdom.store.ids import reference_of
from ungdom.store.journal import StoredCase
from ungdom.store.session import Connection
from ungdom.workflow import engine, legality, table
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import OSLO, oslo_date
from ungdom.workflow.case import Case
from ungdom.workflow.engine import Decision, Option
from ungdom.workflow.errors import IllegalHistory
from ungdom.workflow.events import Corrected, Event, read_details
from ungdom.workflow.guards.core import ExternalFacts, ProposedEvent, UnmetCondition, day_has_come
from ungdom.workflow.rules.offices import ANSWERS
from ungdom.workflow.rules.permissions import (
    CaseAccessFacts,
    OtherOffice,
    Viewer,
    acts_for,
    disclosures_for,
    may_see,
    may_work_on,
)
from ungdom.workflow.rules.sharing import matters_for_member
from ungdom.workflow.vocabulary import Actor, EventType, Protection, Role, Sanction

# fmt: off
__all__ = [
    "CaseView", "CaseworkError", "ChangesNothing", "Correction", "EventEntry", "NewCase", "NotCorrectable",
    "NotPermitted", "NotVisible", "Outdated", "Precondition", "RecordResult", "Recorder", "Refused",
    "UnknownReferenceValue", "UseCorrections", "VersionRequired", "WalkBroken", "case_as_of", "correct",
    "correct_loaded", "messages_for", "open_case", "options", "read", "record", "record_loaded", "replay_events",
]
# fmt: on

E = EventType


def record(
    tx: Connection,
    recorder: Recorder,
    case_id: UUID,
    expected: Precondition | None,
    entry: EventEntry,
    now: datetime,
    dry_run: bool = False,
) -> RecordResult:
    """Record one event: the event, the current row and the message out are written together.

    Raises NotVisible, VersionRequired, Outdated, UseCorrections, NotPermitted, OtherOffice or Refused, in that order.
    """
    stored, case = _load_visible(tx, recorder.viewer, case_id)
    _check_version(stored, expected)
    return record_loaded(tx, recorder, stored, case, entry, now, dry_run)


def record_loaded(
    tx: Connection,
    recorder: Recorder,
    stored: StoredCase,
    case: Case,
    entry: EventEntry,
    now: datetime,
    dry_run: bool = False,
) -> RecordResult:
    """Record one event in a case that is in hand already, as `record` does. Raises what that raises afterwards."""
    actor = _permitted_actor(recorder, case, entry)
    proposed = _proposed_event(tx, recorder, stored, case, entry, now, actor)
    decision = _with_hour_check(engine.decide(case, proposed), entry, now)
    if not decision.allowed:
        raise Refused(decision)
    event = _event(recorder, stored.version + 1, entry, actor, now)
    after = engine.apply(case, event)
    if not dry_run:
        journal.append(tx, stored, event, after, messages_for(stored, after, event))
    return apply_consequences(tx, RecordResult(stored, event, decision, case, after), dry_run)


def open_case(
    tx: Connection, recorder: Recorder, case_id: UUID, new: NewCase, now: datetime, dry_run: bool = False
) -> RecordResult:
    """Open a case for a person who is already among the people: file, first event, current row and message out.

    Raises Unknown, NotPermitted (a role that opens none), OtherOffice or Refused.
    """
    office = _office_of(tx, new)
    registered = d.CaseRegistered(
        sanction=new.sanction,
        konfliktrad=office,
        person=new.person,
        offences=new.offences,
        repeated_or_serious=new.repeated_or_serious,
        table=table.VERSION,
    )
    entry = EventEntry(E.CASE_REGISTERED, new.occurred_on, registered, new.occurred_at, new.on_behalf_of)
    actor = _opening_actor(recorder, new.sanction, office, entry, None if new.konfliktrad else new.municipality)
    event = _event(recorder, 1, entry, actor, now)
    decision = _with_hour_check(engine.decide_registration(new.youth, event), entry, now)
    if not decision.allowed:
        raise Refused(decision)
    after = engine.fold(new.youth, [event])
    stored = StoredCase(case_id, reference_of(case_id), new.person, new.youth, [event], 0, now)
    if not dry_run:
        journal.open_case(tx, stored, after, new.numbers, messages_for(stored, after, event))
    return RecordResult(stored, event, decision, None, after)


def correct(
    tx: Connection,
    recorder: Recorder,
    case_id: UUID,
    expected: Precondition | None,
    request: Correction,
    now: datetime,
    dry_run: bool = False,
) -> RecordResult:
    """Correct or annul an event by a new one. Accepted only if the remaining history is still a legal walk.

    Raises NotVisible, VersionRequired, Outdated, NotCorrectable, BadDetails, OtherOffice, NotPermitted, ChangesNothing,
    Unknown or WalkBroken, in that order. Nobody corrects what they could not have recorded, or into what they could not
    record.
    """
    stored, case = _load_visible(tx, recorder.viewer, case_id)
    _check_version(stored, expected)
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
    """Correct an event of a case that is in hand already, as `correct` does. Raises what that raises afterwards."""
    old = correctable_event(stored, request)
    correction = correction_details(old, request)
    entry = EventEntry(E.CORRECTED, oslo_date(now), correction)
    if not _may_record(recorder, case, E.CORRECTED):
        raise OtherOffice(recorder.viewer.konfliktrad)
    actor = _correcting_actor(recorder, case.sanction, old, entry)
    if changes_nothing(stored, correction):
        raise ChangesNothing(request.seq)
    event = _event(recorder, stored.version + 1, entry, actor, now)
    history = [*stored.events, event]
    broken = tuple(
        legality.illegal_steps(
            stored.youth, history, {request.seq: _external_facts_of(tx, recorder, stored, case, entry)}
        )
    )
    if broken:
        raise WalkBroken(broken[0], broken[1:])
    after = engine.fold(stored.youth, history)
    if not dry_run:
        journal.append(tx, stored, event, after, messages_for(stored, after, event))
    decision = Decision(E.CORRECTED, case.state, None, engine.regime_for(case, E.CORRECTED, entry.occurred_on), "", ())
    return RecordResult(stored, event, decision, case, after)


def options(tx: Connection, recorder: Recorder, case_id: UUID, now: datetime) -> tuple[CaseView, tuple[Option, ...]]:
    """Every event type this viewer may record in the case, and what each still lacks. Raises NotVisible."""
    stored, case = _load_visible(tx, recorder.viewer, case_id)
    today = oslo_date(now)
    facts = ExternalFacts(office=recorder.viewer.konfliktrad, address_protected=_has_protected_address(stored))
    proposed = ProposedEvent(E.CORRECTED, today, today, None, recorder.viewer.role, recorder.viewer.subject, facts)
    all_options = engine.options(case, recorder.viewer.role, proposed)
    return CaseView(stored, case, today), tuple(
        option for option in all_options if _may_record(recorder, case, option.event)
    )


def read(
    tx: Connection, viewer: Viewer, case_id: UUID, now: datetime, valid_at: date | None, known_at: datetime | None
) -> CaseView:
    """The case as it was on `valid_at`, as known at `known_at`. Raises NotVisible, also for what was not known yet."""
    stored, case = _load_visible(tx, viewer, case_id)
    disclosures = disclosures_for(viewer, access_attributes(stored, case))
    matters = matters_for_member(case, viewer.subject, oslo_date(now)) if viewer.role is Role.TEAM_MEMBER else None
    day = valid_at or oslo_date(known_at or now)
    if valid_at is None and known_at is None:
        return CaseView(stored, case, day, disclosures, matters)
    known = journal.load(tx, case_id, known_at) if known_at else stored
    if known is None:
        raise NotVisible
    return replace(case_as_of(known, day, valid_at), disclosures=disclosures, shared_matters=matters)


def case_as_of(stored: StoredCase, day: date, valid_at: date | None) -> CaseView:
    """A stored case cut to what had happened by `valid_at`. Raises NotVisible when it had not begun."""
    effective_events = [e for e in engine.effective(stored.events) if valid_at is None or e.occurred_on <= valid_at]
    try:
        case = engine.fold(stored.youth, effective_events, stored.table)
    except IllegalHistory:
        raise NotVisible from None
    return CaseView(stored, case, day)


def _load_visible(tx: Connection, viewer: Viewer, case_id: UUID) -> tuple[StoredCase, Case]:
    stored = journal.load(tx, case_id)
    if stored is None:
        raise NotVisible
    case = engine.fold(stored.youth, stored.events)
    if not may_see(viewer, access_attributes(stored, case)):
        raise NotVisible
    return stored, case


def access_attributes(stored: StoredCase, case: Case) -> CaseAccessFacts:
    """What decides who may see a stored case."""
    return projection.access_attributes(case, stored.protection, stored.cleared, stored.joined)


def _check_version(stored: StoredCase, expected: Precondition | None) -> None:
    if expected is None:
        raise VersionRequired
    if not expected.holds(stored.version):
        raise Outdated(stored, expected.highest_version)


def _permitted_actor(recorder: Recorder, case: Case, entry: EventEntry) -> Actor:
    if entry.type in (E.CASE_REGISTERED, E.CORRECTED):
        raise UseCorrections(entry.type)
    if entry.type is E.RULES_MIGRATED:
        raise NotPermitted(entry.type, engine.actors_of(case.sanction, entry.type))
    if not _may_record(recorder, case, entry.type):
        raise OtherOffice(recorder.viewer.konfliktrad)
    return _allowed_actor(recorder, case.sanction, entry)


def _may_record(recorder: Recorder, case: Case, event: EventType) -> bool:
    """Who is to receive the case answers the transfer, and records nothing else in it. krl § 13."""
    return event in ANSWERS or may_work_on(recorder.viewer, case.konfliktrad)


def _allowed_actor(recorder: Recorder, sanction: Sanction, entry: EventEntry) -> Actor:
    actors = engine.actors_of(sanction, entry.type) or tuple(_actors_of_any_sanction(entry.type))
    permitted = [actor for actor in actors if actor in acts_for(recorder.viewer.role)]
    wanted = [actor for actor in permitted if entry.on_behalf_of in (None, actor)]
    if not wanted:
        raise NotPermitted(entry.type, actors)
    return next((actor for actor in wanted if actor.value == recorder.viewer.role.value), wanted[0])


def _actors_of_any_sanction(event: EventType) -> list[Actor]:
    return [actor for sanction in Sanction for actor in engine.actors_of(sanction, event)]


def _opening_actor(
    recorder: Recorder, sanction: Sanction, office: str, entry: EventEntry, municipality: str | None
) -> Actor:
    actor = _allowed_actor(recorder, sanction, entry)
    if recorder.viewer.konfliktrad not in (None, office):
        raise OtherOffice(recorder.viewer.konfliktrad, municipality, office)
    return actor


def _office_of(tx: Connection, new: NewCase) -> str:
    serving = reference.konfliktrad_of(tx, new.municipality) if new.municipality else None
    if new.municipality and serving is None:
        raise UnknownReferenceValue("municipality", new.municipality, tuple(reference.municipalities(tx)))
    office = new.konfliktrad or serving
    known = reference.konfliktrad_codes(tx)
    if office is None or office not in known:
        raise UnknownReferenceValue("konfliktrad", office or "", tuple(known))
    if serving and office != serving:
        raise UnknownReferenceValue("office_mismatch", office, (serving,))
    return office


def _proposed_event(
    tx: Connection, recorder: Recorder, stored: StoredCase, case: Case, entry: EventEntry, now: datetime, actor: Actor
) -> ProposedEvent:
    lookup = _LOOK_UPS.get(entry.type)
    viewer = recorder.viewer
    today = oslo_date(now)
    facts = replace(lookup(tx, viewer, stored, case, entry) if lookup else ExternalFacts(), office=viewer.konfliktrad)
    return ProposedEvent(entry.type, entry.occurred_on, today, entry.details, viewer.role, viewer.subject, facts, actor)


def _with_hour_check(decision: Decision, entry: EventEntry, now: datetime) -> Decision:
    """What is said to happen later today has not happened yet either."""
    if entry.occurred_at is None or entry.occurred_at <= now or oslo_date(now) < entry.occurred_on:
        return decision
    stated, current_time = (
        instant.astimezone(OSLO).isoformat(timespec="minutes") for instant in (entry.occurred_at, now)
    )
    unmet = UnmetCondition(
        day_has_come.code, day_has_come.law, stated, current_time, day_has_come.fixers, entry.occurred_on
    )
    return replace(decision, after=None, unmet=(unmet, *decision.unmet))


def _duplicate_facts(
    tx: Connection, viewer: Viewer, stored: StoredCase, _case: Case, _entry: EventEntry
) -> ExternalFacts:
    return ExternalFacts(duplicate=duplicates.has_duplicate(tx, stored, viewer))


def _coordinator_facts(
    tx: Connection, _viewer: Viewer, stored: StoredCase, case: Case, entry: EventEntry
) -> ExternalFacts:
    named = entry.details.coordinator if isinstance(entry.details, d.Assigned) else ""
    known, cleared = reference.coordinator_status(tx, named, case.konfliktrad, entry.occurred_on)
    return ExternalFacts(known_coordinator=known, address_protected=_has_protected_address(stored), cleared=cleared)


def _has_protected_address(stored: StoredCase) -> bool:
    return stored.protection is not Protection.NONE


def _transfer_office_facts(
    tx: Connection, _viewer: Viewer, _stored: StoredCase, _case: Case, entry: EventEntry
) -> ExternalFacts:
    named = entry.details.to if isinstance(entry.details, d.TransferDecided) else ""
    known = reference.konfliktrad_codes(tx)
    if named not in known:
        raise UnknownReferenceValue("konfliktrad", named, tuple(known))
    return ExternalFacts()


_LOOK_UPS: dict[EventType, Callable[[Connection, Viewer, StoredCase, Case, EventEntry], ExternalFacts]] = {
    E.RECEIVED: _duplicate_facts,
    E.ASSIGNED: _coordinator_facts,
    E.TRANSFER_DECIDED: _transfer_office_facts,
}


def _event(recorder: Recorder, seq: int, entry: EventEntry, actor: Actor, now: datetime) -> Event:
    return Event(
        seq=seq,
        type=entry.type,
        occurred_on=entry.occurred_on,
        occurred_at=entry.occurred_at,
        recorded_at=now,
        actor=actor,
        role=recorder.viewer.role,
        subject=recorder.viewer.subject,
        source=recorder.source,
        details=entry.details,
    )


def _correcting_actor(recorder: Recorder, sanction: Sanction, old: Event, entry: EventEntry) -> Actor:
    new = entry.details.replacement if isinstance(entry.details, Corrected) else None
    for kind in (old.type, new.type if new else old.type):
        _allowed_actor(recorder, sanction, EventEntry(kind, entry.occurred_on, old.details))
    return _allowed_actor(recorder, sanction, entry)


def _external_facts_of(
    tx: Connection, recorder: Recorder, stored: StoredCase, case: Case, entry: EventEntry
) -> ExternalFacts:
    """What the corrected event needs to know from outside. Raises Unknown."""
    new = entry.details.replacement if isinstance(entry.details, Corrected) else None
    lookup = _LOOK_UPS.get(new.type) if new else None
    base = ExternalFacts(office=recorder.viewer.konfliktrad)
    if new is None or lookup is None:
        return base
    replacement_entry = EventEntry(new.type, new.occurred_on, read_details(new.type, new.details))
    return replace(lookup(tx, recorder.viewer, stored, case, replacement_entry), office=base.office)
