"""Pseudonyms: the same for one purpose and key, of no use for any other, and never to be told from an id."""

import re
from base64 import b64encode
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import pg
from tests.service import settings_of
from ungdom.extracts.errors import NoKey
from ungdom.extracts.pseudonyms import LENGTH, ExtractKeys, PseudonymKind
from ungdom.settings import from_environment


def secret(letter: bytes) -> str:
    return b64encode(letter * 32).decode()


OLD, NEW = f"1:{secret(b'a')}", f"2:{secret(b'b')}"
KEYS = ExtractKeys([NEW, OLD])
WORDS = st.text(min_size=1, max_size=12)


@given(st.uuids(), WORDS)
def test_the_same_purpose_and_key_version_give_the_same_pseudonym(one: UUID, purpose: str) -> None:
    again = ExtractKeys([NEW, OLD])
    assert KEYS.for_purpose(purpose).pseudonymiser(PseudonymKind.CASE)(one) == again.for_purpose(
        purpose, 2
    ).pseudonymiser(PseudonymKind.CASE)(one)


@given(st.uuids(), st.lists(WORDS, min_size=2, max_size=5, unique=True))
def test_other_purposes_other_key_versions_and_other_kinds_give_others(one: UUID, purposes: list[str]) -> None:
    made = [
        KEYS.for_purpose(purpose, version).pseudonymiser(kind)(one)
        for purpose in purposes
        for version in (1, 2)
        for kind in PseudonymKind
    ]
    assert len(set(made)) == len(made)


@given(st.lists(st.uuids(), min_size=2, max_size=20, unique=True))
def test_two_things_never_have_one_pseudonym_and_it_does_not_keep_their_order(ids: list[UUID]) -> None:
    made = [KEYS.for_purpose("p").pseudonymiser(PseudonymKind.CASE)(one) for one in ids]
    assert len(set(made)) == len(ids)
    assert all(re.fullmatch(rf"[a-z2-7]{{{LENGTH}}}", one) for one in made)


def test_the_order_of_ids_is_lost() -> None:
    make = KEYS.for_purpose("p").pseudonymiser(PseudonymKind.CASE)
    ids = sorted(uuid4() for _ in range(200))
    assert [make(one) for one in ids] != sorted(make(one) for one in ids)


def test_an_old_version_is_used_when_asked_for_and_refused_once_it_is_gone() -> None:
    one = uuid4()
    before = ExtractKeys([OLD]).for_purpose("p")
    assert KEYS.for_purpose("p", 1).pseudonymiser(PseudonymKind.CASE)(one) == before.pseudonymiser(PseudonymKind.CASE)(
        one
    )
    assert KEYS.for_purpose("p").version == 2
    with pytest.raises(NoKey, match="version 1 is not here: UNGDOM_EXTRACT_KEYS"):
        ExtractKeys([NEW]).for_purpose("p", 1)
    with pytest.raises(NoKey, match="no extract key is here: UNGDOM_EXTRACT_KEYS"):
        ExtractKeys([]).for_purpose("p")


def test_another_secret_under_the_same_version_is_noticed_and_no_secret_is_shown() -> None:
    other = ExtractKeys([f"1:{secret(b'c')}"])
    assert other.for_purpose("p").check != ExtractKeys([OLD]).for_purpose("p").check
    shown = f"{KEYS!r} {KEYS.for_purpose('p')!r} {KEYS.for_purpose('p').pseudonymiser(PseudonymKind.CASE)!r}"
    assert secret(b"b") not in shown
    assert "bbbb" not in shown


@pytest.mark.parametrize("wrong", [["short"], ["x:" + secret(b"a")], ["0:" + secret(b"a")], [OLD, secret(b"b")]])
def test_keys_that_are_off_are_refused(wrong: list[str]) -> None:
    with pytest.raises(ValueError, match=r"version|base64|bytes long"):
        ExtractKeys(wrong)


def test_the_keys_are_made_once_in_development_and_asked_for_elsewhere(tmp_path: Path) -> None:
    development = {"UNGDOM_ENV": "development", "UNGDOM_DATA_DIR": str(tmp_path)}
    first, again = (ExtractKeys(from_environment(development).extract_keys).for_purpose("p") for _ in range(2))
    assert first.check == again.check
    (tmp_path / "access.toml").touch()
    production = settings_of(pg.sqlite_url(tmp_path), tmp_path, "production", access_file=tmp_path / "access.toml")
    with pytest.raises(NoKey, match="UNGDOM_EXTRACT_KEYS"):
        ExtractKeys(production.extract_keys).for_purpose("p")
