"""Which case a message is about: the person and the police case number together, never the number alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid5

from ungdom.intake import identity
from ungdom.intake.identity import IdentityPart, Likeness, PersonMatch, Resembling
from ungdom.intake.models import ProcessingResult, Reason, parked
from ungdom.intake.wait_keys import case_wait_keys, wait_key
from ungdom.message import ChargeTerms, DecisionMessage, Kind, read
from ungdom.store import inbox, journal, reference
from ungdom.store.concerns import SECRETARIAT, Concern, handled_by
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.ids import uuid7
from ungdom.store.inbox import CaseCandidate, InboundMessage
from ungdom.store.schema.cases import NumberKind
from ungdom.store.session import Connection
from ungdom.workflow.vocabulary import strictest


@dataclass(frozen=True, slots=True)
class CaseMatch:
    """The case that a message is about; without case and person, the case is not known.

    `own`: the message gives a number of the case itself. `hidden`: offices that learn that the message may be about a
    person whom the sender may not see; the sender does not learn it. `match`: how the person of the message compares
    with the stored people, if that was compared.
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
    arrival: InboundMessage,
) -> CaseMatch | ProcessingResult:
    """The case this message is about, or why it cannot be determined.

    `source`: the sending system; `applied`: the applied versions; `arrival`: the message, with what a person decided.
    """
    named = arrival.named_case_id
    previous = next((arrival for arrival in reversed(applied) if arrival.case_id is not None), None)
    if named is None and arrival.case_id == case_opened_by(message, arrival):
        named = arrival.case_id  # a message that waits in the case that it opened
    if named is not None:
        return _match_in_case(tx, keys, message, named, check=False)
    if previous is not None and previous.case_id is not None:
        raw = inbox.content(tx, keys, previous.message_id)
        same_person = raw is not None and read(raw).person == message.person  # matched with this case before
        return _match_in_case(tx, keys, message, previous.case_id, check=not same_person)
    if message.refers_to is not None and message.person is None:
        return _match_by_reference(tx, keys, message)
    if message.person is None:
        return parked(Reason.PERSON_MISSING)
    match = identity.match_person(tx, keys, message.person, _case_numbers(message), handled_by(source))
    doubts = () if arrival.doubt_accepted else _doubts(tx, message, match)
    case_match = _match_by_number(tx, keys, message, match, doubts) or _match_by_person(
        tx, keys, message, match, doubts
    )
    return case_match if isinstance(case_match, ProcessingResult) else replace(case_match, match=match)


def case_opened_by(message: DecisionMessage, arrival: InboundMessage) -> UUID:
    """The id of the case that this message opens, if it opens one: the same at every try."""
    return uuid7(message.sent_at, uuid5(arrival.message_id, "case").int & (1 << 74) - 1)


def _match_in_case(
    tx: Connection, keys: EncryptionKeys, message: DecisionMessage, case_id: UUID, check: bool
) -> CaseMatch | ProcessingResult:
    """This case. With `check` the person of the message has to be the person of the case."""
    waits = case_wait_keys(message, keys)
    stored = journal.load(tx, case_id)
    if stored is None:
        return parked(Reason.UNKNOWN_CASE, waits)
    if check and message.person is not None:
        how, compared = identity.compare(tx, keys, message.person, stored.person_id)
        if how is not Likeness.SAME:
            waits, parts = (*waits, wait_key("case", case_id)), compared.contradictions
            return parked(Reason.PERSON_CONTRADICTS, waits, near=(case_id,), contradictions=parts)
    return CaseMatch(case_id, stored.person_id, own=_has_own_number(tx, case_id, message))


