"""The errors of the workflow, drawn whole.

WorkflowError
├── BadDetails        the details of an event do not have the shape its type asks for
├── BadChanges        the clocks cannot be changed like that
├── IllegalHistory    a history cannot be folded: an event does not fit the state it met
│   └── UnreadableHistory    the same of the stored history of a case, or one of its events cannot be parsed
├── NotInService      the person is not in service today
├── OtherOffice       what is asked for belongs to another konfliktråd (`permissions`)
├── RoleNotAllowed    the role does not do this (`permissions`)
└── UnknownMachine    no such sanction and regime

A *refusal* is not an error: it is an answer (`engine.Decision`) that names every unmet condition.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from ungdom.workflow.patterns import RULES


class WorkflowError(Exception):
    """Something about the workflow is not as it has to be."""


@dataclass(frozen=True)
class Problem:
    """One place in the details that is wrong: where (JSON Pointer), which kind, and what was there.

    `allowed`: the values of a closed list that the value is not in. `values`: what the sentence names.
    """

    pointer: str
    kind: str
    message: str
    allowed: tuple[str, ...] = ()
    values: Mapping[str, str | int] = field(default_factory=dict, hash=False)


_QUOTED = re.compile(r"'([^']*)'")


def allowed_values(error: Mapping[str, Any]) -> tuple[str, ...]:
    """The values of the closed list that a value is not in, from an error of pydantic; empty for other errors.

    pydantic names them in prose only: "'a', 'b' or 'c'". Own checks hand them over as `allowed`.
    """
    context = error.get("ctx") or {}
    if "allowed" in context:
        return tuple(context["allowed"])
    prose = context.get("expected") if error["type"] in ("enum", "literal_error") else context.get("expected_tags")
    return tuple(_QUOTED.findall(prose or ""))


_LIMITS = ("ge", "gt", "le", "lt", "min_length", "max_length")
"""Where pydantic has the limit that a value is beyond."""


def named_values(error: Mapping[str, Any]) -> dict[str, str | int]:
    """What the sentence for an error of pydantic names.

    `limit`: the number that a value, a text or a list is beyond. `rule`: the rule that a text does not follow, see
    `patterns`. Own checks add what their sentences name: `first` and `last`.
    """
    context = error.get("ctx") or {}
    own = {name: context[name] for name in ("first", "last") if name in context}
    limit = next((context[name] for name in _LIMITS if isinstance(context.get(name), int | float)), None)
    rule = RULES.get(context.get("pattern", ""))
    return own | ({"limit": limit} if limit is not None else {}) | ({"rule": rule} if rule else {})


def place_of(error: Mapping[str, Any]) -> tuple[str | int, ...]:
    """Where an error of pydantic stands; a check of several fields names in `field` the one to look at."""
    context = error.get("ctx") or {}
    field_named = context.get("field", ())
    return (*error["loc"], *([field_named] if isinstance(field_named, str) else field_named))


class BadDetails(WorkflowError):
    """The details of the event do not have the shape that its type asks for."""

    def __init__(self, event_type: str, problems: Sequence[Problem]) -> None:
        super().__init__(f"{event_type}: {len(problems)} problem(s) in the details")
        self.event_type = event_type
        self.problems = tuple(problems)


class BadChanges(WorkflowError):
    """The clocks cannot be changed like that."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} problem(s) in the changes")
        self.problems = tuple(problems)


class IllegalHistory(WorkflowError):
    """The history holds an event that does not fit the state it met."""

    def __init__(self, seq: int, event_type: str, state: str | None) -> None:
        fault = f"does not fit state {state}" if state else "cannot be read where it stands"
        super().__init__(f"event {seq} ({event_type}) {fault}")
        self.seq = seq
        self.event_type = event_type
        self.state = state


class UnreadableHistory(IllegalHistory):
    """The stored history of a case cannot be read or folded. `seq`: the event; 0 if it is not known which.

    `visible`: whether it is known that whoever asks may see the case; otherwise no answer names it.
    """

    visible = False

    def __init__(self, case_id: UUID, reference: str, seq: int, event_type: str, state: str | None = None) -> None:
        super().__init__(seq, event_type, state)
        self.case_id = case_id
        self.reference = reference


class UnknownMachine(WorkflowError):
    """There is no workflow for this sanction and regime."""


class ServiceGap(StrEnum):
    """Why a person is not in service."""

    UNKNOWN = "unknown"  # no entry in the list of staff
    NOT_YET = "not_yet"
    ENDED = "ended"
    OTHER_ROLE = "other_role"  # in service, in other roles than that of the token
    OTHER_OFFICE = "other_office"


class NotInService(WorkflowError):
    """The person is not in service today and is given no case data. `first_day`, `last_day`: of their service."""

    def __init__(self, gap: ServiceGap, first_day: date | None, last_day: date | None) -> None:
        super().__init__(gap)
        self.gap = gap
        self.first_day = first_day
        self.last_day = last_day
