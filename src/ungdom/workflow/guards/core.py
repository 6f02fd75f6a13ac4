"""What a guard is, what it is asked, what it answers; and the conditions that every event meets."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.vocabulary import Actor, EventType, Role

D = TypeVar("D", bound=d.Details)
Value = date | str | int | bool | list[str] | None


@dataclass(frozen=True, slots=True)
class ExternalFacts:
    """What a step needs to know from outside its own case, looked up before it is asked.

    `duplicate`: another open case stands on the same person and police case number.
    `known_coordinator`: the coordinator named in the step is an active one of the case's konfliktråd.
    `office`: the konfliktråd of whoever records the step; None: they are of none, or it is not known any more.
    `address_protected`: the address of the youth is protected. `cleared`: the coordinator named in the step may have
    such cases.
    """

    duplicate: bool = False
    known_coordinator: bool = True
    office: str | None = None
    address_protected: bool = False
    cleared: bool = True


@dataclass(frozen=True, slots=True)
class ProposedEvent:
    """An event that somebody wants to record. Without details the question is only whether it could come next.

    `actor`: in whose name; None: as the role says.
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
    """What a guard answers when its fact does not hold: how it is, how it must be, and from which day it can be."""

    current: Value
    needed: Value
    earliest: date | None = None


@dataclass(frozen=True, slots=True)
class UnmetCondition:
    """An unmet condition, with its stable code, the place in the law, and who can put it right."""

    code: str
    law: str
    current: Value
    needed: Value
    who_can_fix: tuple[Actor, ...]
    earliest: date | None = None


@dataclass(frozen=True, slots=True)
class Guard:
    """A named condition. Called with the case and the step, it answers None when content.

    `since` and `until`: the versions of the table that ask it, as for a row.
    """

    code: str
    law: str
    fixers: tuple[Actor, ...]
    check: Callable[[Case, ProposedEvent], Violation | None]
    doc: str
    since: str = ""
    until: str | None = None

    def __call__(self, case: Case, step: ProposedEvent) -> UnmetCondition | None:
        """None when the fact holds or cannot be asked yet, otherwise the unmet condition."""
        violation = self.check(case, step)
        return (
            None
            if violation is None
            else UnmetCondition(
                self.code, self.law, violation.current, violation.needed, self.fixers, violation.earliest
            )
        )


def from_version(since: str, guard: Guard) -> Guard:
    """The same condition, asked from this version of the table on."""
    return replace(guard, since=since)


def until_version(until: str, guard: Guard) -> Guard:
    """The same condition, asked by no version of the table from this one on."""
    return replace(guard, until=until)


def condition(law: str, *fixers: Actor) -> Callable[[Callable[[Case, ProposedEvent], Violation | None]], Guard]:
    """Make a guard of a function that looks at the case and the day."""

    def decorate(check: Callable[[Case, ProposedEvent], Violation | None]) -> Guard:
        return Guard(check.__name__, law, fixers, check, (check.__doc__ or "").strip())

    return decorate


def detail(
    shape: type[D], law: str, *fixers: Actor
) -> Callable[[Callable[[Case, ProposedEvent, D], Violation | None]], Guard]:
    """Make a guard of a function that also reads the details; silent while they are not given."""

    def decorate(check: Callable[[Case, ProposedEvent, D], Violation | None]) -> Guard:
        def read(case: Case, step: ProposedEvent) -> Violation | None:
            return check(case, step, step.details) if isinstance(step.details, shape) else None

        return Guard(check.__name__, law, fixers, read, (check.__doc__ or "").strip())

    return decorate


def details_of(step: ProposedEvent, shape: type[D]) -> D | None:
    """The details of the step, if given. A condition that reads them says, without them, whether any would do."""
    return step.details if isinstance(step.details, shape) else None


@condition("domstolloven § 148", Actor.COORDINATOR)
def day_has_come(_case: Case, step: ProposedEvent) -> Violation | None:
    """What has not happened yet cannot be recorded."""
    return None if step.on <= step.today else Violation(step.on, step.today, step.on)


@condition("arkivlova § 9", Actor.COORDINATOR)
def case_had_begun(case: Case, step: ProposedEvent) -> Violation | None:
    """Nothing happens in a case before the day it was registered."""
    return None if step.on >= case.registered_on else Violation(step.on, case.registered_on)


@condition("arkivlova § 9", Actor.COORDINATOR)
def follows_the_last_move(case: Case, step: ProposedEvent) -> Violation | None:
    """Moves are recorded in the order they happened; an earlier one is put in by correction."""
    return None if step.on >= case.entered_on else Violation(step.on, case.entered_on)
