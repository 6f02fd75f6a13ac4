"""The uses of a case: open it, record in it, correct it, ask what may come next, read it as it was.

Each function is handed an open transaction and commits nothing. What one call writes is written together.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from ungdom.store import current, journal, outbox, reference, twins
from ungdom.store.ids import reference_of
from ungdom.store.journal import Stored
from ungdom.store.tables import NumberKind
from ungdom.workflow import details as d
from ungdom.workflow import engine
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.daycount import oslo_date
from ungdom.workflow.engine import Broken, Decision, Option
from ungdom.workflow.errors import IllegalHistory
from ungdom.workflow.events import Corrected, Event, Replacement, plain_details, read_details
from ungdom.workflow.guards.core import Step, World
from ungdom.workflow.permissions import Viewer, acts_for, may_see
from ungdom.workflow.vocabulary import Actor, EventType, Sanction

E = EventType


class CaseworkError(Exception):
    """Something asked of a case cannot be done.

    CaseworkError
    ├── NotVisible         no such case for this viewer
    ├── VersionRequired    a write did not say which version it was made on
    ├── Outdated           the case has changed since
    ├── NotPermitted       the role may not record this
    ├── Refused            conditions are not met
    ├── WalkBroken         a correction would leave a history that is not a legal walk
    ├── NotCorrectable     the event cannot be corrected
    ├── UseCorrections     corrections and registrations have doors of their own
    └── Unknown            a konfliktråd, municipality or coordinator that does not exist
    """


class NotVisible(CaseworkError):
    """There is no such case for this viewer."""


class VersionRequired(CaseworkError):
    """The write did not say which version of the case it was made on."""


@dataclass
class Outdated(CaseworkError):
    """The case has changed since: its present version, and what happened in between."""

    stored: Stored
    since: int


@dataclass
class NotPermitted(CaseworkError):
    """This role may not record this; these may."""

    event: str
    actors: tuple[Actor, ...]


@dataclass
class Refused(CaseworkError):
    """Conditions are not met: all of them are in the decision."""

    decision: Decision


@dataclass
class WalkBroken(CaseworkError):
    """With this correction the rest of the history would not be a legal walk."""

    broken: Broken


@dataclass
class NotCorrectable(CaseworkError):
    """There is no event with that number that can be corrected."""

    seq: int


@dataclass
class UseCorrections(CaseworkError):
    """This event type is recorded through a door of its own."""

    event: EventType


@dataclass
class Unknown(CaseworkError):
    """What was named does not exist. `kind`: konfliktrad, municipality, office_mismatch or person."""

    kind: str
    given: str
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Who:
    """The person or system that asks, and the system it came through."""

    viewer: Viewer
    source: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody wants to record."""

    type: EventType
    occurred_on: date
    details: d.Details
    occurred_at: datetime | None = None
    on_behalf_of: Actor | None = None


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case to be opened. `konfliktrad` None: the one that serves the municipality."""

    sanction: Sanction
    occurred_on: date
    person: UUID
    youth: Youth
    offences: tuple[d.Offence, ...]
    municipality: str | None = None
    konfliktrad: str | None = None
    repeated_or_serious: bool = False
    numbers: tuple[tuple[NumberKind, str], ...] = ()
    occurred_at: datetime | None = None
    on_behalf_of: Actor | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """A wish to correct event `seq`. `annul`: it never was. What is None stays as it was."""

    seq: int
    reason: d.CorrectionReason
    annul: bool
    type: EventType | None = None
    occurred_on: date | None = None
    details: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """A case as it was on a day, as known at an instant, and the history it was told from."""

    stored: Stored
    case: Case
    on: date


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded: the event, the decision, and the case before and after. `stored` is as it was before."""

    stored: Stored
    event: Event
    decision: Decision
    before: Case | None
    after: Case

    @property
    def version(self) -> int:
        """The version of the case after it."""
        return self.event.seq


def record(
    tx: Connection, who: Who, case_id: UUID, expected: int | None, entry: Entry, now: datetime, dry_run: bool = False
) -> Recorded:
    """Record one event: the event, the current row and the message out are written together.

    Raises NotVisible, VersionRequired, Outdated, UseCorrections, NotPermitted or Refused, asked in that order.
    """
    stored, case = _visible(tx, who.viewer, case_id)
    _fresh(stored, expected)
    actor = _permitted(who, case, entry)
    step = _step(tx, who, stored, case, entry, now)
    decision = engine.decide(case, step)
    if not decision.allowed:
        raise Refused(decision)
    event = _event(who, stored.version + 1, entry, actor, now)
    after = engine.apply(case, event)
    if not dry_run:
        journal.append(tx, stored, event, after, [outbox.tell(case_id, event)])
    return Recorded(stored, event, decision, case, after)


