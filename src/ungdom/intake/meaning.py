"""What a message means for the case: the events it stands for, in order. One home for what each kind becomes."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import cast

from ungdom.casework import Entry
from ungdom.message import (
    ChargeTerms,
    Consent,
    DispatchTerms,
    Kind,
    Message,
    NewOffenceTerms,
    Opening,
    OtherOutcomeTerms,
    PetitionOutcome,
    TransferTerms,
)
from ungdom.message.terms import PetitionOutcomeTerms
from ungdom.workflow import details as d
from ungdom.workflow.case import Case
from ungdom.workflow.vocabulary import Actor, EventType, State

E, K = EventType, Kind
NOTHING = d.Details()


@dataclass(frozen=True, slots=True)
class Wanted:
    """One step. `once`: not again where the case has one, whatever its day. `own`: the sender's own act to tell of.

    `told`: the sender tells its day; a day that is our own is not corrected by the sender.
    """

    entry: Entry
    once: bool = False
    own: bool = True
    told: bool = True


AS_IT_IS: dict[Kind, EventType] = {
    K.INDICTED: E.INDICTED,
    K.HEARING_SCHEDULED: E.HEARING_SCHEDULED,
    K.HEARING_STARTED: E.HEARING_STARTED,
    K.FOLLOW_UP_BY_JUDGMENT: E.FOLLOW_UP_BY_JUDGMENT,
    K.JUDGMENT_SERVED: E.JUDGMENT_SERVED,
    K.APPEALED: E.APPEALED,
    K.APPEAL_REFERRED: E.APPEAL_REFERRED,
    K.APPEAL_DECIDED: E.APPEAL_DECIDED,
    K.INTERIM_CONDITIONS_STARTED: E.INTERIM_CONDITIONS_STARTED,
    K.PETITION_SENT: E.PETITION_SENT,
    K.ELECTRONIC_CONTROL_ENDED: E.ELECTRONIC_CONTROL_ENDED,
    K.PROSECUTION_RESUMED: E.PROSECUTION_RESUMED,
    K.PROSECUTION_NOT_RESUMED: E.PROSECUTION_NOT_RESUMED,
    K.DECISION_SET_ASIDE: E.DECISION_SET_ASIDE,
    K.PERSON_INVESTIGATION_ORDERED: E.PUM_ORDERED,
    K.PERSON_INVESTIGATION_RETURNED: E.PUM_RETURNED,
}
"""The kinds that are one event with the same details."""


def wanted(message: Message, case: Case | None, received_on: date) -> tuple[Wanted, ...]:
    """The steps this message stands for. `case`: as it stands; `received_on`: the Oslo day the message arrived."""
    plain = AS_IT_IS.get(message.kind)
    if plain is not None:
        return (Wanted(Entry(plain, message.occurred_on, message.terms)),)
    return _MADE[message.kind](message, case, received_on)


def opened_by(opening: Opening, kind: Kind) -> tuple[Wanted, ...]:
    """The steps between registration and the message itself, as far as the sender told their days."""
    told = (
        (opening.suspect_on, E.SUSPECT_SET, NOTHING),
        (opening.investigation_closed_on, E.INVESTIGATION_CLOSED, NOTHING),
        (opening.indicted_on if kind is not K.INDICTED else None, E.INDICTED, _court(opening)),
    )
    return tuple(Wanted(Entry(event, day, said), own=False) for day, event, said in told if day is not None)


def same(event_details: d.Details, said: d.Details) -> bool:
    """Whether two tellings of one event say the same. What the message leaves at its default it does not contradict."""
    if type(event_details) is not type(said):
        return False
    compared = (f for f in fields(said) if f.name not in IMPLIED)
    told = [(getattr(said, f.name), getattr(event_details, f.name), f.default) for f in compared]
    return all(new in (old, default) for new, old, default in told)


def merged(recorded: d.Details, was: d.Details, will: d.Details) -> d.Details:
    """The details as recorded, with what the sender changed from one version to the next."""
    changed = {f.name: getattr(will, f.name) for f in fields(will) if getattr(was, f.name) != getattr(will, f.name)}
    return replace(recorded, **changed)


IMPLIED = frozenset({"suitable_reaction", "lives_in_norway", "set_by_prosecution"})
"""What follows from a message itself: another telling may leave it out and still say the same."""


def _court(opening: Opening) -> d.Details:
    return d.Indicted(court_received_on=opening.court_received_on) if opening.court_received_on else NOTHING


def _transferred(message: Message, case: Case | None, _day: date) -> tuple[Wanted, ...]:
    terms: TransferTerms = message.terms
    given = [Wanted(_consent(one), own=False) for one in _not_known(case, terms.consents)]
    plain = d.TransferredToFollowUp(length=terms.length, guilt_proven=terms.guilt_proven, notified_on=terms.notified_on)
    return (*given, Wanted(Entry(E.TRANSFERRED_TO_FOLLOW_UP, message.occurred_on, plain)))


def _consent(told: Consent) -> Entry:
    said = {f.name: getattr(told, f.name) for f in fields(d.ConsentGiven)}
    return Entry(E.CONSENT_GIVEN, told.on, d.ConsentGiven(**said))


def _not_known(case: Case | None, told: Sequence[Consent]) -> Iterator[Consent]:
    """The consents that are not recorded yet, from whichever source. Two guardians without a reference are two."""
    known = Counter(_giver(event.details) for event in case.all(E.CONSENT_GIVEN)) if case else Counter()
    for one in told:
        known[_giver(one)] -= 1
        if known[_giver(one)] < 0:
            yield one


def _giver(said: d.Details) -> tuple[d.By, str | None] | None:
    return (said.by, said.guardian) if isinstance(said, d.ConsentGiven) else None


def _judged(message: Message, _case: Case | None, _day: date) -> tuple[Wanted, ...]:
    """A court that gave the sanction found it suitable, and that the youth lives in Norway. strl § 52 a."""
    terms: d.JudgmentGiven = message.terms
    found = replace(
        terms,
        suitable_reaction=True if terms.suitable_reaction is None else terms.suitable_reaction,
        lives_in_norway=True if terms.lives_in_norway is None else terms.lives_in_norway,
    )
    return (Wanted(Entry(E.JUDGMENT_GIVEN, message.occurred_on, found)),)


def _final(message: Message, _case: Case | None, _day: date) -> tuple[Wanted, ...]:
    """The prosecution sets the date of finality, also where the computed one is another. strpl § 50."""
    said: d.BecameFinal = replace(message.terms, set_by_prosecution=True)
    return (Wanted(Entry(E.BECAME_FINAL, message.occurred_on, said)),)


def _dispatched(message: Message, case: Case | None, received_on: date) -> tuple[Wanted, ...]:
    terms: DispatchTerms = message.terms
    sent = Wanted(Entry(E.DISPATCHED, message.occurred_on, NOTHING), once=terms.delivered)
    if not terms.delivered:
        return (sent,)
    needless = case is not None and case.has(E.RECEIVED) and not case.has(E.DISPATCHED)
    day = max(received_on, message.occurred_on)  # told of beforehand: it comes on the day it is sent
    came = Wanted(Entry(E.RECEIVED, day, d.Received()), once=True, own=False, told=False)
    return (came,) if needless else (sent, came)


def _petition_decided(message: Message, _case: Case | None, _day: date) -> tuple[Wanted, ...]:
    event, said = _PETITIONS[message.terms.outcome](message.terms)
    return (Wanted(Entry(event, message.occurred_on, said)),)


def _controlled(terms: PetitionOutcomeTerms) -> tuple[EventType, d.Details]:
    return E.ELECTRONIC_CONTROL_ORDERED, d.ElectronicControlOrdered(until=cast(date, terms.until))


def _converted(terms: PetitionOutcomeTerms) -> tuple[EventType, d.Details]:
    said = d.ConversionFinal(
        to=cast(d.ConversionTo, terms.to),
        extent=cast(d.Extent, terms.extent),
        judged_on=terms.judged_on,
        rest_continues=terms.rest_continues,
    )
    return E.CONVERSION_FINAL, said


_PETITIONS: dict[PetitionOutcome, Callable[[PetitionOutcomeTerms], tuple[EventType, d.Details]]] = {
    PetitionOutcome.DECLINED: lambda _terms: (E.PETITION_DECLINED, NOTHING),
    PetitionOutcome.REJECTED: lambda _terms: (E.PETITION_REJECTED, NOTHING),
    PetitionOutcome.ELECTRONIC_CONTROL: _controlled,
    PetitionOutcome.CONVERTED: _converted,
}


def _charged(message: Message, case: Case | None, _day: date) -> tuple[Wanted, ...]:
    """A charge of the case's own acts is a fact of the investigation; any other is a new offence."""
    terms: ChargeTerms = message.terms
    if case is None or case.state in _UNDECIDED:
        return (Wanted(Entry(E.CHARGED, message.occurred_on, NOTHING)),)
    new = d.NewOffenceRecorded(offence_on=terms.offence_on, charged_on=message.occurred_on)
    return (Wanted(Entry(E.NEW_OFFENCE_RECORDED, message.occurred_on, new)),)


