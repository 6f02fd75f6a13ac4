"""Schemas of decisions: messages of prosecution systems and courts, their receipts, and lists of them."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, TypeAdapter

from ungdom.api.http.inputs import DEFAULT_LIMIT, Input, Limit
from ungdom.api.http.schemas import Output, UnmetOut
from ungdom.api.http.unions import REF_TEMPLATE, pascal, reference, schemas_of, tagged_union
from ungdom.intake.identity import IdentityPart
from ungdom.intake.models import Advice, Outcome, Reason, Remark
from ungdom.message import TERMS, DecisionId, DecisionMessage, Kind, reader
from ungdom.message.text import CursorText
from ungdom.workflow.rules.deadlines import DeadlineStatus
from ungdom.workflow.vocabulary import EventType, State


class CaseRef(Output):
    """The case a message became part of."""

    id: UUID
    reference: str


class ReasonOut(Output):
    """Why a message was not applied, and what would resolve it."""

    code: Reason
    message: str
    resolve: str


class AdviceOut(Output):
    """What the sender should do."""

    code: Advice
    message: str


class ContradictionOut(Output):
    """A part of the person in the message that contradicts somebody whom the sender has told of."""

    part: IdentityPart
    message: str


class RemarkOut(Output):
    """Something to look at, though the message was taken."""

    code: Remark
    message: str


class EventRef(Output):
    """An event that the message made. `corrects`: the number of the event that it corrects."""

    seq: int
    type: EventType
    occurred_on: date
    corrects: int | None = None


class DeadlineMoved(Output):
    """A deadline that is not as it was: null where there was, or is, none."""

    code: str
    label: str
    law: str
    from_: Annotated[date | None, Field(alias="from")]
    to: date | None
    status_before: DeadlineStatus | None
    status_after: DeadlineStatus | None


class ReceiptOut(Output):
    """What came of a message. The same version sent again gets the same bytes; `status` says how it stands now."""

    id: UUID
    decision_id: str
    version: int
    kind: Kind
    received_at: datetime
    outcome: Outcome
    outcome_label: str
    reason: ReasonOut | None
    case: CaseRef | None
    state_before: State | None
    state_after: State | None
    events: list[EventRef]
    deadlines: list[DeadlineMoved]
    unmet: list[UnmetOut]
    contradictions: list[ContradictionOut]
    remarks: list[RemarkOut]
    sender_should: AdviceOut
    status: str


class PlaceOut(Output):
    """A place in a line that is wrong. `allowed`: the values of a closed list that the value is not in."""

    pointer: str
    code: str
    detail: str
    allowed: list[str] | None = None


class RefusalOut(Output):
    """A message of which nothing was kept: what could be read of it, and what is wrong with it."""

    id: None
    decision_id: str | None
    version: int | None
    kind: str | None
    line: int | None
    outcome: Outcome
    outcome_label: str
    reason: ReasonOut
    errors: list[PlaceOut]
    sender_should: AdviceOut


class DecisionRow(Output):
    """One message in a list: how it stands, nothing of the person."""

    id: UUID
    source: str
    decision_id: str
    version: int
    kind: Kind
    sent_at: datetime
    received_at: datetime
    updated_at: datetime
    outcome: Outcome
    reason: ReasonOut | None
    case_id: UUID | None
    konfliktrad: str | None


class DecisionList(Output):
    """A page of messages, the newest first."""

    items: list[DecisionRow]
    next: str | None


class TryOut(Output):
    """One try of a message. `by`: the sender, a person, or what it waited for."""

    at: datetime
    by: str
    receipt: ReceiptOut


class DecisionOut(DecisionRow):
    """One message with every receipt; `message`: what it said, for those who may know who it is about."""

    tries: list[TryOut]
    message: dict[str, Any] | None


class RetryIn(Input):
    """A parked message to be tried again. `case`: the case it is about; `accept_gap`: a missing version is not coming.

    `accept_doubt`: open the case although its person resembles another, and raise the question of identity. All three
    are for the konfliktråd to decide; a sender may try again as things stand.
    """

    case: UUID | None = None
    accept_gap: bool = False
    accept_doubt: bool = False


class DecisionDryRun(Input):
    """`dry_run`: answer with the receipt that would be given, and write nothing."""

    dry_run: bool = False


class DecisionQuery(Input):
    """Which messages."""

    outcome: Outcome | None = None
    kind: Kind | None = None
    decision_id: DecisionId | None = None
    case: UUID | None = None
    limit: Limit = DEFAULT_LIMIT
    cursor: CursorText | None = None


def message_schemas() -> dict[str, Any]:
    """JSON Schemas of messages by name. `DecisionIn` is a union with one schema per kind, discriminated by `kind`."""
    whole = TypeAdapter(DecisionMessage).json_schema(by_alias=True, ref_template=REF_TEMPLATE)
    terms, schemas = schemas_of({kind: reader(kind) for kind in TERMS})
    schemas |= whole.pop("$defs", {})
    names = {kind: f"{pascal(kind)}Decision" for kind in TERMS}
    schemas |= {name: _decision_schema(whole, kind, terms[kind], schemas) for kind, name in names.items()}
    return schemas | {"DecisionIn": tagged_union("kind", names, DecisionMessage)}


def _decision_schema(whole: dict[str, Any], kind: Kind, terms: str, shapes: dict[str, Any]) -> dict[str, Any]:
    tag = {"type": "string", "const": kind.value}
    required = [*whole["required"], *(["terms"] if shapes[terms].get("required") else [])]
    about = {"title": f"{pascal(kind)}Decision", "description": f"A message of kind `{kind}`."}
    properties = {**whole["properties"], "kind": tag, "terms": reference(terms)}
    return {**about, "type": "object", "additionalProperties": False, "properties": properties, "required": required}
