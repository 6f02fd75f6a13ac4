"""Folds stored cases. A case whose history cannot be read is named, and hides no other."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from ungdom.observability.logger import EventLogger
from ungdom.store import journal, kept_cases
from ungdom.store.journal import StoredCase
from ungdom.store.session import Connection
from ungdom.workflow import engine
from ungdom.workflow.case import Case
from ungdom.workflow.errors import IllegalHistory, UnknownMachine, UnreadableHistory

LOG = EventLogger("ungdom.store")


def replayed(stored: StoredCase) -> Case:
    """The case as it stands after all its events. Raises `UnreadableHistory`."""
    try:
        return engine.fold(stored.youth, stored.events)
    except IllegalHistory as error:
        named = (stored.case_id, stored.reference, error.seq, error.event_type, error.state)
        raise UnreadableHistory(*named) from error
    except UnknownMachine as error:  # its table is of a newer program
        raise UnreadableHistory(stored.case_id, stored.reference, 0, "") from error


def current_case(stored: StoredCase) -> Case:
    """What `replayed` gives, taken from memory if the case is kept there, and kept. Raises `UnreadableHistory`."""
    known = kept_cases.find(stored.case_id)
    case = (known and known.case_after(stored.youth, stored.events)) or replayed(stored)
    if known is None or case is not known.case:
        kept_cases.keep(stored.case_id, stored.head, stored.events, case)
    return case


def readable_cases(tx: Connection, case_ids: Sequence[UUID]) -> Iterator[tuple[StoredCase, Case]]:
    """These cases in this order, without those that cannot be read, each of which is logged."""
    unreadable: list[UnreadableHistory] = []
    for stored in journal.load_many(tx, case_ids, None, unreadable):
        try:
            case = replayed(stored)
        except UnreadableHistory as error:
            unreadable.append(error)
        else:
            yield stored, case
    for left_out in unreadable:
        LOG.warning("case.left_out", error=left_out, case_id=left_out.case_id)
