"""What a message tells of a person beside their cases: a new charge, what became of it. Kept for recidivism only.

Each version of a decision is one telling of one observation: a higher version corrects it, and one that becomes a part
of a case takes it back. Of the message it holds days, a word and whether it is a simplified fine.
"""

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from ungdom.intake import matching
from ungdom.intake.words import Told
from ungdom.message import ChargeTerms, Kind, Message, NewOffenceTerms, OtherOutcomeTerms
from ungdom.store import observations
from ungdom.store.inbox import SETTLED, Arrival
from ungdom.store.observations import Observation
from ungdom.store.sealing import Keys
from ungdom.store.session import Connection
from ungdom.workflow import details as d
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


def keep(tx: Connection, keys: Keys, now: datetime, arrival: Arrival, message: Message, told: Told) -> None:
    """Write what this version says of the person, if it says anything new; nothing unless it counts."""
    if told.outcome not in SETTLED:
        return
    before = observations.latest(tx, observations.id_of(arrival.source, arrival.decision_id))
    if told.observed and told.person_id is not None:
        new = _observation(tx, keys, now, arrival, message, told.person_id)
        if before is None or _content(before) != _content(new):
            observations.add(tx, replace(new, n=before.n + 1 if before else 1))
    elif before is not None and not before.withdrawn:
        again = replace(before, n=before.n + 1, recorded_at=now, withdrawn=True, message_id=arrival.message_id)
        observations.add(tx, again)


def _content(one: Observation) -> Observation:
    """What it says, whenever and by whichever version."""
    return replace(one, n=0, recorded_at=datetime.min, message_id=None)  # noqa: DTZ901  # compared, never kept


def _observation(
    tx: Connection, keys: Keys, now: datetime, arrival: Arrival, message: Message, person_id: UUID
) -> Observation:
    own = observations.id_of(arrival.source, arrival.decision_id)
    beside = list(matching.told_beside(tx, keys, message, person_id, *_KINDS))
    first = next((observations.id_of(one.source, one.decision_id) for one, _ in beside), own)
    known = observations.latest(tx, first)
    told = (_offence(said) for _, said in reversed(beside))
    return Observation(
        observation_id=own,
        n=1,
        person_id=person_id,
        kind=_kind(message),
        occurred_on=_day(message),
        recorded_at=now,
        source=arrival.source,
        subject=arrival.source,
        offence_on=_offence(message) or next((day for day in told if day is not None), None),
        matter_id=known.matter_id if known is not None else first,
        simplified_fine=getattr(message.terms, "simplified_fine", False),
        message_id=arrival.message_id,
    )


def _kind(message: Message) -> ObservationKind:
    outcome = message.terms.outcome if isinstance(message.terms, OtherOutcomeTerms) else None
    return _WITHOUT_GUILT.get(outcome, _KINDS[message.kind]) if outcome else _KINDS[message.kind]


def _day(message: Message) -> date:
    """The day of the decision itself, where the message tells of another day too."""
    return message.terms.decided_on if isinstance(message.terms, NewOffenceTerms) else message.occurred_on


def _offence(message: Message) -> date | None:
    told = message.terms
    return told.offence_on if isinstance(told, ChargeTerms | NewOffenceTerms | OtherOutcomeTerms) else None
