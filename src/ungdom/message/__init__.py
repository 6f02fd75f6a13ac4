"""One message of a prosecution system or a court, parsed from JSON or converted from an official message.

A message is identified by its sending system, `decision_id` and `version`; a higher version corrects a lower one.
Dates are Oslo dates. The person is matched with stored people; events do not hold personal data.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import to_json

from ungdom.message.terms import (
    NOTHING,
    CaseNumber,
    ChargeTerms,
    Consent,
    DispatchTerms,
    NewOffenceTerms,
    OtherOutcomeTerms,
    PetitionOutcome,
    PetitionOutcomeTerms,
    TransferTerms,
)
from ungdom.message.text import LineText
from ungdom.workflow import patterns
from ungdom.workflow import payloads as d
from ungdom.workflow.errors import Problem
from ungdom.workflow.events import implausible, problems_of
from ungdom.workflow.payloads.base import CLOSED_SHAPE, Code
from ungdom.workflow.vocabulary import Sanction

__all__ = [
    "TERMS",
    "BadMessage",
    "ChargeTerms",
    "Consent",
    "DecisionMessage",
    "DispatchTerms",
    "Guardian",
    "Kind",
    "NewOffenceTerms",
    "Opening",
    "OtherOutcomeTerms",
    "Person",
    "PetitionOutcome",
    "PetitionOutcomeTerms",
    "TransferTerms",
    "plain",
    "read",
    "read_sent",
    "reader",
]


class Kind(StrEnum):
    """What a message says happened."""

    TRANSFERRED_TO_FOLLOW_UP = "transferred_to_follow_up"  # overføring til ungdomsoppfølging, strpl § 71 a
    INDICTED = "indicted"  # tiltale, strpl § 262
    HEARING_SCHEDULED = "hearing_scheduled"  # berammet, strpl § 275
    HEARING_STARTED = "hearing_started"  # hovedforhandling begynt, strpl § 275
    JUDGMENT_GIVEN = "judgment_given"  # dom på ungdomsstraff, strl § 52 a
    FOLLOW_UP_BY_JUDGMENT = "follow_up_by_judgment"  # former strl § 37 j
    JUDGMENT_SERVED = "judgment_served"  # forkynt, strpl § 42
    INTERIM_CONDITIONS_STARTED = "interim_conditions_started"  # særvilkår begynt, strl § 52 b
    APPEALED = "appealed"  # anke, strpl § 310
    APPEAL_REFERRED = "appeal_referred"  # henvist til ankeforhandling, strpl § 325
    APPEAL_DECIDED = "appeal_decided"  # ankeavgjørelse, strpl § 345
    BECAME_FINAL = "became_final"  # rettskraft, strpl § 50
    DISPATCHED = "dispatched"  # oversendt, strpl § 452
    PETITION_SENT = "petition_sent"  # begjæring etter brudd, strl § 52 c
    PETITION_DECIDED = "petition_decided"  # utfall av begjæringen, strl § 52 c
    ELECTRONIC_CONTROL_ENDED = "electronic_control_ended"  # elektronisk kontroll slutt, strl § 52 c
    PROSECUTION_RESUMED = "prosecution_resumed"  # gjenopptatt, krl §§ 33, 34
    PROSECUTION_NOT_RESUMED = "prosecution_not_resumed"  # ikke gjenopptatt, krl §§ 33, 34
    NEW_CHARGE = "new_charge"  # siktet for nytt forhold, krl §§ 32, 34
    NEW_OFFENCE_DECIDED = "new_offence_decided"  # ny avgjørelse eller felles straff, krl §§ 32, 34
    DROPPED = "dropped"  # henlagt
    ACQUITTED = "acquitted"  # frifunnet
    OTHER_OUTCOME = "other_outcome"  # annen avgjørelse
    DECISION_SET_ASIDE = "decision_set_aside"  # opphevet, strpl § 59 a, ch. 27
    PERSON_INVESTIGATION_ORDERED = "person_investigation_ordered"  # PUM rekvirert, strpl § 161 a
    PERSON_INVESTIGATION_RETURNED = "person_investigation_returned"  # PUM returnert, strpl § 161 a


TERMS: dict[Kind, type[Any]] = {
    Kind.TRANSFERRED_TO_FOLLOW_UP: TransferTerms,
    Kind.INDICTED: d.Indicted,
    Kind.HEARING_SCHEDULED: d.HearingScheduled,
    Kind.HEARING_STARTED: d.Details,
    Kind.JUDGMENT_GIVEN: d.JudgmentGiven,
    Kind.FOLLOW_UP_BY_JUDGMENT: d.FollowUpByJudgment,
    Kind.JUDGMENT_SERVED: d.Details,
    Kind.INTERIM_CONDITIONS_STARTED: d.Details,
    Kind.APPEALED: d.Appealed,
    Kind.APPEAL_REFERRED: d.Details,
    Kind.APPEAL_DECIDED: d.AppealDecided,
    Kind.BECAME_FINAL: d.BecameFinal,
    Kind.DISPATCHED: DispatchTerms,
    Kind.PETITION_SENT: d.PetitionSent,
    Kind.PETITION_DECIDED: PetitionOutcomeTerms,
    Kind.ELECTRONIC_CONTROL_ENDED: d.ElectronicControlEnded,
    Kind.PROSECUTION_RESUMED: d.Details,
    Kind.PROSECUTION_NOT_RESUMED: d.Details,
    Kind.NEW_CHARGE: ChargeTerms,
    Kind.NEW_OFFENCE_DECIDED: NewOffenceTerms,
    Kind.DROPPED: d.Details,
    Kind.ACQUITTED: d.Details,
    Kind.OTHER_OUTCOME: OtherOutcomeTerms,
    Kind.DECISION_SET_ASIDE: d.DecisionSetAside,
    Kind.PERSON_INVESTIGATION_ORDERED: d.PumOrdered,
    Kind.PERSON_INVESTIGATION_RETURNED: d.PumReturned,
}
"""The terms of each kind of message, beyond person, case and day."""

DecisionId = Annotated[str, StringConstraints(pattern=patterns.DECISION_ID)]
"""The sender's own id of a decision, the same in every version of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardian:
    """A guardian (verge)."""

    __pydantic_config__ = CLOSED_SHAPE

    name: LineText
    contact: LineText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who it is about. Names may be missing, and so may the identity number: one that fails the check is flagged."""

    __pydantic_config__ = CLOSED_SHAPE

    born: date
    family_name: LineText | None = None
    given_name: LineText | None = None
    national_id: Annotated[str, StringConstraints(pattern=patterns.IDENTITY_NUMBER)] | None = None
    sex: Literal["female", "male", "unknown"] = "unknown"
    protection: Literal["none", "confidential", "strictly_confidential"] = "none"
    contact: LineText | None = None
    guardians: Annotated[tuple[Guardian, ...], Field(max_length=8)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What it takes to open the case when it is not known here: nothing is guessed, so the days have to be given.

    The konfliktråd is named, or decided by the municipality of residence. krl § 13.
    """

    __pydantic_config__ = CLOSED_SHAPE

    sanction: Sanction
    registered_on: date
    offences: Annotated[tuple[d.Offence, ...], Field(min_length=1, max_length=200)]
    suspect_on: date | None = None
    investigation_closed_on: date | None = None
    indicted_on: date | None = None
    court_received_on: date | None = None
    municipality: Annotated[str, StringConstraints(pattern=patterns.MUNICIPALITY)] | None = None
    konfliktrad: Code | None = None
    repeated_or_serious: bool = False

    def __post_init__(self) -> None:
        if (self.indicted_on is None) != (self.court_received_on is None):
            raise ValueError("indicted_on and court_received_on belong together")


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionMessage:
    """One message: which decision and version of it, what happened on which day, who and which case it is about.

    `refers_to`: the sender's id of an earlier decision that this one answers, such as the order of an investigation.
    `opening`: opens the case when it is not known. `terms`: what this kind asks for, see `TERMS`.
    """

    __pydantic_config__ = CLOSED_SHAPE

    kind: Kind
    decision_id: DecisionId
    version: Annotated[int, Field(ge=1, le=1_000_000)]
    sent_at: AwareDatetime
    occurred_on: date
    police_case_numbers: Annotated[tuple[CaseNumber, ...], Field(max_length=50)]
    person: Person | None = None
    court_case_number: CaseNumber | None = None
    refers_to: DecisionId | None = None
    opening: Opening | None = None
    terms: Any = NOTHING


