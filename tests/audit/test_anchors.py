"""Seals and anchor files that meet others: of two seals at once one counts, and no file is ever overwritten."""

import re
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests import process
from tests.api.build import opened
from tests.service import Service
from ungdom.audit.anchors import AnchorTaken
from ungdom.cli import app
from ungdom.cli.failures import code_of
from ungdom.jobs import sealing
from ungdom.settings import BadSettings
from ungdom.store import chain_seals, chain_verification
from ungdom.store.access_log import AccessLog
from ungdom.store.errors import DuplicateKey, Unavailable
from ungdom.workflow.calendar import oslo_date


def test_of_two_seals_at_once_one_is_written_and_the_other_refused(
    served: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(served.as_("coordinator", "oslo"))
    at, verify_part = served.clock(), chain_verification.verify_part

    def another_seals_meanwhile(*arguments: object) -> object:
        monkeypatch.setattr(chain_verification, "verify_part", verify_part)
        chain_verification.seal(served.db, oslo_date(at), at)
        return verify_part(*arguments)  # type: ignore[arg-type]  # as given

    monkeypatch.setattr(chain_verification, "verify_part", another_seals_meanwhile)
    with pytest.raises(DuplicateKey):
        chain_verification.seal(served.db, oslo_date(at), at)

    with served.db.reading() as tx:
        assert [seal.number for seal in chain_seals.seals(tx)] == [1]
        assert chain_verification.verify(tx).findings == []


@pytest.mark.parametrize("days", [0, 3])
def test_a_file_of_another_seal_with_the_number_is_never_overwritten(one: Service, tmp_path: Path, days: int) -> None:
    """After a restore the numbers begin again: on the same day under the same name, later under another."""
    opened(one.as_("coordinator", "oslo"))
    at, folder = one.clock(), tmp_path / "anchors"
    sealing.seal(one.db, oslo_date(at), lambda: at)
    (file,) = sealing.export(one.db, folder, at)
    forget_exports(one)
    assert sealing.export(one.db, folder, at) == [], "the same file is there already"

    other = folder / file.name.replace(str(oslo_date(at)), str(oslo_date(at) + timedelta(days)))
    file.rename(other)
    other.chmod(0o640)
    before = other.read_text().replace('"rows": ', '"rows": 1')
    other.write_text(before)
    forget_exports(one)
    with pytest.raises(AnchorTaken, match="holds another seal with the number 1"):
        sealing.export(one.db, folder, at)

    assert {path.name: path.read_text() for path in folder.iterdir()} == {other.name: before}
    with one.db.reading() as tx:
        assert chain_seals.last_exported(tx) is None


def forget_exports(service: Service) -> None:
    with service.db.writing() as tx:
        tx.exec_driver_sql("DELETE FROM audit_anchor")


def test_a_seal_that_cannot_be_exported_says_why_and_what_helps(one: Service, tmp_path: Path) -> None:
    opened(one.as_("coordinator", "oslo"))
    environment = process.environment(one.settings.database_url, tmp_path)
    (tmp_path / "anchors").mkdir()
    (tmp_path / "anchors" / "2025-01-01-000001.ndjson").write_text("another")

    done = CliRunner().invoke(app, ["audit", "seal"], env=environment)

    printed, refused = " ".join(done.output.split()), done.exception
    assert (type(refused), "written" in printed) == (BadSettings, False), printed
    assert re.search(r"seal 1 of .*: [1-9]\d* streams have grown since the seal before; all seals cover", printed)
    assert "seal 1 is in the database, but was not exported" in str(refused)
    assert "2025-01-01-000001.ndjson is another seal with that number" in str(refused)
    assert "move the files from 1 on to another folder" in str(refused)


def test_the_other_of_two_commands_says_that_nothing_was_sealed(
    one: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise DuplicateKey("audit_head")

    monkeypatch.setattr(sealing, "seal", refused)
    done = CliRunner().invoke(app, ["audit", "seal"], env=process.environment(one.settings.database_url, tmp_path))

    assert isinstance(done.exception, BadSettings)
    assert "another process has sealed at the same time, and nothing was sealed here" in str(done.exception)


# --- exports ----------------------------------------------------------------------------------------------------


def test_an_export_is_for_its_owner_alone(one: Service, tmp_path: Path) -> None:
    file = tmp_path / "all.ndjson"
    environment = process.environment(one.settings.database_url, tmp_path)
    done = CliRunner().invoke(app, ["audit", "export", str(file)], env=environment)

    assert done.exit_code == 0, done.exception
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_export_that_cannot_be_logged_leaves_no_file(
    one: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise Unavailable("no room")

    monkeypatch.setattr(AccessLog, "write", refused)
    environment = process.environment(one.settings.database_url, tmp_path)
    folder = tmp_path / "exports"
    folder.mkdir()
    for _ in range(2):
        done = CliRunner().invoke(app, ["audit", "export", str(folder / "all.ndjson")], env=environment)
        assert isinstance(done.exception, Unavailable)
        assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "content", ["", "name,born\n", '{"number": 1}\n', "[1]\n", '{"form": "another"}\n{"end": 1}\n']
)
def test_a_file_that_is_no_export_is_bad_input_and_no_finding(tmp_path: Path, content: str) -> None:
    file = tmp_path / "other.csv"
    file.write_text(content)
    done = CliRunner().invoke(app, ["audit", "verify", "--export", str(file)])

    assert isinstance(done.exception, BadSettings)
    assert "other.csv is no export of the hash chains: name a file that" in str(done.exception)
    assert code_of(done.exception) == 2
