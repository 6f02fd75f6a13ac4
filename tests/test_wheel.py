"""The wheels, each in an environment without a checkout: the service serves the demo, and the client walks a case."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from email.message import Message
from email.parser import Parser
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.process import UNGDOM

ROOT = Path(__file__).parents[1]
NEEDED = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "src", "migrations", "client")
EXTRA = re.compile(r'extra == "(\w+)"')

IMPORT_SECONDS = 0.8
"""Of processor time, that importing the client may take."""

WALK = """
import sys, time
began = time.process_time()
from ungdom_client import Client, Refused

print(time.process_time() - began)
with Client(sys.argv[1], open(sys.argv[2]).read().strip(), language="en") as ungdom:
    case = ungdom.cases.open({
        "sanction": "youth_follow_up", "occurred_on": "2025-02-03", "municipality": "0301",
        "person": {"given_name": "Vimsete", "family_name": "Vaffelpresse", "born": "2008-09-01",
                   "guardians": [{"name": "Sindig Vaffelpresse"}]},
        "offences": [{"on": "2025-01-31"}]})["id"]
    def record(kind, on, **details):
        return ungdom.events.record(case, {"type": kind, "occurred_on": on, "details": details})
    record("suspect_set", "2025-02-04")
    record("consent_given", "2025-02-20", by="youth")
    record("investigation_closed", "2025-02-24")
    transferred = {"length": {"days": 120}, "guilt_proven": True}
    try:
        record("transferred_to_follow_up", "2025-03-03", **transferred)
    except Refused as refused:
        print("refused:", refused.unmet[0]["code"])
    record("consent_given", "2025-02-20", by="guardian")
    record("transferred_to_follow_up", "2025-03-03", **transferred)
    record("received", "2025-03-06")
    record("assigned", "2025-03-07", coordinator="coordinator-oslo-1")
    record("plan_meeting_held", "2025-04-10", present=["youth", "guardian"])
    record("completed", "2025-08-08")
    print(ungdom.cases.get(case)["state"], sum(1 for _ in ungdom.cases.each(limit=200)) > 1)
"""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheels of the service and of the client, built from a copy of the checkout."""
    copy = tmp_path_factory.mktemp("copy")
    unwanted = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in NEEDED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=unwanted)
        else:
            shutil.copy(ROOT / name, copy / name)
    build = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
    for folder in (copy, copy / "client"):
        command = [sys.executable, "-c", build, str(copy / "wheels")]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    found = {path.name.partition("-")[0]: path for path in (copy / "wheels").glob("*.whl")}
    assert set(found) == {"ungdom", "ungdom_client"}
    return found


def metadata_of(wheel: Path) -> Message:
    """The metadata of a wheel, as an installer reads them."""
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return Parser().parsestr(archive.read(name).decode())


