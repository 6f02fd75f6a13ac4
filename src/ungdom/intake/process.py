"""What came of a message: matched with its case, decided, and written when nothing stands in its way."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from ungdom import texts
from ungdom.intake import corrections, mapping, matching, observations
from ungdom.intake import draft as deciding
from ungdom.intake.identity import PersonMatch
from ungdom.intake.matching import CaseMatch
from ungdom.intake.models import (
    Draft,
    MessageNotApplied,
    Outcome,
    ProcessingResult,
    Reason,
    Remark,
    Sender,
    wait_key,
)
from ungdom.message import DecisionMessage, Kind, read
from ungdom.message.national_id import NationalIdFlag, check_national_id
from ungdom.store import inbox, journal, named_locks, people
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.inbox import SETTLED, InboundMessage
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.vocabulary import Protection, Sanction


@dataclass(frozen=True, slots=True)
class IntakeContext:
    """Where messages are taken in: keys, the instant, the language of receipts.

    `deferred`: the messages that could not be tried in its transaction and are due after the commit.
    """

    keys: EncryptionKeys
    now: datetime
    language: texts.Language
    deferred: list[UUID] = field(default_factory=list, compare=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person decided about a parked message: which case it is about, that a missing version is not coming."""

    case_id: UUID | None = None
    accept_gap: bool = False


NO_CHOICE = Choice()


@dataclass(frozen=True, slots=True)
class MessageContext:
    """One message at the desk: who sent it, what it says, how it is kept, and the versions known beside it.

    `blocking`: somebody who works on the case at this moment is waited for.
    """

    intake: IntakeContext
    sender: Sender
    message: DecisionMessage
    arrival: InboundMessage
    earlier: Sequence[InboundMessage]
    blocking: bool = True


def process_message(tx: Connection, context: MessageContext) -> ProcessingResult:
    """Decide the message and write what it changes in the case."""
    result = _decide(tx, context)
    if result.outcome in SETTLED:
        for lower in context.earlier:
            if lower.can_be_retried and lower.outcome != Outcome.PARKED:
                inbox.wait_for(tx, lower.message_id, ())  # this version says what counts
    observations.record_observation(
        tx, context.intake.keys, context.intake.now, context.arrival, context.message, result
    )
    return result


def _decide(tx: Connection, context: MessageContext) -> ProcessingResult:
    try:
        applied = _applied_versions(tx, context)
        if applied is None:
            return ProcessingResult(outcome=Outcome.SUPERSEDED, reason=Reason.LOWER_VERSION)
        steps = mapping.steps_for(context.message, None, oslo_date(context.arrival.received_at))
        deciding.check_authority(context.sender, steps, *Sanction)
        case_match = matching.find_case(
            tx, context.intake.keys, context.sender.source, context.message, applied, context.arrival.named_case_id
        )
        _protect_person(tx, context, case_match)
        if case_match.case_id is None:
            return _process_without_case(tx, context, case_match)
        return _process_in_case(tx, context, case_match.case_id, applied, case_match.own)
    except MessageNotApplied as refusal:
        return _not_applied(refusal)


def _not_applied(
    refusal: MessageNotApplied, draft: Draft | None = None, more_waits: tuple[str, ...] = ()
) -> ProcessingResult:
    return ProcessingResult(
        outcome=refusal.outcome,
        reason=refusal.reason,
        unmet=refusal.unmet,
        waits_for=(*refusal.waits_for, *more_waits) if refusal.outcome is Outcome.PARKED else (),
        near=refusal.near,
        hidden=refusal.hidden,
        stored=draft.persisted if draft else None,
        before=draft.before if draft else None,
        after=draft.before if draft else None,
        person_id=draft.persisted.person_id if draft else None,
    )


def _protect_person(tx: Connection, context: MessageContext, case_match: CaseMatch) -> None:
    """The address of somebody known is kept at least as closely as the message says. frl § 10-4."""
    level = Protection(context.message.person.protection) if context.message.person else Protection.NONE
    if case_match.person_id is not None and level is not Protection.NONE:
        people.protect(tx, case_match.person_id, level, context.intake.now)


