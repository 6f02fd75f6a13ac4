"""Over HTTP an official message is that of the partner whose token brings it, and says only what this partner may."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jws

from tests import pg, service
from tests.api.build import rows
from tests.api.test_text_everywhere import BAD, unprintable
from tests.esas import official as o
from tests.exchange import world
from tests.exchange.world import OSLO, OST, over_http, partner, write
from tests.intake.test_text_in_messages import changed, strings
from tests.service import Client, Service
from ungdom.esas import envelope
from ungdom.esas.envelope import ALGORITHMS
from ungdom.exchange import partners as files
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Actor, Role

Json = dict[str, Any]
MESSAGES = "/v1/esas/messages"
JOSE = "application/jose"
DAY = date(2025, 7, 20)


@pytest.fixture(params=["sqlite", "postgresql"])
def exchanging(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    """The service with two partners, Oslo and Øst, each of which may send `overfoereSak`."""
    if request.param == "sqlite":
        url = service.sqlite_copy(request.getfixturevalue("sqlite_template"), tmp_path)
    else:
        url = pg.sqlalchemy_url(request.getfixturevalue("pg_database")(service.fill))
    second = partner("ost", over_http("http://127.0.0.1:1/"), None)
    path = write(tmp_path, partner("oslo", over_http("http://127.0.0.1:1/")), second)
    with Service(url, tmp_path, exchange_file=path) as running:
        running.clock.turn_to(DAY)
        yield running


def client(running: Service, source: str) -> Client:
    """A system with a token, known under this source."""
    since, long = datetime(2014, 1, 1, tzinfo=UTC), timedelta(days=365 * 40)
    who = Viewer(Role.PROSECUTION, f"system-{source}", None)
    return Client(running, running.issuer.issue(who, since, long, source, (Actor.POLICE, Actor.PROSECUTION)))


def signed(kid: str, body: Json | None = None) -> bytes:
    return envelope.sign(body or o.overfoere_sak(), world.key(kid), kid).encode()


def send(to: Client, content: bytes, kind: str = JOSE, **headers: str) -> httpx.Response:
    return to._send("POST", MESSAGES, content=content, headers={"Content-Type": kind, **headers})


def refused(answer: httpx.Response) -> str:
    assert (answer.status_code, answer.json()["code"]) == (422, "unreadable_message"), answer.text
    fault: str = answer.json()["fault"]
    return fault


def test_a_message_signed_by_the_partner_of_the_token_is_taken(exchanging: Service) -> None:
    for source, kid in ((OSLO, "oslo-1"), (OST, "ost-1")):
        done = send(client(exchanging, source), signed(kid), SchemaName="overfoereSak", senderOrganization="POLITIET")
        assert (done.status_code, done.json()["status"]) == (200, "UNDER_MOTTAK"), done.text


def test_a_message_signed_by_anybody_else_is_refused_and_nothing_is_written(exchanging: Service) -> None:
    before = rows(exchanging)
    for source, kid, fault in (
        (OSLO, "ost-1", "unknown_key"),
        (OST, "oslo-1", "unknown_key"),
        ("somebody", "oslo-1", "other_sender"),
        (world.OWN, "oslo-1", "other_sender"),
    ):
        assert refused(send(client(exchanging, source), signed(kid))) == fault
    assert rows(exchanging) == before


@pytest.mark.parametrize("kind", [JOSE, "application/json"])
def test_whoever_calls_itself_another_is_refused(exchanging: Service, kind: str) -> None:
    content = signed("oslo-1") if kind == JOSE else json.dumps(o.overfoere_sak()).encode()
    for source, word in ((OSLO, OST), (OSLO, "KONFLIKTRAAD"), (OSLO, "Øst politidistrikt"), ("somebody", "POLITIET")):
        headers = {"Content-Type": kind, "senderOrganization": word.encode("latin-1")}
        answer = client(exchanging, source)._send("POST", MESSAGES, content=content, headers=headers)
        assert refused(answer) == "other_sender"


@pytest.mark.parametrize("kind", [JOSE, "application/json"])
def test_what_a_partner_may_not_send_is_kept_and_answered_over_http_as_from_a_queue(
    exchanging: Service, kind: str
) -> None:
    body = o.domsavgjoerelse()
    content = signed("oslo-1", body) if kind == JOSE else json.dumps(body).encode()
    done = send(client(exchanging, OSLO), content, kind)
    assert (done.status_code, done.json()["status"]) == (200, "FEILET_AVSENDER_TEKNISK")
    kept = client(exchanging, OSLO).get(done.headers["Location"]).json()
    assert (kept["reason"], kept["decisions"]) == ("kind_not_agreed", [])
    fine = send(client(exchanging, OSLO), json.dumps(o.overfoere_sak()).encode(), "application/json")
    assert fine.json()["status"] == "UNDER_MOTTAK"


def test_a_partner_is_known_by_the_organisation_of_a_token_or_by_its_source(tmp_path: Path) -> None:
    found = files.load(write(tmp_path, partner("oslo", "", None), partner("ost", "", None)))
    oslo, ost = found.partner
    assert found.of_token("any", OSLO) is oslo
    assert found.of_token(OST, None) is ost
    assert found.of_token(OST, OST) is ost
    assert found.of_token(OST, OSLO) is None  # organisation and source name two partners
    assert found.of_token("any", None) is None
    assert found.of_token("any", "910000009") is None


# --- a name that stands twice -------------------------------------------------------------------------------


def by_hand(header: bytes, content: bytes) -> bytes:
    """Truly signed by Oslo's key, with a header as no library writes it."""
    key = world.key("oslo-1")
    first, second = (urlsafe_b64encode(part).rstrip(b"=") for part in (header, content))
    algorithm = jws.JWSRegistry(algorithms=[*ALGORITHMS]).get_alg("RS256")
    return b".".join([first, second, urlsafe_b64encode(algorithm.sign(first + b"." + second, key)).rstrip(b"=")])


