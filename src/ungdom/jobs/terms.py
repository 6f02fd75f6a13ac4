"""The nightly step that records that a term expired during an open breach case (krl § 31, strl § 52 c)."""

from datetime import date, datetime
from uuid import UUID

from ungdom import cases
from ungdom.cases import CaseworkError, EventEntry, Recorder
from ungdom.observability.logger import EventLogger
from ungdom.store import journal
from ungdom.store.errors import Stale
from ungdom.store.replaying import replayed
from ungdom.store.session import Connection, Database
from ungdom.workflow.errors import IllegalHistory
from ungdom.workflow.payloads import Details
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.views.task_rules import TaskKind
from ungdom.workflow.views.tasks import tasks
from ungdom.workflow.vocabulary import Actor, Role
from ungdom.worklist import worklist

LOG = EventLogger("ungdom.jobs")

NIGHTLY_RECORDER = Recorder(Viewer(Role.SYSTEM, "nightly", None), "nightly")
"""The recorder of these events: the system itself."""


def expire_terms(db: Database, day: date, at: datetime) -> dict[str, int]:
    """Record `term_expired`, dated the last day of the term, in each case whose term has expired by `day`.

    One transaction per case. A case that changes meanwhile is left to the next night.
    """
    with db.reading() as tx:
        due = worklist.cases_with_task(tx, TaskKind.EXPIRE_TERM, Actor.SYSTEM)
    expired = sum(_try_record(db, case_id, day, at) for case_id in due)
    return {"expired": expired} if expired else {}


def _try_record(db: Database, case_id: UUID, day: date, at: datetime) -> bool:
    try:
        with db.writing() as tx:
            return _record_expiry(tx, case_id, day, at)
    except (Stale, CaseworkError, IllegalHistory) as error:
        LOG.warning("nightly.term_not_recorded", error=error, case_id=case_id)
        return False


def _record_expiry(tx: Connection, case_id: UUID, day: date, at: datetime) -> bool:
    stored = journal.load(tx, case_id)
    if stored is None:
        return False
    case = replayed(stored)
    for task in tasks(case, day):
        if task.kind is TaskKind.EXPIRE_TERM and task.due is not None and task.due <= day:
            entry = EventEntry(task.action, max(task.due, case.entered_on), Details())
            cases.record_loaded(tx, NIGHTLY_RECORDER, stored, case, entry, at, cases.write_event)
            return True
    return False
