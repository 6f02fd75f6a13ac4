"""What a message tells of a person beside their cases: a new charge, what became of it. Kept for recidivism only.

Each version of a decision is one telling of one observation: a higher version corrects it, and one that becomes a part
of a case takes it back. Of the message it holds days, a word and whether it is a simplified fine.
"""

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from ungdom.intake import matching
from ungdom.intake.models import ProcessingResult
from ungdom.message import ChargeTerms, DecisionMessage, Kind, NewOffenceTerms, OtherOutcomeTerms
from ungdom.store import observations
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.inbox import SETTLED, InboundMessage
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


def record_observation(
    tx: Connection,
    keys: EncryptionKeys,
    now: datetime,
    arrival: InboundMessage,
    message: DecisionMessage,
    result: ProcessingResult,
) -> None:
    """Write what this version says of the person, if it says anything new; nothing unless it counts."""
    if result.outcome not in SETTLED:
        return
    before = observations.latest(tx, observations.id_of(arrival.source, arrival.decision_id))
    if result.observed and result.person_id is not None:
        new = _observation(tx, keys, now, arrival, message, result.person_id)
        if before is None or _content(before) != _content(new):
            observations.add(tx, replace(new, n=before.n + 1 if before else 1))
    elif before is not None and not before.withdrawn:
        withdrawal = replace(before, n=before.n + 1, recorded_at=now, withdrawn=True, message_id=arrival.message_id)
        observations.add(tx, withdrawal)


def _content(observation: Observation) -> Observation:
    """What it says, whenever and by whichever version."""
    return replace(observation, n=0, recorded_at=datetime.min, message_id=None)  # noqa: DTZ901  # compared, never kept


def _observation(
    tx: Connection,
    keys: EncryptionKeys,
    now: datetime,
    arrival: InboundMessage,
    message: DecisionMessage,
    person_id: UUID,
) -> Observation:
    own = observations.id_of(arrival.source, arrival.decision_id)
    beside = list(matching.related_messages(tx, keys, message, person_id, *_KINDS))
    first = next((observations.id_of(other.source, other.decision_id) for other, _ in beside), own)
    known = observations.latest(tx, first)
    offence_days = (_offence_day(related) for _, related in reversed(beside))
    return Observation(
        observation_id=own,
        n=1,
        person_id=person_id,
        kind=_kind(message),
        occurred_on=_decision_day(message),
        recorded_at=now,
        source=arrival.source,
        subject=arrival.source,
        offence_on=_offence_day(message) or next((day for day in offence_days if day is not None), None),
        matter_id=known.matter_id if known is not None else first,
        simplified_fine=getattr(message.terms, "simplified_fine", False),
        message_id=arrival.message_id,
    )


def _kind(message: DecisionMessage) -> ObservationKind:
    outcome = message.terms.outcome if isinstance(message.terms, OtherOutcomeTerms) else None
    return _WITHOUT_GUILT.get(outcome, _KINDS[message.kind]) if outcome else _KINDS[message.kind]


def _decision_day(message: DecisionMessage) -> date:
    """The day of the decision itself, where the message tells of another day too."""
    return message.terms.decided_on if isinstance(message.terms, NewOffenceTerms) else message.occurred_on


def _offence_day(message: DecisionMessage) -> date | None:
    terms = message.terms
    return terms.offence_on if isinstance(terms, ChargeTerms | NewOffenceTerms | OtherOutcomeTerms) else None
