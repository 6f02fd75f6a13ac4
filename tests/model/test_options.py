"""What may be recorded next, in every state that random histories come by, is what deciding each type gives."""

import dataclasses
import random
from collections.abc import Callable, Iterator
from datetime import date

import pytest

from tests.model.strategies import walk
from tests.workflow.build import event
from ungdom.workflow import engine
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.events import SHAPE
from ungdom.workflow.guards.core import ProposedEvent
from ungdom.workflow.rules.permissions import acts_for
from ungdom.workflow.vocabulary import EventType, Role, Sanction, State

E = EventType


def walked(seeds: range) -> Iterator[tuple[Case, date]]:
    """The cases that random histories come by, after each step that the engine allows, and the day it is."""
    for seed in seeds:
        case: Case | None = None
        for model, (kind, on, details, (role, subject), today) in walk(random.Random(seed), 30, NO_CORRECTIONS):  # noqa: S311 - a walk that can be walked again
            new = event(len(case.events) + 1 if case else 1, kind, on, details, today, role, subject)
            if case is None:
                youth = Youth(model.born, model.guardians)
                case = engine.fold(youth, [new]) if engine.decide_registration(youth, new).allowed else None
            elif engine.decide(case, ProposedEvent(new.type, on, today, new.details, new.role, new.subject)).allowed:
                case = engine.apply(case, new)
            if case:
                yield case, today


NO_CORRECTIONS = frozenset({"corrected"})


PLACES = len(State) * len(Sanction) - len(
    ("electronic_control", "referred", "breach_in_court", "converted", "interim_conditions", "resumption_review")
)
"""A state in a sanction; these six exist in one of the two only."""


def one_of_each(seeds: range) -> dict[tuple[Sanction, State], tuple[Case, date]]:
    """One case in every state of every sanction, as random histories come by it."""
    found: dict[tuple[Sanction, State], tuple[Case, date]] = {}
    for case, today in walked(seeds):
        found.setdefault((case.sanction, case.state), (case, today))
        if len(found) == PLACES:
            break
    return found


def test_options_are_what_deciding_each_event_type_gives(figure: Callable[[str], None]) -> None:
    places = one_of_each(range(1000))
    compared = 0
    for case, today in places.values():
        for role in (Role.LEADER, Role.SECRETARIAT, Role.SYSTEM):
            step = ProposedEvent(E.CORRECTED, today, today, None, role, "anna")
            for option in engine.options(case, role, step):
                details = d.Details() if SHAPE[option.event] is d.Details else None
                asked = dataclasses.replace(step, type=option.event, details=details)
                assert option.decision == engine.decide(case, asked)
                assert set(option.actors) == set(engine.actors_of(case.sanction, option.event)) & acts_for(role)
                compared += 1
    assert len(places) == PLACES
    figure(f"options against decide: {compared} answers in {len(places)} states of two sanctions, all equal")


@pytest.mark.parametrize("role", Role)
def test_options_list_what_the_role_may_record_and_nothing_else(role: Role) -> None:
    case, today = next((case, today) for case, today in walked(range(20)) if case.state is State.EXECUTING)

    listed = {
        option.event for option in engine.options(case, role, ProposedEvent(E.CORRECTED, today, today, None, role))
    }

    assert listed == {
        kind
        for kind in set(EventType) - set(engine.NOT_RECORDED_DIRECTLY)
        if set(engine.actors_of(case.sanction, kind)) & acts_for(role)
    }


def test_a_decision_without_details_is_never_stricter_than_with_them() -> None:
    told = 0
    for case, today in walked(range(60)):
        last = case.events[-1]
        if last.type is E.CASE_REGISTERED or oslo_date(last.recorded_at) != today:
            continue
        before = engine.fold(case.youth, case.events[:-1])
        step = ProposedEvent(last.type, last.occurred_on, today, None, last.role, last.subject)
        assert engine.decide(before, step).allowed, last
        told += 1
    assert told > 200
