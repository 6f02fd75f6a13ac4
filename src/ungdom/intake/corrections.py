"""Applying a higher version of a decision: what the sender changed, and never what a person has put right.

An event that the lower version made, or was linked with, is corrected where the two versions differ; everything else
that is recorded of it stays. If a person has corrected or annulled the event meanwhile and the sender now reports
something new, the message is parked until the case agrees or the message is dismissed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ungdom import cases
from ungdom.cases import Correction
from ungdom.intake import mapping
from ungdom.intake.apply import (
    Applied,
    apply_steps,
    is_event_of,
    parked_until_changed,
    recorded_event,
    recorder_of,
    with_place,
    with_recorded,
)
from ungdom.intake.mapping import PlannedStep
from ungdom.intake.models import CaseChange, ProcessingResult, Reason, Sender
from ungdom.store.journal import StoredCase
from ungdom.store.session import Connection
from ungdom.workflow import engine
from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.events import Event, plain_details
from ungdom.workflow.rules.permissions import OtherOffice


@dataclass(frozen=True, slots=True)
class EventRevision:
    """One event and its step in two versions. `was` None: the lower version is not known; `will` None: left out now.

    `place`: of the step in the higher version.
    """

    seq: int
    was: PlannedStep | None
    will: PlannedStep | None
    place: int | None

    @property
    def is_the_same(self) -> bool:
        """Whether both versions say the same of the event."""
        return self.was is not None and self.will is not None and self.was.entry == self.will.entry


def case_before(stored: StoredCase, case: Case, places: dict[int, int], source: str) -> Case:
    """The case as it stood before the lower version made its events; both versions are read in it."""
    seqs = [event.seq for event in stored.events if event.seq in places.values() and event.source == source]
    if not seqs:
        return case
    earlier = [event for event in engine.effective(stored.events) if event.seq < min(seqs)]
    return engine.fold(stored.youth, earlier, case.table)


def apply_revisions(
    tx: Connection,
    sender: Sender,
    change: CaseChange,
    versions: tuple[Sequence[PlannedStep], Sequence[PlannedStep]],
    places: dict[int, int],
    now: datetime,
) -> Applied:
    """The case with the events at `places` corrected or annulled as the `versions` differ, and new steps recorded."""
    was, will = versions
    for revision in _revisions(was, will, places):
        applied = _apply_revision(tx, sender, change, revision, now)
        if isinstance(applied, ProcessingResult):
            return applied
        change = applied
    return apply_steps(tx, sender, change, will, now)


def apply_correction(
    tx: Connection, sender: Sender, change: CaseChange, correction: Correction, now: datetime
) -> Applied:
    """The case with this correction recorded; the same change where the event reads like it already."""
    try:
        done = cases.correct_loaded(tx, recorder_of(sender), change.stored, change.case, correction, now)
    except cases.ChangesNothing:
        return change
    except cases.WalkBroken as error:
        return parked_until_changed(change, Reason.BREAKS_HISTORY, error.broken.unmet)
    except (cases.NotCorrectable, cases.NotPermitted, OtherOffice, cases.UnknownReferenceValue):
        return parked_until_changed(change, Reason.BREAKS_HISTORY)
    return with_recorded(change, done)


def _revisions(was: Sequence[PlannedStep], will: Sequence[PlannedStep], places: dict[int, int]) -> list[EventRevision]:
    """Each event with its step in both versions: first paired by type, then what is left in order."""
    left = dict(enumerate(will))
    paired: dict[int, int | None] = {}
    for alike in (True, False):
        for place in sorted(set(places) - set(paired)):
            old = was[place] if place < len(was) else None
            fits = (at for at, new in left.items() if not alike or (old and old.entry.type is new.entry.type))
            position = next(fits, None)
            if position is not None or not alike:
                paired[place] = position
                left.pop(position if position is not None else -1, None)
    return [
        EventRevision(places[place], was[place] if place < len(was) else None, will[at] if at is not None else None, at)
        for place, at in sorted(paired.items())
    ]


def _apply_revision(
    tx: Connection, sender: Sender, change: CaseChange, revision: EventRevision, now: datetime
) -> Applied:
    event = next((candidate for candidate in change.case.events if candidate.seq == revision.seq), None)
    if event is None:
        return _keep_annulled(change, revision)
    correction = _correction_for(change, event, revision)
    if isinstance(correction, ProcessingResult):
        return correction
    applied: Applied = change
    if correction is not None:
        applied = apply_correction(tx, sender, change, correction, now)
    if revision.place is None or isinstance(applied, ProcessingResult):
        return applied
    return with_place(applied, revision.place, revision.seq)


def _keep_annulled(change: CaseChange, revision: EventRevision) -> Applied:
    """A person has annulled the event. It stays annulled, unless the sender now reports something not recorded."""
    if revision.will is None or revision.place is None:
        return change
    recorded = recorded_event(change, revision.will)
    if recorded is None and not revision.is_the_same:
        return parked_until_changed(change, Reason.RECORDED_OTHERWISE)
    return with_place(change, revision.place, recorded.seq if recorded else revision.seq)


def _correction_for(change: CaseChange, event: Event, revision: EventRevision) -> Correction | ProcessingResult | None:
    """The correction that makes the event say what the sender says now; None where there is nothing to correct."""
    was, will = revision.was, revision.will
    if revision.is_the_same or (will is not None and not will.day_from_sender):
        return None
    if was is None or not is_event_of(event, was):
        agrees = will is not None and is_event_of(event, will)
        return None if agrees else parked_until_changed(change, Reason.RECORDED_OTHERWISE)
    if will is None:
        return Correction(event.seq, d.CorrectionReason.CORRECTED_DECISION, annul=True)
    return _replacement(event, was, will)


def _replacement(event: Event, was: PlannedStep, will: PlannedStep) -> Correction | None:
    entry, alike = will.entry, event.type is will.entry.type
    details = mapping.merged_details(event.details, was.entry.details, entry.details) if alike else entry.details
    if alike and (event.occurred_on, event.details) == (entry.occurred_on, details):
        return None
    return Correction(
        event.seq,
        d.CorrectionReason.CORRECTED_DECISION,
        annul=False,
        type=entry.type,
        occurred_on=entry.occurred_on,
        details=plain_details(entry.type, details),
    )
