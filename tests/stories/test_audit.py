"""The hash chains as an auditor meets them: sealed each night, shown, broken, verified away from the database."""

import json
import re
import shutil
import sqlite3
import subprocess
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text, update

from tests import fork, process
from tests.api.build import case_at
from tests.process import UNGDOM
from tests.service import Service
from ungdom.store.schema.cases import event
from ungdom.workflow.vocabulary import Role


def night(service: Service) -> dict[str, int]:
    """The counts of the next night."""
    service.clock.turn_to(service.clock().date() + timedelta(days=1), 3)
    run = service.as_("admin").post("/v1/jobs/nightly/runs", {})
    assert run.status_code == 200, run.text
    counts: dict[str, int] = run.json()["items"][-1]["counts"]
    return counts


def state(service: Service, role: str = "auditor", language: str = "en") -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {service.token(Role(role))}", "Accept-Language": language}
    answer = service.send("GET", "/v1/audit", headers=headers)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_an_auditor_sees_what_was_sealed_and_what_was_changed_afterwards(served: Service) -> None:
    client = served.as_("coordinator", "oslo")
    case = case_at(client, "executing")
    assert state(served) == {"seal": None, "anchor": None, "verification": None, "findings": []}

    counts = night(served)
    sealed = state(served, "admin")
    assert (counts["audit_anchors"], "audit_findings" in counts) == (1, False)
    assert sealed["seal"]["number"] == sealed["anchor"]["number"] == 1
    assert sealed["seal"]["rows"] == sealed["verification"]["rows"] == counts["audit_rows"] > 9
    assert (sealed["verification"]["scope"], sealed["findings"]) == ("part", [])
    file = served.app.state.anchor_dir / sealed["anchor"]["file"]
    assert json.loads(file.read_text().splitlines()[0])["root"] == sealed["seal"]["root"]
    assert "Vaffelpresse" not in file.read_text()

    ready = served.send("GET", "/health/ready").status_code
    owned(served, case)
    counts = night(served)
    assert (counts["checks_chain_broken"], counts["audit_findings"]) == (1, 1)
    (finding,) = state(served)["findings"]
    assert (finding["table"], finding["stream"], finding["position"]) == ("event", case, 3)
    assert (finding["problem"], finding["message"]) == ("changed", "The row or its link was changed.")
    assert state(served, language="nn")["findings"][0]["message"] == "Rada eller lenkja hennar er endra."
    assert served.send("GET", "/health/ready").status_code == ready
    for role in ("coordinator", "leader"):
        assert served.as_(role, "oslo").get("/v1/audit").status_code == 403


def owned(service: Service, case: str) -> None:
    """Changes an event as the owner of the database, without the triggers, and takes its case up the next night."""
    with service.db.writing() as tx:
        if tx.dialect.name == "postgresql":
            tx.execute(text("ALTER TABLE event DISABLE TRIGGER USER"))
        else:
            tx.execute(text("DROP TRIGGER event_no_update"))
        tx.execute(update(event).where(event.c.seq == 3).values(occurred_on=date(2026, 1, 4)))
    client = service.as_("coordinator", "oslo")
    done = client.record(case, "wait_started", service.clock().date(), {"party": "guardian", "reason": "consent"})
    assert done.status_code == 201, done.text


def test_an_export_is_verified_where_there_is_no_database(one: Service, tmp_path: Path) -> None:
    case_at(one.as_("coordinator", "oslo"), "assessment")
    source = Path(one.settings.database_url.removeprefix("sqlite:///"))
    with sqlite3.connect(source) as db, sqlite3.connect(tmp_path / "copy.db") as copy:
        db.backup(copy)

    sealed = ungdom(tmp_path, "audit", "seal")
    assert (sealed.returncode, "seal 1 of" in sealed.stdout) == (0, True), sealed.stderr
    assert ungdom(tmp_path, "audit", "export", "all.ndjson").returncode == 0
    again = ungdom(tmp_path, "audit", "export", "all.ndjson")
    assert (again.returncode, "cannot be written" in again.stderr) == (2, True)
    assert ungdom(tmp_path, "audit", "verify").returncode == 0
    away = tmp_path / "away"
    away.mkdir()
    shutil.copytree(tmp_path / "anchors", away / "anchors")
    lines = (tmp_path / "all.ndjson").read_text().splitlines(keepends=True)
    (away / "all.ndjson").write_text("".join(lines))
    kept = (line for line in lines if '"row:event"' not in line or ", 2, " not in line)
    (away / "cut.ndjson").write_text("".join(kept))

    offline = ("audit", "verify", "--anchors", "anchors", "--export")
    good = ungdom(away, *offline, "all.ndjson", database=False)
    assert (good.returncode, "nothing found" in good.stdout) == (0, True), good.stderr
    bad = ungdom(away, *offline, "cut.ndjson", database=False)
    assert bad.returncode == 1
    assert re.search(r"first bad row: event [0-9a-f-]{36} 2: Rows are missing", bad.stdout)
    lost = ungdom(away, *offline, "nothing.ndjson", database=False)
    assert (lost.returncode, "cannot be read" in lost.stderr) == (2, True)


def ungdom(folder: Path, *arguments: str, database: bool = True) -> subprocess.CompletedProcess[str]:
    environment = process.environment(f"sqlite:///{folder / 'copy.db'}", folder)
    if not database:
        environment = {name: value for name, value in environment.items() if not name.startswith("UNGDOM_")}
    command = [str(UNGDOM), *arguments]
    return fork.run(command, env=environment, cwd=folder, text=True, timeout=60)
