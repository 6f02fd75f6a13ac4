"""The e-mail of the day, as a real mail server gets it: one a person and day, in their language, at an hour for it."""

from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult
from sqlalchemy import update

from tests.exchange import world
from tests.exchange.wire import certificate, ssl
from tests.exchange.world import Told
from tests.notices.build import (
    COORDINATOR,
    LEADER,
    MORNING,
    NIGHT,
    TEACHER,
    WITH_TEAM,
    cured,
    hours,
    late,
    raise_alerts,
    reached,
    standings,
    told,
    work,
)
from tests.notices.post_office import PostOffice
from tests.service import CURSOR_KEY, EXTRACT_KEY, KEY, Clock
from ungdom.delivery.engine import NotDelivered
from ungdom.notices import mail
from ungdom.notices.delivery import deliver
from ungdom.settings import BadSettings, from_environment
from ungdom.store.schema.staff import staff
from ungdom.store.session import Database
from ungdom.workflow.vocabulary import Protection

HIDDEN = ("Vimsete", "Vaffelpresse", world.NUMBER, "15434811", "Hemmeligveien", "40000000", "2009", "oslo", "Oslo")
"""Who it is about, their numbers and address, and the office: nothing of it is said to anybody."""


def parts(letter: EmailMessage) -> tuple[str, str]:
    plain, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert plain
    assert html
    return plain.get_content(), html.get_content()


def test_one_mail_tells_of_everything_in_the_language_that_was_chosen(both: Database, post_office: PostOffice) -> None:
    stored = [late(both), late(both)]
    reached(both, COORDINATOR, "nn", "kari@eksempel.no")

    deliver(work(both, relay=post_office.relay()))

    [letter] = post_office.got
    assert (letter["To"], letter["Subject"]) == ("kari@eksempel.no", "2 fristar i ungdomssaker")
    assert (letter["Content-Language"], letter["Auto-Submitted"]) == ("nn", "auto-generated")
    plain, html = parts(letter)
    for said in (plain, html):
        assert "Første kontakt med ungdomen: 22 dagar over fristen, som var 9. februar 2026." in said
        assert "Ein ventar på konfliktrådet." in said
        for case in stored:
            assert case.reference in said
            assert f"https://ungdom.test/cases/{case.case_id}" in said


def test_there_is_nothing_of_a_person_in_it(both: Database, post_office: PostOffice) -> None:
    with both.writing() as tx:
        tx.execute(update(staff).where(staff.c.subject == COORDINATOR.subject).values(cleared=True))
    late(both, Told(WITH_TEAM, protection=Protection.STRICTLY_CONFIDENTIAL))
    for viewer in (COORDINATOR, TEACHER):
        reached(both, viewer, address=f"{viewer.role.value}@eksempel.no")
    deliver(work(both, relay=post_office.relay()))
    assert len(post_office.got) == 2
    for letter in post_office.got:
        whole = letter.as_string() + "".join(parts(letter))
        assert [word for word in (*HIDDEN, "coordinator-", "teacher-7") if word in whole] == []


def test_nobody_gets_a_second_mail_on_a_day_and_the_next_day_tells_the_rest(
    both: Database, post_office: PostOffice
) -> None:
    reached(both, COORDINATOR)
    clock = Clock(MORNING)
    late(both)
    for _ in range(3):
        deliver(work(both, clock, relay=post_office.relay()))
        late(both)
        clock.instant += hours(2)
    assert len(post_office.got) == 1

    clock.instant = MORNING + timedelta(days=1)
    deliver(work(both, clock, relay=post_office.relay()))
    assert [letter["Subject"] for letter in post_office.got] == ["1 frist i en ungdomssak", "3 frister i ungdomssaker"]
    assert len({letter["Message-ID"] for letter in post_office.got}) == 2


def test_a_mail_that_did_not_leave_goes_again_under_its_id_and_holds_up_the_next(
    db: Database, post_office: PostOffice
) -> None:
    reached(db, COORDINATOR)
    clock = Clock(MORNING)
    late(db)
    post_office.says = "451 try again"
    assert deliver(work(db, clock, relay=post_office.relay())).again == 1
    clock.instant += timedelta(days=1)
    late(db)
    assert deliver(work(db, clock, relay=post_office.relay())).again == 1
    post_office.says = "250 OK"
    clock.instant += hours(1)
    deliver(work(db, clock, relay=post_office.relay()))
    assert [letter["Subject"] for letter in post_office.got] == ["1 frist i en ungdomssak"]
    clock.instant += timedelta(days=1)
    deliver(work(db, clock, relay=post_office.relay()))
    assert len(post_office.got) == 2


