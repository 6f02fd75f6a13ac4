"""Settings: what is missing, wrong, weak or unknown is named at once; a secret is shown nowhere."""

import stat
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from tests.service import CURSOR_KEY, EXTRACT_KEY, KEY, settings_of
from ungdom import cli
from ungdom.api.http.tokens import Issuer
from ungdom.cli.serving import served_at
from ungdom.cli.terminal import demo_settings
from ungdom.settings import BadSettings, Settings, from_environment, read_or_create, read_or_create_secret, references
from ungdom.settings.environment import names
from ungdom.settings.keys import decode_key, is_development_key, new_development_key, new_key
from ungdom.settings.model import setting_info

TOGETHER = 16
OF_DEVELOPMENT, FOURTH_KEY = (
    "8KEMC86NPQNpTzxMtjsvfys98ojep66Xq3OmhFcGM50=",
    "HcTKEA0Ftx1PwERJVST+AI/SUjnKODkY6oiJyM+waVg=",
)
DATABASE = "postgresql://ungdom:hemmelig@db.example.no/ungdom"


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    """Everything that production has to set."""
    access = tmp_path / "access.toml"
    access.touch()
    return {
        "UNGDOM_ENV": "production",
        "UNGDOM_DATA_DIR": str(tmp_path),
        "UNGDOM_DATABASE_URL": DATABASE,
        "UNGDOM_PEOPLE_KEYS": KEY,
        "UNGDOM_CURSOR_KEY": CURSOR_KEY,
        "UNGDOM_PUBLIC_URL": "https://ungdom.example.no",
        "UNGDOM_ACCESS_FILE": str(access),
    }


def development(folder: Path, **given: str) -> dict[str, str]:
    return {"UNGDOM_ENV": "development", "UNGDOM_DATA_DIR": str(folder), **given}


def problems(environ: dict[str, str]) -> list[str]:
    """A line for each setting that is missing or wrong."""
    with pytest.raises(BadSettings) as caught:
        from_environment(environ)
    first, *lines = str(caught.value).splitlines()
    return [line.strip() for line in lines] or [first]


def test_production_starts_with_what_it_has_to_set(production: dict[str, str]) -> None:
    settings = from_environment(production)
    assert (settings.env, settings.database_url, settings.people_keys) == ("production", DATABASE, (KEY,))
    assert (settings.public_url, settings.extract_keys, settings.development) == (
        "https://ungdom.example.no",
        (),
        False,
    )


# --- everything at once -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"UNGDOM_THREADS": "abc", "UNGDOM_PEOPLE_KEYS": "short", "UNGDOM_FOO": "1"},
         {"UNGDOM_ENV", "UNGDOM_THREADS", "UNGDOM_PEOPLE_KEYS", "UNGDOM_FOO"}),
        ({"UNGDOM_ENV": "development", "UNGDOM_DATA_DIR": "/proc/self/x", "UNGDOM_THREADS": "abc"},
         {"UNGDOM_DATA_DIR", "UNGDOM_THREADS"}),
        ({"UNGDOM_ENV": "prodution"},
         {"UNGDOM_ENV", "UNGDOM_ACCESS_FILE", "UNGDOM_PUBLIC_URL", "UNGDOM_DATABASE_URL", "UNGDOM_PEOPLE_KEYS",
          "UNGDOM_CURSOR_KEY"}),
    ],
)  # fmt: skip
def test_what_one_setting_lacks_hides_nothing_of_the_others(given: dict[str, str], named: set[str]) -> None:
    with pytest.raises(BadSettings) as refused:
        from_environment(given)

    lines = str(refused.value).splitlines()[1:]
    assert {line.split()[0] for line in lines} == named


def test_everything_missing_is_named_at_once_with_its_shape_and_the_command_that_makes_it() -> None:
    lines = problems({"UNGDOM_ENV": "production"})
    assert [line.split()[0] for line in lines] == [
        f"UNGDOM_{name}" for name in ("ACCESS_FILE", "CURSOR_KEY", "DATABASE_URL", "PEOPLE_KEYS", "PUBLIC_URL")
    ]
    assert all(" is not set" in line and ". It has to be " in line for line in lines)
    assert "base64 of 32 random bytes; `ungdom keys new --for cursor` makes one" in lines[1]
    assert "`ungdom keys new --for people` makes one" in lines[3]


