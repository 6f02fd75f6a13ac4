"""A case as a viewer may see it: as it is now, as it was on a day, and what may be recorded in it next."""

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from ungdom.cases.commands import CaseView, Precondition
from ungdom.cases.errors import NotVisible, Outdated, VersionRequired
from ungdom.store import case_queries, journal
from ungdom.store.journal import StoredCase
from ungdom.store.replaying import current_case
from ungdom.store.session import Connection
from ungdom.workflow import engine, redaction
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.case import Case
from ungdom.workflow.errors import IllegalHistory, UnreadableHistory
from ungdom.workflow.rules import sharing
from ungdom.workflow.rules.permissions import NATIONAL, OF_THE_OFFICE, Viewer, may_see
from ungdom.workflow.vocabulary import Role


def read(
    tx: Connection, viewer: Viewer, case_id: UUID, now: datetime, valid_at: date | None, known_at: datetime | None
) -> CaseView:
    """The case as it was on `valid_at`, as known at `known_at`. Raises NotVisible, also for what was not known yet."""
    stored, case = load_visible(tx, viewer, case_id)
    view = view_for(viewer, stored, case, oslo_date(now))
    day = valid_at or oslo_date(known_at or now)
    if valid_at is None and known_at is None:
        return replace(view, on=day)
    known = journal.load(tx, case_id, known_at) if known_at else stored
    if known is None:
        raise NotVisible
    then = case_as_of(known, day, valid_at)
    return replace(view, stored=known, case=redaction.as_learnt(view, then.case), on=day)


def view_for(viewer: Viewer, stored: StoredCase, case: Case, today: date) -> CaseView:
    """The present case as this viewer, who may see it, may learn of it. Raises NotVisible where they learn nothing."""
    knowledge = redaction.viewer_knowledge(viewer, case, stored.access_facts(case), today)
    if redaction.may_learn_nothing(knowledge):
        raise NotVisible
    agencies = redaction.agencies_of(viewer, case) or ()
    decisions = tuple(
        (agency, tuple(sharing.decisions_for(case, agency, today, stored.protection))) for agency in agencies
    )
    return CaseView(
        stored,
        redaction.as_learnt(knowledge, case),
        today,
        knowledge.disclosures,
        knowledge.shared_matters,
        agencies,
        decisions,
        by_own_numbers=viewer.role is Role.TEAM_MEMBER,
    )


def case_as_of(stored: StoredCase, day: date, valid_at: date | None) -> CaseView:
    """A stored case with the events that had happened by `valid_at`. Raises NotVisible when it had not begun."""
    effective_events = [e for e in engine.effective(stored.events) if valid_at is None or e.occurred_on <= valid_at]
    try:
        case = engine.fold(stored.youth, effective_events, stored.table)
    except IllegalHistory:
        raise NotVisible from None
    return CaseView(stored, case, day)


def load_visible(tx: Connection, viewer: Viewer, case_id: UUID) -> tuple[StoredCase, Case]:
    """The case as stored and as folded. Raises NotVisible, for an unknown case as for one the viewer may not see.

    Raises `UnreadableHistory`, marked as visible, to a viewer of its office or of the country who may see it by its
    current row. What others may learn of it follows from its events, which cannot be read: NotVisible.
    """
    try:
        stored = journal.load_current(tx, case_id)
        if stored is None:
            raise NotVisible
        case = current_case(stored)
    except UnreadableHistory as error:
        by_row = viewer.role in OF_THE_OFFICE | NATIONAL
        if not (by_row and case_queries.visible_case_ids(tx, viewer, [case_id])):
            raise NotVisible from None
        error.visible = True
        raise
    if not may_see(viewer, stored.access_facts(case)):
        raise NotVisible
    return stored, case


def check_version(stored: StoredCase, expected: Precondition | None) -> None:
    """Returns when the write may be made on this version of the case. Raises VersionRequired or Outdated."""
    if expected is None:
        raise VersionRequired
    if not expected.holds(stored.version):
        raise Outdated(stored, expected.highest_version)
