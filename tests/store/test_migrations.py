"""The schema: migrations lead from nothing to the tables of `store.schema`, and nowhere else."""

import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, Table, insert, inspect, select, update

from tests.store import cases
from ungdom.store import rebuild, reference, schema
from ungdom.store.duties import kinds_of, kinds_of_all
from ungdom.store.schema import metadata
from ungdom.store.schema.cases import case_current
from ungdom.store.schema.outbox import outbox
from ungdom.store.session import MIGRATIONS, Connection, Database, _alembic

KNOWN = UUID("019b8dd0-0000-7000-8000-000000000001")
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
BORN = date(2009, 3, 12)


def test_migrations_lead_from_nothing_to_the_model(database_url: str) -> None:
    db = Database.open(database_url)
    before = db.current()

    db.upgrade()

    assert (before, db.is_current()) == (None, True)
    with db.reading() as tx:
        assert compare_metadata(MigrationContext.configure(tx), metadata) == []
    db.close()


def test_the_versions_read_from_the_files_are_those_that_alembic_knows(db: Database) -> None:
    known = ScriptDirectory.from_config(_alembic())
    assert db.head() == known.get_current_head()
    assert db.revisions() == {each.revision for each in known.walk_revisions()}
    with db.reading() as tx:
        assert db.current() == MigrationContext.configure(tx).get_current_revision() == db.head()


def test_the_model_and_the_migrations_agree_on_check_constraints(db: Database) -> None:
    with db.reading() as tx:
        found = {c["name"] for table in metadata.tables for c in inspect(tx).get_check_constraints(table)}

    assert found == {
        "ck_access_withholding_review_on",
        "ck_emergency_access_review",
        "ck_person_proposal_kind",
        "ck_person_proposal_status",
        "ck_retention_basis_n",
        "ck_person_protection",
        "ck_person_same_as",
        "ck_person_version_guardians",
        "ck_case_number_kind",
        "ck_event_seq",
        "ck_identity_question_resemblance",
        "ck_identity_question_status",
        "ck_observation_kind",
        "ck_observation_n",
        "ck_staff_absence_days",
        "ck_staff_absence_substitute",
    }


def test_the_metadata_holds_the_tables_of_every_module_without_a_further_import() -> None:
    folder = Path(schema.__file__).parent
    declared = {match for path in folder.glob("*.py") for match in re.findall(r'= Table\(\s*"(\w+)"', path.read_text())}
    code = "from ungdom.store.schema import metadata; print(*metadata.tables)"

    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert len(declared) > 40
    assert set(run.stdout.split()) == declared


def test_upgrading_again_changes_nothing(db: Database) -> None:
    with db.reading() as tx:
        before = [cases.rows(tx, table) for table in reference.LOADED]

    db.upgrade()

    with db.reading() as tx:
        assert [cases.rows(tx, table) for table in reference.LOADED] == before


@pytest.mark.parametrize("path", sorted((MIGRATIONS / "versions").glob("*.py")), ids=lambda path: path.stem)
def test_a_migration_is_named_after_its_day_and_says_its_purpose(path) -> None:  # type: ignore[no-untyped-def]
    assert path.name[:11].replace("_", "").isdigit()
    assert path.read_text(encoding="utf-8").startswith('"""')


EARLIER = [s.revision for s in ScriptDirectory.from_config(_alembic()).walk_revisions() if not s.is_head]

_ROWS: tuple[tuple[str, dict[str, object]], ...] = (
    ("person", {"person_id": KNOWN, "protection": "none", "created_at": AT, "updated_at": AT}),
    ("person_version", {"person_id": KNOWN, "version": 1, "recorded_at": AT, "born": BORN, "guardians": 2}),
    ("case_file", {"case_id": KNOWN, "reference": "7KQ4M-9X2P1", "person_id": KNOWN, "opened_at": AT}),
    ("case_number", {"case_id": KNOWN, "kind": "police", "number": "15434811"}),
    (
        "event",
        {
            "case_id": KNOWN,
            "seq": 1,
            "type": "case_registered",
            "occurred_on": BORN,
            "details": "{}",
            "recorded_at": AT,
            "actor": "coordinator",
            "role": "coordinator",
            "subject": "coordinator-oslo",
            "source": "api",
        },
    ),
    (
        "outbox",
        {
            "message_id": KNOWN,
            "case_id": KNOWN,
            "seq": 1,
            "kind": "case.event_recorded",
            "payload": "{}",
            "created_at": AT,
        },
    ),
)