def test_what_was_cured_before_the_mail_left_is_not_in_it(db: Database, post_office: PostOffice) -> None:
    reached(db, COORDINATOR)
    stored, other = late(db), late(db)
    deliver(work(db, Clock(MORNING - hours(4)), relay=post_office.relay()))
    cured(db, stored)
    deliver(work(db, relay=post_office.relay()))
    [letter] = post_office.got
    assert other.reference in letter.as_string()
    assert stored.reference not in letter.as_string()


def test_when_everything_was_cured_there_is_no_mail(db: Database, post_office: PostOffice) -> None:
    reached(db, COORDINATOR)
    stored = late(db)
    deliver(work(db, Clock(MORNING - hours(4)), relay=post_office.relay()))
    assert [subject for subject, _ in told(db)] == ["coordinator-oslo", "teacher-7"]
    cured(db, stored)
    deliver(work(db, relay=post_office.relay()))
    assert (post_office.got, told(db)) == ([], [])


QUIET = [
    (datetime(2026, 3, 3, 2, tzinfo=UTC), datetime(2026, 3, 3, 6, tzinfo=UTC)),  # at night: seven in the morning
    (datetime(2026, 3, 3, 19, 30, tzinfo=UTC), datetime(2026, 3, 4, 6, tzinfo=UTC)),  # in the evening
    (datetime(2026, 3, 7, 10, tzinfo=UTC), datetime(2026, 3, 9, 6, tzinfo=UTC)),  # a Saturday
    (datetime(2026, 4, 2, 10, tzinfo=UTC), datetime(2026, 4, 7, 5, tzinfo=UTC)),  # Easter
    (datetime(2027, 5, 17, 10, tzinfo=UTC), datetime(2027, 5, 18, 5, tzinfo=UTC)),  # 17 May
]


@pytest.mark.parametrize(("quiet", "awake"), QUIET, ids=lambda at: f"{at:%a-%d-%b-%H}")
def test_people_are_left_alone_in_the_quiet_hours(
    db: Database, post_office: PostOffice, quiet: datetime, awake: datetime
) -> None:
    reached(db, COORDINATOR)
    stored = world.case(db, Told(WITH_TEAM))
    raise_alerts(db, stored, (quiet - timedelta(days=1)).date())
    clock = Clock(quiet)
    deliver(work(db, clock, relay=post_office.relay()))
    clock.instant = awake - timedelta(minutes=1)
    deliver(work(db, clock, relay=post_office.relay()))
    assert post_office.got == []
    clock.instant = awake
    deliver(work(db, clock, relay=post_office.relay()))
    assert len(post_office.got) == 1


def test_of_an_alert_that_has_climbed_only_the_last_is_told_and_once(db: Database, post_office: PostOffice) -> None:
    reached(db, COORDINATOR)
    reached(db, LEADER, "en", "leader@eksempel.no")
    stored = late(db, day=date(2026, 3, 2))
    raise_alerts(db, stored, date(2026, 3, 10))
    deliver(work(db, Clock(MORNING + timedelta(days=7)), relay=post_office.relay()))
    texts = {letter["To"]: parts(letter)[0] for letter in post_office.got}
    assert texts["kontakt@eksempel.no"].count(stored.reference) == 1
    assert "First contact with the youth: 29 days past the deadline" in texts["leader@eksempel.no"]


def test_somebody_who_lost_sight_of_the_case_or_wants_no_mail_gets_none(db: Database, post_office: PostOffice) -> None:
    reached(db, COORDINATOR)
    stored = late(db)
    deliver(work(db, Clock(MORNING - hours(4)), relay=post_office.relay()))
    world.go_on(db, stored, world.LEAVES, (world.E.TRANSFER_ACCEPTED, world.d.TransferAccepted()))
    deliver(work(db, relay=post_office.relay()))
    assert (post_office.got, standings(db)) == ([], ["withdrawn.nothing_left"])


def test_whose_service_has_ended_gets_no_mail_of_what_was_put_in_their_inbox(
    db: Database, post_office: PostOffice
) -> None:
    reached(db, COORDINATOR)
    late(db)
    deliver(work(db, Clock(MORNING - hours(4)), relay=post_office.relay()))
    with db.writing() as tx:
        ended = MORNING.date() - timedelta(days=1)
        tx.execute(update(staff).where(staff.c.subject == COORDINATOR.subject).values(active_to=ended))
    deliver(work(db, relay=post_office.relay()))
    assert (post_office.got, standings(db)) == ([], ["withdrawn.not_seen"])


