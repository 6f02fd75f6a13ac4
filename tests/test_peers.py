"""The peers of the benchmark play by the rules of the service, and the statements of pgbench write what it writes."""

import importlib
import re
from contextlib import closing
from pathlib import Path

import pytest

from bench.peers import small_rules
from bench.run import LIMIT, PARTS, RESULTS, section
from tests import pg, service
from ungdom.api.http.tokens import AUDIENCE, ISSUER, SCOPES, WRITE
from ungdom.store import rebuild
from ungdom.store.session import Database
from ungdom.workflow import engine, table
from ungdom.workflow.table_index import rows_with
from ungdom.workflow.vocabulary import EventType, Role

ROOT = Path(__file__).parent.parent
PLANS = {"received", "preparing", "postponed"}


@pytest.mark.parametrize("kind", small_rules.MOVES)
def test_the_moves_of_the_peers_are_those_of_the_table(kind: str) -> None:
    move = small_rules.MOVES[kind]
    (row,) = rows_with(table.VERSION, EventType(kind))
    assert (set(move.sources), move.state) == ({str(source) for source in row.sources}, str(row.target))
    assert set(move.sources) | {move.state} <= PLANS
    conditions = engine.rules(table.VERSION).conditions[id(row)]
    of_the_event = [guard.code for guard in conditions if guard not in engine.DATE_GUARDS]
    assert [check.__name__ for check in small_rules.CONDITIONS] == of_the_event


def test_the_peers_have_the_role_and_the_scope_of_the_service() -> None:
    assert (small_rules.RECORDER_ROLE, small_rules.WRITE_SCOPE) == (Role.COORDINATOR, WRITE)
    assert (small_rules.ISSUER, small_rules.AUDIENCE) == (ISSUER, AUDIENCE)
    assert WRITE in SCOPES[Role.COORDINATOR]


@pytest.mark.parametrize("script", ["FOUR", "COMBINED"])
def test_the_statements_of_pgbench_write_the_rows_of_the_service(
    script: str, pg_database: pg.MakeDatabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    load, pgbench = (importlib.import_module(name) for name in ("load", "pgbench"))
    libpq = pg_database(service.fill)
    url = pg.sqlalchemy_url(libpq)
    load.fill(url, service.settings_of(url, tmp_path), 2)
    program = str(pg.shipped_binaries() / "bin" / "pgbench")
    assert pgbench.run(program, libpq, getattr(pgbench, script), 2, 2, 1).moves > 2
    with closing(Database.open(url)) as db:
        assert rebuild.check(db) == []


@pytest.mark.parametrize("peer", ["django_peer", "orm_models", "spiff_peer"])
def test_a_peer_writes_every_column_that_it_does_not_compute(peer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    columns: tuple[str, ...] = importlib.import_module("load").DERIVED_COLUMNS
    source = (ROOT / "bench" / "peers" / f"{peer}.py").read_text()
    assert columns
    assert [name for name in columns if not re.search(rf"\b{name}\b", source)] == []


def test_a_section_is_replaced_between_its_marks() -> None:
    text = section("# Results\n", "moves", "first")
    text = section(text, "start", "second")
    assert section(text, "moves", "third") == text.replace("first", "third")
    assert text.count("make bench: moves") == 1
    with pytest.raises(SystemExit):
        section(text.replace("<!-- end of moves -->", ""), "moves", "third")


def test_every_part_of_the_run_has_its_place_in_the_results() -> None:
    results = RESULTS.read_text(encoding="utf-8")
    marks = [mark for part in PARTS for mark in (f"<!-- make bench: {part.name} -->", f"<!-- end of {part.name} -->")]
    assert [mark for mark in marks if results.count(mark) != 1] == []
    assert sum(part.seconds for part in PARTS) <= LIMIT
    assert [part.file for part in PARTS if not (ROOT / "bench" / part.file).is_file()] == []
