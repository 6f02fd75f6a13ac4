"""What came of a message: matched with its case, decided, and written when nothing stands in its way."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from ungdom import texts
from ungdom.intake import correcting, deciding, matching, meaning, observing
from ungdom.intake.identity import Match
from ungdom.intake.matching import Found
from ungdom.intake.words import Draft, Held, Outcome, Reason, Remark, Sender, Told, thing
from ungdom.message import Kind, Message, read
from ungdom.message.national_id import Flag, look
from ungdom.store import inbox, journal, people
from ungdom.store.inbox import SETTLED, Arrival
from ungdom.store.sealing import Keys
from ungdom.store.session import Connection
from ungdom.store.tables import Protection
from ungdom.workflow.daycount import oslo_date
from ungdom.workflow.vocabulary import Sanction


@dataclass(frozen=True, slots=True)
class Desk:
    """Where messages are taken in: keys, the instant, the language of receipts.

    `passed_over`: the messages that could not be tried in its transaction and are due after the commit.
    """

    keys: Keys
    now: datetime
    language: texts.Language
    passed_over: list[UUID] = field(default_factory=list, compare=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person decided about a parked message: which case it is about, that a missing version is not coming."""

    case_id: UUID | None = None
    accept_gap: bool = False


NO_CHOICE = Choice()


@dataclass(frozen=True, slots=True)
class Job:
    """One message at the desk: who sent it, what it says, how it is kept, and the versions known beside it.

    `patient`: somebody who works on the case at this moment is waited for.
    """

    desk: Desk
    sender: Sender
    message: Message
    arrival: Arrival
    earlier: Sequence[Arrival]
    patient: bool = True


def tell(tx: Connection, job: Job) -> Told:
    """Decide the message and write what it changes in the case."""
    told = _decided(tx, job)
    if told.outcome in SETTLED:
        for lower in job.earlier:
            if lower.may_be_tried and lower.outcome != Outcome.PARKED:
                inbox.wait_for(tx, lower.message_id, ())  # this version says what counts
    observing.keep(tx, job.desk.keys, job.desk.now, job.arrival, job.message, told)
    return told


def _decided(tx: Connection, job: Job) -> Told:
    try:
        applied = _in_turn(tx, job)
        if applied is None:
            return Told(outcome=Outcome.SUPERSEDED, reason=Reason.LOWER_VERSION)
        steps = meaning.wanted(job.message, None, oslo_date(job.arrival.received_at))
        deciding.check_authority(job.sender, steps, *Sanction)
        found = matching.find(tx, job.desk.keys, job.sender.source, job.message, applied, job.arrival.named_case_id)
        _protect(tx, job, found)
        if found.case_id is None:
            return _without_case(tx, job, found)
        return _in_case(tx, job, found.case_id, applied, found.own)
    except Held as held:
        return _held(held)


def _held(held: Held, draft: Draft | None = None, more: tuple[str, ...] = ()) -> Told:
    return Told(
        outcome=held.outcome,
        reason=held.reason,
        unmet=held.unmet,
        waits_for=(*held.waits_for, *more) if held.outcome is Outcome.PARKED else (),
        near=held.near,
        hidden=held.hidden,
        stored=draft.kept if draft else None,
        before=draft.before if draft else None,
        after=draft.before if draft else None,
        person_id=draft.kept.person_id if draft else None,
    )


def _protect(tx: Connection, job: Job, found: Found) -> None:
    """The address of somebody known is kept at least as closely as the message says. frl § 10-4."""
    level = Protection(job.message.person.protection) if job.message.person else Protection.NONE
    if found.person_id is not None and level is not Protection.NONE:
        people.protect(tx, found.person_id, level, job.desk.now)


def _in_turn(tx: Connection, job: Job) -> Sequence[Arrival] | None:
    """The versions that count, lowest first; None when a higher one does. Raises `Held` when one is missing."""
    version = job.message.version
    applied = [one for one in job.earlier if one.outcome in SETTLED]
    highest = applied[-1].version if applied else 0
    if version <= highest:
        return None
    missing = version - highest - 1 - sum(highest < one.version < version for one in job.earlier)
    if missing and not job.arrival.gap_accepted:
        waits = (thing("decision", f"{job.arrival.source}/{job.message.decision_id}"),)
        raise Held(Reason.VERSION_GAP, waits, near=_near(tx, job, applied))
    return applied


def _near(tx: Connection, job: Job, applied: Sequence[Arrival]) -> tuple[UUID, ...]:
    """The case that the message would be about, so that its konfliktråd knows that it waits."""
    try:
        found = matching.find(tx, job.desk.keys, job.sender.source, job.message, applied, None)
    except Held as held:
        return held.near
    return (found.case_id,) if found.case_id else ()


def _without_case(tx: Connection, job: Job, found: Found) -> Told:
    """The case is not known: what the sender told may open it; of somebody known a new offence is observed."""
    waits = matching.waits_for_a_case(job.message, job.desk.keys)
    if found.person_id is not None:
        later = waits if job.message.kind in _ENDS_A_NEW_CHARGE else ()  # a case on its number may still be opened
        return _observed(Told(outcome=Outcome.APPLIED, person_id=found.person_id, waits_for=later), job.message)
    if job.message.opening is None:
        raise Held(Reason.UNKNOWN_CASE, waits, hidden=found.hidden)
    try:
        draft = _opened(tx, job, found.match)
    except Held as held:
        if held.outcome is not Outcome.PARKED or held.reason is Reason.UNKNOWN_PLACE:
            raise
        days = deciding.days_of(held.unmet)
        raise Held(Reason.UNKNOWN_CASE, (*waits, *days), held.unmet, hidden=found.hidden) from None
    deciding.write(tx, job.desk.keys, draft, deciding.numbers_of(job.message), job.desk.now)
    return _done(job.message, draft, Remark.CASE_OPENED)


