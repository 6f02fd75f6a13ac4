"""Observations of the invented youths: later charges and decisions, a few deaths, moves abroad.

The shares are round numbers that only have to be plausible; that half of those who complete relapse was reported by
NRK in February 2017. A separate random generator is used, so that the cases do not depend on the observations.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from uuid import UUID

from ungdom.demo.case_generator import GeneratedCase
from ungdom.store.observations import Observation
from ungdom.workflow.vocabulary import ObservationKind

SOURCE = "invented"
CHARGED, CHARGED_AGAIN, DIED, LEFT, CAME_BACK = 0.45, 0.3, 0.004, 0.015, 0.4
DROPPED, ACQUITTED, FINED = 0.2, 0.05, 0.08
MEAN_DAYS = 500
"""Mean number of days from the decision to the next act, if there is one."""
FIRST_CHARGE, LAST_CHARGE, FIRST_DECISION, LAST_DECISION = 5, 90, 60, 400
MOST = 4
RECORDED_LATE = 20
NOON = time(11, tzinfo=UTC)


def later_observations(generated: GeneratedCase, rng: Random, today: date) -> list[Observation]:
    """Every observation of this youth until today, in the order recorded."""
    case = generated.case
    if case.sanction_in_force is None:
        return []
    observations = [
        *_charges(generated, case.sanction_in_force.on, rng),
        *_life_events(generated, case.sanction_in_force.on, rng),
    ]
    recorded = [observation for observation in observations if observation.recorded_at.date() <= today]
    return sorted(recorded, key=lambda observation: observation.recorded_at)


def _charges(generated: GeneratedCase, since: date, rng: Random) -> Iterator[Observation]:
    """Consecutive charges, each with its decision."""
    share, day = CHARGED, since
    for _ in range(MOST):
        if rng.random() >= share:
            return
        day += timedelta(days=1 + int(rng.expovariate(1 / MEAN_DAYS)))
        charged = day + timedelta(days=rng.randrange(FIRST_CHARGE, LAST_CHARGE))
        charge = _observation(generated, rng, ObservationKind.CHARGE, charged)
        charge = replace(charge, offence_on=day, matter_id=charge.observation_id)
        yield charge
        yield _decision(generated, rng, charge)
        share = CHARGED_AGAIN


def _decision(generated: GeneratedCase, rng: Random, charge: Observation) -> Observation:
    decided = charge.occurred_on + timedelta(days=rng.randrange(FIRST_DECISION, LAST_DECISION))
    drawn = rng.random()
    if drawn < DROPPED + ACQUITTED:
        kind = ObservationKind.DROPPED if drawn < DROPPED else ObservationKind.ACQUITTED
    else:
        kind = ObservationKind.FINAL_DECISION
    fined = kind is ObservationKind.FINAL_DECISION and rng.random() < FINED
    new = _observation(generated, rng, kind, decided)
    return replace(new, offence_on=charge.offence_on, matter_id=charge.matter_id, simplified_fine=fined)


def _life_events(generated: GeneratedCase, since: date, rng: Random) -> Iterator[Observation]:
    died, left = rng.random() < DIED, rng.random() < LEFT
    if died:
        yield _observation(generated, rng, ObservationKind.DEATH, since + timedelta(days=rng.randrange(30, 2_000)))
    if left:
        gone = since + timedelta(days=rng.randrange(60, 1_500))
        yield _observation(generated, rng, ObservationKind.EMIGRATION, gone)
        if rng.random() < CAME_BACK:
            yield _observation(
                generated, rng, ObservationKind.IMMIGRATION, gone + timedelta(days=rng.randrange(100, 500))
            )


def _observation(generated: GeneratedCase, rng: Random, kind: ObservationKind, on: date) -> Observation:
    return Observation(
        observation_id=UUID(int=rng.getrandbits(128), version=4),
        n=1,
        person_id=generated.person.person_id,
        kind=kind,
        occurred_on=on,
        recorded_at=datetime.combine(on + timedelta(days=rng.randrange(RECORDED_LATE)), NOON),
        source=SOURCE,
        subject=SOURCE,
    )
