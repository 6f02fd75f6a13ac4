"""Settings: what is made at first use is made once, also by processes that begin together."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from ungdom.api.tokens import Issuer
from ungdom.settings import BadSettings, from_environment, kept, kept_secret

TOGETHER = 16


def test_of_many_that_begin_together_one_makes_it_for_all(tmp_path: Path) -> None:
    start = Barrier(TOGETHER)

    def begin(number: int) -> str:
        start.wait()
        return kept(tmp_path / "new" / "one", lambda: f"made by {number}")

    with ThreadPoolExecutor(TOGETHER) as pool:
        found = set(pool.map(begin, range(TOGETHER)))

    assert len(found) == 1
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["one"]


def test_a_kept_secret_is_for_its_owner_only_and_stays(tmp_path: Path) -> None:
    first = kept_secret(tmp_path / "secret")
    assert kept_secret(tmp_path / "secret") == first
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_the_public_address_is_an_address_and_ends_without_a_slash(tmp_path: Path) -> None:
    def told(given: str) -> str:
        return from_environment({"UNGDOM_DATA_DIR": str(tmp_path), "UNGDOM_PUBLIC_URL": given}).public_url

    assert [told(given) for given in ("", "https://u.example.no/", "http://[::1]:8000/sub/")] == [
        "http://127.0.0.1:8000",
        "https://u.example.no",
        "http://[::1]:8000/sub",
    ]
    for wrong in ("u.example.no", "ftp://u.example.no", "https://u.example.no/?a=b", "javascript:x", "https://a b"):
        with pytest.raises(BadSettings):
            told(wrong)


def test_issuers_of_one_data_directory_share_their_key(tmp_path: Path) -> None:
    settings = from_environment({"UNGDOM_DATA_DIR": str(tmp_path)})
    with ThreadPoolExecutor(8) as pool:
        keys = {issuer.key.kid for issuer in pool.map(lambda _: Issuer(settings), range(8))}
    assert len(keys) == 1


@pytest.mark.parametrize("missing", ["UNGDOM_PEOPLE_KEYS", "UNGDOM_CURSOR_KEY"])
def test_outside_development_every_secret_has_to_be_given(missing: str) -> None:
    given = {"UNGDOM_PEOPLE_KEYS": "A" * 43 + "=", "UNGDOM_CURSOR_KEY": "secret", "UNGDOM_ENV": "production"}
    with pytest.raises(BadSettings, match=missing):
        from_environment({name: value for name, value in given.items() if name != missing})


SECRETS = {"UNGDOM_PEOPLE_KEYS": "A" * 43 + "=", "UNGDOM_CURSOR_KEY": "secret"}


@pytest.mark.parametrize("name", ["UNGDOM_THREADS", "UNGDOM_EXCHANGE_BODY_LIMIT"])
@pytest.mark.parametrize("given", ["", "0", "-1", "four", "4.0", "٤"])
def test_a_number_that_is_none_is_told_by_name(name: str, given: str) -> None:
    with pytest.raises(BadSettings, match=name):
        from_environment({**SECRETS, name: given})


def test_numbers_are_taken_as_given() -> None:
    found = from_environment({**SECRETS, "UNGDOM_THREADS": "7", "UNGDOM_EXCHANGE_BODY_LIMIT": "1000"})
    assert (found.threads, found.exchange_body_limit) == (7, 1000)
    assert from_environment(SECRETS).exchange_body_limit == 2 * 1024 * 1024


@pytest.mark.parametrize("name", ["UNGDOM_ACCESS_FILE", "UNGDOM_EXCHANGE_FILE"])
def test_a_file_that_is_named_has_to_be_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=name):
        from_environment({**SECRETS, name: str(tmp_path / "nothing.toml")})
