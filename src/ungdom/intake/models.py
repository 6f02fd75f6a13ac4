"""What is said of a message on its way in: who sends it, what came of it, and why not yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from ungdom.store.concerns import Concern
from ungdom.store.identity import PossibleMatch
from ungdom.store.journal import StoredCase
from ungdom.store.outbox import OutboxMessage as Promise
from ungdom.store.people import NewPerson
from ungdom.workflow.case import Case
from ungdom.workflow.errors import Problem
from ungdom.workflow.events import Event
from ungdom.workflow.guards.core import UnmetCondition
from ungdom.workflow.vocabulary import Actor


@dataclass(frozen=True, slots=True)
class Sender:
    """The system that sends, and whose acts it may tell of."""

    source: str
    authorities: frozenset[Actor]


class Outcome(StrEnum):
    """What came of a message."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"  # the case said so already
    SUPERSEDED = "superseded"  # a higher version is known
    PARKED = "parked"
    REJECTED = "rejected"


class Reason(StrEnum):
    """Why a message was not applied."""

    # parked
    UNKNOWN_CASE = "unknown_case"
    AMBIGUOUS_CASE = "ambiguous_case"
    PERSON_MISSING = "person_missing"
    PERSON_CONTRADICTS = "person_contradicts"
    IDENTITY_UNCONFIRMED = "identity_unconfirmed"
    UNKNOWN_REFERENCE = "unknown_reference"
    NUMBER_CONTRADICTS = "number_contradicts"
    VERSION_GAP = "version_gap"
    TOO_EARLY = "too_early"
    CONTRADICTS_STATE = "contradicts_state"
    CONDITIONS_UNMET = "conditions_unmet"
    BREAKS_HISTORY = "breaks_history"
    RECORDED_OTHERWISE = "recorded_otherwise"
    UNKNOWN_PLACE = "unknown_place"
    # superseded
    LOWER_VERSION = "lower_version"
    # rejected
    OTHER_CONTENT = "other_content"
    NOT_YOUR_AUTHORITY = "not_your_authority"
    INVALID = "invalid"
    BROKEN_LINE = "broken_line"
    LINE_TOO_LONG = "line_too_long"
    DISMISSED = "dismissed"
    NOT_NOW = "not_now"


class Advice(StrEnum):
    """What the sender should do."""

    NOTHING = "nothing"
    WAIT = "wait"  # it is tried again by itself
    SEND_WHAT_IS_MISSING = "send_what_is_missing"
    SEND_HIGHER_VERSION = "send_higher_version"
    SEND_AGAIN_CORRECTED = "send_again_corrected"
    SEND_AGAIN = "send_again"
    CONTACT_THE_OFFICE = "contact_the_office"


ADVICE: dict[Reason, Advice] = {
    Reason.UNKNOWN_CASE: Advice.SEND_WHAT_IS_MISSING,
    Reason.AMBIGUOUS_CASE: Advice.CONTACT_THE_OFFICE,
    Reason.PERSON_MISSING: Advice.SEND_HIGHER_VERSION,
    Reason.PERSON_CONTRADICTS: Advice.SEND_HIGHER_VERSION,
    Reason.IDENTITY_UNCONFIRMED: Advice.WAIT,
    Reason.UNKNOWN_REFERENCE: Advice.SEND_WHAT_IS_MISSING,
    Reason.NUMBER_CONTRADICTS: Advice.SEND_HIGHER_VERSION,
    Reason.VERSION_GAP: Advice.SEND_WHAT_IS_MISSING,
    Reason.TOO_EARLY: Advice.WAIT,
    Reason.CONTRADICTS_STATE: Advice.CONTACT_THE_OFFICE,
    Reason.CONDITIONS_UNMET: Advice.SEND_WHAT_IS_MISSING,
    Reason.BREAKS_HISTORY: Advice.CONTACT_THE_OFFICE,
    Reason.RECORDED_OTHERWISE: Advice.CONTACT_THE_OFFICE,
    Reason.UNKNOWN_PLACE: Advice.SEND_HIGHER_VERSION,
    Reason.LOWER_VERSION: Advice.NOTHING,
    Reason.OTHER_CONTENT: Advice.SEND_HIGHER_VERSION,
    Reason.NOT_YOUR_AUTHORITY: Advice.CONTACT_THE_OFFICE,
    Reason.INVALID: Advice.SEND_AGAIN_CORRECTED,
    Reason.BROKEN_LINE: Advice.SEND_AGAIN_CORRECTED,
    Reason.LINE_TOO_LONG: Advice.SEND_AGAIN_CORRECTED,
    Reason.DISMISSED: Advice.CONTACT_THE_OFFICE,
    Reason.NOT_NOW: Advice.SEND_AGAIN,
}
"""What the sender of a message that was not applied should do."""


class Remark(StrEnum):
    """Something the sender or the office should look at, though the message was taken."""

    NUMBER_FAILS_CHECK = "number_fails_check"
    OTHER_BIRTH_DATE = "other_birth_date"
    IMPLIED_BY_JUDGMENT = "implied_by_judgment"
    KEPT_ON_PERSON = "kept_on_person"
    CASE_OPENED = "case_opened"
    OPENING_NOT_USED = "opening_not_used"


class MessageNotApplied(Exception):
    """The message cannot be applied as things stand. `waits_for`: what may change that; `near`: cases it may mean.

    `hidden`: the offices that are told more than the sender.
    """

    def __init__(
        self,
        reason: Reason,
        waits_for: tuple[str, ...] = (),
        unmet: tuple[UnmetCondition, ...] = (),
        outcome: Outcome = Outcome.PARKED,
        near: tuple[UUID, ...] = (),
        hidden: tuple[Concern, ...] = (),
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.waits_for = waits_for
        self.unmet = unmet
        self.outcome = outcome
        self.near = near
        self.hidden = hidden


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A case with what has been decided about it and is not written yet. `persisted`: as it stands in the database.

    `places`: which event each step of the message became, or was found to be already. `newcomer`: to be created.
    `doubts`: the people that the youth of a new case may be, whom the sender may not see.
    """

    persisted: StoredCase
    stored: StoredCase
    before: Case | None
    case: Case
    events: tuple[Event, ...] = ()
    outgoing_messages: tuple[Promise, ...] = ()
    places: Mapping[int, int] = field(default_factory=dict)
    newcomer: NewPerson | None = None
    doubts: tuple[PossibleMatch, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessingResult:
    """What the receipt of a try tells. `observed`: the message is kept as an observation of the person."""

    outcome: Outcome
    reason: Reason | None = None
    stored: StoredCase | None = None
    before: Case | None = None
    after: Case | None = None
    events: tuple[Event, ...] = ()
    unmet: tuple[UnmetCondition, ...] = ()
    remarks: tuple[Remark, ...] = ()
    problems: tuple[Problem, ...] = ()
    person_id: UUID | None = None
    waits_for: tuple[str, ...] = ()
    near: tuple[UUID, ...] = ()
    places: Mapping[int, int] = field(default_factory=dict)
    observed: bool = False
    hidden: tuple[Concern, ...] = ()


def wait_key(kind: str, name: object) -> str:
    """What a message waits for, as one word: case, number, person or decision, and which."""
    return f"{kind}:{name}"