def test_wrong_missing_and_unknown_are_in_one_message(production: dict[str, str]) -> None:
    wrong = {"UNGDOM_THREADS": "four", "UNGDOM_PEOPLE_KEY": "x", "UNGDOM_CURSOR_KEY": "", "UNGDOM_MAIL_FROM": "nobody"}
    lines = problems(production | wrong)
    assert [line.split()[0].removeprefix("UNGDOM_") for line in lines] == [
        "CURSOR_KEY", "MAIL_FROM", "PEOPLE_KEY", "THREADS",
    ]  # fmt: skip
    assert lines[2] == "UNGDOM_PEOPLE_KEY is not a setting; perhaps UNGDOM_PEOPLE_KEYS is meant"


@pytest.mark.parametrize("name", sorted(names()))
def test_an_empty_value_is_an_absent_one(name: str, tmp_path: Path) -> None:
    given = development(tmp_path)
    empty = {name: "  "} if name not in given else {}
    assert from_environment({**empty, **given}) == from_environment(given)


def test_names_of_tests_are_left_alone_and_others_are_not(tmp_path: Path) -> None:
    from_environment(development(tmp_path, UNGDOM_TEST_POSTGRES_URL="x", OTHER="y"))
    assert problems(development(tmp_path, UNGDOM_TESTS="x")) == ["UNGDOM_TESTS is not a setting"]


# --- each rule ----------------------------------------------------------------------------------------------

