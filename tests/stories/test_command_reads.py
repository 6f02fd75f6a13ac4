"""What commands print or write of cases is in the access log before: imports, rebuilding, the night, verification."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from typer.testing import CliRunner

from tests.api.build import opened
from tests.audit.test_mutations import as_owner
from tests.intake import making
from tests.process import environment
from tests.service import KEY, Service
from ungdom.cli import app
from ungdom.cli.importing_cases import TEMPLATE
from ungdom.store.schema.access import access_entry, access_log
from ungdom.store.schema.cases import event

Command = Callable[..., Any]


@pytest.fixture
def command(served: Service, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`command("db", "rebuild")`: the command as it is typed, in this process."""
    for name, value in environment(served.settings.database_url, served.settings.data_dir).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("UNGDOM_PEOPLE_KEYS", KEY)
    return lambda *words: CliRunner().invoke(app, list(words))


def cases_logged(service: Service, route: str) -> list[UUID]:
    """The cases of the accesses by this command, with repetitions."""
    query = select(access_entry.c.case_id).join(access_log, access_log.c.access_id == access_entry.c.access_id)
    with service.db.reading() as tx:
        return list(tx.scalars(query.where(access_log.c.route == route, access_entry.c.case_id.is_not(None))))


def test_the_report_of_an_import_is_an_access_where_it_names_a_case(
    served: Service, command: Command, tmp_path: Path
) -> None:
    file = tmp_path / "cases.ndjson"
    file.write_text(json.dumps(TEMPLATE))
    assert command("import", "cases", str(file)).exit_code == 0
    assert cases_logged(served, "ungdom import cases") == [], "counts name nobody"

    again = command("import", "cases", str(file), "--json")
    assert again.exit_code == 0
    assert cases_logged(served, "ungdom import cases") == [UUID(json.loads(again.stdout)["case"])]


def test_the_receipts_of_an_import_are_an_access(served: Service, command: Command, tmp_path: Path) -> None:
    file, receipts = tmp_path / "decisions.ndjson", tmp_path / "receipts.ndjson"
    file.write_bytes(making.lines(making.whole(1, 2)))
    assert command("import", "decisions", str(file)).exit_code == 0
    assert cases_logged(served, "ungdom import decisions") == []

    assert command("import", "decisions", str(file), "--receipts", str(receipts)).exit_code == 0
    written = {UUID(json.loads(line)["case"]["id"]) for line in receipts.read_text().splitlines()}
    assert set(cases_logged(served, "ungdom import decisions")) == written != set()


def test_cases_that_commands_name_as_faulty_are_in_the_log(served: Service, command: Command) -> None:
    case = opened(served.as_("coordinator", "oslo"))
    damaged = text("UPDATE event SET details = '{' WHERE seq = 1")
    with as_owner(served, event) as tx:
        tx.execute(damaged)
        tx.commit()

    for words in (("db", "rebuild"), ("audit", "verify")):
        done = command(*words)
        assert (done.exit_code, case in done.output or "cannot be read" in done.output) == (1, True), done.output
        assert cases_logged(served, f"ungdom {' '.join(words)}") == [UUID(case)]
