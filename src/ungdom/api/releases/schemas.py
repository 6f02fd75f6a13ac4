"""Schemas of releases."""

from datetime import datetime
from typing import Any
from uuid import UUID

from ungdom.api.http.schemas import Output


class ReleasedTableOut(Output):
    """One released table. `stands`: `earlier` where its numbers are of an earlier release; `known_at`: of these."""

    figure: str
    definition: int
    by: list[str]
    stands: str | None
    known_at: datetime | None


class ReleaseOut(Output):
    """A release: by which rules and code, as known when, what came of it by figure, and its tables."""

    id: UUID
    known_at: datetime
    made_at: datetime
    sha256: str
    code: str
    policy: dict[str, float]
    figures: dict[str, dict[str, Any]]
    tables: list[ReleasedTableOut]


class ReleaseList(Output):
    """A page of releases, the newest first."""

    items: list[ReleaseOut]
    next: str | None
