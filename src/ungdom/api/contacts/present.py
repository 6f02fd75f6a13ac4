"""Contacts as schemas."""

from ungdom.api.contacts.schemas import NoticeContactOut
from ungdom.api.http.present import filled
from ungdom.store.contacts import NotificationContact
from ungdom.workflow.rules.permissions import Viewer


def contact_out(contact: NotificationContact, viewer: Viewer | None) -> NoticeContactOut:
    return filled(
        NoticeContactOut,
        contact,
        has_address=contact.address is not None,
        address=contact.address if viewer is not None and viewer.subject == contact.subject else None,
    )
