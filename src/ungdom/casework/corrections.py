"""What a correction does to one event: whether it may be corrected, what stands afterwards, whether it changes any."""

from ungdom.casework.errors import NotCorrectable
from ungdom.casework.words import Correction
from ungdom.store.journal import Stored
from ungdom.workflow import details as d
from ungdom.workflow import engine
from ungdom.workflow.events import Corrected, Event, Replacement, plain_details, read_details
from ungdom.workflow.vocabulary import EventType

E = EventType

_TAKES_TWO = (E.REOPENED, E.REOPENING_APPROVED)
"""What two people of two offices agree on is never made of something else by a correction."""


def correctable(stored: Stored, wish: Correction) -> Event:
    """The event that is to be corrected, as it stands now. Raises `NotCorrectable`."""
    known = [*engine.effective(stored.events), *stored.events]  # as it now reads; an annulled one as it was recorded
    old = next((event for event in known if event.seq == wish.seq and event.type is not E.CORRECTED), None)
    kinds = {wish.type, old.type} if old else set()
    if old is None or E.RULES_MIGRATED in kinds or (wish.type in _TAKES_TWO and wish.type is not old.type):
        raise NotCorrectable(wish.seq)
    return old


def corrected(old: Event, wish: Correction) -> Corrected:
    """The correction as an event holds it. Raises `BadDetails`, or `NotCorrectable` for another case or person."""
    return Corrected(corrects=wish.seq, reason=wish.reason, replacement=None if wish.annul else _replacement(old, wish))


def changes_nothing(stored: Stored, correction: Corrected) -> bool:
    """Whether the event stands as the correction would have it: the same replacement, or annulled already."""
    event = next((event for event in engine.effective(stored.events) if event.seq == correction.corrects), None)
    new = correction.replacement
    if event is None or new is None:
        return event is None and new is None
    same = (event.type, event.occurred_on, event.occurred_at) == (new.type, new.occurred_on, None)
    return same and event.details == read_details(new.type, new.details)


def _replacement(old: Event, wish: Correction) -> Replacement:
    kind = wish.type or old.type
    details = plain_details(old.type, old.details) if wish.details is None else wish.details
    if isinstance(old.details, d.CaseRegistered):
        details = {"table": old.details.table, **details} if old.details.table else details
    corrected_details = read_details(kind, details)
    if isinstance(old.details, d.CaseRegistered) and not _same_case(old.details, corrected_details):
        raise NotCorrectable(wish.seq)
    return Replacement(type=kind, occurred_on=wish.occurred_on or old.occurred_on, details=details)


def _same_case(old: d.CaseRegistered, new: d.Details) -> bool:
    """A correction moves no case to another person, office or version of the table: these have ways of their own."""
    same = isinstance(new, d.CaseRegistered) and (old.person, old.konfliktrad) == (new.person, new.konfliktrad)
    return same and isinstance(new, d.CaseRegistered) and old.table == new.table
