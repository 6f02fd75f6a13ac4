"""Prepares a release: `make release VERSION=0.2.0`. Changes files of the checkout, and neither commits nor publishes.

1. Nothing is uncommitted, the version is higher than the last, and the change log has something to say.
2. The contract is only added to since the last release (tools/contract.py), unless the major version is another.
3. The version is written everywhere, the change log gets a section with its day, generated files are made anew.
4. The checks and the tests pass.
5. `dist/` has the wheels of service and client, their source, the bill of materials and the SHA-256 of each file.

What is left to do is printed: commit, tag, publish. `--without-checks` leaves out step 4, for a trial.
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.contract import Comparison

ROOT = Path(__file__).resolve().parents[1]
VERSIONED = {
    "pyproject.toml": r'^version = "(.+)"$',
    "client/pyproject.toml": r'^version = "(.+)"$',
    "src/ungdom/__init__.py": r'^__version__ = "(.+)"$',
}
"""Where the version stands, and how."""
BUILDS = ("build_sdist", "build_wheel")
CHANGES, UNRELEASED = "CHANGELOG.md", "## [Unreleased]"
CONTRACT = "openapi/v1.json"
NUMBER = re.compile(r"(\d+)\.(\d+)\.(\d+)")


class NotReleased(Exception):
    """Why there is no release."""


def number(version: str) -> tuple[int, ...]:
    """The version as numbers. Raises `NotReleased`."""
    found = NUMBER.fullmatch(version)
    if found is None:
        raise NotReleased(f"{version} is no version: three numbers with dots between")
    return tuple(int(part) for part in found.groups())


def written_version(root: Path) -> str:
    """The version that the checkout has, the same everywhere. Raises `NotReleased`."""
    found = {name: re.findall(pattern, (root / name).read_text("utf-8"), re.M) for name, pattern in VERSIONED.items()}
    versions = {version for versions in found.values() for version in versions}
    if len(versions) != 1 or not all(found.values()):
        raise NotReleased(f"the version is not the same everywhere: {found}")
    return versions.pop()


def write_version(root: Path, version: str) -> None:
    """Write the version everywhere."""
    for name, pattern in VERSIONED.items():
        text = (root / name).read_text("utf-8")
        found = re.search(pattern, text, re.M)
        if found is not None:  # `written_version` has found it
            (root / name).write_text(text[: found.start(1)] + version + text[found.end(1) :], "utf-8")


def changes_released(text: str, version: str, day: date) -> str:
    """The change log with what was unreleased under this version. Raises `NotReleased` where that is nothing."""
    before, found, after = text.partition(UNRELEASED)
    unreleased = re.split(r"^## \[", after, maxsplit=1, flags=re.M)[0]
    if not found or not re.search(r"^- ", unreleased, re.M):
        raise NotReleased(f"{CHANGES} says nothing under {UNRELEASED}")
    return f"{before}{UNRELEASED}\n\n## [{version}] – {day}{after}"


def contract_changes(old: str, new: str, day: date) -> list[str]:
    """What of the contract has changed so that a client could break."""
    return list(Comparison(json.loads(old), json.loads(new), day).changes())


def last_release(root: Path) -> str | None:
    """The tag of the last release; None before the first."""
    tags = _git(root, "tag", "--list", "v*", "--sort=-version:refname").split()
    return tags[0] if tags else None


def prepare(root: Path, version: str, day: date) -> None:
    """Steps 1 to 3, without the generated files. Raises `NotReleased` before anything is changed."""
    if _git(root, "status", "--porcelain"):
        raise NotReleased("something is not committed")
    last = last_release(root)
    least = last.removeprefix("v") if last else written_version(root)
    if number(version) < number(least) or (last and number(version) == number(least)):
        raise NotReleased(f"{version} is not higher than {least}")
    changes = changes_released((root / CHANGES).read_text("utf-8"), version, day)
    if last and number(version)[0] == number(last.removeprefix("v"))[0]:
        old = _git(root, "show", f"{last}:{CONTRACT}")
        broken = contract_changes(old, (root / CONTRACT).read_text("utf-8"), day)
        if broken:
            raise NotReleased("the contract was changed, and not only added to:\n  " + "\n  ".join(broken))
    write_version(root, version)
    (root / CHANGES).write_text(changes, "utf-8")


def build(root: Path, target: Path) -> None:
    """Wheel and source of service and client, in an empty folder."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    steps = ("import sys", "from setuptools import build_meta as b", *(f"b.{name}(sys.argv[1])" for name in BUILDS))
    for folder in (".", "client"):
        with tempfile.TemporaryDirectory() as place:
            copy = Path(place) / "copy"
            tracked = _git(root, "ls-files", "-z", folder).split("\0")
            for name in filter(None, tracked):
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(root / name, copy / name)
            subprocess.run([sys.executable, "-c", "; ".join(steps), str(target)], cwd=copy / folder, check=True)  # noqa: S603


def write_sums(target: Path) -> None:
    """`SHA256SUMS`, as `sha256sum --check` reads it."""
    files = sorted(path for path in target.iterdir() if path.name != "SHA256SUMS")
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (target / "SHA256SUMS").write_text("".join(lines), "utf-8")


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)  # noqa: S603, S607
    return done.stdout


def _make(*targets: str) -> None:
    subprocess.run(["make", *targets], cwd=ROOT, check=True)  # noqa: S603, S607


def main() -> None:
    """Prepare the release that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version")
    parser.add_argument("--without-checks", action="store_true")
    given = parser.parse_args()
    try:
        prepare(ROOT, given.version, date.today())  # noqa: DTZ011 - the day of whoever releases
    except NotReleased as error:
        sys.exit(f"release: {error}")
    _make("docs")
    if not given.without_checks:
        _make("check", "test")
    target = ROOT / "dist"
    build(ROOT, target)
    _make("sbom")
    shutil.copy(ROOT / "build" / "sbom.json", target / "sbom.json")
    write_sums(target)
    tag = f"v{given.version}"
    sys.stdout.write(f"dist/ is ready. Left to do:\n  git commit -am 'Release {given.version}'\n  git tag -a {tag}\n")
    sys.stdout.write(f"  git push && git push origin {tag}\n  publish dist/ where your installations take it from\n")


if __name__ == "__main__":
    main()
