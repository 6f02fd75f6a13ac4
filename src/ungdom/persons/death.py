"""A death that the population register reports: the observation of it, and the open cases, which lapse. frl § 3-1."""

from contextlib import suppress
from uuid import UUID, uuid4

from ungdom import cases
from ungdom.cases import EventEntry, Precondition, Recorder
from ungdom.intake import IntakeContext, retry_parked_for_case
from ungdom.persons.sight import PersonSight
from ungdom.store import case_queries, journal, observations
from ungdom.store.observations import Observation
from ungdom.store.population_events import PopulationEvent
from ungdom.store.session import Connection
from ungdom.workflow import payloads as d
from ungdom.workflow.payloads.enums import LapseReason
from ungdom.workflow.rules.permissions import OtherOffice
from ungdom.workflow.vocabulary import EventType, ObservationKind


def observe(tx: Connection, context: IntakeContext, person_id: UUID, event: PopulationEvent) -> None:
    """Stores the observation of the death, once."""
    known = observations.of_people(tx, [person_id]).get(person_id, [])
    if any(observation.kind is ObservationKind.DEATH for observation in known):
        return
    new = Observation(
        observation_id=uuid4(),
        n=1,
        person_id=person_id,
        kind=ObservationKind.DEATH,
        occurred_on=event.occurred_on,
        recorded_at=context.now,
        source=event.source,
        subject=event.source,
    )
    observations.add(tx, new)


def lapse(
    tx: Connection, recorder: Recorder, context: IntakeContext, sight: PersonSight, event: PopulationEvent
) -> tuple[UUID, ...]:
    """Records that the open cases have lapsed by the death, where the recorder may; the ids of these cases."""
    entry = EventEntry(EventType.LAPSED, event.occurred_on, d.Lapsed(reason=LapseReason.DEATH))
    lapsed = []
    rows = case_queries.read_cases(tx, [case.case_id for case in sight.cases])
    for case_id in (case_id for case_id, row in rows.items() if row.closed_on is None):
        with suppress(
            cases.CaseworkError, OtherOffice
        ):  # refused before anything is written: the office records it by hand
            cases.record(tx, recorder, case_id, Precondition(any_version=True), entry, context.now)
            retry_parked_for_case(tx, context, case_id)
            lapsed.append(case_id)
    return tuple(lapsed)


def leaves_open(tx: Connection, person_id: UUID) -> bool:
    """Whether a case of the person is open, whoever may see it."""
    rows = case_queries.read_cases(tx, journal.cases_of_person(tx, person_id)).values()
    return any(row.closed_on is None for row in rows)
