"""The schema: migrations lead from nothing to what `tables` says, and nowhere else."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from tests.store import cases
from ungdom.store import reference, tables
from ungdom.store.session import MIGRATIONS, Database


def test_migrations_lead_from_nothing_to_the_model(database_url: str) -> None:
    db = Database.open(database_url)
    before = db.current()

    db.upgrade()

    assert (before, db.is_current()) == (None, True)
    with db.reading() as tx:
        assert compare_metadata(MigrationContext.configure(tx), tables.metadata) == []
    db.close()


def test_the_model_and_the_migrations_agree_on_check_constraints(db: Database) -> None:
    with db.reading() as tx:
        found = {c["name"] for table in tables.metadata.tables for c in inspect(tx).get_check_constraints(table)}

    assert found == {
        "ck_person_protection",
        "ck_person_version_guardians",
        "ck_case_number_kind",
        "ck_event_seq",
    }


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
