"""Contacts as schemas."""

from ungdom.api.contacts.schemas import NoticeContactOut
from ungdom.store.contacts import NotificationContact
from ungdom.workflow.rules.permissions import Viewer


def contact_out(contact: NotificationContact, viewer: Viewer | None) -> NoticeContactOut:
    return NoticeContactOut(
        subject=contact.subject,
        language=contact.language,
        email_digest=contact.email_digest,
        updated_at=contact.updated_at,
        has_address=contact.address is not None,
        address=contact.address if viewer is not None and viewer.subject == contact.subject else None,
    )
