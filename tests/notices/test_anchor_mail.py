"""The seals of the hash chains by e-mail: once each, again when the relay refuses, with nothing of a person."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.api.build import opened
from tests.notices.post_office import PostOffice
from tests.notices.test_digests import settings
from tests.service import Service
from ungdom.audit import anchors
from ungdom.jobs import sealing
from ungdom.notices import delivery
from ungdom.settings import BadSettings, from_environment
from ungdom.store.schema.audit import audit_anchor_mail
from ungdom.workflow.calendar import oslo_date

TO = "revisjon@konfliktraadet.test"


def context(service: Service, post_office: PostOffice) -> delivery.NoticeDeliveryContext:
    """The delivery of this service by this relay."""
    of_settings = delivery.from_settings(service.settings, service.db)
    return replace(of_settings, now=service.clock, jitter=lambda: 0.0, relay=post_office.relay(), anchors_to=TO)


def test_each_seal_is_mailed_once_and_is_that_of_the_anchor_file(
    served: Service, post_office: PostOffice, tmp_path: Path
) -> None:
    case = opened(served.as_("coordinator", "oslo"))
    at = served.clock()
    sealing.seal(served.db, oslo_date(at), served.clock)
    (path,) = sealing.export(served.db, tmp_path, at)
    post_office.says = "451 not now"
    delivery.deliver(context(served, post_office))
    with served.db.reading() as tx:
        assert tx.scalars(select(audit_anchor_mail.c.status)).all() == ["again.smtp_451"]
    post_office.says = "250 OK"
    delivery.deliver(context(served, post_office))
    assert post_office.got == [], "not before its time"

    served.clock.instant += timedelta(hours=1)
    for _ in range(2):
        delivery.deliver(context(served, post_office))

    (letter,) = post_office.got
    first, *_ = letter.get_content().splitlines()
    exported, _ = anchors.read_folder(tmp_path)
    assert anchors.seal_of(json.loads(first)) == exported[0].seal
    assert first == path.read_text().splitlines()[0]
    assert (letter["To"], letter["Subject"]) == (TO, f"Forsegling nr. 1 av {oslo_date(at)}")
    assert case not in letter.as_string()


@pytest.mark.parametrize("given", [{}, {"UNGDOM_SMTP_URL": "smtp://post.test", "UNGDOM_MAIL_FROM": "nobody"}])
def test_an_address_needs_a_relay(given: dict[str, str]) -> None:
    with pytest.raises(BadSettings):
        from_environment(settings(UNGDOM_ANCHOR_MAIL=TO, **given))


def test_the_address_is_read_from_the_settings() -> None:
    given = {"UNGDOM_SMTP_URL": "smtp://post.test", "UNGDOM_MAIL_FROM": "a@b.no"}
    assert from_environment(settings(UNGDOM_ANCHOR_MAIL=TO, **given)).anchor_mail == TO
    with pytest.raises(BadSettings):
        from_environment(settings(UNGDOM_ANCHOR_MAIL="nobody", **given))
