"""The uses of a case: open it, record in it, correct it, list what may be recorded next, read it as it was.

Each function takes an open transaction and commits nothing. What one call writes is written together.
"""

from ungdom.cases.commands import CaseView, Correction, EventEntry, ForgottenEvent, NewCase, Precondition, Recorder
from ungdom.cases.correct import NOT_INSERTED, correct, correct_loaded, correctable_events
from ungdom.cases.errors import (
    CaseNotClosed,
    CaseworkError,
    ChangesNothing,
    NotCorrectable,
    NotInsertable,
    NotPermitted,
    NotVisible,
    Outdated,
    Refused,
    UnknownReferenceValue,
    UseCorrections,
    VersionRequired,
    WalkBroken,
    WrongPlace,
)
from ungdom.cases.open import open_case
from ungdom.cases.outgoing_messages import messages_for, replay_events
from ungdom.cases.record import (
    PendingEvents,
    RecordResult,
    looks_outside,
    options,
    record,
    record_loaded,
    write_event,
    write_nothing,
)
from ungdom.cases.views import case_as_of, read, view_for

# fmt: off
__all__ = [
    "NOT_INSERTED", "CaseNotClosed", "CaseView", "CaseworkError", "ChangesNothing", "Correction", "EventEntry",
    "ForgottenEvent", "NewCase", "NotCorrectable", "NotInsertable", "NotPermitted", "NotVisible", "Outdated",
    "PendingEvents", "Precondition", "RecordResult", "Recorder", "Refused", "UnknownReferenceValue",
    "UseCorrections", "VersionRequired", "WalkBroken", "WrongPlace", "case_as_of", "correct", "correct_loaded",
    "correctable_events", "looks_outside", "messages_for", "open_case", "options", "read", "record",
    "record_loaded", "replay_events", "view_for", "write_event", "write_nothing",
]
# fmt: on
