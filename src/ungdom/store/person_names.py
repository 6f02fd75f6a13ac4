"""The digests by which people are looked up by name, for people who were stored before there were any."""

from uuid import UUID

from sqlalchemy import Select, select, update

from ungdom.store import people
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.schema.persons import person
from ungdom.store.session import Database

BATCH = 500


def backfill(db: Database, keys: EncryptionKeys) -> int:
    """Fills the digests that are missing; returns their number. Repeatable. Raises `CannotOpen`."""
    missing = (person.c.name_hash.is_(None), person.c.sealed.is_not(None))
    query = select(person.c.person_id).where(*missing).order_by(person.c.person_id).limit(BATCH)
    done, after = 0, None
    while batch := _ids(db, query if after is None else query.where(person.c.person_id > after)):
        with db.writing() as tx:
            for person_id, personalia in people.read_names(tx, keys, batch).items():
                digest = people.name_hash_of(keys, personalia) if personalia else None
                if digest is not None:
                    tx.execute(update(person).where(person.c.person_id == person_id).values(name_hash=digest))
                    done += 1
        after = batch[-1]
    return done


def _ids(db: Database, query: Select[tuple[UUID]]) -> list[UUID]:
    with db.reading() as tx:
        return list(tx.scalars(query))