WRONG = [
    ("ENV", "prod", "perhaps production"),
    ("ENV", "Development", "perhaps development"),
    ("ENV", "a b", "is not a name"),
    ("ALLOW_SQLITE", "perhaps", "'perhaps' is wrong"),
    ("DATABASE_URL", "sqlite:////tmp/ungdom.db", "UNGDOM_ALLOW_SQLITE=yes"),
    ("DATABASE_URL", "nonsense", "is not the address of a database"),
    ("DATABASE_URL", "postgresql://db:port/ungdom", "is not the address of a database"),
    ("DATABASE_URL", "mysql://db/ungdom", "is not PostgreSQL or SQLite"),
    ("DATABASE_URL", "sqlite://", "names no file"),
    ("DATABASE_URL", "postgresql://a:5432,b:port/ungdom", "is not the address of a database"),
    ("DATABASE_URL", "postgresql://db/ungdom?pooler=session", "names another pooler than `transaction`"),
    ("DATABASE_URL", "postgresql://db/ungdom?pooler=", "names another pooler than `transaction`"),
    ("REPLICA_URL", "sqlite:////tmp/ungdom.db", "names SQLite, which has no streaming replica"),
    ("REPLICA_URL", "postgresql://a:5432,b:port/ungdom", "is not the address of a database"),
    ("REPLICA_URL", "nonsense", "is not the address of a database"),
    ("PUBLIC_URL", "http://ungdom.example.no", "is not https"),
    ("PUBLIC_URL", "ungdom.example.no", "is not an address"),
    ("PUBLIC_URL", "https://ungdom.example.no:99999", "is not an address"),
    ("PUBLIC_URL", "https://ungdom.example.no/?a=b", "is not an address"),
    ("PUBLIC_URL", "javascript:x", "is not an address"),
    ("PUBLIC_URL", "https://example.no/ungdom", "has a path: give the service a host name of its own"),
    ("ACCESS_FILE", "/nothing/here.toml", "there is no file"),
    ("EXCHANGE_FILE", "/nothing/here.toml", "there is no file"),
    ("PURPOSES_FILE", "/nothing/here.toml", "there is no file"),
    ("SMTP_URL", "smtp://", "is not the address of a mail relay"),
    ("SMTP_URL", "http://mail.example.no", "is not the address of a mail relay"),
    ("WEBHOOK_ALLOW", "10.0.0.0/8,inside", "does not appear to be an IPv4 or IPv6 network"),
    ("PEOPLE_KEYS", "short", "is not base64"),
    ("PEOPLE_KEYS", b64encode(b"x" * 16).decode(), "is 16 bytes long, not 32"),
    ("PEOPLE_KEYS", b64encode(bytes(32)).decode(), "it repeats itself"),
    ("PEOPLE_KEYS", b64encode(b"\xff" * 32).decode(), "it repeats itself"),
    ("PEOPLE_KEYS", b64encode(bytes(range(200, 216)) * 2).decode(), "it repeats itself"),
    ("PEOPLE_KEYS", b64encode(bytes([1, 2, 3, 4] * 7 + [9, 9, 9, 9])).decode(), "too few different bytes"),
    ("PEOPLE_KEYS", b64encode(bytes(range(32))).decode(), "counted up or down"),
    ("PEOPLE_KEYS", b64encode(bytes(range(255, 191, -2))).decode(), "counted up or down"),
    ("PEOPLE_KEYS", b64encode(b"correct horse battery staple 32!").decode(), "it is text"),
    ("PEOPLE_KEYS", f"{KEY},{KEY}", "has the same key twice"),
    ("PEOPLE_KEYS", OF_DEVELOPMENT, "of a development installation"),
    ("CURSOR_KEY", "secret", "is not base64"),
    ("CURSOR_KEY", b64encode(b"a" * 32).decode(), "it repeats itself"),
    ("CURSOR_KEY", KEY, "a key that UNGDOM_PEOPLE_KEYS has as well"),
    ("CURSOR_KEY", OF_DEVELOPMENT, "of a development installation"),
    ("EXTRACT_KEYS", f"one:{EXTRACT_KEY}", "a version that is not a whole number"),
    ("EXTRACT_KEYS", f"1:{EXTRACT_KEY},{FOURTH_KEY}", "has a version twice"),
    ("EXTRACT_KEYS", f"1:{EXTRACT_KEY},2:{EXTRACT_KEY}", "has the same key twice"),
    ("EXTRACT_KEYS", f"1:{KEY}", "a key that UNGDOM_PEOPLE_KEYS has as well"),
    ("EXTRACT_KEYS", f"1:{CURSOR_KEY}", "a key that UNGDOM_CURSOR_KEY has as well"),
    ("EXTRACT_KEYS", b64encode(b"a" * 32).decode(), "it repeats itself"),
    ("EXTRACT_KEYS", OF_DEVELOPMENT, "of a development installation"),
    ("SESSION_IDLE_MINUTES", "1", "It has to be 2 to 1440"),
    *(
        (name, value, f"{value!r} is not a whole number above 0")
        for name in ("THREADS", "BODY_LIMIT")
        for value in ("four", "-1", "4.0", "٤", "9" * 13)
    ),
    *((name, "0", "'0' is wrong") for name in ("THREADS", "EXCHANGE_BODY_LIMIT", "EXTRACTS_KEPT_DAYS")),
    ("EMERGENCY_HOURS", "169", "It has to be a whole number from 1 to 168"),
]


@pytest.mark.parametrize(("name", "value", "said"), WRONG)
def test_production_refuses(name: str, value: str, said: str, production: dict[str, str]) -> None:
    (line,) = problems(production | {f"UNGDOM_{name}": value})
    assert line.startswith(f"UNGDOM_{name} ")
    assert said in line
    assert f"It has to be {setting_info(name.lower()).shape}" in line


def test_a_replica_is_another_server_of_a_postgresql(production: dict[str, str]) -> None:
    (same,) = problems(production | {"UNGDOM_REPLICA_URL": production["UNGDOM_DATABASE_URL"]})
    assert same.startswith("UNGDOM_REPLICA_URL is the address in UNGDOM_DATABASE_URL")
    sqlite = {"UNGDOM_DATABASE_URL": "sqlite:////tmp/ungdom.db", "UNGDOM_ALLOW_SQLITE": "yes"}
    (beside,) = problems(production | sqlite | {"UNGDOM_REPLICA_URL": "postgresql://replica/ungdom"})
    assert beside.startswith("UNGDOM_REPLICA_URL is set, and UNGDOM_DATABASE_URL names SQLite")