def _match_by_reference(tx: Connection, keys: EncryptionKeys, message: DecisionMessage) -> CaseMatch | ProcessingResult:
    """The case of the decision that this message answers, if the numbers agree."""
    waits = (wait_key("decision", message.refers_to),)
    kind = _ANSWERS.get(message.kind, message.kind)
    case_ids = {arrival.case_id for arrival in inbox.settled_versions(tx, message.refers_to or "", kind)}
    if len(case_ids) != 1:
        return parked(Reason.UNKNOWN_REFERENCE, waits)
    case_id = next(iter(case_ids))
    if case_id is None or not _has_own_number(tx, case_id, message):
        return parked(Reason.NUMBER_CONTRADICTS, waits)
    return _match_in_case(tx, keys, message, case_id, check=False)


_ANSWERS = {Kind.PERSON_INVESTIGATION_RETURNED: Kind.PERSON_INVESTIGATION_ORDERED}


def _has_own_number(tx: Connection, case_id: UUID, message: DecisionMessage) -> bool:
    numbers = {number for kind, number in journal.numbers_of(tx, case_id) if kind is NumberKind.POLICE}
    return bool(numbers & set(message.police_case_numbers))


def _doubts(tx: Connection, message: DecisionMessage, match: PersonMatch) -> tuple[Resembling, ...]:
    """The people that the message contradicts, or agrees with beside others, and whom sender and office may see.

    Someone who has a case at another konfliktråd is not shown to that of the message: the case is opened, and the
    question of identity is raised.
    """
    office = office_of(tx, message)
    shown = [person for person in match.resembling if person.seen and (not office or {office} >= {*person.offices})]
    agreeing = tuple(person for person in shown if person.how is Likeness.SAME)
    return agreeing or tuple(person for person in shown if person.how is Likeness.CONTRADICTS)


def office_of(tx: Connection, message: DecisionMessage) -> str | None:
    """The konfliktråd that a message about an unknown case names, or whose municipality it names."""
    opening = message.opening
    if opening is None:
        return None
    serving = reference.konfliktrad_of(tx, opening.municipality) if opening.municipality else None
    named = opening.konfliktrad if opening.konfliktrad in reference.konfliktrad_codes(tx) else None
    return named or serving


