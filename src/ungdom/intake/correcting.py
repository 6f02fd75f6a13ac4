"""What a higher version of a decision changes: what the sender changed, and never what a person has put right.

An event that the lower version made, or was linked with, is corrected where the two versions differ; what else has been
recorded of it stays. Where a person has corrected or annulled the event meanwhile, and the sender now says something
else again, neither is forced: the message is held until the case says so, or it is put aside.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ungdom import casework
from ungdom.casework import Correction
from ungdom.intake import meaning
from ungdom.intake.deciding import found_in, says, step, who_is, with_event
from ungdom.intake.meaning import Wanted
from ungdom.intake.words import Draft, Held, Reason, Sender, thing
from ungdom.store.journal import Stored
from ungdom.store.session import Connection
from ungdom.workflow import details as d
from ungdom.workflow import engine
from ungdom.workflow.case import Case
from ungdom.workflow.events import Event, plain_details
from ungdom.workflow.permissions import OtherOffice


@dataclass(frozen=True, slots=True)
class Change:
    """One event and what the versions say of it. `was` None: not known any more; `will` None: no longer told."""

    seq: int
    was: Wanted | None
    will: Wanted | None
    place: int | None

    @property
    def is_the_same(self) -> bool:
        """Both versions say the same of it."""
        return self.was is not None and self.will is not None and self.was.entry == self.will.entry


def before(stored: Stored, case: Case, places: dict[int, int], source: str) -> Case:
    """The case as it stood before the lower version made its events there, in which both versions are read."""
    made = [event.seq for event in stored.events if event.seq in places.values() and event.source == source]
    if not made:
        return case
    earlier = [event for event in engine.effective(stored.events) if event.seq < min(made)]
    return engine.fold(stored.youth, earlier, case.table)


def corrected(
    tx: Connection,
    sender: Sender,
    draft: Draft,
    versions: tuple[Sequence[Wanted], Sequence[Wanted]],
    places: dict[int, int],
    now: datetime,
) -> Draft:
    """The draft with the events at `places` changed as the `versions` differ: corrected, annulled, added.

    Raises `Held`.
    """
    was, will = versions
    for change in _changes(was, will, places):
        draft = _changed(tx, sender, draft, change, now)
    for place, wanted in enumerate(will):
        if place not in draft.places:
            draft = step(tx, sender, draft, wanted, place, now)
    return draft


def _changes(was: Sequence[Wanted], will: Sequence[Wanted], places: dict[int, int]) -> list[Change]:
    """Each event with its step in both versions: steps of one type belong together, those left over in order."""
    left = dict(enumerate(will))
    paired: dict[int, int | None] = {}
    for alike in (True, False):
        for place in sorted(set(places) - set(paired)):
            old = was[place] if place < len(was) else None
            fits = (at for at, new in left.items() if not alike or (old and old.entry.type is new.entry.type))
            found = next(fits, None)
            if found is not None or not alike:
                paired[place] = found
                left.pop(found if found is not None else -1, None)
    return [
        Change(places[place], was[place] if place < len(was) else None, will[at] if at is not None else None, at)
        for place, at in sorted(paired.items())
    ]


def _changed(tx: Connection, sender: Sender, draft: Draft, change: Change, now: datetime) -> Draft:
    event = next((one for one in draft.case.events if one.seq == change.seq), None)
    if event is None:
        return _annulled(draft, change)
    wish = _wish(draft, event, change)
    if wish is not None:
        draft = amended(tx, sender, draft, wish, now)
    return draft if change.place is None else _placed(draft, change.place, change.seq)


def _annulled(draft: Draft, change: Change) -> Draft:
    """A person has annulled the event: that stands, unless the sender now says something new that is not recorded."""
    if change.will is None or change.place is None:
        return draft
    again = found_in(draft, change.will)
    if again is None and not change.is_the_same:
        raise _otherwise(draft)
    return _placed(draft, change.place, again.seq if again else change.seq)


def _wish(draft: Draft, event: Event, change: Change) -> Correction | None:
    """The correction that makes the event say what the sender now says; None where there is nothing to correct."""
    was, will = change.was, change.will
    if change.is_the_same or (will is not None and not will.told):
        return None
    if was is None or not says(event, was):
        if will is not None and says(event, will):
            return None
        raise _otherwise(draft)
    if will is None:
        return Correction(event.seq, d.CorrectionReason.CORRECTED_DECISION, annul=True)
    return _replaced(event, was, will)


def _replaced(event: Event, was: Wanted, will: Wanted) -> Correction | None:
    entry, alike = will.entry, event.type is will.entry.type
    said = meaning.merged(event.details, was.entry.details, entry.details) if alike else entry.details
    if alike and (event.occurred_on, event.details) == (entry.occurred_on, said):
        return None
    return Correction(
        event.seq,
        d.CorrectionReason.CORRECTED_DECISION,
        annul=False,
        type=entry.type,
        occurred_on=entry.occurred_on,
        details=plain_details(entry.type, said),
    )


def _placed(draft: Draft, place: int, seq: int) -> Draft:
    return replace(draft, places={**draft.places, place: seq})


def amended(tx: Connection, sender: Sender, draft: Draft, wish: Correction, now: datetime) -> Draft:
    """The draft with this correction; the same draft where the event reads so already. Raises `Held`."""
    waits = (thing("case", draft.kept.case_id),)
    try:
        done = casework.amend(tx, who_is(sender), draft.stored, draft.case, wish, now, dry_run=True)
    except casework.ChangesNothing:
        return draft
    except casework.WalkBroken as error:
        raise Held(Reason.BREAKS_HISTORY, waits, error.broken.unmet) from None
    except (casework.NotCorrectable, casework.NotPermitted, OtherOffice, casework.Unknown):
        raise Held(Reason.BREAKS_HISTORY, waits) from None
    return with_event(draft, done)


def _otherwise(draft: Draft) -> Held:
    return Held(Reason.RECORDED_OTHERWISE, (thing("case", draft.kept.case_id),))
