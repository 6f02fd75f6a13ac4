"""The independent model knows the published words, so that its walks reach them."""

from tests.model import reference, strategies
from ungdom.workflow.events import details_schema
from ungdom.workflow.vocabulary import EventType, State


def test_the_model_has_every_state_and_every_event_type() -> None:
    missing = set(EventType) - set(strategies.TYPES)

    assert set(State) == reference.OPEN | reference.CLOSED
    assert set(strategies.TYPES) <= set(EventType)
    assert not missing, f"tests/model/reference.py has no row for {', '.join(missing)} in FACTS or among the moves"


def test_the_model_draws_the_details_that_an_event_requires() -> None:
    required = {kind for kind in EventType if kind != "corrected" and details_schema(kind).get("required")}
    missing = required - set(strategies.BUILDERS)

    assert len(required) > len(EventType) // 4
    assert not missing, f"tests/model/strategies.py does not draw the details of {', '.join(missing)}"
