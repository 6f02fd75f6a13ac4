"""Recording an event in a case. Every event and outbox entry of a case is written by `write_event`."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

from ungdom.cases import consequences
from ungdom.cases.commands import CaseView, EventEntry, Precondition, Recorder
from ungdom.cases.errors import NotPermitted, Refused, UnknownReferenceValue, UseCorrections
from ungdom.cases.outgoing_messages import messages_for
from ungdom.cases.views import check_version, load_visible, view_for
from ungdom.store import duplicates, journal, reference
from ungdom.store import staff as staff_store
from ungdom.store.journal import EventBatch, StoredCase
from ungdom.store.outbox import OutboxMessage
from ungdom.store.schema.cases import NumberKind
from ungdom.store.session import Connection
from ungdom.workflow import engine, redaction
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import OSLO, oslo_date
from ungdom.workflow.case import Case
from ungdom.workflow.derived import endings
from ungdom.workflow.derived.complaints import Aftermath, ComplaintConsequence
from ungdom.workflow.engine import Decision, Option
from ungdom.workflow.events import Event
from ungdom.workflow.guards.core import ExternalFacts, ProposedEvent, UnmetCondition, day_has_come
from ungdom.workflow.rules.offices import ANSWERS
from ungdom.workflow.rules.permissions import OtherOffice, acts_for, may_work_on
from ungdom.workflow.vocabulary import Actor, EventType, Protection, Sanction

E = EventType

WriteEvent = Callable[[Connection, StoredCase, Event, Case], None]
"""How an event is written: the case before it, the event, the case after it."""


@dataclass(frozen=True, slots=True)
class RecordResult:
    """The recorded event, the decision, and the case before and after. `stored`: the case as it was before.

    `followed_by`: events that the recorded event caused, written in the same transaction: what an upheld complaint
    undoes, what a closing ends, the ends that a reopening annuls; `after` includes them. `undoing`: what an upheld
    complaint led to; None for every other event.
    """

    stored: StoredCase
    event: Event
    decision: Decision
    before: Case | None
    after: Case
    followed_by: tuple[Event, ...] = ()
    undoing: ComplaintConsequence | None = None

    @property
    def stored_after(self) -> StoredCase:
        """The stored case with the recorded event and those that followed from it."""
        new = (self.event, *self.followed_by)
        earlier = [event for event in self.stored.events if event.seq not in {new_event.seq for new_event in new}]
        return replace(self.stored, events=sorted([*earlier, *new], key=lambda x: x.seq), version=self.version)

    @property
    def version(self) -> int:
        """The version of the case with the recorded event and those that followed from it."""
        return max(event.seq for event in (self.event, *self.followed_by))


def record(
    tx: Connection,
    recorder: Recorder,
    case_id: UUID,
    expected: Precondition | None,
    entry: EventEntry,
    now: datetime,
    dry_run: bool = False,
) -> RecordResult:
    """Record one event: the event, the projection and the outbox entries are written together.

    Raises NotVisible, VersionRequired, Outdated, UseCorrections, NotPermitted, OtherOffice or Refused, in that order.
    """
    stored, case = load_visible(tx, recorder.viewer, case_id)
    check_version(stored, expected)
    return record_loaded(tx, recorder, stored, case, entry, now, write_nothing if dry_run else write_event)


def record_loaded(
    tx: Connection,
    recorder: Recorder,
    stored: StoredCase,
    case: Case,
    entry: EventEntry,
    now: datetime,
    write: WriteEvent,
) -> RecordResult:
    """Record one event in a case that the caller has loaded. Raises what `record` raises after its version check.

    `write`: how the event and those that follow from it are written: `write_event`, `write_nothing`, or another.
    """
    actor = _permitted_actor(recorder, case, entry)
    facts = external_facts(tx, recorder, stored, case, entry)
    viewer, today = recorder.viewer, oslo_date(now)
    decision = engine.decide(
        case,
        ProposedEvent(entry.type, entry.occurred_on, today, entry.details, viewer.role, viewer.subject, facts, actor),
    )
    decision = with_hour_check(decision, entry, now)
    if not decision.allowed:
        raise Refused(_learnt_decision(view_for(viewer, stored, case, today), decision))
    event = new_event(recorder, stored.version + 1, entry, actor, recording_time(stored, now))
    after = engine.apply(case, event)
    write(tx, stored, event, after)
    return with_closing(tx, _with_consequences(tx, RecordResult(stored, event, decision, case, after), write), write)


def options(tx: Connection, recorder: Recorder, case_id: UUID, now: datetime) -> tuple[CaseView, tuple[Option, ...]]:
    """Every event type this viewer may record in the case, with its unmet conditions. Raises NotVisible."""
    stored, case = load_visible(tx, recorder.viewer, case_id)
    viewer, today = recorder.viewer, oslo_date(now)
    facts = ExternalFacts(office=viewer.konfliktrad, address_protected=_has_protected_address(stored))
    proposed = ProposedEvent(E.CORRECTED, today, today, None, viewer.role, viewer.subject, facts)
    all_options = engine.options(case, viewer.role, proposed)
    view = view_for(viewer, stored, case, today)
    return view, tuple(
        replace(option, decision=_learnt_decision(view, option.decision))
        for option in all_options
        if may_record(recorder, case, option.event)
    )


def _learnt_decision(view: CaseView, decision: Decision) -> Decision:
    """The decision as far as the viewer may learn of it."""
    return replace(decision, unmet=redaction.learnt_unmet(view, decision.unmet)) if decision.unmet else decision


def write_event(
    tx: Connection, stored: StoredCase, event: Event, after: Case, numbers: Iterable[tuple[NumberKind, str]] = ()
) -> None:
    """Write an event with the projection and the outbox entries; of a new case (version 0) also the file.

    `after`: the case with the event; `numbers`: of the police and the court, for a new case. Raises the store's
    `Stale`.
    """
    messages = messages_for(stored, after, event)
    if stored.version:
        journal.append(tx, stored, event, after, messages)
    else:
        journal.open_case(tx, stored, after, numbers, messages)


@dataclass(slots=True)
class PendingEvents:
    """Events that are not written yet. `numbers`: of the police and the court, for a new case.

    `add` is given to `record_loaded` and `open_case` in place of what writes at once.
    """

    numbers: Sequence[tuple[NumberKind, str]] = ()
    _before: list[StoredCase] = field(default_factory=list)
    _events: list[Event] = field(default_factory=list)
    _after: list[Case] = field(default_factory=list)
    _messages: list[OutboxMessage] = field(default_factory=list)

    def add(self, _tx: Connection, stored: StoredCase, event: Event, after: Case) -> None:
        """One more event. `stored`: the case before it, with those that are not written yet."""
        self._before.append(stored)
        self._events.append(event)
        self._after.append(after)
        self._messages += messages_for(stored, after, event)

    def write(self, tx: Connection) -> None:
        """Write them, with projection and outbox entries. Raises the store's `Stale`."""
        if len(self._events) == 1:
            write_event(tx, self._before[0], self._events[0], self._after[0], self.numbers)
        elif self._events:
            first = self._before[0]
            stored = first if first.version else replace(first, events=[])
            batch = EventBatch(stored, self._events, self._after[-1], self._messages, self.numbers)
            journal.append_many(tx, [batch])
        self._before, self._events, self._after, self._messages = [], [], [], []


