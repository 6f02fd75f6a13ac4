"""What a higher version of a decision changes: what the sender changed, and never what a person has put right.

An event that the lower version made, or was linked with, is corrected where the two versions differ; what else has been
recorded of it stays. Where a person has corrected or annulled the event meanwhile, and the sender now says something
else again, neither is forced: the message is held until the case says so, or it is put aside.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ungdom import cases
from ungdom.cases import Correction
from ungdom.intake import mapping
from ungdom.intake.draft import is_event_of, principal_of, recorded_event, with_recorded, with_step
from ungdom.intake.mapping import PlannedStep
from ungdom.intake.models import Draft, MessageNotApplied, Reason, Sender, wait_key
from ungdom.store.journal import StoredCase
from ungdom.store.session import Connection
from ungdom.workflow import engine
from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.events import Event, plain_details
from ungdom.workflow.rules.permissions import OtherOffice


@dataclass(frozen=True, slots=True)
class EventRevision:
    """One event and what the versions say of it. `was` None: not known any more; `will` None: no longer told."""

    seq: int
    was: PlannedStep | None
    will: PlannedStep | None
    place: int | None

    @property
    def is_the_same(self) -> bool:
        """Both versions say the same of it."""
        return self.was is not None and self.will is not None and self.was.entry == self.will.entry


def case_before(stored: StoredCase, case: Case, places: dict[int, int], source: str) -> Case:
    """The case as it stood before the lower version made its events there, in which both versions are read."""
    seqs = [event.seq for event in stored.events if event.seq in places.values() and event.source == source]
    if not seqs:
        return case
    earlier = [event for event in engine.effective(stored.events) if event.seq < min(seqs)]
    return engine.fold(stored.youth, earlier, case.table)


def with_revisions(
    tx: Connection,
    sender: Sender,
    draft: Draft,
    versions: tuple[Sequence[PlannedStep], Sequence[PlannedStep]],
    places: dict[int, int],
    now: datetime,
) -> Draft:
    """The draft with the events at `places` changed as the `versions` differ: corrected, annulled, added.

    Raises `Held`.
    """
    was, will = versions
    for revision in _revisions(was, will, places):
        draft = _apply_revision(tx, sender, draft, revision, now)
    for place, planned in enumerate(will):
        if place not in draft.places:
            draft = with_step(tx, sender, draft, planned, place, now)
    return draft


def _revisions(was: Sequence[PlannedStep], will: Sequence[PlannedStep], places: dict[int, int]) -> list[EventRevision]:
    """Each event with its step in both versions: steps of one type belong together, those left over in order."""
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


def _apply_revision(tx: Connection, sender: Sender, draft: Draft, revision: EventRevision, now: datetime) -> Draft:
    event = next((candidate for candidate in draft.case.events if candidate.seq == revision.seq), None)
    if event is None:
        return _with_annulled_event(draft, revision)
    correction = _correction_for(draft, event, revision)
    if correction is not None:
        draft = with_correction(tx, sender, draft, correction, now)
    return draft if revision.place is None else _with_place(draft, revision.place, revision.seq)


def _with_annulled_event(draft: Draft, revision: EventRevision) -> Draft:
    """A person has annulled the event: that stands, unless the sender now says something new that is not recorded."""
    if revision.will is None or revision.place is None:
        return draft
    recorded = recorded_event(draft, revision.will)
    if recorded is None and not revision.is_the_same:
        raise _recorded_otherwise(draft)
    return _with_place(draft, revision.place, recorded.seq if recorded else revision.seq)


def _correction_for(draft: Draft, event: Event, revision: EventRevision) -> Correction | None:
    """The correction that makes the event say what the sender now says; None where there is nothing to correct."""
    was, will = revision.was, revision.will
    if revision.is_the_same or (will is not None and not will.day_from_sender):
        return None
    if was is None or not is_event_of(event, was):
        if will is not None and is_event_of(event, will):
            return None
        raise _recorded_otherwise(draft)
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


def _with_place(draft: Draft, place: int, seq: int) -> Draft:
    return replace(draft, places={**draft.places, place: seq})


def with_correction(tx: Connection, sender: Sender, draft: Draft, correction: Correction, now: datetime) -> Draft:
    """The draft with this correction; the same draft where the event reads so already. Raises `Held`."""
    waits = (wait_key("case", draft.persisted.case_id),)
    try:
        done = cases.correct_loaded(tx, principal_of(sender), draft.stored, draft.case, correction, now, dry_run=True)
    except cases.ChangesNothing:
        return draft
    except cases.WalkBroken as error:
        raise MessageNotApplied(Reason.BREAKS_HISTORY, waits, error.broken.unmet) from None
    except (cases.NotCorrectable, cases.NotPermitted, OtherOffice, cases.UnknownReferenceValue):
        raise MessageNotApplied(Reason.BREAKS_HISTORY, waits) from None
    return with_recorded(draft, done)


def _recorded_otherwise(draft: Draft) -> MessageNotApplied:
    return MessageNotApplied(Reason.RECORDED_OTHERWISE, (wait_key("case", draft.persisted.case_id),))
