"""The values of intake: sender, outcome, reason, advice, and the contexts and results of processing a message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from ungdom import texts
from ungdom.intake.identity import IdentityPart
from ungdom.message import DecisionMessage
from ungdom.store.concerns import Concern
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.inbox import InboundMessage
from ungdom.store.journal import StoredCase
from ungdom.workflow.case import Case
from ungdom.workflow.events import Event
from ungdom.workflow.guards.core import UnmetCondition
from ungdom.workflow.vocabulary import Actor


@dataclass(frozen=True, slots=True)
class Sender:
    """The sending system, and the authorities whose acts it may report."""

    source: str
    authorities: frozenset[Actor]


class Outcome(StrEnum):
    """What came of a message."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"  # recorded in the case already
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
    NEVER_POSSIBLE = "never_possible"
    OTHER_CONTENT = "other_content"
    NOT_YOUR_AUTHORITY = "not_your_authority"
    INVALID = "invalid"
    BROKEN_LINE = "broken_line"
    LINE_TOO_LONG = "line_too_long"
    DISMISSED = "dismissed"
    NOT_NOW = "not_now"
    DRY_RUN_TOO_LONG = "dry_run_too_long"


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
    Reason.NEVER_POSSIBLE: Advice.SEND_HIGHER_VERSION,
    Reason.OTHER_CONTENT: Advice.SEND_HIGHER_VERSION,
    Reason.NOT_YOUR_AUTHORITY: Advice.CONTACT_THE_OFFICE,
    Reason.INVALID: Advice.SEND_AGAIN_CORRECTED,
    Reason.BROKEN_LINE: Advice.SEND_AGAIN_CORRECTED,
    Reason.LINE_TOO_LONG: Advice.SEND_AGAIN_CORRECTED,
    Reason.DISMISSED: Advice.CONTACT_THE_OFFICE,
    Reason.NOT_NOW: Advice.SEND_AGAIN,
    Reason.DRY_RUN_TOO_LONG: Advice.SEND_AGAIN_CORRECTED,
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


@dataclass(frozen=True, slots=True)
class IntakeContext:
    """Where messages are processed: keys, the instant, the language of receipts.

    `deferred`: messages that could not be retried in this transaction and are retried after the commit.
    """

    keys: EncryptionKeys
    now: datetime
    language: texts.Language
    deferred: list[UUID] = field(default_factory=list, compare=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person decided about a parked message.

    `case_id`: which case it is about. `accept_gap`: a missing version is not coming. `accept_doubt`: the case is to be
    opened although its person resembles another; the question of identity is raised then.
    """

    case_id: UUID | None = None
    accept_gap: bool = False
    accept_doubt: bool = False


@dataclass(frozen=True, slots=True)
class MessageContext:
    """One message in processing: its sender, its content, its inbox row, and the other versions of the decision.

    `blocking`: whether to wait for a transaction that holds the lock of the case.
    """

    intake: IntakeContext
    sender: Sender
    message: DecisionMessage
    arrival: InboundMessage
    earlier: Sequence[InboundMessage]
    blocking: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseChange:
    """A case with the steps of a message recorded in it. `original`: as it was stored before the message.

    `places`: by place in the message, the number of the event that the step became, or that was recorded already.
    """

    original: StoredCase
    stored: StoredCase
    before: Case | None
    case: Case
    events: tuple[Event, ...] = ()
    places: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessingResult:
    """The result of one try of a message. A message that is not applied is parked, superseded or rejected.

    `waits_for`: the keys whose change may let a parked message be applied; `near`: the cases it may be about.
    `observed`: the message is stored as an observation of the person. `hidden`: the offices that learn more than the
    sender. `contradictions`: the parts of the person that contradict one whom the sender may see.
    """

    outcome: Outcome
    reason: Reason | None = None
    stored: StoredCase | None = None
    before: Case | None = None
    after: Case | None = None
    events: tuple[Event, ...] = ()
    unmet: tuple[UnmetCondition, ...] = ()
    remarks: tuple[Remark, ...] = ()
    person_id: UUID | None = None
    waits_for: tuple[str, ...] = ()
    near: tuple[UUID, ...] = ()
    places: Mapping[int, int] = field(default_factory=dict)
    observed: bool = False
    hidden: tuple[Concern, ...] = ()
    contradictions: tuple[IdentityPart, ...] = ()


def parked(
    reason: Reason,
    waits_for: tuple[str, ...] = (),
    *,
    unmet: tuple[UnmetCondition, ...] = (),
    near: tuple[UUID, ...] = (),
    hidden: tuple[Concern, ...] = (),
    contradictions: tuple[IdentityPart, ...] = (),
) -> ProcessingResult:
    """The result of a message that is parked for this reason, until one of these keys changes."""
    return ProcessingResult(
        outcome=Outcome.PARKED,
        reason=reason,
        waits_for=waits_for,
        unmet=unmet,
        near=near,
        hidden=hidden,
        contradictions=contradictions,
    )


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """The inbox row of a message and its receipt. `repeated`: the message was known, and this is the first receipt."""

    arrival: InboundMessage
    receipt: bytes
    repeated: bool = False
