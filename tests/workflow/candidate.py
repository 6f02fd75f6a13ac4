"""A version of the table that may come: what it moves and blocks is known, so that a migration can be tried on it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from ungdom.workflow import engine, table
from ungdom.workflow.guards.core import condition, from_version
from ungdom.workflow.vocabulary import Actor, EventType, State

E = EventType
CANDIDATE = "2027-01-01"


@condition("office norm", Actor.COORDINATOR)
def _talk_within_a_week(case: object, step: object) -> None:
    """Never unmet: stands for a condition of a later version."""


@pytest.fixture
def candidate(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A table to come: a talk without conditions leads to stricter follow-up; none runs before the start."""
    newer = []
    for row in table.MOVES:
        if row.event is E.BREACH_TALK_HELD and row.target is State.EXECUTING:
            newer += [replace(row, until=CANDIDATE), replace(row, target=State.TIGHTENED, since=CANDIDATE)]
        elif row.event is E.INTERIM_CONDITIONS_STARTED:
            newer.append(replace(row, until=CANDIDATE))
        elif row.event is E.REPLAN_MEETING_HELD:
            newer.append(replace(row, guards=(*row.guards, from_version(CANDIDATE, _talk_within_a_week))))
        else:
            newer.append(row)
    monkeypatch.setattr(table, "MOVES", tuple(newer))
    monkeypatch.setattr(table, "VERSIONS", (*table.VERSIONS, CANDIDATE))
    engine.rules.cache_clear()
    yield
    engine.rules.cache_clear()
