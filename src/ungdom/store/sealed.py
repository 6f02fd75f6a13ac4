"""The columns that hold encrypted values, and the name of the record that each value is encrypted for.

This is the only list of them: writing, reading, `ungdom keys` and the check at the start of the service take the name
of a record from here. Encrypted values stand only in rows that may be changed, never in those that triggers protect or
a hash chain covers: otherwise a key could not be replaced (docs/decisions/0047-keys.md).
"""

from dataclasses import dataclass
from string import Formatter
from typing import Any

from sqlalchemy import Column, Table

from ungdom.store.schema.access import emergency_access
from ungdom.store.schema.cases import case_import, note
from ungdom.store.schema.idempotency import idempotency
from ungdom.store.schema.identity import identity_question
from ungdom.store.schema.inbox import decision, exchange_message
from ungdom.store.schema.kept_secrets import kept_secret
from ungdom.store.schema.notices import contact, webhook
from ungdom.store.schema.persons import person, person_change, person_proposal, population_event
from ungdom.store.schema.web import web_draft


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of encrypted values. `record`: the name of the record, with columns of the row in braces."""

    column: Column[Any]
    record: str

    @property
    def table(self) -> Table:
        """The table of the column."""
        table: Table = self.column.table
        return table

    @property
    def record_columns(self) -> tuple[str, ...]:
        """The columns that the name of the record is made of."""
        return tuple(name for _, name, _, _ in Formatter().parse(self.record) if name)

    def record_of(self, **values: object) -> str:
        """The name of the record with these values; bytes are written in hexadecimal."""
        plain = {name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()}
        return self.record.format(**plain)


CASE_IMPORT = SealedColumn(case_import.c.fingerprint, "case_import:{case_id}")
CONTACT = SealedColumn(contact.c.sealed, "contact:{subject}")
DECISION = SealedColumn(decision.c.sealed, "decision:{message_id}")
EMERGENCY_REASON = SealedColumn(emergency_access.c.sealed, "emergency_access:{emergency_id}")
EMERGENCY_REVIEW = SealedColumn(emergency_access.c.review_sealed, "emergency_access_review:{emergency_id}")
EXCHANGE_MESSAGE = SealedColumn(exchange_message.c.sealed, "exchange:{exchange_id}")
IDEMPOTENCY = SealedColumn(idempotency.c.sealed, "idempotency:{key_hash}")
IDENTITY_QUESTION = SealedColumn(identity_question.c.sealed, "identity_question:{question_id}")
KEPT_SECRET = SealedColumn(kept_secret.c.sealed, "kept_secret:{name}")
NOTE = SealedColumn(note.c.sealed, "note:{note_id}:{case_id}")
PERSON = SealedColumn(person.c.sealed, "person:{person_id}")
PERSON_CHANGE = SealedColumn(person_change.c.sealed, "person_change:{person_id}:{revision}")
PERSON_PROPOSAL = SealedColumn(person_proposal.c.sealed, "person_proposal:{proposal_id}")
POPULATION_EVENT = SealedColumn(population_event.c.sealed, "population_event:{event_id}")
POPULATION_EVENT_CONTENT = SealedColumn(population_event.c.content_hash, "population_event_content:{event_id}")
WEB_DRAFT = SealedColumn(web_draft.c.sealed, "web_draft:{subject}:{case_id}:{form}")
WEBHOOK = SealedColumn(webhook.c.sealed, "webhook:{webhook_id}")

SEALED_COLUMNS: tuple[SealedColumn, ...] = (
    KEPT_SECRET,
    PERSON,
    PERSON_CHANGE,
    PERSON_PROPOSAL,
    IDENTITY_QUESTION,
    POPULATION_EVENT,
    POPULATION_EVENT_CONTENT,
    CASE_IMPORT,
    NOTE,
    EMERGENCY_REASON,
    EMERGENCY_REVIEW,
    CONTACT,
    WEBHOOK,
    WEB_DRAFT,
    DECISION,
    EXCHANGE_MESSAGE,
    IDEMPOTENCY,
)
"""Every column of encrypted values, in the order in which they are encrypted with a new key."""