def _old_rows(tx: Connection) -> dict[str, list[dict[str, object]]]:
    """The rows as an old table has them, by reflection: the model may have moved on."""
    found = MetaData()
    found.reflect(tx, only=[name for name, _ in _ROWS])
    return {name: [dict(row) for row in tx.execute(select(found.tables[name])).mappings()] for name, _ in _ROWS}


@pytest.mark.parametrize("revision", EARLIER)
def test_a_database_of_an_earlier_version_is_upgraded_with_its_rows(database_url: str, revision: str) -> None:
    db = Database.open(database_url)
    with db.writing() as tx:
        command.upgrade(_alembic(tx), revision)
        old = MetaData()
        old.reflect(tx, only=[name for name, _ in _ROWS])
        for name, row in _ROWS:
            plain = KNOWN.hex if tx.dialect.name == "sqlite" else KNOWN
            tx.execute(insert(old.tables[name]), {k: plain if v is KNOWN else v for k, v in row.items()})
    with db.reading() as tx:
        before = _old_rows(tx)

    db.upgrade()

    with db.reading() as tx:
        after = _old_rows(tx)
        assert compare_metadata(MigrationContext.configure(tx), metadata) == []
    kept = {n: [{k: v for k, v in row.items() if k in before[n][0]} for row in rows] for n, rows in after.items()}
    assert kept == before
    db.close()


def test_messages_of_before_are_numbered_in_the_order_of_their_times(database_url: str) -> None:
    db = Database.open(database_url)
    old = dict(_ROWS)["outbox"]
    with db.writing() as tx:
        command.upgrade(_alembic(tx), "2026_12_01_anchor_mails")
        table = Table("outbox", MetaData(), autoload_with=tx)
        for n, kind in enumerate(["alert.raised", "case.event_recorded", "esas.status"], start=1):
            id, case_id = (UUID(int=k).hex if tx.dialect.name == "sqlite" else UUID(int=k) for k in (n, 1))
            at = AT - timedelta(days=n)
            tx.execute(insert(table), {**old, "message_id": id, "case_id": case_id, "kind": kind, "created_at": at})

    db.upgrade()

    with db.reading() as tx:
        numbered = tx.execute(select(outbox.c.kind, outbox.c.feed_position).order_by(outbox.c.message_id)).all()
    assert [tuple(row) for row in numbered] == [("alert.raised", 2), ("case.event_recorded", 1), ("esas.status", None)]
    db.close()


def test_an_upgrade_fills_since_when_the_open_cases_wait(db: Database) -> None:
    with db.writing() as tx:
        cases.opened(tx, 3)
        whole = cases.rows(tx, case_current)
        tx.execute(update(case_current).values(waiting_since=None))
    assert rebuild.backfill(db).cases == 1
    assert rebuild.backfill(db).cases == 0
    with db.reading() as tx:
        assert cases.rows(tx, case_current) == whole
        assert tx.scalar(select(case_current.c.waiting_since)) is not None


def test_an_upgrade_fills_the_kinds_of_task(db: Database) -> None:
    """They are those of `duties`, as they are after a rebuild."""
    with db.writing() as tx:
        cases.opened(tx, 3)
        whole = cases.rows(tx, case_current)
        tx.execute(update(case_current).values(task_kinds=None))
    assert rebuild.backfill(db).cases == 1
    assert rebuild.backfill(db).cases == 0
    with db.reading() as tx:
        assert cases.rows(tx, case_current) == whole
        duties, written = tx.execute(select(case_current.c.duties, case_current.c.task_kinds)).one()
    assert kinds_of_all(written) == Counter(kinds_of(duties))
    assert written.startswith("|")