def environment(folder: Path, wheel: Path, beside: Path) -> Path:
    """A new environment with this wheel and what stands in that folder; where its programs are."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=60)
    uv = UNGDOM.parent / "uv"
    options = ["--offline", "--no-deps", "--no-cache", "--python", str(folder / "bin" / "python")]
    subprocess.run([str(uv), "pip", "install", "-q", *options, str(wheel)], check=True, timeout=120)
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "beside.pth").write_text(f"{beside}\n")
    return folder / "bin"


def declared(needs: Iterable[str], extras: Iterable[str] = ()) -> set[str]:
    """The distributions that these requirements install here, with what those require, by canonical name."""
    closure: set[str] = set()
    visited: set[tuple[str, str]] = set()
    waiting = [(Requirement(need), extra) for need in needs for extra in ("", *extras)]
    while waiting:
        requirement, active = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": active}):
            continue
        name = str(canonicalize_name(requirement.name))
        closure.add(name)
        for extra in {"", *requirement.extras} - {extra for other, extra in visited if other == name}:
            visited.add((name, extra))
            waiting += [(Requirement(need), extra) for need in distribution(name).requires or ()]
    return closure


def links_to(names: Iterable[str], folder: Path) -> Path:
    """A new folder that has these installed distributions and no other."""
    folder.mkdir()
    for name in names:
        installed = distribution(name)
        for top in {file.parts[0] for file in installed.files or () if file.parts[0] not in {"..", "__pycache__"}}:
            if not (folder / top).exists():
                (folder / top).symlink_to(str(installed.locate_file(top)))
    return folder


def needs_of(wheel: Path) -> list[str]:
    return metadata_of(wheel).get_all("Requires-Dist", [])


def test_the_wheel_has_all_that_the_checkout_has(wheels: dict[str, Path]) -> None:
    with zipfile.ZipFile(wheels["ungdom"]) as archive:
        names = set(archive.namelist())
    ignored = {".pyc"}
    source = {
        path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src" / "ungdom").rglob("*") if path.is_file()
    }
    assert sorted(name for name in source if Path(name).suffix not in ignored and name not in names) == []
    migrations = {path.relative_to(ROOT).as_posix() for path in (ROOT / "migrations").rglob("*.py")}
    assert len(migrations) > 20
    assert sorted(name for name in migrations if f"ungdom/store/{name}" not in names) == []
    with zipfile.ZipFile(wheels["ungdom_client"]) as archive:
        assert "ungdom_client/py.typed" in archive.namelist()
    assert metadata_of(wheels["ungdom_client"]).get_all("Requires-Dist") == [
        "httpx>=0.28",
        'cryptography>=50; extra == "maskinporten"',
    ]


def test_the_wheel_offers_the_extras_and_web_adds_nothing(wheels: dict[str, Path]) -> None:
    metadata = metadata_of(wheels["ungdom"])
    assert set(metadata.get_all("Provides-Extra", [])) == {"amqp", "analysis", "extracts", "postgres", "web"}
    of_extras = [match[1] for need in metadata.get_all("Requires-Dist", []) if (match := EXTRA.search(need))]
    assert set(of_extras) == {"amqp", "analysis", "extracts", "postgres"}


def test_outside_a_checkout_the_demo_is_served_and_the_client_alone_walks_a_case(
    wheels: dict[str, Path], tmp_path: Path, figure: Callable[[str], None]
) -> None:
    beside = links_to(declared(needs_of(wheels["ungdom"])), tmp_path / "beside")
    service = environment(tmp_path / "service", wheels["ungdom"], beside)
    alone = links_to(declared(needs_of(wheels["ungdom_client"])), tmp_path / "alone")
    client = environment(tmp_path / "client", wheels["ungdom_client"], alone)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("UNGDOM_", "COV", "PYTHON"))}
    home = tmp_path / "home"
    home.mkdir()
    command = [str(service / "ungdom"), "demo", "--cases", "6", "--serve", "--port", "0"]
    with subprocess.Popen(command, cwd=home, env=clean, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            address = next(found[0] for line in server.stdout if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
            token = home / ".ungdom" / "demo" / "tokens" / "coordinator"
            walk = [str(client / "python"), "-I", "-c", WALK, address, str(token)]
            walked = subprocess.run(walk, cwd=home, env=clean, capture_output=True, text=True, timeout=120, check=False)
        finally:
            server.terminate()
    assert walked.returncode == 0, walked.stderr
    seconds, *lines = walked.stdout.splitlines()
    assert lines == ["refused: guardians_consent", "completed True"]
    assert float(seconds) < IMPORT_SECONDS
    figure(f"client alone, installed from its wheel: imported in {float(seconds):.2f} s of processor time")
    doctor = [str(service / "ungdom"), "doctor", "--demo", "--json"]
    examined = subprocess.run(doctor, cwd=home, env=clean, capture_output=True, text=True, timeout=120, check=False)
    assert examined.returncode == 0, examined.stdout


@pytest.mark.parametrize(
    ("extra", "module"), [("postgres", "psycopg"), ("amqp", "amqp"), ("extracts", "pyarrow"), ("web", "jinja2")]
)
def test_with_each_extra_alone_the_program_starts(
    wheels: dict[str, Path], tmp_path: Path, extra: str, module: str
) -> None:
    beside = links_to(declared(needs_of(wheels["ungdom"]), [extra]), tmp_path / "beside")
    programs = environment(tmp_path / "service", wheels["ungdom"], beside)
    script = f"import sys, {module}, ungdom.cli; sys.argv = ['ungdom', '--help']; ungdom.cli.main()"
    started = subprocess.run(
        [str(programs / "python"), "-I", "-c", script], capture_output=True, text=True, check=False
    )
    assert started.returncode == 0, started.stderr


def test_an_import_that_is_not_declared_is_noticed(wheels: dict[str, Path], tmp_path: Path) -> None:
    names = declared(needs_of(wheels["ungdom"]))
    assert {"fastapi", "starlette", "jinja2", "httpx"} <= names
    assert names.isdisjoint({"pytest", "hypothesis", "psycopg", "pyarrow", "amqp", "duckdb"})
    beside = links_to(names - {"typer"}, tmp_path / "beside")
    programs = environment(tmp_path / "service", wheels["ungdom"], beside)
    command = [str(programs / "ungdom"), "--help"]
    started = subprocess.run(command, capture_output=True, text=True, check=False, env={})
    assert started.returncode != 0
    assert "No module named 'typer'" in started.stderr
