"""Which case a message is about: the person and the police case number together, never the number alone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from ungdom.intake import identity
from ungdom.intake.identity import Likeness, Match
from ungdom.intake.words import Held, Reason, thing
from ungdom.message import ChargeTerms, Kind, Message, read
from ungdom.message.national_id import normal
from ungdom.store import inbox, journal
from ungdom.store.concerns import SECRETARIAT, Concern, handled_by
from ungdom.store.inbox import Arrival, Candidate
from ungdom.store.sealing import Keys
from ungdom.store.session import Connection
from ungdom.store.tables import NumberKind
from ungdom.workflow.vocabulary import strictest


@dataclass(frozen=True, slots=True)
class Found:
    """What a message is about. No case and no person: the case is not known. `own`: the number is the case's own.

    `hidden`: it may be about somebody of whom the sender may learn nothing; the office is told, the sender is not.
    `match`: how its person compares with those stored, where they were compared.
    """

    case_id: UUID | None = None
    person_id: UUID | None = None
    own: bool = True
    hidden: tuple[Concern, ...] = ()
    match: Match | None = None


def find(
    tx: Connection,
    keys: Keys,
    source: str,
    message: Message,
    applied: Sequence[Arrival],
    named: UUID | None,
) -> Found:
    """The case this message is about. `applied`: the versions that count; `named`: a case that a person pointed out.

    `source`: the system that sends it. Raises `Held` when it cannot be told, or when what is told contradicts itself.
    """
    before = next((arrival for arrival in reversed(applied) if arrival.case_id is not None), None)
    if named is not None:
        return _in(tx, keys, message, named, check=False)
    if before is not None and before.case_id is not None:
        return _in(tx, keys, message, before.case_id, check=not _told_before(tx, keys, message, before))
    if message.refers_to is not None and message.person is None:
        return _referred(tx, keys, message)
    if message.person is None:
        raise Held(Reason.PERSON_MISSING)
    match = identity.match_person(tx, keys, message.person, _numbers(message), handled_by(source))
    return replace(_by_number(tx, keys, message, match) or _by_person(tx, keys, message, match), match=match)


def _told_before(tx: Connection, keys: Keys, message: Message, before: Arrival) -> bool:
    """The version that counts told of the person in the same words, and somebody has taken that for this case."""
    raw = inbox.content(tx, keys, before.message_id)
    return raw is not None and read(raw).person == message.person


def _in(tx: Connection, keys: Keys, message: Message, case_id: UUID, check: bool) -> Found:
    """This case, if the person of the message is the one it is about."""
    stored = journal.load(tx, case_id)
    if stored is None:
        raise Held(Reason.UNKNOWN_CASE, waits_for_a_case(message, keys))
    given = message.person if check else None
    if given and identity.compare(tx, keys, given, stored.person_id) is not Likeness.SAME:
        raise Held(
            Reason.PERSON_CONTRADICTS, (*waits_for_a_case(message, keys), thing("case", case_id)), near=(case_id,)
        )
    return Found(case_id, stored.person_id, own=_own(tx, case_id, message))


def _referred(tx: Connection, keys: Keys, message: Message) -> Found:
    """The case of the decision that this message answers, if the numbers agree."""
    kind = _ANSWERS.get(message.kind, message.kind)
    found = {one.case_id for one in inbox.named(tx, message.refers_to or "", kind)}
    if len(found) != 1:
        raise Held(Reason.UNKNOWN_REFERENCE, (thing("decision", message.refers_to),))
    case_id = next(iter(found))
    if case_id is None or not _own(tx, case_id, message):
        raise Held(Reason.NUMBER_CONTRADICTS, (thing("decision", message.refers_to),))
    return _in(tx, keys, message, case_id, check=False)


_ANSWERS = {Kind.PERSON_INVESTIGATION_RETURNED: Kind.PERSON_INVESTIGATION_ORDERED}


def _own(tx: Connection, case_id: UUID, message: Message) -> bool:
    numbers = {number for kind, number in journal.numbers_of(tx, case_id) if kind is NumberKind.POLICE}
    return bool(numbers & set(message.police_case_numbers))


def _by_number(tx: Connection, keys: Keys, message: Message, match: Match) -> Found | None:
    """The case on one of these police case numbers that is about this person.

    Raises `Held` where the person is another than the one of a case that the sender handles.
    """
    how = {one.person_id: one for one in match.resembling}
    looked = [(one, how[one.person_id]) for one in inbox.cases_on(tx, _numbers(message)) if one.person_id in how]
    same = [one for one, person in looked if person.how is Likeness.SAME]
    if same:
        chosen = _only(message, keys, same)
        return Found(chosen.case_id, chosen.person_id, own=_own(tx, chosen.case_id, message))
    near = [one for one, person in looked if person.seen]
    if near:
        raise _between(Reason.PERSON_CONTRADICTS, message, keys, near)
    return None


def _by_person(tx: Connection, keys: Keys, message: Message, match: Match) -> Found:
    """Nothing on these numbers. What concerns a new offence is matched with the person's own open case.

    What decides one is matched with the case in which its charge was recorded. Of somebody without an open case it is
    observed; while they have one it may be about that, and is told to the konfliktråd as a case that is not known.
    """
    person_id = match.known
    if person_id is None or message.kind not in ABOUT_A_NEW_OFFENCE:
        return Found(hidden=_hidden(message, match))
    cases = [one for one in inbox.cases_of(tx, person_id) if not one.closed]
    if message.kind is Kind.NEW_CHARGE:
        return Found(_only(message, keys, cases).case_id if cases else None, person_id, own=False)
    charged = _charged_before(tx, keys, message, person_id)
    if charged is not None:
        return charged
    return Found() if cases or message.opening else Found(None, person_id, own=False)


def _hidden(message: Message, match: Match) -> tuple[Concern, ...]:
    """The offices of the person it may be about and of whom the sender may learn nothing, with the reason.

    Where it may be about several people no office is told, whichever of them has a case there: the secretariat settles
    who it is. The address is taken to be kept as closely as the strictest of them all, and of the message.
    """
    by_person = message.kind in ABOUT_A_NEW_OFFENCE
    near = [person for person in match.hidden if by_person or person.how is Likeness.CONTRADICTS]
    if message.person is None or not near:
        return ()
    level = strictest(message.person.protection, *(person.protection for person in match.hidden))
    reason = _UNTOLD[min((person.how for person in near), key=list(Likeness).index)]
    offices = match.hidden[0].offices if len(match.hidden) == 1 else (SECRETARIAT,)
    return tuple(Concern(office, level, reason) for office in offices)


_UNTOLD = {Likeness.SAME: Reason.IDENTITY_UNCONFIRMED, Likeness.CONTRADICTS: Reason.PERSON_CONTRADICTS}


ABOUT_A_NEW_OFFENCE = frozenset(
    {Kind.NEW_CHARGE, Kind.NEW_OFFENCE_DECIDED, Kind.DROPPED, Kind.ACQUITTED, Kind.OTHER_OUTCOME}
)
"""Kinds that may be about another act than the one the sanction is for."""


def _charged_before(tx: Connection, keys: Keys, message: Message, person_id: UUID) -> Found | None:
    """The case in which the charge was recorded that this message now decides, if there was a charge."""
    told = told_beside(tx, keys, message, person_id, Kind.NEW_CHARGE)
    charge = next((one for one, _ in told), None)
    return Found(charge.case_id, person_id, own=False) if charge else None


def told_beside(
    tx: Connection, keys: Keys, message: Message, person_id: UUID, *kinds: Kind
) -> Iterator[tuple[Arrival, Message]]:
    """What other decisions of these kinds have told of this person on one of these numbers, the first one first."""
    for one in inbox.of_person(tx, person_id, *kinds):
        raw = inbox.content(tx, keys, one.message_id) if one.decision_id != message.decision_id else None
        said = read(raw) if raw else None
        if said and set(message.police_case_numbers) & set(said.police_case_numbers):
            yield one, said


def _concerns(message: Message) -> Iterable[str]:
    return message.terms.concerns if isinstance(message.terms, ChargeTerms) else ()


def _numbers(message: Message) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*message.police_case_numbers, *_concerns(message))))


def _only(message: Message, keys: Keys, cases: Sequence[Candidate]) -> Candidate:
    """The one case there is, or the one that is open. Raises `Held` when there are several."""
    open_ones = [one for one in cases if not one.closed]
    left = cases if len(cases) == 1 else open_ones
    if len(left) != 1:
        raise _between(Reason.AMBIGUOUS_CASE, message, keys, cases)
    return left[0]


def _between(why: Reason, message: Message, keys: Keys, near: Sequence[Candidate]) -> Held:
    """Held, until one of these cases changes or a better one is known."""
    cases = tuple(one.case_id for one in near)
    return Held(why, (*waits_for_a_case(message, keys), *(thing("case", one) for one in cases)), near=cases)


def waits_for_a_case(message: Message, keys: Keys) -> tuple[str, ...]:
    """What would make the case known: a case on one of the numbers, or one for this person."""
    numbers = [thing("number", number) for number in message.police_case_numbers]
    who = message.person.national_id if message.person else None
    return (*numbers, *([thing("person", keys.digest(normal(who)).hex())] if who else []))


def people_waited_for(keys: Keys, national_id: str | None) -> list[str]:
    """By what a message may wait for this person, under every key."""
    return [thing("person", one.hex()) for one in keys.digests(normal(national_id))] if national_id else []