def _applied_versions(tx: Connection, context: MessageContext) -> Sequence[InboundMessage] | None:
    """The versions that count, lowest first; None when a higher one does. Raises `Held` when one is missing."""
    version = context.message.version
    applied = [arrival for arrival in context.earlier if arrival.outcome in SETTLED]
    highest = applied[-1].version if applied else 0
    if version <= highest:
        return None
    missing = version - highest - 1 - sum(highest < arrival.version < version for arrival in context.earlier)
    if missing and not context.arrival.gap_accepted:
        waits = (wait_key("decision", f"{context.arrival.source}/{context.message.decision_id}"),)
        raise MessageNotApplied(Reason.VERSION_GAP, waits, near=_likely_case_ids(tx, context, applied))
    return applied


def _likely_case_ids(tx: Connection, context: MessageContext, applied: Sequence[InboundMessage]) -> tuple[UUID, ...]:
    """The case that the message would be about, so that its konfliktråd knows that it waits."""
    try:
        case_match = matching.find_case(tx, context.intake.keys, context.sender.source, context.message, applied, None)
    except MessageNotApplied as refusal:
        return refusal.near
    return (case_match.case_id,) if case_match.case_id else ()


def _process_without_case(tx: Connection, context: MessageContext, case_match: CaseMatch) -> ProcessingResult:
    """The case is not known: what the sender told may open it; of somebody known a new offence is observed."""
    waits = matching.case_wait_keys(context.message, context.intake.keys)
    if case_match.person_id is not None:
        case_waits = (
            waits if context.message.kind in _ENDS_A_NEW_CHARGE else ()
        )  # a case on its number may still be opened
        return _as_observation(
            ProcessingResult(outcome=Outcome.APPLIED, person_id=case_match.person_id, waits_for=case_waits),
            context.message,
        )
    if context.message.opening is None:
        raise MessageNotApplied(Reason.UNKNOWN_CASE, waits, hidden=case_match.hidden)
    try:
        draft = _open_case(tx, context, case_match.match)
    except MessageNotApplied as refusal:
        if refusal.outcome is not Outcome.PARKED or refusal.reason is Reason.UNKNOWN_PLACE:
            raise
        days = deciding.days_of(refusal.unmet)
        raise MessageNotApplied(Reason.UNKNOWN_CASE, (*waits, *days), refusal.unmet, hidden=case_match.hidden) from None
    deciding.write_draft(tx, context.intake.keys, draft, deciding.numbers_of(context.message), context.intake.now)
    return _applied_result(context.message, draft, Remark.CASE_OPENED)


def _open_case(tx: Connection, context: MessageContext, match: PersonMatch | None) -> Draft:
    """A new case with the steps that the sender told of before this one, and this one. Raises `Held`."""
    message, now = context.message, context.intake.now
    draft = deciding.draft_of_new_case(
        tx, context.intake.keys, context.sender, message, match, context.arrival.message_id, now
    )
    earlier_steps = mapping.steps_before(message.opening, message.kind) if message.opening else ()
    draft = replace(deciding.with_steps(tx, context.sender, draft, earlier_steps, now), places={})
    steps = mapping.steps_for(message, draft.case, oslo_date(context.arrival.received_at))
    deciding.check_authority(context.sender, steps, draft.case.sanction)
    return deciding.with_steps(tx, context.sender, draft, steps, now)


def _process_in_case(
    tx: Connection, context: MessageContext, case_id: UUID, applied: Sequence[InboundMessage], own: bool
) -> ProcessingResult:
    """The case is known. `own`: by a number of its own, which then tells of more numbers too."""
    named_locks.lock_case(tx, case_id, context.blocking)
    stored = journal.load(tx, case_id)
    if stored is None:
        raise MessageNotApplied(Reason.UNKNOWN_CASE, matching.case_wait_keys(context.message, context.intake.keys))
    draft = deciding.draft_of(stored)
    if not own and context.message.kind in _ENDS_A_NEW_CHARGE:
        return _as_observation(_applied_result(context.message, draft), context.message)
    previous = _previous_version(tx, context, applied)
    try:
        moved = _apply_version(tx, context, draft, applied, previous)
    except MessageNotApplied as refusal:
        if refusal.reason is Reason.CONTRADICTS_STATE and _is_new_offence_after_closing(
            tx, context, draft, applied, own
        ):
            return _as_observation(_applied_result(context.message, draft), context.message)
        elsewhere = matching.case_wait_keys(context.message, context.intake.keys) if draft.case.is_closed else ()
        return _not_applied(refusal, draft, elsewhere)
    numbers = deciding.numbers_of(context.message) if own else ()
    deciding.write_draft(tx, context.intake.keys, moved, numbers, context.intake.now)
    late = previous is not None and context.message.opening not in (None, previous.opening)
    return _applied_result(context.message, moved, *([Remark.OPENING_NOT_USED] if late else []))


