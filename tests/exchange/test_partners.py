"""The partners file is read strictly: whatever is off is told with its place, before anything is sent."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from tests.exchange import world
from ungdom.exchange import partners
from ungdom.exchange.partners import Amqp, Http, Partners
from ungdom.settings import BadSettings

HERE = world.over_http("http://127.0.0.1:1/inn")
BROKER = world.over_amqp("amqp://127.0.0.1/", "politiet", "saker")
INBOX = '[[inbox]]\nurl = "amqps://mq.example.no/just"\nqueue = "konfliktraad.inn"\npassword_file = "password"\n'


def good(folder: Path) -> Path:
    (folder / "password").write_text("hemmelig\n")
    return world.write(folder, world.partner("oslo", HERE), world.partner("ost", BROKER, "maven", ("p02",)), more=INBOX)


def test_everything_in_the_file_is_read(tmp_path: Path) -> None:
    found = partners.load(good(tmp_path))

    oslo, ost = found.partner
    assert found.own is not None
    assert (found.own.sender_word, found.own.organisation_number) == ("KONFLIKTRAAD", world.OWN)
    assert (oslo.transport, oslo.status_variant) == (Http(kind="http", url="http://127.0.0.1:1/inn"), "1.0")
    assert isinstance(ost.transport, Amqp)
    assert (ost.transport.exchange, ost.transport.routing_key, ost.status_variant) == ("politiet", "saker", "maven")
    assert (found.of_district("p01"), found.of_district("p02"), found.of_district("p03")) == (oslo, ost, None)
    assert [one.kid for one in found.keys[oslo.name].keys] == ["oslo-1"]
    assert found.key is not None
    assert found.key.kid == "ours-1"
    assert partners.secret(found, found.inbox[0]) == "hemmelig"
    assert found.fingerprint == partners.fingerprint(tmp_path / "partners.toml")


def test_without_a_file_there_is_nobody() -> None:
    assert partners.load(None) == Partners()
    assert partners.fingerprint(None) == ""


def test_a_partner_is_found_by_number_name_or_source_before_its_word(tmp_path: Path) -> None:
    named = world.partner("oslo", HERE).replace("[partner.transport]", 'source = "bl"\n[partner.transport]')
    found = partners.load(world.write(tmp_path, named, world.partner("ost", HERE, None)))
    oslo, ost = found.partner
    assert [found.called(word) for word in (world.OSLO, "Oslo politidistrikt", "bl")] == [(oslo,)] * 3
    assert found.called("POLITIET") == (oslo, ost)
    assert found.called("DOMSTOLEN") == ()


def test_a_changed_key_changes_the_fingerprint(tmp_path: Path) -> None:
    file = good(tmp_path)
    before = partners.fingerprint(file)
    (tmp_path / "oslo.jwks").write_text((tmp_path / "ost.jwks").read_text())
    assert partners.fingerprint(file) != before


Change = Callable[[str], str]


def put(old: str, new: str) -> Change:
    return lambda text: text.replace(old, new, 1)


WRONG: list[tuple[Change, str]] = [
    (put("[own]", "[own"), "partners.toml"),
    (put('name = "Konfliktrådet"', ""), "own.name: "),
    (put('name = "Konfliktrådet"', 'name = "K"\nemail = "x"'), "own.email: "),
    (put(f'"{world.OWN}"', '"12345678"'), "own.organisation_number: "),
    (put(f'"{world.OWN}"', "910000000"), "own.organisation_number: "),
    (put("ours.jwk", "nowhere.jwk"), "nowhere.jwk cannot be read"),
    (put("oslo.jwks", "nowhere.jwks"), "nowhere.jwks cannot be read"),
    (put("ours.jwk", "oslo.jwks"), "own.key_file"),
    (put("ost.jwks", "password"), "password"),
    (put('status_variant = "1.0"', 'status_variant = "2.0"'), "partner.0.status_variant"),
    (put('"p01"', '"p99"'), "partner.districts: there is no p99; there are"),
    (put('"p02"', '"p01"'), "partner.districts: p01 stands twice"),
    (put("Øst politidistrikt", "Oslo politidistrikt"), "partner.name: Oslo politidistrikt stands twice"),
    (put(world.OST, world.OSLO), f"partner.organisation_number: {world.OSLO} stands twice"),
    (put('kind = "http"', 'kind = "sftp"'), "partner.0.transport"),
    (put("http://127.0.0.1:1/inn", "http://politiet.example.no/inn"), "has to begin with https://"),
    (put("http://127.0.0.1:1/inn", "ftp://127.0.0.1/inn"), "partner.0.transport.http.url"),
    (put("http://127.0.0.1:1/inn", "https:///inn"), "names no host"),
    (put("amqp://127.0.0.1/", "amqp://mq.example.no/"), "has to begin with amqps://"),
    (put('exchange = "politiet"', ""), "partner.1.transport.amqp.exchange"),
    (put('authorities = ["police", "prosecution"]', 'authorities = ["coordinator"]'), "partner.0.authorities"),
    (put('password_file = "password"', 'password_file = "gone"'), "gone cannot be read"),
    (put('queue = "konfliktraad.inn"', "queue = 1"), "inbox.0.queue"),
    (lambda text: text + "[delivery]\nattempts = 0\n", "delivery.attempts"),
    (lambda text: text + "[own.offices.bergen]\n", "own.offices: there is no bergen"),
    (put(HERE, ""), "takes oppdatertSaksstatus and has no transport"),
]


@pytest.mark.parametrize(("change", "said"), WRONG, ids=[said for _, said in WRONG])
def test_what_is_off_is_told_with_its_place(tmp_path: Path, change: Change, said: str) -> None:
    file = good(tmp_path)
    before = file.read_text(encoding="utf-8")
    file.write_text(change(before), encoding="utf-8")
    assert file.read_text(encoding="utf-8") != before

    with pytest.raises(BadSettings) as caught:
        partners.load(file)

    assert said in str(caught.value)
    assert str(file) in str(caught.value) or "cannot be read" in str(caught.value)


def short() -> dict[str, object]:
    return dict(RSAKey.generate_key(1024, {"kid": "x"}, private=True).as_dict(private=True))


def secret() -> dict[str, object]:
    return dict(OctKey.generate_key(256, {"kid": "x"}).as_dict(private=True))


def nameless() -> dict[str, object]:
    return {name: value for name, value in world.key("ours-1").as_dict(private=True).items() if name != "kid"}


KEYS: list[tuple[str, Callable[[], object], str]] = [
    ("ours.jwk", lambda: world.key("oslo-1").as_dict(private=False), "private key with a kid"),
    ("ours.jwk", nameless, "with a kid"),
    ("ours.jwk", secret, "holds no key"),
    ("ours.jwk", short, "less than 2048 bits"),
    ("ours.jwk", list, "holds no JSON object"),
    ("oslo.jwks", lambda: {"keys": []}, "holds no key set"),
    ("oslo.jwks", dict, "holds no key set"),
    ("oslo.jwks", lambda: {"keys": [world.key("oslo-1").as_dict(private=True)]}, "has to hold public"),
    ("oslo.jwks", lambda: {"keys": [secret()]}, "has to hold public"),
]


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")  # one key is short on purpose
@pytest.mark.parametrize(("name", "holds", "said"), KEYS)
def test_a_key_that_cannot_be_relied_on_is_told(
    tmp_path: Path, name: str, holds: Callable[[], object], said: str
) -> None:
    file = good(tmp_path)
    (tmp_path / name).write_text(json.dumps(holds()))
    with pytest.raises(BadSettings, match=said):
        partners.load(file)


def test_a_key_on_a_curve_can_sign_too(tmp_path: Path) -> None:
    file = good(tmp_path)
    key = ECKey.generate_key("P-256", {"kid": "ours-2"}, private=True)
    (tmp_path / "ours.jwk").write_text(json.dumps(key.as_dict(private=True)))
    found = partners.load(file).key
    assert found is not None
    assert found.kid == "ours-2"


def test_no_secret_is_ever_shown(tmp_path: Path) -> None:
    file = good(tmp_path)
    text = file.read_text(encoding="utf-8").replace("amqp://127.0.0.1/", "amqp://bruker:hemmelig@127.0.0.1/")
    file.write_text(text, encoding="utf-8")
    shown = repr(partners.load(file))
    assert "hemmelig" not in shown
    assert str(world.key("ours-1").as_dict(private=True)["d"]) not in shown


def test_the_example_in_the_documentation_is_read_as_it_stands(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "exchange.md"
    example = page.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]
    named = tomllib.loads(example)
    (tmp_path / named["own"]["key_file"]).write_text(json.dumps(world.key("ours-1").as_dict(private=True)))
    for one in named["partner"]:
        keys = {"keys": [world.key("oslo-1").as_dict(private=False)]}
        (tmp_path / one["keys_file"]).write_text(json.dumps(keys))
    for road in (*named["inbox"], *(one["transport"] for one in named["partner"])):
        for file in ("password_file", "ca_file"):
            if file in road:
                (tmp_path / road[file]).write_text("something")
    (tmp_path / "partners.toml").write_text(example, encoding="utf-8")

    assert len(partners.load(tmp_path / "partners.toml").partner) == len(named["partner"])
