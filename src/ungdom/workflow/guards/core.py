"""The interface of guards: their arguments and results; and the conditions that every event must meet."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.vocabulary import Actor, EventType, Role

D = TypeVar("D", bound=d.Details)
Value = date | str | int | bool | list[str] | None
CaseCondition = Callable[[Case], bool]
"""Which cases a row is for."""


@dataclass(frozen=True, slots=True)
class ExternalFacts:
    """Facts from outside the case that a step depends on, looked up before the guards run.

    `duplicate`: another open case has the same person and police case number. `known_coordinator`: the coordinator
    named in the step is an active one of the case's konfliktråd. `office`: the konfliktråd of the person who
    records the step; None: they have none, or it is no longer known. `address_protected`: the address of the youth
    is protected. `cleared`: the coordinator named in the step may have such cases.
    """

    duplicate: bool = False
    known_coordinator: bool = True
    office: str | None = None
    address_protected: bool = False
    cleared: bool = True


@dataclass(frozen=True, slots=True)
class ProposedEvent:
    """An event that somebody wants to record. Without details, the question is only whether it could be next.

    `actor`: the actor in whose name it is recorded; None: determined by the role.
    """

    type: EventType
    on: date
    today: date
    details: d.Details | None = None
    role: Role = Role.SYSTEM
    subject: str = ""
    facts: ExternalFacts = ExternalFacts()
    actor: Actor | None = None


@dataclass(frozen=True, slots=True)
class Violation:
    """The result of a guard whose fact does not hold: the current and the needed value, and the earliest day."""

    current: Value
    needed: Value
    earliest: date | None = None


@dataclass(frozen=True, slots=True)
class UnmetCondition:
    """An unmet condition with its stable code, the source of law, and the actors who can resolve it.

    `leads_there`: the moves, in order, that lead from the state of the case to one in which the step is possible.
    `because`: why the regime in `current` applies: `decided`, `pinned` or `day`.
    """

    code: str
    law: str
    current: Value
    needed: Value
    who_can_fix: tuple[Actor, ...]
    earliest: date | None = None
    leads_there: tuple[EventType, ...] = ()
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Guard:
    """A named condition. Called with the case and the step, it returns None if the condition is met.

    `since`, `until`: the first version of the table that checks it, and the first that no longer does, as for a
    row.
    """

    code: str
    law: str
    fixers: tuple[Actor, ...]
    check: Callable[[Case, ProposedEvent], Violation | None]
    doc: str
    since: str = ""
    until: str | None = None

    def __call__(self, case: Case, step: ProposedEvent) -> UnmetCondition | None:
        """None if the fact holds or cannot be checked yet, otherwise the unmet condition."""
        violation = self.check(case, step)
        return (
            None
            if violation is None
            else UnmetCondition(
                self.code, self.law, violation.current, violation.needed, self.fixers, violation.earliest
            )
        )


def from_version(since: str, guard: Guard) -> Guard:
    """The same condition, checked from this version of the table on."""
    return replace(guard, since=since)


def until_version(until: str, guard: Guard) -> Guard:
    """The same condition, no longer checked from this version of the table on."""
    return replace(guard, until=until)


def condition(law: str, *fixers: Actor) -> Callable[[Callable[[Case, ProposedEvent], Violation | None]], Guard]:
    """Decorator: makes a guard of a function of the case and the step."""

    def decorate(check: Callable[[Case, ProposedEvent], Violation | None]) -> Guard:
        return Guard(check.__name__, law, fixers, check, (check.__doc__ or "").strip())

    return decorate


def detail(
    shape: type[D], law: str, *fixers: Actor
) -> Callable[[Callable[[Case, ProposedEvent, D], Violation | None]], Guard]:
    """Decorator: makes a guard of a function that also takes the details. Without them it returns None."""

    def decorate(check: Callable[[Case, ProposedEvent, D], Violation | None]) -> Guard:
        def read(case: Case, step: ProposedEvent) -> Violation | None:
            return check(case, step, step.details) if isinstance(step.details, shape) else None

        return Guard(check.__name__, law, fixers, read, (check.__doc__ or "").strip())

    return decorate


def details_of(step: ProposedEvent, shape: type[D]) -> D | None:
    """The details of the step if they are of this class, otherwise None.

    A condition that reads them checks, when they are missing, whether any details would be allowed.
    """
    return step.details if isinstance(step.details, shape) else None


def not_after(day: date, last: date) -> Violation | None:
    """The violation by a day after the last one possible: it can be that day from then on; None without one."""
    return Violation(day, last, day) if day > last else None


@condition("domstolloven § 148", Actor.COORDINATOR)
def day_has_come(_case: Case, step: ProposedEvent) -> Violation | None:
    """The day of the event is not in the future."""
    return None if step.on <= step.today else Violation(step.on, step.today, step.on)


@condition("arkivlova § 9", Actor.COORDINATOR)
def case_had_begun(case: Case, step: ProposedEvent) -> Violation | None:
    """The event is not dated before the day on which the case was registered."""
    return None if step.on >= case.registered_on else Violation(step.on, case.registered_on)


@condition("arkivlova § 9", Actor.COORDINATOR)
def follows_the_last_move(case: Case, step: ProposedEvent) -> Violation | None:
    """Moves are recorded in the order in which they happened; an earlier one is inserted by a correction."""
    return None if step.on >= case.entered_on else Violation(step.on, case.entered_on)
