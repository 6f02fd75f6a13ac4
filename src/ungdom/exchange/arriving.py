"""Official messages taken from a queue: whose they are, and on to receiving."""

import logging

from ungdom.clock import Clock
from ungdom.esas.envelope import NotSigned
from ungdom.exchange import receiving
from ungdom.exchange.answers import LANGUAGE
from ungdom.exchange.opening import of_partner
from ungdom.exchange.partners import Partner, Partners
from ungdom.exchange.queues import Handle, NeverHandled, Taken
from ungdom.exchange.receiving import Letter, Unreadable
from ungdom.intake import Desk, Sender
from ungdom.intake.catching_up import go_back
from ungdom.message.text import CODE, REFERENCE, is_printable
from ungdom.store.errors import DuplicateKey, Stale
from ungdom.store.sealing import Keys
from ungdom.store.session import Database
from ungdom.workflow.vocabulary import Actor

LOG = logging.getLogger("ungdom.exchange")

TRIES = 5
"""How often a message is tried at once when somebody else moves the same case meanwhile."""


def handler(db: Database, keys: Keys, partners: Partners, now: Clock) -> Handle:
    """What takes a message from a queue: when it returns, the message and its receipts have been written."""

    def handle(taken: Taken) -> None:
        partner, raw = _opened(partners, taken)
        sender = Sender(partner.known_as, frozenset(map(Actor, partner.authorities)))
        named, version = _header(taken, "SchemaName", REFERENCE), _header(taken, "SchemaVersion", CODE)
        letter = Letter(raw, named, version, frozenset(partner.kinds))
        for left in reversed(range(TRIES)):
            desk = Desk(keys, now(), LANGUAGE)
            try:
                with db.writing() as tx:
                    received = receiving.take(tx, desk, sender, letter)
            except Unreadable:
                raise NeverHandled("it is not a JSON object, has no id, or a name stands in it twice") from None
            except (Stale, DuplicateKey):
                if not left:
                    raise
            else:
                go_back(db, desk, now)
                LOG.info("message %s of %s: %s", received.kept.exchange_id, sender.source, received.kept.status)
                return

    return handle


def _header(taken: Taken, name: str, longest: int) -> str | None:
    """A header that is kept with the message. Raises `NeverHandled` for what is no text, as HTTP refuses it."""
    value = taken.headers.get(name)
    if value is not None and (len(value) > longest or not is_printable(value)):
        raise NeverHandled(f"its header {name} is no text of at most {longest} characters")
    return value


def _opened(partners: Partners, taken: Taken) -> tuple[Partner, bytes]:
    """The partner that signed the message and its content. Raises `NeverHandled`."""
    word = taken.headers.get("senderOrganization", "")
    try:
        return of_partner(partners, word, taken.body)
    except NotSigned as error:
        raise NeverHandled(f"signed by no partner that calls itself {word[:60]!r}: {error.reason}") from None