def write_nothing(_tx: Connection, _stored: StoredCase, _event: Event, _after: Case) -> None:
    """In place of `write_event` for a dry run."""


def recording_time(stored: StoredCase, now: datetime) -> datetime:
    """The time to record the next event with: never before the last one, also while the clock is behind it.

    What was known at an instant is read by this time, so that it must follow the order of the events.
    """
    return max(now, stored.events[-1].recorded_at)


def new_event(recorder: Recorder, seq: int, entry: EventEntry, actor: Actor, now: datetime) -> Event:
    """The event that this entry becomes, as it will be read again: with its instants in UTC."""
    return Event(
        seq=seq,
        type=entry.type,
        occurred_on=entry.occurred_on,
        occurred_at=entry.occurred_at and entry.occurred_at.astimezone(UTC),
        recorded_at=now,
        actor=actor,
        role=recorder.viewer.role,
        subject=recorder.viewer.subject,
        source=recorder.source,
        details=entry.details,
    )


def with_closing(tx: Connection, done: RecordResult, write: WriteEvent) -> RecordResult:
    """The result with what ends in a closed case, or the annulled ends of a reopening, written like this."""
    last = max((done.event, *done.followed_by), key=lambda event: event.seq)
    reopening = consequences.reopening_events(last) if last.type is E.REOPENED else []
    ends = endings.endings(done.after, last) if done.after.is_closed else []
    for event in reopening or ends:
        stored = done.stored_after
        after = engine.fold(stored.youth, [*stored.events, event]) if reopening else engine.apply(done.after, event)
        write(tx, stored, event, after)
        done = replace(done, after=after, followed_by=(*done.followed_by, event))
    return done