@pytest.mark.parametrize("missing", ["DATABASE_URL", "PEOPLE_KEYS", "CURSOR_KEY", "PUBLIC_URL", "ACCESS_FILE"])
@pytest.mark.parametrize("env", ["production", "staging"])
def test_outside_development_this_has_to_be_set(env: str, missing: str, production: dict[str, str]) -> None:
    (line,) = problems(production | {"UNGDOM_ENV": env, f"UNGDOM_{missing}": ""})
    assert line.startswith(f"UNGDOM_{missing} is not set")


def test_sqlite_and_plain_http_on_this_machine_are_possible_when_said(production: dict[str, str]) -> None:
    more = {"DATABASE_URL": "sqlite:////srv/ungdom.db", "ALLOW_SQLITE": "yes", "PUBLIC_URL": "http://[::1]:8000/"}
    settings = from_environment(production | {f"UNGDOM_{name}": value for name, value in more.items()})
    assert (settings.database_url, settings.public_url) == ("sqlite:////srv/ungdom.db", "http://[::1]:8000")


@pytest.mark.parametrize(("url", "sender"), [("smtp://mail.example.no", None), ("smtps://mail.example.no:465", "")])
def test_a_relay_needs_a_sender(url: str, sender: str | None, production: dict[str, str]) -> None:
    (line,) = problems(production | {"UNGDOM_SMTP_URL": url, "UNGDOM_MAIL_FROM": sender or ""})
    assert line.startswith("UNGDOM_MAIL_FROM is not set, and UNGDOM_SMTP_URL is")


def test_settings_built_in_code_follow_the_same_rules(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="it repeats itself"):
        Settings(env="development", people_keys=(b64encode(bytes(32)).decode(),), cursor_key=new_key())
    assert settings_of("sqlite:///a.db", tmp_path).database_url == "sqlite:///a.db"


# --- secrets ------------------------------------------------------------------------------------------------


def test_every_secret_may_stand_in_a_file(tmp_path: Path, production: dict[str, str]) -> None:
    secrets = [name for name, field in names().items() if setting_info(field).secret and not name.endswith("_FILE")]
    assert len(secrets) == 7
    given = production | {"UNGDOM_EXTRACT_KEYS": f"2:{EXTRACT_KEY}", "UNGDOM_MAIL_FROM": "a@example.no"}
    given |= {"UNGDOM_SMTP_URL": "smtps://u:hemmelig@mail.example.no", "UNGDOM_LOGIN_CLIENT_SECRET": "hemmelig"}
    given |= {"UNGDOM_REPLICA_URL": "postgresql://ungdom:hemmelig@replica.example.no/ungdom"}
    in_files = dict(given)
    for name in secrets:
        (tmp_path / name).write_text(in_files.pop(name) + "\n")
        in_files[f"{name}_FILE"] = str(tmp_path / name)
    assert from_environment(in_files) == from_environment(given)


def test_a_file_that_holds_no_secret_is_named_and_never_quoted(tmp_path: Path, production: dict[str, str]) -> None:
    del production["UNGDOM_PEOPLE_KEYS"]
    for content, said in ((None, "No such file"), (b" \n", "it is empty"), (b"hemmelig\xff", "it is not text")):
        path = tmp_path / "people"
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        (line,) = problems(production | {"UNGDOM_PEOPLE_KEYS_FILE": str(path)})
        assert line.startswith("UNGDOM_PEOPLE_KEYS cannot be read from the file that UNGDOM_PEOPLE_KEYS_FILE names: ")
        assert said in line
        assert "hemmelig" not in line
    (tmp_path / "people").write_text(KEY)
    both = {"UNGDOM_PEOPLE_KEYS": KEY, "UNGDOM_PEOPLE_KEYS_FILE": str(tmp_path / "people")}
    (line,) = problems(production | both)
    assert "keep one of the two" in line


