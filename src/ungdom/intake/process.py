"""Processing one message: find its case, map it to steps, record them, and store the result.

`process_message` is called for a new message and for each retry of a parked one. A message that cannot be applied gives
a `ProcessingResult` as well: parked, with the reason and what it waits for, superseded or rejected.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid5

from ungdom.intake import acknowledgements, apply, corrections, mapping, matching, observations, receipts
from ungdom.intake.apply import Applied, NewCasePerson
from ungdom.intake.identity import PersonMatch
from ungdom.intake.matching import CaseMatch
from ungdom.intake.models import (
    CaseChange,
    IntakeContext,
    IntakeResult,
    MessageContext,
    Outcome,
    ProcessingResult,
    Reason,
    Remark,
    parked,
)
from ungdom.intake.wait_keys import case_wait_keys, day_wait_keys, is_unguarded, wait_key
from ungdom.message import DecisionMessage, DispatchTerms, Kind, Opening, read
from ungdom.message.national_id import NationalIdFlag, check_national_id
from ungdom.store import concerns, inbox, journal, named_locks, parked_messages, people
from ungdom.store.inbox import SETTLED, InboundMessage
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.vocabulary import Protection, strictest


def process_message(tx: Connection, context: MessageContext) -> ProcessingResult:
    """Apply the message and write what it changes in the case, or say why it is not applied."""
    result = _process(tx, context)
    if result.outcome in SETTLED:
        for lower in context.earlier:
            if lower.can_be_retried and lower.outcome != Outcome.PARKED:
                inbox.wait_for(tx, lower.message_id, ())  # this version counts now
    if result.observed or context.earlier or context.arrival.outcome != Outcome.PARKED:  # else there is none to change
        observations.record_observation(tx, context, result)
    return result


def _process(tx: Connection, context: MessageContext) -> ProcessingResult:
    message, keys, source = context.message, context.intake.keys, context.sender.source
    applied = [arrival for arrival in context.earlier if arrival.outcome in SETTLED]
    if applied and message.version <= applied[-1].version:
        return ProcessingResult(outcome=Outcome.SUPERSEDED, reason=Reason.LOWER_VERSION)
    if _misses_a_version(context, applied):
        waits = (wait_key("decision", f"{source}/{message.decision_id}"),)
        unnamed = replace(context.arrival, named_case_id=None)
        near = _likely_case_ids(matching.find_case(tx, keys, source, message, applied, unnamed))
        return parked(Reason.VERSION_GAP, waits, near=near)
    if not mapping.may_report(context.sender.authorities, message):
        return ProcessingResult(outcome=Outcome.REJECTED, reason=Reason.NOT_YOUR_AUTHORITY)
    match = matching.find_case(tx, keys, source, message, applied, context.arrival)
    if isinstance(match, ProcessingResult):
        return match
    level = Protection(message.person.protection) if message.person else Protection.NONE
    if match.person_id is not None and level is not Protection.NONE:  # never protected less than it says. frl § 10-4
        people.protect(tx, match.person_id, level, context.intake.now, source)
    if match.case_id is None:
        return _process_without_case(tx, context, match)
    return _process_in_case(tx, context, match.case_id, match.own, applied)


def _misses_a_version(context: MessageContext, applied: Sequence[InboundMessage]) -> bool:
    """Whether a lower version has neither arrived nor been given up."""
    version, highest = context.message.version, applied[-1].version if applied else 0
    arrived = sum(highest < arrival.version < version for arrival in context.earlier)
    return version - highest - 1 > arrived and not context.arrival.gap_accepted


def _likely_case_ids(match: CaseMatch | ProcessingResult) -> tuple[UUID, ...]:
    """The cases that the message may be about, so that their konfliktråd sees that it is parked."""
    if isinstance(match, ProcessingResult):
        return match.near
    return (match.case_id,) if match.case_id else ()


# --- without a case -----------------------------------------------------------------------------------------


def _process_without_case(tx: Connection, context: MessageContext, match: CaseMatch) -> ProcessingResult:
    """The case is not known: the message opens it, is an observation of a known person, or is parked."""
    message, keys = context.message, context.intake.keys
    waits = case_wait_keys(message, keys)
    if match.person_id is not None:
        case_waits = waits if message.kind in _ENDS_A_NEW_CHARGE else ()  # a case on its number may still be opened
        result = ProcessingResult(outcome=Outcome.APPLIED, person_id=match.person_id, waits_for=case_waits)
        return _as_observation(result, message)
    opening, person, people_match = message.opening, message.person, match.match
    if opening is None or person is None or people_match is None:
        return parked(Reason.UNKNOWN_CASE, waits, hidden=match.hidden)
    new_id = uuid5(context.arrival.message_id, "person")
    whose = apply.person_of_new_case(tx, keys, person, opening, people_match, new_id)
    opened = apply.in_savepoint(tx, lambda: apply.open_case(tx, context, opening, people_match, whose))
    if isinstance(opened, CaseChange):
        return _applied_result(message, opened, Remark.CASE_OPENED)
    if opened.reason is Reason.TOO_EARLY and is_delivered(message):
        return _open_for_completion(tx, context, opening, people_match, whose, opened)
    if opened.reason is Reason.UNKNOWN_PLACE or opened.outcome is Outcome.REJECTED:
        return opened
    return replace(opened, waits_for=(*waits, *day_wait_keys(opened.unmet)), hidden=match.hidden)


def is_delivered(message: DecisionMessage) -> bool:
    """Whether the message says that the case lies with the konfliktråd, as an official transfer does."""
    return isinstance(message.terms, DispatchTerms) and message.terms.delivered


def _open_for_completion(
    tx: Connection,
    context: MessageContext,
    opening: Opening,
    match: PersonMatch,
    whose: NewCasePerson,
    too_early: ProcessingResult,
) -> ProcessingResult:
    """The case is delivered, but its decision is not known: it is opened, and the message waits in it for the decision.

    So person, number and acts are not typed again. The parked message is the question to the office: its unmet
    condition names what has to be recorded.
    """
    opened = apply.in_savepoint(tx, lambda: apply.open_case(tx, context, opening, match, whose, with_steps=False))
    if isinstance(opened, ProcessingResult):
        return opened
    return replace(
        too_early,
        stored=opened.stored,
        after=opened.case,
        events=opened.events,
        remarks=(Remark.CASE_OPENED, *_remarks_on(context.message)),
        person_id=opened.original.person_id,
        waits_for=(wait_key("case", opened.stored.case_id), *day_wait_keys(too_early.unmet)),
    )


def _as_observation(result: ProcessingResult, message: DecisionMessage) -> ProcessingResult:
    remarks = (Remark.KEPT_ON_PERSON, *(result.remarks or _remarks_on(message)))
    return replace(result, outcome=Outcome.APPLIED, remarks=remarks, observed=True)


# --- in a case ----------------------------------------------------------------------------------------------


def _process_in_case(
    tx: Connection, context: MessageContext, case_id: UUID, own: bool, applied: Sequence[InboundMessage]
) -> ProcessingResult:
    """The case is known: the message moves it, corrects it, or is an observation of its person.

    `own`: the message gives a number of the case itself; its other numbers then become numbers of the case.
    """
    message, keys = context.message, context.intake.keys
    named_locks.lock_case(tx, case_id, context.blocking)
    stored = journal.load_current(tx, case_id)
    if stored is None:
        waits = case_wait_keys(message, keys)
        return parked(Reason.UNKNOWN_CASE, waits)
    unchanged = apply.unchanged(stored)
    if not own and message.kind in _ENDS_A_NEW_CHARGE:
        return _as_observation(_applied_result(message, unchanged), message)
    raw = inbox.content(tx, keys, applied[-1].message_id) if applied else None
    previous = read(raw) if raw is not None else None  # None for the first version, and for one that is erased
    changed = apply.in_savepoint(tx, lambda: _apply_version(tx, context, unchanged, applied, previous))
    if isinstance(changed, ProcessingResult):
        if changed.reason is Reason.CONTRADICTS_STATE and _is_new_offence(tx, context, unchanged, applied, own):
            return _as_observation(_applied_result(message, unchanged), message)
        elsewhere = case_wait_keys(message, keys) if unchanged.case.is_closed else ()
        return replace(
            changed,
            waits_for=(*changed.waits_for, *elsewhere),
            stored=stored,
            before=unchanged.case,
            after=unchanged.case,
            person_id=stored.person_id,
        )
    if own:
        journal.add_numbers(tx, case_id, apply.numbers_of(message))
    late = previous is not None and message.opening not in (None, previous.opening)
    return _applied_result(message, changed, *([Remark.OPENING_NOT_USED] if late else []))


def _apply_version(
    tx: Connection,
    context: MessageContext,
    change: CaseChange,
    applied: Sequence[InboundMessage],
    previous: DecisionMessage | None,
) -> Applied:
    """The case with the steps of a first version recorded, or corrected by a later version."""
    sender, now, day = context.sender, context.intake.now, oslo_date(context.arrival.received_at)
    if not applied:
        return apply.apply_steps(tx, sender, change, mapping.steps_for(context.message, change.case, day), now)
    places = inbox.events_of(tx, applied[-1].message_id)
    case = corrections.case_before(change.original, change.case, places, sender.source)
    steps = mapping.steps_for(context.message, case, day)
    previous_steps = mapping.steps_for(previous, case, day) if previous is not None else ()
    return corrections.apply_revisions(tx, sender, change, (previous_steps, steps), places, now)


def _is_new_offence(
    tx: Connection, context: MessageContext, change: CaseChange, applied: Sequence[InboundMessage], own: bool
) -> bool:
    """Whether the message is about a new offence after the case was closed, and no earlier version is part of the case.

    A charge always is. A decision with a number of the case itself is one if it was made after the closing; an earlier
    one should have closed the case, and is left to a person.
    """
    closed, kind = change.case.closed_on, context.message.kind
    if closed is None or (applied and inbox.events_of(tx, applied[-1].message_id)):
        return False
    decided = kind is Kind.NEW_OFFENCE_DECIDED and (not own or context.message.terms.decided_on > closed)
    return kind is Kind.NEW_CHARGE or decided


_ENDS_A_NEW_CHARGE = frozenset({Kind.DROPPED, Kind.ACQUITTED, Kind.OTHER_OUTCOME})


def _applied_result(message: DecisionMessage, change: CaseChange, *remarks: Remark) -> ProcessingResult:
    return ProcessingResult(
        outcome=Outcome.APPLIED if change.events else Outcome.DUPLICATE,
        stored=change.stored,
        before=change.before,
        after=change.case,
        events=change.events,
        remarks=(*remarks, *_remarks_on(message)),
        person_id=change.original.person_id,
        places=change.places,
    )


def _remarks_on(message: DecisionMessage) -> list[Remark]:
    """What the sender or the office should look at in a message that was applied."""
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


# --- storing the result -------------------------------------------------------------------------------------


def with_result(
    tx: Connection, arrival: InboundMessage, message: DecisionMessage | None, result: ProcessingResult
) -> InboundMessage:
    """The inbox row of the message with this result. `message`: None if it can no longer be read."""
    office, level = inbox.office_and_protection(tx, result.near)
    if result.after is not None:
        konfliktrad: str | None = result.after.konfliktrad
    else:
        konfliktrad = (matching.office_of(tx, message) if message else None) or office
    return replace(
        arrival,
        outcome=result.outcome,
        reason=result.reason,
        case_id=result.stored.case_id if result.stored else None,
        person_id=result.person_id,
        konfliktrad=konfliktrad or arrival.konfliktrad,
        protection=strictest(arrival.protection, level),
        offices=concerns.serialize_concerns(result.hidden),
    )


def store_retry(
    tx: Connection,
    context: IntakeContext,
    arrival: InboundMessage,
    result: ProcessingResult,
    by: str,
    message: DecisionMessage | None,
) -> IntakeResult:
    """Store the result of a retry with its receipt, and queue the receipt of the official message it came with."""
    updated = with_result(tx, arrival, message, result)
    body = receipts.write(context.language, updated, result, oslo_date(context.now))
    inbox.record_attempt(tx, updated, body, by, context.now)
    store_links_and_waits(tx, context, updated, result)
    for exchange_id in inbox.exchanges_of(tx, updated.message_id):
        acknowledgements.send_status(tx, exchange_id, context.now)
    return IntakeResult(updated, body)


def store_links_and_waits(
    tx: Connection, context: IntakeContext, arrival: InboundMessage, result: ProcessingResult, is_new: bool = False
) -> None:
    """Store which events the message is, and what it waits for. `is_new`: it has waited for nothing so far."""
    if result.stored is not None and result.places:
        inbox.link(tx, arrival.message_id, result.stored.case_id, dict(result.places))
    if result.waits_for or not is_new:
        store_waits(tx, context, arrival, result)


def store_waits(tx: Connection, context: IntakeContext, arrival: InboundMessage, result: ProcessingResult) -> None:
    """Store what the message waits for; not a day that has come, since the message has just been tried.

    Whoever changes what is locked during the try is blocked until the wait is stored, and then sees it. For what was
    not locked the message is retried once more after the commit.
    """
    today = wait_key("day", oslo_date(context.now))
    wait_keys = {key for key in result.waits_for if not wait_key("day", "") < key <= today}
    unguarded = sorted(key for key in wait_keys if is_unguarded(key, arrival, result))
    if unguarded and wait_keys != parked_messages.wait_keys_of(tx, arrival.message_id):
        defer(tx, context, [arrival.message_id], unguarded[0])
    inbox.wait_for(tx, arrival.message_id, wait_keys)


def defer(tx: Connection, context: IntakeContext, message_ids: Sequence[UUID], trigger: str) -> None:
    """Leave a marker, in this transaction, that these messages are to be retried after the commit."""
    if message_ids:
        parked_messages.defer(tx, message_ids, trigger)
        context.deferred.extend(deferred_id for deferred_id in message_ids if deferred_id not in context.deferred)


def supersede_lower(
    tx: Connection, context: IntakeContext, new: InboundMessage, earlier: Sequence[InboundMessage]
) -> None:
    """Settle lower versions that are parked: the new version replaces them, whether it is applied or parked.

    A rejected version replaces nothing, and neither does one that waits for a missing version.
    """
    if new.outcome not in (*SETTLED, Outcome.PARKED) or new.reason == Reason.VERSION_GAP:
        return
    for lower in earlier:
        raw = inbox.content(tx, context.keys, lower.message_id) if lower.outcome == Outcome.PARKED else None
        if raw is not None and lower.version < new.version:
            result = ProcessingResult(outcome=Outcome.SUPERSEDED, reason=Reason.LOWER_VERSION)
            store_retry(tx, context, lower, result, new.source, read(raw))
