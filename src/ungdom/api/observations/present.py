"""Observations as schemas."""

from ungdom import texts
from ungdom.api.observations.schemas import ObservationOut
from ungdom.store.observations import Observation


def observation_out(observation: Observation, language: texts.Language) -> ObservationOut:
    return ObservationOut(
        id=observation.observation_id,
        n=observation.n,
        kind=observation.kind,
        kind_label=texts.label(language, observation.kind),
        occurred_on=observation.occurred_on,
        withdrawn=observation.withdrawn,
        recorded_at=observation.recorded_at,
    )
