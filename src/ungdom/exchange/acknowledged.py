"""The handler of messages from a queue: verifies the sender and passes the message to `inbound.receive`."""

from ungdom.clock import Clock
from ungdom.esas.envelope import NotSigned
from ungdom.exchange import inbound
from ungdom.exchange.answers import LANGUAGE
from ungdom.exchange.inbound import RawOfficialMessage, Unreadable
from ungdom.exchange.partners import Partner, Partners
from ungdom.exchange.queues import MessageHandler, NeverHandled, QueueMessage
from ungdom.exchange.verify_signature import verified_by_partner
from ungdom.intake import IntakeContext, Sender
from ungdom.intake.retry import retry_after_commit
from ungdom.message.text import CODE, REFERENCE, is_printable
from ungdom.observability.logger import EventLogger
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import DuplicateKey, Stale
from ungdom.store.session import Database
from ungdom.workflow.vocabulary import Actor

LOG = EventLogger("ungdom.exchange")

ATTEMPTS = 5
"""Number of attempts in a row while others change the same case."""


def handler(db: Database, keys: EncryptionKeys, partners: Partners, now: Clock) -> MessageHandler:
    """A handler that stores each message and its receipts before it returns."""

    def handle(message: QueueMessage) -> None:
        partner, raw = _verified(partners, message)
        sender = Sender(partner.known_as, frozenset(map(Actor, partner.authorities)))
        schema_name, version = _header(message, "SchemaName", REFERENCE), _header(message, "SchemaVersion", CODE)
        incoming = RawOfficialMessage(raw, schema_name, version, frozenset(partner.kinds))
        for left in reversed(range(ATTEMPTS)):
            context = IntakeContext(keys, now(), LANGUAGE)
            try:
                with db.writing() as tx:
                    result = inbound.receive(tx, context, sender, incoming)
            except Unreadable:
                raise NeverHandled("it is not a JSON object, has no id, or a name stands in it twice") from None
            except (Stale, DuplicateKey):
                if not left:
                    raise
            else:
                retry_after_commit(db, context, now)
                exchanged = result.exchanged
                LOG.info(
                    "exchange.received",
                    exchange_id=exchanged.exchange_id,
                    sender=sender.source,
                    status=exchanged.status,
                )
                return

    return handle


def _header(message: QueueMessage, name: str, longest: int) -> str | None:
    """A header that is stored with the message. Raises `NeverHandled` for a value that HTTP would refuse as well."""
    value = message.headers.get(name)
    if value is not None and (len(value) > longest or not is_printable(value)):
        raise NeverHandled(f"its header {name} is no text of at most {longest} characters")
    return value


def _verified(partners: Partners, message: QueueMessage) -> tuple[Partner, bytes]:
    """The partner that signed the message and its content. Raises `NeverHandled`."""
    sender_word = message.headers.get("senderOrganization", "")
    try:
        return verified_by_partner(partners, sender_word, message.body)
    except NotSigned as error:
        raise NeverHandled(f"signed by no partner that calls itself {sender_word[:60]!r}: {error.reason}") from None