def test_an_address_that_does_not_exist_is_a_dead_letter(db: Database, post_office: PostOffice) -> None:
    async def refuses(*_said: object) -> str:
        return "550 no such person"

    post_office.handle_RCPT = refuses  # type: ignore[attr-defined]
    reached(db, COORDINATOR)
    late(db)
    assert deliver(work(db, relay=post_office.relay())).dead == 1
    assert standings(db) == ["dead.refused_550"]


def test_no_header_can_be_put_in_by_what_is_written_somewhere(db: Database, post_office: PostOffice) -> None:
    reached(db, COORDINATOR, address="kari@eksempel.no\nBcc: alle@eksempel.no")
    late(db)
    deliver(work(db, relay=post_office.relay()))
    assert (post_office.got, standings(db)) == ([], ["again.fault"])


def test_the_relay_is_spoken_to_under_tls_and_with_its_password(tmp_path: Path) -> None:
    ca, server = certificate(tmp_path)
    trust = ssl.create_default_context(cafile=str(ca))

    def known(*given: object) -> AuthResult:
        data = given[4]
        return AuthResult(success=(data.login, data.password) == (b"ungdom", b"hemmelig"), handled=False)  # type: ignore[attr-defined]

    more = {"tls_context": server, "require_starttls": True, "authenticator": known, "auth_required": True}
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@eksempel.no", "b@eksempel.no", "hei"
    with PostOffice(more=more) as office:
        right = office.relay(security="starttls", user="ungdom", password="hemmelig", trust=trust)
        mail.send(right, message)
        assert len(office.got) == 1
        with pytest.raises(NotDelivered, match="smtp_535"):
            mail.send(office.relay(security="starttls", user="ungdom", password="feil", trust=trust), message)
        with pytest.raises(NotDelivered, match="unreachable"):
            mail.send(office.relay(security="starttls", user="ungdom", password="hemmelig"), message)
        with pytest.raises(NotDelivered, match="530"):
            mail.send(office.relay(), message)
    with pytest.raises(NotDelivered, match="unreachable"):
        mail.send(right, message)


def settings(**given: str) -> dict[str, str]:
    keys = {"PEOPLE_KEYS": KEY, "CURSOR_KEY": CURSOR_KEY, "EXTRACT_KEYS": EXTRACT_KEY}
    return {"UNGDOM_ENV": "development"} | {f"UNGDOM_{name}": key for name, key in keys.items()} | given


def test_the_relay_is_read_from_the_settings() -> None:
    found = from_environment(
        settings(UNGDOM_SMTP_URL="smtp://u%40x:p%2Fw@post.test", UNGDOM_MAIL_FROM="Vi <vi@konfliktraadet.test>")
    )
    relay = mail.relay_of(found)
    assert relay
    assert (relay.host, relay.port, relay.security, relay.user) == ("post.test", 587, "starttls", "u@x")
    assert relay.password == "p/w"
    assert relay.domain == "konfliktraadet.test"
    assert "p%2Fw" not in f"{found!r} {found} {found.smtp_url}"
    assert mail.relay_of(from_environment(settings())) is None


@pytest.mark.parametrize(
    ("url", "sender"),
    [("post.test", "a@b.no"), ("http://post.test", "a@b.no"), ("smtp://", "a@b.no"), ("smtp://x:99999", "a@b.no"),
     ("smtp://post.test", ""), ("smtp://post.test", "nobody")],
)  # fmt: skip
def test_settings_of_the_relay_that_are_off_are_told(url: str, sender: str) -> None:
    with pytest.raises(BadSettings, match=r"UNGDOM_SMTP_URL|UNGDOM_MAIL_FROM"):
        from_environment(settings(UNGDOM_SMTP_URL=url, UNGDOM_MAIL_FROM=sender))


def test_networks_that_are_none_are_told() -> None:
    with pytest.raises(BadSettings, match="UNGDOM_WEBHOOK_ALLOW"):
        from_environment(settings(UNGDOM_WEBHOOK_ALLOW="10.0.0.0/8, inside"))


def test_the_night_is_before_the_morning() -> None:
    assert MORNING.date() == NIGHT