def _with_consequences(tx: Connection, done: RecordResult, write: WriteEvent) -> RecordResult:
    """The result with what an upheld complaint undoes or an accepted transfer ends, written like this."""
    if done.event.type is E.TRANSFER_ACCEPTED:
        return _with_departures(tx, done, write)
    if done.event.type is not E.COMPLAINT_DECIDED:
        return done
    undoing, event = consequences.undoing_event(done.after, done.event)
    if event is None:
        return replace(done, undoing=undoing)
    today = oslo_date(event.recorded_at)
    proposed = ProposedEvent(
        event.type, event.occurred_on, today, event.details, event.role, event.subject, actor=event.actor
    )
    if not engine.decide(done.after, proposed).allowed:
        return replace(done, undoing=ComplaintConsequence(Aftermath.NOT_POSSIBLE))
    after = engine.apply(done.after, event)
    write(tx, done.stored_after, event, after)
    return replace(done, after=after, followed_by=(event,), undoing=undoing)


def _with_departures(tx: Connection, done: RecordResult, write: WriteEvent) -> RecordResult:
    for member in consequences.leaving_members(done.after, done.event):
        event = consequences.departure(done.event, done.version + 1, member)
        after = engine.apply(done.after, event)
        write(tx, done.stored_after, event, after)
        done = replace(done, after=after, followed_by=(*done.followed_by, event))
    return done


# --- who may record ------------------------------------------------------------------------------------------


def may_record(recorder: Recorder, case: Case, event: EventType) -> bool:
    """Whether the recorder's office may record this. The receiving office answers a transfer, and no more. krl § 13."""
    return event in ANSWERS or may_work_on(recorder.viewer, case.konfliktrad)


def may_act(recorder: Recorder, sanction: Sanction, event: EventType) -> bool:
    """Whether there is anybody in whose name the recorder may record this event in a case of this sanction."""
    return not acts_for(recorder.viewer.role).isdisjoint(_actors_in(sanction, event))


def _actors_in(sanction: Sanction, event: EventType) -> tuple[Actor, ...]:
    """The actors of the event in a case of this sanction; of any sanction where it does not occur in this one."""
    every_sanction = (actor for sanction in Sanction for actor in engine.actors_of(sanction, event))
    return engine.actors_of(sanction, event) or tuple(every_sanction)


def allowed_actor(recorder: Recorder, sanction: Sanction, entry: EventEntry) -> Actor:
    """In whose name the recorder records this event in a case of this sanction. Raises NotPermitted."""
    actors = _actors_in(sanction, entry.type)
    permitted = [actor for actor in actors if actor in acts_for(recorder.viewer.role)]
    wanted = [actor for actor in permitted if entry.on_behalf_of in (None, actor)]
    if not wanted:
        raise NotPermitted(entry.type, actors)
    return next((actor for actor in wanted if actor.value == recorder.viewer.role.value), wanted[0])


