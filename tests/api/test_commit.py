"""What was answered is kept: the commit comes before the answer, and a commit that fails is never told as done."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Connection, Text, insert, literal, select
from sqlalchemy.exc import OperationalError
from typer.testing import CliRunner

from tests.api.build import DAY, assert_problem, etag, opened, rows
from tests.process import environment
from tests.service import KEY, Service, new_case
from tests.stories.test_access_log import case_with_a_team
from tests.stories.test_persons import approved, corrected, proposed
from tests.stories.test_persons import opened as a_case
from ungdom.analytics import case_cache
from ungdom.cli import app
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.failures import code_of, sentence
from ungdom.store import session
from ungdom.store.schema.cases import event
from ungdom.store.session import Database
from ungdom.workflow.errors import UnreadableHistory

EVENT = {"type": "suspect_set", "occurred_on": DAY, "details": {}}

BREAK = {
    "sqlite": (
        "CREATE TABLE never (id TEXT REFERENCES case_file (case_id) DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TRIGGER breaks AFTER INSERT ON event BEGIN INSERT INTO never VALUES ('nobody'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'no room left' USING ERRCODE = 'disk_full'; END $$",
        "CREATE CONSTRAINT TRIGGER breaks AFTER INSERT ON event DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION fail()",
    ),
}
MEND = {"sqlite": "DROP TRIGGER breaks", "postgresql": "DROP TRIGGER breaks ON event"}


@contextmanager
def commits_fail(served: Service) -> Iterator[None]:
    """The database itself refuses at the commit whatever holds a new event."""
    kind = served.db.writer.dialect.name
    with served.db.writing() as tx:
        for statement in BREAK[kind]:
            tx.exec_driver_sql(statement)
    yield
    with served.db.writing() as tx:
        tx.exec_driver_sql(MEND[kind])


def test_a_commit_that_fails_in_the_database_is_5xx_and_leaves_nothing(served: Service) -> None:
    client = served.as_("coordinator", "oslo")
    case = opened(client)
    before = rows(served)
    with commits_fail(served):
        answers = [
            client.post(f"/v1/cases/{case}/events", EVENT, '"1"', key="k"),
            client.post(f"/v1/cases/{case}/events", EVENT, '"1"'),
            client.post("/v1/cases", new_case(), key="k2"),
        ]
    for answer in answers:
        assert answer.status_code in (500, 503), answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert "ETag" not in answer.headers
    assert rows(served) == before
    assert etag(client, case) == '"1"'
    again = client.post(f"/v1/cases/{case}/events", EVENT, '"1"', key="k")
    assert again.status_code == 201
    assert "Idempotency-Replayed" not in again.headers


def full_disk() -> OperationalError:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_FULL, "SQLITE_FULL"
    return OperationalError("COMMIT", {}, error)


def lost_connection() -> OperationalError:
    return OperationalError("COMMIT", {}, psycopg.OperationalError("server closed the connection"), True)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(full_disk, 503, "unavailable"), (lost_connection, 503, "unavailable"), (RuntimeError, 500, "internal")],
)
def test_each_way_a_commit_fails_has_its_answer(
    one: Service, monkeypatch: pytest.MonkeyPatch, error: type[Exception], status: int, code: str
) -> None:
    client = one.as_("coordinator", "oslo")
    case = opened(client)
    before = rows(one)

    def fail(_tx: Connection) -> None:
        raise error()

    with monkeypatch.context() as patched:
        patched.setattr(session, "_commit", fail)
        answer = client.post(f"/v1/cases/{case}/events", EVENT, '"1"', headers={"Accept-Language": "en"})
    found = assert_problem(answer, status, code)
    assert ("Retry-After" in answer.headers) is (status == 503)
    assert "disk" not in answer.text
    assert "COMMIT" not in answer.text
    assert found["trace_id"] in answer.text
    assert rows(one) == before
    assert client.post(f"/v1/cases/{case}/events", EVENT, '"1"').status_code == 201


def add_misfit(served: Service, case_id: UUID, kind: str, details: str) -> None:
    """One more event in the table, past the service."""
    with served.db.writing() as tx:
        of_case = select(event).where(event.c.case_id == case_id).order_by(event.c.seq.desc()).limit(1)
        last = tx.execute(of_case).mappings().one()
        values = {**last, "seq": last["seq"] + 1, "details": details, "link": None}
        columns = [column for column in event.c if column.name != "type"]
        new = insert(event).values({column: values[column.name] for column in columns} | {"type": literal(kind, Text)})
        tx.execute(new)


@pytest.mark.parametrize(("kind", "details"), [("completed", "{}"), ("of_next_year", "{}")])
def test_a_case_whose_history_does_not_replay_is_named_and_hides_no_other(
    served: Service, monkeypatch: pytest.MonkeyPatch, kind: str, details: str
) -> None:
    client, elsewhere = served.as_("coordinator", "oslo"), served.as_("coordinator", "troms")
    broken, other = opened(client), opened(client)
    reference = client.get(f"/v1/cases/{broken}").json()["reference"]
    add_misfit(served, UUID(broken), kind, details)

    for language in ("nb", "en"):
        signed = {"Accept-Language": language, "Authorization": f"Bearer {client.token}"}
        answer = served.send("GET", f"/v1/cases/{broken}", headers=signed)
        problem = assert_problem(answer, 500, "history_unreadable")
        assert "`ungdom audit verify`" in problem["detail"]
        if kind != "of_next_year":
            assert (problem["reference"], problem["seq"]) == (reference, 2)
            assert reference in problem["detail"]
    answer = client.post(f"/v1/cases/{broken}/events", EVENT, '"2"')
    assert_problem(answer, 500, "history_unreadable")
    assert_problem(elsewhere.get(f"/v1/cases/{broken}"), 404, "not_found")
    assert client.get(f"/v1/cases/{other}").status_code == 200
    for path in ("cases", "worklist", "alerts"):
        assert client.get(f"/v1/{path}").status_code == 200, path
    assert len(client.get("/v1/cases").json()["items"]) == 2

    for name, value in environment(served.settings.database_url, served.settings.data_dir).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("UNGDOM_PEOPLE_KEYS", KEY)
    shown = CliRunner().invoke(app, ["case", "show", broken])
    assert isinstance(shown.exception, UnreadableHistory)
    assert "`ungdom audit verify`" in sentence(shown.exception)
    assert code_of(shown.exception) == ExitCode.FOUND
    assert CliRunner().invoke(app, ["case", "show", other]).exit_code == 0
    rebuilt = CliRunner().invoke(app, ["db", "rebuild"])
    assert (rebuilt.exit_code, "1 case(s) folded again" in rebuilt.stdout) == (1, True)
    counts = case_cache.refresh(served.db)
    assert counts["unread"] == 1


def test_an_unreadable_case_of_another_office_is_not_named_where_its_youth_is_corrected(served: Service) -> None:
    ours, theirs = (a_case(served, office) for office in ("oslo", "troms"))
    who = ours["person"]["id"]
    change = proposed(served.as_("secretariat"), who, "merge", other=theirs["person"]["id"])
    approved(served.as_("leader", "oslo"), change)
    add_misfit(served, UUID(theirs["id"]), "charged", '{"unknown": 1}')
    for dry_run in (True, False):
        answer = corrected(served.as_("coordinator", "oslo"), who, dry_run=dry_run, born="2009-05-27")
        problem = assert_problem(answer, 500, "history_unreadable")
        assert not {"case", "reference", "seq"} & set(problem)
        assert not [named for named in (theirs["id"], theirs["reference"]) if named in answer.text]
    problem = assert_problem(served.as_("leader", "troms").get(f"/v1/cases/{theirs['id']}"), 500, "history_unreadable")
    assert problem["case"] == theirs["id"]


def test_an_unreadable_case_does_not_exist_for_who_learns_by_its_events(served: Service) -> None:
    case, victim = case_with_a_team(served), served.as_("team_member", subject="victim-1")
    joined = {"member": "victim-1", "agency": "victim"}
    assert served.as_("coordinator", "oslo").record(case, "team_member_joined", DAY, joined).status_code == 201
    assert_problem(victim.get(f"/v1/cases/{case}"), 404, "not_found")  # nothing is shared with them
    add_misfit(served, UUID(case), "opened", "{}")
    for path in (f"/v1/cases/{case}", f"/v1/cases/{case}/plan"):
        assert_problem(victim.get(path), 404, "not_found")
    assert_problem(served.as_("leader", "oslo").get(f"/v1/cases/{case}"), 500, "history_unreadable")


def test_what_was_answered_with_201_is_there_for_another_connection_at_once(served: Service) -> None:
    client = served.as_("coordinator", "oslo")
    other = Database.open(served.settings.database_url)
    case = opened(client)
    for seq, kind in enumerate(("suspect_set", "charged", "coordination_requested"), start=2):
        body = {"type": kind, "occurred_on": DAY}
        answer = client.post(f"/v1/cases/{case}/events", body, f'"{seq - 1}"')
        with other.reading() as tx:
            kinds = list(tx.scalars(select(event.c.type).order_by(event.c.seq)))
        assert answer.status_code == 201
        assert kinds[-1] == kind
        assert len(kinds) == seq
    other.close()
