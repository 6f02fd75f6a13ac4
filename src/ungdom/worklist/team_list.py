"""The list of cases of a member of a follow-up team: of each case what they may learn, and filters that ask no more.

A member has few cases. They are redacted first, then filtered, sorted and cut into pages, so that neither a filter nor
the order nor a cursor tells what a row does not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from ungdom.store.case_queries import CaseListKey, Filters, read_key
from ungdom.store.session import Connection
from ungdom.store.viewer_knowledge import learnt_cases
from ungdom.workflow import redaction
from ungdom.workflow.redaction import ViewerKnowledge
from ungdom.workflow.redaction.fields import gates_of
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.rules.sharing import Matter
from ungdom.worklist.worklist import CHUNK, WorklistQuery, fits, page

SORTED_BY = {"turns_18_on": Matter.IDENTITY}
"""Sort keys of the list that are no field of a row, with their matter."""


def page_for_member(
    tx: Connection, viewer: Viewer, list_query: WorklistQuery, today: date
) -> tuple[Sequence[Any], str | None]:
    """One page of redacted rows, and the key of its last row: None on the last page. Raises `ValueError` for a bad key.

    `today`: the day whose consents count, whatever day the query names. In the order of the query; of the past in the
    order of the case ids.
    """
    sort = "case_id" if list_query.is_historical else list_query.sort
    name, descending = sort.removeprefix("-"), sort.startswith("-")
    rows = [row for row in _learnt_rows(tx, viewer, list_query, today) if fits(row, list_query.filters)]
    rows.sort(key=lambda row: row.case_id)
    rows.sort(key=lambda row: _sort_value(row, name), reverse=descending)
    rows.sort(key=lambda row: getattr(row, name) is None)
    start = _start(rows, list_query)
    shown = rows[start : start + list_query.limit]
    if start + list_query.limit >= len(rows):
        return shown, None
    last = shown[-1]
    value = None if list_query.is_historical else getattr(last, name)
    return shown, str(last.case_id) if list_query.is_historical else str(CaseListKey(value, last.case_id))


def _start(rows: list[SimpleNamespace], list_query: WorklistQuery) -> int:
    """The place after the row that the cursor names; the end where the viewer no longer has that row."""
    if list_query.after is None:
        return 0
    is_id = list_query.is_historical
    case_id = UUID(list_query.after) if is_id else read_key(list_query.sort, list_query.after).case_id
    places = [place for place, row in enumerate(rows, 1) if row.case_id == case_id]
    return places[0] if places else len(rows)


def _sort_value(row: SimpleNamespace, name: str) -> str:
    return str(getattr(row, name) or "")


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
    everything = replace(list_query, filters=Filters(q=list_query.filters.q), sort="reference", after=None, limit=CHUNK)
    while True:
        rows, last = page(tx, viewer, everything)
        yield from rows
        if last is None:
            return
        everything = replace(everything, after=last)


def _learnt_row(row: Any, knowledge: ViewerKnowledge) -> SimpleNamespace:
    gates = (gates_of("CaseRow") or {}) | {name: (matter,) for name, matter in SORTED_BY.items()}
    learnt = {
        name: getattr(row, name) if redaction.may_learn(knowledge, *needed) else None for name, needed in gates.items()
    }
    code = learnt["next_due_code"]
    if code is not None and not redaction.may_learn_alert(knowledge, code):
        learnt |= {"next_due_on": None, "next_due_code": None}
    return SimpleNamespace(**learnt, duties=None)
