"""Which case a message is about: the person and the police case number together, never the number alone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from ungdom.intake import identity
from ungdom.intake.identity import Likeness, PersonMatch
from ungdom.intake.models import MessageNotApplied, Reason, wait_key
from ungdom.message import ChargeTerms, DecisionMessage, Kind, read
from ungdom.message.national_id import normalise
from ungdom.store import inbox, journal
from ungdom.store.concerns import SECRETARIAT, Concern, handled_by
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.inbox import CaseCandidate, InboundMessage
from ungdom.store.schema.cases import NumberKind
from ungdom.store.session import Connection
from ungdom.workflow.vocabulary import strictest


@dataclass(frozen=True, slots=True)
class CaseMatch:
    """What a message is about. No case and no person: the case is not known. `own`: the number is the case's own.

    `hidden`: it may be about somebody of whom the sender may learn nothing; the office is told, the sender is not.
    `match`: how its person compares with those stored, where they were compared.
    """

    case_id: UUID | None = None
    person_id: UUID | None = None
    own: bool = True
    hidden: tuple[Concern, ...] = ()
    match: PersonMatch | None = None


def find_case(
    tx: Connection,
    keys: EncryptionKeys,
    source: str,
    message: DecisionMessage,
    applied: Sequence[InboundMessage],
    named: UUID | None,
) -> CaseMatch:
    """The case this message is about. `applied`: the versions that count; `named`: a case that a person pointed out.

    `source`: the system that sends it. Raises `Held` when it cannot be told, or when what is told contradicts itself.
    """
    previous = next((arrival for arrival in reversed(applied) if arrival.case_id is not None), None)
    if named is not None:
        return _match_in_case(tx, keys, message, named, check=False)
    if previous is not None and previous.case_id is not None:
        return _match_in_case(
            tx, keys, message, previous.case_id, check=not _same_person_as_before(tx, keys, message, previous)
        )
    if message.refers_to is not None and message.person is None:
        return _match_by_reference(tx, keys, message)
    if message.person is None:
        raise MessageNotApplied(Reason.PERSON_MISSING)
    match = identity.match_person(tx, keys, message.person, _case_numbers(message), handled_by(source))
    return replace(
        _match_by_number(tx, keys, message, match) or _match_by_person(tx, keys, message, match), match=match
    )


def _same_person_as_before(
    tx: Connection, keys: EncryptionKeys, message: DecisionMessage, previous: InboundMessage
) -> bool:
    """The version that counts told of the person in the same words, and somebody has taken that for this case."""
    raw = inbox.content(tx, keys, previous.message_id)
    return raw is not None and read(raw).person == message.person


def _match_in_case(
    tx: Connection, keys: EncryptionKeys, message: DecisionMessage, case_id: UUID, check: bool
) -> CaseMatch:
    """This case, if the person of the message is the one it is about."""
    stored = journal.load(tx, case_id)
    if stored is None:
        raise MessageNotApplied(Reason.UNKNOWN_CASE, case_wait_keys(message, keys))
    given = message.person if check else None
    if given and identity.compare(tx, keys, given, stored.person_id) is not Likeness.SAME:
        raise MessageNotApplied(
            Reason.PERSON_CONTRADICTS, (*case_wait_keys(message, keys), wait_key("case", case_id)), near=(case_id,)
        )
    return CaseMatch(case_id, stored.person_id, own=_has_own_number(tx, case_id, message))


def _match_by_reference(tx: Connection, keys: EncryptionKeys, message: DecisionMessage) -> CaseMatch:
    """The case of the decision that this message answers, if the numbers agree."""
    kind = _ANSWERS.get(message.kind, message.kind)
    case_ids = {arrival.case_id for arrival in inbox.settled_versions(tx, message.refers_to or "", kind)}
    if len(case_ids) != 1:
        raise MessageNotApplied(Reason.UNKNOWN_REFERENCE, (wait_key("decision", message.refers_to),))
    case_id = next(iter(case_ids))
    if case_id is None or not _has_own_number(tx, case_id, message):
        raise MessageNotApplied(Reason.NUMBER_CONTRADICTS, (wait_key("decision", message.refers_to),))
    return _match_in_case(tx, keys, message, case_id, check=False)


_ANSWERS = {Kind.PERSON_INVESTIGATION_RETURNED: Kind.PERSON_INVESTIGATION_ORDERED}


def _has_own_number(tx: Connection, case_id: UUID, message: DecisionMessage) -> bool:
    numbers = {number for kind, number in journal.numbers_of(tx, case_id) if kind is NumberKind.POLICE}
    return bool(numbers & set(message.police_case_numbers))


def _match_by_number(
    tx: Connection, keys: EncryptionKeys, message: DecisionMessage, match: PersonMatch
) -> CaseMatch | None:
    """The case on one of these police case numbers that is about this person.

    Raises `Held` where the person is another than the one of a case that the sender handles.
    """
    by_person = {candidate.person_id: candidate for candidate in match.resembling}
    compared = [
        (candidate, by_person[candidate.person_id])
        for candidate in inbox.cases_by_number(tx, _case_numbers(message))
        if candidate.person_id in by_person
    ]
    same = [candidate for candidate, person in compared if person.how is Likeness.SAME]
    if same:
        chosen = _single_case(message, keys, same)
        return CaseMatch(chosen.case_id, chosen.person_id, own=_has_own_number(tx, chosen.case_id, message))
    near = [candidate for candidate, person in compared if person.seen]
    if near:
        raise _not_decided_between(Reason.PERSON_CONTRADICTS, message, keys, near)
    return None


def _match_by_person(tx: Connection, keys: EncryptionKeys, message: DecisionMessage, match: PersonMatch) -> CaseMatch:
    """Nothing on these numbers. What concerns a new offence is matched with the person's own open case.

    What decides one is matched with the case in which its charge was recorded. Of somebody without an open case it is
    observed; while they have one it may be about that, and is told to the konfliktråd as a case that is not known.
    """
    person_id = match.known
    if person_id is None or message.kind not in ABOUT_A_NEW_OFFENCE:
        return CaseMatch(hidden=_hidden_concerns(message, match))
    cases = [candidate for candidate in inbox.cases_of(tx, person_id) if not candidate.closed]
    if message.kind is Kind.NEW_CHARGE:
        return CaseMatch(_single_case(message, keys, cases).case_id if cases else None, person_id, own=False)
    charged = _match_by_charge(tx, keys, message, person_id)
    if charged is not None:
        return charged
    return CaseMatch() if cases or message.opening else CaseMatch(None, person_id, own=False)


def _hidden_concerns(message: DecisionMessage, match: PersonMatch) -> tuple[Concern, ...]:
    """The offices of the person it may be about and of whom the sender may learn nothing, with the reason.

    Where it may be about several people no office is told, whichever of them has a case there: the secretariat settles
    who it is. The address is taken to be kept as closely as the strictest of them all, and of the message.
    """
    by_person = message.kind in ABOUT_A_NEW_OFFENCE
    near = [person for person in match.hidden if by_person or person.how is Likeness.CONTRADICTS]
    if message.person is None or not near:
        return ()
    level = strictest(message.person.protection, *(person.protection for person in match.hidden))
    reason = _HIDDEN_REASONS[min((person.how for person in near), key=list(Likeness).index)]
    offices = match.hidden[0].offices if len(match.hidden) == 1 else (SECRETARIAT,)
    return tuple(Concern(office, level, reason) for office in offices)


_HIDDEN_REASONS = {Likeness.SAME: Reason.IDENTITY_UNCONFIRMED, Likeness.CONTRADICTS: Reason.PERSON_CONTRADICTS}


ABOUT_A_NEW_OFFENCE = frozenset(
    {Kind.NEW_CHARGE, Kind.NEW_OFFENCE_DECIDED, Kind.DROPPED, Kind.ACQUITTED, Kind.OTHER_OUTCOME}
)
"""Kinds that may be about another act than the one the sanction is for."""


def _match_by_charge(
    tx: Connection, keys: EncryptionKeys, message: DecisionMessage, person_id: UUID
) -> CaseMatch | None:
    """The case in which the charge was recorded that this message now decides, if there was a charge."""
    charges = related_messages(tx, keys, message, person_id, Kind.NEW_CHARGE)
    charge = next((arrival for arrival, _ in charges), None)
    return CaseMatch(charge.case_id, person_id, own=False) if charge else None


def related_messages(
    tx: Connection, keys: EncryptionKeys, message: DecisionMessage, person_id: UUID, *kinds: Kind
) -> Iterator[tuple[InboundMessage, DecisionMessage]]:
    """What other decisions of these kinds have told of this person on one of these numbers, the first one first."""
    for arrival in inbox.messages_of_person(tx, person_id, *kinds):
        raw = inbox.content(tx, keys, arrival.message_id) if arrival.decision_id != message.decision_id else None
        other = read(raw) if raw else None
        if other and set(message.police_case_numbers) & set(other.police_case_numbers):
            yield arrival, other


def _concerned_numbers(message: DecisionMessage) -> Iterable[str]:
    return message.terms.concerns if isinstance(message.terms, ChargeTerms) else ()


def _case_numbers(message: DecisionMessage) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*message.police_case_numbers, *_concerned_numbers(message))))


def _single_case(message: DecisionMessage, keys: EncryptionKeys, cases: Sequence[CaseCandidate]) -> CaseCandidate:
    """The one case there is, or the one that is open. Raises `Held` when there are several."""
    open_cases = [candidate for candidate in cases if not candidate.closed]
    remaining = cases if len(cases) == 1 else open_cases
    if len(remaining) != 1:
        raise _not_decided_between(Reason.AMBIGUOUS_CASE, message, keys, cases)
    return remaining[0]


def _not_decided_between(
    why: Reason, message: DecisionMessage, keys: EncryptionKeys, near: Sequence[CaseCandidate]
) -> MessageNotApplied:
    """Held, until one of these cases changes or a better one is known."""
    case_ids = tuple(candidate.case_id for candidate in near)
    return MessageNotApplied(
        why, (*case_wait_keys(message, keys), *(wait_key("case", candidate) for candidate in case_ids)), near=case_ids
    )


def case_wait_keys(message: DecisionMessage, keys: EncryptionKeys) -> tuple[str, ...]:
    """What would make the case known: a case on one of the numbers, or one for this person."""
    numbers = [wait_key("number", number) for number in message.police_case_numbers]
    national_id = message.person.national_id if message.person else None
    return (*numbers, *([wait_key("person", keys.digest(normalise(national_id)).hex())] if national_id else []))


def person_wait_keys(keys: EncryptionKeys, national_id: str | None) -> list[str]:
    """By what a message may wait for this person, under every key."""
    return [wait_key("person", digest.hex()) for digest in keys.digests(normalise(national_id))] if national_id else []
