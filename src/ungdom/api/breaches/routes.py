"""Breaches and new offences of a case: what followed each, hearings, control periods, the petition window."""

from datetime import date
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from ungdom import texts
from ungdom.api.http.case_reading import case_view
from ungdom.api.http.context import ReadContext
from ungdom.api.http.schemas import AsOfOut, Output
from ungdom.api.http.time_travel import AsOfParams
from ungdom.cases import CaseView
from ungdom.workflow.derived import breaches, right_to_be_heard
from ungdom.workflow.derived.breaches import BreachChain, BreachChainStep
from ungdom.workflow.derived.right_to_be_heard import HeardStatus
from ungdom.workflow.events import plain_details
from ungdom.workflow.payloads import EndOfControl, HeardAbout, HeardHow
from ungdom.workflow.vocabulary import EventType

router = APIRouter(tags=["cases"])


class ChainStepOut(Output):
    """One step; `days` since the one before, `total_days` since the breach or offence was dated."""

    seq: int
    type: EventType
    label: str
    occurred_on: date
    days: int
    total_days: int
    details: dict[str, Any]


class ChainOut(Output):
    """A breach or new offence (the first step) and what followed it."""

    type: EventType
    label: str
    occurred_on: date
    steps: list[ChainStepOut]


class HeardOut(Output):
    """Whether the youth has been heard about a step of the office, after its newest ground."""

    about: HeardAbout
    label: str
    ground_on: date | None
    heard_on: date | None
    how: HeardHow | None
    how_label: str | None
    law: str


class ControlOut(Output):
    """A period of electronic control; `longest`: at most until that day, six months from the order."""

    since: date
    until: date
    review_from: date
    longest: date
    ended_on: date | None
    end: EndOfControl | None
    extension: bool


class WindowOut(Output):
    """Until when a petition reaches the court: for control until `control_last`, for anything else until `last`."""

    end_of_term: date
    control_last: date
    last: date
    days_left: int
    sent_on: date | None
    open: bool


class BreachesOut(Output):
    """Breaches and new offences. `heard`: empty where the rules of the day do not ask for it (R0)."""

    as_of: AsOfOut
    items: list[ChainOut]
    heard: list[HeardOut]
    control_periods: list[ControlOut]
    window: WindowOut | None


@router.get("/v1/cases/{case_id}/breaches", response_model=BreachesOut, summary="Breaches, and what followed each")
def get_breaches(context: ReadContext, case_id: UUID, as_of: AsOfParams) -> Response:
    """Each breach and new offence with its steps and days, hearings, electronic control, and the petition window."""
    return case_view(context, case_id, as_of, lambda read, then: breaches_out(read, then, context.language))


def breaches_out(read: CaseView, then: AsOfOut, language: texts.Language) -> BreachesOut:
    """The chains, and what belongs to them on the day."""
    case, day = read.case, read.on
    heard = right_to_be_heard.heard_statuses(case, day) if right_to_be_heard.is_required(case, day) else []
    window = breaches.window(case, day)
    return BreachesOut(
        as_of=then,
        items=[_chain_out(chain, language) for chain in breaches.chains(case)],
        heard=[_heard_out(item, language) for item in heard],
        control_periods=[ControlOut.model_validate(item) for item in breaches.control_periods(case)],
        window=WindowOut.model_validate(window) if window else None,
    )


def _chain_out(chain: BreachChain, language: texts.Language) -> ChainOut:
    ground = chain.ground
    return ChainOut(
        type=ground.type,
        label=texts.label(language, ground.type),
        occurred_on=ground.occurred_on,
        steps=[_step_out(step, language) for step in chain.steps],
    )


def _step_out(step: BreachChainStep, language: texts.Language) -> ChainStepOut:
    event = step.event
    return ChainStepOut(
        seq=event.seq,
        type=event.type,
        label=texts.label(language, event.type),
        occurred_on=event.occurred_on,
        days=step.days,
        total_days=step.total,
        details=plain_details(event.type, event.details),
    )


def _heard_out(status: HeardStatus, language: texts.Language) -> HeardOut:
    return HeardOut(
        about=status.about,
        label=texts.label(language, status.about),
        ground_on=status.ground.occurred_on if status.ground else None,
        heard_on=status.hearing.occurred_on if status.hearing else None,
        how=status.how,
        how_label=texts.label(language, status.how) if status.how else None,
        law=right_to_be_heard.LAW,
    )
