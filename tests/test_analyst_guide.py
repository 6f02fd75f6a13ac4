"""docs/analyst-guide.md, run as it stands: every block in order, against a service of its own."""

import contextlib
import io
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests import pg, process
from tests.process import UNGDOM
from tests.service import KEY, fill
from tests.statistics import waits
from ungdom import clock
from ungdom.analytics.definitions import COMPLETION_BY_CODE, RECIDIVISM_BY_CODE
from ungdom.analytics.survival import quantile
from ungdom.release import build, store
from ungdom.release.plan import RELEASE_PLAN, Breakdown, FigureGroup, Finest
from ungdom.store import job_runs
from ungdom.store.session import Database
from ungdom.workflow.calendar import last_moment

PAGE = Path(__file__).parents[1] / "docs" / "analyst-guide.md"
HERE = "http://127.0.0.1:8000"
TODAY = date(2025, 6, 30)
CASES = 260
OPTIONAL = {"polars"}
"""Tools of the page that may be absent here: a block that imports one is run where it is installed."""
BLOCK = re.compile(r"^```(python|console)\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?", re.DOTALL | re.MULTILINE)
WHOLE = "p1"
"""Figures with every breakdown, P3 among them; of the others the totals are enough here, and of stages none."""
HALF_A_DAY = 0.5
LEAST = 10_000
"""Bytes of a plot with something on it."""


class Block(NamedTuple):
    """A block of the page, and what it prints where the page shows that."""

    line: int
    language: str
    text: str
    prints: str | None


def blocks() -> list[Block]:
    page = PAGE.read_text(encoding="utf-8")
    return [
        Block(page.count("\n", 0, found.start()) + 2, found[1], found[2], found[3]) for found in BLOCK.finditer(page)
    ]


def few() -> Iterator[FigureGroup]:
    """What is released here."""
    for one in RELEASE_PLAN:
        if one.population == WHOLE or one.codes[0] in COMPLETION_BY_CODE or one.codes[0] in RECIDIVISM_BY_CODE:
            yield one if one.population == WHOLE else replace(one, breakdowns=(Breakdown(Finest.HALF_YEAR),))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with a synthetic load until a summer day, and a release of that day."""
    folder = tmp_path_factory.mktemp("guide")
    url = pg.sqlite_url(folder)
    fill(url)
    db = Database.open(url)
    waits.write(db, waits.load(CASES, 3, TODAY), TODAY)
    with db.writing() as tx:
        job_runs.finish(
            tx, job_runs.start(tx, job_runs.NIGHTLY, TODAY, clock.now()), job_runs.SUCCEEDED, {}, clock.now()
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "RELEASE_PLAN", tuple(few()))
        store.release(db, waits.KEYS, last_moment(TODAY), clock.now())
    db.close()
    return url


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the analyst sits: a data directory with the keys of the load, and the command."""
    (tmp_path / ".ungdom").mkdir()
    (tmp_path / ".ungdom" / "ungdom_people_keys.key").write_text(KEY)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "ungdom").symlink_to(UNGDOM)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def served(url: str, folder: Path) -> Iterator[str]:
    with process.serving(url, folder / ".ungdom") as (address, _):
        yield address


def run(block: Block, names: dict[str, Any], env: dict[str, str]) -> str:
    """What the block prints."""
    if block.language == "console":
        lines = re.sub(r"^\$ ", "", block.text, flags=re.MULTILINE)
        bash = shutil.which("bash") or "sh"
        done = subprocess.run(
            [bash, "-e", "-c", lines], env=env, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout
    code = compile("\n" * (block.line - 1) + block.text, str(PAGE), "exec")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code, names)  # noqa: S102 - the page of this project
    return printed.getvalue()


@pytest.fixture
def names() -> Iterator[dict[str, Any]]:
    """What the page has named so far; its connections are closed in the end."""
    given: dict[str, Any] = {}
    yield given
    if "analyst" in given:
        given["analyst"].close()


@pytest.mark.filterwarnings("ignore:Shouldn't use this function anymore:DeprecationWarning")  # pyjstat of itself
def test_the_guide_for_analysts_ends_as_it_says(
    served: str, url: str, folder: Path, names: dict[str, Any], figure: Callable[[str], None]
) -> None:
    env = process.environment(url, folder / ".ungdom")
    absent = {tool for tool in OPTIONAL if find_spec(tool) is None}
    for block in blocks():
        if any(f"import {tool}\n" in block.text for tool in absent):
            continue
        printed = run(block._replace(text=block.text.replace(HERE, served)), names, env)
        assert block.prints in (None, printed), f"{PAGE.name}:{block.line} prints\n{printed}"
    table, country, median, waits_ = (names[one] for one in ("table", "country", "median", "waits"))
    hidden = table[table.sign == ":"]
    assert len(hidden) > 0
    assert hidden.value.isna().all()
    assert (table.value[table.contents == "cases"].dropna() % 1 == 0).all()
    assert country["cases"] == len(waits_)
    assert abs(median.days - country["median"]) <= HALF_A_DAY
    assert abs(median.low - country["median_low"]) <= HALF_A_DAY
    assert names["naive"] < median.days
    assert quantile(names["earlier"], 0.5).days != median.days
    assert set(names["completion"]) == set(COMPLETION_BY_CODE)
    assert set(names["recidivism"]) == set(RECIDIVISM_BY_CODE)
    assert names["compared"]["compared"] == len(names["offices"]) > 0
    assert (names["WALK"] / "funnel.png").stat().st_size > LEAST
    assert {cohort["mature"] for cohort in names["cohorts"]} == {True, False}
    assert names["explained"]["items"]
    assert names["relapse"]["items"][0]["persons"] == sum(one["persons"] for one in names["relapse"]["items"][1:])
    assert names["rehearsed"].at_risk.max() > 1
    assert len(names["by_office"]) > 1
    assert (names["WALK"] / "p3.png").stat().st_size > LEAST
    figure(
        f"guide for analysts: {len(blocks())} blocks as told, not installed {sorted(absent)}, {len(waits_)} waits, "
        "lifelines and we the same"
    )