def open_case(tx: Connection, who: Who, case_id: UUID, new: NewCase, now: datetime) -> Recorded:
    """Open a case for a person who is already among the people: file, first event, current row and message out.

    Raises Unknown, NotPermitted (another office, or a role that opens none) or Refused.
    """
    office = _office(tx, new)
    registered = d.CaseRegistered(
        sanction=new.sanction,
        konfliktrad=office,
        person=new.person,
        offences=new.offences,
        repeated_or_serious=new.repeated_or_serious,
    )
    entry = Entry(E.CASE_REGISTERED, new.occurred_on, registered, new.occurred_at, new.on_behalf_of)
    actor = _opens(who, new.sanction, office, entry)
    event = _event(who, 1, entry, actor, now)
    decision = engine.decide_registration(new.youth, event)
    if not decision.allowed:
        raise Refused(decision)
    after = engine.fold(new.youth, [event])
    stored = Stored(case_id, reference_of(case_id), new.person, new.youth, [event], 0, now)
    journal.open_case(tx, stored, after, new.numbers, [outbox.tell(case_id, event)])
    return Recorded(stored, event, decision, None, after)


def correct(
    tx: Connection,
    who: Who,
    case_id: UUID,
    expected: int | None,
    wish: Correction,
    now: datetime,
    dry_run: bool = False,
) -> Recorded:
    """Correct or annul an event by a new one. Accepted only if the remaining history is still a legal walk.

    Raises NotVisible, VersionRequired, Outdated, NotCorrectable, BadDetails, NotPermitted or WalkBroken, in that order.
    """
    stored, case = _visible(tx, who.viewer, case_id)
    _fresh(stored, expected)
    entry = Entry(E.CORRECTED, oslo_date(now), _correction(stored, wish))
    actor = _allowed_actor(who, case.sanction, entry)
    event = _event(who, stored.version + 1, entry, actor, now)
    history = [*stored.events, event]
    broken = engine.check_walk(stored.youth, history)
    if broken is not None:
        raise WalkBroken(broken)
    after = engine.fold(stored.youth, history)
    if not dry_run:
        journal.append(tx, stored, event, after, [outbox.tell(case_id, event)])
    decision = Decision(E.CORRECTED, case.state, None, engine.regime_for(case, E.CORRECTED, entry.occurred_on), "", ())
    return Recorded(stored, event, decision, case, after)


def options(tx: Connection, who: Who, case_id: UUID, now: datetime) -> tuple[Read, tuple[Option, ...]]:
    """Every event type this viewer may record in the case, and what each still lacks. Raises NotVisible."""
    stored, case = _visible(tx, who.viewer, case_id)
    today = oslo_date(now)
    step = Step(E.CORRECTED, today, today, None, who.viewer.role, who.viewer.subject)
    return Read(stored, case, today), engine.options(case, who.viewer.role, step)


def read(
    tx: Connection, viewer: Viewer, case_id: UUID, now: datetime, valid_at: date | None, known_at: datetime | None
) -> Read:
    """The case as it was on `valid_at`, as known at `known_at`. Raises NotVisible, also for what was not known yet."""
    stored, case = _visible(tx, viewer, case_id)
    day = valid_at or oslo_date(known_at or now)
    if valid_at is None and known_at is None:
        return Read(stored, case, day)
    known = journal.load(tx, case_id, known_at) if known_at else stored
    if known is None:
        raise NotVisible
    return as_of(known, day, valid_at)


def as_of(stored: Stored, day: date, valid_at: date | None) -> Read:
    """A stored case cut to what had happened by `valid_at`. Raises NotVisible when it had not begun."""
    kept = [e for e in engine.effective(stored.events) if valid_at is None or e.occurred_on <= valid_at]
    try:
        case = engine.fold(stored.youth, kept)
    except IllegalHistory:
        raise NotVisible from None
    return Read(stored, case, day)


