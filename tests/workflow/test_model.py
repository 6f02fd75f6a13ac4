"""T1: random histories, all roles, both sanctions, three regimes, against an independent reference model."""

import random
from collections import Counter
from collections.abc import Callable

import pytest

from tests.model.reference import MOVE_ACTORS, Entry, Model, permitted
from tests.model.strategies import walk
from tests.workflow.build import event
from ungdom.workflow import engine
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.daycount import oslo_date
from ungdom.workflow.events import Event
from ungdom.workflow.guards.core import Step
from ungdom.workflow.permissions import acts_for
from ungdom.workflow.vocabulary import EventType, Role

SHARES = 20
WALKS = 500


class Engine:
    """The engine, asked the same questions as the model."""

    def __init__(self, youth: Youth) -> None:
        self.youth = youth
        self.events: list[Event] = []
        self.case: Case | None = None

    def would(self, entry: Entry) -> tuple[Event, str | None]:
        """The event, and why it is refused; None when it is not."""
        role, subject = entry.recorder
        new = event(len(self.events) + 1, entry.type, entry.on, entry.details, entry.today, role, subject)
        return new, self._refusal(new)

    def _refusal(self, new: Event) -> str | None:
        if self.case is None:
            return _codes(engine.decide_registration(self.youth, new))
        today = oslo_date(new.recorded_at)
        if new.type is EventType.CASE_REGISTERED:
            return "registered already"
        step = Step(new.type, new.occurred_on, today, new.details, new.role, new.subject)
        refused = _codes(engine.decide(self.case, step))
        if refused is None and new.type is EventType.CORRECTED:
            return self._breaks(new)
        return refused

    def _breaks(self, new: Event) -> str | None:
        numbers = {e.seq for e in self.events if e.type is not EventType.CORRECTED}
        if new.details.corrects not in numbers:  # type: ignore[attr-defined]
            return "no such event"
        broken = engine.check_walk(self.youth, [*self.events, new])
        return broken and f"{broken.seq}: {[no.code for no in broken.unmet]}"

    def take(self, new: Event) -> None:
        """Record it: one more step, or everything anew where a step changes what went before."""
        self.events.append(new)
        anew = self.case is None or new.type is EventType.CORRECTED
        self.case = engine.fold(self.youth, self.events) if anew else engine.apply(self.case, new)

    def folded(self) -> Case | None:
        """The case told anew from all its events."""
        return engine.fold(self.youth, self.events) if self.events else None


def _codes(decision: engine.Decision) -> str | None:
    return None if decision.allowed else ", ".join(no.code for no in decision.unmet)


def _twice(model: Model, entry: Entry) -> bool:
    """A second correction of one event: the model knows none, the engine takes the last."""
    return entry.type == "corrected" and entry.details["corrects"] in model.fixes


def compare(seed: int, seen: Counter[str]) -> None:
    """One walk; fails at the first step on which the two disagree."""
    engine_: Engine | None = None
    for model, entry in walk(random.Random(seed)):  # noqa: S311 - a walk that can be walked again
        engine_ = engine_ or Engine(Youth(model.born, model.guardians))
        if _twice(model, entry):
            break
        type_, on, details, (role, subject), today = entry
        new, refused = engine_.would(entry)
        accepted = model.accepts(type_, on, details, today, role, subject)
        where = f"seed {seed}, step {len(engine_.events) + 1}: {entry} in {model.state}"
        assert accepted == (refused is None), f"{where}: model {model.refusal(entry) or 'accepts'}, engine {refused}"
        seen["accepted" if accepted else "refused"] += 1
        if not accepted:
            continue
        engine_.take(new)
        after = _after(model, entry)
        assert engine_.case is not None
        assert engine_.case.state == after.state, f"{where}: model {after.state}, engine {engine_.case.state}"
        assert engine_.case.adjusted_end(today) == after.adjusted_end(today), where
        seen[f"state {after.state}"] += 1
    assert engine_ is None or engine_.case == engine_.folded(), f"seed {seed}: step by step is not as told anew"


def _after(model: Model, entry: Entry) -> Model:
    """The model with the entry taken in; the walk itself takes it in only afterwards."""
    copy = Model(model.sanction, model.born, model.guardians)
    copy.log, copy.fixes = list(model.log), dict(model.fixes)
    copy.history, copy.stays = list(model.history), list(model.stays)
    copy.before, copy.closing, copy.left = model.before, model.closing, dict(model.left)
    type_, on, details, (role, subject), today = entry
    copy.apply(type_, on, details, today, role, subject)
    return copy


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
    for name in MOVE_ACTORS:
        ours = any(set(engine.actors_of(sanction, EventType(name))) & acts_for(role) for sanction in engine.Sanction)
        assert ours == permitted(role.value, name), (role, name)
