"""T1: random histories, all roles, both sanctions, three regimes, against an independent reference model."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import date

import pytest

from tests.model.engine import Engine
from tests.model.reference import MOVE_ACTORS, Entry, Model, permitted
from tests.model.strategies import walk
from ungdom.workflow import engine
from ungdom.workflow.case import Youth
from ungdom.workflow.rules.permissions import acts_for
from ungdom.workflow.vocabulary import EventType, Role

SHARES = 20
WALKS = 500


def _twice(model: Model, entry: Entry) -> bool:
    """A second correction of one event: the model knows none, the engine takes the last."""
    return entry.type == "corrected" and entry.details["corrects"] in model.fixes


def compare(seed: int, seen: Counter[str]) -> None:
    """One walk; fails at the first step on which the two disagree.

    The walk itself takes an accepted step into the model, on its way to the next one.
    """
    engine_: Engine | None = None
    taken: tuple[str, date] | None = None
    for model, entry in walk(random.Random(seed)):  # noqa: S311 - a walk that can be walked again
        engine_ = engine_ or Engine(Youth(model.born, model.guardians))
        if taken:
            assert_same_case(engine_, model, *taken, seen)
        taken = None
        if _twice(model, entry):
            break
        where = f"seed {seed}, step {len(engine_.events) + 1}: {entry} in {model.state}"
        if assert_same_answer(engine_, model, entry, where, seen):
            taken = where, entry.today
    assert engine_ is not None
    if taken:
        assert_same_case(engine_, model, *taken, seen)
    assert engine_.case == engine_.folded(), f"seed {seed}: step by step is not as told anew"


def assert_same_answer(engine_: Engine, model: Model, entry: Entry, where: str, seen: Counter[str]) -> bool:
    """Whether the step was accepted, by both; the engine has taken it then."""
    type_, on, details, (role, subject), today = entry
    new, refused = engine_.would(entry)
    accepted = model.accepts(type_, on, details, today, role, subject)
    assert accepted == (refused is None), f"{where}: model {model.refusal(entry) or 'accepts'}, engine {refused}"
    seen["accepted" if accepted else "refused"] += 1
    if accepted:
        engine_.take(new)
    return accepted


def assert_same_case(engine_: Engine, model: Model, where: str, today: date, seen: Counter[str]) -> None:
    assert engine_.case is not None
    assert engine_.case.state == model.state, f"{where}: model {model.state}, engine {engine_.case.state}"
    assert engine_.case.adjusted_end(today) == model.adjusted_end(today), where
    seen[f"state {model.state}"] += 1


@pytest.mark.parametrize("share", range(SHARES))
def test_engine_and_model_agree_on_every_step(share: int, figure: Callable[[str], None]) -> None:
    seen: Counter[str] = Counter()
    for number in range(WALKS):
        compare(share * WALKS + number, seen)
    states = sum(1 for name in seen if name.startswith("state "))
    assert seen["refused"] > WALKS
    figure(
        f"T1 walks {share * WALKS}-{(share + 1) * WALKS - 1}: {seen['accepted']} accepted, {seen['refused']} refused, "
        f"{states} states, 0 divergences"
    )


@pytest.mark.parametrize("role", Role)
def test_model_and_engine_agree_on_who_may_record_a_move(role: Role) -> None:
    assert MOVE_ACTORS
    for name in MOVE_ACTORS:
        ours = any(set(engine.actors_of(sanction, EventType(name))) & acts_for(role) for sanction in engine.Sanction)
        assert ours == permitted(role.value, name), (role, name)
