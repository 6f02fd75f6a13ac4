"""The uses of a case: open it, record in it, correct it, ask what may come next, read it as it was.

Each function is handed an open transaction and commits nothing. What one call writes is written together.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from ungdom.casework.corrections import changes_nothing, correctable, corrected
from ungdom.casework.errors import (
    CaseworkError,
    ChangesNothing,
    NotCorrectable,
    NotPermitted,
    NotVisible,
    Outdated,
    Refused,
    Unknown,
    UseCorrections,
    VersionRequired,
    WalkBroken,
)
from ungdom.casework.following import follow
from ungdom.casework.promising import promises, steps
from ungdom.casework.words import Correction, Entry, NewCase, Precondition, Read, Recorded, Who
from ungdom.store import current, journal, reference, twins
from ungdom.store.ids import reference_of
from ungdom.store.journal import Stored
from ungdom.store.session import Connection
from ungdom.workflow import details as d
from ungdom.workflow import engine, table
from ungdom.workflow.case import Case
from ungdom.workflow.daycount import OSLO, oslo_date
from ungdom.workflow.engine import Decision, Option
from ungdom.workflow.errors import IllegalHistory
from ungdom.workflow.events import Corrected, Event, read_details
from ungdom.workflow.guards.core import Step, Unmet, World, day_has_come
from ungdom.workflow.offices import ANSWERS
from ungdom.workflow.permissions import OtherOffice, Seen, Viewer, acts_for, learns, may_see, may_work_on
from ungdom.workflow.sharing import learnt_by
from ungdom.workflow.vocabulary import Actor, EventType, Protection, Role, Sanction

__all__ = [
    "CaseworkError",
    "ChangesNothing",
    "Correction",
    "Entry",
    "NewCase",
    "NotCorrectable",
    "NotPermitted",
    "NotVisible",
    "Outdated",
    "Precondition",
    "Read",
    "Recorded",
    "Refused",
    "Unknown",
    "UseCorrections",
    "VersionRequired",
    "WalkBroken",
    "Who",
    "amend",
    "as_of",
    "correct",
    "open_case",
    "options",
    "promises",
    "read",
    "record",
    "steps",
    "take",
]

E = EventType


def record(
    tx: Connection,
    who: Who,
    case_id: UUID,
    expected: Precondition | None,
    entry: Entry,
    now: datetime,
    dry_run: bool = False,
) -> Recorded:
    """Record one event: the event, the current row and the message out are written together.

    Raises NotVisible, VersionRequired, Outdated, UseCorrections, NotPermitted, OtherOffice or Refused, in that order.
    """
    stored, case = _visible(tx, who.viewer, case_id)
    _fresh(stored, expected)
    return take(tx, who, stored, case, entry, now, dry_run)


def take(
    tx: Connection, who: Who, stored: Stored, case: Case, entry: Entry, now: datetime, dry_run: bool = False
) -> Recorded:
    """Record one event in a case that is in hand already, as `record` does. Raises what that raises afterwards."""
    actor = _permitted(who, case, entry)
    step = _step(tx, who, stored, case, entry, now, actor)
    decision = _hour_has_come(engine.decide(case, step), entry, now)
    if not decision.allowed:
        raise Refused(decision)
    event = _event(who, stored.version + 1, entry, actor, now)
    after = engine.apply(case, event)
    if not dry_run:
        journal.append(tx, stored, event, after, promises(stored, after, event))
    return follow(tx, Recorded(stored, event, decision, case, after), dry_run)


def open_case(tx: Connection, who: Who, case_id: UUID, new: NewCase, now: datetime, dry_run: bool = False) -> Recorded:
    """Open a case for a person who is already among the people: file, first event, current row and message out.

    Raises Unknown, NotPermitted (a role that opens none), OtherOffice or Refused.
    """
    office = _office(tx, new)
    registered = d.CaseRegistered(
        sanction=new.sanction,
        konfliktrad=office,
        person=new.person,
        offences=new.offences,
        repeated_or_serious=new.repeated_or_serious,
        table=table.VERSION,
    )
    entry = Entry(E.CASE_REGISTERED, new.occurred_on, registered, new.occurred_at, new.on_behalf_of)
    actor = _opens(who, new.sanction, office, entry, None if new.konfliktrad else new.municipality)
    event = _event(who, 1, entry, actor, now)
    decision = _hour_has_come(engine.decide_registration(new.youth, event), entry, now)
    if not decision.allowed:
        raise Refused(decision)
    after = engine.fold(new.youth, [event])
    stored = Stored(case_id, reference_of(case_id), new.person, new.youth, [event], 0, now)
    if not dry_run:
        journal.open_case(tx, stored, after, new.numbers, promises(stored, after, event))
    return Recorded(stored, event, decision, None, after)


def correct(
    tx: Connection,
    who: Who,
    case_id: UUID,
    expected: Precondition | None,
    wish: Correction,
    now: datetime,
    dry_run: bool = False,
) -> Recorded:
    """Correct or annul an event by a new one. Accepted only if the remaining history is still a legal walk.

    Raises NotVisible, VersionRequired, Outdated, NotCorrectable, BadDetails, OtherOffice, NotPermitted, ChangesNothing,
    Unknown or WalkBroken, in that order. Nobody corrects what they could not have recorded, or into what they could not
    record.
    """
    stored, case = _visible(tx, who.viewer, case_id)
    _fresh(stored, expected)
    return amend(tx, who, stored, case, wish, now, dry_run)


def amend(
    tx: Connection, who: Who, stored: Stored, case: Case, wish: Correction, now: datetime, dry_run: bool = False
) -> Recorded:
    """Correct an event of a case that is in hand already, as `correct` does. Raises what that raises afterwards."""
    old = correctable(stored, wish)
    correction = corrected(old, wish)
    entry = Entry(E.CORRECTED, oslo_date(now), correction)
    if not _may_record(who, case, E.CORRECTED):
        raise OtherOffice(who.viewer.konfliktrad)
    actor = _may_correct(who, case.sanction, old, entry)
    if changes_nothing(stored, correction):
        raise ChangesNothing(wish.seq)
    event = _event(who, stored.version + 1, entry, actor, now)
    history = [*stored.events, event]
    broken = tuple(engine.every_broken(stored.youth, history, {wish.seq: _world_of(tx, who, stored, case, entry)}))
    if broken:
        raise WalkBroken(broken[0], broken[1:])
    after = engine.fold(stored.youth, history)
    if not dry_run:
        journal.append(tx, stored, event, after, promises(stored, after, event))
    decision = Decision(E.CORRECTED, case.state, None, engine.regime_for(case, E.CORRECTED, entry.occurred_on), "", ())
    return Recorded(stored, event, decision, case, after)


def options(tx: Connection, who: Who, case_id: UUID, now: datetime) -> tuple[Read, tuple[Option, ...]]:
    """Every event type this viewer may record in the case, and what each still lacks. Raises NotVisible."""
    stored, case = _visible(tx, who.viewer, case_id)
    today = oslo_date(now)
    office = World(office=who.viewer.konfliktrad, graded=_graded(stored))
    step = Step(E.CORRECTED, today, today, None, who.viewer.role, who.viewer.subject, office)
    found = engine.options(case, who.viewer.role, step)
    return Read(stored, case, today), tuple(one for one in found if _may_record(who, case, one.event))


def read(
    tx: Connection, viewer: Viewer, case_id: UUID, now: datetime, valid_at: date | None, known_at: datetime | None
) -> Read:
    """The case as it was on `valid_at`, as known at `known_at`. Raises NotVisible, also for what was not known yet."""
    stored, case = _visible(tx, viewer, case_id)
    told = learns(viewer, seen(stored, case))
    matters = learnt_by(case, viewer.subject, oslo_date(now)) if viewer.role is Role.TEAM_MEMBER else None
    day = valid_at or oslo_date(known_at or now)
    if valid_at is None and known_at is None:
        return Read(stored, case, day, told, matters)
    known = journal.load(tx, case_id, known_at) if known_at else stored
    if known is None:
        raise NotVisible
    return replace(as_of(known, day, valid_at), learns=told, told=matters)


def as_of(stored: Stored, day: date, valid_at: date | None) -> Read:
    """A stored case cut to what had happened by `valid_at`. Raises NotVisible when it had not begun."""
    kept = [e for e in engine.effective(stored.events) if valid_at is None or e.occurred_on <= valid_at]
    try:
        case = engine.fold(stored.youth, kept, stored.table)
    except IllegalHistory:
        raise NotVisible from None
    return Read(stored, case, day)


def _visible(tx: Connection, viewer: Viewer, case_id: UUID) -> tuple[Stored, Case]:
    stored = journal.load(tx, case_id)
    if stored is None:
        raise NotVisible
    case = engine.fold(stored.youth, stored.events)
    if not may_see(viewer, seen(stored, case)):
        raise NotVisible
    return stored, case


def seen(stored: Stored, case: Case) -> Seen:
    """What decides who may see a stored case."""
    return current.seen(case, stored.protection, stored.cleared, stored.joined)


def _fresh(stored: Stored, expected: Precondition | None) -> None:
    if expected is None:
        raise VersionRequired
    if not expected.holds(stored.version):
        raise Outdated(stored, expected.read)


def _permitted(who: Who, case: Case, entry: Entry) -> Actor:
    if entry.type in (E.CASE_REGISTERED, E.CORRECTED):
        raise UseCorrections(entry.type)
    if entry.type is E.RULES_MIGRATED:
        raise NotPermitted(entry.type, engine.actors_of(case.sanction, entry.type))
    if not _may_record(who, case, entry.type):
        raise OtherOffice(who.viewer.konfliktrad)
    return _allowed_actor(who, case.sanction, entry)


def _may_record(who: Who, case: Case, event: EventType) -> bool:
    """Who is to receive the case answers the transfer, and records nothing else in it. krl § 13."""
    return event in ANSWERS or may_work_on(who.viewer, case.konfliktrad)


def _allowed_actor(who: Who, sanction: Sanction, entry: Entry) -> Actor:
    actors = engine.actors_of(sanction, entry.type) or tuple(_any_sanction(entry.type))
    mine = [actor for actor in actors if actor in acts_for(who.viewer.role)]
    wanted = [actor for actor in mine if entry.on_behalf_of in (None, actor)]
    if not wanted:
        raise NotPermitted(entry.type, actors)
    return next((actor for actor in wanted if actor.value == who.viewer.role.value), wanted[0])


def _any_sanction(event: EventType) -> list[Actor]:
    return [actor for sanction in Sanction for actor in engine.actors_of(sanction, event)]


def _opens(who: Who, sanction: Sanction, office: str, entry: Entry, municipality: str | None) -> Actor:
    actor = _allowed_actor(who, sanction, entry)
    if who.viewer.konfliktrad not in (None, office):
        raise OtherOffice(who.viewer.konfliktrad, municipality, office)
    return actor


def _office(tx: Connection, new: NewCase) -> str:
    serving = reference.konfliktrad_of(tx, new.municipality) if new.municipality else None
    if new.municipality and serving is None:
        raise Unknown("municipality", new.municipality, tuple(reference.municipalities(tx)))
    office = new.konfliktrad or serving
    known = reference.konfliktrad_codes(tx)
    if office is None or office not in known:
        raise Unknown("konfliktrad", office or "", tuple(known))
    if serving and office != serving:
        raise Unknown("office_mismatch", office, (serving,))
    return office


def _step(tx: Connection, who: Who, stored: Stored, case: Case, entry: Entry, now: datetime, actor: Actor) -> Step:
    look = _LOOK_UPS.get(entry.type)
    viewer = who.viewer
    today = oslo_date(now)
    world = replace(look(tx, viewer, stored, case, entry) if look else World(), office=viewer.konfliktrad)
    return Step(entry.type, entry.occurred_on, today, entry.details, viewer.role, viewer.subject, world, actor)


def _hour_has_come(decision: Decision, entry: Entry, now: datetime) -> Decision:
    """What is said to happen later today has not happened yet either."""
    if entry.occurred_at is None or entry.occurred_at <= now or oslo_date(now) < entry.occurred_on:
        return decision
    said, known = (instant.astimezone(OSLO).isoformat(timespec="minutes") for instant in (entry.occurred_at, now))
    no = Unmet(day_has_come.code, day_has_come.law, said, known, day_has_come.fixers, entry.occurred_on)
    return replace(decision, after=None, unmet=(no, *decision.unmet))


def _duplicate(tx: Connection, viewer: Viewer, stored: Stored, _case: Case, _entry: Entry) -> World:
    return World(duplicate=twins.has_twin(tx, stored, viewer))


def _coordinator(tx: Connection, _viewer: Viewer, stored: Stored, case: Case, entry: Entry) -> World:
    named = entry.details.coordinator if isinstance(entry.details, d.Assigned) else ""
    known, cleared = reference.coordinator_standing(tx, named, case.konfliktrad, entry.occurred_on)
    return World(known_coordinator=known, graded=_graded(stored), cleared=cleared)


def _graded(stored: Stored) -> bool:
    return stored.protection is not Protection.NONE


def _other_office(tx: Connection, _viewer: Viewer, _stored: Stored, _case: Case, entry: Entry) -> World:
    named = entry.details.to if isinstance(entry.details, d.TransferDecided) else ""
    known = reference.konfliktrad_codes(tx)
    if named not in known:
        raise Unknown("konfliktrad", named, tuple(known))
    return World()


_LOOK_UPS: dict[EventType, Callable[[Connection, Viewer, Stored, Case, Entry], World]] = {
    E.RECEIVED: _duplicate,
    E.ASSIGNED: _coordinator,
    E.TRANSFER_DECIDED: _other_office,
}


def _event(who: Who, seq: int, entry: Entry, actor: Actor, now: datetime) -> Event:
    return Event(
        seq=seq,
        type=entry.type,
        occurred_on=entry.occurred_on,
        occurred_at=entry.occurred_at,
        recorded_at=now,
        actor=actor,
        role=who.viewer.role,
        subject=who.viewer.subject,
        source=who.source,
        details=entry.details,
    )


def _may_correct(who: Who, sanction: Sanction, old: Event, entry: Entry) -> Actor:
    new = entry.details.replacement if isinstance(entry.details, Corrected) else None
    for kind in (old.type, new.type if new else old.type):
        _allowed_actor(who, sanction, Entry(kind, entry.occurred_on, old.details))
    return _allowed_actor(who, sanction, entry)


def _world_of(tx: Connection, who: Who, stored: Stored, case: Case, entry: Entry) -> World:
    """What the corrected event needs to know from outside. Raises Unknown."""
    new = entry.details.replacement if isinstance(entry.details, Corrected) else None
    look = _LOOK_UPS.get(new.type) if new else None
    mine = World(office=who.viewer.konfliktrad)
    if new is None or look is None:
        return mine
    asked = Entry(new.type, new.occurred_on, read_details(new.type, new.details))
    return replace(look(tx, who.viewer, stored, case, asked), office=mine.office)
