"""Schemas of observations of a person."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from ungdom.api.http import inputs as i
from ungdom.api.http.schemas import Output
from ungdom.workflow.vocabulary import ObservationKind


class ObservationIn(i.Input):
    """What happened on which day. `corrects`: the observation that it takes the place of; `withdrawn`: never happened.

    A correction is kept beside what it corrects, and figures as known before it stay what they were.
    """

    kind: Literal["death", "emigration", "immigration"]
    occurred_on: i.CivilDay
    corrects: UUID | None = None
    withdrawn: bool = False


class ObservationOut(Output):
    """One telling of an observation; the one with the highest `n` counts."""

    id: UUID
    n: int
    kind: ObservationKind
    kind_label: str
    occurred_on: date
    withdrawn: bool
    recorded_at: datetime


class ObservationList(Output):
    """Every telling, in the order recorded."""

    items: list[ObservationOut]
