"""What the details are made of."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

from ungdom.workflow import patterns
from ungdom.workflow.calendar import Length
from ungdom.workflow.payloads.enums import InterimCondition
from ungdom.workflow.vocabulary import OffenceGroup


def no_identity_number(code: str) -> str:
    """The code, unless a number of eleven digits stands in it: no person is ever named by that here."""
    if patterns.holds_identity_number(code):
        raise PydanticCustomError("identity_number", "may hold an identity number")
    return code


def ends_before_it_begins(first: str, last: str) -> PydanticCustomError:
    """The error of a period whose last day lies before its first; named are the two fields."""
    names = {"first": first, "last": last, "field": last}
    return PydanticCustomError("ends_before_it_begins", "lies before the other day", names)


Code = Annotated[str, StringConstraints(pattern=patterns.CODE), AfterValidator(no_identity_number)]
"""A code or reference of another system: letters, digits and `._:-`, at most 64 characters."""

Provision = Annotated[str, StringConstraints(pattern=patterns.PROVISION)]
"""A provision by its code in the list of statutes: `strl-327`, `strl-267 a`."""

CLOSED_SHAPE = ConfigDict(extra="forbid", populate_by_name=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What an event type asks for beyond its date. This one asks for nothing."""

    __pydantic_config__ = CLOSED_SHAPE


@dataclass(frozen=True, slots=True, kw_only=True)
class Offence:
    """One act (handling): when, which group, which provision. `until` when it lasted."""

    __pydantic_config__ = CLOSED_SHAPE

    on: date
    until: date | None = None
    group: OffenceGroup | None = None
    statute: Provision | None = None

    def __post_init__(self) -> None:
        if self.until is not None and self.until < self.on:
            raise ends_before_it_begins("on", "until")

    @property
    def last_day(self) -> date:
        """The last day of the act: strl § 87 counts from its end."""
        return self.until or self.on


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a judgment to a youth sanction holds (ungdomsstraff). strl §§ 52 a-52 d."""

    __pydantic_config__ = CLOSED_SHAPE

    length: Length
    subsidiary_prison: Length | None = None
    served_on: date | None = None
    prison_would_exceed_two_years: bool = False
    suitable_reaction: bool | None = None
    lives_in_norway: bool | None = None
    later_offences_less_serious: bool = False
    interim_conditions: tuple[InterimCondition, ...] = ()
    interim_from: date | None = None
    unconditional_prison: Length | None = None