HEADER = b'{"alg":"RS256","kid":"oslo-1"}'
CONTENT = json.dumps(o.overfoere_sak()).encode()
TWICE = {
    "the key in the header": (b'{"alg":"RS256","kid":"ost-1","kid":"oslo-1"}', CONTENT, "malformed"),
    "the algorithm in the header": (b'{"alg":"none","alg":"RS256","kid":"oslo-1"}', CONTENT, "malformed"),
    "the sending": (HEADER, CONTENT[:-1] + b',"forsendelse":{}}', "json"),
    "the number of the case, spelt in another way": (
        HEADER,
        CONTENT[:-1] + rb',"\u0073traffesaksnummer":"15434811","straffesaksnummer":"15434812"}',
        "json",
    ),
}


def test_a_signed_message_in_which_a_name_stands_twice_is_refused(exchanging: Service) -> None:
    assert send(client(exchanging, OSLO), by_hand(HEADER, CONTENT)).status_code == 200
    before = rows(exchanging)
    faults = {name: refused(send(client(exchanging, OSLO), by_hand(*parts[:2]))) for name, parts in TWICE.items()}
    assert faults == {name: parts[2] for name, parts in TWICE.items()}
    assert rows(exchanging) == before


# --- what no text may hold ----------------------------------------------------------------------------------


BODIES: dict[str, Json] = {
    "overfoereSak": o.overfoere_sak(),
    "DOMSAVGJOERELSE": o.domsavgjoerelse(),
    "FULLBYRDELSESORDRE": o.fullbyrdelsesordre(),
    "KVITTERING": o.kvittering(),
}


@pytest.mark.parametrize("name", BODIES)
def test_no_official_message_makes_us_fail_or_keep_what_no_text_may_hold(served: Service, name: str) -> None:
    """Every string of the message in turn: parked, rejected by a receipt, or refused; what is not read is no matter."""
    served.clock.turn_to(DAY)
    police = served.as_("prosecution", "oslo", "police")
    found: dict[int, int] = {}
    texts = list(BAD.values())
    for n, place in enumerate(strings(BODIES[name])):
        for text in (texts[0], texts[n % len(texts)]):
            answer = police.post(MESSAGES, changed(BODIES[name], place, text))
            assert answer.status_code in (200, 204, 422), (place, answer.text)
            found[answer.status_code] = found.get(answer.status_code, 0) + 1
    assert sum(found.values()) >= 6
    assert unprintable(served) == []


def test_an_id_that_no_text_may_be_is_refused_and_one_that_is_too_long_is_answered(served: Service) -> None:
    police = served.as_("prosecution", "oslo", "police")
    body, place = o.overfoere_sak(), ("forsendelse", "meldingsId")
    for text in (text for name, text in BAD.items() if name != "too long"):
        assert refused(police.post(MESSAGES, changed(body, place, text))) == "json"
    long = police.post(MESSAGES, changed(body, place, "x" * 201))
    assert (long.status_code, long.json()["status"]) == (200, "FEILET_AVSENDER_TEKNISK")


@pytest.mark.parametrize("header", ["SchemaName", "SchemaVersion", "senderOrganization"])
def test_headers_of_the_exchange_are_text_too(one: Service, header: str) -> None:
    police = one.as_("prosecution", "oslo", "police")
    for text in (b"a\x85b", b"a\xadb", b"x" * 300):
        given: Any = {"Content-Type": "application/json", header: text}
        answer = police._send("POST", MESSAGES, content=json.dumps(o.overfoere_sak()).encode(), headers=given)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
        assert [one["pointer"] for one in answer.json()["errors"]] == [f"(header)/{header}"]
