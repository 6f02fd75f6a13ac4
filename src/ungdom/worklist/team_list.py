"""The list of cases of a member of a follow-up team: of each case what they may learn, and filters that ask no more.

A member has few cases. They are redacted first, then filtered, sorted and cut into pages, so that neither a filter nor
the order nor a cursor tells what a row does not.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from ungdom.store.case_lists import BACK, ON
from ungdom.store.case_queries import Filters
from ungdom.store.session import Connection
from ungdom.store.viewer_knowledge import learnt_cases
from ungdom.workflow import redaction
from ungdom.workflow.redaction import ViewerKnowledge
from ungdom.workflow.redaction.fields import gates_of
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.rules.sharing import Matter
from ungdom.worklist.worklist import CHUNK, ListPage, WorklistQuery, fits, page

SORTED_BY = {"turns_18_on": Matter.IDENTITY}
"""Sort keys of the list that are no field of a row, with their matter."""


def page_for_member(tx: Connection, viewer: Viewer, list_query: WorklistQuery, today: date) -> ListPage:
    """One page of redacted rows. Raises `ValueError` for an invalid place.

    `today`: the day whose consents count, whatever day the query names. In the order of the query; of the past in the
    order of the case ids.
    """
    sort = "case_id" if list_query.is_historical else list_query.sort
    name, descending = sort.removeprefix("-"), sort.startswith("-")
    rows = [row for row in _learnt_rows(tx, viewer, list_query, today) if fits(row, list_query.filters)]
    rows.sort(key=lambda row: row.case_id)
    rows.sort(key=lambda row: str(getattr(row, name) or ""), reverse=descending)
    rows.sort(key=lambda row: getattr(row, name) is None)
    start, end = _span(rows, list_query)
    shown = rows[start:end]
    previous = f"{BACK}{shown[0].case_id}" if shown and start > 0 else None
    following = f"{ON}{shown[-1].case_id}" if shown and start + len(shown) < len(rows) else None
    return ListPage(shown, previous, following, len(rows) if list_query.count else None)


def _span(rows: list[SimpleNamespace], list_query: WorklistQuery) -> tuple[int, int]:
    """The places of the first row of the page and after the last; nothing where the row that is named is gone."""
    if list_query.after is None:
        return 0, list_query.limit
    back, case_id = list_query.after[0] == BACK, UUID(list_query.after[1:])
    places = [place for place, row in enumerate(rows) if row.case_id == case_id]
    if not places:
        return len(rows), len(rows)
    first = places[0] + 1
    return (max(0, places[0] - list_query.limit), places[0]) if back else (first, first + list_query.limit)


def _learnt_rows(tx: Connection, viewer: Viewer, list_query: WorklistQuery, today: date) -> Iterator[SimpleNamespace]:
    rows = {row.case_id: row for row in _every_row(tx, viewer, list_query)}
    for stored, case, knowledge in learnt_cases(tx, viewer, rows, today):
        row = _learnt_row(rows[stored.case_id], knowledge)
        if not list_query.is_historical:
            due = redaction.next_due(knowledge, case)
            row.next_due_on, row.next_due_code = (due.due, due.code) if due else (None, None)
        row.version = len(redaction.learnt_events(knowledge, stored.events))
        q = list_query.filters.q
        if q is None or row.reference.lower().startswith(q.lower()) or redaction.may_learn(knowledge, Matter.IDENTITY):
            yield row


def _every_row(tx: Connection, viewer: Viewer, list_query: WorklistQuery) -> Iterator[Any]:
    given = list_query.filters
    everything = Filters(q=given.q, held_by=given.held_by)
    whole = replace(list_query, filters=everything, sort="reference", after=None, limit=CHUNK, count=False)
    while True:
        listed = page(tx, viewer, whole, date.min)
        yield from listed.rows
        if listed.following is None:
            return
        whole = replace(whole, after=listed.following)


def _learnt_row(row: Any, knowledge: ViewerKnowledge) -> SimpleNamespace:
    gates = (gates_of("CaseRow") or {}) | {name: (matter,) for name, matter in SORTED_BY.items()}
    learnt = {
        name: getattr(row, name) if redaction.may_learn(knowledge, *needed) else None for name, needed in gates.items()
    }
    code = learnt["next_due_code"]
    if code is not None and not redaction.may_learn_alert(knowledge, code):
        learnt |= {"next_due_on": None, "next_due_code": None}
    return SimpleNamespace(**learnt, duties=None)
