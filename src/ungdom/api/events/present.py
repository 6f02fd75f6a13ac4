"""The history, the options and recorded events as schemas."""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from ungdom import texts
from ungdom.api.events.forms import form_of
from ungdom.api.events.schemas import (
    CaseSnapshotOut,
    EventList,
    EventOut,
    FollowedOut,
    OfficialStatusOut,
    OptionList,
    OptionOut,
    RecordedOut,
    UndoingOut,
)
from ungdom.api.http.present import from_source, unmet_out
from ungdom.cases import CaseView, RecordResult, replay_events
from ungdom.esas.status import OfficialStatus, official_status
from ungdom.store.journal import StoredCase
from ungdom.workflow import engine, redaction
from ungdom.workflow.case import Case, derived_once
from ungdom.workflow.engine import Option, effective
from ungdom.workflow.events import Corrected, Event, plain_details
from ungdom.workflow.rules.waits import waiting_for
from ungdom.workflow.vocabulary import PHASE, EventType, State


class _Step(NamedTuple):
    """What an event led to: the state after it, and the parts of the official status message that it gives."""

    state: State
    status: tuple[OfficialStatus, ...]


def events_out(
    stored: StoredCase, language: texts.Language, valid_at: date | None = None, now: Case | None = None
) -> EventList:
    """The history until a day, corrections included, each event with the state it led to as the history now reads.

    `now`: the case with this whole history, if it is folded already.
    """
    events = _events_until(stored.events, valid_at) if valid_at else stored.events
    case = now or engine.fold(stored.youth, events, stored.table)
    steps = _steps(case)
    corrected = {e.details.corrects: e.seq for e in events if isinstance(e.details, Corrected)}
    return EventList(items=[_event_out(e, steps.get(e.seq), corrected, language) for e in events])


@derived_once
def _steps(case: Case) -> dict[int, _Step]:
    """By number, what each event of the history led to."""
    replayed = replay_events(case.youth, case.events, case.table)
    return {event.seq: _Step(after.state, tuple(official_status(after, event))) for event, after in replayed}


def redacted_events(history: EventList, read: CaseView) -> EventList:
    """The events that the reader may learn of, under the numbers by which they know them."""
    visible = {event.seq for event in read.events}
    return EventList(items=[_redacted_event(event, read) for event in history.items if event.seq in visible])


def _redacted_event(event: EventOut, read: CaseView) -> EventOut:
    details = redaction.learnt_details(read, event.type, event.details, read.stored.protection)
    if not read.by_own_numbers:
        return event if details == event.details else event.model_copy(update={"details": details})
    numbers = read.numbers
    details = _renumbered(details, numbers)
    by = numbers.get(event.corrected_by) if event.corrected_by is not None else None
    return event.model_copy(update={"details": details, "seq": numbers[event.seq], "corrected_by": by})


def _renumbered(details: dict[str, Any], numbers: Mapping[int, int]) -> dict[str, Any]:
    """The details with the numbers under which the reader knows other events; None for one that they do not know of."""
    known = {name: numbers.get(details[name]) for name in ("corrects", "after_seq") if name in details}
    inserted = details.get("insert")
    return details | known | ({"insert": _renumbered(inserted, numbers)} if inserted else {})


def _events_until(events: list[Event], day: date) -> list[Event]:
    """The events that had happened by that day as the history now reads, and the corrections of these."""
    dates = {event.seq: event.occurred_on for event in [*events, *effective(events)]}
    included = {event.seq for event in events if event.type is not EventType.CORRECTED and dates[event.seq] <= day}
    return [e for e in events if (e.details.corrects if isinstance(e.details, Corrected) else e.seq) in included]


def _event_out(event: Event, step: _Step | None, corrected: dict[int, int], language: texts.Language) -> EventOut:
    standing = "current" if event.seq not in corrected else ("corrected" if step else "annulled")
    return from_source(
        EventOut,
        event,
        label=texts.label(language, event.type),
        details=plain_details(event.type, event.details),
        standing=standing,
        corrected_by=corrected.get(event.seq),
        state_after=step.state if step else None,
        official_status=[OfficialStatusOut(part=part.part, code=part.code) for part in step.status] if step else [],
    )


def recorded_out(
    case_id: UUID, result: RecordResult, read: CaseView, dry_run: bool, language: texts.Language
) -> RecordedOut:
    """What an event did, as far as the viewer of `read` may learn of the case after it."""
    learnt = {event.seq for event in redaction.learnt_events(read, result.stored_after.events)}
    return RecordedOut(
        case=case_id,
        seq=result.event.seq,
        type=result.event.type,
        dry_run=dry_run,
        regime=result.decision.regime,
        law=result.decision.law,
        before=_snapshot_out(read, result.before, result.stored.version) if result.before else None,
        after=_snapshot_out(read, result.after, result.version),
        followed_by=[
            FollowedOut(
                seq=event.seq,
                type=event.type,
                label=texts.label(language, event.type),
                occurred_on=event.occurred_on,
            )
            for event in result.followed_by
            if event.seq in learnt
        ],
        undoing=UndoingOut(outcome=result.undoing.aftermath, message=texts.label(language, result.undoing.aftermath))
        if result.undoing
        else None,
        official_status=[
            OfficialStatusOut(part=part.part, code=part.code)
            for event in (result.event, *result.followed_by)
            for part in official_status(result.after, event)
        ],
    )


def _snapshot_out(read: CaseView, case: Case, version: int) -> CaseSnapshotOut:
    due = redaction.next_due(read, case)
    return CaseSnapshotOut(
        version=version,
        state=case.state,
        phase=PHASE[case.state],
        waiting_for=waiting_for(case),
        started_on=case.start.on if case.start else None,
        planned_end=case.planned_end,
        adjusted_end=case.adjusted_end(case.entered_on),
        next_due_on=due.due if due else None,
        next_due_code=due.code if due else None,
    )


def options_out(options: tuple[Option, ...], language: texts.Language) -> OptionList:
    """What may come next, and why not."""
    return OptionList(items=[_option_out(option, language) for option in options])


def _option_out(option: Option, language: texts.Language) -> OptionOut:
    decision = option.decision
    return OptionOut(
        type=option.event,
        label=texts.label(language, option.event),
        enabled=decision.allowed,
        suggested=decision.allowed and decision.after is not None,
        moves_to=decision.after,
        is_fact=decision.allowed and decision.after is None,
        regime=decision.regime,
        law=decision.law,
        actors=list(option.actors),
        unmet=[unmet_out(language, condition) for condition in decision.unmet],
        details_schema=form_of(option.event, language),
    )
