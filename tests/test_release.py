"""What a release asks for before it changes anything, and what it changes."""

import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tools import release
from tools.release import NotReleased

ROOT = Path(__file__).parents[1]
DAY = date(2026, 12, 1)
CONTRACT = {"paths": {"/v1/a": {"get": {"operationId": "get_a", "responses": {"200": {}}}}}, "components": {}}


@pytest.fixture
def checkout(tmp_path: Path) -> Callable[..., str]:
    """A checkout with version, change log and contract; gives git in it."""

    def git(*arguments: str) -> str:
        settings = ["-c", "user.name=a", "-c", "user.email=a@example.no", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", *settings, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True)  # noqa: S607
        return done.stdout

    for name in (*release.VERSIONED, release.CHANGES):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "openapi").mkdir()
    (tmp_path / release.CONTRACT).write_text(json.dumps(CONTRACT))
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    return git


def test_a_release_writes_version_and_change_log(checkout: Callable[..., str], tmp_path: Path) -> None:
    before = release.written_version(tmp_path)
    assert before == release.written_version(ROOT)
    release.prepare(tmp_path, "0.2.0", DAY)
    assert release.written_version(tmp_path) == "0.2.0"
    text = (tmp_path / release.CHANGES).read_text()
    assert f"{release.UNRELEASED}\n\n## [0.2.0] – 2026-12-01\n" in text
    assert text.count(release.UNRELEASED) == 1
    checkout("commit", "-qam", "release")
    checkout("tag", "v0.2.0")
    with pytest.raises(NotReleased, match="says nothing under"):
        release.prepare(tmp_path, "0.3.0", DAY)


@pytest.mark.parametrize("version", ["0.0.9", "1.0", "v1.0.0", "0.1.0a1"])
def test_a_version_that_is_none_or_lower_is_refused(checkout: Callable[..., str], tmp_path: Path, version: str) -> None:
    with pytest.raises(NotReleased):
        release.prepare(tmp_path, version, DAY)
    assert checkout("status", "--porcelain") == ""


def test_a_release_may_only_add_to_the_contract_of_the_last(checkout: Callable[..., str], tmp_path: Path) -> None:
    checkout("tag", "v0.1.0")
    (tmp_path / "new").touch()
    with pytest.raises(NotReleased, match="not committed"):
        release.prepare(tmp_path, "0.2.0", DAY)
    (tmp_path / "new").unlink()
    (tmp_path / release.CONTRACT).write_text(json.dumps({**CONTRACT, "paths": {}}))
    checkout("commit", "-qam", "a route less")
    with pytest.raises(NotReleased, match="GET /v1/a: is gone"):
        release.prepare(tmp_path, "0.2.0", DAY)
    assert checkout("status", "--porcelain") == ""
    release.prepare(tmp_path, "1.0.0", DAY)
    assert release.written_version(tmp_path) == "1.0.0"


def test_sums_are_those_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "a.whl").write_bytes(b"a")
    release.write_sums(tmp_path)
    release.write_sums(tmp_path)
    checked = subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=tmp_path, capture_output=True, check=False)  # noqa: S607
    assert (checked.returncode, checked.stdout) == (0, b"a.whl: OK\n")
