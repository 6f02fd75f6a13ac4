"""Applies a recipe of CONTRIBUTING.md to a copy of the tree, completely or with one step left out, and runs its checks.

An edit is anchored on a line that exists today: `after(path, start, text)` inserts behind the one line that starts so
(indentation aside). An anchor that is missing or not unique raises `AnchorError`, because the recipe is then out of
date.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.recipes import forked

ROOT = Path(__file__).parents[2]
COPIED = ("src", "tests", "docs", "openapi", "pyproject.toml", "CONTRIBUTING.md")
GENERATED = "tests/test_generated.py"


class AnchorError(Exception):
    """The text that an edit is anchored on is not there exactly once."""


class Tree:
    """A copy of the tracked files, and of untracked ones that git does not ignore. It can be edited and reset.

    Compiled modules are copied too. They are valid as long as the time of change of their source is the same, so each
    edited file gets a time of its own.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._before: dict[str, tuple[bytes, float] | None] = {}
        self._edits = 0
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *COPIED]
        names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True, text=True).stdout
        for name in filter(None, names.split("\0")):
            self._copy(ROOT / name, root / name)
        # A start per check would load the same packages each time.
        paths = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        forking = [sys.executable, "-P", str(Path(forked.__file__))]
        self._forks = subprocess.Popen(forking, env=paths, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def _copy(self, source: Path, target: Path) -> None:
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
            compiled = source.parent / "__pycache__" / f"{source.stem}.{sys.implementation.cache_tag}.pyc"
            if source.suffix == ".py" and compiled.exists():
                (target.parent / "__pycache__").mkdir(exist_ok=True)
                shutil.copy2(compiled, target.parent / "__pycache__")

    def read(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        self._before.setdefault(path, (file.read_bytes(), file.stat().st_mtime) if file.exists() else None)
        file.write_text(text, encoding="utf-8")
        self._edits += 1
        os.utime(file, (file.stat().st_mtime + self._edits,) * 2)

    def reset(self) -> None:
        for path, before in self._before.items():
            file = self.root / path
            if before is None:
                file.unlink(missing_ok=True)
            else:
                file.write_bytes(before[0])
                os.utime(file, (before[1], before[1]))
        self._before.clear()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`python` with these arguments at the root of the copy, without plugins and `conftest.py` of pytest."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.root / "src"),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_ADDOPTS": "--noconftest --tb=short -p tests.figures -p no:cacheprovider",
            "COLUMNS": "200",
        }
        with tempfile.TemporaryDirectory() as folder:
            output = (f"{folder}/stdout", f"{folder}/stderr")
            request = {"arguments": arguments, "root": str(self.root), "environment": environment, "output": output}
            print(json.dumps(request), file=self._forks.stdin, flush=True)
            code = int(self._forks.stdout.readline())
            stdout, stderr = (Path(name).read_text(encoding="utf-8") for name in output)
        return subprocess.CompletedProcess(arguments, code, stdout, stderr)

    def close(self) -> None:
        """End the process that checks are forked from."""
        self._forks.communicate(timeout=60)


Action = Callable[[Tree], None]


def _one_line(tree: Tree, path: str, start: str) -> tuple[list[str], int]:
    lines = tree.read(path).splitlines(keepends=True)
    places = [place for place, line in enumerate(lines) if line.lstrip().startswith(start)]
    if len(places) != 1:
        raise AnchorError(f"{path}: {len(places)} lines start with {start!r}; the recipe in tests/recipes needs one")
    return lines, places[0]


@dataclass(frozen=True)
class Edit:
    """A change of one file. `change`: what it makes of the tree."""

    path: str
    change: Action


def after(path: str, start: str, text: str) -> Edit:
    """`text` behind the line that starts with `start`."""

    def change(tree: Tree) -> None:
        lines, place = _one_line(tree, path, start)
        tree.write(path, "".join([*lines[: place + 1], text, *lines[place + 1 :]]))

    return Edit(path, change)


def before(path: str, start: str, text: str) -> Edit:
    """`text` before the line that starts with `start`."""

    def change(tree: Tree) -> None:
        lines, place = _one_line(tree, path, start)
        tree.write(path, "".join([*lines[:place], text, *lines[place:]]))

    return Edit(path, change)


def replaced(path: str, old: str, new: str) -> Edit:
    """`new` in the place of `old`, which occurs once."""

    def change(tree: Tree) -> None:
        text = tree.read(path)
        if text.count(old) != 1:
            raise AnchorError(f"{path}: {old!r} occurs {text.count(old)} times; the recipe in tests/recipes needs one")
        tree.write(path, text.replace(old, new))

    return Edit(path, change)


def appended(path: str, text: str) -> Edit:
    """`text` at the end of the file."""
    return Edit(path, lambda tree: tree.write(path, tree.read(path) + text))


def created(path: str, text: str) -> Edit:
    """A new file."""
    return Edit(path, lambda tree: tree.write(path, text))


def translated(pattern: str, start: str, text: str) -> tuple[Edit, ...]:
    """The same new line in the catalogue of each language."""
    return tuple(after(pattern.format(language), start, text) for language in ("nb", "nn", "en"))


NEW_VERSION = "2099-01-01"


def new_version() -> Edit:
    """A new version of the table of moves."""
    return replaced(
        "src/ungdom/workflow/table.py",
        ')\n"""Every version of this table',
        f'    "{NEW_VERSION}",\n)\n"""Every version of this table',
    )


def copied(path: str, source: str, *changes: tuple[str, str]) -> Edit:
    """A new file: a copy of another one with some texts changed."""

    def change(tree: Tree) -> None:
        text = tree.read(source)
        for old, new in changes:
            if old not in text:
                raise AnchorError(f"{source}: {old!r} does not occur; the recipe in tests/recipes needs it")
            text = text.replace(old, new)
        tree.write(path, text)

    return Edit(path, change)


WRITE_AND_CHECK_DOCUMENTS = f"""
import sys
from pathlib import Path

import pytest
import typer

from ungdom import cli
from ungdom.cli import generating

for path, text in generating.files(typer.main.get_command(cli.app)).items():
    if Path(path).read_text(encoding="utf-8") != text:
        print("changed:", path)
        Path(path).write_text(text, encoding="utf-8")
sys.exit(pytest.main(["-q", "{GENERATED}"]))
"""


@dataclass(frozen=True)
class Step:
    """One numbered step of a recipe.

    `edits`: what is written. `check`: the check of the recipe that fails when the step is left out. `names`: what its
    output must contain then; by default the files of the step. `runs_command`: what it writes matters to its own check
    only.
    """

    edits: tuple[Edit, ...]
    check: str
    names: tuple[str, ...] = ()
    runs_command: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that the step changes."""
        return tuple(dict.fromkeys(edit.path for edit in self.edits))


def published(path: str = "tests/versions/published.json") -> Step:
    """The step that adds the new versions to those that are published."""

    def change(tree: Tree) -> None:
        text = tree.read(path)
        tree.write(path, text)
        tree.run("-m", "tests.versions.rows")

    return Step((Edit(path, change),), "tests/versions", runs_command=True)


@dataclass(frozen=True)
class Recipe:
    """A section of CONTRIBUTING.md and the same steps as edits.

    `documents`: what `make docs`, the step after these, changes. The checks are the last step.
    """

    title: str
    steps: tuple[Step, ...]
    documents: tuple[str, ...]

    @property
    def section(self) -> str:
        """The text of the section."""
        text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
        found = re.search(rf"^## \d+\. {re.escape(self.title)}\n(.*?)(?=^## )", text, re.M | re.S)
        assert found, f"CONTRIBUTING.md has no section {self.title!r}"
        return found[1]

    @property
    def checks(self) -> list[str]:
        """The files of tests that the section names."""
        found = re.search(r'make test TESTS="([^"]+)"', self.section)
        assert found, f'the section {self.title!r} of CONTRIBUTING.md does not name `make test TESTS="…"`'
        return found[1].split()

    def assert_is_written(self) -> None:
        """CONTRIBUTING.md has these steps in this order, each with the files that it changes."""
        texts = [" ".join(text.split()) for text in re.split(r"^\d+\. ", self.section, flags=re.M)[1:]]
        steps = [*(step.paths for step in self.steps), self.documents, tuple(self.checks)]
        assert len(texts) == len(steps), f"{self.title}: {len(steps)} steps are tried, {len(texts)} are written"
        for number, (text, paths) in enumerate(zip(texts, steps, strict=True), 1):
            missing = [path for path in paths if not _is_named(path, text)]
            assert not missing, f"{self.title}, step {number} in CONTRIBUTING.md does not name {missing}"
        assert {*(step.check for step in self.steps), GENERATED} <= {*self.checks}

    def apply(self, tree: Tree, leaving_out: int | None = None) -> None:
        """Make the edits of every step but one."""
        check = None if leaving_out is None else self.steps[leaving_out].check
        for number, step in enumerate(self.steps):
            if number != leaving_out and not (step.runs_command and check not in (None, step.check)):
                for edit in step.edits:
                    edit.change(tree)

    def assert_works(self, tree: Tree) -> None:
        """After every step, the checks miss only `make docs`; after that, nothing."""
        self.apply(tree)
        before = tree.run("-m", "pytest", "-q", *self.checks)
        failed = re.findall(r"^(?:FAILED|ERROR) (\S+)", before.stdout, re.M)
        assert failed == [f"{GENERATED}::test_every_generated_file_is_current"], before.stdout + before.stderr
        unnamed = [path for path in self.documents if not _names(before.stdout, path)]
        assert not unnamed, f"nothing names {unnamed}:\n{before.stdout}"

        for path in (*self.documents, "openapi/v1.json", "openapi/asyncapi.json", "openapi/schemas/events.json"):
            tree.write(path, tree.read(path))
        after = tree.run("-c", WRITE_AND_CHECK_DOCUMENTS)
        assert after.returncode == 0, after.stdout + after.stderr
        changed = re.findall(r"^changed: (.+)$", after.stdout, re.M)
        assert set(changed) == set(self.documents), f"`make docs` changes {changed}"

    def assert_step_is_missed(self, tree: Tree, number: int) -> None:
        """The check of the step fails without it, and the failure names each file that was forgotten."""
        step = self.steps[number]
        self.apply(tree, leaving_out=number)
        assert_fails(tree, step.check, *(step.names or step.paths))


def assert_fails(tree: Tree, check: str, *names: str) -> None:
    """The check fails, and its output names all of these."""
    done = tree.run("-m", "pytest", "-q", "--maxfail=30", check)
    output = done.stdout + done.stderr
    assert done.returncode != 0, f"{check} passes"
    missing = [name for name in names if not _names(output, name)]
    assert not missing, f"nothing names {missing}:\n{output[-8000:]}"


def _is_named(path: str, text: str) -> bool:
    """Whether a step names the file: by its path, or by its name behind the path of a file beside it."""
    folder, _, name = path.rpartition("/")
    in_folder = f"`{folder}/`" in text  # a new file, or files that are listed behind their folder
    return path in text or in_folder or (f"`{name}`" in text and f"{folder}/" in text)


def _names(output: str, name: str) -> bool:
    """Whether the output names a file, in a sentence or as the module that lacks something; not only in a traceback."""
    told = [line for line in output.splitlines() if not re.match(r"\S+\.py:\d+: (in |\w+Error)", line)]
    module = re.sub(r"^src/|/__init__\.py$|\.py$", "", name).replace("/", ".")
    return any(name in line or f"module '{module}' has no attribute" in line for line in told)


def steps_of(recipe: Recipe) -> Sequence[int]:
    """The places of the steps, for `parametrize`."""
    return range(len(recipe.steps))
