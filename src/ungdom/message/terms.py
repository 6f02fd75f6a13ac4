"""The terms of each kind of message, beyond person, case and day. The payload of an event is reused where it fits."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from ungdom.workflow import patterns
from ungdom.workflow import payloads as d
from ungdom.workflow.payloads.base import CLOSED_SHAPE

NOTHING = d.Details()

CaseNumber = Annotated[str, StringConstraints(pattern=patterns.CASE_NUMBER)]
"""A case number of police or court: 3 to 40 letters, digits and `./:-`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent(d.ConsentGiven):
    """A consent that was given before the decision, and the day of it. krl § 11."""

    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferTerms(d.TransferredToFollowUp):
    """Overføring til ungdomsoppfølging, with the consents it rests on. strpl § 71 a."""

    consents: Annotated[tuple[Consent, ...], Field(max_length=20)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchTerms:
    """Oversendelse. `delivered`: this message brings the case to the konfliktråd, which receives it today."""

    __pydantic_config__ = CLOSED_SHAPE

    delivered: bool = False


class PetitionOutcome(StrEnum):
    """What became of a petition after breach. strl § 52 c, krl § 31."""

    DECLINED = "declined"
    REJECTED = "rejected"
    ELECTRONIC_CONTROL = "electronic_control"
    CONVERTED = "converted"


@dataclass(frozen=True, slots=True, kw_only=True)
class PetitionOutcomeTerms:
    """Utfall av begjæring. `until`: of electronic control; `to`, `extent`: of a conversion."""

    __pydantic_config__ = CLOSED_SHAPE

    outcome: PetitionOutcome
    until: date | None = None
    to: d.ConversionTo | None = None
    extent: d.Extent | None = None
    judged_on: date | None = None
    rest_continues: bool = False

    def __post_init__(self) -> None:
        if self.outcome is PetitionOutcome.ELECTRONIC_CONTROL and self.until is None:
            raise ValueError("electronic control needs until")
        if self.outcome is PetitionOutcome.CONVERTED and (self.to is None or self.extent is None):
            raise ValueError("a conversion needs to and extent")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeTerms:
    """Siktelse. `offence_on`: the last act it is about; the day of the message is the day of the charge.

    `concerns`: police case numbers of the sanction that the youth is in, where there are several.
    """

    __pydantic_config__ = CLOSED_SHAPE

    offence_on: date
    concerns: Annotated[tuple[CaseNumber, ...], Field(max_length=50)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOffenceTerms(d.ClosedAfterNewOffence):
    """Ny avgjørelse eller felles straff. `simplified_fine`: a forenklet forelegg, which figures leave out."""

    simplified_fine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherOutcomeTerms(d.OtherOutcomeReached):
    """Annen avgjørelse. `offence_on`: the last act it is about; `simplified_fine`: a forenklet forelegg."""

    offence_on: date | None = None
    simplified_fine: bool = False
