"""What a correction does to one event: whether it may be corrected, what stands afterwards, whether it changes any."""

from ungdom.cases.commands import Correction
from ungdom.cases.errors import NotCorrectable
from ungdom.store.journal import StoredCase
from ungdom.workflow import engine
from ungdom.workflow import payloads as d
from ungdom.workflow.events import Corrected, Event, Replacement, plain_details, read_details
from ungdom.workflow.vocabulary import EventType

E = EventType

_NEEDS_TWO_PEOPLE = (E.REOPENED, E.REOPENING_APPROVED)
"""What two people of two offices agree on is never made of something else by a correction."""


def correctable_event(stored: StoredCase, request: Correction) -> Event:
    """The event that is to be corrected, as it stands now. Raises `NotCorrectable`."""
    known = [*engine.effective(stored.events), *stored.events]  # as it now reads; an annulled one as it was recorded
    old = next((event for event in known if event.seq == request.seq and event.type is not E.CORRECTED), None)
    kinds = {request.type, old.type} if old else set()
    if old is None or E.RULES_MIGRATED in kinds or (request.type in _NEEDS_TWO_PEOPLE and request.type is not old.type):
        raise NotCorrectable(request.seq)
    return old


def correction_details(old: Event, request: Correction) -> Corrected:
    """The correction as an event holds it. Raises `BadDetails`, or `NotCorrectable` for another case or person."""
    return Corrected(
        corrects=request.seq, reason=request.reason, replacement=None if request.annul else _replacement(old, request)
    )


def changes_nothing(stored: StoredCase, correction: Corrected) -> bool:
    """Whether the event stands as the correction would have it: the same replacement, or annulled already."""
    event = next((event for event in engine.effective(stored.events) if event.seq == correction.corrects), None)
    new = correction.replacement
    if event is None or new is None:
        return event is None and new is None
    same = (event.type, event.occurred_on, event.occurred_at) == (new.type, new.occurred_on, None)
    return same and event.details == read_details(new.type, new.details)


def _replacement(old: Event, request: Correction) -> Replacement:
    kind = request.type or old.type
    details = plain_details(old.type, old.details) if request.details is None else request.details
    if isinstance(old.details, d.CaseRegistered):
        details = {"table": old.details.table, **details} if old.details.table else details
    corrected_details = read_details(kind, details)
    if isinstance(old.details, d.CaseRegistered) and not _same_case(old.details, corrected_details):
        raise NotCorrectable(request.seq)
    return Replacement(type=kind, occurred_on=request.occurred_on or old.occurred_on, details=details)


def _same_case(old: d.CaseRegistered, new: d.Details) -> bool:
    """A correction moves no case to another person, office or version of the table: these have ways of their own."""
    same = isinstance(new, d.CaseRegistered) and (old.person, old.konfliktrad) == (new.person, new.konfliktrad)
    return same and isinstance(new, d.CaseRegistered) and old.table == new.table
