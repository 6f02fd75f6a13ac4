"""The state of a running sandbox, and what can be done with it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from threading import Event, Lock
from typing import Any

from ungdom.jobs import nightly
from ungdom.jobs.nightly import NightlyStep
from ungdom.sandbox.clock import MovableClock
from ungdom.sandbox.decisions import decisions
from ungdom.sandbox.faults import Faults
from ungdom.sandbox.official import official_messages
from ungdom.sandbox.youths import InventedYouth, invented_youths
from ungdom.store.session import Database
from ungdom.workflow.calendar import oslo_date

STEPS = frozenset({"decisions", "staff", "terms", "coordination_groups", "retention", "surveys"})
"""The steps of a night that change what a client sees; the others are figures and checks, which take long."""


@dataclass(slots=True)
class Sandbox:
    """A sandbox. `begin_anew`: starts it again with a new database. `steps`: those of a night.

    `ending`: set once it was reset or is stopped; it answers and sends nothing more until it has begun anew.
    """

    begin_anew: Callable[[], None]
    steps: tuple[NightlyStep, ...] = ()
    clock: MovableClock = field(default_factory=MovableClock)
    faults: Faults = field(default_factory=Faults)
    start: date = field(init=False)
    ending: Event = field(default_factory=Event)
    _moving: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.start = oslo_date(self.clock())

    @property
    def is_ending(self) -> bool:
        """Whether it was reset or is stopped."""
        return self.ending.is_set()

    def reset(self) -> None:
        """End this sandbox, and begin anew, once the nights of a move are run: they write to its database."""
        self.ending.set()
        with self._moving:
            self.begin_anew()

    def move_clock(self, db: Database, instant: datetime) -> int:
        """Move the clock and run the nights that pass; how many that were.

        Raises `ClockInThePast` or `ClockTooFarAhead`.
        """
        with self._moving:
            if self.is_ending:
                return 0
            self.clock.move_to(instant)
            return self.run_nights(db)

    def run_nights(self, db: Database) -> int:
        """Run the nights until today that have not been run; how many that were."""
        return len(nightly.run(db, self.clock, steps=tuple(step for step in self.steps if step.name in STEPS)))

    def youth(self, number: int) -> InventedYouth:
        """The invented youth of this number."""
        return invented_youths(self.start)[number - 1]

    def decisions(self, number: int) -> dict[str, dict[str, Any]]:
        """The decisions of a prosecution system about this youth by name, in the order in which they happened."""
        return decisions(self.youth(number), self.start)

    def official_messages(self, number: int) -> dict[str, dict[str, Any]]:
        """The official messages about this youth by name, in the order in which they can be sent."""
        return official_messages(self.youth(number), self.start)