def steps(youth: Youth, events: list[Event]) -> list[tuple[Event, Case]]:
    """Each event of the history as it now reads, with the case right after it."""
    kept = engine.effective(events)
    case = engine.fold(youth, kept[:1])
    told = [(kept[0], case)]
    for event in kept[1:]:
        case = engine.apply(case, event)
        told.append((event, case))
    return told


def _visible(tx: Connection, viewer: Viewer, case_id: UUID) -> tuple[Stored, Case]:
    stored = journal.load(tx, case_id)
    if stored is None:
        raise NotVisible
    case = engine.fold(stored.youth, stored.events)
    if not may_see(viewer, current.seen(case)):
        raise NotVisible
    return stored, case


def _fresh(stored: Stored, expected: int | None) -> None:
    if expected is None:
        raise VersionRequired
    if expected != stored.version:
        raise Outdated(stored, expected)


def _permitted(who: Who, case: Case, entry: Entry) -> Actor:
    if entry.type in engine.NOT_RECORDED_DIRECTLY:
        raise UseCorrections(entry.type)
    return _allowed_actor(who, case.sanction, entry)


def _allowed_actor(who: Who, sanction: Sanction, entry: Entry) -> Actor:
    actors = engine.actors_of(sanction, entry.type) or tuple(_any_sanction(entry.type))
    mine = [actor for actor in actors if actor in acts_for(who.viewer.role)]
    wanted = [actor for actor in mine if entry.on_behalf_of in (None, actor)]
    if not wanted:
        raise NotPermitted(entry.type, actors)
    return next((actor for actor in wanted if actor.value == who.viewer.role.value), wanted[0])


def _any_sanction(event: EventType) -> list[Actor]:
    return [actor for sanction in Sanction for actor in engine.actors_of(sanction, event)]


def _opens(who: Who, sanction: Sanction, office: str, entry: Entry) -> Actor:
    actor = _allowed_actor(who, sanction, entry)
    if who.viewer.konfliktrad not in (None, office):
        raise NotPermitted(entry.type, (actor,))
    return actor


def _office(tx: Connection, new: NewCase) -> str:
    serving = reference.konfliktrad_of(tx, new.municipality) if new.municipality else None
    if new.municipality and serving is None:
        raise Unknown("municipality", new.municipality)
    office = new.konfliktrad or serving
    known = reference.konfliktrad_codes(tx)
    if office is None or office not in known:
        raise Unknown("konfliktrad", office or "", tuple(known))
    if serving and office != serving:
        raise Unknown("office_mismatch", office, (serving,))
    return office


def _step(tx: Connection, who: Who, stored: Stored, case: Case, entry: Entry, now: datetime) -> Step:
    look = _LOOK_UPS.get(entry.type)
    world = look(tx, stored, case, entry) if look else World()
    viewer = who.viewer
    return Step(entry.type, entry.occurred_on, oslo_date(now), entry.details, viewer.role, viewer.subject, world)


def _duplicate(tx: Connection, stored: Stored, _case: Case, _entry: Entry) -> World:
    return World(duplicate=twins.has_twin(tx, stored))


def _coordinator(tx: Connection, _stored: Stored, case: Case, entry: Entry) -> World:
    named = entry.details.coordinator if isinstance(entry.details, d.Assigned) else ""
    return World(known_coordinator=reference.known_coordinator(tx, named, case.konfliktrad, entry.occurred_on))


def _other_office(tx: Connection, _stored: Stored, _case: Case, entry: Entry) -> World:
    named = entry.details.to if isinstance(entry.details, d.TransferDecided) else ""
    known = reference.konfliktrad_codes(tx)
    if named not in known:
        raise Unknown("konfliktrad", named, tuple(known))
    return World()


_LOOK_UPS: dict[EventType, Callable[[Connection, Stored, Case, Entry], World]] = {
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


def _correction(stored: Stored, wish: Correction) -> Corrected:
    old = next((event for event in stored.events if event.seq == wish.seq and event.type is not E.CORRECTED), None)
    if old is None:
        raise NotCorrectable(wish.seq)
    return Corrected(corrects=wish.seq, reason=wish.reason, replacement=None if wish.annul else _replacement(old, wish))


def _replacement(old: Event, wish: Correction) -> Replacement:
    kind = wish.type or old.type
    details = plain_details(old.type, old.details) if wish.details is None else wish.details
    read_details(kind, details)
    return Replacement(type=kind, occurred_on=wish.occurred_on or old.occurred_on, details=details)