def _permitted_actor(recorder: Recorder, case: Case, entry: EventEntry) -> Actor:
    if entry.type in (E.CASE_REGISTERED, E.CORRECTED):
        raise UseCorrections(entry.type)
    if entry.type is E.RULES_MIGRATED:
        raise NotPermitted(entry.type, engine.actors_of(case.sanction, entry.type))
    if not may_record(recorder, case, entry.type):
        raise OtherOffice(recorder.viewer.konfliktrad)
    return allowed_actor(recorder, case.sanction, entry)


# --- what the conditions need from outside the case ---------------------------------------------------------


def with_hour_check(decision: Decision, entry: EventEntry, now: datetime) -> Decision:
    """The decision, refused when the event happens at a later time today."""
    if entry.occurred_at is None or entry.occurred_at <= now or oslo_date(now) < entry.occurred_on:
        return decision
    stated, current_time = (
        instant.astimezone(OSLO).isoformat(timespec="minutes") for instant in (entry.occurred_at, now)
    )
    unmet = UnmetCondition(
        day_has_come.code, day_has_come.law, stated, current_time, day_has_come.fixers, entry.occurred_on
    )
    return replace(decision, after=None, unmet=(unmet, *decision.unmet))


def looks_outside(kind: EventType) -> bool:
    """Whether the conditions of this event need something that is looked up in the database."""
    return kind in _LOOK_UPS


def external_facts(
    tx: Connection, recorder: Recorder, stored: StoredCase, case: Case, entry: EventEntry
) -> ExternalFacts:
    """What the conditions of this event need from outside the case. Raises UnknownReferenceValue."""
    lookup = _LOOK_UPS.get(entry.type)
    facts = lookup(tx, recorder, stored, case, entry) if lookup else ExternalFacts()
    return replace(facts, office=recorder.viewer.konfliktrad)


def _has_protected_address(stored: StoredCase) -> bool:
    return stored.protection is not Protection.NONE


def _coordinator_facts(
    tx: Connection, _recorder: Recorder, stored: StoredCase, case: Case, entry: EventEntry
) -> ExternalFacts:
    named = entry.details.coordinator if isinstance(entry.details, d.Assigned) else ""
    known, cleared = staff_store.coordinator_status(tx, named, case.konfliktrad, entry.occurred_on)
    return ExternalFacts(known_coordinator=known, address_protected=_has_protected_address(stored), cleared=cleared)


def _transfer_office_facts(
    tx: Connection, _recorder: Recorder, _stored: StoredCase, _case: Case, entry: EventEntry
) -> ExternalFacts:
    named = entry.details.to if isinstance(entry.details, d.TransferDecided) else ""
    known = reference.konfliktrad_codes(tx)
    if named not in known:
        raise UnknownReferenceValue("konfliktrad", named, tuple(known))
    return ExternalFacts()


def _kept_members_facts(
    _tx: Connection, _recorder: Recorder, _stored: StoredCase, case: Case, entry: EventEntry
) -> ExternalFacts:
    """Raises `UnknownReferenceValue` for somebody who is not on the team, without naming who is."""
    keeps = entry.details.keeps if isinstance(entry.details, d.TransferAccepted) else ()
    unknown = next((member for member in keeps if member not in case.team), None)
    if unknown is not None:
        raise UnknownReferenceValue("member", unknown, ())
    return ExternalFacts()


_LOOK_UPS: dict[EventType, Callable[[Connection, Recorder, StoredCase, Case, EventEntry], ExternalFacts]] = {
    E.RECEIVED: lambda tx, recorder, stored, _case, _entry: ExternalFacts(
        duplicate=duplicates.has_duplicate(tx, stored, recorder.viewer)
    ),
    E.ASSIGNED: _coordinator_facts,
    E.TRANSFER_DECIDED: _transfer_office_facts,
    E.TRANSFER_ACCEPTED: _kept_members_facts,
}
