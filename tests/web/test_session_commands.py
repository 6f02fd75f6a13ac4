"""`ungdom sessions`: who is signed in, and ending it, on both databases."""

import json
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert, select
from typer.testing import CliRunner

from tests import process
from tests.service import CURSOR_KEY, KEY, Service
from tests.web.visiting import Visitor
from ungdom import clock
from ungdom.cli import app
from ungdom.store import chain_verification
from ungdom.store.schema.audit import audit_change
from ungdom.store.schema.web import web_session


def signed_in(service: Service, subject: str) -> Visitor:
    visitor = Visitor(service)
    assert visitor.post("/sign-in", {"subject": subject, "next": "/today"}).status_code == 303
    return visitor


def command(service: Service, *arguments: str) -> Any:
    given = process.environment(service.settings.database_url, service.settings.data_dir)
    given |= {"UNGDOM_PEOPLE_KEYS": KEY, "UNGDOM_CURSOR_KEY": CURSOR_KEY}
    return CliRunner().invoke(app, ["sessions", *arguments], env=given)


def sessions(service: Service, *arguments: str) -> Any:
    done = command(service, *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_sessions_are_listed_and_ended_of_one_person_and_of_everybody(served: Service) -> None:
    served.clock.turn_to(clock.now().date(), 23)  # the command reads the clock of the machine
    mine = [signed_in(served, "coordinator-oslo") for _ in range(2)]
    other = signed_in(served, "leader-oslo")
    listed = sessions(served, "list")
    assert [row["subject"] for row in listed] == ["coordinator-oslo", "coordinator-oslo", "leader-oslo"]
    assert "session_hash" not in listed[0]
    with served.db.writing() as tx:
        row = tx.execute(select(web_session).where(web_session.c.subject == "leader-oslo")).mappings().one()
        unused = {"session_hash": b"unused", "seen_at": row["created_at"] - timedelta(days=1)}
        tx.execute(insert(web_session), {**row, **unused})
    assert sessions(served, "list") == listed
    with served.db.writing() as tx:
        tx.execute(delete(web_session).where(web_session.c.session_hash == b"unused"))

    assert sessions(served, "end", "--subject", "coordinator-oslo") == {"ended": 2}
    assert [visitor.get("/today").status_code for visitor in (*mine, other)] == [303, 303, 200]
    assert sessions(served, "end", "--all") == {"ended": 1}
    assert other.get("/today").status_code == 303
    assert sessions(served, "list") == []

    ends = sessions(served, "list", "--ended")
    assert [(row["subject"], row["sessions"]) for row in ends] == [("", "1"), ("coordinator-oslo", "2")]
    assert sessions(served, "list", "--ended", "--subject", "coordinator-oslo") == ends
    assert [row["subject"] for row in sessions(served, "list", "--ended", "--subject", "leader-oslo")] == [""]
    with served.db.reading() as tx:
        recorded = tx.scalars(select(audit_change.c.content).where(audit_change.c.source == "web_session_end")).all()
        assert chain_verification.verify(tx).findings == []
    assert {json.loads(content or "{}")["ended_by"] for content in recorded} == {row["ended_by"] for row in ends}
    assert len(recorded) == 2


def test_one_person_or_everybody_has_to_be_named(one: Service) -> None:
    for arguments in ([], ["--all", "--subject", "kari"]):
        done = command(one, "end", *arguments)
        assert (done.exit_code, "--subject" in str(done.exception)) == (1, True)
