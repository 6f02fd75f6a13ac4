"""People whose cases and what was observed beside them are made by hand."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from uuid import UUID

from tests.workflow.build import PERSON
from tests.workflow.roads import case_at
from ungdom.analytics import case_facts
from ungdom.analytics.recidivism import offences
from ungdom.analytics.recidivism.spells import PersonHistory, SeenCase
from ungdom.store.observations import Observation
from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.vocabulary import ObservationKind

_IDS = count(1)


def on(text: str) -> date:
    return date.fromisoformat(text)


def case(road: str, until: str, acts: Iterable[str]) -> Case:
    """The case of that road, about acts of these days."""
    return replace(case_at(road, until), offences=tuple(d.Offence(on=on(act)) for act in acts))


def observed(
    kind: str,
    on: str | date,
    offence: str | date | None = None,
    matter: int | None = None,
    fined: bool = False,
) -> Observation:
    """One observation, known at once; those of one `matter` belong together."""
    day, act = (date.fromisoformat(one) if isinstance(one, str) else one for one in (on, offence))
    assert day is not None
    return Observation(
        observation_id=UUID(int=next(_IDS)),
        n=1,
        person_id=PERSON,
        kind=ObservationKind(kind),
        occurred_on=day,
        recorded_at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC) + timedelta(seconds=1),
        source="test",
        subject="test",
        offence_on=act,
        matter_id=UUID(int=matter) if matter is not None else None,
        simplified_fine=fined,
    )


def life(*cases: Case, observed: Iterable[Observation] = ()) -> PersonHistory:
    """One person with these cases."""
    seen = (
        SeenCase(UUID(int=n), case_facts.facts_of(one, date.max), offences.case_offences(one))
        for n, one in enumerate(cases, 1)
    )
    return PersonHistory(PERSON, tuple(seen), tuple(observed))