def test_a_secret_is_in_no_repr_no_text_and_no_error(production: dict[str, str]) -> None:
    given = production | {"UNGDOM_SMTP_URL": "smtps://u:hemmelig@mail.example.no", "UNGDOM_MAIL_FROM": "a@example.no"}
    given |= {"UNGDOM_EXTRACT_KEYS": EXTRACT_KEY}
    settings = from_environment(given)
    shown = f"{settings} {settings!r} {settings.model_dump()} {settings.database_url} {settings.people_keys[0]:>60}"
    wrong = {"DATABASE_URL": "hemmelig", "PEOPLE_KEYS": "hemmelig", "CURSOR_KEY": "hemmelig", "SMTP_URL": "hemmelig://"}
    lines = problems(given | {f"UNGDOM_{name}": value for name, value in wrong.items()})
    assert len(lines) == len(wrong)
    for secret in ("hemmelig", KEY, CURSOR_KEY, EXTRACT_KEY):
        assert secret not in shown + "".join(lines)


def test_keys_new_prints_lines_that_an_environment_file_can_hold(production: dict[str, str]) -> None:
    done = CliRunner().invoke(cli.app, ["keys", "new"])
    lines = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert list(lines) == ["UNGDOM_PEOPLE_KEYS", "UNGDOM_CURSOR_KEY", "UNGDOM_EXTRACT_KEYS"]
    settings = from_environment(production | lines)
    assert settings.people_keys == (lines["UNGDOM_PEOPLE_KEYS"],)
    assert "is lost" in done.stderr
    one = CliRunner().invoke(cli.app, ["keys", "new", "--for", "extracts", "--version", "3"])
    assert one.stdout.startswith("UNGDOM_EXTRACT_KEYS=3:")
    assert one.stdout.count("\n") == 1


def test_two_new_keys_differ_and_only_those_of_development_are_marked() -> None:
    made = [new_key(), new_key(), new_development_key(), new_development_key()]
    assert len(set(made)) == 4
    assert [is_development_key(decode_key(key)) for key in made] == [False, False, True, True]


# --- development --------------------------------------------------------------------------------------------


def test_development_makes_its_keys_once_and_needs_nothing_else(tmp_path: Path) -> None:
    first, again = (from_environment(development(tmp_path / "new")) for _ in range(2))
    assert first == again
    assert first.database_url == f"sqlite:///{tmp_path / 'new' / 'ungdom.db'}"
    assert len({*first.people_keys, first.cursor_key, *first.extract_keys}) == 3
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()} == {0o600}


@pytest.mark.parametrize(
    ("host", "port", "address"),
    [
        ("127.0.0.1", 8000, "http://127.0.0.1:8000"),
        ("localhost", 9123, "http://localhost:9123"),
        ("0.0.0.0", 9123, "http://127.0.0.1:9123"),  # noqa: S104  # compared, not bound
        ("::", 9123, "http://[::1]:9123"),
        ("10.0.0.7", 80, "http://10.0.0.7:80"),
    ],
)
def test_links_follow_what_is_served_unless_an_address_is_set(
    host: str, port: int, address: str, tmp_path: Path
) -> None:
    assert served_at(from_environment(development(tmp_path)), host, port).public_url == address
    named = from_environment(development(tmp_path, UNGDOM_PUBLIC_URL="https://u.example.no/"))
    assert served_at(named, host, port).public_url == "https://u.example.no"


def test_the_demo_has_settings_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UNGDOM_DATA_DIR", str(tmp_path))
    settings = demo_settings()
    assert (settings.env, settings.database_url) == ("development", f"sqlite:///{tmp_path / 'demo.db'}")
    monkeypatch.setenv("UNGDOM_ENV", "staging")
    with pytest.raises(BadSettings, match="UNGDOM_ENV is staging"):
        demo_settings()


