"""Schemas of jobs: the night to run, and the log of runs."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from ungdom.api.http import inputs as i


class RunIn(i.Input):
    """The night to run; today when not given."""

    on: i.CivilDay | None = None


class ProgressOut(BaseModel):
    """How far a run has come. `done`, `total`: of this phase, null where they are not known."""

    phase: str
    done: int | None
    total: int | None
    reported_at: datetime


class RunOut(BaseModel):
    """One run in the ledger. `counts`: what it came to; of a night scanned = ok + raised + open + suppressed + failed.

    `progress`: its last report, null before the first one.
    """

    id: UUID
    name: str
    for_date: date
    started_at: datetime
    finished_at: datetime | None
    status: str
    counts: dict[str, int]
    progress: ProgressOut | None


class RunList(BaseModel):
    """A page of the runs of one job or of all, the newest first."""

    items: list[RunOut]
    next: str | None


class NightOut(BaseModel):
    """The runs that were made for a night and for those missed before it."""

    items: list[RunOut]
