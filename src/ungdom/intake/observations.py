"""Observations: what a message says of a person outside their cases, stored for recidivism only.

A decision is one observation, and each of its versions is a version of it: a higher one corrects it, and one that
becomes part of a case withdraws it. An observation holds days, its kind and whether it is a simplified fine.
"""

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from ungdom.intake import matching
from ungdom.intake.models import MessageContext, ProcessingResult
from ungdom.message import ChargeTerms, DecisionMessage, Kind, NewOffenceTerms, OtherOutcomeTerms
from ungdom.store import observations
from ungdom.store.inbox import SETTLED
from ungdom.store.observations import Observation
from ungdom.store.session import Connection
from ungdom.workflow import payloads as d
from ungdom.workflow.vocabulary import ObservationKind

_KINDS: dict[Kind, ObservationKind] = {
    Kind.NEW_CHARGE: ObservationKind.CHARGE,
    Kind.NEW_OFFENCE_DECIDED: ObservationKind.FINAL_DECISION,
    Kind.OTHER_OUTCOME: ObservationKind.FINAL_DECISION,
    Kind.DROPPED: ObservationKind.DROPPED,
    Kind.ACQUITTED: ObservationKind.ACQUITTED,
}
_WITHOUT_GUILT = {
    d.OtherOutcome.DROPPED: ObservationKind.DROPPED,
    d.OtherOutcome.ACQUITTED: ObservationKind.ACQUITTED,
}


def record_observation(tx: Connection, context: MessageContext, result: ProcessingResult) -> None:
    """Write the observation of an applied version if it differs from the last; withdraw one that no longer holds."""
    if result.outcome not in SETTLED:
        return
    arrival = context.arrival
    before = observations.latest(tx, observations.id_of(arrival.source, arrival.decision_id))
    if result.observed and result.person_id is not None:
        new = _observation(tx, context, result.person_id)
        if before is None or _content(before) != _content(new):
            observations.add(tx, replace(new, n=before.n + 1 if before else 1))
    elif before is not None and not before.withdrawn:
        now = context.intake.now
        withdrawn = replace(before, n=before.n + 1, recorded_at=now, withdrawn=True, message_id=arrival.message_id)
        observations.add(tx, withdrawn)


def _content(observation: Observation) -> Observation:
    """The observation without number, instant and message, for comparison."""
    return replace(observation, n=0, recorded_at=datetime.min, message_id=None)  # noqa: DTZ901  # compared, never kept


def _observation(tx: Connection, context: MessageContext, person_id: UUID) -> Observation:
    arrival, message = context.arrival, context.message
    own = observations.id_of(arrival.source, arrival.decision_id)
    beside = list(matching.related_messages(tx, context.intake.keys, message, person_id, *_KINDS))
    first = next((observations.id_of(other.source, other.decision_id) for other, _ in beside), own)
    known = observations.latest(tx, first)
    offence_days = (_offence_day(related) for _, related in reversed(beside))
    terms, kind = message.terms, _KINDS[message.kind]
    if isinstance(terms, OtherOutcomeTerms):
        kind = _WITHOUT_GUILT.get(terms.outcome, kind)
    return Observation(
        observation_id=own,
        n=1,
        person_id=person_id,
        kind=kind,
        occurred_on=terms.decided_on if isinstance(terms, NewOffenceTerms) else message.occurred_on,
        recorded_at=context.intake.now,
        source=arrival.source,
        subject=arrival.source,
        offence_on=_offence_day(message) or next((day for day in offence_days if day is not None), None),
        matter_id=known.matter_id if known is not None else first,
        simplified_fine=getattr(terms, "simplified_fine", False),
        message_id=arrival.message_id,
    )


def _offence_day(message: DecisionMessage) -> date | None:
    terms = message.terms
    return terms.offence_on if isinstance(terms, ChargeTerms | NewOffenceTerms | OtherOutcomeTerms) else None
