"""The newest seal of the hash chains by e-mail, so that it is also where nobody of the service can change it.

The e-mail has the first line of the anchor file: number, day, counts, root and link. It names no person and no case.
"""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from ungdom import texts
from ungdom.audit.anchors import seal_values
from ungdom.audit.seals import Seal
from ungdom.delivery import engine
from ungdom.delivery.engine import DeliveryAttempt, DeliveryContext, DeliveryOutcome
from ungdom.notices import mail
from ungdom.notices.mail import Relay
from ungdom.observability.logger import EventLogger
from ungdom.store import anchor_mails
from ungdom.store.anchor_mails import AnchorMail
from ungdom.store.session import Connection
from ungdom.workflow.calendar import OSLO

LOG = EventLogger("ungdom.notices")

ATTEMPTS = 20
"""As of notices: spread over about fourteen hours."""
NEWEST = timedelta(days=14)
"""Older seals are not mailed: those from before e-mail was set."""
LANGUAGE: texts.Language = "nb"


@dataclass(frozen=True, slots=True)
class AnchorMailQueue:
    """The seals that are to be mailed to one address."""

    context: DeliveryContext
    relay: Relay
    address: str
    max_attempts: int = ATTEMPTS
    max_failures: int = 1

    def claim(self, tx: Connection, until: datetime) -> AnchorMail | None:
        """The next seal."""
        now = self.context.now()
        return anchor_mails.claim(tx, now, now - NEWEST, until)

    def send(self, message: AnchorMail) -> None:
        """Mail it. Raises `NotDelivered`."""
        mail.send(self.relay, composed(self.relay, self.address, message.seal))

    def record(self, tx: Connection, message: AnchorMail, attempt: DeliveryAttempt) -> None:
        """Write the result."""
        mailed_at = self.context.now() if attempt.outcome is DeliveryOutcome.SENT else None
        anchor_mails.record(tx, message, attempt.status, attempt.next_try_at, mailed_at)

    def log(self, message: AnchorMail, attempt: DeliveryAttempt) -> None:
        """Log the result."""
        LOG.info("anchors.attempted", number=message.seal.number, outcome=attempt.status, attempt=message.attempts)


def deliver(context: DeliveryContext, relay: Relay, address: str) -> Counter[str]:
    """Mail the seals that are due; how many by result. Raises `StoreError`."""
    now = context.now()
    with context.db.reading() as tx:
        if not anchor_mails.is_due(tx, now, now - NEWEST):
            return Counter()
    counts, _ = engine.serve(context, AnchorMailQueue(context, relay, address))
    return counts


def composed(relay: Relay, address: str, seal: Seal) -> EmailMessage:
    """The e-mail with a seal. Its Message-ID follows from the seal, so a duplicate shows."""
    message = EmailMessage(policy=SMTP)
    message["From"] = relay.sender
    message["To"] = address
    message["Subject"] = texts.text(LANGUAGE, "anchor_mail", "subject", number=seal.number, day=str(seal.day))
    message["Message-ID"] = f"<anchor-{seal.number}-{seal.link.hex()[:16]}@{relay.domain}>"
    message["Date"] = format_datetime(seal.sealed_at.astimezone(OSLO))
    message["Auto-Submitted"] = "auto-generated"
    explanation = texts.text(LANGUAGE, "anchor_mail", "explanation")
    message.set_content(f"{json.dumps(seal_values(seal))}\n\n{explanation}\n", cte="quoted-printable")
    return message