def _match_by_number(
    tx: Connection,
    keys: EncryptionKeys,
    message: DecisionMessage,
    match: PersonMatch,
    doubts: Sequence[Resembling],
) -> CaseMatch | ProcessingResult | None:
    """The case of this person on one of these police case numbers; None without one.

    A result where a case that the sender handles is about another person.
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
        if isinstance(chosen, ProcessingResult):
            return chosen
        return CaseMatch(chosen.case_id, chosen.person_id, own=_has_own_number(tx, chosen.case_id, message))
    near = [(candidate, person) for candidate, person in compared if person in doubts]
    if not near:
        return None
    parts = near[0][1].contradictions
    return _undecided(Reason.PERSON_CONTRADICTS, message, keys, [candidate for candidate, _ in near], parts)


def _match_by_person(
    tx: Connection,
    keys: EncryptionKeys,
    message: DecisionMessage,
    match: PersonMatch,
    doubts: Sequence[Resembling],
) -> CaseMatch | ProcessingResult:
    """The match of a message without a case on its numbers.

    If somebody contradicts whom sender and office may see, a message that opens a case, or is matched by person, is
    parked: it is a question to a person.

    A new charge is matched with the person's own open case. A decision on a new offence is matched with the case in
    which its charge was recorded. Without a charge it becomes an observation of the person if they have no open case;
    otherwise it may be about that case, and the case counts as not known.
    """
    person_id = match.known
    if person_id is None and doubts and (message.opening is not None or message.kind in ABOUT_A_NEW_OFFENCE):
        near = [candidate for person in doubts for candidate in inbox.cases_of(tx, person.person_id)]
        why = Reason.AMBIGUOUS_CASE if doubts[0].how is Likeness.SAME else Reason.PERSON_CONTRADICTS
        return _undecided(why, message, keys, near, doubts[0].contradictions)
    if person_id is None or message.kind not in ABOUT_A_NEW_OFFENCE:
        return CaseMatch(hidden=_hidden_concerns(message, match))
    cases = [candidate for candidate in inbox.cases_of(tx, person_id) if not candidate.closed]
    if message.kind is Kind.NEW_CHARGE:
        open_case = _single_case(message, keys, cases) if cases else None
        if isinstance(open_case, ProcessingResult):
            return open_case
        return CaseMatch(open_case.case_id if open_case else None, person_id, own=False)
    charge = next(related_messages(tx, keys, message, person_id, Kind.NEW_CHARGE), None)
    if charge is not None:
        return CaseMatch(charge[0].case_id, person_id, own=False)
    return CaseMatch() if cases or message.opening else CaseMatch(None, person_id, own=False)


def _hidden_concerns(message: DecisionMessage, match: PersonMatch) -> tuple[Concern, ...]:
    """The offices of a person whom the message may be about and whom the sender may not see, with the reason.

    With several such people no office is informed, and the secretariat settles who it is. The protection level is the
    strictest of these people and of the message.
    """
    by_person = message.kind in ABOUT_A_NEW_OFFENCE
    hidden = [person for person in match.hidden if person.how is not Likeness.RESEMBLES]
    near = [person for person in hidden if by_person or person.how is Likeness.CONTRADICTS]
    if message.person is None or not near:
        return ()
    level = strictest(message.person.protection, *(person.protection for person in hidden))
    reason = _HIDDEN_REASONS[min((person.how for person in near), key=list(Likeness).index)]
    offices = hidden[0].offices if len(hidden) == 1 else (SECRETARIAT,)
    return tuple(Concern(office, level, reason) for office in offices)


_HIDDEN_REASONS = {Likeness.SAME: Reason.IDENTITY_UNCONFIRMED, Likeness.CONTRADICTS: Reason.PERSON_CONTRADICTS}


ABOUT_A_NEW_OFFENCE = frozenset(
    {Kind.NEW_CHARGE, Kind.NEW_OFFENCE_DECIDED, Kind.DROPPED, Kind.ACQUITTED, Kind.OTHER_OUTCOME}
)
"""Kinds that may be about another act than the one the sanction is for."""


def related_messages(
    tx: Connection, keys: EncryptionKeys, message: DecisionMessage, person_id: UUID, *kinds: Kind
) -> Iterator[tuple[InboundMessage, DecisionMessage]]:
    """The messages of other decisions of these kinds about this person on one of these numbers, oldest first."""
    for arrival in inbox.messages_of_person(tx, person_id, *kinds):
        raw = inbox.content(tx, keys, arrival.message_id) if arrival.decision_id != message.decision_id else None
        other = read(raw) if raw else None
        if other and set(message.police_case_numbers) & set(other.police_case_numbers):
            yield arrival, other


def _case_numbers(message: DecisionMessage) -> tuple[str, ...]:
    concerned = message.terms.concerns if isinstance(message.terms, ChargeTerms) else ()
    return tuple(dict.fromkeys((*message.police_case_numbers, *concerned)))


def _single_case(
    message: DecisionMessage, keys: EncryptionKeys, cases: Sequence[CaseCandidate]
) -> CaseCandidate | ProcessingResult:
    """The only case, or the only one that is open; a result when there are several."""
    open_cases = [candidate for candidate in cases if not candidate.closed]
    remaining = cases if len(cases) == 1 else open_cases
    if len(remaining) != 1:
        return _undecided(Reason.AMBIGUOUS_CASE, message, keys, cases)
    return remaining[0]


def _undecided(
    why: Reason,
    message: DecisionMessage,
    keys: EncryptionKeys,
    near: Sequence[CaseCandidate],
    contradictions: tuple[IdentityPart, ...] = (),
) -> ProcessingResult:
    """Parked until one of these cases changes or the case becomes known."""
    case_ids = tuple(candidate.case_id for candidate in near)
    waits = (*case_wait_keys(message, keys), *(wait_key("case", case_id) for case_id in case_ids))
    return parked(why, waits, near=case_ids, contradictions=contradictions)