def test_the_demo_shares_neither_erasures_nor_anchors_with_another_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNGDOM_ERASURE_JOURNAL", "/srv/erasures.ndjson")
    monkeypatch.setenv("UNGDOM_ANCHOR_DIR", "/srv/anchors")
    folder = Path(".ungdom")
    demo = demo_settings()
    named = from_environment(
        {"UNGDOM_ENV": "development", "UNGDOM_DATABASE_URL": f"sqlite:///{tmp_path / '.ungdom' / 'demo.db'}"}
    )
    for settings in (demo, named):
        assert (settings.erasures, settings.anchors) == (folder / "demo-erasures.ndjson", folder / "demo-anchors")
    usual = from_environment({"UNGDOM_ENV": "development"})
    assert (usual.erasures, usual.anchors) == (folder / "erasures.ndjson", folder / "anchors")
    real = usual.model_copy(update={"env": "production", "database_url": demo.database_url})
    assert (real.erasures, real.anchors) == (folder / "erasures.ndjson", folder / "anchors")


def test_of_many_that_begin_together_one_makes_it_for_all(tmp_path: Path) -> None:
    start = Barrier(TOGETHER)

    def begin(number: int) -> str:
        start.wait()
        return read_or_create(tmp_path / "new" / "one", lambda: f"made by {number}")

    with ThreadPoolExecutor(TOGETHER) as pool:
        found = set(pool.map(begin, range(TOGETHER)))

    assert len(found) == 1
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["one"]


def test_a_kept_secret_is_for_its_owner_only_and_stays(tmp_path: Path) -> None:
    first = read_or_create_secret(tmp_path / "secret")
    assert read_or_create_secret(tmp_path / "secret") == first
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_issuers_of_one_data_directory_share_their_key(tmp_path: Path) -> None:
    settings = from_environment(development(tmp_path))
    with ThreadPoolExecutor(8) as pool:
        keys = {issuer.key.kid for issuer in pool.map(lambda _: Issuer(settings), range(8))}
    assert len(keys) == 1


# --- by reference -------------------------------------------------------------------------------------------


def printing(folder: Path, script: str) -> str:
    """A program that does this, as a reference."""
    program = folder / "key-service"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    return f"exec:{program}"


def test_a_secret_is_read_from_where_a_reference_says(tmp_path: Path) -> None:
    (tmp_path / "old").write_text(f"{KEY}\n")
    new = new_key()
    run = printing(tmp_path, f'test "$1 $2" = "people v 2" && echo {new}')
    given = development(tmp_path, UNGDOM_PEOPLE_KEYS=f"{run} people 'v 2', file:{tmp_path / 'old'}")
    assert from_environment(given).people_keys == (new, KEY)
    both = printing(tmp_path, f"echo {new},{KEY}")
    assert from_environment(development(tmp_path, UNGDOM_PEOPLE_KEYS=both)).people_keys == (new, KEY)
    database = printing(tmp_path, f"echo '{DATABASE}'")
    assert from_environment(development(tmp_path, UNGDOM_DATABASE_URL=database)).database_url == DATABASE


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo hemmelig; exit 3", "key-service ended with code 3"),
        ("exit 0", "key-service has printed nothing"),
        ("echo hemmelig; sleep 60", "key-service has not ended within 0.3 seconds"),
        ("printf 'hemmelig\\377'", "key-service has not printed text"),
        ("echo hemmelig!", "is not base64"),
    ],
)
def test_a_program_that_gives_no_key_is_named_and_what_it_printed_is_not(
    script: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "within" in reason:
        monkeypatch.setattr(references, "ANSWER_WITHIN", 0.3)
    (line,) = problems(development(tmp_path, UNGDOM_PEOPLE_KEYS=printing(tmp_path, script)))
    assert line.startswith("UNGDOM_PEOPLE_KEYS ")
    assert reason in line
    assert "hemmelig" not in line


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("exec:", "the command after exec: is empty"),
        ("exec:/bin/echo 'open", "a quotation mark is not closed"),
        ("exec:key-service", "key-service is not an absolute path"),
        ("exec:/nowhere/key-service", "/nowhere/key-service cannot be run: No such file or directory"),
        ("file:/nowhere/key", "cannot be read from where it says: No such file or directory"),
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(reference: str, reason: str, tmp_path: Path) -> None:
    (line,) = problems(development(tmp_path, UNGDOM_CURSOR_KEY=reference))
    assert reason in line
