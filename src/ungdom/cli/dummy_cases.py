"""Invented cases for `ungdom extract --dummy`: rows of the same shape as those of an installation, and of no person."""

import base64
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from ungdom import clock, texts
from ungdom.demo import load
from ungdom.extracts.catalogue import extract
from ungdom.extracts.errors import NotForPurpose
from ungdom.extracts.order import Order, OrderRequest, OrderService
from ungdom.extracts.pseudonyms import ExtractKeys
from ungdom.extracts.purposes import load as load_purposes
from ungdom.settings import Settings
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.session import Database
from ungdom.store.settled import last_settled_day

KEY_BYTES = 32


@contextmanager
def database(cases: int) -> Iterator[Database]:
    """A database with so many invented cases, which exists until the block ends."""
    with TemporaryDirectory() as folder, closing(Database.open(f"sqlite:///{Path(folder, 'dummy.sqlite')}")) as db:
        db.upgrade()
        load.load(db, EncryptionKeys([_new_key()]), cases=cases, today=last_settled_day(clock.now()))
        yield db


def order(settings: Settings, name: str, purpose: str, labels: tuple[texts.Language, ...]) -> Order:
    """The order of this extract for a purpose of the installation, marked as dummy, with a key of its own.

    Raises as any order does.
    """
    if extract(name).released:
        raise NotForPurpose(name, purpose)
    service = OrderService(load_purposes(settings), ExtractKeys([_new_key()]))
    return replace(service.order(OrderRequest(name, purpose, labels=labels), clock.now()), dummy=True)


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