_UNDECIDED = frozenset(
    {State.REGISTERED, State.INVESTIGATION, State.ASSESSMENT, State.AWAITING_DECISION, State.IN_COURT}
)


def _new_decision(message: Message, _case: Case | None, _day: date) -> tuple[Wanted, ...]:
    """A case that is open is closed by it. What only figures need of it does not become part of the case."""
    terms: NewOffenceTerms = message.terms
    closed = d.ClosedAfterNewOffence(decision=terms.decision, decided_on=terms.decided_on, offence_on=terms.offence_on)
    return (Wanted(Entry(E.CLOSED_AFTER_NEW_OFFENCE, message.occurred_on, closed)),)


def _became(message: Message, case: Case | None, day: date) -> tuple[Wanted, ...]:
    terms: OtherOutcomeTerms = message.terms
    return _ended(terms.outcome)(message, case, day)


def _ended(outcome: d.OtherOutcome) -> Callable[[Message, Case | None, date], tuple[Wanted, ...]]:
    def made(message: Message, _case: Case | None, _day: date) -> tuple[Wanted, ...]:
        return (Wanted(Entry(E.OTHER_OUTCOME, message.occurred_on, d.OtherOutcomeReached(outcome=outcome))),)

    return made


_MADE: dict[Kind, Callable[[Message, Case | None, date], tuple[Wanted, ...]]] = {
    K.TRANSFERRED_TO_FOLLOW_UP: _transferred,
    K.JUDGMENT_GIVEN: _judged,
    K.BECAME_FINAL: _final,
    K.DISPATCHED: _dispatched,
    K.PETITION_DECIDED: _petition_decided,
    K.NEW_CHARGE: _charged,
    K.NEW_OFFENCE_DECIDED: _new_decision,
    K.OTHER_OUTCOME: _became,
    K.DROPPED: _ended(d.OtherOutcome.DROPPED),
    K.ACQUITTED: _ended(d.OtherOutcome.ACQUITTED),
}
"""The kinds that become something of their own making."""


TELLS_FOR: dict[Actor, frozenset[Actor]] = {
    Actor.POLICE: frozenset({Actor.POLICE}),
    Actor.PROSECUTION: frozenset({Actor.PROSECUTION, Actor.PARTY}),
    Actor.COURT: frozenset({Actor.COURT, Actor.PARTY}),
    Actor.CORRECTIONAL_SERVICE: frozenset({Actor.CORRECTIONAL_SERVICE}),
}
"""Whose acts the system of each authority may tell of: an appeal is lodged with the court or the prosecution."""


def speaks_for(authorities: frozenset[Actor]) -> frozenset[Actor]:
    """Whose acts a system of these authorities may tell of."""
    return frozenset().union(*(TELLS_FOR.get(one, frozenset()) for one in authorities))
