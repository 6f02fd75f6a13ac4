"""What is sealed can be sealed anew when the keys are changed, and opens under no other."""

import pytest

from tests import service
from tests.exchange.world import KEYS
from tests.notices.build import COORDINATOR, hook, reached
from ungdom.store import contacts, resealing, webhooks
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
        closed = webhooks.find(tx, alone, hook_id)
        assert before
        assert closed
        assert (closed.lost_key, closed.credentials.url) == (KEYS.ids[0], "")
        assert before.credentials.url == "https://system.test/inn"
        with pytest.raises(CannotOpen):
            contacts.find(tx, alone, COORDINATOR.subject)

    for times in (1, 0):
        resealed = {result.table: result.resealed for result in resealing.reseal(both, turning)}
        assert (resealed["webhook"], resealed["contact"]) == (times, times)

    with both.reading() as tx:
        assert webhooks.find(tx, alone, hook_id) == before
        found = contacts.find(tx, alone, COORDINATOR.subject)
    assert found
    assert found.address == "kontakt@eksempel.no"
    assert "kontakt" not in repr(found)
