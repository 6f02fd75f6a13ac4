"""How often random walks on the model alone reach every state and every event type.

`python -m tests.model.coverage_report [walks] [seed]` prints the figures, and says what was reached too seldom.
"""

import random
import sys
import time
from collections import Counter

from tests.model.dates import regime
from tests.model.reference import CLOSED, FACTS, OPEN, SANCTIONS, Model, Stay
from tests.model.strategies import TYPES, walk
from ungdom.workflow.errors import BadDetails
from ungdom.workflow.events import read_details
from ungdom.workflow.vocabulary import EventType, State

ENOUGH = 20
COURT_STATES = ("in_court", "judged", "appealed")
SANCTION_ONLY = ("electronic_control", "referred", "breach_in_court", "converted", "interim_conditions")


def exists(sanction: str, regime: int, state: str) -> bool:
    """Whether that state can be entered under that sanction on a day of that regime."""
    if sanction == "youth_follow_up":
        return state not in SANCTION_ONLY and (regime == 0 or state not in COURT_STATES)
    least = {"electronic_control": 1, "interim_conditions": 2}
    return state != "resumption_review" and regime >= least.get(state, 0)


class Figures:
    """What the walks did."""

    def __init__(self) -> None:
        self.reached: Counter[tuple[str, int, str]] = Counter()
        self.proposed: Counter[str] = Counter()
        self.accepted: Counter[str] = Counter()
        self.bad_shapes: Counter[str] = Counter()
        self.seconds = 0.0
        self._stay: Stay | None = None

    def run(self, walks: int, seed: int = 1) -> None:
        begun = time.perf_counter()
        for number in range(walks):
            self._one(random.Random(seed * 1_000_003 + number))  # noqa: S311 - a seeded test
        self.seconds = time.perf_counter() - begun

    def _one(self, rng: random.Random) -> None:
        seen = 0
        for model, entry in walk(rng):
            self.proposed[entry.type] += 1
            if len(model.log) > seen:
                self._count(model)
            seen = len(model.log)

    def _count(self, model: Model) -> None:
        self.accepted[model.log[-1].type] += 1
        if model.stays[-1] is not self._stay:
            self._stay = model.stays[-1]
            self.reached[model.sanction, regime(self._stay.since), self._stay.state] += 1

    def check_shapes(self, walks: int, seed: int = 2) -> None:
        """Every proposal is read by the product as details of its type."""
        for number in range(walks):
            for _, entry in walk(random.Random(seed * 1_000_003 + number)):  # noqa: S311 - a seeded test
                try:
                    read_details(EventType(entry.type), entry.details)
                except BadDetails:
                    self.bad_shapes[entry.type] += 1

    def seldom(self) -> list[str]:
        """What was reached or accepted less than often enough."""
        states = [
            f"{sanction} R{r} {state}: {self.reached[sanction, r, state]}"
            for sanction in SANCTIONS
            for r in range(3)
            for state in State
            if exists(sanction, r, state) and self.reached[sanction, r, state] < ENOUGH
        ]
        types = [f"{type}: {self.accepted[type]}" for type in TYPES if self.accepted[type] < ENOUGH]
        return states + types


def words_agree() -> bool:
    """The model knows every published state and event type, and no other."""
    return set(State) == OPEN | CLOSED and set(TYPES) == set(EventType) and set(FACTS) <= set(EventType)


def lines(figures: Figures, walks: int) -> list[str]:
    """The report."""
    text = [f"{walks} walks in {figures.seconds:.1f} s: {walks / figures.seconds:.0f} a second"]
    text.append(f"proposed {figures.proposed.total()}, accepted {figures.accepted.total()}")
    text.append(f"{'state entered':22}" + "".join(f"{s[6:]:>12} R{r}" for s in SANCTIONS for r in range(3)))
    for state in State:
        counts = [figures.reached[sanction, r, state] for sanction in SANCTIONS for r in range(3)]
        text.append(f"{state:22}" + "".join(f"{count:15}" for count in counts))
    text.append(f"{'event type':34}{'proposed':>10}{'accepted':>10}")
    text += [f"{type:34}{figures.proposed[type]:10}{figures.accepted[type]:10}" for type in TYPES]
    return text


def main() -> int:
    walks = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    figures = Figures()
    figures.run(walks, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    figures.check_shapes(walks // 10)
    problems = figures.seldom() + [f"bad shape {type}: {n}" for type, n in figures.bad_shapes.items()]
    problems += [] if words_agree() else ["the words differ from the published ones"]
    report = [*lines(figures, walks), *(f"too seldom or wrong: {problem}" for problem in problems)]
    sys.stdout.write("\n".join(report) + "\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
