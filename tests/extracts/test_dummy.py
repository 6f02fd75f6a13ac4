"""Dummy rows: an analysis is written on invented cases and run on the others unchanged."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tests.extracts import world
from tests.process import environment
from ungdom.cli import app
from ungdom.cli.exit_codes import ExitCode
from ungdom.extracts import build
from ungdom.extracts.columns.column import Dates
from ungdom.extracts.writers import Form
from ungdom.store.session import Database

CASES = 40
PURPOSES = """
[[purpose]]
name = "study"
ordered_by = "somebody"
basis = "some act"
until = 2099-01-01
extracts = ["cases"]
dates = "month"
without = ["guardians"]
"""


def test_dummy_rows_have_the_shape_of_the_extract_and_none_of_its_cases(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "purposes.toml").write_text(PURPOSES)
    nowhere = environment("sqlite:////nowhere/none.sqlite", tmp_path)  # no database is read
    for name, value in (nowhere | {"UNGDOM_PURPOSES_FILE": str(tmp_path / "purposes.toml")}).items():
        monkeypatch.setenv(name, value)
    dummy, real = tmp_path / "dummy.parquet", tmp_path / "real.parquet"

    def run(name: str) -> int:
        options = ("--purpose", "study", "--dummy", str(CASES), "--out", str(dummy))
        return CliRunner().invoke(app, ["extract", name, *options]).exit_code

    assert run("cases") == ExitCode.DONE
    order = world.order("cases", of=world.purpose("study", Dates.MONTH, without=frozenset({"guardians"})))
    build.file(db, order, Form.PARQUET, real)
    invented, ours = pq.read_table(dummy), pq.read_table(real)
    assert invented.schema == ours.schema
    assert invented.num_rows == CASES
    assert not {*invented["case"].to_pylist()} & {*ours["case"].to_pylist()}
    assert {*invented["state"].to_pylist()} & {*ours["state"].to_pylist()}
    assert json.loads((tmp_path / f"dummy.parquet.{build.MANIFEST}").read_text())["order"]["dummy"] is True
    assert run("events") == ExitCode.FOUND  # the purpose does not cover them
    assert run("aggregates") == ExitCode.FOUND  # what has been released is read by everybody
