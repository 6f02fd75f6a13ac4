"""Observations as schemas."""

from ungdom import texts
from ungdom.api.http.present import from_source
from ungdom.api.observations.schemas import ObservationOut
from ungdom.store.observations import Observation


def observation_out(observation: Observation, language: texts.Language) -> ObservationOut:
    return from_source(
        ObservationOut, observation, id=observation.observation_id, kind_label=texts.label(language, observation.kind)
    )
