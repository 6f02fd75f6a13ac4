"""The steps that a message stands for: which events each kind of message becomes, and who may report them."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import cast

from ungdom.cases import EventEntry
from ungdom.message import (
    ChargeTerms,
    Consent,
    DecisionMessage,
    DispatchTerms,
    Kind,
    NewOffenceTerms,
    Opening,
    PetitionOutcome,
    TransferTerms,
)
from ungdom.message.terms import PetitionOutcomeTerms
from ungdom.workflow import engine
from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.vocabulary import Actor, EventType, Sanction, State

E, K = EventType, Kind
NO_DETAILS = d.Details()


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One event to record. `once`: not recorded again if the case has one, on whatever day.

    `day_from_sender`: the day is the sender's, so a later version of the message may correct it.
    """

    entry: EventEntry
    once: bool = False
    day_from_sender: bool = True


SAME_DETAILS: dict[Kind, EventType] = {
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

_REPORTED: dict[Kind, EventType] = SAME_DETAILS | {
    K.TRANSFERRED_TO_FOLLOW_UP: E.TRANSFERRED_TO_FOLLOW_UP,
    K.JUDGMENT_GIVEN: E.JUDGMENT_GIVEN,
    K.BECAME_FINAL: E.BECAME_FINAL,
    K.DISPATCHED: E.DISPATCHED,
    K.NEW_CHARGE: E.CHARGED,
    K.NEW_OFFENCE_DECIDED: E.CLOSED_AFTER_NEW_OFFENCE,
    K.OTHER_OUTCOME: E.OTHER_OUTCOME,
    K.DROPPED: E.OTHER_OUTCOME,
    K.ACQUITTED: E.OTHER_OUTCOME,
}
_PETITION_EVENTS: dict[PetitionOutcome, EventType] = {
    PetitionOutcome.DECLINED: E.PETITION_DECLINED,
    PetitionOutcome.REJECTED: E.PETITION_REJECTED,
    PetitionOutcome.ELECTRONIC_CONTROL: E.ELECTRONIC_CONTROL_ORDERED,
    PetitionOutcome.CONVERTED: E.CONVERSION_FINAL,
}


def may_report(authorities: frozenset[Actor], message: DecisionMessage) -> bool:
    """Whether a system of these authorities may send this message: it reports an act of one of them.

    Which authority acts depends on the event only: where an event exists for both sanctions, so do its actors. The
    answer is therefore the same for every case, and is known before the case is.
    """
    reported = (
        _PETITION_EVENTS[message.terms.outcome] if message.kind is K.PETITION_DECIDED else _REPORTED[message.kind]
    )
    actors = {actor for sanction in Sanction for actor in engine.actors_of(sanction, reported)}
    return not actors or bool(actors & reportable_actors(authorities))


def steps_for(message: DecisionMessage, case: Case, received_on: date) -> tuple[PlannedStep, ...]:
    """The steps of this message. `case`: as it stands; `received_on`: the day in Oslo on which the message arrived."""
    event_type = SAME_DETAILS.get(message.kind)
    if event_type is not None:
        return _single_step(message, event_type, message.terms)
    return _STEPS_BY_KIND[message.kind](message, case, received_on)


def _single_step(message: DecisionMessage, event: EventType, details: d.Details) -> tuple[PlannedStep, ...]:
    return (PlannedStep(EventEntry(event, message.occurred_on, details)),)


def steps_before(opening: Opening, kind: Kind) -> tuple[PlannedStep, ...]:
    """The steps between registration and the message itself whose days the sender gave."""
    indicted = d.Indicted(court_received_on=opening.court_received_on) if opening.court_received_on else NO_DETAILS
    dated = (
        (opening.suspect_on, E.SUSPECT_SET, NO_DETAILS),
        (opening.investigation_closed_on, E.INVESTIGATION_CLOSED, NO_DETAILS),
        (opening.indicted_on if kind is not K.INDICTED else None, E.INDICTED, indicted),
    )
    return tuple(PlannedStep(EventEntry(event, day, details)) for day, event, details in dated if day is not None)


def same_details(event_details: d.Details, sent: d.Details) -> bool:
    """Whether the details sent agree with those of the event. A field that is sent with its default agrees with any."""
    if type(event_details) is not type(sent):
        return False
    compared = (f for f in fields(sent) if f.name not in IMPLIED)
    values = [(getattr(sent, f.name), getattr(event_details, f.name), f.default) for f in compared]
    return all(new in (old, default) for new, old, default in values)


def merged_details(recorded: d.Details, was: d.Details, will: d.Details) -> d.Details:
    """The recorded details, with each field that the sender changed from version `was` to version `will`."""
    changed = {f.name: getattr(will, f.name) for f in fields(will) if getattr(was, f.name) != getattr(will, f.name)}
    return replace(recorded, **changed)


IMPLIED = frozenset({"suitable_reaction", "lives_in_norway", "set_by_prosecution"})
"""Fields that follow from the message itself: an event without them is still the same event."""


def _transfer_steps(message: DecisionMessage, case: Case, _day: date) -> tuple[PlannedStep, ...]:
    terms: TransferTerms = message.terms
    names = [f.name for f in fields(d.ConsentGiven)]
    given = [
        EventEntry(E.CONSENT_GIVEN, consent.on, d.ConsentGiven(**{name: getattr(consent, name) for name in names}))
        for consent in _unrecorded(case, terms.consents)
    ]
    plain = d.TransferredToFollowUp(length=terms.length, guilt_proven=terms.guilt_proven, notified_on=terms.notified_on)
    return (*map(PlannedStep, given), PlannedStep(EventEntry(E.TRANSFERRED_TO_FOLLOW_UP, message.occurred_on, plain)))


def _unrecorded(case: Case, consents: Sequence[Consent]) -> Iterator[Consent]:
    """The consents that no source has recorded yet. Two guardians without a reference count as two."""
    known = Counter(_giver(event.details) for event in case.all(E.CONSENT_GIVEN))
    for consent in consents:
        known[_giver(consent)] -= 1
        if known[_giver(consent)] < 0:
            yield consent


def _giver(details: d.Details) -> tuple[d.By, str | None] | None:
    return (details.by, details.guardian) if isinstance(details, d.ConsentGiven) else None


def _judgment_steps(message: DecisionMessage, _case: Case, _day: date) -> tuple[PlannedStep, ...]:
    """A court that gave the sanction found it suitable, and that the youth lives in Norway. strl § 52 a."""
    terms: d.JudgmentGiven = message.terms
    completed = replace(
        terms,
        suitable_reaction=True if terms.suitable_reaction is None else terms.suitable_reaction,
        lives_in_norway=True if terms.lives_in_norway is None else terms.lives_in_norway,
    )
    return _single_step(message, E.JUDGMENT_GIVEN, completed)


def _finality_steps(message: DecisionMessage, _case: Case, _day: date) -> tuple[PlannedStep, ...]:
    """The prosecution sets the date of finality, also where the computed one is another. strpl § 50."""
    details: d.BecameFinal = replace(message.terms, set_by_prosecution=True)
    return _single_step(message, E.BECAME_FINAL, details)


def _dispatch_steps(message: DecisionMessage, case: Case, received_on: date) -> tuple[PlannedStep, ...]:
    terms: DispatchTerms = message.terms
    sent = PlannedStep(EventEntry(E.DISPATCHED, message.occurred_on, NO_DETAILS), once=terms.delivered)
    if not terms.delivered:
        return (sent,)
    needless = case.has(E.RECEIVED) and not case.has(E.DISPATCHED)
    day = max(received_on, message.occurred_on)  # announced beforehand: received on the day it is sent
    received = PlannedStep(EventEntry(E.RECEIVED, day, d.Received()), once=True, day_from_sender=False)
    return (received,) if needless else (sent, received)


def _petition_steps(message: DecisionMessage, _case: Case, _day: date) -> tuple[PlannedStep, ...]:
    terms: PetitionOutcomeTerms = message.terms
    details = NO_DETAILS
    if terms.outcome is PetitionOutcome.ELECTRONIC_CONTROL:
        details = d.ElectronicControlOrdered(until=cast(date, terms.until))
    elif terms.outcome is PetitionOutcome.CONVERTED:
        details = d.ConversionFinal(
            to=cast(d.ConversionTo, terms.to),
            extent=cast(d.Extent, terms.extent),
            judged_on=terms.judged_on,
            rest_continues=terms.rest_continues,
        )
    return _single_step(message, _PETITION_EVENTS[terms.outcome], details)


def _charge_steps(message: DecisionMessage, case: Case, _day: date) -> tuple[PlannedStep, ...]:
    """A charge of the case's own acts is a fact of the investigation; any other is a new offence."""
    terms: ChargeTerms = message.terms
    if case.state in _UNDECIDED:
        return _single_step(message, E.CHARGED, NO_DETAILS)
    new = d.NewOffenceRecorded(offence_on=terms.offence_on, charged_on=message.occurred_on)
    return _single_step(message, E.NEW_OFFENCE_RECORDED, new)


_UNDECIDED = frozenset(
    {State.REGISTERED, State.INVESTIGATION, State.ASSESSMENT, State.AWAITING_DECISION, State.IN_COURT}
)


def _new_decision_steps(message: DecisionMessage, _case: Case, _day: date) -> tuple[PlannedStep, ...]:
    """The decision closes an open case. The event holds nothing that only statistics need."""
    terms: NewOffenceTerms = message.terms
    closed = d.ClosedAfterNewOffence(decision=terms.decision, decided_on=terms.decided_on, offence_on=terms.offence_on)
    return _single_step(message, E.CLOSED_AFTER_NEW_OFFENCE, closed)


def _outcome_steps(message: DecisionMessage, _case: Case, _day: date) -> tuple[PlannedStep, ...]:
    outcome = _OUTCOMES.get(message.kind) or message.terms.outcome
    return _single_step(message, E.OTHER_OUTCOME, d.OtherOutcomeReached(outcome=outcome))


_OUTCOMES = {K.DROPPED: d.OtherOutcome.DROPPED, K.ACQUITTED: d.OtherOutcome.ACQUITTED}

_STEPS_BY_KIND: dict[Kind, Callable[[DecisionMessage, Case, date], tuple[PlannedStep, ...]]] = {
    K.TRANSFERRED_TO_FOLLOW_UP: _transfer_steps,
    K.JUDGMENT_GIVEN: _judgment_steps,
    K.BECAME_FINAL: _finality_steps,
    K.DISPATCHED: _dispatch_steps,
    K.PETITION_DECIDED: _petition_steps,
    K.NEW_CHARGE: _charge_steps,
    K.NEW_OFFENCE_DECIDED: _new_decision_steps,
    K.OTHER_OUTCOME: _outcome_steps,
    K.DROPPED: _outcome_steps,
    K.ACQUITTED: _outcome_steps,
}
"""The kinds whose steps or details depend on the case or on the terms."""


REPORTABLE_ACTORS: dict[Actor, frozenset[Actor]] = {
    Actor.POLICE: frozenset({Actor.POLICE}),
    Actor.PROSECUTION: frozenset({Actor.PROSECUTION, Actor.PARTY}),
    Actor.COURT: frozenset({Actor.COURT, Actor.PARTY}),
    Actor.CORRECTIONAL_SERVICE: frozenset({Actor.CORRECTIONAL_SERVICE}),
}
"""Whose acts the system of each authority may report: an appeal is lodged with the court or the prosecution."""


def reportable_actors(authorities: frozenset[Actor]) -> frozenset[Actor]:
    """Whose acts a system of these authorities may report."""
    return frozenset().union(*(REPORTABLE_ACTORS.get(authority, frozenset()) for authority in authorities))