def _opened(tx: Connection, job: Job, match: Match | None) -> Draft:
    """A new case with the steps that the sender told of before this one, and this one. Raises `Held`."""
    message, now = job.message, job.desk.now
    draft = deciding.opened(tx, job.desk.keys, job.sender, message, match, job.arrival.message_id, now)
    before = meaning.opened_by(message.opening, message.kind) if message.opening else ()
    draft = replace(deciding.decided(tx, job.sender, draft, before, now), places={})
    steps = meaning.wanted(message, draft.case, oslo_date(job.arrival.received_at))
    deciding.check_authority(job.sender, steps, draft.case.sanction)
    return deciding.decided(tx, job.sender, draft, steps, now)


def _in_case(tx: Connection, job: Job, case_id: UUID, applied: Sequence[Arrival], own: bool) -> Told:
    """The case is known. `own`: by a number of its own, which then tells of more numbers too."""
    inbox.hold_case(tx, case_id, job.patient)
    stored = journal.load(tx, case_id)
    if stored is None:
        raise Held(Reason.UNKNOWN_CASE, matching.waits_for_a_case(job.message, job.desk.keys))
    draft = deciding.of_case(stored)
    if not own and job.message.kind in _ENDS_A_NEW_CHARGE:
        return _observed(_done(job.message, draft), job.message)
    before = _said_before(tx, job, applied)
    try:
        moved = _moved(tx, job, draft, applied, before)
    except Held as held:
        if held.reason is Reason.CONTRADICTS_STATE and _came_after(tx, job, draft, applied, own):
            return _observed(_done(job.message, draft), job.message)
        elsewhere = matching.waits_for_a_case(job.message, job.desk.keys) if draft.case.is_closed else ()
        return _held(held, draft, elsewhere)
    numbers = deciding.numbers_of(job.message) if own else ()
    deciding.write(tx, job.desk.keys, moved, numbers, job.desk.now)
    late = before is not None and job.message.opening not in (None, before.opening)
    return _done(job.message, moved, *([Remark.OPENING_NOT_USED] if late else []))


def _came_after(tx: Connection, job: Job, draft: Draft, applied: Sequence[Arrival], own: bool) -> bool:
    """Whether this is a new offence beside a case that is closed, and no earlier version became a part of the case.

    A charge always is. A decision told by the number of the case itself is, when it was made after the closing; before
    that it should have closed the case, and a person looks.
    """
    closed, kind = draft.case.closed_on, job.message.kind
    if closed is None or (applied and inbox.events_of(tx, applied[-1].message_id)):
        return False
    decided = kind is Kind.NEW_OFFENCE_DECIDED and (not own or job.message.terms.decided_on > closed)
    return kind is Kind.NEW_CHARGE or decided


def _observed(told: Told, message: Message) -> Told:
    remarks = (Remark.KEPT_ON_PERSON, *(told.remarks or _remarks(message)))
    return replace(told, outcome=Outcome.APPLIED, remarks=remarks, observed=True)


def _said_before(tx: Connection, job: Job, applied: Sequence[Arrival]) -> Message | None:
    """What the version said that this one takes the place of; None for the first, and for one that is erased."""
    raw = inbox.content(tx, job.desk.keys, applied[-1].message_id) if applied else None
    return read(raw) if raw is not None else None


def _moved(tx: Connection, job: Job, draft: Draft, applied: Sequence[Arrival], before: Message | None) -> Draft:
    """The case as this version has it: moved on by the first one, corrected by a later one. Raises `Held`."""
    places = inbox.events_of(tx, applied[-1].message_id) if applied else {}
    case = correcting.before(draft.kept, draft.case, places, job.sender.source)
    day = oslo_date(job.arrival.received_at)
    steps = meaning.wanted(job.message, case, day)
    deciding.check_authority(job.sender, steps, draft.case.sanction)
    if not applied:
        return deciding.decided(tx, job.sender, draft, steps, job.desk.now)
    was = meaning.wanted(before, case, day) if before is not None else ()
    return correcting.corrected(tx, job.sender, draft, (was, steps), places, job.desk.now)


_ENDS_A_NEW_CHARGE = frozenset({Kind.DROPPED, Kind.ACQUITTED, Kind.OTHER_OUTCOME})


def _done(message: Message, draft: Draft, *remarks: Remark) -> Told:
    return Told(
        outcome=Outcome.APPLIED if draft.events else Outcome.DUPLICATE,
        stored=draft.stored,
        before=draft.before,
        after=draft.case,
        events=draft.events,
        remarks=(*remarks, *_remarks(message)),
        person_id=draft.kept.person_id,
        places=draft.places,
    )


def _remarks(message: Message) -> list[Remark]:
    """What to look at in a message that was taken."""
    found = []
    said = message.person
    number = look(said.national_id, said.born) if said and said.national_id else None
    if number and not number.is_well_formed:
        found.append(Remark.NUMBER_FAILS_CHECK)
    if number and Flag.OTHER_BIRTH_DATE in number.flags:
        found.append(Remark.OTHER_BIRTH_DATE)
    if message.kind is Kind.JUDGMENT_GIVEN and None in (message.terms.suitable_reaction, message.terms.lives_in_norway):
        found.append(Remark.IMPLIED_BY_JUDGMENT)
    return found
