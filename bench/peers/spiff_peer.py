"""The peer of SpiffWorkflow: each case has a workflow, kept as its JSON document in a table of PostgreSQL.

The workflow is that of one postponement: a task `preparing` and a task `postponed`, each done by hand; when it is
complete the next one begins, so that the document does not grow. FastAPI and plain statements of psycopg around it,
served by uvicorn with threads.
"""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import psycopg
from fast_api import DATABASE_URL, THREADS, CurrentPerson, EntryIn, ExpectedVersion, RecordedOut, answer_of, application
from fastapi import Response
from psycopg.rows import namedtuple_row
from psycopg_pool import ConnectionPool
from small_rules import (
    MOVES,
    Facts,
    Person,
    Problem,
    Step,
    details_text,
    may_record,
    messages,
    refused,
    row_columns,
    stale,
    unmet,
)
from SpiffWorkflow.serializer.json import JSONSerializer
from SpiffWorkflow.specs.Simple import Simple
from SpiffWorkflow.specs.WorkflowSpec import WorkflowSpec
from SpiffWorkflow.util.task import TaskState
from SpiffWorkflow.workflow import Workflow

TABLE = "CREATE TABLE peer_workflow (case_id uuid PRIMARY KEY REFERENCES case_file, document text NOT NULL)"
FILL = "INSERT INTO peer_workflow SELECT case_id, %s FROM case_file"
CASE = """SELECT c.case_id, reference, konfliktrad, version, phase, registered_on, coordinator, next_due_on,
    next_due_code, document FROM case_current c JOIN peer_workflow USING (case_id) WHERE case_id = %s"""
NEWEST = "SELECT occurred_on FROM event WHERE case_id = %s ORDER BY seq DESC LIMIT 1"
UPDATE = """UPDATE case_current SET version = version + 1, state = %(state)s, waiting_for = %(waiting_for)s,
    waiting_since = %(waiting_since)s, look_on = %(look_on)s, act_on = %(act_on)s, dated_on = %(dated_on)s,
    undated_on = %(undated_on)s, duties = %(duties)s, task_kinds = %(task_kinds)s, tasks = %(tasks)s,
    updated_at = %(now)s
    WHERE case_id = %(case_id)s AND version = %(version)s"""
EVENT = """INSERT INTO event (case_id, seq, type, occurred_on, details, recorded_at, actor, role, subject, source)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'api')"""
MESSAGE = """INSERT INTO outbox (message_id, case_id, seq, kind, payload, created_at)
    VALUES (%(message_id)s, %(case_id)s, %(seq)s, %(kind)s, %(payload)s, %(created_at)s) ON CONFLICT DO NOTHING"""
DOCUMENT = "UPDATE peer_workflow SET document = %s WHERE case_id = %s"

SERIALIZER = JSONSerializer()
pool = ConnectionPool(DATABASE_URL, min_size=THREADS, max_size=THREADS, open=False)
app = application(begin=pool.open, end=pool.close)


def new_workflow() -> Workflow:
    """The workflow of one postponement, in its task `preparing`."""
    spec = WorkflowSpec(name="postponement", addstart=True)
    preparing, postponed = (Simple(spec, name, manual=True) for name in ("preparing", "postponed"))
    spec.start.connect(preparing)
    preparing.connect(postponed)
    workflow = Workflow(spec)
    workflow.run_all()
    return workflow


@app.post("/v1/cases/{case_id}/events", status_code=201, response_model=RecordedOut)
def record_event(
    case_id: UUID, entry: EntryIn, person: CurrentPerson, expected: ExpectedVersion, response: Response
) -> Any:
    """Record a move."""
    step = entry.as_step()
    with pool.connection() as tx:
        case, event = record(tx, case_id, step, person, expected)
    response.headers["ETag"] = f'"{case.version}"'
    return answer_of(case, event)


def record(tx: Any, case_id: UUID, step: Step, person: Person, expected: int) -> tuple[Any, Any]:
    """Judge the move and write it. Raises `Problem`."""
    with tx.cursor(row_factory=namedtuple_row) as cursor:
        case = cursor.execute(CASE, (case_id,)).fetchone()
        if case is None:
            raise Problem(404, "not_found")
        if not may_record(person, case.konfliktrad):
            raise Problem(403, "not_permitted")
        if case.version != expected:
            raise stale(case.version)
        (newest,) = cursor.execute(NEWEST, (case_id,)).fetchone()
        workflow = moved(SERIALIZER.deserialize_workflow(case.document), step, Facts(case.registered_on, newest))
        now, seq, target = datetime.now(UTC), expected + 1, MOVES[step.type]
        row = {"state": target.state, "waiting_for": target.waiting_for, **row_columns(step)}
        if not cursor.execute(UPDATE, {**row, "now": now, "case_id": case_id, "version": expected}).rowcount:
            raise stale(expected)
        details = details_text(step.details)
        who = (person.role, person.role, person.subject)
        cursor.execute(EVENT, (case_id, seq, step.type, step.on, details, now, *who))
        cursor.executemany(MESSAGE, list(messages(case_id, seq, step, now)))
        cursor.execute(DOCUMENT, (SERIALIZER.serialize_workflow(workflow), case_id))
    event = SimpleNamespace(seq=seq, type=step.type, occurred_on=step.on, recorded_at=now, details=details)
    columns = ("case_id", "reference", "phase", "coordinator", "next_due_on", "next_due_code")
    answered = {name: getattr(case, name) for name in columns}
    return SimpleNamespace(**answered, version=seq, state=target.state, waiting_for=target.waiting_for), event


def moved(workflow: Workflow, step: Step, facts: Facts) -> Workflow:
    """The workflow after the step, or the next one when it is complete. Raises `Problem`."""
    (task,) = workflow.get_tasks(state=TaskState.READY, manual=True)
    if task.task_spec.name not in MOVES[step.type].sources or unmet(step, facts):
        raise refused(step, task.task_spec.name, facts)
    task.run()
    workflow.run_all()
    return new_workflow() if workflow.is_completed() else workflow


def prepare() -> None:
    """Makes the table of the documents, and one for each case."""
    with psycopg.connect(DATABASE_URL) as tx:
        tx.execute(TABLE)
        tx.execute(FILL, (SERIALIZER.serialize_workflow(new_workflow()),))


if __name__ == "__main__":
    prepare()