def _is_new_offence_after_closing(
    tx: Connection, context: MessageContext, draft: Draft, applied: Sequence[InboundMessage], own: bool
) -> bool:
    """Whether this is a new offence beside a case that is closed, and no earlier version became a part of the case.

    A charge always is. A decision told by the number of the case itself is, when it was made after the closing; before
    that it should have closed the case, and a person looks.
    """
    closed, kind = draft.case.closed_on, context.message.kind
    if closed is None or (applied and inbox.events_of(tx, applied[-1].message_id)):
        return False
    decided = kind is Kind.NEW_OFFENCE_DECIDED and (not own or context.message.terms.decided_on > closed)
    return kind is Kind.NEW_CHARGE or decided


def _as_observation(result: ProcessingResult, message: DecisionMessage) -> ProcessingResult:
    remarks = (Remark.KEPT_ON_PERSON, *(result.remarks or _remarks_on(message)))
    return replace(result, outcome=Outcome.APPLIED, remarks=remarks, observed=True)


def _previous_version(
    tx: Connection, context: MessageContext, applied: Sequence[InboundMessage]
) -> DecisionMessage | None:
    """What the version said that this one takes the place of; None for the first, and for one that is erased."""
    raw = inbox.content(tx, context.intake.keys, applied[-1].message_id) if applied else None
    return read(raw) if raw is not None else None


def _apply_version(
    tx: Connection,
    context: MessageContext,
    draft: Draft,
    applied: Sequence[InboundMessage],
    previous: DecisionMessage | None,
) -> Draft:
    """The case as this version has it: moved on by the first one, corrected by a later one. Raises `Held`."""
    places = inbox.events_of(tx, applied[-1].message_id) if applied else {}
    case = corrections.case_before(draft.persisted, draft.case, places, context.sender.source)
    day = oslo_date(context.arrival.received_at)
    steps = mapping.steps_for(context.message, case, day)
    deciding.check_authority(context.sender, steps, draft.case.sanction)
    if not applied:
        return deciding.with_steps(tx, context.sender, draft, steps, context.intake.now)
    previous_steps = mapping.steps_for(previous, case, day) if previous is not None else ()
    return corrections.with_revisions(tx, context.sender, draft, (previous_steps, steps), places, context.intake.now)


_ENDS_A_NEW_CHARGE = frozenset({Kind.DROPPED, Kind.ACQUITTED, Kind.OTHER_OUTCOME})


def _applied_result(message: DecisionMessage, draft: Draft, *remarks: Remark) -> ProcessingResult:
    return ProcessingResult(
        outcome=Outcome.APPLIED if draft.events else Outcome.DUPLICATE,
        stored=draft.stored,
        before=draft.before,
        after=draft.case,
        events=draft.events,
        remarks=(*remarks, *_remarks_on(message)),
        person_id=draft.persisted.person_id,
        places=draft.places,
    )


def _remarks_on(message: DecisionMessage) -> list[Remark]:
    """What to look at in a message that was taken."""
    remarks = []
    person = message.person
    number = check_national_id(person.national_id, person.born) if person and person.national_id else None
    if number and not number.is_well_formed:
        remarks.append(Remark.NUMBER_FAILS_CHECK)
    if number and NationalIdFlag.OTHER_BIRTH_DATE in number.flags:
        remarks.append(Remark.OTHER_BIRTH_DATE)
    if message.kind is Kind.JUDGMENT_GIVEN and None in (message.terms.suitable_reaction, message.terms.lives_in_norway):
        remarks.append(Remark.IMPLIED_BY_JUDGMENT)
    return remarks