@cache
def reader(kind: Kind) -> TypeAdapter[Any]:
    """The parser and serialiser for the terms of this kind."""
    return TypeAdapter(TERMS[kind])


class BadMessage(Exception):
    """The message does not have the shape that its kind requires. `problems`: each place and its error."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(f"{len(problems)} problem(s) in the message")
        self.problems = problems


_READER = TypeAdapter(DecisionMessage)


def read(raw: bytes | str) -> DecisionMessage:
    """The message in this JSON text. Raises `BadMessage` with every problem and its place."""
    try:
        message: DecisionMessage = _READER.validate_json(raw, strict=True)
    except ValidationError as error:
        raise BadMessage(problems_of(error)) from None
    try:
        terms = reader(message.kind).validate_json(
            to_json({} if message.terms is NOTHING else message.terms), strict=True
        )
    except ValidationError as error:
        raise BadMessage(problems_of(error, "/terms")) from None
    problems = list(implausible(plain(replace(message, terms=terms))))
    if problems:
        raise BadMessage(problems)
    return replace(message, terms=terms)


MAX_CLOCK_SKEW = timedelta(minutes=10)
"""How far the clock of a sender may be ahead of the clock of this service."""


def read_sent(raw: bytes | str, now: datetime) -> DecisionMessage:
    """As `read`, for a message that arrives at `now`.

    Also raises `BadMessage` if `sent_at` is more than `MAX_CLOCK_SKEW` later than `now`.
    """
    message = read(raw)
    if message.sent_at > now + MAX_CLOCK_SKEW:
        raise BadMessage([Problem("/sent_at", "instant_in_future", "has not come yet")])
    return message


def plain(message: DecisionMessage) -> dict[str, Any]:
    """The message as plain JSON values, without fields that have their default."""
    values: dict[str, Any] = _READER.dump_python(replace(message, terms=NOTHING), mode="json", exclude_defaults=True)
    terms = reader(message.kind).dump_python(message.terms, mode="json", by_alias=True, exclude_defaults=True)
    return {**values, "terms": terms}
