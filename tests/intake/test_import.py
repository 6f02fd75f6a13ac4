"""`ungdom import`: decisions from a file or a pipe, and another try for what waits."""

import io
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from tests import fork, pg, service
from tests.intake import making
from tests.process import UNGDOM, environment
from ungdom import cli, clock, intake
from ungdom.store.schema.inbox import decision
from ungdom.store.session import Database


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return service.sqlite_copy(request.getfixturevalue("sqlite_template"), tmp_path)
    return pg.sqlalchemy_url(request.getfixturevalue("pg_database")(service.fill))


@pytest.fixture
def plain_url(tmp_path: Path, sqlite_template: Path) -> str:
    return service.sqlite_copy(sqlite_template, tmp_path)


@dataclass
class Done:
    """What a command gave."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def ungdom(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """`ungdom(url, "waiting")`: the command as it is typed, in this process."""

    def run(url: str, *arguments: str, piped: bytes = b"") -> Done:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["ungdom", "import", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(piped)))
        for name, value in environment(url, tmp_path).items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as end:
            cli.main()
        said = capsys.readouterr()
        return Done(int(end.value.code or 0), said.out, said.err)

    return run


def written(folder: Path, messages: list[dict[str, Any]], more: bytes = b"") -> str:
    (folder / "decisions.ndjson").write_bytes(making.lines(messages) + more)
    return "decisions.ndjson"


def kept(url: str) -> int:
    db = Database.open(url)
    with db.reading() as tx:
        found = tx.scalar(select(func.count()).select_from(decision))
    db.close()
    return int(found or 0)


def test_a_dry_run_gives_the_receipts_of_the_import_and_keeps_nothing(url: str, tmp_path: Path, ungdom: Run) -> None:
    file = written(tmp_path, making.whole(1, 20))

    tried = ungdom(url, "decisions", file, "--dry-run", "--receipts", "tried.ndjson", "--json")
    assert (tried.returncode, kept(url)) == (0, 0)
    done = ungdom(url, "decisions", file, "--receipts", "done.ndjson", "--json")

    assert json.loads(tried.stdout) == json.loads(done.stdout)
    outcomes = [
        [(line["decision_id"], line["outcome"], line["state_after"]) for line in map(json.loads, lines)]
        for lines in ((tmp_path / name).read_text().splitlines() for name in ("tried.ndjson", "done.ndjson"))
    ]
    assert outcomes[0] == outcomes[1]
    assert kept(url) == len(outcomes[1]) > 0


def test_a_file_is_taken_in_and_counted_and_again_it_changes_nothing(url: str, tmp_path: Path, ungdom: Run) -> None:
    messages = making.whole(1, 20)
    file = written(tmp_path, messages)
    first = ungdom(url, "decisions", file, "--receipts", "one.ndjson", "--json")
    assert (first.returncode, json.loads(first.stdout)["outcomes"]) == (0, {"applied": len(messages)})
    assert kept(url) == len(messages)

    again = ungdom(url, "decisions", file, "--receipts", "two.ndjson")
    assert again.stdout == f"lines {len(messages)}, applied {len(messages)}\n"
    assert (tmp_path / "one.ndjson").read_bytes() == (tmp_path / "two.ndjson").read_bytes()
    assert kept(url) == len(messages)


def test_what_is_piped_in_is_taken_and_a_rejected_line_gives_exit_code_1(plain_url: str, ungdom: Run) -> None:
    chain = making.cases(1, 1)[0]
    body = making.lines(chain) + b"{\n"
    done = ungdom(plain_url, "decisions", "-", "--json", "--language", "en", piped=body)
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert told == {
        "lines": len(chain) + 1,
        "outcomes": {"applied": len(chain), "rejected": 1},
        "reasons": {"broken_line": 1},
    }
    assert done.stderr == ""
    again = ungdom(plain_url, "decisions", "-", "--language", "en", piped=body)
    assert again.returncode == 1
    assert f"bytes {len(body)} of {len(body)}" in again.stderr


@pytest.mark.parametrize("text", ["a\x00b", "a\u202eb", "a\ue000b", "x" * 5000], ids=["NUL", "mark", "private", "long"])
def test_a_line_whose_text_no_text_may_be_is_rejected_and_the_rest_taken(url: str, ungdom: Run, text: str) -> None:
    chain = making.cases(1, 1)[0]
    bad = [one | {"person": {"born": "2008-03-12", "family_name": text}} for one in chain]
    done = ungdom(url, "decisions", "-", "--json", piped=making.lines([bad[0], *chain, bad[-1]]))
    assert json.loads(done.stdout)["outcomes"] == {"applied": len(chain), "rejected": 2}
    assert (done.returncode, kept(url)) == (1, len(chain))


def test_authority_limits_whose_acts_are_told_of(plain_url: str, tmp_path: Path, ungdom: Run) -> None:
    chain = making.cases(1, 1)[0]
    done = ungdom(plain_url, "decisions", written(tmp_path, chain), "--authority", "police", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["reasons"]["not_your_authority"] >= 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.ndjson"], "missing.ndjson cannot be opened"),
        (["decisions.ndjson", "--source", "a b"], "no name of a system"),
        (["decisions.ndjson", "--authority", "coordinator"], "a system tells of the acts of"),
        (["decisions.ndjson", "--receipts", "no/such/folder"], "cannot be opened"),
    ],
)
def test_a_call_that_is_off_is_told_in_one_line(
    plain_url: str, tmp_path: Path, ungdom: Run, arguments: list[str], said: str
) -> None:
    written(tmp_path, making.cases(1, 1)[0])
    done = ungdom(plain_url, "decisions", *arguments)
    assert (done.returncode, kept(plain_url)) == (2, 0)
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_import_that_is_killed_goes_on_where_it_was(plain_url: str, tmp_path: Path, ungdom: Run) -> None:
    messages = making.mixed(4, 400)
    file = written(tmp_path, messages)
    command = [str(UNGDOM), "import", "decisions", file]
    with fork.Fork(command, env=environment(plain_url, tmp_path), cwd=tmp_path) as process:
        for _ in range(1_200):
            if kept(plain_url):
                break
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
    before = kept(plain_url)
    assert 0 < before <= len(messages)

    done = ungdom(plain_url, "decisions", file, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["lines"] == kept(plain_url) == len(messages)


def test_what_waits_for_a_day_is_taken_when_the_day_has_come(
    url: str, tmp_path: Path, ungdom: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = making.cases(3, 1)[0]
    now = clock.now()
    chain[-1]["occurred_on"] = str(now.date() + timedelta(days=2))
    ungdom(url, "decisions", written(tmp_path, chain))
    assert json.loads(ungdom(url, "waiting", "--json").stdout) == {"tried": 1, "parked": 1}

    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=3))
    done = ungdom(url, "waiting", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"tried": 1, "applied": 1})
    assert json.loads(ungdom(url, "waiting", "--json").stdout) == {"tried": 0}


def test_one_that_cannot_be_tried_stops_no_other(
    plain_url: str, tmp_path: Path, ungdom: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = making.cases(3, 1)[0]
    ungdom(plain_url, "decisions", written(tmp_path, chain[1:]))
    plain, asked = intake.retry_by_hand, []

    def retry(tx: Any, desk: Any, message_id: Any, *more: Any) -> Any:
        asked.append(message_id)
        if message_id == asked[0]:
            raise ValueError("nobody foresaw this")
        return plain(tx, desk, message_id, *more)

    monkeypatch.setattr(intake, "retry_by_hand", retry)
    done = ungdom(plain_url, "waiting", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout) == {"tried": len(chain) - 1, "failed": 1, "parked": len(chain) - 2}
