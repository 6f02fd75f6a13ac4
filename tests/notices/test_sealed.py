"""What is sealed can be sealed anew when the keys are changed, and opens under no other."""

import pytest

from tests import service
from tests.exchange.world import KEYS
from tests.notices.build import COORDINATOR, hook, reached
from ungdom.store import contacts, webhooks
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import CannotOpen
from ungdom.store.session import Database

NEW = "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="


def test_contacts_and_webhooks_are_sealed_anew(both: Database) -> None:
    hook_id, _ = hook(both, "https://system.test/inn")
    reached(both, COORDINATOR)
    turning, alone = EncryptionKeys([NEW, service.KEY]), EncryptionKeys([NEW])
    with both.reading() as tx:
        before = webhooks.find(tx, KEYS, hook_id)
        with pytest.raises(CannotOpen):
            webhooks.find(tx, alone, hook_id)
        with pytest.raises(CannotOpen):
            contacts.find(tx, alone, COORDINATOR.subject)

    with both.writing() as tx:
        assert (webhooks.rotate_key(tx, turning), contacts.rotate_key(tx, turning)) == (1, 1)
        assert (webhooks.rotate_key(tx, turning), contacts.rotate_key(tx, turning)) == (0, 0)

    with both.reading() as tx:
        assert webhooks.find(tx, alone, hook_id) == before
        found = contacts.find(tx, alone, COORDINATOR.subject)
    assert found
    assert found.address == "kontakt@eksempel.no"
    assert "kontakt" not in repr(found)
